"""Who must be free for a draft's meeting: its team members and its rooms, each with what reading their time needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduling.domain import Draft, Person, Rep, Room, WorkingHours
from scheduling.errors import ProfileUnknown


@dataclass(frozen=True, slots=True)
class Seat:
    """A required person or room. `key` finds claims and connections, `address` their time at somebody else's provider.

    `zone` reads floating and all-day times; `working` None means any hour.
    """

    key: str
    name: str
    zone: str
    address: str | None
    working: WorkingHours | None


def seats_of(draft: Draft, people: Mapping[str, Person], rooms: tuple[Room, ...]) -> tuple[Seat, ...]:
    """Members first, then rooms; raises ProfileUnknown for members whom Slack does not know."""
    zone = require(people, draft.rep).zone
    chosen = chosen_rooms(draft, rooms)
    return (
        *(
            Seat(person.user_id, person.name, person.zone, person.email or None, WorkingHours(person.zone))
            for person in members_of(draft, people)
        ),
        *(Seat(room.key, room.name, zone, room.address, None) for room in chosen),
    )


def require(people: Mapping[str, Person], rep: Rep) -> Person:
    """The rep's own profile; raises ProfileUnknown."""
    if rep.user_id not in people:
        raise ProfileUnknown((rep.user_id,))
    return people[rep.user_id]


def members_of(draft: Draft, people: Mapping[str, Person]) -> tuple[Person, ...]:
    """The draft's team members in order; raises ProfileUnknown for those Slack does not know."""
    missing = tuple(user for user in draft.form.members if user not in people)
    if missing:
        raise ProfileUnknown(missing)
    return tuple(people[user] for user in draft.form.members)


def chosen_rooms(draft: Draft, rooms: tuple[Room, ...]) -> tuple[Room, ...]:
    """The rooms of the draft that still exist, in the order chosen."""
    by_id = {room.id: room for room in rooms}
    return tuple(by_id[room_id] for room_id in draft.form.rooms if room_id in by_id)

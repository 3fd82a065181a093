"""What screens show beside the draft: the rooms there are, the account that will hold the event, a colleague's name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.modals.blocks import fit
from scheduling.domain import ConferencingKind, Form, Person, Room
from scheduling.office import Host


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All of it comes from our rows. `colleague` is the member whose address was given as the customer's."""

    rooms: tuple[Room, ...] = ()
    host: Host | None = None
    colleague: Person | None = None
    has_zoom: bool = False

    @property
    def link_makers(self) -> dict[ConferencingKind, str]:
        """Who can make a link, by name: `Google Meet` where the organizer's calendar does, Zoom where it is set up."""
        native = self.host.native_conference if self.host else None
        zoom = {ConferencingKind.ZOOM: "Zoom"} if self.has_zoom else {}
        return ({ConferencingKind.NATIVE: native} if native else {}) | zoom

    def rooms_of(self, form: Form) -> list[str]:
        """The chosen rooms' names, as far as they are still there."""
        labels = room_labels(self.rooms)
        return [labels[room_id] for room_id in form.rooms if room_id in labels]

    def conferencing_of(self, form: Form) -> str:
        """How people meet from afar, in words; empty for not at all."""
        return self.link_makers.get(form.conferencing) or made_words(form.conferencing) or form.conferencing_text


NOTHING = Surroundings()


def made_words(kind: ConferencingKind) -> str:
    """A link that is made for the meeting, where its maker's name is not at hand; else empty."""
    return {ConferencingKind.NATIVE: "A link made by the calendar", ConferencingKind.ZOOM: "Zoom"}.get(kind, "")


def room_labels(rooms: Sequence[Room]) -> dict[str, str]:
    """Names by id, within an option's 75 signs; rooms that would look the same get a number, and their address."""
    short = {room.id: fit(room.name, 75) for room in rooms}
    often = Counter(short.values())
    labels: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    for room in rooms:
        name = short[room.id]
        numbers[name] += 1
        alike = f"{fit(room.name, 34)} ({numbers[name]}) {fit(room.address or '', 30)}".strip()
        labels[room.id] = alike if often[name] > 1 else name
    return labels

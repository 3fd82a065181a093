"""How the service speaks to the outside it must not know: Slack's directory and Slack's messages.

`bot/` implements both with the synchronous Slack client; `app.py` wires them. Tests have their own.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from scheduling.domain import Booking, Connection, Draft, Person, Room, Slot, WorkspaceChoices


class Directory(Protocol):
    """Who the members of a workspace are."""

    def people(self, team_id: str, user_ids: tuple[str, ...]) -> dict[str, Person]:
        """Profiles by user id; ids that are unknown, bots, strangers or deactivated are missing.

        Raises NoticeError when Slack does not answer.
        """
        ...


class OutcomeKind(StrEnum):
    WORKING = "working"  # still being booked
    WAITING = "waiting"  # an outside system does not answer; it is tried again by itself
    BOOKED = "booked"
    TAKEN = "taken"  # the slot went meanwhile; nothing was created
    FAILED = "failed"  # could not be stored; nothing was created, nothing was sent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submitted draft, for the rep's screen.

    `reason` is a stable code (`auth`, `unavailable`, `refused`, `mail`, ...); `who` names taken people or rooms;
    `alternatives` are the nearest free slots; `connection` is the calendar that failed.
    """

    kind: OutcomeKind
    draft: Draft
    zone: str
    booking: Booking | None = None
    reason: str | None = None
    who: tuple[str, ...] = ()
    alternatives: tuple[Slot, ...] = ()
    connection: Connection | None = None


class Undone(StrEnum):
    """What was given up, though the booking itself is settled."""

    MEMBER = "member"  # a colleague could not be told in Slack
    CARD = "card"  # the channel got no card
    LAST_LOOK = "last_look"  # nobody looked whether something else appeared in the calendars
    ROOM_ANSWER = "room_answer"  # what the rooms answered is not known
    ROOM_CHANGE = "room_change"  # another room was not invited in the declined one's place
    EVENT_LEFT = "event_left"  # of a meeting that was not booked, an event may be left in this calendar


class Notices(Protocol):
    """What is said to people in Slack. Every method raises only NoticeError; each is called from the outbox."""

    def show_outcome(self, outcome: Outcome) -> None:
        """Replace the rep's open view; a view that was closed counts as told."""
        ...

    def tell_member(self, booking: Booking, person: Person) -> None:
        """DM to the rep or a team member about a booked meeting (N2)."""
        ...

    def post_card(self, booking: Booking, channel: str, choices: WorkspaceChoices) -> None:
        """The channel card (N3): no customer address and no description unless the workspace's choices say so."""
        ...

    def tell_problem(self, outcome: Outcome) -> None:
        """DM to the rep when booking failed for good, so that a closed modal does not hide it."""
        ...

    def tell_connected(self, connection: Connection, draft: Draft | None) -> None:
        """A calendar was just connected; its owner's open form (`draft`, if any) moves on, or a DM says so."""
        ...

    def ask_reconnect(self, connection: Connection) -> None:
        """DM to the owner of a calendar that no longer lets us in."""
        ...

    def tell_undelivered(self, booking: Booking, address: str, code: str) -> None:
        """DM to the rep: this mail was refused."""
        ...

    def tell_room_declined(self, booking: Booking, room: Room, instead: tuple[Room, ...]) -> None:
        """DM to the rep: this room did not take the meeting; `instead` are some that are free then."""
        ...

    def tell_room_changed(self, booking: Booking, left: str, taken: str) -> None:
        """DM to the rep: this room is invited in the other one's place, both by name."""
        ...

    def tell_link(self, booking: Booking) -> None:
        """DM to the rep: the link that was missing is made, and everybody was mailed."""
        ...

    def tell_undone(self, booking: Booking, what: Undone, name: str, code: str) -> None:
        """DM to the rep: something around the meeting was given up for good, and why. `name`: of what it was about."""
        ...

    def tell_overlap(self, booking: Booking, who: tuple[str, ...]) -> None:
        """DM to the rep: after booking, these people's calendars show something else at that time."""
        ...

"""The protocol every calendar system is spoken to through, and the values that cross it.

A provider translates and classifies, nothing else: it holds one connected account, knows no draft, no booking
table and no person of Slack, and raises only `CalendarError`s (see `scheduling.errors`). All calls are synchronous
and end within the `Deadline` they are given.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from scheduling.domain import Busy, EventRef, Interval
from scheduling.errors import CalendarError, DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock by which a call must have ended."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    def sooner(self, seconds: float) -> "Deadline":
        """At most this many seconds from now, and never later than this one."""
        return Deadline(min(self.at, time.monotonic() + seconds))

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def check(self) -> float:
        """Seconds left; raises DeadlineExceeded when there are none."""
        left = self.remaining()
        if left <= 0:
            raise DeadlineExceeded("deadline")
        return left


class SendsInvitations(StrEnum):
    NEVER = "never"
    OPTIONAL = "optional"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a calendar system can do; screens and routing ask these, never the vendor's name."""

    others_free_busy: bool = False  # can read people other than the account's owner
    titles_of_others: bool = False
    rooms: bool = False  # can list rooms and invite them as resources
    native_conference: str | None = None  # "Google Meet", "Microsoft Teams"
    sends_invitations: SendsInvitations = SendsInvitations.NEVER
    max_refs_per_call: int = 1
    max_window: timedelta = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """A calendar of the account. `counts_as_busy` is the owner's own setting for free/busy."""

    id: str
    name: str
    zone: str | None
    writable: bool
    primary: bool
    counts_as_busy: bool = True


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A room that the provider can book as a resource: its address invites it."""

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class CalendarRef:
    """Whose time is asked for: the account's own (`address` None) or another person's or room's by address."""

    address: str | None = None


OWN = CalendarRef()


@dataclass(frozen=True, slots=True)
class Availability:
    """The busy stretches of one ref within `window`, or the reason why they are unknown."""

    ref: CalendarRef
    window: Interval
    busy: tuple[Busy, ...] = ()
    error: CalendarError | None = None


@dataclass(frozen=True, slots=True)
class BookingKey:
    """Idempotency key of an event: the same key never makes a second event. `generation` rises on re-creation."""

    booking_id: str
    generation: int = 1


class AttendeeRole(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Attendee:
    address: str
    name: str
    role: AttendeeRole = AttendeeRole.REQUIRED


@dataclass(frozen=True, slots=True)
class EventSpec:
    """The event as it should be. `zone` is an IANA name for display; `attendees` only where the provider invites."""

    key: BookingKey
    uid: str
    calendar_id: str
    interval: Interval
    zone: str
    title: str
    description: str = ""
    location: str = ""
    url: str | None = None
    attendees: tuple[Attendee, ...] = ()
    shows_busy: bool = True
    private: bool = False
    reminder_minutes: int | None = None
    native_conference: bool = False
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class EventState:
    """An event as the provider has it now. `responses` maps address to accepted, declined, tentative or none."""

    ref: EventRef
    interval: Interval
    cancelled: bool
    responses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """What connecting yields. `secret` is stored encrypted and handed back to the provider's constructor."""

    provider: str
    account_id: str
    label: str
    secret: Mapping[str, str]
    calendars: tuple[CalendarInfo, ...]


class CalendarProvider(Protocol):
    """One connected account."""

    capabilities: Capabilities

    def list_calendars(self, deadline: Deadline) -> tuple[CalendarInfo, ...]:
        """All event calendars of the account, the primary one first."""
        ...

    def list_rooms(self, deadline: Deadline) -> tuple[RoomInfo, ...]:
        """Rooms that can be invited as resources; raises Unsupported where `capabilities.rooms` is False."""
        ...

    def availability(
        self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline, *, default_zone: str
    ) -> tuple[Availability, ...]:
        """One answer per ref, in order; a ref that cannot be read carries its error and never raises.

        `default_zone` reads floating and all-day times where the calendar names no zone.
        """
        ...

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Create the event, or adopt the one already stored under the same key."""
        ...

    def find_event(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """The event stored under the spec's key: the look-up after an ambiguous failure."""
        ...

    def get_event(self, ref: EventRef, deadline: Deadline) -> EventState:
        """Raises EventMissing when it is gone."""
        ...

    def update_event(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Replace the event's content if nobody changed it since `ref.etag`; raises Conflict otherwise."""
        ...

    def cancel_event(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        """Remove the event; one that is gone already counts as removed."""
        ...

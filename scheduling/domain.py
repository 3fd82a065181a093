"""The frozen values of scheduling: time, people, the form, the booking.

Knows no Slack, no SQL, no network and no clock. Every instant is an aware UTC datetime, every interval half-open,
and constructors refuse nonsense, so the code behind them need not.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from scheduling.interval import Interval as Interval  # noqa: PLC0414 - part of the domain's face
from scheduling.interval import require_utc as require_utc  # noqa: PLC0414 - the same

# --- people and rooms -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rep:
    """Who is clicking: a Slack user in a workspace. Every draft and every query is scoped by it."""

    team_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """A workspace member as Slack describes them. `email` may be empty (a profile may hide it)."""

    team_id: str
    user_id: str
    name: str
    email: str
    zone: str


class Customer(BaseModel):
    """The external participant. `zone` is None while it is only assumed to be the rep's."""

    model_config = ConfigDict(frozen=True)

    name: str
    email: str
    zone: str | None = None


class Room(BaseModel):
    """A resource: either with a calendar connection of its own, or invited by its provider's `address`."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    address: str | None = None

    @property
    def key(self) -> str:
        """What its claims and its connection are found by."""
        return f"room:{self.id}"


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Wall-clock hours per weekday (Monday 0) in an IANA zone; converted day by day, never by adding hours."""

    zone: str
    spans: tuple[tuple[int, time, time], ...] = tuple((day, time(9), time(17)) for day in range(5))


# --- calendars --------------------------------------------------------------------------------------------------


class BusyStatus(StrEnum):
    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"
    OUT_OF_OFFICE = "oof"
    WORKING_ELSEWHERE = "working_elsewhere"
    UNKNOWN = "unknown"

    @property
    def blocks(self) -> bool:
        """Whether a slot may lie on it by default: unknown is never free."""
        return self not in (BusyStatus.FREE, BusyStatus.WORKING_ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Busy:
    """One stretch of a calendar. `title` is None when the reader may not see it; private ones never carry it.

    `uid` is the iCalendar UID where the provider tells it: our own event is left out of its own re-check by it.
    """

    interval: Interval
    status: BusyStatus = BusyStatus.BUSY
    title: str | None = None
    private: bool = False
    uid: str | None = None


class EventRef(BaseModel):
    """Where an event of ours lives at its provider. `event_id` is an id or, for CalDAV, the href."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    uid: str
    etag: str | None = None
    join_url: str | None = None
    web_url: str | None = None


# --- slots ------------------------------------------------------------------------------------------------------


class ObstacleKind(StrEnum):
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a start is not simply free: whose calendar, and what may be said about it.

    `who` is the participant's key (a Slack user id or `room:<id>`), `name` what people call them.
    """

    kind: ObstacleKind
    who: str
    name: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A start that was free when asked; with obstacles, one that may be chosen with eyes open."""

    interval: Interval
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def start(self) -> datetime:
        return self.interval.start


@dataclass(frozen=True, slots=True)
class Unread:
    """A required calendar that could not be read, and why (`not_connected`, `auth`, `deadline`, `failed`)."""

    who: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class DayReason:
    """Why a day has no slot: a participant's name and a stable code (`all_day`, `off`, `busy`, `unread`)."""

    who: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the times screen shows: one week of slots in the rep's zone, and everything that must be said about it.

    `week` is the shown stretch; `slots` are free for all; `conflicts` are starts with obstacles, both ascending.
    """

    draft_id: str
    revision: int
    zone: str
    customer_zone: str | None
    week: Interval
    slots: tuple[Slot, ...]
    conflicts: tuple[Slot, ...]
    unread: tuple[Unread, ...]
    has_earlier: bool
    has_later: bool
    connected: bool = True
    reasons: tuple[tuple[date, tuple[DayReason, ...]], ...] = ()  # for each shown day without a slot, where known
    shut_out: tuple["Connection", ...] = ()  # the rep's own calendars that no longer let us in
    via_sharing: tuple[str, ...] = ()  # names of those read through the rep's calendar (4b)
    grid_zone: str | None = None  # the zone that cuts the week into days; None: `zone`


# --- the form ---------------------------------------------------------------------------------------------------


class Screen(StrEnum):
    WHO = "who"
    DETAILS = "details"
    TIMES = "times"
    CONFIRM = "confirm"
    NOTIFICATIONS = "notifications"
    OUTCOME = "outcome"


class DraftState(StrEnum):
    OPEN = "open"
    SUBMITTED = "submitted"
    BOOKED = "booked"
    CLOSED = "closed"


class ConferencingKind(StrEnum):
    NONE = "none"
    CUSTOM = "custom"
    NATIVE = "native"  # made by the organizer's calendar: Google Meet, Microsoft Teams


class ShownZone(StrEnum):
    """Whose clock the customer's mail goes by; instead of one of these an IANA name may stand."""

    CUSTOMER = "customer"
    ORGANIZER = "organizer"


class EventSettings(BaseModel):
    """The advanced settings (product 12), for one meeting or as a rep's defaults. None: decided at booking."""

    model_config = ConfigDict(frozen=True)

    shown_zone: str = ShownZone.CUSTOMER
    connection_id: str | None = None  # the target calendar, with calendar_id
    calendar_id: str | None = None
    shows_busy: bool = True
    private: bool = False
    reminder_minutes: int | None = None
    description_on_event: bool = True
    members_on_event: bool = True


class Form(BaseModel):
    """Everything the rep has said so far. Grows field by field; unknown stored fields are ignored on reading."""

    model_config = ConfigDict(frozen=True)

    customer: Customer | None = None
    subject: str = ""
    minutes: int = 30
    members: tuple[str, ...] = ()
    description: str = ""
    team_note: str = ""
    conferencing: ConferencingKind = ConferencingKind.NONE
    conferencing_text: str = ""
    meeting_type: str = ""
    location: str = ""
    rooms: tuple[str, ...] = ()
    zone: str | None = None  # display zone chosen by the rep; None: the profile's
    week_of: str | None = None  # ISO date of the shown week; None: from now
    show_conflicts: bool = False
    slot: datetime | None = None
    obstacles: tuple[str, ...] = ()  # words of the conflicts the rep accepted with the slot
    accepted: tuple[str, ...] = ()  # whose conflicts those are: participant keys
    on_event: bool = True  # Add to calendar event
    by_mail: bool = True  # Send confirmation email
    settings: EventSettings = EventSettings()
    opened: tuple[str, ...] = ()  # optional fields that are in sight
    asked: tuple[str, ...] = ()  # members who were asked to connect a calendar


@dataclass(frozen=True, slots=True)
class Draft:
    """The unfinished form. `revision` rises with every save; follow-ups that carry an older one are dropped."""

    id: str
    team_id: str
    user_id: str
    revision: int
    state: DraftState
    screen: Screen
    form: Form
    view_id: str | None = None
    held_until: datetime | None = None

    @property
    def rep(self) -> Rep:
        return Rep(self.team_id, self.user_id)


# --- the booking ------------------------------------------------------------------------------------------------


class BookingState(StrEnum):
    PENDING = "pending"  # ours; the provider does not have it yet
    CONFIRMED = "confirmed"  # the event is stored at the provider
    FAILED = "failed"  # could not be stored; nothing was sent to the customer
    CANCELLED = "cancelled"


class InviteMode(StrEnum):
    """Who invites: the calendar provider (attendee on the event) or our own iTIP mail. Never both."""

    PROVIDER = "provider"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Booking:
    """Our record of a meeting: everything that mails, notices and the event are rendered from."""

    id: str
    team_id: str
    tracking_id: str
    draft_id: str
    version: int
    sequence: int
    generation: int
    state: BookingState
    interval: Interval
    organizer: Person
    members: tuple[Person, ...]
    customer: Customer
    form: Form
    uid: str
    connection_id: str = ""  # the organizer's connection and calendar that hold the event
    calendar_id: str = ""
    invite_mode: InviteMode = InviteMode.BOT
    event: EventRef | None = None
    rooms: tuple[Room, ...] = ()
    room_events: tuple[tuple[str, EventRef], ...] = ()  # by room key: the rooms' own calendars
    problem: str | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def customer_zone(self) -> str:
        """The zone customer-facing words use (12b): as chosen; an unknown zone of the customer's is the organizer's."""
        match self.form.settings.shown_zone:
            case ShownZone.CUSTOMER:
                return self.customer.zone or self.organizer.zone
            case ShownZone.ORGANIZER:
                return self.organizer.zone
            case chosen:
                return chosen

    @property
    def described_to_customer(self) -> bool:
        """Whether the description may reach the customer by any way (5a, 5b, 12c)."""
        return self.form.on_event and self.form.settings.description_on_event

    @property
    def team(self) -> tuple[Person, ...]:
        """Organizer and members, each once (N5): the organizer first."""
        return (self.organizer, *(m for m in self.members if m.user_id != self.organizer.user_id))


# --- connections ------------------------------------------------------------------------------------------------


class ConnectionState(StrEnum):
    OK = "ok"
    NEEDS_RECONNECT = "needs_reconnect"


@dataclass(frozen=True, slots=True)
class Connection:
    """One person's connected calendar account. Secrets never travel in it."""

    id: str
    team_id: str
    user_id: str
    provider: str
    account: str
    state: ConnectionState
    reason: str | None = None
    target_calendar: str | None = None


class Prefill(BaseModel):
    """What the command text or a message gave us."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    email: str = ""
    subject: str = ""
    minutes: int | None = None
    members: tuple[str, ...] = ()

    @property
    def says_anything(self) -> bool:
        return bool(self.name or self.email or self.subject or self.minutes or self.members)

    @classmethod
    def empty(cls) -> Self:
        return cls()

"""Our record of a meeting."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from scheduling.domain.calendar import Conference, EventRef
from scheduling.domain.form import ConferencingKind, Form, ShownZone
from scheduling.domain.interval import Interval
from scheduling.domain.people import Customer, Person, Room


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
    conference: Conference | None = None
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
    def lacks_link(self) -> bool:
        """Whether a link was to be made and there is none (6a)."""
        wanted = self.form.conferencing in (ConferencingKind.NATIVE, ConferencingKind.ZOOM)
        return wanted and not (self.event and self.event.join_url)

    @property
    def team(self) -> tuple[Person, ...]:
        """Whom we tell: organizer and members, each once (N5), the organizer first."""
        return (self.organizer, *(m for m in self.members if m.user_id != self.organizer.user_id))

    @property
    def hosts(self) -> tuple[Person, ...]:
        """Whom the customer meets: the members, with the organizer first among them or not at all (4a)."""
        members = {member.user_id for member in self.members}
        return tuple(person for person in self.team if person.user_id in members)

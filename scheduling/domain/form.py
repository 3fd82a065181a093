"""The unfinished form: everything the rep has said so far, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from scheduling.domain.people import Customer, Rep
from scheduling.domain.slots import Obstacle


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
    ZOOM = "zoom"


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
    shown: tuple[Obstacle, ...] = ()  # and what exactly they were
    on_event: bool = True  # Add to calendar event
    by_mail: bool = True  # Send confirmation email
    settings: EventSettings = EventSettings()
    opened: tuple[str, ...] = ()  # optional fields that are in sight
    asked: tuple[str, ...] = ()  # members who were asked to connect a calendar

    def accepts(self, obstacle: Obstacle) -> bool:
        """Whether the rep chose the slot in spite of this very thing, not only of something else of that person's."""
        if not self.shown:
            return obstacle.who in self.accepted
        said = (obstacle.kind, obstacle.who, obstacle.title)
        return any((seen.kind, seen.who, seen.title) == said for seen in self.shown)

    def without_slot(self) -> Self:
        """The form again as it is before a time is picked."""
        return self.model_copy(update={"slot": None, "obstacles": (), "accepted": (), "shown": ()})


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

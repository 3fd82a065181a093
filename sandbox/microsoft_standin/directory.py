"""The stand-in's people and rooms, and their mailboxes. Times are aware UTC."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TENANT = "6d1f4c3e-0b5a-4d57-9f0e-2a7b8c9d0e1f"
PERSONAL_TENANT = "9188040d-6c67-4b5b-b112-36a304b66dad"


@dataclass
class Calendar:
    """One calendar of a mailbox."""

    id: str
    name: str
    default: bool = False
    editable: bool = True
    teams: bool = True


@dataclass
class Event:
    """An event in one mailbox. `content` is what Graph stores as it was sent; the rest is what the server decides."""

    id: str
    uid: str
    calendar_id: str
    start: datetime
    end: datetime
    content: dict[str, Any]
    properties: dict[str, str] = field(default_factory=dict)
    organizer: str = ""
    response: str = "organizer"
    responses: dict[str, str] = field(default_factory=dict)
    late_responses: dict[str, str] = field(default_factory=dict)
    version: int = 1
    cancelled: bool = False
    join_url: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def etag(self) -> str:
        return f'W/"{self.change_key}"'

    @property
    def change_key(self) -> str:
        return f"{self.id[-6:]}v{self.version}=="


@dataclass
class Mailbox:
    """A person's or room's mailbox. `shares_titles`: whether others see what its events are called."""

    address: str
    name: str
    tenant: str = TENANT
    room: bool = False
    in_cloud: bool = True
    readable: bool = True
    shares_titles: bool = True
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    calendars: list[Calendar] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)

    @property
    def default(self) -> Calendar:
        return next(calendar for calendar in self.calendars if calendar.default)

    def calendar(self, calendar_id: str | None) -> Calendar | None:
        """The calendar with this id, the default one for None."""
        if calendar_id is None:
            return self.default
        return next((calendar for calendar in self.calendars if calendar.id == calendar_id), None)

    def between(self, calendar_id: str, start: datetime, end: datetime) -> list[Event]:
        """Events that touch a stretch of time, in order."""
        found = [e for e in self.events.values() if e.calendar_id == calendar_id and e.start < end and start < e.end]
        return sorted(found, key=lambda event: event.start)


class Directory:
    """Everybody and every room, by address.

    While `lags`, views and schedules do not show yet what is new; `catch_up` ends that.
    """

    def __init__(self) -> None:
        self.lags = False
        self.behind: set[str] = set()
        self.mailboxes: dict[str, Mailbox] = {}
        self.mails: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)

    def add(
        self, address: str, name: str, *, tenant: str = TENANT, room: bool = False, in_cloud: bool = True
    ) -> Mailbox:
        """A mailbox with one calendar."""
        mailbox = Mailbox(address.lower(), name, tenant, room, in_cloud)
        number = next(self._numbers)
        personal = mailbox.tenant == PERSONAL_TENANT
        mailbox.calendars.append(
            Calendar(f"AQMk-calendar/{number}+=", "Calendar", default=True, teams=not (personal or mailbox.room))
        )
        self.mailboxes[mailbox.address] = mailbox
        return mailbox

    def add_calendar(self, address: str, name: str, *, editable: bool = True) -> Calendar:
        """One more calendar of a mailbox."""
        calendar = Calendar(f"AQMk-calendar/{next(self._numbers)}+=", name, editable=editable)
        self.mailboxes[address].calendars.append(calendar)
        return calendar

    def occupy(self, address: str, start: datetime, end: datetime, subject: str, **content: object) -> Event:
        """Its owner puts something into the default calendar. `content` is of Graph's event."""
        mailbox = self.mailboxes[address]
        event = Event(
            id=self.new_id(),
            uid=uuid.uuid4().hex.upper(),
            calendar_id=mailbox.default.id,
            start=start.astimezone(UTC),
            end=end.astimezone(UTC),
            content={"subject": subject, "showAs": "busy", "sensitivity": "normal"} | content,
            organizer=address,
        )
        self.keep(mailbox, event)
        return event

    def keep(self, mailbox: Mailbox, event: Event) -> None:
        """Put a new event into a mailbox."""
        mailbox.events[event.id] = event
        if self.lags:
            self.behind.add(event.id)

    def shown(self, mailbox: Mailbox, calendar_id: str, start: datetime, end: datetime) -> list[Event]:
        """What views and schedules tell of a stretch of time."""
        return [event for event in mailbox.between(calendar_id, start, end) if event.id not in self.behind]

    def catch_up(self) -> None:
        """Everything is seen everywhere."""
        self.lags = False
        self.behind.clear()

    def clear(self) -> None:
        """Everybody leaves."""
        self.catch_up()
        self.mailboxes.clear()
        self.mails.clear()

    def rooms(self) -> Iterator[Mailbox]:
        return (mailbox for mailbox in self.mailboxes.values() if mailbox.room)

    def new_id(self) -> str:
        """An immutable id: with characters that a URL must escape."""
        return f"AAkALgAAAAAA/HYQDEapmEc+byACqAC-{next(self._numbers)}="

    def mail(self, kind: str, event: Event, to: list[str], comment: str = "") -> None:
        """What the server sends to attendees by itself."""
        if to:
            self.mails.append({"kind": kind, "uid": event.uid, "to": sorted(to), "comment": comment})

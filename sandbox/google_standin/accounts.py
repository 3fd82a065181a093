"""People, rooms and their calendars, and the events in them, as the stand-in remembers them."""

import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Event = dict[str, Any]


@dataclass
class Calendar:
    """One calendar and its events by id; a deleted one stays as a cancelled tombstone, as at Google."""

    id: str
    summary: str
    zone: str
    owner: str
    events: dict[str, Event] = field(default_factory=dict)


@dataclass
class Entry:
    """A calendar in somebody's list."""

    calendar: Calendar
    role: str = "owner"
    primary: bool = False
    selected: bool = True


@dataclass
class Person:
    """Somebody with an account. One that does not share is `notFound` to everybody else's free/busy."""

    email: str
    name: str
    zone: str
    shares: bool = True
    entries: dict[str, Entry] = field(default_factory=dict)
    sub: str = field(default_factory=lambda: str(uuid.uuid4().int)[:21])


@dataclass
class Room:
    """A resource that answers invitations by itself."""

    email: str
    name: str


@dataclass(frozen=True)
class Sent:
    """An invitation, update or cancellation that Google would have mailed."""

    kind: str
    to: str
    event_id: str


class Accounts:
    """Everything that is remembered. `lock` guards it: the server's thread and a test's may both come.

    While `lags`, lists and free/busy do not show yet what is new, as is said of Google; `catch_up` ends that. An event
    asked for by its id is always there.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.people: dict[str, Person] = {}
        self.rooms: dict[str, Room] = {}
        self.calendars: dict[str, Calendar] = {}
        self.sent: list[Sent] = []
        self.lags = False
        self.behind: set[str] = set()
        self._numbers = itertools.count(1)

    def clear(self) -> None:
        """Forget everybody."""
        with self.lock:
            for kept in (self.people, self.rooms, self.calendars):
                kept.clear()
            self.sent.clear()
            self.catch_up()

    def catch_up(self) -> None:
        """Everything is seen everywhere."""
        self.lags = False
        self.behind.clear()

    def add_person(self, email: str, name: str, zone: str, *, shares: bool = True) -> Person:
        """Somebody with a primary calendar."""
        person = Person(email, name, zone, shares)
        self.people[email] = person
        calendar = self.calendars[email] = Calendar(email, email, zone, email)
        person.entries[email] = Entry(calendar, primary=True)
        return person

    def add_calendar(
        self, email: str, summary: str, *, role: str = "owner", zone: str | None = None, selected: bool = True
    ) -> Calendar:
        """A further calendar in the list of `email`."""
        person = self.people[email]
        found = f"{uuid.uuid4().hex}@group.calendar.google.com"
        calendar = self.calendars[found] = Calendar(found, summary, zone or person.zone, email)
        person.entries[found] = Entry(calendar, role, selected=selected)
        return calendar

    def add_room(self, email: str, name: str) -> Room:
        """A room with a calendar of its own."""
        room = self.rooms[email] = Room(email, name)
        self.calendars[email] = Calendar(email, name, "UTC", email)
        return room

    def follow(self, email: str, calendar_id: str, *, role: str = "freeBusyReader") -> None:
        """Somebody has another's calendar in their list, a room's for instance."""
        self.people[email].entries[calendar_id] = Entry(self.calendars[calendar_id], role)

    def occupy(
        self, calendar_id: str, start: datetime, end: datetime, summary: str = "Busy", **content: object
    ) -> Event:
        """Somebody makes an event by hand; `content` goes into it as it stands."""
        times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}}
        return self.add_event(self.calendars[calendar_id], {"summary": summary, **times, **content})

    def add_event(self, calendar: Calendar, content: Event) -> Event:
        """Store a new event with everything that Google adds."""
        with self.lock:
            now = _text(self.clock())
            found = str(content.get("id") or uuid.uuid4().hex)
            event = {
                "kind": "calendar#event",
                "status": "confirmed",
                "htmlLink": f"https://calendar.google.com/event?eid={found}",
                "created": now,
                "creator": {"email": calendar.owner, "self": True},
                "organizer": {"email": calendar.owner, "self": True},
                "iCalUID": f"{found}@google.com",
                "sequence": 0,
                "reminders": {"useDefault": True},
                "eventType": "default",
                **{name: value for name, value in content.items() if value not in ("", [], None)},
                "id": found,
            }
            self.touch(event)
            calendar.events[found] = event
            if self.lags:
                self.behind.add(found)
            return event

    def touch(self, event: Event) -> None:
        """It was changed: another ETag."""
        event["etag"] = f'"{next(self._numbers) * 2}"'
        event["updated"] = _text(self.clock())

    def busy(self, address: str) -> Iterator[tuple[datetime, datetime]]:
        """When an address is not free: its own primary calendar, and what it was invited to."""
        for calendar in self.calendars.values():
            for event in calendar.events.values():
                hidden = event["id"] in self.behind
                if hidden or event["status"] == "cancelled" or event.get("transparency") == "transparent":
                    continue
                answer = next(
                    (a.get("responseStatus") for a in event.get("attendees", ()) if a["email"] == address), None
                )
                if event.get("eventType") == "workingLocation" or answer == "declined":
                    continue
                if calendar.id == address or answer is not None:
                    yield moment(event["start"], calendar.zone), moment(event["end"], calendar.zone)


def moment(value: dict[str, str], zone: str) -> datetime:
    """A start or end of the API's, in UTC. Raises ValueError and KeyError."""
    if "date" in value:
        day = datetime.fromisoformat(value["date"]).date()
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    found = datetime.fromisoformat(value["dateTime"])
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(value["timeZone"]))
    return found.astimezone(UTC)


def merged(stretches: Iterator[tuple[datetime, datetime]], since: datetime, until: datetime) -> list[dict[str, str]]:
    """Busy stretches as freeBusy tells them: clipped, joined where they touch, in UTC."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted((max(s, since), min(e, until)) for s, e in stretches if s < until and e > since):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return [{"start": _text(s), "end": _text(e)} for s, e in found if e - s > timedelta(0)]


def _text(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

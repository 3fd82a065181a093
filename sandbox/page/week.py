"""The calendar tab: one person's week as their own calendar app shows it, over CalDAV, past the product."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import httpx2
import recurring_ical_events
from icalendar import Calendar

from sandbox import nearby
from sandbox.calendar_app import CalendarApp
from sandbox.calendar_server import CalendarServer

Json = dict[str, Any]
_DAV, _CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_QUERY = (
    '<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:"><d:prop><c:calendar-data/></d:prop>'
    '<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)
_CTAG = '<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>'
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Part:
    """The part of an event on one day: minutes of that day, and what it is."""

    day: date
    start: int
    end: int
    event: Json


class Weeks:
    """Everybody's calendars. Synchronous; raises httpx2.HTTPError where the server does not answer."""

    def __init__(self, server: CalendarServer) -> None:
        self._server = server

    @property
    def users(self) -> list[str]:
        """Those who have a calendar."""
        return list(self._server.users)

    def fingerprints(self) -> dict[str, int]:
        """For every person a number that changes with the calendar."""
        with nearby.client(timeout=5) as client:
            return {user: self._fingerprint(client, user) for user in self.users}

    def _fingerprint(self, client: httpx2.Client, user: str) -> int:
        url, login = self._server.calendar_of(user), (user, self._server.users[user])
        answer = client.request("PROPFIND", url, content=_CTAG, headers={"Depth": "1"}, auth=login)
        return hash(answer.raise_for_status().text)

    def starts(self, user: str) -> dict[str, str]:
        """Every event's address and the day it begins."""
        found: dict[str, str] = {}
        for href, text in self._stored(user):
            for event in Calendar.from_ical(text).walk("VEVENT"):
                begins: Any = event["dtstart"]
                found[href] = f"{begins.dt:%Y-%m-%d}"
        return found

    def week(self, user: str, zone_name: str, monday: date) -> Json:
        """Seven days from `monday` on the person's own clock; all-day events apart."""
        zone = ZoneInfo(zone_name)
        first = datetime.combine(monday, time(), zone)
        after = datetime.combine(monday + timedelta(days=7), time(), zone)
        days: dict[date, Json] = {
            monday + timedelta(days=n): {"date": (monday + timedelta(days=n)).isoformat(), "all_day": [], "events": []}
            for n in range(7)
        }
        for href, text in self._stored(user):
            for event in recurring_ical_events.of(Calendar.from_ical(text)).between(first, after):
                for part in _parts(event, href, zone):
                    if part.day not in days:
                        continue
                    entry = {**part.event, "from": part.start, "to": part.end}
                    is_all_day = part.end - part.start >= DAY_MINUTES
                    days[part.day]["all_day" if is_all_day else "events"].append(entry)
        for day in days.values():
            day["events"].sort(key=lambda entry: (entry["from"], entry["to"]))
        return {"user": user, "zone": zone_name, "monday": monday.isoformat(), "days": list(days.values())}

    def add(self, user: str, zone_name: str, wanted: Json) -> None:
        """Put an event in: `title`, `date`, `time` (HH:MM on the person's clock), `minutes`, `private`."""
        start = datetime.fromisoformat(f"{wanted['date']}T{wanted['time']}").replace(tzinfo=ZoneInfo(zone_name))
        end = start.astimezone(UTC) + timedelta(minutes=int(wanted["minutes"]))
        extra = {"class": "PRIVATE"} if wanted.get("private") else {}
        title = str(wanted["title"]).strip() or "Busy"
        CalendarApp.of(self._server, user).add(title, start.astimezone(UTC), end, extra)

    def remove(self, user: str, href: str) -> None:
        """Take an event out, as a person does in a calendar app of their own."""
        base = self._server.calendar_of(user)
        url = urljoin(base, href)
        if url.startswith(base):
            CalendarApp.of(self._server, user).remove(url)

    def _stored(self, user: str) -> Iterator[tuple[str, str]]:
        answer = nearby.request(
            "REPORT",
            self._server.calendar_of(user),
            content=_QUERY,
            headers={"Depth": "1", "Content-Type": "application/xml; charset=utf-8"},
            auth=(user, self._server.users[user]),
        ).raise_for_status()
        # The answer is our own child's; nobody else can write it.
        for response in ET.fromstring(answer.content).iter(f"{_DAV}response"):
            href, stored = response.findtext(f"{_DAV}href"), next(response.iter(f"{_CAL}calendar-data"), None)
            if href and stored is not None and stored.text:
                yield href, stored.text


def _parts(event: Any, href: str, zone: ZoneInfo) -> Iterator[Part]:  # noqa: ANN401 - icalendar's component
    begins = event.start
    ends = event.end
    if not isinstance(begins, datetime):
        starts, stops = datetime.combine(begins, time(), zone), datetime.combine(ends, time(), zone)
    else:
        starts, stops = begins.astimezone(zone), ends.astimezone(zone)
    described = {
        "title": str(event.get("summary", "")) or "No title",
        "href": href,
        "private": str(event.get("class", "")).upper() in {"PRIVATE", "CONFIDENTIAL"},
        "free": str(event.get("transp", "")).upper() == "TRANSPARENT",
        "when": "all day" if not isinstance(begins, datetime) else f"{starts:%H:%M}–{stops:%H:%M}",
        "text": _described(event),
    }
    day = starts.date()
    while day <= stops.date():
        midnight = datetime.combine(day, time(), zone)
        start = max(0, _wall_minutes(starts, midnight))
        end = min(DAY_MINUTES, _wall_minutes(stops, midnight))
        if end > start or starts == stops:
            yield Part(day, start, end, described)
        day += timedelta(days=1)


def _wall_minutes(moment: datetime, midnight: datetime) -> int:
    """Minutes between two readings of the same wall clock."""
    return int((moment.replace(tzinfo=None) - midnight.replace(tzinfo=None)).total_seconds() // 60)


def _described(event: Any) -> str:  # noqa: ANN401 - icalendar's component
    """Description and place, for the details."""
    words = [str(event.get(name, "")) for name in ("location", "description")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(part for part in words if part))[:2000]

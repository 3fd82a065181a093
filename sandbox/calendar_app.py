"""What a person does in a calendar app of their own: put events in, look at what is there, take them out.

Talks plain CalDAV to the calendar server, past the product, so that the product sees what others did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4
from xml.etree import ElementTree as ET

import httpx2
from icalendar import Calendar, Event

from sandbox.calendar_server import CalendarServer
from sandbox.nearby import request

_CALENDAR_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
_QUERY = (
    '<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:"><d:prop><c:calendar-data/></d:prop>'
    '<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)


@dataclass(frozen=True, slots=True)
class CalendarApp:
    """One person's calendar app."""

    calendar_url: str
    login: tuple[str, str]

    @classmethod
    def of(cls, server: CalendarServer, user: str) -> "CalendarApp":
        return cls(server.calendar_of(user), (user, server.users[user]))

    def add(self, title: str, start: datetime, end: datetime, extra: Mapping[str, str] | None = None) -> str:
        """Put an event in; returns its address. Times are aware; `extra` are further properties by name."""
        event = Event()
        uid = uuid4().hex
        event.add("uid", uid)
        event.add("dtstamp", datetime.now(UTC))
        event.add("dtstart", start.astimezone(UTC))
        event.add("dtend", end.astimezone(UTC))
        event.add("summary", title)
        for name, value in (extra or {}).items():
            event.add(name, value)
        calendar = Calendar()
        calendar.add("prodid", "-//demo calendar app//EN")
        calendar.add("version", "2.0")
        calendar.add_component(event)
        url = f"{self.calendar_url}{uid}.ics"
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        request("PUT", url, content=calendar.to_ical(), headers=headers, auth=self.login).raise_for_status()
        return url

    def remove(self, url: str) -> None:
        """Take an event out."""
        request("DELETE", url, auth=self.login).raise_for_status()

    def clear(self) -> None:
        """Take everything out."""
        answer = request("PROPFIND", self.calendar_url, headers={"Depth": "1"}, auth=self.login)
        hrefs = [found.text or "" for found in ET.fromstring(answer.raise_for_status().content).iter("{DAV:}href")]
        for href in hrefs:
            if href.endswith(".ics"):
                self.remove(str(httpx2.URL(self.calendar_url).join(href)))

    def stored(self) -> tuple[str, ...]:
        """Everything in the calendar, as the server stores it: iCalendar text, one for each object."""
        answer = request(
            "REPORT",
            self.calendar_url,
            content=_QUERY,
            headers={"Depth": "1", "Content-Type": "application/xml; charset=utf-8"},
            auth=self.login,
        ).raise_for_status()
        # The answer is our own child's; nobody else can write it.
        root = ET.fromstring(answer.content)
        return tuple(found.text or "" for found in root.iter(_CALENDAR_DATA))

    def titled(self, title: str) -> tuple[str, ...]:
        """The stored objects whose summary is `title`."""
        return tuple(
            text
            for text in self.stored()
            if any(str(event.get("summary")) == title for event in Calendar.from_ical(text).walk("VEVENT"))
        )

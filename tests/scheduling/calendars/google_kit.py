"""People with Google accounts for the tests: signed in the way a browser does it, over Google's own client library."""

import itertools
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox import nearby
from sandbox.google_standin import GoogleStandIn
from scheduling.calendars.base import Account, Deadline
from scheduling.calendars.google.account import GoogleCalendar, GoogleSystem
from scheduling.calendars.google.sign_in import ASKED
from scheduling.domain import EventRef, Interval

CALLBACK = "https://schedule.example/oauth/google/callback"
_HIDDEN = re.compile(r'type="hidden" name="([^"]*)" value="([^"]*)"')
_BOX = re.compile(r'name="granted" value="([^"]*)"')
_NUMBERS = itertools.count(1)


def system_at(standin: GoogleStandIn, **more: Any) -> GoogleSystem:
    addresses = (standin.api_url, standin.auth_url, standin.token_url)
    return GoogleSystem(standin.client_id, standin.client_secret, *addresses, **more)


def back_from(url: str, email: str, *, answer: str = "allow", unticked: tuple[str, ...] = ()) -> str:
    """The address that the page sends the browser to once the person pressed Allow (or Deny)."""
    with nearby.client() as browser:
        page = browser.get(url).text
        form: dict[str, Any] = {unescape(name): unescape(value) for name, value in _HIDDEN.findall(page)}
        form["granted"] = [box for box in map(unescape, _BOX.findall(page)) if box not in unticked]
        back = browser.post(url.partition("?")[0], data={**form, "email": email, "answer": answer})
    return str(back.headers["location"])


def at_the_page(url: str, email: str, **more: Any) -> dict[str, str]:
    """The parameters that come back with it."""
    return dict(parse_qsl(urlsplit(back_from(url, email, **more)).query))


def signed_in(system: GoogleSystem, email: str, **more: Any) -> Account:
    """The account of a person who went through all of it."""
    there = system.begin(CALLBACK, "state-1", email)
    return system.finish(there.flow, at_the_page(there.url, email, **more), CALLBACK, Deadline.after(10))


class GoogleAccount:
    """An account of a fresh person at the stand-in, and what its owner does by hand. Events get Google's own UIDs."""

    keeps_uid = False

    def __init__(self, standin: GoogleStandIn, *, scopes: tuple[str, ...] = ASKED, **more: Any) -> None:
        self.standin = standin
        self.email = self.calendar_id = f"dana{next(_NUMBERS)}@reps.example"
        standin.accounts.add_person(self.email, "Dana Reyes", "Europe/Berlin")
        self.calendar = standin.accounts.calendars[self.email]
        self.system = system_at(standin, **more)
        granted = standin.identity.grant(self.email, scopes)
        self.secret = {"refresh_token": granted["refresh_token"], "scopes": granted["scope"]}
        self.kept: list[Mapping[str, str]] = []
        self.provider: GoogleCalendar = self.system.open(self.secret, self.kept.append)

    def occupy(self, interval: Interval, title: str, **content: Any) -> Mapping[str, Any]:
        return self.standin.accounts.occupy(self.calendar_id, interval.start, interval.end, title, **content)

    def move(self, ref: EventRef, interval: Interval) -> None:
        event = self.calendar.events[ref.event_id]
        event["start"], event["end"] = ({"dateTime": m.isoformat()} for m in (interval.start, interval.end))
        self.standin.accounts.touch(event)

    def remove(self, ref: EventRef) -> None:
        event = self.calendar.events[ref.event_id]
        event["status"] = "cancelled"
        self.standin.accounts.touch(event)

    def count(self) -> int:
        return sum(event["status"] != "cancelled" for event in self.calendar.events.values())

"""People with Microsoft accounts for the tests: signed in the way a browser does it, over the real msal."""

import html
import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox import nearby
from sandbox.microsoft_standin import MicrosoftStandIn
from scheduling.calendars.base import Account, Deadline
from scheduling.calendars.graph.account import GraphCalendar, MicrosoftSystem
from scheduling.calendars.http import Http
from scheduling.domain import EventRef, Interval

CALLBACK = "https://schedule.example/oauth/microsoft/callback"
_HIDDEN = re.compile(r'type="hidden" name="([^"]*)" value="([^"]*)"')
_NUMBERS = itertools.count(1)


def system_at(standin: MicrosoftStandIn, http: Http, **more: Any) -> MicrosoftSystem:
    return MicrosoftSystem(http, standin.client_id, standin.client_secret, standin.authority, standin.graph_url, **more)


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a form."""
    return {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(page)}


def at_the_page(url: str, address: str, answer: str = "allow", verify: Any = nearby.TRUSTS_NOBODY) -> dict[str, str]:
    """What the sign-in page sends back once the person pressed Allow (or `deny`)."""
    with nearby.client(verify=verify) as browser:
        page = browser.get(url).text
        asked = fields_of(page)
        back = browser.post(url.partition("?")[0], data={**asked, "address": address, "answer": answer})
    if back.is_redirect:
        return dict(parse_qsl(urlsplit(back.headers["location"]).query))
    return fields_of(back.text)


def signed_in(system: MicrosoftSystem, address: str, **more: Any) -> Account:
    """The account of a person who went through all of it."""
    there = system.begin(CALLBACK, "state-1", address)
    params = at_the_page(there.url, address, **more)
    return system.finish(there.flow, params, CALLBACK, Deadline.after(10))


class GraphAccount:
    """An account of a fresh person at the stand-in, and what its owner does by hand."""

    keeps_uid = False

    def __init__(self, standin: MicrosoftStandIn, http: Http, *, personal: bool = False, **more: Any) -> None:
        self.address = f"dana{next(_NUMBERS)}@acme.example"
        self.standin = standin
        self.mailbox = standin.add_person(self.address, "Dana Reyes", personal=personal)
        self.system = system_at(standin, http, **more)
        self.account = signed_in(self.system, self.address)
        self.kept: list[Mapping[str, str]] = []
        self.provider: GraphCalendar = self.system.open(self.account.secret, self.kept.append)
        self.calendar_id = self.account.calendars[0].id

    def occupy(self, interval: Interval, title: str, **content: Any) -> None:
        self.standin.occupy(self.address, interval.start, interval.end, title, **content)

    def move(self, ref: EventRef, interval: Interval) -> None:
        event = self.mailbox.events[ref.event_id]
        event.start, event.end = interval.start, interval.end
        event.version += 1

    def remove(self, ref: EventRef) -> None:
        del self.mailbox.events[ref.event_id]

    def count(self) -> int:
        return len(self.mailbox.events)


Pause = Callable[[float], None]

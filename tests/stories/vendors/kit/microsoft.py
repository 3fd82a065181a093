"""Office 365."""

from collections.abc import Mapping
from datetime import datetime

from tzlocal.windows_tz import win_tz

from sandbox import nearby
from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.directory import Event, Mailbox
from sandbox.microsoft_standin.troubles import Trouble
from scheduling.calendars.base import Account
from scheduling.calendars.graph.account import MicrosoftSystem
from scheduling.outbound import Outbound
from tests.scheduling.calendars.graph_kit import at_the_page, signed_in, system_at
from tests.stories.conftest import Desk
from tests.stories.vendors.kit.base import DANA, PEOPLE, Entry, Vendor


class Microsoft(Vendor):
    provider = "microsoft"
    button = "Office 365"
    conference = "Microsoft Teams"

    def __init__(self) -> None:
        self.standin = MicrosoftStandIn.start()
        self.directory = self.standin.directory

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "MICROSOFT_CLIENT_ID": self.standin.client_id,
            "MICROSOFT_CLIENT_SECRET": self.standin.client_secret,
            "MICROSOFT_AUTHORITY": self.standin.authority,
            "GRAPH_API_URL": self.standin.graph_url,
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self.standin.identity.tokens, *self.standin.identity.refreshes)

    def reset(self) -> None:
        self.standin.reset()
        for address, (_, name, _zone) in PEOPLE.items():
            self.standin.add_person(address, name)

    def stop(self) -> None:
        self.standin.stop()

    def sign_in(self, desk: Desk, link: str, address: str) -> str:
        with nearby.client() as browser:
            there = browser.get(link)
            form = at_the_page(there.headers["location"], address)
            callback = f"{desk.runner.url}/oauth/microsoft/callback"
            return browser.post(callback, data=form, follow_redirects=True).text

    def system(self, http: Outbound) -> MicrosoftSystem:
        return system_at(self.standin, http)

    def account(self, system: MicrosoftSystem, address: str) -> Account:
        return signed_in(system, address)

    def revoke(self, address: str) -> None:
        self.standin.identity.revoke(address)

    def occupy(self, address: str, start: datetime, end: datetime, title: str, *, private: bool = False) -> None:
        self.standin.occupy(address, start, end, title, sensitivity="private" if private else "normal")

    def add_calendar(self, address: str, name: str, *, writable: bool = True) -> None:
        self.standin.add_calendar(address, name, editable=writable)

    def make_room(self, name: str) -> str:
        address = f"{name.lower()}@demo.example"
        self.standin.add_room(address, name)
        self.standin.identity.granted.add("Place.Read.All")
        self.standin.identity.expire(DANA)  # the next token has it
        return address

    def link_comes_late(self) -> None:
        self.standin.office.links_late = 1

    def events(self, address: str) -> list[Entry]:
        mailbox = self.directory.mailboxes[address]
        return sorted((self._entry(mailbox, e) for e in mailbox.events.values()), key=lambda entry: entry.start)

    @property
    def invited(self) -> list[str]:
        return sorted(to for mail in self.directory.mails if mail["kind"] == "REQUEST" for to in mail["to"])

    def fall_silent(self) -> None:
        self.standin.troubles.add(Trouble("GET", "/calendarView", times=1_000_000, hangs=True))

    def refuse_to_store(self) -> None:
        self.standin.troubles.fail(403, "ErrorAccessDenied", method="POST", path="/events", times=1_000_000)

    def lose_an_answer(self) -> None:
        self.standin.troubles.add(Trouble("POST", "/events", cut=True))

    def heal(self) -> None:
        self.standin.troubles.clear()

    def _entry(self, mailbox: Mailbox, event: Event) -> Entry:
        told = self.standin.office.told(mailbox, event)
        zone = event.content.get("originalStartTimeZone")
        calendar = mailbox.calendar(event.calendar_id)
        return Entry(
            calendar=calendar.name if calendar else "",
            subject=told["subject"],
            start=event.start,
            end=event.end,
            uid=event.uid,
            invited=tuple(sorted(a["emailAddress"]["address"] for a in told["attendees"])),
            rooms=tuple(sorted(a["emailAddress"]["address"] for a in told["attendees"] if a["type"] == "resource")),
            shows_busy=told["showAs"] == "busy",
            private=told["sensitivity"] == "private",
            reminder=told["reminderMinutesBeforeStart"] if told["isReminderOn"] else None,
            description=told["body"]["content"],
            location=told["location"]["displayName"],
            link=event.join_url,
            zone=win_tz.get(zone, zone),
        )

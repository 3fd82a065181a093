"""Google Calendar."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox import nearby
from sandbox.google_standin import GoogleStandIn
from sandbox.google_standin.accounts import Calendar
from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.base import Account
from scheduling.calendars.google.account import GoogleSystem
from scheduling.calendars.google.events import moment
from scheduling.outbound import Outbound
from tests.scheduling.calendars.google_kit import back_from, signed_in, system_at
from tests.stories.conftest import Desk
from tests.stories.vendors.kit.base import DANA, PEOPLE, Entry, Vendor

USUAL_MINUTES = 30
"""Before which Google reminds where an event says nothing about it."""


class Google(Vendor):
    provider = "google"
    button = "Google Calendar"
    tells_titles = False
    conference = "Google Meet"

    def __init__(self) -> None:
        self.standin = GoogleStandIn.start()
        self.accounts = self.standin.accounts

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "GOOGLE_CLIENT_ID": self.standin.client_id,
            "GOOGLE_CLIENT_SECRET": self.standin.client_secret,
            "GOOGLE_API_URL": self.standin.api_url,
            "GOOGLE_AUTH_URL": self.standin.auth_url,
            "GOOGLE_TOKEN_URL": self.standin.token_url,
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        identity = self.standin.identity
        return (*identity.access, *(grant.refresh for grant in identity.grants.values()))

    def reset(self) -> None:
        self.standin.reset()
        for address, (_, name, zone) in PEOPLE.items():
            self.accounts.add_person(address, name, zone)

    def stop(self) -> None:
        self.standin.stop()

    def sign_in(self, desk: Desk, link: str, address: str) -> str:
        with nearby.client() as browser:
            there = browser.get(link)
            return browser.get(back_from(there.headers["location"], address)).text

    def system(self, http: Outbound) -> GoogleSystem:
        return system_at(self.standin)

    def account(self, system: GoogleSystem, address: str) -> Account:
        return signed_in(system, address)

    def revoke(self, address: str) -> None:
        self.standin.identity.revoke_all(address)

    def occupy(self, address: str, start: datetime, end: datetime, title: str, *, private: bool = False) -> None:
        hidden = {"visibility": "private"} if private else {}
        self.accounts.occupy(address, start, end, title, **hidden)

    def add_calendar(self, address: str, name: str, *, writable: bool = True) -> None:
        self.accounts.add_calendar(address, name, role="owner" if writable else "reader")

    def make_room(self, name: str) -> str:
        address = f"c_{name.lower()}@resource.calendar.google.com"
        self.accounts.add_room(address, name)
        self.accounts.follow(DANA, address)
        return address

    def link_comes_late(self) -> None:
        self.standin.changes.meet_after = 1

    def events(self, address: str) -> list[Entry]:
        if address in self.accounts.rooms:
            return sorted(
                (
                    _entry(event, calendar)
                    for calendar in self.accounts.calendars.values()
                    for event in calendar.events.values()
                    if calendar.id == address or _of(event, address).get("responseStatus") == "accepted"
                ),
                key=lambda entry: entry.start,
            )
        own = [entry.calendar for entry in self.accounts.people[address].entries.values() if entry.role == "owner"]
        found = [_entry(e, c) for c in own for e in c.events.values() if e["status"] != "cancelled"]
        return sorted(found, key=lambda entry: entry.start)

    @property
    def invited(self) -> list[str]:
        return sorted(mail.to for mail in self.accounts.sent if mail.kind == "invitation")

    def fall_silent(self) -> None:
        self.standin.troubles.add(Trouble("GET", "/events", times=1_000_000, hangs=True))

    def refuse_to_store(self) -> None:
        self.standin.troubles.fail(403, "forbidden", method="POST", path="/events", times=1_000_000)

    def lose_an_answer(self) -> None:
        self.standin.troubles.add(Trouble("POST", "/events", cut=True))

    def heal(self) -> None:
        self.standin.troubles.clear()


def _of(event: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    return next((a for a in event.get("attendees", ()) if a["email"] == address), {})


def _entry(event: Mapping[str, Any], calendar: Calendar) -> Entry:
    attendees = event.get("attendees", [])
    reminders = event.get("reminders", {"useDefault": True})
    overrides = [{"minutes": USUAL_MINUTES}] if reminders["useDefault"] else reminders.get("overrides", [])
    return Entry(
        calendar=calendar.summary,
        subject=event["summary"],
        start=moment(event["start"], calendar.zone),
        end=moment(event["end"], calendar.zone),
        uid=event["iCalUID"],
        invited=tuple(sorted(a["email"] for a in attendees)),
        rooms=tuple(sorted(a["email"] for a in attendees if a.get("resource"))),
        shows_busy=event.get("transparency", "opaque") == "opaque",
        private=event.get("visibility") == "private",
        reminder=next((each["minutes"] for each in overrides), None),
        description=event.get("description", ""),
        location=event.get("location", ""),
        link=event.get("hangoutLink"),
        zone=event["start"].get("timeZone"),
    )

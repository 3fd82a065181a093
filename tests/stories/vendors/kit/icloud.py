"""iCloud: CalDAV with app-specific passwords. It invites nobody and shows nobody else's time; rooms are accounts."""

from collections.abc import Mapping
from datetime import datetime

from icalendar import Calendar
from icalendar.cal import Component

from sandbox.calendar_app import CalendarApp
from sandbox.calendar_server import CalendarServer
from sandbox.icloud_standin import AppleAccount, ICloudStandin
from sandbox.nearby import request
from scheduling.calendars.base import Account, Deadline
from scheduling.calendars.caldav.account import ICloudSystem
from scheduling.outbound import Outbound
from tests.stories.conftest import Desk
from tests.stories.faulty_proxy import FaultyProxy
from tests.stories.vendors.kit.base import PEOPLE, Entry, Vendor, fill_in

ROOMS_ACCOUNT = "noa@demo.example"
"""An Apple Account that is the room's own."""


class ICloud(Vendor):
    provider = "icloud"
    button = "iCloud"
    sees_others = False
    invites = False

    def __init__(self, server: CalendarServer, proxy: FaultyProxy) -> None:
        self.server = server
        self.proxy = proxy
        self.standin = ICloudStandin(proxy.url, [], host="localhost", partition="localhost")
        self.standin.__enter__()
        self._more: list[tuple[str, str]] = []

    def zone_kept(self, zone: str) -> str | None:
        return None

    @property
    def environment(self) -> Mapping[str, str]:
        return {"ICLOUD_CALDAV_URL": self.standin.url}

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(password for account in self.standin.accounts for password in account.app_passwords)

    def reset(self) -> None:
        self.proxy.heal()
        for user, url in self._more:
            request("DELETE", url, auth=(user, self.server.users[user])).raise_for_status()
        self._more.clear()
        self.standin.accounts[:] = [
            AppleAccount(address, {"abcd-efgh-ijkl-mnop"}, str(10_000_000 + n), name, self.server.users[name])
            for n, (address, (name, _, _)) in enumerate(PEOPLE.items())
            if name in self.server.users
        ]
        for name in self.server.users:
            CalendarApp.of(self.server, name).clear()

    def stop(self) -> None:
        self.standin.__exit__(None, None, None)

    def sign_in(self, desk: Desk, link: str, address: str) -> str:
        [password] = self._account(address).app_passwords
        return fill_in(link, {"email": address, "password": password})

    def system(self, http: Outbound) -> ICloudSystem:
        return ICloudSystem(http, self.standin.url)

    def account(self, system: ICloudSystem, address: str) -> Account:
        [password] = self._account(address).app_passwords
        return system.connect({"email": address, "password": password}, Deadline.after(20))

    def revoke(self, address: str) -> None:
        self._account(address).app_passwords = {"ponm-lkji-hgfe-dcba"}

    def occupy(self, address: str, start: datetime, end: datetime, title: str, *, private: bool = False) -> None:
        app = CalendarApp.of(self.server, self._account(address).user)
        app.add(title, start, end, {"CLASS": "PRIVATE"} if private else {})

    def add_calendar(self, address: str, name: str, *, writable: bool = True) -> None:
        """A further calendar; one that cannot be written to is not to be had from this server."""
        if not writable:
            return
        user = self._account(address).user
        url = f"{self.server.url_of(user)}{name.lower()}/"
        request("MKCALENDAR", url, auth=(user, self.server.users[user])).raise_for_status()
        self._more.append((user, url))

    def make_room(self, name: str) -> str:
        return ROOMS_ACCOUNT

    def add_room(self, desk: Desk, name: str) -> str:
        dana = desk.dana
        dana.open_home()
        dana.press("Add room")
        dana.wait_for("Room name")
        dana.fill("Room name", name)
        dana.press("Add room")
        dana.wait_for("an account of the room's own")
        self.sign_in(desk, desk.link(dana, self.button), ROOMS_ACCOUNT)
        dana.close()
        dana.leave_home()
        return ROOMS_ACCOUNT

    def events(self, address: str) -> list[Entry]:
        user = self._account(address).user
        login = (user, self.server.users[user])
        apps = [CalendarApp.of(self.server, user), *(CalendarApp(url, login) for who, url in self._more if who == user)]
        texts = [(app.calendar_url.split("/")[-2], text) for app in apps for text in app.stored()]
        found = [_entry(event, name) for name, text in texts for event in Calendar.from_ical(text).walk("VEVENT")]
        return sorted(found, key=lambda entry: entry.start)

    @property
    def invited(self) -> list[str]:
        return []

    def fall_silent(self) -> None:
        self.proxy.fail("dana", "hang", "REPORT")

    def refuse_to_store(self) -> None:
        self.proxy.fail("dana", 403, "PUT")

    def lose_an_answer(self) -> None:
        self.proxy.fail("dana", "lose", "PUT", times=1)

    def heal(self) -> None:
        self.proxy.heal()

    def _account(self, address: str) -> AppleAccount:
        return next(account for account in self.standin.accounts if account.address == address)


def _entry(event: Component, calendar: str) -> Entry:
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    alarms = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
    return Entry(
        calendar=calendar,
        subject=str(event["SUMMARY"]),
        start=event.start,
        end=event.end,
        uid=str(event["UID"]),
        invited=tuple(sorted(str(each).removeprefix("mailto:") for each in attendees)),
        rooms=(),
        shows_busy=event.get("TRANSP", "OPAQUE") == "OPAQUE",
        private=event.get("CLASS") == "PRIVATE",
        reminder=next((int(-alarm.total_seconds() // 60) for alarm in alarms), None),
        description=str(event.get("DESCRIPTION", "")),
        location=str(event.get("LOCATION", "")),
        link=None,
        zone=None,
    )

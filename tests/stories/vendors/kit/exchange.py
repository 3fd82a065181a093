"""A company's own Exchange server, spoken to over EWS."""

from collections.abc import Mapping
from datetime import datetime
from threading import Event

from tzlocal.windows_tz import win_tz

from sandbox.exchange_standin import Directory, ExchangeStandin, Item, Mailbox
from sandbox.exchange_standin.faults import Fault
from scheduling.calendars.base import Account, Deadline
from scheduling.calendars.ews.system import ExchangeSystem
from scheduling.outbound import Outbound
from tests.stories.conftest import Desk
from tests.stories.vendors.kit.base import PEOPLE, Entry, Vendor, fill_in

ROOM_LIST = "rooms@demo.example"


class Exchange(Vendor):
    provider = "exchange"
    button = "Exchange/Outlook (on-premises)"

    def __init__(self) -> None:
        self.standin = ExchangeStandin(Directory())
        self.standin.__enter__()

    @property
    def directory(self) -> Directory:
        return self.standin.directory

    @property
    def environment(self) -> Mapping[str, str]:
        return {"EXCHANGE_EWS_URL": self.standin.ews_url}

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(mailbox.password for mailbox in self.directory.mailboxes.values() if mailbox.password)

    def reset(self) -> None:
        people = [
            Mailbox(address, real_name, f"DEMO\\{name}", f"s3cret! of {name}")
            for address, (name, real_name, _) in PEOPLE.items()
        ]
        self.standin.reset(Directory(people, {ROOM_LIST: []}))

    def stop(self) -> None:
        self.standin.__exit__(None, None, None)

    def sign_in(self, desk: Desk, link: str, address: str) -> str:
        mailbox = self.directory.mailboxes[address]
        typed = {"email": address, "user_name": mailbox.user_name, "password": mailbox.password}
        return fill_in(link, typed)

    def system(self, http: Outbound) -> ExchangeSystem:
        return ExchangeSystem(http, self.standin.ews_url)

    def account(self, system: ExchangeSystem, address: str) -> Account:
        mailbox = self.directory.mailboxes[address]
        typed = {"email": address, "user_name": mailbox.user_name, "password": mailbox.password}
        return system.connect(typed, Deadline.after(20))

    def revoke(self, address: str) -> None:
        self.directory.mailboxes[address].password = f"n3w! of {address}"

    def occupy(self, address: str, start: datetime, end: datetime, title: str, *, private: bool = False) -> None:
        mailbox = self.directory.mailboxes[address]
        mailbox.add(start, end, title, Sensitivity="Private" if private else "Normal")

    def add_calendar(self, address: str, name: str, *, writable: bool = True) -> None:
        """A mailbox has one calendar that counts, and no other is offered."""

    def make_room(self, name: str) -> str:
        address = f"{name.lower()}@demo.example"
        self.directory.mailboxes[address] = Mailbox(address, name, is_room=True)
        self.directory.room_lists[ROOM_LIST].append(address)
        return address

    def events(self, address: str) -> list[Entry]:
        items = self.directory.mailboxes[address].items.values()
        return sorted(map(_entry, items), key=lambda entry: entry.start)

    @property
    def invited(self) -> list[str]:
        return sorted(sent.to for sent in self.directory.sent if sent.kind == "request")

    def fall_silent(self) -> None:
        self.standin.faults.append(Fault("FindItem", times=1_000_000, hang=Event()))

    def refuse_to_store(self) -> None:
        self.standin.faults.append(Fault("CreateItem", times=1_000_000, message="ErrorAccessDenied"))

    def lose_an_answer(self) -> None:
        self.standin.faults.append(Fault("CreateItem", cut=True, after=True))

    def heal(self) -> None:
        for fault in self.standin.faults:
            if fault.hang is not None:
                fault.hang.set()
        self.standin.faults.clear()


def _entry(item: Item) -> Entry:
    zone = item.fields["StartTimeZone"].get("Id") if "StartTimeZone" in item.fields else None
    reminds = item.text("ReminderIsSet") in ("true", "1")
    return Entry(
        calendar="Calendar",
        subject=item.text("Subject"),
        start=item.start,
        end=item.end,
        uid=item.text("UID"),
        invited=tuple(sorted(address for _, address in item.guests)),
        rooms=tuple(sorted(address for kind, address in item.guests if kind == "Resources")),
        shows_busy=item.text("LegacyFreeBusyStatus") == "Busy",
        private=item.text("Sensitivity") == "Private",
        reminder=int(item.text("ReminderMinutesBeforeStart")) if reminds else None,
        description=item.text("Body"),
        location=item.text("Location"),
        link=None,
        zone=win_tz.get(zone, zone) if zone else None,
    )

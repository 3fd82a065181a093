"""What the stand-in remembers: mailboxes, their calendar items, and what was sent to whom."""

import itertools
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml.etree import Element
from lxml.etree import _Element as Xml

NUMBERS = itertools.count(1)
GUEST_LISTS = ("RequiredAttendees", "OptionalAttendees", "Resources")
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"


@dataclass
class Item:
    """A calendar item: its schema elements by name, and its extended properties by (set, name)."""

    id: str
    fields: dict[str, Xml]
    extended: dict[tuple[str, str], Xml]
    change: int = 1

    @property
    def change_key(self) -> str:
        return f"CK{self.change:06d}{self.id[-6:]}"

    def text(self, name: str) -> str:
        found = self.fields.get(name)
        return "" if found is None else found.text or ""

    def put(self, name: str, text: str) -> None:
        element = Element(f"{T}{name}")
        element.text = text
        self.fields[name] = element

    @property
    def start(self) -> datetime:
        return moment(self.text("Start"))

    @property
    def end(self) -> datetime:
        return moment(self.text("End"))

    @property
    def guests(self) -> list[tuple[str, str]]:
        """(list, address) of everybody invited."""
        return [
            (name, (found.text or "").lower())
            for name in GUEST_LISTS
            if name in self.fields
            for found in self.fields[name].iter(f"{T}EmailAddress")
        ]

    def answer(self, address: str, response: str) -> None:
        """Somebody invited replies: their entry and the change key change."""
        for name in GUEST_LISTS:
            for attendee in self.fields[name].iter(f"{T}Attendee") if name in self.fields else ():
                if (attendee.findtext(f"{T}Mailbox/{T}EmailAddress") or "").lower() == address.lower():
                    kind = attendee.find(f"{T}ResponseType")
                    if kind is None:
                        kind = Element(f"{T}ResponseType")
                        attendee.insert(1, kind)
                    kind.text = response
        self.change += 1


@dataclass
class Mailbox:
    """`user_name` and `password` sign in.

    `shows` is what others see: Detailed, FreeBusy, MergedOnly, None or denied.
    """

    address: str
    name: str
    user_name: str = ""
    password: str = ""
    is_room: bool = False
    shows: str = "Detailed"
    items: dict[str, Item] = field(default_factory=dict)

    @property
    def calendar_id(self) -> str:
        return "AAMkcal" + self.address.encode().hex()

    def during(self, start: datetime, end: datetime) -> list[Item]:
        found = [item for item in self.items.values() if item.start < end and start < item.end]
        return sorted(found, key=lambda item: (item.start, item.id))

    def add(self, start: datetime, end: datetime, subject: str, **fields: str) -> Item:
        """What its owner enters by hand."""
        item = Item(new_id(), {}, {})
        texts = {"Subject": subject, "UID": secrets.token_hex(16), "Start": utc(start), "End": utc(end)}
        for name, text in ({"LegacyFreeBusyStatus": "Busy"} | texts | fields).items():
            item.put(name, text)
        self.items[item.id] = item
        return item


@dataclass(frozen=True)
class Sent:
    """A meeting message that left: kind is request, update or cancellation."""

    kind: str
    to: str
    subject: str
    body: str = ""


class Directory:
    """Everything at once; `lock` guards it."""

    def __init__(self, mailboxes: Iterable[Mailbox] = (), room_lists: dict[str, list[str]] | None = None) -> None:
        self.lock = threading.RLock()
        self.mailboxes = {mailbox.address.lower(): mailbox for mailbox in mailboxes}
        self.room_lists = room_lists or {}
        self.sent: list[Sent] = []

    def of_user(self, user_name: str) -> Mailbox | None:
        wanted = user_name.lower().removeprefix("\\")
        return next((m for m in self.mailboxes.values() if m.user_name.lower() == wanted), None)

    def holder(self, item_id: str) -> tuple[Mailbox, Item] | None:
        return next(((m, m.items[item_id]) for m in self.mailboxes.values() if item_id in m.items), None)

    def invite(self, owner: Mailbox, item: Item, kind: str) -> None:
        """Deliver a request or an update: people get a copy, rooms answer at once, strangers get mail."""
        for _, address in item.guests:
            self.sent.append(Sent(kind, address, item.text("Subject"), item.text("Body")))
            guest = self.mailboxes.get(address)
            if guest is None or guest is owner:
                continue
            self._take_away(guest, item.text("UID"))
            taken = any(each.text("LegacyFreeBusyStatus") != "Free" for each in guest.during(item.start, item.end))
            answer = ("Decline" if taken else "Accept") if guest.is_room else "NoResponseReceived"
            if guest.is_room:
                item.answer(address, answer)
            if answer != "Decline":
                self._deliver(guest, item, answer)

    @staticmethod
    def _deliver(guest: Mailbox, item: Item, answer: str) -> None:
        names = ("Subject", "UID", "Start", "End", "Sensitivity", "Location")
        copy = Item(new_id(), {}, {})
        for name in names:
            if name in item.fields:
                copy.put(name, item.text(name))
        copy.put("LegacyFreeBusyStatus", item.text("LegacyFreeBusyStatus") if guest.is_room else "Tentative")
        copy.put("MyResponseType", answer)
        guest.items[copy.id] = copy

    def call_off(self, owner: Mailbox, item: Item, body: str) -> None:
        for _, address in item.guests:
            self.sent.append(Sent("cancellation", address, item.text("Subject"), body))
            guest = self.mailboxes.get(address)
            if guest is not None and guest is not owner:
                self._take_away(guest, item.text("UID"))
        owner.items.pop(item.id, None)

    @staticmethod
    def _take_away(guest: Mailbox, uid: str) -> None:
        for each in [item for item in guest.items.values() if item.text("UID") == uid]:
            del guest.items[each.id]


def new_id() -> str:
    return f"AAMk{next(NUMBERS):08d}{secrets.token_hex(12)}"


def moment(text: str) -> datetime:
    """A schema dateTime; without an offset it is in UTC."""
    read = datetime.fromisoformat(text)
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def utc(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

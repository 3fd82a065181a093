"""People of a company with its own Exchange server: the stand-in, asked by the real exchangelib."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.exchange_standin import Directory, ExchangeStandin, Item, Mailbox
from sandbox.exchange_standin.items import by_hand
from scheduling.calendars.base import OWN, Account, Availability, CalendarProvider, CalendarRef, Deadline
from scheduling.calendars.ews.system import ExchangeSystem
from scheduling.domain import EventRef, Interval
from scheduling.errors import CalendarError, HostRefused
from scheduling.outbound import Outbound
from tests.scheduling.calendars.odd_account import WEEK

SAM = CalendarRef("sam@acme.example")
PASSWORD = "Grüße 1!"
_NUMBERS = itertools.count(1)


def company() -> Directory:
    """Sam and two rooms; Dana is added by each account, under an address of her own."""
    people = [
        Mailbox("sam@acme.example", "Sam Okafor", "ACME\\sam", "x"),
        Mailbox("oslo@acme.example", "Room Oslo", is_room=True),
        Mailbox("lima@acme.example", "Room Lima", is_room=True),
    ]
    lists = {
        "berlin@acme.example": ["oslo@acme.example"],
        "all@acme.example": ["oslo@acme.example", "lima@acme.example"],
    }
    return Directory(people, lists)


def connected(standin: ExchangeStandin, http: Outbound, **fields: str) -> Account:
    """What connecting gives for Dana, who is ACME\\dana there unless told otherwise."""
    dana = add_dana(standin)
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD, "server": standin.ews_url}
    return ExchangeSystem(http).connect(typed | fields, Deadline.after(20))


def add_dana(standin: ExchangeStandin, **more: Any) -> Mailbox:
    number = next(_NUMBERS)
    dana = Mailbox(f"dana{number}@acme.example", "Dana Reyes", f"ACME\\dana{number}", PASSWORD, **more)
    standin.directory.mailboxes[dana.address] = dana
    return dana


def refusal(action: Callable[[], object]) -> tuple[type[Exception], str]:
    """Which error an action ends in, and its code or reason."""
    with pytest.raises((CalendarError, HostRefused)) as caught:
        action()
    error = caught.value
    return type(error), error.reason if isinstance(error, HostRefused) else error.code


def finding(standin: ExchangeStandin, http: Outbound, kind: str = "xml") -> ExchangeSystem:
    """A system that asks the stand-in's Autodiscover first."""
    urls = [f"{standin.origin}/autodiscover/autodiscover.{kind}"]
    return ExchangeSystem(http, addresses=lambda email: urls, hints=())


class ExchangeAccount:
    """An account of a fresh person at the stand-in, and what its owner does by hand."""

    keeps_uid = True

    def __init__(self, standin: ExchangeStandin, http: Outbound) -> None:
        self.standin = standin
        self.http = http
        self.account = connected(standin, http)
        self.mailbox = standin.directory.mailboxes[self.account.account_id]
        self.provider: CalendarProvider = self.reopened()
        self.calendar_id = self.account.calendars[0].id

    def reopened(self, **more: Any) -> Any:
        from scheduling.calendars.ews.account import ExchangeCalendar

        return ExchangeCalendar(self.account.secret, self.http, **more)

    def occupy(self, interval: Interval, title: str, **fields: str) -> Item:
        return self.mailbox.add(interval.start, interval.end, title, **fields)

    def move(self, ref: EventRef, interval: Interval) -> None:
        by_hand(self.mailbox.items[ref.event_id], interval.start, interval.end)

    def remove(self, ref: EventRef) -> None:
        del self.mailbox.items[ref.event_id]

    def count(self) -> int:
        return len(self.mailbox.items)


def read(dana: ExchangeAccount, *refs: CalendarRef, window: Interval = WEEK, seconds: float = 20) -> list[Availability]:
    return list(
        dana.provider.availability(refs or (OWN,), window, Deadline.after(seconds), default_zone="Europe/Berlin")
    )


def errors(answers: list[Availability]) -> list[tuple[type[CalendarError], str] | None]:
    assert all(answer.error is None or answer.busy == () for answer in answers)
    return [None if answer.error is None else (type(answer.error), answer.error.code) for answer in answers]

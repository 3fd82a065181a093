"""A rep who books in a calendar of each vendor: the whole service and outbox, the vendor's real client, and a server on
loopback that goes wrong when told to.

What may go wrong has one name for all vendors; each says it as that vendor does.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, Protocol

import pytest
from sqlalchemy import text

from sandbox.exchange_standin.faults import Fault
from sandbox.google_standin.answers import error_body as google_error
from sandbox.google_standin.troubles import Trouble as GoogleTrouble
from sandbox.microsoft_standin.troubles import Trouble as GraphTrouble
from sandbox.microsoft_standin.troubles import error_body as graph_error
from scheduling.accounts import ConfiguredAccounts
from scheduling.assembly import assemble
from scheduling.calendars.base import Deadline
from scheduling.calendars.caldav.account import CalDavSystem
from scheduling.calendars.ews.system import ExchangeSystem
from scheduling.calendars.google.sign_in import ASKED
from scheduling.config import SchedulingConfig
from scheduling.domain import Connection, ConnectionState, Draft, Interval
from scheduling.outbound import Outbound
from scheduling.store import Store, connections
from tests.conftest import SettableClock
from tests.scheduling.calendars.ews_kit import PASSWORD, ExchangeAccount
from tests.scheduling.calendars.google_kit import GoogleAccount
from tests.scheduling.calendars.graph_kit import GraphAccount, signed_in
from tests.scheduling.calendars.odd_account import secret_of
from tests.scheduling.calendars.odd_server import CALENDAR, OddServer, Reply
from tests.scheduling.service.conftest import (
    DANA,
    TEAM,
    TUESDAY_9,
    FakeDirectory,
    FakeNotices,
    FakeTransport,
    FakeZoom,
    World,
    minutes,
)

PAGE = b"<!doctype html><html><body>Please sign in</body></html>"
SLOT = Interval(TUESDAY_9, TUESDAY_9 + minutes(30))
CUSTOMER = "buyer@acme.example"
MAILED = [CUSTOMER, "dana@demo.example"]

THROTTLED, QUOTA, FORBIDDEN, FULL, CUT = "429", "over quota", "forbidden", "no room left", "done, answer cut"
BROKEN, PAGE_AS_SUCCESS, EMPTY_SUCCESS = "500 with a page", "200 with a page", "200 with nothing"
STALE, HANGS, DRIPS = "401 once", "hangs", "drips"
CREATING, READING = "creating", "reading"
_GOOGLE = {CREATING: ("POST", "/events"), READING: ("GET", "/events")}
_GRAPH = {CREATING: ("POST", "/events"), READING: ("GET", "/calendarView")}
_EWS = {CREATING: "CreateItem", READING: "FindItem"}
_DAV = {CREATING: "PUT", READING: "REPORT"}


class Vendor(Protocol):
    """One rep's account at one vendor's server."""

    provider: str

    def system(self) -> Any: ...
    def secret(self) -> Mapping[str, str]: ...
    def calendar_id(self) -> str: ...

    def fail(self, how: str, at: str = CREATING, *, wait: str | None = None, times: int = 1) -> None:
        """The next `times` requests of that kind go wrong; `wait` is what a throttling server asks for."""
        ...

    def still_to_fail(self) -> int:
        """How many requests are still to go wrong."""
        ...

    def lock_out(self) -> None:
        """The grant is gone or the password changed."""
        ...

    def let_in(self) -> Mapping[str, str]:
        """The person signs in again: the new secret."""
        ...

    def occupy(self, interval: Interval, title: str) -> object: ...
    def count(self) -> int: ...

    def invited(self) -> list[str]:
        """Whom the vendor itself has mailed, in order."""
        ...


class Google:
    provider = "google"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.standin = request.getfixturevalue("google")
        self.account = GoogleAccount(self.standin)
        self.occupy, self.count = self.account.occupy, self.account.count

    def system(self) -> Any:
        return self.account.system

    def secret(self) -> Mapping[str, str]:
        return self.account.secret

    def calendar_id(self) -> str:
        return self.account.calendar_id

    def fail(self, how: str, at: str = CREATING, *, wait: str | None = None, times: int = 1) -> None:
        method, path = _GOOGLE[at]
        headers = {} if wait is None else {"retry-after": wait}
        said: dict[str, dict[str, Any]] = {
            THROTTLED: {"status": 429, "body": google_error(429, "rateLimitExceeded"), "headers": headers},
            QUOTA: {"status": 403, "body": google_error(403, "rateLimitExceeded")},
            FORBIDDEN: {"status": 403, "body": google_error(403, "forbidden")},
            STALE: {"status": 401, "body": google_error(401, "authError")},
        }
        self.standin.troubles.add(GoogleTrouble(method, path, times, **_with_bytes(said.get(how) or _any(how))))

    def still_to_fail(self) -> int:
        return self.standin.troubles.waiting

    def lock_out(self) -> None:
        self.standin.identity.revoke_all(self.account.email)

    def let_in(self) -> Mapping[str, str]:
        granted = self.standin.identity.grant(self.account.email, ASKED)
        return {"refresh_token": granted["refresh_token"], "scopes": granted["scope"]}

    def invited(self) -> list[str]:
        return [sent.to for sent in self.standin.accounts.sent if sent.kind == "invitation"]

    @property
    def lagging(self) -> Any:
        return self.standin.accounts


class Microsoft:
    provider = "microsoft"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.standin = request.getfixturevalue("microsoft")
        self.account = GraphAccount(self.standin, request.getfixturevalue("http"))
        self.occupy, self.count = self.account.occupy, self.account.count

    def system(self) -> Any:
        return self.account.system

    def secret(self) -> Mapping[str, str]:
        return self.account.account.secret

    def calendar_id(self) -> str:
        return self.account.calendar_id

    def fail(self, how: str, at: str = CREATING, *, wait: str | None = None, times: int = 1) -> None:
        method, path = _GRAPH[at]
        headers = {} if wait is None else {"Retry-After": wait}
        said: dict[str, dict[str, Any]] = {
            THROTTLED: {"status": 429, "body": graph_error("ApplicationThrottled"), "headers": headers},
            QUOTA: {"status": 503, "body": graph_error("ErrorServerBusy"), "headers": {"Retry-After": "3"}},
            FORBIDDEN: {"status": 403, "body": graph_error("ErrorAccessDenied")},
            FULL: {"status": 507, "body": graph_error("ErrorQuotaExceeded")},
            STALE: {"status": 401, "body": graph_error("InvalidAuthenticationToken")},
        }
        self.standin.troubles.add(GraphTrouble(method, path, times, **(said.get(how) or _any(how))))

    def still_to_fail(self) -> int:
        return self.standin.troubles.waiting

    def lock_out(self) -> None:
        self.standin.identity.revoke(self.account.address)

    def let_in(self) -> Mapping[str, str]:
        return signed_in(self.account.system, self.account.address).secret

    def invited(self) -> list[str]:
        return [to for mail in self.standin.directory.mails if mail["kind"] == "REQUEST" for to in mail["to"]]

    @property
    def lagging(self) -> Any:
        return self.standin.directory


class Exchange:
    provider = "exchange"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.standin = request.getfixturevalue("exchange")
        self._http: Outbound = request.getfixturevalue("http")
        self.account = ExchangeAccount(self.standin, self._http)
        self.occupy, self.count = self.account.occupy, self.account.count

    def system(self) -> Any:
        return ExchangeSystem(self._http)

    def secret(self) -> Mapping[str, str]:
        return self.account.account.secret

    def calendar_id(self) -> str:
        return self.account.calendar_id

    def fail(self, how: str, at: str = CREATING, *, wait: str | None = None, times: int = 1) -> None:
        said: dict[str, dict[str, Any]] = {
            THROTTLED: {"code": "ErrorServerBusy", "back_off_ms": None if wait is None else int(wait) * 1000},
            QUOTA: {"code": "ErrorExceededConnectionCount"},
            FORBIDDEN: {"message": "ErrorAccessDenied"},
            FULL: {"message": "ErrorQuotaExceeded"},
            CUT: {"cut": True, "after": True},
            HANGS: {"hang": Event()},
            BROKEN: {"status": 500, "body": PAGE, "headers": {"content-type": "text/html"}},
            PAGE_AS_SUCCESS: {"status": 200, "body": PAGE, "headers": {"content-type": "text/html"}},
            EMPTY_SUCCESS: {"status": 200},
        }
        self.standin.faults.append(Fault(_EWS[at], times, **said[how]))

    def still_to_fail(self) -> int:
        return sum(fault.times for fault in self.standin.faults)

    def lock_out(self) -> None:
        self.account.mailbox.password = "changed"

    def let_in(self) -> Mapping[str, str]:
        self.account.mailbox.password = PASSWORD
        return self.account.account.secret

    def invited(self) -> list[str]:
        return [sent.to for sent in self.standin.directory.sent if sent.kind == "request"]


class CalDav:
    provider = "caldav"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.server: OddServer = request.getfixturevalue("odd")
        self._http: Outbound = request.getfixturevalue("http")

    def system(self) -> Any:
        return CalDavSystem(self._http)

    def secret(self) -> Mapping[str, str]:
        return secret_of(self.server)

    def calendar_id(self) -> str:
        return self.server.url.rstrip("/") + CALENDAR

    def fail(self, how: str, at: str = CREATING, *, wait: str | None = None, times: int = 1) -> None:
        said = {
            THROTTLED: Reply(429, headers={} if wait is None else {"Retry-After": wait}),
            QUOTA: Reply(503, headers={"Retry-After": "3"}),
            FORBIDDEN: Reply(403),
            FULL: Reply(507),
            STALE: Reply(401),
            CUT: Reply(lost=True),
            BROKEN: Reply(500, PAGE, {"Content-Type": "text/html"}),
            PAGE_AS_SUCCESS: Reply(200, PAGE, {"Content-Type": "text/html"}),
            EMPTY_SUCCESS: Reply(200, b"{}"),
            HANGS: Reply(hangs=True),
            DRIPS: Reply(201, b"x" * 300, drip=True),
        }
        self.server.script(_DAV[at], *[said[how]] * times)

    def still_to_fail(self) -> int:
        return self.server.scripted()

    def lock_out(self) -> None:
        for method in ("PUT", "GET", "REPORT", "PROPFIND"):
            self.server.script(method, *[Reply(401)] * 2)

    def let_in(self) -> Mapping[str, str]:
        self.server.forget_script()
        return self.secret()

    def occupy(self, interval: Interval, title: str) -> object:
        lines = [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//someone//else//EN", "BEGIN:VEVENT", "UID:by-hand"),
            *("DTSTAMP:20261101T000000Z", f"DTSTART:{interval.start:%Y%m%dT%H%M%SZ}"),
            *(f"DTEND:{interval.end:%Y%m%dT%H%M%SZ}", f"SUMMARY:{title}", "END:VEVENT", "END:VCALENDAR", ""),
        ]
        self.server.objects[f"{CALENDAR}by-hand.ics"] = ('"hand"', "\r\n".join(lines))
        return None

    def count(self) -> int:
        return len(self.server.objects)

    def invited(self) -> list[str]:
        return []  # nobody is an attendee: the REQUEST is in our mail


def _any(how: str) -> dict[str, Any]:
    """What the stand-ins for Google and Microsoft say alike."""
    return {
        CUT: {"cut": True},
        BROKEN: {"status": 500, "body": PAGE},
        PAGE_AS_SUCCESS: {"status": 200, "body": PAGE},
        EMPTY_SUCCESS: {"status": 200, "body": b"{}"},
        HANGS: {"hangs": True},
        DRIPS: {"drips": True},
    }[how]


def _with_bytes(said: dict[str, Any]) -> dict[str, Any]:
    return {**said, "body": json.dumps(said["body"]).encode()} if isinstance(said.get("body"), dict) else said


VENDORS = {"google": Google, "microsoft": Microsoft, "exchange": Exchange, "caldav": CalDav}


@dataclass
class Desk:
    """Dana, whose one calendar is at `vendor`."""

    world: World
    vendor: Any

    def connect(self, user_id: str = "U0DANA", vendor: Any = None, secret: Mapping[str, str] | None = None) -> None:
        """The account as signing in leaves it, Dana's own unless told otherwise; again after it was lost."""
        vendor = vendor or self.vendor
        key, opened = f"c-{user_id}", secret or vendor.secret()
        account = Connection(
            key, TEAM, user_id, vendor.provider, user_id, ConnectionState.OK, target_calendar=vendor.calendar_id()
        )
        calendars = self.world.accounts.open(account, opened).list_calendars(Deadline.after(20))
        self.world.store.transact(lambda tx: connections.save(tx, account, opened, calendars))
        self.world.store.transact(lambda tx: self.world.outbox.resume(tx, key))

    def picked(self) -> Draft:
        """A draft whose slot is held; Schedule was not pressed yet."""
        filled = self.world.filled()
        slots = [slot.start for slot in self.world.service.propose(DANA, filled.id).slots]
        assert TUESDAY_9 in slots
        return self.world.service.hold(DANA, filled.id, TUESDAY_9)

    def schedule(self, draft: Draft) -> None:
        self.world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
        self.world.outbox.run_until_idle()

    def waiting(self) -> tuple[float, int]:
        """In how many seconds the calendar is tried again, and how many attempts were counted."""
        query = text("SELECT run_after, attempts FROM outbox_task WHERE kind = 'sync_event' AND state = 'ready'")
        [(run_after, attempts)] = self.world.store.read(lambda tx: list(tx.exec(query)))
        now = self.world.clock().replace(tzinfo=None)
        return (datetime.fromisoformat(run_after).replace(tzinfo=None) - now).total_seconds(), attempts


@contextmanager
def a_desk(vendor: Any, store: Store, clock: SettableClock, patience: float = 8.0) -> Iterator[Desk]:
    """The assembled service over the vendor's system, with the account connected; `patience` is for a waiting rep."""
    accounts: Any = ConfiguredAccounts(store, {vendor.provider: vendor.system()})
    directory, notices, transport, zoom = FakeDirectory(), FakeNotices(), FakeTransport(), FakeZoom()
    scheduling = assemble(
        store=store,
        directory=directory,
        notices=notices,
        transport=transport,
        accounts=accounts,
        config=SchedulingConfig("meetings@demo.example", connectable=(vendor.provider,), patience=patience),
        clock=clock,
    )
    desk = Desk(World(store, clock, scheduling, directory, notices, transport, accounts, zoom), vendor)
    desk.connect()
    yield desk
    scheduling.outbox.stop()
    scheduling.close()

"""Real CalDAV servers as child processes, once per session, and accounts on them that are empty for each test."""

import base64
import hashlib
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from sandbox.calendar_server import CalendarServer, free_port
from sandbox.exchange_standin import ExchangeStandin
from sandbox.google_standin import GoogleStandIn
from sandbox.icloud_standin import ICloudStandin
from sandbox.microsoft_standin import MicrosoftStandIn
from scheduling.calendars.base import BookingKey, CalendarProvider, Deadline, EventSpec
from scheduling.calendars.caldav import wire
from scheduling.calendars.caldav.account import CalDavCalendar, ICloudCalendar
from scheduling.domain import EventRef, Interval
from scheduling.outbound import Answer, Outbound
from tests.scheduling.calendars.ews_kit import ExchangeAccount, company
from tests.scheduling.calendars.fake_calendar import FakeCalendar
from tests.scheduling.calendars.google_kit import GoogleAccount
from tests.scheduling.calendars.graph_kit import GraphAccount
from tests.scheduling.calendars.icloud_kit import ADDRESS, APP_PASSWORD, apple
from tests.scheduling.calendars.odd_account import MONDAY, WEEK, secret_of
from tests.scheduling.calendars.odd_server import CALENDAR, OddServer, odd_server

USERS = {"dana": "correct horse", "sam": "battery staple"}
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)

__all__ = ["MONDAY", "NOW", "WEEK", "soon", "spec_for"]


def soon() -> Deadline:
    return Deadline.after(20)


def spec_for(calendar_id: str, start: datetime = MONDAY, **more: Any) -> EventSpec:
    """The event of a fresh booking."""
    booking = uuid.uuid4().hex
    fields: dict[str, Any] = {
        "key": BookingKey(booking),
        "uid": f"{booking}-1@schedule-for.example",
        "calendar_id": calendar_id,
        "interval": Interval(start, start + timedelta(minutes=30)),
        "zone": "Europe/Berlin",
        "title": "Kick-off with Acme Buyer",
        "description": "With Priya Nair and Sam Okafor",
    }
    return EventSpec(**(fields | more))


PARTITION_HOSTS = ("caldav.cloud.example", "p07-caldav.cloud.example", "caldav.elsewhere.example")


def loopback(host: str, port: int) -> tuple[str, ...]:
    """Names of the tests and of nobody else, all of them here."""
    assert host in (*PARTITION_HOSTS, "localhost")
    return ("127.0.0.1",)


@pytest.fixture(scope="session")
def http(certificates: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outbound]:
    """The real way out, allowed to call this machine and trusting the tests' certificates."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    certificates.cert_pem.write_to_path(str(path))
    allowed = frozenset({"127.0.0.1", "localhost", *PARTITION_HOSTS})
    outbound = Outbound(allowed, path, resolver=loopback)
    yield outbound
    outbound.close()


@pytest.fixture(scope="session")
def certificates() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalendarServer]:
    """A running Radicale with the users of USERS, one calendar each."""
    with CalendarServer.start(tmp_path_factory.mktemp("radicale"), USERS) as server:
        yield server


@pytest.fixture(scope="session")
def xandikos(certificates: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Xandikos (TLS, several users, calendars made by the server itself)."""
    folder = tmp_path_factory.mktemp("xandikos")
    _certify(certificates, folder / "state" / "certs")
    lines = [f"{u}:{{SHA}}{base64.b64encode(hashlib.sha1(p.encode()).digest()).decode()}" for u, p in USERS.items()]
    (folder / "users").write_text("\n".join(lines) + "\n")
    port = free_port()
    command = [
        *(sys.executable, "-m", "xandikos", "multi-user", "-d", str(folder / "data"), "--defaults", "--autocert"),
        *("--state-dir", str(folder / "state"), "--htpasswd", str(folder / "users"), "--no-detect-systemd"),
        *("-l", "localhost", "-p", str(port)),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for_port(port, process, folder / "log")
        yield f"https://localhost:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def _certify(authority: trustme.CA, folder: Path) -> None:
    folder.mkdir(parents=True)
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(str(folder / "selfsigned.crt"))
    certificate.private_key_pem.write_to_path(str(folder / "selfsigned.key"))


def _wait_for_port(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("localhost", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(log.read_text())


@pytest.fixture
def icloud(radicale: CalendarServer) -> Iterator[ICloudStandin]:
    """iCloud's stand-in in front of Dana's Radicale; it knows no UID yet."""
    yield from apple(radicale)


@pytest.fixture(scope="session")
def exchange_server() -> Iterator[ExchangeStandin]:
    """A running stand-in for an Exchange server."""
    with ExchangeStandin(company()) as standin:
        yield standin


@pytest.fixture
def exchange(exchange_server: ExchangeStandin) -> ExchangeStandin:
    """The same, with nothing in it and nothing going wrong."""
    exchange_server.reset(company())
    return exchange_server


@pytest.fixture(scope="session")
def google_server() -> Iterator[GoogleStandIn]:
    """A running stand-in for Google."""
    with GoogleStandIn.start() as standin:
        yield standin


@pytest.fixture
def google(google_server: GoogleStandIn) -> Iterator[GoogleStandIn]:
    """The same, with nobody in it and nothing going wrong."""
    google_server.reset()
    yield google_server
    google_server.reset()


@pytest.fixture(scope="session")
def microsoft_server() -> Iterator[MicrosoftStandIn]:
    """A running stand-in for Microsoft."""
    with MicrosoftStandIn.start() as standin:
        yield standin


@pytest.fixture
def microsoft(microsoft_server: MicrosoftStandIn) -> Iterator[MicrosoftStandIn]:
    """The same, with nobody in it and nothing going wrong."""
    microsoft_server.reset()
    yield microsoft_server
    microsoft_server.reset()


# --- accounts ---------------------------------------------------------------------------------------------------


class DavAccount:
    """An account on a real server, and what its owner does by hand. `keeps_uid`: events get the UID that we ask for."""

    keeps_uid = True

    def __init__(
        self,
        server: str,
        http: Outbound,
        login: tuple[str, str] = ("dana", USERS["dana"]),
        kind: type[CalDavCalendar] = CalDavCalendar,
    ) -> None:
        account = kind.connect(server, *login, http, soon())
        self._http, self._login = http, login
        self.provider: CalendarProvider = kind(account.secret, http, clock=lambda: NOW)
        self.calendar_id = next(c.id for c in account.calendars if c.primary)
        for href in self._hrefs():
            self.ask("DELETE", href)

    def occupy(self, interval: Interval, title: str) -> None:
        uid = uuid.uuid4().hex
        lines = [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//someone//else//EN", "BEGIN:VEVENT", f"UID:{uid}"),
            *("DTSTAMP:20261101T000000Z", f"DTSTART:{interval.start:%Y%m%dT%H%M%SZ}"),
            *(f"DTEND:{interval.end:%Y%m%dT%H%M%SZ}", f"SUMMARY:{title}", "END:VEVENT", "END:VCALENDAR", ""),
        ]
        self.store(f"{uid}.ics", "\r\n".join(lines))

    def store(self, name: str, text: str) -> None:
        assert self.ask("PUT", self.calendar_id + name, text).status in (201, 204)

    def move(self, ref: EventRef, interval: Interval) -> None:
        text = self.text(ref)
        text = re.sub("DTSTART:.*", f"DTSTART:{interval.start:%Y%m%dT%H%M%SZ}\r", text)
        text = re.sub("DTEND:.*", f"DTEND:{interval.end:%Y%m%dT%H%M%SZ}\r", text)
        assert self.ask("PUT", ref.event_id, text.replace("\r\r", "\r")).status in (201, 204)

    def remove(self, ref: EventRef) -> None:
        assert self.ask("DELETE", ref.event_id).status in (200, 204)

    def text(self, ref: EventRef) -> str:
        return self.ask("GET", ref.event_id).body.decode()

    def count(self) -> int:
        return len(self._hrefs())

    def _hrefs(self) -> list[str]:
        answer = self.ask("PROPFIND", self.calendar_id, wire.propfind(["{DAV:}getetag"]).decode(), Depth="1")
        return [r.url for r in wire.resources(answer.body, self.calendar_id) if r.url.endswith(".ics")]

    def ask(self, method: str, url: str, text: str = "", **headers: str) -> Answer:
        kind = "text/calendar" if method == "PUT" else "application/xml"
        return self._http.request(
            method,
            url,
            headers={"Content-Type": kind, **headers},
            content=text.encode() or None,
            auth=self._login,
            deadline=soon(),
            may_follow=lambda url: False,
            max_bytes=10_000_000,
        )


class FakeAccount:
    """The same on the fake."""

    keeps_uid = True

    def __init__(self) -> None:
        self.provider = FakeCalendar()
        self.calendar_id = "work"

    def occupy(self, interval: Interval, title: str) -> None:
        self.provider.occupy(interval.start, interval.end, title)

    def move(self, ref: EventRef, interval: Interval) -> None:
        self.provider.move(ref, interval)

    def remove(self, ref: EventRef) -> None:
        self.provider.remove(ref)

    def count(self) -> int:
        return len(self.provider.events)


AnyAccount = DavAccount | ExchangeAccount | FakeAccount | GoogleAccount | GraphAccount
_SYSTEMS: dict[str, Callable[[pytest.FixtureRequest], AnyAccount]] = {
    "radicale": lambda request: DavAccount(
        request.getfixturevalue("radicale").url_of("dana"), request.getfixturevalue("http")
    ),
    "xandikos": lambda request: DavAccount(request.getfixturevalue("xandikos"), request.getfixturevalue("http")),
    "google": lambda request: GoogleAccount(request.getfixturevalue("google")),
    "microsoft": lambda request: GraphAccount(request.getfixturevalue("microsoft"), request.getfixturevalue("http")),
    "exchange": lambda request: ExchangeAccount(request.getfixturevalue("exchange"), request.getfixturevalue("http")),
    "icloud": lambda request: DavAccount(
        request.getfixturevalue("icloud").url, request.getfixturevalue("http"), (ADDRESS, APP_PASSWORD), ICloudCalendar
    ),
    "fake": lambda request: FakeAccount(),
}


@pytest.fixture(params=_SYSTEMS)
def account(request: pytest.FixtureRequest) -> AnyAccount:
    """An empty account of each implementation of CalendarProvider in turn."""
    return _SYSTEMS[request.param](request)


@pytest.fixture
def odd() -> Iterator[OddServer]:
    """A small server to be told to misbehave."""
    with odd_server() as server:
        yield server


@pytest.fixture
def dana(odd: OddServer, http: Outbound) -> CalDavCalendar:
    """Dana's account there."""
    return CalDavCalendar(secret_of(odd), http, clock=lambda: NOW)


@pytest.fixture
def spec(odd: OddServer) -> EventSpec:
    """A booking for her calendar there."""
    return spec_for(odd.url.rstrip("/") + CALENDAR)

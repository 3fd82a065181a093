"""Google's answers cut, late or never, and many calls at once: no write is done twice, nothing hangs."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from sandbox.google_standin import GoogleStandIn
from sandbox.google_standin.answers import error_body
from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.base import OWN, CalendarRef, Deadline
from scheduling.calendars.google.account import GoogleSystem
from scheduling.calendars.google.sign_in import ASKED
from scheduling.domain import Interval
from scheduling.errors import (
    Ambiguous,
    AuthExpired,
    CalendarError,
    Conflict,
    DeadlineExceeded,
    EventMissing,
    Refused,
    Unavailable,
)
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon, spec_for
from tests.scheduling.calendars.google_kit import GoogleAccount

HOUR = timedelta(hours=1)
EVENTS = "/events"
LIST = "/calendarList"


@pytest.fixture
def account(google):
    made = GoogleAccount(google)
    made.provider.list_calendars(soon())  # has its access token
    google.troubles.exchanges.clear()
    return made


@pytest.fixture
def spec(account):
    return spec_for(account.calendar_id)


def answer_of(error: BaseException) -> tuple[type, str, float | None]:
    assert isinstance(error, CalendarError)
    return type(error), error.code, error.retry_after


# --- answers that are cut (F5) ---


def test_a_creation_whose_answer_was_cut_is_of_unknown_fate_and_the_event_is_found_and_adopted(account, google, spec):
    google.troubles.add(Trouble("POST", EVENTS, cut=True))

    with pytest.raises(Ambiguous, match="cut"):
        account.provider.create_event(spec, soon())
    found = account.provider.find_event(spec, soon())
    again = account.provider.create_event(spec, soon())

    assert found == again
    assert account.count() == 1
    assert [e.status for e in google.troubles.exchanges if e.method == "POST"] == [200, 409]


def test_a_creation_that_never_arrived_is_not_found_and_can_be_repeated(account, google, spec):
    google.troubles.fail(502, "badGateway", method="POST", path=EVENTS)

    with pytest.raises(Ambiguous):
        account.provider.create_event(spec, soon())

    assert account.provider.find_event(spec, soon()) is None
    account.provider.create_event(spec, soon())
    assert account.count() == 1


def test_an_update_whose_answer_was_cut_is_of_unknown_fate_and_its_repetition_changes_nothing(account, google, spec):
    ref = account.provider.create_event(spec, soon())
    moved = replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), sequence=1)
    google.troubles.add(Trouble("PATCH", EVENTS, cut=True))

    with pytest.raises(Ambiguous):
        account.provider.update_event(ref, moved, soon())
    changed = account.provider.update_event(ref, moved, soon())

    assert [e.method for e in google.troubles.exchanges].count("PATCH") == 1
    assert changed.etag == account.calendar.events[ref.event_id]["etag"]


def test_a_cancellation_whose_answer_was_cut_is_of_unknown_fate_and_its_repetition_is_fine(account, google, spec):
    ref = account.provider.create_event(spec, soon())
    google.troubles.add(Trouble("DELETE", EVENTS, cut=True))
    google.troubles.fail(500, "backendError", method="DELETE", path=EVENTS)

    for _ in range(2):
        with pytest.raises(Ambiguous):
            account.provider.cancel_event(ref, None, soon())
    account.provider.cancel_event(ref, None, soon())

    assert account.count() == 0


def test_a_read_whose_answer_was_cut_is_only_a_failed_read(account, google):
    google.troubles.add(Trouble("GET", LIST, cut=True))

    with pytest.raises(Unavailable, match="cut"):
        account.provider.list_calendars(soon())

    assert len(google.troubles.exchanges) == 1


class Raw:
    """A server that does one thing to each connection, with no HTTP in between."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.asked += bool(connection.recv(65536))
                connection.sendall(self._answer)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_server_that_breaks_off_is_asked_once_and_a_write_is_of_unknown_fate(account, answer):
    raw = Raw(answer)
    system = GoogleSystem("id", "secret", f"{raw.url}/calendar/v3/", "", "")
    ends = (datetime.now(UTC) + HOUR).isoformat()
    provider = system.open({"access_token": "x", "expires_at": ends, "refresh_token": "y"}, lambda _: None)

    with pytest.raises(Ambiguous):
        provider.create_event(spec_for("primary"), soon())
    with pytest.raises(Unavailable):
        provider.list_calendars(soon())

    raw.stop()
    assert raw.asked == 2


def test_an_answer_without_end_is_cut_off(account, google, monkeypatch):
    from scheduling.calendars.google import transport as google_transport

    monkeypatch.setattr(google_transport, "MOST_BYTES", 100_000)
    google.troubles.add(Trouble("GET", LIST, 1, 200, b'{"items": [' + b'"x",' * 50_000))

    with pytest.raises(Unavailable, match="too_large"):
        account.provider.list_calendars(soon())


# --- time (F11) ---


@pytest.mark.parametrize("trouble", [{"hangs": True}, {"drips": True}], ids=["hangs", "drips"])
def test_a_server_that_hangs_or_drips_is_given_up_at_the_deadline(account, google, spec, trouble):
    google.troubles.add(Trouble("GET", LIST, **trouble), Trouble("POST", EVENTS, **trouble))
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded):
        account.provider.list_calendars(Deadline.after(0.4))
    with pytest.raises(Ambiguous):
        account.provider.create_event(spec, Deadline.after(0.4))

    assert time.monotonic() - began < 5


def test_nothing_is_begun_after_the_deadline(account, google, spec):
    with pytest.raises(DeadlineExceeded):
        account.provider.create_event(spec, Deadline.after(0))

    assert google.troubles.exchanges == []


def test_what_was_busy_by_hand_is_seen_at_the_next_reading(account):
    """F10: nothing is cached here, so the re-check before booking sees it."""
    [before] = account.provider.availability([OWN], WEEK, soon(), default_zone="UTC")
    account.occupy(Interval(MONDAY, MONDAY + HOUR), "By hand")

    [after] = account.provider.availability([OWN], WEEK, soon(), default_zone="UTC")

    assert (len(before.busy), len(after.busy)) == (0, 1)


# --- the way there (F12) ---


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://nobody.invalid", "dns"), ("http://127.0.0.1:1", "connect")],
)
def test_a_server_that_cannot_be_reached_is_unavailable_also_for_writes(url, code):
    system = GoogleSystem("id", "secret", f"{url}/calendar/v3/", f"{url}/auth", f"{url}/token")
    ends = (datetime.now(UTC) + HOUR).isoformat()
    provider = system.open({"access_token": "x", "expires_at": ends, "refresh_token": "y"}, lambda _: None)

    with pytest.raises(CalendarError) as failed:
        provider.create_event(spec_for("primary"), soon())

    assert answer_of(failed.value) == (Unavailable, code, None)


@pytest.fixture(scope="module")
def secure(certificates: trustme.CA, tmp_path_factory: pytest.TempPathFactory):
    """A stand-in over TLS, and the file of the CA that signed it."""
    folder = tmp_path_factory.mktemp("tls")
    own = certificates.issue_cert("127.0.0.1")
    chain, key, ca = folder / "chain.pem", folder / "key.pem", folder / "ca.pem"
    for pem in own.cert_chain_pems:
        pem.write_to_path(str(chain), append=True)
    own.private_key_pem.write_to_path(str(key))
    certificates.cert_pem.write_to_path(str(ca))
    with GoogleStandIn.start(certificate=(chain, key)) as standin:
        yield standin, ca


def provider_over_tls(secure: tuple[GoogleStandIn, Path], ca: Path | None):
    standin, _ = secure
    standin.accounts.add_person("dana@reps.example", "Dana Reyes", "Europe/Berlin")
    addresses = (standin.api_url, standin.auth_url, standin.token_url)
    system = GoogleSystem(standin.client_id, standin.client_secret, *addresses, extra_ca=ca)
    tokens = standin.identity.grant("dana@reps.example", ASKED)
    ends = (datetime.now(UTC) + HOUR).isoformat()
    secret = {"access_token": tokens["access_token"], "expires_at": ends, "refresh_token": tokens["refresh_token"]}
    return system.open(secret, lambda _: None)


def test_the_operators_own_authority_is_trusted(secure):
    calendars = provider_over_tls(secure, secure[1]).list_calendars(soon())

    assert [c.id for c in calendars] == ["dana@reps.example"]


def test_a_certificate_nobody_vouches_for_is_permanent_and_named(secure):
    with pytest.raises(CalendarError) as failed:
        provider_over_tls(secure, None).create_event(spec_for("dana@reps.example"), soon())

    assert answer_of(failed.value) == (Refused, "tls_certificate", None)


# --- many at once ---


def test_eight_threads_share_an_account_and_no_connection(account, google):
    google.troubles.peers.clear()
    google.troubles.latency = 0.02
    stranger = CalendarRef("nobody@acme.example")
    specs = [spec_for(account.calendar_id, MONDAY + n * HOUR) for n in range(8)]
    start = threading.Barrier(8)

    def work(n: int) -> tuple[int, int]:
        start.wait(5)
        for _ in range(5):
            account.provider.availability([OWN, stranger], WEEK, soon(), default_zone="UTC")
        account.provider.create_event(specs[n], soon())
        return len(account.provider.list_calendars(soon())), n

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))

    assert found == [(1, n) for n in range(8)]
    assert account.count() == 8
    assert len(google.troubles.peers) == len(google.troubles.exchanges)  # each call had a connection of its own


def test_two_that_create_the_same_event_at_once_get_the_same_one(account, google, spec):
    google.troubles.latency = 0.02
    start = threading.Barrier(8)

    def create(_: int) -> str:
        start.wait(5)
        return account.provider.create_event(spec, soon()).event_id

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(create, range(8)))

    assert len(found) == 1
    assert account.count() == 1


def test_a_grant_that_is_lost_while_many_read_is_lost_for_all(account, google):
    google.identity.revoke_all(account.email)

    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(account.provider.list_calendars, soon()) for _ in range(8)]

    assert {type(read.exception()) for read in reads} == {AuthExpired}


def test_the_stand_ins_errors_are_googles_in_form():
    assert error_body(409, "duplicate", "The requested identifier already exists.") == {
        "error": {
            "code": 409,
            "message": "The requested identifier already exists.",
            "errors": [
                {"domain": "global", "reason": "duplicate", "message": "The requested identifier already exists."}
            ],
        }
    }


def test_a_conflict_without_an_event_behind_it_is_said(account, google, spec):
    google.troubles.fail(409, "duplicate", method="POST", path=EVENTS)

    with pytest.raises(EventMissing):
        account.provider.create_event(spec, soon())

    google.troubles.fail(412, "conditionNotMet", method="PATCH", path=EVENTS)
    ref = account.provider.create_event(spec, soon())
    with pytest.raises(Conflict):
        account.provider.update_event(ref, replace(spec, title="New"), soon())

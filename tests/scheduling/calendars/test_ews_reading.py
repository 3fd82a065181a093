"""Whose time is busy, as an Exchange server tells it, and what is said when it does not."""

import time
from datetime import timedelta
from threading import Event
from types import SimpleNamespace

import pytest

from sandbox.exchange_standin import ExchangeStandin, Fault, Mailbox
from scheduling.calendars.base import OWN, CalendarRef, Capabilities, RoomInfo, SendsInvitations
from scheduling.domain import Busy, BusyStatus, Interval
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    DeadlineExceeded,
    EventMissing,
    RateLimited,
    Unavailable,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon
from tests.scheduling.calendars.ews_kit import SAM, ExchangeAccount, errors, read

HOUR = timedelta(hours=1)
MEETING = Interval(MONDAY, MONDAY + HOUR)
OSLO, LIMA = (CalendarRef(f"{name}@acme.example") for name in ("oslo", "lima"))


@pytest.fixture
def dana(exchange: ExchangeStandin, http: Outbound) -> ExchangeAccount:
    return ExchangeAccount(exchange, http)


@pytest.fixture
def sam(exchange: ExchangeStandin) -> Mailbox:
    return exchange.directory.mailboxes["sam@acme.example"]


# --- one's own --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, BusyStatus.BUSY),
        ({"LegacyFreeBusyStatus": "Tentative"}, BusyStatus.TENTATIVE),
        ({"LegacyFreeBusyStatus": "OOF"}, BusyStatus.OUT_OF_OFFICE),
        ({"LegacyFreeBusyStatus": "WorkingElsewhere"}, BusyStatus.WORKING_ELSEWHERE),
        ({"LegacyFreeBusyStatus": "NoData"}, BusyStatus.UNKNOWN),
        ({"MyResponseType": "NoResponseReceived", "LegacyFreeBusyStatus": "Tentative"}, BusyStatus.TENTATIVE),
        ({"IsAllDayEvent": "true"}, BusyStatus.BUSY),
    ],
    ids=["busy", "tentative", "out of office", "elsewhere", "no data", "not answered", "all day"],
)
def test_what_takes_time_is_told_with_its_kind(fields: dict[str, str], status: BusyStatus, dana: ExchangeAccount):
    item = dana.occupy(MEETING, "Pricing", **fields)

    [own] = read(dana)

    assert own.busy == (Busy(MEETING, status, "Pricing", uid=item.text("UID")),)


@pytest.mark.parametrize(
    "fields",
    [{"LegacyFreeBusyStatus": "Free"}, {"MyResponseType": "Decline"}, {"IsCancelled": "true"}],
    ids=["free", "declined", "cancelled"],
)
def test_what_takes_no_time_is_left_out(fields: dict[str, str], dana: ExchangeAccount):
    dana.occupy(MEETING, "Pricing", **fields)

    assert read(dana)[0].busy == ()


@pytest.mark.parametrize("kind", ["Private", "Confidential"])
def test_private_events_have_no_title(kind: str, dana: ExchangeAccount):
    item = dana.occupy(MEETING, "Doctor", Sensitivity=kind)

    assert read(dana)[0].busy == (Busy(MEETING, private=True, uid=item.text("UID")),)


def test_an_event_of_no_length_takes_no_time(dana: ExchangeAccount):
    dana.mailbox.add(MONDAY, MONDAY, "Reminder")

    assert read(dana)[0].busy == ()


def test_ones_own_address_is_ones_own_calendar(dana: ExchangeAccount):
    item = dana.occupy(MEETING, "Pricing")

    [own] = read(dana, CalendarRef(dana.mailbox.address.upper()))

    assert own.busy == (Busy(MEETING, title="Pricing", uid=item.text("UID")),)


def test_more_events_than_the_server_gives_at_once_are_all_read(dana: ExchangeAccount):
    for number in range(1500):
        dana.mailbox.add(MONDAY + number * timedelta(minutes=5), MONDAY + (number + 1) * timedelta(minutes=5), "x")

    [own] = read(dana)

    assert (own.error, len(own.busy)) == (None, 1500)
    assert dana.standin.calls.count("FindItem") == 3


def test_more_than_can_be_told_at_all_is_unknown(dana: ExchangeAccount):
    for _ in range(1001):
        dana.mailbox.add(MONDAY, MONDAY + HOUR, "x")

    assert errors(read(dana)) == [(Unavailable, "exceeded_find_count_limit")]


def test_a_long_window_is_read_in_parts_and_nothing_comes_twice(dana: ExchangeAccount, sam: Mailbox):
    edge = WEEK.start + timedelta(days=40)
    over = Interval(edge - HOUR, edge + HOUR)
    dana.occupy(over, "Over the edge")
    sam.add(over.start, over.end, "Over the edge")

    own, other = read(dana, OWN, SAM, window=Interval(WEEK.start, WEEK.start + timedelta(days=100)))

    assert [busy.interval for busy in own.busy] == [over]
    assert other.busy == (Busy(over, title="Over the edge"),)


# --- others -----------------------------------------------------------------------------------------------------


def test_colleagues_and_rooms_are_read_in_one_call(dana: ExchangeAccount, sam: Mailbox, exchange: ExchangeStandin):
    sam.add(MONDAY, MONDAY + HOUR, "Team sync")
    exchange.directory.mailboxes["oslo@acme.example"].add(MONDAY + HOUR, MONDAY + 2 * HOUR, "Interview")
    exchange.calls.clear()

    answers = read(dana, SAM, OSLO, LIMA)

    assert [answer.busy for answer in answers] == [
        (Busy(MEETING, title="Team sync"),),
        (Busy(Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), title="Interview"),),
        (),
    ]
    assert exchange.calls == ["GetUserAvailability"]


@pytest.mark.parametrize(
    ("shows", "busy"),
    [
        ("Detailed", Busy(MEETING, BusyStatus.TENTATIVE, "Team sync")),
        ("FreeBusy", Busy(MEETING, BusyStatus.TENTATIVE)),
    ],
)
def test_only_as_much_is_told_as_a_colleague_shows(shows: str, busy: Busy, dana: ExchangeAccount, sam: Mailbox):
    sam.shows = shows
    sam.add(MONDAY, MONDAY + HOUR, "Team sync", LegacyFreeBusyStatus="Tentative")

    assert read(dana, SAM)[0].busy == (busy,)


def test_a_colleague_who_shows_only_digits_is_busy_by_the_quarter(dana: ExchangeAccount, sam: Mailbox):
    sam.shows = "MergedOnly"
    sam.add(MONDAY, MONDAY + timedelta(minutes=20), "Team sync")

    quarter = timedelta(minutes=15)
    assert [busy.interval for busy in read(dana, SAM)[0].busy] == [
        Interval(MONDAY, MONDAY + quarter),
        Interval(MONDAY + quarter, MONDAY + 2 * quarter),
    ]


def test_times_of_which_the_server_knows_nothing_are_unknown_and_not_free():
    from scheduling.calendars.ews.account import _read

    elsewhere = SimpleNamespace(
        start=MONDAY, end=MONDAY + timedelta(minutes=15), busy_type="WorkingElsewhere", details=None
    )
    view = SimpleNamespace(view_type="DetailedMerged", merged="4044", calendar_events=[elsewhere])

    quarter = timedelta(minutes=15)
    assert _read(view, Interval(MONDAY, MONDAY + HOUR)) == [
        Busy(Interval(MONDAY, MONDAY + quarter), BusyStatus.WORKING_ELSEWHERE),
        Busy(Interval(MONDAY + 2 * quarter, MONDAY + 3 * quarter), BusyStatus.UNKNOWN),
        Busy(Interval(MONDAY + 3 * quarter, MONDAY + 4 * quarter), BusyStatus.UNKNOWN),
    ]


def test_a_colleague_of_whom_nothing_is_known_is_unknown():
    from scheduling.calendars.ews.account import _read

    view = SimpleNamespace(view_type="FreeBusyMerged", merged="4444", calendar_events=None)

    with pytest.raises(AccessDenied, match="no_data"):
        _read(view, Interval(MONDAY, MONDAY + HOUR))


def test_private_events_of_colleagues_have_no_title(dana: ExchangeAccount, sam: Mailbox):
    sam.add(MONDAY, MONDAY + HOUR, "Doctor", Sensitivity="Private")

    assert read(dana, SAM)[0].busy == (Busy(MEETING, private=True),)


def test_one_who_cannot_be_read_hides_nobody_else(dana: ExchangeAccount, sam: Mailbox, exchange: ExchangeStandin):
    sam.shows = "denied"
    exchange.directory.mailboxes["oslo@acme.example"].shows = "None"
    stranger = CalendarRef("stranger@elsewhere.example")

    answers = read(dana, SAM, stranger, OSLO, LIMA, OWN)

    assert errors(answers) == [
        (AccessDenied, "no_free_busy_access"),
        (EventMissing, "mail_recipient_not_found"),
        (AccessDenied, "no_free_busy"),
        None,
        None,
    ]


def test_sixty_people_are_asked_for_in_two_calls(dana: ExchangeAccount, exchange: ExchangeStandin):
    people = [Mailbox(f"p{number}@acme.example", f"P {number}") for number in range(60)]
    exchange.directory.mailboxes |= {person.address: person for person in people}
    people[59].add(MONDAY, MONDAY + HOUR, "Last of all")
    exchange.calls.clear()

    answers = read(dana, *(CalendarRef(person.address) for person in people))

    assert errors(answers) == [None] * 60
    assert answers[59].busy == (Busy(MEETING, title="Last of all"),)
    assert exchange.calls == ["GetUserAvailability"] * 2


def test_rooms_of_all_lists_come_once_each(dana: ExchangeAccount):
    assert dana.provider.list_rooms(soon()) == (
        RoomInfo("lima@acme.example", "Room Lima"),
        RoomInfo("oslo@acme.example", "Room Oslo"),
    )


def test_what_exchange_can_do_is_told(dana: ExchangeAccount):
    assert dana.provider.capabilities == Capabilities(
        others_free_busy=True,
        titles_of_others=True,
        rooms=True,
        native_conference=None,
        sends_invitations=SendsInvitations.ALWAYS,
        max_refs_per_call=50,
        max_window=timedelta(days=366),
    )


# --- faults (F: the list of faults) ------------------------------------------------------------------------------

HTML = b"<!doctype html><html><body>Sign in</body></html>"


@pytest.mark.parametrize(
    ("fault", "error", "wait"),
    [
        (Fault(code="ErrorServerBusy", back_off_ms=7000), (RateLimited, "server_busy"), 7.0),
        (Fault(code="ErrorServerBusy"), (RateLimited, "server_busy"), 10.0),
        (Fault(message="ErrorServerBusy"), (RateLimited, "server_busy"), 10.0),
        (Fault(message="ErrorExceededConnectionCount"), (RateLimited, "server_busy"), None),
        (Fault(message="ErrorTooManyObjectsOpened"), (RateLimited, "server_busy"), 10.0),
        (Fault(status=429, headers={"retry-after": "999999"}), (RateLimited, "http_429"), 900.0),
        (Fault(status=503, headers={"retry-after": "7"}), (RateLimited, "http_503"), 7.0),
        (Fault(status=503), (Unavailable, "http_503"), None),
        (Fault(status=500, body=HTML), (Unavailable, "http_500"), None),
        (Fault(status=200, body=HTML), (Unavailable, "nonsense"), None),
        (Fault(status=200, body=b"{}"), (Unavailable, "nonsense"), None),
        (Fault(status=200, body=b"<a/>"), (Unavailable, "nonsense"), None),
        (Fault(status=200, body=b""), (Unavailable, "nonsense"), None),
        (Fault(status=302, headers={"location": "http://10.0.0.5/"}), (AccessDenied, "redirect"), None),
        (Fault(status=403), (AccessDenied, "http_403"), None),
        (Fault(message="ErrorAccessDenied"), (AccessDenied, "access_denied"), None),
        (Fault(message="ErrorInternalServerError"), (Unavailable, "internal_server_error"), None),
        (Fault(message="ErrorTimeoutExpired"), (DeadlineExceeded, "timeout_expired"), None),
        (Fault(message="ErrorMailboxMoveInProgress"), (Unavailable, "mailbox_move_in_progress"), None),
        (Fault(cut=True), (Unavailable, "cut"), None),
        (Fault(status=401, times=9), (AuthExpired, "password"), None),
    ],
    ids=lambda value: str(value)[:0] or None,
)
def test_a_failing_server_makes_the_time_unknown(fault: Fault, error, wait, dana: ExchangeAccount):
    dana.standin.faults.append(fault)
    fault.operation = "FindItem"

    [own] = read(dana)

    assert errors([own]) == [error]
    assert own.error is not None
    assert own.error.retry_after == wait


@pytest.mark.parametrize(
    "body",
    [b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"<" + b"a" * 9_000_000, b"<" + b"a" * 7_000_000],
    ids=["an entity", "9 MB", "7 MB"],
)
def test_bombs_are_no_answer(body: bytes, dana: ExchangeAccount):
    dana.standin.faults.append(Fault("FindItem", status=200, body=body))

    began = time.monotonic()

    [own] = read(dana)

    assert (own.busy, type(own.error)) == ((), Unavailable)
    assert time.monotonic() - began < 5


def test_a_server_that_hangs_ends_with_the_deadline_for_everybody(dana: ExchangeAccount):
    for operation in ("FindItem", "GetUserAvailability"):
        dana.standin.faults.append(Fault(operation, hang=Event()))
    began = time.monotonic()

    answers = read(dana, OWN, SAM, OSLO, seconds=0.6)

    assert [type(answer.error) for answer in answers] == [DeadlineExceeded] * 3
    assert time.monotonic() - began < 2


def test_a_network_that_is_away_makes_the_time_unknown(dana: ExchangeAccount):
    def nobody(host: str, port: int) -> tuple[str, ...]:
        raise OSError(host)

    secret = {**dana.account.secret, "endpoint": "https://mail.nowhere.example/EWS/Exchange.asmx"}
    dana.account = type(dana.account)("exchange", "x", "x", secret, ())
    dana.http = Outbound(resolver=nobody)
    dana.provider = dana.reopened()

    assert errors(read(dana, OWN, SAM)) == [(Unavailable, "dns")] * 2


def test_a_server_that_became_private_is_not_called(dana: ExchangeAccount):
    secret = {**dana.account.secret, "endpoint": "https://mail.rebound.example/EWS/Exchange.asmx"}
    dana.account = type(dana.account)("exchange", "x", "x", secret, ())
    dana.http = Outbound(resolver=lambda host, port: ("10.0.0.5",))
    dana.provider = dana.reopened()

    assert errors(read(dana)) == [(AccessDenied, "host_private")]

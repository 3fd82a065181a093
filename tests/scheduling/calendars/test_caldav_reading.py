"""Reading from servers as people really have them: what cannot be read is unknown, never free."""

import time
from datetime import timedelta

import pytest

from scheduling.calendars.base import Deadline
from scheduling.calendars.caldav.account import CalDavCalendar, ICloudCalendar
from scheduling.domain import Busy, Interval
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    DeadlineExceeded,
    EventMissing,
    Refused,
    Unavailable,
    Unsupported,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import WEEK
from tests.scheduling.calendars.odd_account import HTML, own, secret_of, unknown
from tests.scheduling.calendars.odd_server import CALENDAR, HOME, OddServer, Reply, multistatus, response

# --- passwords --------------------------------------------------------------------------------------------------


def test_one_spurious_401_is_tried_again(odd: OddServer, dana: CalDavCalendar) -> None:
    odd.script("REPORT", Reply(401))

    assert (own(dana).error, odd.methods()) == (None, ["PROPFIND", "REPORT", "REPORT"])


@pytest.mark.parametrize(("kind", "code"), [(CalDavCalendar, "password"), (ICloudCalendar, "app_password")])
def test_a_revoked_password_is_told_after_two_tries_and_no_more(
    kind: type[CalDavCalendar], code: str, odd: OddServer, http: Outbound
) -> None:
    odd.script("PROPFIND", *[Reply(401)] * 5)

    error = own(kind(secret_of(odd), http)).error

    assert (type(error), error and error.code, odd.methods()) == (AuthExpired, code, ["PROPFIND"] * 2)


def test_a_server_that_wants_digest_is_unsupported(odd: OddServer, dana: CalDavCalendar) -> None:
    odd.script("PROPFIND", *[Reply(401, headers={"Www-Authenticate": 'Digest realm="x", nonce="y"'})] * 2)

    error = own(dana).error

    assert (type(error), error and error.code) == (Unsupported, "digest")


def test_the_password_goes_out_unasked(odd: OddServer, dana: CalDavCalendar) -> None:
    own(dana)

    assert {headers["Authorization"] for _, _, headers in odd.requests} == {"Basic ZGFuYTpjb3JyZWN0IGhvcnNl"}


# --- availability -----------------------------------------------------------------------------------------------


def events(count: int) -> str:
    return "".join(
        response(f"{CALENDAR}{n}.ics", f"<C:calendar-data>{event_text(n)}</C:calendar-data>") for n in range(count)
    )


def event_text(number: int) -> str:
    start = WEEK.start + timedelta(minutes=number % 9_000)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{number}@someone.example\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\n"
        f"DURATION:PT5M\r\nSUMMARY:Call {number}\r\nDESCRIPTION:{'Agenda ' * 20}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


READ_ANSWERS = {
    "sign-in page": (HTML, (Unavailable, "not_dav")),
    "sign-in page as multi-status": (Reply(207, HTML.body), (Unavailable, "not_dav")),
    "json": (Reply(200, b"{}"), (Unavailable, "not_dav")),
    "empty": (Reply(207, b""), (Unavailable, "not_dav")),
    "cut xml": (Reply(207, multistatus(events(3))[:-40]), (Unavailable, "not_dav")),
    "entities": (
        Reply(207, b'<!DOCTYPE x [<!ENTITY a "b">]><multistatus xmlns="DAV:">&a;</multistatus>'),
        (Unavailable, "not_dav"),
    ),
    "broken": (Reply(500, HTML.body), (Unavailable, "http_500")),
    "not implemented": (Reply(501), (Unsupported, "http_501")),
    "bad request": (Reply(400), (Unsupported, "http_400")),
    "no rights": (Reply(403), (AccessDenied, "http_403")),
    "calendar gone": (Reply(404), (EventMissing, "http_404")),
    "no answer": (Reply(lost=True), (Unavailable, "cut")),
    "an event withheld": (
        Reply(
            207,
            multistatus(f"<response><href>{CALENDAR}1.ics</href><status>HTTP/1.1 403 Forbidden</status></response>"),
        ),
        (AccessDenied, "http_403"),
    ),
    "cut short by the server": (
        Reply(207, multistatus(f"<response><href>{CALENDAR}</href><status>HTTP/1.1 507 x</status></response>")),
        (Refused, "quota"),
    ),
    "no data": (
        Reply(207, multistatus(response(f"{CALENDAR}1.ics", "<C:calendar-data/>", "404 Not Found"))),
        (Unavailable, "no_calendar_data"),
    ),
    "an unreadable event": (
        Reply(
            207,
            multistatus(events(1), response(f"{CALENDAR}x.ics", "<C:calendar-data>BEGIN:VCALENDAR</C:calendar-data>")),
        ),
        (Unavailable, "unreadable_event"),
    ),
}


@pytest.mark.parametrize("name", READ_ANSWERS)
def test_what_cannot_be_read_is_unknown_and_never_free(name: str, odd: OddServer, dana: CalDavCalendar) -> None:
    reply, expected = READ_ANSWERS[name]
    odd.script("REPORT", reply)

    assert unknown(own(dana)) == expected


def test_an_event_deleted_while_the_server_listed_is_skipped(odd: OddServer, dana: CalDavCalendar) -> None:
    gone = f"<response><href>{CALENDAR}x.ics</href><status>HTTP/1.1 404 Not Found</status></response>"
    odd.script("REPORT", Reply(207, multistatus(gone, events(1))))

    answer = own(dana)

    start = WEEK.start
    assert (answer.error, answer.busy) == (
        None,
        (Busy(Interval(start, start + timedelta(minutes=5)), title="Call 0", uid="0@someone.example"),),
    )


def test_one_failing_calendar_makes_the_whole_person_unknown(odd: OddServer, dana: CalDavCalendar) -> None:
    odd.calendars = (CALENDAR, f"{HOME}home/", f"{HOME}team/")
    odd.objects[f"{CALENDAR}1.ics"] = ('"1"', event_text(1))
    odd.script("REPORT", Reply(500), path=f"{HOME}team/")

    assert unknown(own(dana)) == (Unavailable, "http_500")


def test_all_calendars_count_together(odd: OddServer, dana: CalDavCalendar) -> None:
    odd.calendars = (CALENDAR, f"{HOME}home/", f"{HOME}team/")
    odd.objects = {
        f"{HOME}team/1.ics": ('"1"', event_text(1)),
        f"{CALENDAR}0.ics": ('"0"', event_text(0)),
        f"{HOME}home/2.ics": ('"2"', event_text(2)),
    }

    assert [busy.title for busy in own(dana).busy] == ["Call 0", "Call 1", "Call 2"]


def test_an_account_without_any_calendar_is_unknown(odd: OddServer, dana: CalDavCalendar) -> None:
    odd.calendars = ()

    assert unknown(own(dana)) == (EventMissing, "no_calendar")


def test_ten_thousand_events_are_read_in_time(odd: OddServer, dana: CalDavCalendar) -> None:
    odd.script("REPORT", Reply(207, multistatus(events(10_000))))

    answer = own(dana, Deadline.after(8))

    assert (answer.error, len(answer.busy)) == (None, 10_000)


def test_fifty_megabytes_are_cut_off(odd: OddServer, dana: CalDavCalendar) -> None:
    odd.script("REPORT", Reply(207, b" " * 50_000_000))

    assert unknown(own(dana)) == (Unavailable, "too_large")


@pytest.mark.parametrize(
    "reply",
    [Reply(hangs=True), Reply(207, multistatus(events(3)), drip=True)],
    ids=["no byte at all", "a byte at a time"],
)
def test_a_slow_server_ends_at_the_deadline(reply: Reply, odd: OddServer, dana: CalDavCalendar) -> None:
    odd.script("REPORT", reply)
    began = time.monotonic()

    answer = own(dana, Deadline.after(0.6))

    assert unknown(answer)[0] is DeadlineExceeded
    assert 0.5 < time.monotonic() - began < 1.5


def test_a_home_that_moved_is_looked_up_again(odd: OddServer, http: Outbound) -> None:
    moved = CalDavCalendar(secret_of(odd) | {"home": odd.url + "old/calendars/"}, http)

    assert own(moved).error is None

"""Servers as people really have them: every difference and failure leaves one event, or an error that says why."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.calendars.base import OWN, Availability, Deadline, EventSpec
from scheduling.calendars.caldav import CalDavCalendar, ICloudCalendar
from scheduling.calendars.ics_event import build
from scheduling.domain import Busy, EventRef, Interval
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    AuthExpired,
    CalendarError,
    Conflict,
    DeadlineExceeded,
    EventMissing,
    RateLimited,
    Refused,
    Unavailable,
    Unsupported,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, NOW, WEEK, soon, spec_for
from tests.scheduling.calendars.odd_server import CALENDAR, HOME, OddServer, Reply, multistatus, response

HTML = Reply(200, b"<!doctype html><html><body>Please sign in</body></html>", {"Content-Type": "text/html"})
LATER = Interval(MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=3))


@pytest.fixture
def dana(odd: OddServer, http: Outbound) -> CalDavCalendar:
    return CalDavCalendar(secret_of(odd), http, clock=lambda: NOW)


def secret_of(odd: OddServer) -> dict[str, str]:
    return {
        "server": odd.url,
        "username": odd.user,
        "password": odd.password,
        "home": odd.url.rstrip("/") + HOME,
        "calendar": "",
        "addresses": "dana@acme.example",
    }


@pytest.fixture
def spec(odd: OddServer) -> EventSpec:
    return spec_for(odd.url.rstrip("/") + CALENDAR)


def path_of(spec: EventSpec) -> str:
    return f"{CALENDAR}{spec.uid}.ics"


def own(provider: CalDavCalendar, deadline: Deadline | None = None) -> Availability:
    [answer] = provider.availability([OWN], WEEK, deadline or soon(), default_zone="Europe/Berlin")
    return answer


def told(action: Callable[[], object]) -> tuple[type[CalendarError], str, float | None]:
    """The error an action ends in: its kind, its code and how long to wait."""
    with pytest.raises(CalendarError) as caught:
        action()
    return type(caught.value), caught.value.code, caught.value.retry_after


# --- creating ---------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_ambiguous_and_the_next_try_adopts_the_event(
    odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    odd.script("PUT", Reply(lost=True))

    first = told(lambda: dana.create_event(spec, soon()))
    ref = dana.create_event(spec, soon())

    assert first == (Ambiguous, "cut", None)
    assert (list(odd.objects), odd.methods().count("PUT")) == ([path_of(spec)], 1)
    assert ref == EventRef(
        calendar_id=spec.calendar_id, event_id=odd.url.rstrip("/") + path_of(spec), uid=spec.uid, etag='"v1"'
    )


def test_a_server_that_overwrites_despite_the_condition_keeps_the_owners_change(
    odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    odd.overwrites = True
    dana.create_event(spec, soon())
    odd.objects[path_of(spec)] = ('"hand"', odd.objects[path_of(spec)][1].replace("Kick-off", "Moved kick-off"))

    ref = dana.create_event(spec, soon())

    assert ref.etag == '"hand"'
    assert "Moved kick-off" in odd.objects[path_of(spec)][1]


def test_the_etag_is_asked_for_when_neither_put_nor_get_tell_it(
    odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    odd.etags = False

    assert dana.create_event(spec, soon()).etag == '"v1"'


def test_a_server_that_drops_our_property_still_gives_one_event(
    odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    ref = dana.create_event(spec, soon())
    text = odd.objects[path_of(spec)][1]
    odd.objects[path_of(spec)] = ('"v1"', "".join(t for t in text.splitlines(True) if not t.startswith("X-BOOKING")))

    assert dana.create_event(spec, soon()) == ref
    assert odd.methods().count("PUT") == 1


def test_an_event_that_appeared_between_look_and_write_is_adopted(
    odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    odd.objects[path_of(spec)] = ('"other process"', build(spec, NOW).decode())
    odd.script("GET", Reply(404))

    ref = dana.create_event(spec, soon())

    assert ref.etag == '"other process"'
    assert odd.methods() == ["GET", "PUT", "GET"]


def uid_conflict(href: str, status: int = 403) -> Reply:
    body = f'<error xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><C:no-uid-conflict><href>{href}</href>'
    return Reply(status, f"{body}</C:no-uid-conflict></error>".encode(), {"Content-Type": "application/xml"})


@pytest.mark.parametrize("status", [403, 409, 412])
def test_our_event_under_another_name_is_adopted(
    status: int, odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    elsewhere = f"{CALENDAR}8F3C.ics"
    odd.objects[elsewhere] = ('"v7"', build(spec, NOW).decode())
    odd.script("PUT", uid_conflict(elsewhere, status))

    ref = dana.create_event(spec, soon())

    assert (ref.event_id, ref.etag) == (odd.url.rstrip("/") + elsewhere, '"v7"')


def test_a_uid_that_belongs_to_somebody_elses_event_is_refused(
    odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    elsewhere = f"{CALENDAR}8F3C.ics"
    odd.objects[elsewhere] = ('"v7"', build(replace(spec, key=replace(spec.key, booking_id="x")), NOW).decode())
    odd.script("PUT", uid_conflict(elsewhere))

    assert told(lambda: dana.create_event(spec, soon())) == (Refused, "uid_conflict", None)


def test_success_that_stored_nothing_is_not_believed(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    odd.script("PUT", HTML)

    assert told(lambda: dana.create_event(spec, soon())) == (Ambiguous, "unverified", None)


def test_a_sign_in_page_instead_of_the_event_is_no_event(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    odd.script("GET", HTML, HTML)

    found = told(lambda: dana.find_event(spec, soon()))
    created = told(lambda: dana.create_event(spec, soon()))

    assert (found, created) == ((Unavailable, "no_event_in_answer", None),) * 2
    assert odd.objects == {}


WRITE_ANSWERS = {
    "full": (Reply(507), (Refused, "quota", None)),
    "broken": (Reply(500), (Ambiguous, "http_500", None)),
    "bad gateway": (Reply(502), (Ambiguous, "http_502", None)),
    "busy without a time": (Reply(503), (Ambiguous, "http_503", None)),
    "busy for 7 seconds": (Reply(503, headers={"Retry-After": "7"}), (RateLimited, "http_503", 7.0)),
    "too many": (Reply(429, headers={"Retry-After": "30"}), (RateLimited, "http_429", 30.0)),
    "too many without a time": (Reply(429), (RateLimited, "http_429", None)),
    "too many, for years": (Reply(429, headers={"Retry-After": "999999999"}), (RateLimited, "http_429", 900.0)),
    "throttled by iCloud": (Reply(403, headers={"Retry-After": "60"}), (RateLimited, "throttled", 60.0)),
    "read only": (Reply(403), (AccessDenied, "http_403", None)),
    "not valid to it": (
        Reply(403, b'<error xmlns="DAV:"><valid-calendar-data xmlns="urn:ietf:params:xml:ns:caldav"/></error>'),
        (Refused, "valid-calendar-data", None),
    ),
    "no rights": (
        Reply(403, b'<error xmlns="DAV:"><need-privileges/></error>'),
        (AccessDenied, "http_403", None),
    ),
    "calendar gone": (Reply(404), (EventMissing, "http_404", None)),
    "calendar gone, said as conflict": (Reply(409), (EventMissing, "http_409", None)),
    "locked": (Reply(423), (Conflict, "http_423", None)),
    "too large": (Reply(413), (Refused, "http_413", None)),
    "sent elsewhere": (Reply(302, headers={"Location": "https://evil.example/"}), (AccessDenied, "redirect", None)),
}


@pytest.mark.parametrize("name", WRITE_ANSWERS)
def test_what_a_refused_write_means(name: str, odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    reply, expected = WRITE_ANSWERS[name]
    odd.script("PUT", reply)

    assert told(lambda: dana.create_event(spec, soon())) == expected
    assert odd.objects == {}


def test_a_time_to_retry_may_be_a_date(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    at = datetime.now(UTC) + timedelta(seconds=40)
    odd.script("PUT", Reply(503, headers={"Retry-After": f"{at:%a, %d %b %Y %H:%M:%S GMT}"}))

    kind, _, wait = told(lambda: dana.create_event(spec, soon()))

    assert kind is RateLimited
    assert wait is not None
    assert 30 < wait <= 40


def test_a_write_that_never_got_out_is_not_ambiguous(dana: CalDavCalendar, spec: EventSpec) -> None:
    assert told(lambda: dana.create_event(spec, Deadline.after(0))) == (DeadlineExceeded, "deadline", None)


# --- changing and removing --------------------------------------------------------------------------------------


def test_an_update_keeps_what_its_owner_added(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    spec = replace(spec, reminder_minutes=15)
    ref = dana.create_event(spec, soon())
    text = odd.objects[path_of(spec)][1]
    mine = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Leave home\r\nTRIGGER:-PT2H\r\nEND:VALARM\r\n"
    odd.objects[path_of(spec)] = (
        '"v1"',
        text.replace("BEGIN:VALARM", f"CATEGORIES:Sales\r\nX-COLOR:red\r\n{mine}BEGIN:VALARM", 1),
    )

    dana.update_event(ref, replace(spec, title="Later", interval=LATER, reminder_minutes=30, sequence=1), soon())

    stored = odd.objects[path_of(spec)][1]
    kept = ["CATEGORIES:Sales", "X-COLOR:red", "TRIGGER:-PT2H", "TRIGGER:-PT30M", "SUMMARY:Later", "SEQUENCE:1"]
    assert [line for line in kept if line not in stored] == []
    assert [line for line in ("TRIGGER:-PT15M", "Kick-off with Acme Buyer\r\n", "SEQUENCE:0") if line in stored] == []
    assert stored.count("BEGIN:VALARM") == 2


def test_a_weak_etag_made_by_a_proxy_still_guards_the_update(
    odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    ref = dana.create_event(spec, soon())
    weak = ref.model_copy(update={"etag": f"W/{ref.etag}"})

    assert dana.update_event(weak, replace(spec, title="Later", sequence=1), soon()).etag == '"v2"'


def test_a_change_between_look_and_update_is_a_conflict(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    ref = dana.create_event(spec, soon())
    odd.script("PUT", Reply(412))

    assert told(lambda: dana.update_event(ref, replace(spec, sequence=1), soon())) == (Conflict, "http_412", None)


def test_an_update_never_turns_another_event_into_ours(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    ref = dana.create_event(spec, soon())
    odd.objects[path_of(spec)] = ('"v1"', build(spec_for(spec.calendar_id), NOW).decode())

    assert told(lambda: dana.update_event(ref, replace(spec, sequence=1), soon())) == (Conflict, "other_event", None)


def test_an_update_whose_answer_was_lost_is_recognized(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    ref = dana.create_event(spec, soon())
    changed = replace(spec, interval=LATER, sequence=1)
    odd.script("PUT", Reply(lost=True))

    first = told(lambda: dana.update_event(ref, changed, soon()))
    again = dana.update_event(ref, changed, soon())

    assert (first, again.etag) == ((Ambiguous, "cut", None), '"v2"')
    assert odd.methods().count("PUT") == 2


@pytest.mark.parametrize("status", [404, 410])
def test_removing_what_is_gone_counts_as_removed(
    status: int, odd: OddServer, dana: CalDavCalendar, spec: EventSpec
) -> None:
    ref = dana.create_event(spec, soon())
    odd.script("DELETE", Reply(status))

    dana.cancel_event(ref, None, soon())

    assert odd.methods().count("DELETE") == 1


def test_removing_keeps_an_event_that_took_its_place(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    ref = dana.create_event(spec, soon())
    odd.objects[path_of(spec)] = ('"hand"', build(replace(spec, uid="another"), NOW).decode())

    assert told(lambda: dana.cancel_event(ref, None, soon())) == (Conflict, "other_event", None)
    assert list(odd.objects) == [path_of(spec)]


def test_a_removal_without_an_answer_is_ambiguous(odd: OddServer, dana: CalDavCalendar, spec: EventSpec) -> None:
    ref = dana.create_event(spec, soon())
    odd.script("DELETE", Reply(lost=True))

    first = told(lambda: dana.cancel_event(ref, None, soon()))
    dana.cancel_event(ref, None, soon())

    assert (first, odd.objects) == ((Ambiguous, "cut", None), {})


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


def unknown(answer: Availability) -> tuple[type[CalendarError], str]:
    assert answer.busy == ()
    assert answer.error is not None
    return type(answer.error), answer.error.code


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

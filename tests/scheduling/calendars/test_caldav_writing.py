"""Writing to servers as people really have them: one event whatever happens, or an error that says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.calendars.base import Deadline, EventSpec
from scheduling.calendars.caldav.account import CalDavCalendar
from scheduling.calendars.caldav.ics_event import build
from scheduling.domain import EventRef, Interval
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    Conflict,
    DeadlineExceeded,
    EventMissing,
    RateLimited,
    Refused,
    Unavailable,
)
from tests.scheduling.calendars.conftest import MONDAY, NOW, soon, spec_for
from tests.scheduling.calendars.odd_account import HTML, path_of, told
from tests.scheduling.calendars.odd_server import CALENDAR, OddServer, Reply, multistatus

LATER = Interval(MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=3))


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
    odd.script("REPORT", Reply(207, multistatus()))

    ref = dana.create_event(spec, soon())

    assert ref.etag == '"other process"'
    assert odd.methods() == ["GET", "REPORT", "PUT", "GET"]


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

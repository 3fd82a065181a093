"""Our events in Outlook are written once whatever goes wrong, and never over somebody's change."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.directory import Event
from sandbox.microsoft_standin.troubles import Trouble, error_body
from scheduling.calendars.base import Attendee, Deadline, EventSpec
from scheduling.domain import Interval
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
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, soon, spec_for
from tests.scheduling.calendars.graph_kit import GraphAccount

HOUR = timedelta(hours=1)
SAM, NOA, ROOM = "sam@acme.example", "noa@acme.example", "boardroom@acme.example"
BUYER = Attendee("buyer@acme.example", "Acme Buyer")
EVENTS = "/events"


@pytest.fixture
def dana(microsoft: MicrosoftStandIn, http: Outbound) -> GraphAccount:
    microsoft.add_person(SAM, "Sam Okafor")
    microsoft.add_room(ROOM, "Board room")
    return GraphAccount(microsoft, http)


@pytest.fixture
def spec(dana: GraphAccount) -> EventSpec:
    return spec_for(dana.calendar_id)


def told(action: Callable[[], object]) -> tuple[type[CalendarError], str]:
    with pytest.raises(CalendarError) as caught:
        action()
    return type(caught.value), caught.value.code


def only_event(account: GraphAccount) -> Event:
    [event] = account.mailbox.events.values()
    return event


def sent(standin: MicrosoftStandIn, method: str) -> list[dict[str, object]]:
    asked = [e for e in standin.troubles.exchanges if e.method == method and e.path.startswith("/me")]
    return [e.sent_json() for e in asked]  # type: ignore[misc]  # requests of ours are objects


# --- once ---


def test_an_answer_that_was_cut_off_leaves_one_event(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.troubles.add(Trouble("POST", EVENTS, cut=True))

    ref = dana.provider.create_event(spec, soon())

    assert only_event(dana).id == ref.event_id
    assert len([each for each in sent(microsoft, "POST") if "start" in each]) == 1


def test_when_it_cannot_be_looked_up_either_it_stays_open(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.troubles.add(Trouble("GET", EVENTS, seconds=0.0), Trouble("GET", EVENTS, status=500))
    microsoft.troubles.add(Trouble("POST", EVENTS, cut=True))

    assert told(lambda: dana.provider.create_event(spec, soon())) == (Ambiguous, "cut")
    assert only_event(dana).id == dana.provider.create_event(spec, soon()).event_id


def test_the_transaction_makes_one_event_even_where_the_search_is_behind(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    first = dana.provider.create_event(spec, soon())
    microsoft.troubles.add(Trouble("GET", EVENTS, status=200, body=b'{"value": []}'))

    assert dana.provider.create_event(spec, soon()) == first
    assert dana.count() == 1


FAILURES = {
    "429 with a time": (Trouble(status=429, headers={"Retry-After": "7"}), (RateLimited, "http_429")),
    "503 with a time": (Trouble(status=503, headers={"Retry-After": "7"}), (RateLimited, "http_503")),
    "500 with a page": (Trouble(status=500, body=b"<html>"), (Ambiguous, "http_500")),
    "504": (Trouble(status=504, body=error_body("GatewayTimeout")), (Ambiguous, "GatewayTimeout")),
    "200 with a page": (Trouble(status=200, body=b"<html>"), (Ambiguous, "nonsense")),
    "201 with nothing in it": (Trouble(status=201), (Ambiguous, "nonsense")),
    "201 without times": (Trouble(status=201, body=b'{"id": "1"}'), (Ambiguous, "unreadable_time")),
    "202": (Trouble(status=202), (Ambiguous, "nonsense")),
    "400": (Trouble(status=400, body=error_body("ErrorInvalidRequest")), (Refused, "ErrorInvalidRequest")),
    "403": (Trouble(status=403, body=error_body("ErrorAccessDenied")), (AccessDenied, "ErrorAccessDenied")),
    "409": (Trouble(status=409, body=error_body("ErrorDuplicate")), (Conflict, "ErrorDuplicate")),
    "507": (Trouble(status=507, body=error_body("ErrorQuotaExceeded")), (Refused, "ErrorQuotaExceeded")),
}


@pytest.mark.parametrize(("trouble", "error"), FAILURES.values(), ids=FAILURES)
def test_a_write_that_failed_is_never_a_success_and_the_next_one_makes_one_event(
    dana: GraphAccount,
    microsoft: MicrosoftStandIn,
    spec: EventSpec,
    trouble: Trouble,
    error: tuple[type[CalendarError], str],
) -> None:
    microsoft.troubles.add(replace(trouble, method="POST", path=EVENTS))

    assert told(lambda: dana.provider.create_event(spec, soon())) == error
    dana.provider.create_event(spec, soon())

    assert dana.count() == 1


def test_eight_at_once_with_one_key_make_one_event(dana: GraphAccount, spec: EventSpec) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [
            future.result(30) for future in [pool.submit(dana.provider.create_event, spec, soon()) for _ in range(8)]
        ]

    assert {ref.event_id for ref in made} == {only_event(dana).id}


def test_eight_at_once_with_eight_keys_make_eight(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.troubles.at_once, microsoft.troubles.latency = 4, 0.01
    specs = [spec_for(dana.calendar_id) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        made = [future.result(30) for future in [pool.submit(dana.provider.create_event, s, soon()) for s in specs]]

    assert {ref.event_id for ref in made} == set(dana.mailbox.events)
    assert dana.count() == 8


def test_a_write_that_is_told_to_wait_says_how_long(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.troubles.throttle("7", method="POST", path=EVENTS)

    with pytest.raises(RateLimited) as caught:
        dana.provider.create_event(spec, soon())

    assert caught.value.retry_after == 7.0


def test_a_write_whose_token_is_refused_is_sent_again_once(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.troubles.fail(401, "InvalidAuthenticationToken", method="POST", path=EVENTS)
    dana.provider.create_event(spec, soon())
    assert dana.count() == 1

    microsoft.identity.revoke(dana.address)
    assert told(lambda: dana.provider.create_event(spec_for(dana.calendar_id), soon())) == (
        AuthExpired,
        "invalid_grant",
    )
    assert dana.count() == 1


def test_a_write_that_hangs_is_open_at_the_deadline(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.troubles.add(Trouble("POST", EVENTS, hangs=True))

    error = told(lambda: dana.provider.create_event(spec, Deadline.after(0.7)))

    assert error == (Ambiguous, "cut")


def test_a_deadline_that_passed_sends_nothing(dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec) -> None:
    before = len(microsoft.troubles.exchanges)

    assert told(lambda: dana.provider.create_event(spec, Deadline.after(0)))[0] is DeadlineExceeded
    assert len(microsoft.troubles.exchanges) == before


# --- changes ---


def test_a_change_sends_only_what_changed_and_says_which_version_it_saw(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    ref = dana.provider.create_event(spec, soon())
    moved = replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), sequence=1)

    dana.provider.update_event(ref, moved, soon())

    [patch] = [e for e in microsoft.troubles.exchanges if e.method == "PATCH"]
    assert patch.sent_json().keys() == {"start", "end", "singleValueExtendedProperties"}  # type: ignore[attr-defined]  # an object
    assert patch.headers["if-match"] == ref.etag


@pytest.mark.parametrize("name", ["subject", "location", "showAs", "sensitivity"])
def test_what_a_person_changed_is_not_overwritten(dana: GraphAccount, spec: EventSpec, name: str) -> None:
    ref = dana.provider.create_event(spec, soon())
    event = only_event(dana)
    event.content[name] = {"displayName": "Elsewhere"} if name == "location" else "tentative"
    event.version += 1

    assert told(lambda: dana.provider.update_event(ref, replace(spec, sequence=1), soon())) == (Conflict, "etag")


def test_a_meeting_that_was_called_off_cannot_be_changed(dana: GraphAccount, spec: EventSpec) -> None:
    ref = dana.provider.create_event(spec, soon())
    only_event(dana).cancelled = True

    assert dana.provider.get_event(ref, soon()).cancelled is True
    assert told(lambda: dana.provider.update_event(ref, spec, soon())) == (EventMissing, "cancelled")


def test_a_change_in_between_is_a_conflict_of_the_server(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    ref = dana.provider.create_event(spec, soon())
    microsoft.troubles.fail(412, "ErrorIrresolvableConflict", method="PATCH")

    error = told(lambda: dana.provider.update_event(ref, replace(spec, title="x", sequence=1), soon()))

    assert error == (Conflict, "ErrorIrresolvableConflict")


@pytest.mark.parametrize("trouble", [Trouble(cut=True), Trouble(status=200), Trouble(status=500, body=b"<html>")])
def test_a_change_that_may_have_happened_is_open_and_can_be_repeated(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec, trouble: Trouble
) -> None:
    ref = dana.provider.create_event(spec, soon())
    changed = replace(spec, title="New title", sequence=1)
    microsoft.troubles.add(replace(trouble, method="PATCH"))

    assert told(lambda: dana.provider.update_event(ref, changed, soon()))[0] is Ambiguous
    again = dana.provider.update_event(ref, changed, soon())

    assert only_event(dana).content["subject"] == "New title"
    assert again.etag == only_event(dana).etag


UNCANCELLED = {
    "500": (Trouble(status=500), (Ambiguous, "http_500")),
    "200 with a page": (Trouble(status=200, body=b"<html>"), (Ambiguous, "nonsense")),
    "403": (Trouble(status=403, body=error_body("ErrorAccessDenied")), (AccessDenied, "ErrorAccessDenied")),
    "cut": (Trouble(cut=True), (Ambiguous, "cut")),
}


@pytest.mark.parametrize(("trouble", "error"), UNCANCELLED.values(), ids=UNCANCELLED)
def test_a_cancellation_that_failed_is_no_success_and_can_be_repeated(
    dana: GraphAccount,
    microsoft: MicrosoftStandIn,
    spec: EventSpec,
    trouble: Trouble,
    error: tuple[type[CalendarError], str],
) -> None:
    ref = dana.provider.create_event(replace(spec, attendees=(BUYER,)), soon())
    microsoft.troubles.add(replace(trouble, method="POST", path="/cancel"))

    assert told(lambda: dana.provider.cancel_event(ref, None, soon())) == error
    dana.provider.cancel_event(ref, None, soon())

    assert dana.count() == 0

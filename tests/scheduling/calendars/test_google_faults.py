"""Google in trouble: every failure is said by its kind, a write of unknown fate is never done twice, nothing hangs."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.base import OWN
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    CalendarError,
    ConsentMissing,
    EventMissing,
    RateLimited,
    Refused,
    RetryClass,
    Unavailable,
)
from tests.scheduling.calendars.conftest import WEEK, soon, spec_for
from tests.scheduling.calendars.google_kit import GoogleAccount

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


# --- what Google says (F1, F2, F4, F6) ---

REFUSALS = [
    (403, "rateLimitExceeded", RateLimited, RateLimited, "rateLimitExceeded"),
    (403, "userRateLimitExceeded", RateLimited, RateLimited, "userRateLimitExceeded"),
    (403, "quotaExceeded", RateLimited, RateLimited, "quotaExceeded"),
    (429, "rateLimitExceeded", RateLimited, RateLimited, "rateLimitExceeded"),
    (403, "forbidden", AccessDenied, AccessDenied, "forbidden"),
    (403, "insufficientPermissions", ConsentMissing, ConsentMissing, "scope"),
    (403, "accessNotConfigured", Unavailable, Unavailable, "misconfigured"),
    (403, "no word of Google's", AccessDenied, AccessDenied, "http_403"),
    (400, "invalid", Refused, Refused, "invalid"),
    (404, "notFound", EventMissing, EventMissing, "http_404"),
    (410, "deleted", EventMissing, EventMissing, "http_410"),
    (418, "teapot", Refused, Refused, "http_418"),
    (408, "timeout", Unavailable, Ambiguous, "http_408"),
    (500, "backendError", Unavailable, Ambiguous, "http_500"),
    (502, "badGateway", Unavailable, Ambiguous, "http_502"),
    (503, "backendError", Unavailable, Ambiguous, "http_503"),
    (504, "timeout", Unavailable, Ambiguous, "http_504"),
]


@pytest.mark.parametrize(("status", "reason", "reading", "writing", "code"), REFUSALS)
def test_every_refusal_has_its_kind(account, google, spec, status, reason, reading, writing, code):
    google.troubles.fail(status, reason, method="GET", path=LIST)
    google.troubles.fail(status, reason, method="POST", path=EVENTS)

    with pytest.raises(CalendarError) as read:
        account.provider.list_calendars(soon())
    with pytest.raises(CalendarError) as written:
        account.provider.create_event(spec, soon())

    assert answer_of(read.value) == (reading, code, None)
    assert answer_of(written.value) == (writing, code, None)
    assert len(google.troubles.exchanges) == 2
    assert account.count() == 0


def test_reasons_of_the_newer_form_are_understood(account, google):
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]
    body = {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "x", "details": details}}
    google.troubles.add(Trouble("GET", LIST, 1, 403, json.dumps(body).encode()))

    with pytest.raises(ConsentMissing):
        account.provider.list_calendars(soon())


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("999999", 900, 900),
        (timedelta(seconds=300), 270, 301),
        (timedelta(seconds=-120), 0, 0),
    ],
    ids=["seconds", "at once", "for days", "a date to come", "a date that has passed"],
)
def test_how_long_to_wait_is_taken_from_google_in_both_forms_and_capped(
    account, google, spec, status, header, least, most
):
    if isinstance(header, timedelta):
        header = format_datetime(datetime.now(UTC) + header, usegmt=True)
    google.troubles.fail(status, "rateLimitExceeded", method="POST", path=EVENTS, retry_after=header)

    with pytest.raises(RateLimited) as limited:
        account.provider.create_event(spec, soon())

    assert limited.value.retry is RetryClass.RETRY_AFTER
    assert least <= limited.value.retry_after <= most


@pytest.mark.parametrize("header", ["soon", "-1", ""])
def test_a_wait_that_cannot_be_read_is_left_to_the_usual_backoff(account, google, header):
    google.troubles.fail(429, "rateLimitExceeded", method="GET", path=LIST, retry_after=header)

    with pytest.raises(RateLimited) as limited:
        account.provider.list_calendars(soon())

    assert limited.value.retry_after is None


NONSENSE = [
    b"<!doctype html><title>Sign in</title>",
    b"{}",
    b"[]",
    b"null",
    b"7",
    b'"ok"',
    b"",
    b"{",
    b"\xff\xfe",
    b"[" * 5000,
]


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: repr(body[:12]))
def test_a_200_that_is_no_answer_is_never_success(account, google, spec, body):
    ref = account.provider.create_event(spec, soon())
    google.troubles.add(*(Trouble(method, "/calendar/v3", 1, 200, body) for method in ("GET", "POST")))

    with pytest.raises(Unavailable):
        account.provider.list_calendars(soon())
    with pytest.raises(Ambiguous):
        account.provider.create_event(replace(spec, key=replace(spec.key, generation=2)), soon())
    google.troubles.add(Trouble("GET", "/calendar/v3", 1, 200, body))
    with pytest.raises(Unavailable):
        account.provider.get_event(ref, soon())
    google.troubles.add(Trouble("PATCH", "/calendar/v3", 1, 200, body))
    with pytest.raises(Ambiguous):
        account.provider.update_event(ref, replace(spec, title="New"), soon())
    google.troubles.add(Trouble("GET", "/calendar/v3", 2, 200, body))
    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="UTC")
    assert (own.busy, type(own.error)) == ((), Unavailable)


@pytest.mark.parametrize("body", [b"<html>", b"{}"])
def test_a_page_in_answer_to_a_cancellation_is_no_cancellation(account, google, spec, body):
    ref = account.provider.create_event(spec, soon())
    google.troubles.add(Trouble("DELETE", EVENTS, 1, 200, body))

    with pytest.raises(Ambiguous):
        account.provider.cancel_event(ref, None, soon())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_for_our_token_would_go_along(account, google, spec, status):
    aside = {"location": f"{google.url}/calendar/v3/users/me/elsewhere"}
    google.troubles.add(Trouble("GET", LIST, 1, status, b"", aside), Trouble("POST", EVENTS, 1, status, b"", aside))

    with pytest.raises(Unavailable):
        account.provider.list_calendars(soon())
    with pytest.raises(Ambiguous):
        account.provider.create_event(spec, soon())

    assert len(google.troubles.exchanges) == 2

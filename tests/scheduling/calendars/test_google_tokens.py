"""Access tokens of a connected Google account: renewed when they end, once, and kept."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.base import Deadline
from scheduling.errors import (
    AuthExpired,
    ConsentMissing,
    DeadlineExceeded,
    RateLimited,
    Unavailable,
)
from tests.scheduling.calendars.conftest import soon
from tests.scheduling.calendars.google_kit import GoogleAccount

TOKEN = "/token"


@pytest.fixture
def account(google):
    return GoogleAccount(google)


def test_the_first_call_gets_an_access_token_and_the_next_ones_use_it(account, google):
    for _ in range(3):
        account.provider.list_calendars(soon())
    account.system.open(account.kept[0], account.kept.append).list_calendars(soon())

    assert google.identity.refreshes == 1
    (kept,) = account.kept
    assert kept["refresh_token"] == account.secret["refresh_token"]
    assert kept["scopes"] == account.secret["scopes"]
    ends = datetime.fromisoformat(kept["expires_at"])
    assert timedelta(minutes=55) < ends - datetime.now(UTC) < timedelta(minutes=61)


def test_a_token_that_ends_within_a_minute_is_renewed_first(google):
    now = datetime.now(UTC)
    account = GoogleAccount(google, clock=lambda: now)
    account.provider.list_calendars(soon())
    before = dict(account.kept[0])

    now = datetime.fromisoformat(before["expires_at"]) - timedelta(seconds=30)
    account.provider.list_calendars(soon())

    assert google.identity.refreshes == 2
    assert account.kept[1]["access_token"] != before["access_token"]


def test_a_refused_token_is_renewed_once_and_the_call_repeated(account, google):
    account.provider.list_calendars(soon())
    google.identity.expire_access_tokens()

    calendars = account.provider.list_calendars(soon())

    assert [c.id for c in calendars] == [account.calendar_id]
    assert google.identity.refreshes == 2


def test_a_token_refused_twice_is_a_lost_grant(account, google):
    google.troubles.fail(401, "authError", path="/calendar/v3", times=9)

    with pytest.raises(AuthExpired, match="http_401"):
        account.provider.list_calendars(soon())

    assert [e.path for e in google.troubles.exchanges].count("/calendar/v3/users/me/calendarList") == 2


def test_a_revoked_grant_is_a_lost_grant_at_next_use(account, google):
    account.provider.list_calendars(soon())
    google.identity.revoke_all(account.email)

    with pytest.raises(AuthExpired) as lost:
        account.provider.list_calendars(soon())

    assert lost.value.code == "invalid_grant"


def test_a_refresh_token_that_google_exchanges_is_kept(account, google):
    answer = {"access_token": "ya29.new", "expires_in": 3599, "refresh_token": "1//rotated", "token_type": "Bearer"}
    google.troubles.add(Trouble("POST", TOKEN, 1, 200, json.dumps(answer).encode()))

    with pytest.raises(AuthExpired):  # nobody knows the made-up tokens afterwards
        account.provider.list_calendars(soon())

    assert account.kept[0]["refresh_token"] == "1//rotated"


@pytest.mark.parametrize(
    ("trouble", "kind", "code"),
    [
        (Trouble("POST", TOKEN, 1, 503, b"busy"), Unavailable, "http_503"),
        (Trouble("POST", TOKEN, 1, 429, b"{}", {"retry-after": "7"}), RateLimited, "http_429"),
        (Trouble("POST", TOKEN, 1, 200, b"<html>"), Unavailable, "answer"),
        (Trouble("POST", TOKEN, 1, 200, b"{}"), Unavailable, "answer"),
        (Trouble("POST", TOKEN, 1, 200, b"[1]"), Unavailable, "answer"),
        (Trouble("POST", TOKEN, 1, 200, b'{"access_token": 1}'), Unavailable, "answer"),
        (Trouble("POST", TOKEN, 1, 401, b'{"error": "invalid_client"}'), Unavailable, "misconfigured"),
        (
            Trouble("POST", TOKEN, 1, 400, b'{"error": "admin_policy_enforced"}'),
            ConsentMissing,
            "admin_policy_enforced",
        ),
        (Trouble("POST", TOKEN, 1, 400, b"<html>"), Unavailable, "answer"),
        (Trouble("POST", TOKEN, 1, cut=True), Unavailable, "cut"),
    ],
    ids=lambda value: f"{value.status}-{value.body[:20]!r}" if isinstance(value, Trouble) else None,
)
def test_a_token_that_could_not_be_renewed_is_said_by_its_kind(account, google, trouble, kind, code):
    google.troubles.add(trouble)

    with pytest.raises(kind) as failed:
        account.provider.list_calendars(soon())

    assert (type(failed.value), failed.value.code) == (kind, code)
    assert len(google.troubles.exchanges) == 1
    assert [c.id for c in account.provider.list_calendars(soon())] == [account.calendar_id]


def test_a_token_endpoint_that_hangs_ends_with_the_deadline(account, google):
    google.troubles.add(Trouble("POST", TOKEN, hangs=True))
    deadline = Deadline.after(0.3)

    with pytest.raises(DeadlineExceeded):
        account.provider.list_calendars(deadline)

    assert deadline.remaining() == 0


def test_of_many_that_need_a_new_token_at_once_one_renews_it_and_the_others_wait(account, google):
    google.troubles.latency = 0.05
    start = threading.Barrier(8)

    def read(_: int) -> list[str]:
        own = account.system.open(account.secret, account.kept.append)
        start.wait(5)
        return [calendar.id for calendar in own.list_calendars(soon())]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, range(8)))

    assert found == [[account.calendar_id]] * 8
    assert google.identity.refreshes == 1
    assert len(account.kept) == 1


def test_who_waits_for_somebody_elses_renewal_waits_no_longer_than_its_own_deadline(account):
    grant = account.system._grants.of(account.secret["refresh_token"])

    with grant.lock, pytest.raises(DeadlineExceeded):
        account.provider.list_calendars(Deadline.after(0.05))

"""Staying signed in with Microsoft: renewed once, kept, shared by threads and processes; and being shut out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.troubles import Trouble
from scheduling.calendars.base import OWN, Deadline
from scheduling.errors import (
    AuthExpired,
    CalendarError,
    ConsentMissing,
    DeadlineExceeded,
    RateLimited,
    Unavailable,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import WEEK, soon
from tests.scheduling.calendars.graph_kit import GraphAccount, signed_in, system_at

TOKEN = "/oauth2/v2.0/token"


@pytest.fixture
def dana(microsoft: MicrosoftStandIn, http: Outbound) -> GraphAccount:
    return GraphAccount(microsoft, http)


def read(account: GraphAccount) -> CalendarError | None:
    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="UTC")
    return own.error


def token_requests(standin: MicrosoftStandIn) -> list[str]:
    """The grant types that were asked for."""
    asked = [e for e in standin.troubles.exchanges if e.path.endswith(TOKEN)]
    return [parse_qs(exchange.sent.decode())["grant_type"][0] for exchange in asked]


# --- staying signed in ---


def test_a_token_is_used_until_it_ends_and_nothing_is_stored_meanwhile(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    for _ in range(3):
        assert read(dana) is None

    assert token_requests(microsoft) == ["authorization_code"]
    assert dana.kept == []


def test_a_refused_token_is_renewed_once_and_the_new_grant_is_stored(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    microsoft.identity.expire(dana.address)

    assert read(dana) is None

    assert token_requests(microsoft) == ["authorization_code", "refresh_token"]
    [kept] = dana.kept
    assert kept.keys() == dana.account.secret.keys()
    assert kept["cache"] != dana.account.secret["cache"]
    assert int(kept["version"]) > int(dana.account.secret["version"])


def test_what_was_stored_opens_the_account_again_although_refresh_tokens_rotate(
    dana: GraphAccount, microsoft: MicrosoftStandIn, http: Outbound
) -> None:
    secret = dana.account.secret
    for _ in range(3):
        microsoft.identity.expire(dana.address)
        dana.provider = system_at(microsoft, http).open(secret, dana.kept.append)  # another process
        assert read(dana) is None
        secret = dana.kept[-1]

    assert token_requests(microsoft) == ["authorization_code"] + 3 * ["refresh_token"]


def test_permissions_that_are_told_as_addresses_are_known_again(
    dana: GraphAccount, microsoft: MicrosoftStandIn, http: Outbound
) -> None:
    microsoft.identity.resource = "https://graph.microsoft.com/"
    microsoft.troubles.exchanges.clear()
    account = signed_in(dana.system, dana.address)

    dana.provider = system_at(microsoft, http).open(account.secret, dana.kept.append)  # another process

    assert read(dana) is None
    assert token_requests(microsoft) == ["authorization_code"]


def test_a_token_that_is_renewed_while_connecting_is_the_one_that_is_stored(
    dana: GraphAccount, microsoft: MicrosoftStandIn, http: Outbound
) -> None:
    microsoft.troubles.add(Trouble("GET", "/me/calendars", status=401))
    account = signed_in(dana.system, dana.address)
    microsoft.identity.expire(dana.address)

    dana.provider = system_at(microsoft, http).open(account.secret, dana.kept.append)  # another process

    assert read(dana) is None


def test_an_older_copy_of_the_secret_does_no_harm_in_the_same_process(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    microsoft.identity.expire(dana.address)
    assert read(dana) is None

    again = dana.system.open(dana.account.secret, dana.kept.append)  # read before the new one was stored
    microsoft.identity.expire(dana.address)
    [own] = again.availability([OWN], WEEK, soon(), default_zone="UTC")

    assert own.error is None


def test_eight_at_once_renew_one_token_once(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.identity.expire(dana.address)
    start = threading.Barrier(8)

    def together() -> CalendarError | None:
        start.wait(5)
        return read(dana)

    with ThreadPoolExecutor(8) as pool:
        errors = [future.result(20) for future in [pool.submit(together) for _ in range(8)]]

    assert errors == [None] * 8
    assert token_requests(microsoft) == ["authorization_code", "refresh_token"]
    assert len(dana.kept) == 1


def test_opening_an_account_waits_for_nobody(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.identity.expire(dana.address)
    microsoft.troubles.add(Trouble(path=TOKEN, seconds=1.0))
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(read, dana)
        while microsoft.troubles.waiting:
            threading.Event().wait(0.005)

        dana.system.open(dana.account.secret, dana.kept.append)

        assert not renewing.done()
    assert renewing.result() is None


def test_a_token_that_could_not_be_stored_is_used_and_stored_later(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    def broken(secret: object) -> None:
        raise OSError("disk full")

    microsoft.identity.expire(dana.address)
    [own] = dana.system.open(dana.account.secret, broken).availability([OWN], WEEK, soon(), default_zone="UTC")
    assert own.error is None

    microsoft.identity.expire(dana.address)
    assert read(dana) is None

    assert len(dana.kept) == 1


# --- shut out ---


@pytest.mark.parametrize(
    ("number", "error"),
    [
        pytest.param("50173", (AuthExpired, "invalid_grant"), id="password changed or access taken away"),
        pytest.param("50076", (AuthExpired, "interaction_required"), id="a second factor is wanted"),
        pytest.param("65001", (ConsentMissing, "consent"), id="consent withdrawn"),
    ],
)
def test_a_grant_that_ended_asks_for_a_reconnect(
    dana: GraphAccount, microsoft: MicrosoftStandIn, number: str, error: tuple[type[CalendarError], str]
) -> None:
    microsoft.identity.refuses[dana.address] = number
    microsoft.identity.expire(dana.address)

    found = read(dana)

    assert (type(found), found.code if found else "") == error
    assert dana.kept == []  # what is stored may have been renewed by another process meanwhile


def test_a_fresh_token_that_is_refused_as_well_asks_for_a_reconnect(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    microsoft.troubles.fail(401, "InvalidAuthenticationToken", path="/v1.0/me/calendarView", times=2)

    found = read(dana)

    assert (type(found), found.code if found else "") == (AuthExpired, "token")
    assert token_requests(microsoft) == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        pytest.param(Trouble(status=500, body=b"<html>sorry</html>"), (Unavailable, "sign_in_500"), id="500"),
        pytest.param(Trouble(status=200, body=b"<html>proxy</html>"), (Unavailable, "sign_in_nonsense"), id="HTML"),
        pytest.param(Trouble(status=200), (Unavailable, "sign_in_nonsense"), id="empty object"),
        pytest.param(Trouble(status=302), (Unavailable, "sign_in_302"), id="redirect"),
        pytest.param(
            Trouble(status=429, headers={"Retry-After": "7"}), (RateLimited, "sign_in_429"), id="too many requests"
        ),
        pytest.param(Trouble(cut=True), (Unavailable, "cut"), id="cut"),
    ],
)
def test_trouble_at_the_token_endpoint_is_no_lost_grant(
    dana: GraphAccount, microsoft: MicrosoftStandIn, trouble: Trouble, error: tuple[type[CalendarError], str]
) -> None:
    microsoft.identity.rotates = False  # the cut answer held a token
    microsoft.identity.expire(dana.address)
    microsoft.troubles.add(replace(trouble, path=TOKEN))

    found = read(dana)

    assert (type(found), found.code if found else "") == error
    assert read(dana) is None  # the next one tries again


def test_a_token_endpoint_that_hangs_is_left_at_the_deadline(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.identity.expire(dana.address)
    microsoft.troubles.add(Trouble(path=TOKEN, hangs=True))

    [own] = dana.provider.availability([OWN], WEEK, Deadline.after(0.5), default_zone="UTC")

    assert isinstance(own.error, DeadlineExceeded)


def test_no_token_and_no_code_is_logged(dana: GraphAccount, microsoft: MicrosoftStandIn, caplog) -> None:
    with caplog.at_level("DEBUG"):
        microsoft.identity.expire(dana.address)
        assert read(dana) is None
        microsoft.identity.revoke(dana.address)
        assert isinstance(read(dana), AuthExpired)

    secrets = [*microsoft.identity.tokens, *microsoft.identity.refreshes, *microsoft.identity.codes]
    assert secrets
    assert [record for record in caplog.records if any(secret in record.getMessage() for secret in secrets)] == []

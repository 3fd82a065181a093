"""Signing in with Google, from the address of its page to a connected account, and tokens afterwards."""

import json
import logging
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest

from sandbox.google_standin.identity import Identity
from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.base import CalendarInfo
from scheduling.calendars.google import sign_in
from scheduling.calendars.google.account import GoogleSystem
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    ConsentMissing,
    Unavailable,
)
from tests.scheduling.calendars.conftest import soon, spec_for
from tests.scheduling.calendars.google_kit import CALLBACK, GoogleAccount, at_the_page, signed_in, system_at

DANA = "dana@reps.example"
TOKEN = "/token"


@pytest.fixture
def people(google):
    google.accounts.add_person(DANA, "Dana Reyes", "Europe/Berlin")
    google.accounts.add_person("sam@reps.example", "Sam Okafor", "Europe/London")
    return google


@pytest.fixture
def system(people):
    return system_at(people)


@pytest.fixture
def account(google):
    return GoogleAccount(google)


# --- the page ---


def test_the_address_asks_for_what_is_needed_with_pkce_offline_and_a_fresh_consent():
    system = GoogleSystem("id-1", "secret-1")

    there = system.begin(CALLBACK, "state-1", DANA)

    address = urlsplit(there.url)
    query = {name: value for name, (value,) in parse_qs(address.query).items()}
    challenge = query.pop("code_challenge")
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://accounts.google.com/o/oauth2/v2/auth"
    assert query == {
        "client_id": "id-1",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email https://www.googleapis.com/auth/calendar.events "
        "https://www.googleapis.com/auth/calendar.calendarlist.readonly "
        "https://www.googleapis.com/auth/calendar.events.freebusy https://www.googleapis.com/auth/calendar.freebusy",
        "state": "state-1",
        "nonce": there.flow["nonce"],
        "access_type": "offline",
        "prompt": "consent",
        "include_granted_scopes": "true",
        "code_challenge_method": "S256",
        "login_hint": DANA,
    }
    assert 43 <= len(there.flow["verifier"]) <= 128
    assert challenge not in there.flow.values()
    assert there.flow["verifier"] not in there.url
    assert "secret-1" not in there.url


def test_each_sign_in_has_a_verifier_and_a_nonce_of_its_own():
    system = GoogleSystem("id-1", "secret-1")

    flows = [system.begin(CALLBACK, "s", None).flow for _ in range(2)]

    assert set(flows[0].values()).isdisjoint(flows[1].values())


def test_coming_back_gives_the_account_with_its_calendars(system, people):
    account = signed_in(system, DANA)

    assert (account.provider, account.account_id, account.label) == ("google", DANA, DANA)
    assert account.calendars == (CalendarInfo(DANA, DANA, "Europe/Berlin", writable=True, primary=True),)
    assert set(account.secret) == {"access_token", "refresh_token", "expires_at", "scopes", "sub"}
    assert account.secret["sub"] == people.accounts.people[DANA].sub
    told = {"https://www.googleapis.com/auth/userinfo.email" if s == "email" else s for s in sign_in.ASKED}
    assert set(account.secret["scopes"].split()) == told


def test_the_account_works_when_it_is_opened_again(system):
    account = signed_in(system, DANA)

    provider = system.open(account.secret, lambda _: None)

    assert provider.list_calendars(soon()) == account.calendars


def test_who_says_no_is_told_so(system):
    with pytest.raises(AccessDenied) as refused:
        signed_in(system, DANA, answer="deny")

    assert refused.value.code == "denied"


@pytest.mark.parametrize(
    ("unticked", "missing"),
    [
        ((sign_in.EVENTS,), ("events",)),
        ((sign_in.CALENDARS,), ("calendars",)),
        ((sign_in.FREE_BUSY, sign_in.OWN_FREE_BUSY), ("free_busy",)),
        (sign_in.ASKED[2:], ("events", "calendars", "free_busy")),
    ],
)
def test_permissions_that_were_unticked_are_named(system, unticked, missing):
    with pytest.raises(ConsentMissing) as refused:
        signed_in(system, DANA, unticked=unticked)

    assert refused.value.missing == missing


@pytest.mark.parametrize("unticked", [(sign_in.FREE_BUSY,), (sign_in.OWN_FREE_BUSY,), ("openid",), ("email",)])
def test_one_of_two_equal_permissions_is_enough_and_the_address_is_not_needed(system, unticked):
    account = signed_in(system, DANA, unticked=unticked)

    assert (account.account_id, account.label) == (DANA, DANA)


def test_a_broad_permission_does_for_all(system):
    assert sign_in.missing_permissions(frozenset({"https://www.googleapis.com/auth/calendar"})) == ()


def test_an_answer_that_does_not_name_scopes_granted_all_of_them():
    assert sign_in.scopes_of({}) == frozenset(sign_in.ASKED)


@pytest.mark.parametrize(
    ("params", "kind", "code"),
    [
        ({"error": "admin_policy_enforced"}, ConsentMissing, "admin_policy_enforced"),
        ({"error": "org_internal"}, ConsentMissing, "org_internal"),
        ({"error": "temporarily_unavailable"}, Unavailable, "sign_in"),
        ({"error": "invalid_scope"}, ConsentMissing, "invalid_scope"),
        ({"error": "redirect_uri_mismatch"}, Unavailable, "misconfigured"),
        ({"error": "<script>"}, Unavailable, "answer"),
        ({}, AuthExpired, "no_code"),
        ({"code": ""}, AuthExpired, "no_code"),
        ({"code": "4/made-up"}, AuthExpired, "invalid_grant"),
    ],
)
def test_what_came_back_without_a_good_code_is_said_by_its_kind(system, params, kind, code):
    flow = system.begin(CALLBACK, "s", None).flow

    with pytest.raises(kind) as refused:
        system.finish(flow, params, CALLBACK, soon())

    assert (type(refused.value), refused.value.code) == (kind, code)


def test_a_code_works_once_with_its_own_verifier_and_its_own_address(system):
    there = system.begin(CALLBACK, "s", DANA)
    other = system.begin(CALLBACK, "s", DANA)
    params = [at_the_page(there.url, DANA) for _ in range(3)]

    system.finish(there.flow, params[0], CALLBACK, soon())
    for flow, sent, callback in (
        (there.flow, params[0], CALLBACK),
        (other.flow, params[1], CALLBACK),
        (there.flow, params[2], f"{CALLBACK}/"),
    ):
        with pytest.raises(AuthExpired):
            system.finish(flow, sent, callback, soon())


def test_an_id_token_of_another_sign_in_is_refused(system):
    there = system.begin(CALLBACK, "s", DANA)

    with pytest.raises(AuthExpired, match="id_token"):
        system.finish({**there.flow, "nonce": "another"}, at_the_page(there.url, DANA), CALLBACK, soon())


def test_an_id_token_for_another_app_is_refused(system, people):
    there = system.begin(CALLBACK, "s", DANA)
    params = at_the_page(there.url, DANA)
    elsewhere = Identity(people.accounts, "another-app", "its-secret", lambda: datetime.now(UTC))
    id_token = elsewhere._id_token(people.accounts.people[DANA], there.flow["nonce"])
    answer = {"access_token": "ya29.x", "refresh_token": "1//x", "id_token": id_token}
    people.troubles.add(Trouble("POST", TOKEN, 1, 200, json.dumps(answer).encode()))

    with pytest.raises(AuthExpired, match="id_token"):
        system.finish(there.flow, params, CALLBACK, soon())


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, b"<html>Welcome</html>", Unavailable, "answer"),
        (200, b"{}", Unavailable, "answer"),
        (200, b"[]", Unavailable, "answer"),
        (200, b'{"access_token": "x"}', Unavailable, "answer"),
        (200, b'{"access_token": 7, "refresh_token": "x"}', Unavailable, "answer"),
        (302, b"", Unavailable, "http_302"),
        (500, b"<html>Error</html>", Unavailable, "http_500"),
        (401, b'{"error": "invalid_client"}', Unavailable, "misconfigured"),
        (400, b'{"error": "unauthorized_client"}', Unavailable, "misconfigured"),
        (400, b"", Unavailable, "answer"),
    ],
)
def test_no_odd_answer_of_the_token_endpoint_connects_an_account(system, people, status, body, kind, code):
    there = system.begin(CALLBACK, "s", DANA)
    params = at_the_page(there.url, DANA)
    people.troubles.add(Trouble("POST", TOKEN, 1, status, body))

    with pytest.raises(kind) as refused:
        system.finish(there.flow, params, CALLBACK, soon())

    assert (type(refused.value), refused.value.code) == (kind, code)


def test_a_wrong_client_secret_is_loud_in_the_log_and_no_secret_is_in_it(people, caplog):
    system = GoogleSystem(people.client_id, "canary-secret", people.api_url, people.auth_url, people.token_url)
    there = system.begin(CALLBACK, "s", DANA)

    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable, match="misconfigured"):
        system.finish(there.flow, at_the_page(there.url, DANA), CALLBACK, soon())

    loud = [(r.levelname, r.message, r.reason) for r in caplog.records if r.name.startswith("scheduling")]
    assert loud == [("ERROR", "google_misconfigured", "invalid_client")]
    assert "canary" not in caplog.text


def test_neither_code_nor_token_nor_address_is_logged_by_anybody(system, caplog):
    there = system.begin(CALLBACK, "s", DANA)
    params = at_the_page(there.url, DANA)

    with caplog.at_level(logging.DEBUG):
        account = system.finish(there.flow, params, CALLBACK, soon())
        provider = system.open(account.secret, lambda _: None)
        provider.find_event(spec_for(account.calendars[0].id), soon())

    tokens = (account.secret["access_token"], account.secret["refresh_token"])
    for canary in (params["code"], *tokens, DANA, quote(DANA, safe="")):
        assert canary not in caplog.text


def test_the_operators_check_tells_a_good_secret_from_a_wrong_one(people, system):
    wrong = GoogleSystem(people.client_id, "wrong", people.api_url, people.auth_url, people.token_url)

    system.check(CALLBACK, soon())
    with pytest.raises(Unavailable, match="misconfigured"):
        wrong.check(CALLBACK, soon())


def test_the_stand_in_says_that_it_is_none_of_googles(system):
    page = httpx2.get(system.begin(CALLBACK, "s", DANA).url, trust_env=False).text

    assert "This is a local stand-in for Google" in page
    assert f'<option value="{DANA}" selected>' in page


# --- giving access back ---


def test_access_is_given_back_and_giving_it_back_again_is_fine(account):
    account.provider.list_calendars(soon())

    account.system.revoke(account.secret, soon())
    account.system.revoke(account.secret, soon())

    with pytest.raises(AuthExpired, match="invalid_grant"):
        account.system.open(account.secret, account.kept.append).list_calendars(soon())


def test_access_that_could_not_be_given_back_is_said(account, google):
    google.troubles.add(Trouble("POST", "/revoke", 1, 500, b"oops"))

    with pytest.raises(Unavailable, match="http_500"):
        account.system.revoke(account.secret, soon())

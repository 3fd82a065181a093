"""Signing in with Microsoft over the real msal, staying signed in, and being shut out."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.troubles import Trouble
from scheduling.calendars.base import OWN, Deadline
from scheduling.calendars.graph import MicrosoftSystem
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    CalendarError,
    ConsentMissing,
    DeadlineExceeded,
    RateLimited,
    Refused,
    Unavailable,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import WEEK, loopback, soon
from tests.scheduling.calendars.graph_kit import CALLBACK, GraphAccount, at_the_page, signed_in, system_at

DANA = "dana@acme.example"
TOKEN = "/oauth2/v2.0/token"


@pytest.fixture
def system(microsoft: MicrosoftStandIn, http: Outbound) -> MicrosoftSystem:
    microsoft.add_person(DANA, "Dana Reyes")
    return system_at(microsoft, http)


@pytest.fixture
def dana(microsoft: MicrosoftStandIn, http: Outbound) -> GraphAccount:
    return GraphAccount(microsoft, http)


def told(action: Callable[[], object]) -> tuple[type[CalendarError], str]:
    with pytest.raises(CalendarError) as caught:
        action()
    return type(caught.value), caught.value.code


def read(account: GraphAccount) -> CalendarError | None:
    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="UTC")
    return own.error


def token_requests(standin: MicrosoftStandIn) -> list[str]:
    """The grant types that were asked for."""
    asked = [e for e in standin.troubles.exchanges if e.path.endswith(TOKEN)]
    return [parse_qs(exchange.sent.decode())["grant_type"][0] for exchange in asked]


# --- the way there and back ---


def test_the_sign_in_page_is_asked_with_state_pkce_and_the_least_scopes(system: MicrosoftSystem) -> None:
    there = system.begin(CALLBACK, "state-1", DANA)

    query = {name: values[0] for name, values in parse_qs(urlsplit(there.url).query).items()}
    assert query["state"] == "state-1"
    assert query["redirect_uri"] == CALLBACK
    assert (query["response_mode"], query["response_type"]) == ("form_post", "code")
    assert query["code_challenge_method"] == "S256"
    assert query["login_hint"] == DANA
    assert set(query["scope"].split()) == {"Calendars.ReadWrite", "offline_access", "openid", "profile"}
    assert there.flow.keys() == {"msal"}
    assert json.loads(there.flow["msal"])["code_verifier"] not in there.url


def test_the_page_says_that_it_is_a_stand_in(system: MicrosoftSystem, microsoft: MicrosoftStandIn) -> None:
    at_the_page(system.begin(CALLBACK, "state-1", DANA).url, DANA)

    page = next(e for e in microsoft.troubles.exchanges if e.path.endswith("/authorize"))
    assert b"local stand-in for Microsoft" in page.answered


def test_who_allows_is_connected_with_the_calendars_there(system: MicrosoftSystem, microsoft: MicrosoftStandIn) -> None:
    microsoft.add_calendar(DANA, "Birthdays", editable=False)

    account = signed_in(system, DANA)

    assert (account.provider, account.account_id, account.label) == ("microsoft", DANA, DANA)
    assert [(c.name, c.primary, c.writable, c.counts_as_busy) for c in account.calendars] == [
        ("Calendar", True, True, True),
        ("Birthdays", False, False, False),
    ]


def test_who_denies_is_not_connected(system: MicrosoftSystem) -> None:
    there = system.begin(CALLBACK, "state-1", DANA)
    params = at_the_page(there.url, DANA, "deny")

    assert told(lambda: system.finish(there.flow, params, CALLBACK, soon())) == (AccessDenied, "denied")


def test_where_an_administrator_must_agree_the_link_for_that_is_given(
    system: MicrosoftSystem, microsoft: MicrosoftStandIn
) -> None:
    microsoft.identity.refuses_sign_in[DANA] = "90094"

    with pytest.raises(ConsentMissing) as caught:
        signed_in(system, DANA)

    link = urlsplit(caught.value.admin_url or "")
    assert caught.value.code == "admin_consent"
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{microsoft.authority}/v2.0/adminconsent"
    assert parse_qs(link.query) == {
        "client_id": [microsoft.client_id],
        "redirect_uri": [CALLBACK],
        "scope": ["https://graph.microsoft.com/Calendars.ReadWrite"],
    }


@pytest.mark.parametrize(
    ("scope", "told_as"),
    [("Calendars.ReadWrite", ("scope", ("events",))), ("offline_access", ("offline", ("offline",)))],
)
def test_a_permission_that_was_not_granted_is_named(
    system: MicrosoftSystem, microsoft: MicrosoftStandIn, scope: str, told_as: tuple[str, tuple[str, ...]]
) -> None:
    microsoft.identity.withheld.add(scope)

    with pytest.raises(ConsentMissing) as caught:
        signed_in(system, DANA)

    assert (caught.value.code, caught.value.missing) == told_as


def test_a_code_works_once(system: MicrosoftSystem) -> None:
    there = system.begin(CALLBACK, "state-1", DANA)
    params = at_the_page(there.url, DANA)
    system.finish(there.flow, params, CALLBACK, soon())

    assert told(lambda: system.finish(there.flow, params, CALLBACK, soon())) == (AuthExpired, "invalid_grant")


def test_an_answer_for_another_state_or_another_verifier_is_refused(system: MicrosoftSystem) -> None:
    mine, other = system.begin(CALLBACK, "state-1", DANA), system.begin(CALLBACK, "state-2", DANA)
    params = at_the_page(mine.url, DANA)

    assert told(lambda: system.finish(other.flow, params, CALLBACK, soon())) == (AuthExpired, "state")
    moved = {**params, "state": "state-2"}
    assert told(lambda: system.finish(other.flow, moved, CALLBACK, soon())) == (AuthExpired, "invalid_grant")


def test_an_identity_for_another_sign_in_is_refused(system: MicrosoftSystem) -> None:
    there = system.begin(CALLBACK, "state-1", DANA)
    params = at_the_page(there.url, DANA)
    flow = {"msal": json.dumps({**json.loads(there.flow["msal"]), "nonce": "another"})}

    assert told(lambda: system.finish(flow, params, CALLBACK, soon())) == (AuthExpired, "identity")


def test_a_mailbox_on_a_companys_own_server_is_told_apart(microsoft: MicrosoftStandIn, http: Outbound) -> None:
    microsoft.add_person("noa@acme.example", "Noa Levi", in_cloud=False)

    assert told(lambda: signed_in(system_at(microsoft, http), "noa@acme.example")) == (Refused, "use_exchange")


def test_a_wrong_client_secret_waits_for_the_operator(microsoft: MicrosoftStandIn, http: Outbound) -> None:
    microsoft.add_person(DANA, "Dana Reyes")
    wrong = MicrosoftSystem(http, microsoft.client_id, "wrong", microsoft.authority, microsoft.graph_url)

    assert told(lambda: signed_in(wrong, DANA)) == (Unavailable, "invalid_client")


def test_a_stand_in_with_a_certificate_of_its_own_works_the_same(certificates: trustme.CA, tmp_path: Path) -> None:
    issued = certificates.issue_cert("localhost")
    chain, key, trusted = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    issued.cert_chain_pems[0].write_to_path(str(chain))
    issued.private_key_pem.write_to_path(str(key))
    certificates.cert_pem.write_to_path(str(trusted))
    trusting = Outbound(frozenset({"localhost"}), trusted, resolver=loopback)
    knowing_nobody = Outbound(frozenset({"localhost"}), resolver=loopback)
    browser = ssl.create_default_context(cafile=trusted)

    with MicrosoftStandIn.start(host="localhost", certificate=(chain, key)) as standin:
        standin.add_person(DANA, "Dana Reyes")
        account = signed_in(system_at(standin, trusting), DANA, verify=browser)
        refused = told(lambda: system_at(standin, knowing_nobody).begin(CALLBACK, "state-1", None))
        trusting.close()
        knowing_nobody.close()

    assert (account.label, refused) == (DANA, (Refused, "tls_certificate"))


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


def test_an_authority_that_is_none_is_told_apart_from_trouble(microsoft: MicrosoftStandIn, http: Outbound) -> None:
    elsewhere = MicrosoftSystem(
        http, microsoft.client_id, microsoft.client_secret, f"{microsoft.graph_url}/nowhere", microsoft.graph_url
    )

    assert told(lambda: elsewhere.check(soon())) == (Unavailable, "sign_in_404")
    system_at(microsoft, http).check(soon())


# --- what stays hidden, what stays out ---


def test_no_token_and_no_code_is_logged(dana: GraphAccount, microsoft: MicrosoftStandIn, caplog) -> None:
    with caplog.at_level("DEBUG"):
        microsoft.identity.expire(dana.address)
        assert read(dana) is None
        microsoft.identity.revoke(dana.address)
        assert isinstance(read(dana), AuthExpired)

    secrets = [*microsoft.identity.tokens, *microsoft.identity.refreshes, *microsoft.identity.codes]
    assert secrets
    assert [record for record in caplog.records if any(secret in record.getMessage() for secret in secrets)] == []


def test_opening_a_system_imports_no_msal(http: Outbound) -> None:
    script = """
import sys
from scheduling.calendars import system_class
from scheduling.outbound import Outbound
system = system_class("microsoft")(Outbound(), "id", "secret", "https://login.microsoftonline.com/x", "https://g.example/v1.0")
system.open({"id": "1", "tenant": "t", "cache": "", "account": "", "user": "", "version": "1"}, print)
import bot, web, composition
print("msal" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout == "False\n"

"""Signing in with Microsoft over the real msal, staying signed in, and being shut out."""

import json
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import trustme

from sandbox.microsoft_standin import MicrosoftStandIn
from scheduling.calendars.graph.account import MicrosoftSystem
from scheduling.calendars.graph.errors import sign_in_error
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    CalendarError,
    ConsentMissing,
    Refused,
    Unavailable,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import loopback, soon
from tests.scheduling.calendars.graph_kit import CALLBACK, at_the_page, signed_in, system_at

DANA = "dana@acme.example"


@pytest.fixture
def system(microsoft: MicrosoftStandIn, http: Outbound) -> MicrosoftSystem:
    microsoft.add_person(DANA, "Dana Reyes")
    return system_at(microsoft, http)


def told(action: Callable[[], object]) -> tuple[type[CalendarError], str]:
    with pytest.raises(CalendarError) as caught:
        action()
    return type(caught.value), caught.value.code


# --- refusals ---


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (None, (AuthExpired, "no_grant")),
        ({}, (Unavailable, "sign_in_nonsense")),
        ({"error": "invalid_grant", "error_codes": [700082]}, (AuthExpired, "invalid_grant")),
        ({"error": "login_required"}, (AuthExpired, "login_required")),
        ({"error": "invalid_grant", "error_codes": [65001]}, (ConsentMissing, "consent")),
        ({"error": "invalid_grant", "suberror": "consent_required"}, (ConsentMissing, "consent")),
        ({"error": "access_denied", "error_description": "AADSTS90094: x"}, (ConsentMissing, "admin_consent")),
        ({"error": "access_denied", "error_description": "AADSTS65004: x"}, (AccessDenied, "denied")),
        ({"error": "temporarily_unavailable"}, (Unavailable, "temporarily_unavailable")),
        ({"error": "invalid_client", "error_codes": [7000222]}, (Unavailable, "invalid_client")),
        ({"error": "invalid_scope", "error_codes": "odd"}, (Refused, "invalid_scope")),
        ({"error": "dana@acme.example"}, (Refused, "sign_in")),
    ],
)
def test_microsofts_refusals_are_told_apart(result: object, error: tuple[type[CalendarError], str]) -> None:
    found = sign_in_error(result, None)

    assert (type(found), found.code) == error


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


def test_the_page_answers_in_the_address_where_no_form_is_wanted(system: MicrosoftSystem) -> None:
    there = system.begin(CALLBACK, "state-1", DANA)

    params = at_the_page(there.url.replace("response_mode=form_post", "response_mode=query"), DANA)

    assert system.finish(there.flow, params, CALLBACK, soon()).label == DANA


def test_the_page_sends_nobody_to_an_address_that_is_not_registered(
    system: MicrosoftSystem, microsoft: MicrosoftStandIn
) -> None:
    microsoft.identity.redirect_uri = "https://elsewhere.example/callback"

    page = httpx2.get(system.begin(CALLBACK, "state-1", DANA).url, trust_env=False)

    assert (page.status_code, "AADSTS50011" in page.text) == (400, True)


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


def test_an_authority_that_is_none_is_told_apart_from_trouble(microsoft: MicrosoftStandIn, http: Outbound) -> None:
    elsewhere = MicrosoftSystem(
        http, microsoft.client_id, microsoft.client_secret, f"{microsoft.graph_url}/nowhere", microsoft.graph_url
    )

    assert told(lambda: elsewhere.check(soon())) == (Unavailable, "sign_in_404")
    system_at(microsoft, http).check(soon())


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

"""Connecting an Exchange mailbox: finding its server, signing in once, and which addresses are never called."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest
import trustme

from sandbox.exchange_standin import ExchangeStandin, Fault
from scheduling.calendars import REGISTRY, system_class
from scheduling.calendars.base import OWN, CalendarInfo, Deadline
from scheduling.calendars.ews.discovery import first_addresses
from scheduling.calendars.ews.system import ExchangeSystem, chosen
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    DeadlineExceeded,
    EventMissing,
    RateLimited,
    Refused,
    Unsupported,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import WEEK, soon
from tests.scheduling.calendars.ews_kit import PASSWORD, add_dana, company, connected, finding, refusal
from tests.scheduling.calendars.odd_account import HTML
from tests.scheduling.calendars.odd_server import OddServer, Reply


def standin_with(offers: tuple[str, ...], exchange: ExchangeStandin) -> ExchangeStandin:
    exchange.signing.offers = offers
    return exchange


@pytest.fixture(autouse=True)
def _offers_again(exchange: ExchangeStandin) -> Iterator[None]:
    before = exchange.signing.offers
    yield
    exchange.signing.offers = before


# --- signing in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offers", "auth"),
    [(("Basic",), "basic"), (("NTLM",), "NTLM"), (("Negotiate",), "NTLM"), (("Negotiate", "NTLM", "Basic"), "basic")],
    ids=["basic", "ntlm", "negotiate", "all, on this computer"],
)
def test_each_way_to_sign_in_connects_and_is_remembered(offers, auth, exchange: ExchangeStandin, http: Outbound):
    account = connected(standin_with(offers, exchange), http)

    calendar = exchange.directory.mailboxes[account.account_id].calendar_id
    assert account.calendars == (CalendarInfo(calendar, "Calendar", zone=None, writable=True, primary=True),)
    assert (account.provider, account.label) == ("exchange", account.account_id)
    assert {name: account.secret[name] for name in ("endpoint", "auth", "build")} == {
        "endpoint": exchange.ews_url,
        "auth": auth,
        "build": "15.2.1544.4",
    }


def test_a_person_without_a_windows_name_signs_in_with_the_address(exchange: ExchangeStandin, http: Outbound):
    for offers in (("Basic",), ("NTLM",)):
        dana = add_dana(standin_with(offers, exchange))
        dana.user_name = dana.address

        account = connected(exchange, http, email=dana.address, user_name="", password=PASSWORD)

        assert account.secret["user_name"] == dana.address


@pytest.mark.parametrize("offers", [("Basic",), ("NTLM",), ("NTLM", "Basic"), ("Negotiate",)], ids="+".join)
def test_a_wrong_password_is_tried_once(offers: tuple[str, ...], exchange: ExchangeStandin, http: Outbound):
    standin = standin_with(offers, exchange)

    assert refusal(lambda: connected(standin, http, password="wrong")) == (AuthExpired, "password")
    assert standin.signing.refused == 1


def test_a_password_that_changed_later_is_tried_once_too_and_asks_to_reconnect(exchange: ExchangeStandin, http):
    for offers in (("Basic",), ("NTLM",)):
        account = connected(standin_with(offers, exchange), http)
        exchange.directory.mailboxes[account.account_id].password = "new"
        exchange.signing.refused = 0

        [own] = ExchangeSystem(http).open(account.secret, dict).availability([OWN], WEEK, soon(), default_zone="UTC")

        assert (type(own.error), own.error and own.error.code) == (AuthExpired, "password")
        assert exchange.signing.refused == 1


def test_a_refused_password_whose_connection_is_closed_is_no_busy_server(exchange: ExchangeStandin, http: Outbound):
    account = connected(exchange, http)
    exchange.faults.append(Fault(status=401, headers={"connection": "close", "www-authenticate": "Basic"}, times=9))

    [own] = ExchangeSystem(http).open(account.secret, dict).availability([OWN], WEEK, soon(), default_zone="UTC")

    assert isinstance(own.error, AuthExpired)


def test_opening_calls_nothing(exchange: ExchangeStandin, http: Outbound):
    account = connected(exchange, http)
    before = exchange.requests

    system_class("exchange")(http, None).open(account.secret, dict)

    assert exchange.requests == before


def test_somebody_elses_mailbox_is_not_connected(exchange: ExchangeStandin, http: Outbound):
    assert refusal(lambda: connected(exchange, http, email="sam@acme.example")) == (AccessDenied, "access_denied")
    assert refusal(lambda: connected(exchange, http, email="nobody@acme.example")) == (
        EventMissing,
        "non_existent_mailbox",
    )


@pytest.mark.parametrize(
    ("offer", "url", "auth"),
    [
        ("Negotiate, NTLM, Basic realm=x", "https://mail.example/", "basic"),
        ("Negotiate, NTLM, Basic realm=x", "http://mail.example/", "NTLM"),
        ("NTLM", "https://mail.example/", "NTLM"),
        ('Bearer realm="x", Basic realm="x"', "https://mail.example/", "basic"),
        ("", "https://mail.example/", "basic"),
    ],
    ids=["basic over TLS", "ntlm without", "ntlm alone", "basic beside bearer", "nothing said"],
)
def test_the_way_to_sign_in_is_chosen_once(offer: str, url: str, auth: str):
    assert chosen(offer, url) == auth


@pytest.mark.parametrize(("offer", "code"), [("Bearer x", "modern_auth"), ("Digest nonce=x", "digest")])
def test_ways_that_we_do_not_have_are_named(offer: str, code: str):
    assert refusal(lambda: chosen(offer, "https://mail.example/")) == (Unsupported, code)


# --- TLS --------------------------------------------------------------------------------------------------------


@pytest.fixture
def protected(certificates: trustme.CA, tmp_path: Path) -> Iterator[ExchangeStandin]:
    issued = certificates.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    for pem in issued.cert_chain_pems:
        pem.write_to_path(str(chain), append=True)
    issued.private_key_pem.write_to_path(str(key))
    with ExchangeStandin(company(), tls=(chain, key), extended_protection=True) as standin:
        yield standin


def test_over_tls_both_ways_work_and_ntlm_is_bound_to_the_connection(protected: ExchangeStandin, http: Outbound):
    for offers, auth in ((("NTLM", "Basic"), "basic"), (("NTLM",), "NTLM")):
        protected.signing.offers = offers

        assert connected(protected, http).secret["auth"] == auth


def test_a_binding_to_another_certificate_is_refused(protected: ExchangeStandin, http: Outbound):
    """The server sees a proxy that ends TLS: the control that must fail."""
    protected.signing.offers, protected.signing.binding = ("NTLM",), b"another"

    assert refusal(lambda: connected(protected, http)) == (AuthExpired, "password")


def test_an_unknown_certificate_is_refused_before_any_password(protected: ExchangeStandin):
    stranger = Outbound(frozenset({"127.0.0.1"}))

    assert refusal(lambda: connected(protected, stranger)) == (Refused, "tls_certificate")
    assert protected.requests == 0


# --- finding the server -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xml", "svc"])
def test_a_server_is_found_by_the_address_alone(kind: str, exchange: ExchangeStandin, http: Outbound):
    dana = add_dana(exchange)
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD, "server": ""}

    account = finding(exchange, http, kind).connect(typed, soon())

    assert account.secret["endpoint"] == exchange.ews_url


@pytest.mark.parametrize("kind", ["xml", "svc"])
def test_a_wrong_password_ends_the_search(kind: str, exchange: ExchangeStandin, http: Outbound):
    dana = add_dana(exchange)
    typed = {"email": dana.address, "user_name": dana.user_name, "password": "wrong"}
    urls = [f"{exchange.origin}/autodiscover/autodiscover.{each}" for each in (kind, "xml", "svc")]

    refused = refusal(lambda: ExchangeSystem(http, addresses=lambda _: urls, hints=()).connect(typed, soon()))

    assert (refused, exchange.signing.refused) == ((AuthExpired, "password"), 1)


def test_the_domains_own_host_is_asked_before_the_domain():
    assert list(first_addresses("Dana@Acme.example")) == [
        "https://autodiscover.acme.example/autodiscover/autodiscover.xml",
        "https://autodiscover.acme.example/autodiscover/autodiscover.svc",
        "https://acme.example/autodiscover/autodiscover.xml",
        "https://acme.example/autodiscover/autodiscover.svc",
    ]


def test_a_redirect_to_another_address_or_host_is_followed(exchange: ExchangeStandin, http: Outbound):
    dana = add_dana(exchange)
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD}
    with ExchangeStandin(exchange.directory) as elsewhere:
        for kind in ("xml", "svc"):
            for redirect in ({"url": f"{exchange.origin}/autodiscover/autodiscover.xml"}, {"address": "x@b.example"}):
                elsewhere.redirects = redirect
                urls = {dana.address: elsewhere, "x@b.example": exchange}
                system = ExchangeSystem(
                    http,
                    addresses=lambda email, kind=kind, urls=urls: [
                        f"{urls[email].origin}/autodiscover/autodiscover.{kind}"
                    ],
                    hints=(),
                )

                assert system.connect(typed, soon()).secret["endpoint"] == exchange.ews_url


def test_a_search_in_circles_ends(exchange: ExchangeStandin, http: Outbound):
    dana = add_dana(exchange)
    exchange.redirects = {"url": f"{exchange.origin}/autodiscover/autodiscover.svc"}
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD}

    assert refusal(lambda: finding(exchange, http).connect(typed, soon())) == (EventMissing, "autodiscover")
    assert exchange.autodiscovered <= 2


def test_nobody_who_knows_the_address_is_told_apart_from_a_wrong_password(http: Outbound, odd: OddServer):
    odd.script("POST", Reply(404))
    typed = {"email": "dana@acme.example", "password": "x"}
    urls = ["https://autodiscover.nowhere.invalid/autodiscover/autodiscover.xml", f"{odd.url}autodiscover/x.xml"]

    def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError(host)

    door = Outbound(frozenset({"127.0.0.1"}), resolver=nowhere)
    system = ExchangeSystem(door, addresses=lambda _: urls, canonical=lambda host: host, hints=())

    assert refusal(lambda: system.connect(typed, soon())) == (EventMissing, "autodiscover")


# --- what is typed, and what answers ------------------------------------------------------------------------------


def test_a_server_is_understood_as_people_write_it(exchange: ExchangeStandin, http: Outbound):
    for typed in ("", "/", "/owa/", "/owa/auth/logon.aspx?x=1", "/EWS/Exchange.asmx", "/ecp"):
        assert connected(exchange, http, server=exchange.origin + typed).secret["endpoint"] == exchange.ews_url


def test_the_operators_server_is_the_only_one(exchange: ExchangeStandin, http: Outbound):
    dana = add_dana(exchange)
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD, "server": "https://evil.example"}

    account = ExchangeSystem(http, exchange.ews_url).connect(typed, soon())

    assert account.secret["endpoint"] == exchange.ews_url


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(404), (EventMissing, "not_exchange")),
        (HTML, (EventMissing, "not_exchange")),
        (Reply(200, b"{}"), (EventMissing, "not_exchange")),
        (Reply(405), (EventMissing, "not_exchange")),
        (Reply(503, b"", {"Retry-After": "7"}), (RateLimited, "http_503")),
        (Reply(401, b"", {"WWW-Authenticate": "Bearer x"}), (Unsupported, "modern_auth")),
    ],
    ids=["404", "a web page", "JSON", "405", "busy", "modern authentication"],
)
def test_what_is_no_exchange_server_is_named(reply: Reply, error, odd: OddServer, http: Outbound):
    odd.script("POST", reply)
    typed = {"email": "dana@acme.example", "user_name": "dana", "password": "x", "server": odd.url}

    assert refusal(lambda: ExchangeSystem(http).connect(typed, soon())) == error


def test_a_server_that_never_answers_costs_no_more_than_the_deadline(exchange: ExchangeStandin, http: Outbound):
    exchange.faults.append(Fault(hang=Event()))

    dana = add_dana(exchange)
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD, "server": exchange.ews_url}

    assert refusal(lambda: ExchangeSystem(http).connect(typed, Deadline.after(1))) == (DeadlineExceeded, "cut")


def test_doctor_sees_whether_it_is_an_exchange_server(exchange: ExchangeStandin, http: Outbound):
    ExchangeSystem(http, exchange.ews_url).check(soon())

    assert exchange.signing.refused == 0
    assert refusal(lambda: ExchangeSystem(http, f"{exchange.origin}/other.asmx").check(soon())) == (
        EventMissing,
        "not_exchange",
    )


def test_exchange_stands_between_microsoft_and_icloud():
    order = list(REGISTRY)

    assert order.index("microsoft") < order.index("exchange") < order.index("icloud")

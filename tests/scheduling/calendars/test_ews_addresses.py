"""Which addresses an Exchange server, its Autodiscover and its redirects may never make us call.

The ids B58 to B66 are those of the list of bad inputs that every user-entered server is held against.
"""

from threading import Event

import pytest

from sandbox.exchange_standin import ExchangeStandin
from scheduling.calendars.ews import discovery as ews_discovery
from scheduling.calendars.ews.discovery import canonical_name
from scheduling.calendars.ews.hints import plain_redirect
from scheduling.calendars.ews.system import ExchangeSystem
from scheduling.errors import AccessDenied, HostRefused, Unsupported
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import soon
from tests.scheduling.calendars.ews_kit import PASSWORD, add_dana, finding, refusal
from tests.scheduling.calendars.odd_server import OddServer, Reply

ADDRESSES = [
    pytest.param("http://169.254.169.254/", "scheme", id="B58 link-local"),
    pytest.param("https://127.0.0.1:8443/", "private", id="B59 loopback"),
    pytest.param("https://[::ffff:10.0.0.1]/", "private", id="B60 mapped"),
    pytest.param("https://2130706433/", "malformed", id="B61 decimal"),
    pytest.param("https://0x7f.1/", "malformed", id="B61 hexadecimal"),
    pytest.param("https://rebind.example/", "private", id="B62 a name that leads inside"),
    pytest.param("file:///etc/passwd", "scheme", id="B64 file"),
    pytest.param("gopher://mail.example/", "scheme", id="B64 gopher"),
    pytest.param("https://user:pw@mail.example/", "userinfo", id="B65"),
    pytest.param(f"https://{'a' * 300}.example/", "malformed", id="B66 host of 300"),
    pytest.param("https://mail.example:70000/", "malformed", id="B66 port"),
]


def strict() -> Outbound:
    """The policy of an operator who allows nothing private; every name leads inside."""
    return Outbound(resolver=lambda host, port: ("10.0.0.5",))


@pytest.mark.parametrize(("url", "reason"), ADDRESSES)
def test_a_server_that_must_not_be_called_is_not(url: str, reason: str):
    typed = {"email": "dana@acme.example", "user_name": "dana", "password": "x", "server": url}

    assert refusal(lambda: ExchangeSystem(strict()).connect(typed, soon())) == (HostRefused, reason)


def test_a_domain_whose_autodiscover_leads_inside_is_not_asked():
    typed = {"email": "dana@acme.example", "user_name": "dana", "password": "x"}
    system = ExchangeSystem(strict(), canonical=lambda host: host, hints=(plain_redirect,))

    assert refusal(lambda: system.connect(typed, soon())) == (HostRefused, "private")


@pytest.mark.parametrize("kind", ["http", "url"])
@pytest.mark.parametrize(("url", "reason"), ADDRESSES)
def test_b63_autodiscover_sends_nobody_inside(url, reason, kind, exchange: ExchangeStandin):
    dana = add_dana(exchange)
    exchange.redirects = {kind: url}
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD}
    only_it = Outbound(frozenset({f"127.0.0.1:{exchange.port}"}), resolver=lambda host, port: ("10.0.0.5",))

    assert refusal(lambda: finding(exchange, only_it).connect(typed, soon())) == (HostRefused, reason)


@pytest.mark.parametrize(("url", "reason"), ADDRESSES)
def test_b63_an_endpoint_that_autodiscover_names_is_judged_too(url: str, reason: str, exchange: ExchangeStandin):
    dana = add_dana(exchange)
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD}

    class Elsewhere(ExchangeStandin):
        ews_url = url

    with Elsewhere(exchange.directory) as standin:
        allowed = Outbound(frozenset({f"127.0.0.1:{standin.port}"}), resolver=lambda host, port: ("10.0.0.5",))
        assert refusal(lambda: finding(standin, allowed).connect(typed, soon())) == (HostRefused, reason)


def test_b63_the_service_sends_nobody_inside(odd: OddServer):
    odd.script("POST", Reply(302, b"", {"Location": "http://10.0.0.5/"}))
    typed = {"email": "dana@acme.example", "user_name": "dana", "password": "x", "server": odd.url}
    only_it = Outbound(frozenset({odd.url.split("/")[2]}))

    assert refusal(lambda: ExchangeSystem(only_it).connect(typed, soon())) == (HostRefused, "scheme")


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/EWS/Exchange.asmx"),
        ("ews/", "/EWS/Exchange.asmx"),
        ("owa/auth/logon.aspx", "/EWS/Exchange.asmx"),
        ("mail/service", "/mail/service"),
        ("ews/exchange.asmx", "/ews/exchange.asmx"),
    ],
)
def test_the_operators_service_may_have_a_path_of_its_own(odd: OddServer, http: Outbound, path: str, asked: str):
    odd.script("POST", Reply(401, b"", {"WWW-Authenticate": "Basic"}))

    ExchangeSystem(http, f"{odd.url}{path}").check(soon())

    assert [requested for _, requested, _ in odd.requests] == [asked]


def test_the_password_follows_no_redirect_to_another_site(odd: OddServer, http: Outbound):
    odd.script("POST", Reply(302, b"", {"Location": "https://elsewhere.example/EWS/Exchange.asmx"}))
    typed = {"email": "dana@acme.example", "user_name": "dana", "password": "x", "server": odd.url}

    assert refusal(lambda: ExchangeSystem(http).connect(typed, soon())) == (AccessDenied, "redirect")


# --- Exchange Online --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "dana@acme.onmicrosoft.com"},
        {"email": "dana@outlook.com"},
        {"email": "dana@acme.example", "server": "outlook.office365.com"},
        {"email": "dana@acme.example", "server": "https://OUTLOOK.office365.com./EWS/Exchange.asmx"},
        {"email": "dana@acme.example", "server": "eur.outlook.com"},
    ],
    ids=lambda fields: " ".join(fields.values()),
)
def test_microsofts_cloud_is_connected_as_office_365(fields: dict[str, str]):
    typed = {"user_name": "", "password": "x", "server": ""} | fields

    assert refusal(lambda: ExchangeSystem(strict()).connect(typed, soon())) == (Unsupported, "office365")


def test_a_domain_whose_autodiscover_is_an_alias_of_the_clouds_says_so():
    """Its certificate is for the cloud's name, so it answers nobody over https; DNS tells where it leads."""
    typed = {"email": "dana@acme.example", "user_name": "", "password": "x"}
    aliases = {"autodiscover.acme.example": "atod-g2.tm-4.office.com"}
    system = ExchangeSystem(strict(), canonical=lambda host: aliases.get(host, ""), hints=())

    assert refusal(lambda: system.connect(typed, soon())) == (Unsupported, "office365")


def test_the_true_name_of_a_host_is_looked_up_and_never_waited_for_long(monkeypatch: pytest.MonkeyPatch):
    release = Event()
    found = canonical_name("127.0.0.1")
    monkeypatch.setattr(ews_discovery, "CANONICAL_SECONDS", 0.05)
    monkeypatch.setattr(
        ews_discovery.socket, "getaddrinfo", lambda *_args, **_more: release.wait(5) and [(0, 0, 0, "late", ())]
    )

    hanging = canonical_name("slow.example")
    release.set()

    assert (found, hanging) == ("127.0.0.1", "")


@pytest.mark.parametrize(
    "redirect",
    [
        {"http": "https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml"},
        {"url": "https://outlook.office365.com/autodiscover/autodiscover.xml"},
        {"address": "dana@acme.mail.onmicrosoft.com"},
    ],
    ids=["http redirect", "redirectUrl", "redirectAddr"],
)
def test_autodiscover_that_leads_to_the_cloud_says_so(redirect, exchange: ExchangeStandin, http: Outbound):
    dana = add_dana(exchange)
    exchange.redirects = redirect
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD}

    assert refusal(lambda: finding(exchange, http).connect(typed, soon())) == (Unsupported, "office365")


@pytest.mark.parametrize(("url", "reason"), ADDRESSES)
def test_b63_a_chain_of_redirects_leads_nobody_inside_and_strangers_get_no_password(
    url: str, reason: str, exchange: ExchangeStandin, odd: OddServer
):
    dana = add_dana(exchange)
    exchange.redirects = {"url": f"{odd.url}autodiscover/autodiscover.xml"}
    odd.script("POST", Reply(307, b"", {"Location": url}))
    typed = {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD}
    ours = frozenset({f"127.0.0.1:{exchange.port}", odd.url.split("/")[2]})
    door = Outbound(ours, resolver=lambda host, port: ("10.0.0.5",))

    assert refusal(lambda: finding(exchange, door).connect(typed, soon())) == (HostRefused, reason)
    assert [(method, "Authorization" in headers) for method, _, headers in odd.requests] == [("POST", False)]

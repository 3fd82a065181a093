"""What plain http and DNS say of a mail domain: followed, but never believed with the password in hand (B58 to B66)."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from functools import partial

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from sandbox.exchange_standin import ExchangeStandin
from scheduling.calendars.base import Deadline
from scheduling.calendars.ews import hints
from scheduling.calendars.ews.hints import Hint, servers_of, service_record
from scheduling.calendars.ews.system import ExchangeSystem
from scheduling.errors import EventMissing, HostRefused, Unsupported
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import soon
from tests.scheduling.calendars.ews_kit import PASSWORD, add_dana, refusal
from tests.scheduling.calendars.odd_server import OddServer, Reply
from tests.scheduling.calendars.test_ews_addresses import ADDRESSES

DOMAIN = "acme.example"
ASKED = f"_autodiscover._tcp.{DOMAIN}."


def only(*servers: str) -> Outbound:
    """The policy of an operator who vouches for these; every other name leads inside."""
    return Outbound(frozenset(server.split("/")[2] for server in servers), resolver=lambda host, port: ("10.0.0.5",))


def naming(*urls: str) -> Hint:
    return lambda domain, http, deadline: urls


def looking(http: Outbound, *followed: Hint) -> ExchangeSystem:
    """A system for which nobody answers over https."""
    return ExchangeSystem(http, addresses=lambda email: (), canonical=lambda host: "", hints=followed)


def redirected_by(odd: OddServer) -> Hint:
    """As `plain_redirect`, with the domain's host on this machine."""
    return lambda domain, http, deadline: filter(None, [http.redirect_of(odd.url, deadline)])


def typed_by_dana(exchange: ExchangeStandin) -> dict[str, str]:
    dana = add_dana(exchange)
    return {"email": dana.address, "user_name": dana.user_name, "password": PASSWORD, "server": ""}


# --- both ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "reason"), ADDRESSES)
def test_a_hint_sends_nobody_inside(url: str, reason: str, odd: OddServer, exchange: ExchangeStandin):
    odd.script("GET", Reply(302, b"", {"Location": url}))
    typed = typed_by_dana(exchange)

    for followed in (redirected_by(odd), naming(url)):
        assert refusal(lambda hint=followed: looking(only(odd.url), hint).connect(typed, soon())) == (
            HostRefused,
            "unconfirmed" if "rebind" in url else reason,
        )
    assert [(method, "Authorization" in headers) for method, _, headers in odd.requests] == [("GET", False)]


def test_a_name_of_the_own_domain_that_leads_inside_is_not_called(exchange: ExchangeStandin):
    system = looking(only(), naming(f"https://rebind.{DOMAIN}/autodiscover/autodiscover.xml"))

    assert refusal(lambda: system.connect(typed_by_dana(exchange), soon())) == (HostRefused, "private")


def test_another_site_gets_no_password_until_the_person_names_it(exchange: ExchangeStandin):
    asked: list[str] = []

    class Watched(Outbound):
        def request(self, method, url, **more):
            asked.append(url)
            return super().request(method, url, **more)

    system = looking(Watched(), naming("https://mail.hoster.example/autodiscover/autodiscover.xml"))

    with pytest.raises(HostRefused) as refused:
        system.connect(typed_by_dana(exchange), soon())

    assert (refused.value.reason, refused.value.host, asked) == ("unconfirmed", "mail.hoster.example", [])


@pytest.mark.parametrize("way", ["redirect", "record"])
def test_a_host_the_operator_vouches_for_is_asked(way: str, odd: OddServer, exchange: ExchangeStandin):
    url = f"{exchange.origin}/autodiscover/autodiscover.xml"
    odd.script("GET", Reply(302, b"", {"Location": url}))
    followed = redirected_by(odd) if way == "redirect" else naming(url)

    account = looking(only(odd.url, exchange.origin), followed).connect(typed_by_dana(exchange), soon())

    assert account.secret["endpoint"] == exchange.ews_url


def test_a_hint_to_microsofts_cloud_says_so(odd: OddServer, exchange: ExchangeStandin):
    to_the_cloud = "https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml"
    odd.script("GET", Reply(302, b"", {"Location": to_the_cloud}))

    for followed in (redirected_by(odd), naming(to_the_cloud)):
        system = looking(only(odd.url), followed)
        assert refusal(lambda system=system: system.connect(typed_by_dana(exchange), soon())) == (
            Unsupported,
            "office365",
        )


def test_hints_that_lead_nowhere_end_the_search(odd: OddServer, exchange: ExchangeStandin):
    odd.script("GET", Reply(200, b"<html>parked</html>"), Reply(302))
    system = looking(only(odd.url), redirected_by(odd), redirected_by(odd), naming())

    assert refusal(lambda: system.connect(typed_by_dana(exchange), soon())) == (EventMissing, "autodiscover")
    assert odd.methods() == ["GET", "GET"]


# --- DNS ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def name_server(*records: str) -> Iterator[dns.resolver.Resolver]:
    """A name server on loopback that knows these SRV records of the domain, and a resolver that asks it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    wire, whom = listening.recvfrom(4096)
                    if wire == b"end":
                        return
                    answer = dns.message.make_response(dns.message.from_wire(wire))
                    if answer.question[0].name.to_text() == ASKED and records:
                        answer.answer.append(dns.rrset.from_text(ASKED, 60, "IN", "SRV", *records))
                    else:
                        answer.set_rcode(dns.rcode.NXDOMAIN)
                    listening.sendto(answer.to_wire(), whom)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        try:
            yield asking(listening)
        finally:
            listening.sendto(b"end", listening.getsockname())
            serving.join(5)


def asking(listening: socket.socket) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], listening.getsockname()[1]
    return resolver


@pytest.mark.parametrize(
    ("records", "servers"),
    [
        pytest.param(["0 0 443 mail.acme.example."], [("mail.acme.example", 443)], id="one"),
        pytest.param(
            ["10 1 443 c.acme.example.", "0 5 443 b.acme.example.", "0 9 8443 a.acme.example."],
            [("a.acme.example", 8443), ("b.acme.example", 443)],
            id="the two preferred ones",
        ),
        pytest.param(["0 0 443 ."], [], id="decidedly none"),
        pytest.param([], [], id="no such name"),
    ],
)
def test_the_domains_service_record_is_read(records: Sequence[str], servers: list[tuple[str, int]]):
    with name_server(*records) as resolver:
        assert list(servers_of(DOMAIN, 5.0, resolver)) == servers


def test_a_name_server_that_is_silent_is_not_waited_for():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))

        assert servers_of(DOMAIN, 0.3, asking(silent)) == ()


def test_a_domain_that_no_name_server_could_know_has_none():
    with name_server() as resolver:
        assert servers_of("a" * 64 + ".example", 1.0, resolver) == ()
        assert servers_of("a..example", 1.0, resolver) == ()


def test_the_hosts_of_the_record_are_asked_over_https(monkeypatch: pytest.MonkeyPatch, http: Outbound):
    with name_server("0 0 443 mail.acme.example.", "1 0 8443 old.acme.example.") as resolver:
        monkeypatch.setattr(hints, "servers_of", partial(servers_of, resolver=resolver))

        assert list(service_record(DOMAIN, http, Deadline.after(5))) == [
            "https://mail.acme.example/autodiscover/autodiscover.xml",
            "https://old.acme.example:8443/autodiscover/autodiscover.xml",
        ]

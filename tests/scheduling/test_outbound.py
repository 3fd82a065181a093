"""User-entered servers: what is refused, what is pinned, and that nothing hangs. Real sockets on loopback, real TLS."""

import base64
import contextlib
import gc
import gzip
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from scheduling.calendars.base import Deadline
from scheduling.errors import DeadlineExceeded, HostRefused, OutsideError, Refused, Unavailable
from scheduling.outbound import Outbound

PUBLIC = "93.184.215.14"
Talk = Callable[["Line"], None]


@dataclass
class Line:
    """One request as a server saw it, and the socket to answer on."""

    socket: socket.socket
    head: bytes
    body: bytes

    @property
    def first(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    def header(self, name: str) -> str | None:
        found = re.search(rf"^{name}:\s*(.*?)\r$".encode(), self.head, re.IGNORECASE | re.MULTILINE)
        return found[1].decode() if found else None

    def send(self, status: str = "200 OK", body: bytes = b"", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)


@dataclass
class Server:
    """Accepts connections and lets `talk` answer every request on them; remembers what it got."""

    talk: Talk
    tls: ssl.SSLContext | None = None
    lines: list[Line] = field(default_factory=list)
    connections: int = 0
    sni: list[str | None] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        if self.tls is not None:
            self.tls.sni_callback = lambda _socket, name, _context: self.sni.append(name)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection = self.tls.wrap_socket(raw, server_side=True) if self.tls else raw
            self._open.append(connection)
            while (line := _read_request(connection)) is not None:
                self.lines.append(line)
                self.talk(line)
        raw.close()


def _read_request(connection: socket.socket) -> Line | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    line = Line(connection, head + b"\r\n", body)
    while len(line.body) < int(line.header("content-length") or 0):
        line.body += connection.recv(65536)
    return line


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    with contextlib.ExitStack() as stack:

        def start(talk: Talk, tls: ssl.SSLContext | None = None) -> Server:
            server = Server(talk, tls)
            server.start()
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "extra.pem"
    authority.cert_pem.write_to_path(path)
    return path


def tls_for(authority: trustme.CA, *names: str, **validity: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **validity).configure_cert(context)
    return context


@pytest.fixture
def outbound() -> Iterator[Callable[..., Outbound]]:
    with contextlib.ExitStack() as stack:

        def build(*allowed: str, **options: object) -> Outbound:
            built = Outbound(frozenset(allowed), **options)
            stack.callback(built.close)
            return built

        yield build


@pytest.fixture
def detour(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], list[tuple[str, int]]]:
    """Lets a public address lead to a local server, and records every address that is really connected to."""
    connect = socket.create_connection

    def install(server: Server) -> list[tuple[str, int]]:
        dialled: list[tuple[str, int]] = []

        def create_connection(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
            dialled.append(address)
            assert address[0] == PUBLIC
            return connect(("127.0.0.1", server.port), *args, **kwargs)

        monkeypatch.setattr(socket, "create_connection", create_connection)
        return dialled

    return install


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def create_connection(*args: object, **kwargs: object) -> socket.socket:
        raise AssertionError(f"connected to {args}")

    monkeypatch.setattr(socket, "create_connection", create_connection)


def soon(seconds: float = 5) -> Deadline:
    return Deadline.after(seconds)


def ok(line: Line) -> None:
    line.send(body=b"hello")


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("http://169.254.169.254/", "scheme", id="B58 cloud metadata"),
        pytest.param("https://169.254.169.254/", "private", id="B58 cloud metadata by https"),
        pytest.param("https://127.0.0.1:8443/", "private", id="B59 loopback"),
        pytest.param("https://[::ffff:10.0.0.1]/", "private", id="B60 IPv4 inside IPv6"),
        pytest.param("https://2130706433/", "malformed", id="B61 one number"),
        pytest.param("https://0x7f.1/", "malformed", id="B61 hexadecimal"),
        pytest.param("https://127.1/", "malformed", id="B61 short form"),
        pytest.param("https://0177.0.0.1/", "malformed", id="B61 octal"),
        pytest.param("https://127。0。0。1/", "private", id="B61 ideographic full stops"),
        pytest.param("https://１２７.0.0.1/", "malformed", id="B61 full-width digits"),
        pytest.param("file:///etc/passwd", "scheme", id="B64 a file"),
        pytest.param("gopher://calendar.example/", "scheme", id="B64 gopher"),
        pytest.param("http://calendar.example/", "scheme", id="B64 plain http"),
        pytest.param("https://user:pw@calendar.example/", "userinfo", id="B65 user and password"),
        pytest.param("https://@calendar.example/", "userinfo", id="B65 empty user"),
        pytest.param("https://127.0.0.1\\@calendar.example/", "malformed", id="B65 backslash"),
        pytest.param(f"https://{'a' * 300}/", "malformed", id="B66 one long label"),
        pytest.param(f"https://{'a.' * 150}example/", "malformed", id="B66 a long name"),
        pytest.param("https://calendar.example:70000/", "malformed", id="B66 port too high"),
        pytest.param("https://calendar.example:0/", "malformed", id="B66 port zero"),
        pytest.param("https://calendar.example:x/", "malformed", id="B66 no port"),
        pytest.param(f"https://calendar.example/{'a' * 9000}", "malformed", id="B66 a long path"),
        pytest.param("https://10.0.0.5/", "private", id="private"),
        pytest.param("https://172.16.0.1/", "private", id="private, middle block"),
        pytest.param("https://192.168.1.1/", "private", id="private, home"),
        pytest.param("https://100.64.0.1/", "private", id="carrier-grade NAT"),
        pytest.param("https://0.0.0.0/", "private", id="unspecified"),
        pytest.param("https://224.0.0.1/", "private", id="multicast"),
        pytest.param("https://240.0.0.1/", "private", id="reserved"),
        pytest.param("https://255.255.255.255/", "private", id="broadcast"),
        pytest.param("https://198.18.0.1/", "private", id="benchmarking"),
        pytest.param("https://192.0.2.1/", "private", id="documentation"),
        pytest.param("https://[::1]/", "private", id="IPv6 loopback"),
        pytest.param("https://[::]/", "private", id="IPv6 unspecified"),
        pytest.param("https://[fe80::1]/", "private", id="IPv6 link-local"),
        pytest.param("https://[fe80::1%25eth0]/", "malformed", id="IPv6 link-local with an interface"),
        pytest.param("https://[fd00::1]/", "private", id="IPv6 private"),
        pytest.param("https://[ff02::1]/", "private", id="IPv6 multicast"),
        pytest.param("https://[::7f00:1]/", "private", id="IPv4-compatible"),
        pytest.param("https://[64:ff9b::a00:1]/", "private", id="NAT64 to a private address"),
        pytest.param("https://[2002:7f00:1::]/", "private", id="6to4"),
        pytest.param("https://[2001:0:7f00:1::]/", "private", id="Teredo"),
        pytest.param("https://[fec0::1]/", "private", id="site-local"),
        pytest.param("https:///path", "malformed", id="no host"),
        pytest.param("https://a b.example/", "malformed", id="a blank"),
        pytest.param("https://calendar.example\r\nX: y/", "malformed", id="a line break"),
        pytest.param("https://cal%65ndar.example/", "malformed", id="percent in a host"),
        pytest.param("https://a..example/", "malformed", id="an empty label"),
        pytest.param("https://[::1/", "malformed", id="half a bracket"),
        pytest.param("calendar.example", "malformed", id="no scheme"),
        pytest.param("", "malformed", id="nothing"),
    ],
)
def test_hosts_that_must_not_be_called_are_refused_before_any_connection(
    outbound: Callable[..., Outbound], url: str, reason: str
) -> None:
    http = outbound()

    with pytest.raises(HostRefused) as checked:
        http.check_url(url)
    with pytest.raises(HostRefused) as requested:
        http.request("GET", url, deadline=soon())

    assert (checked.value.reason, requested.value.reason) == (reason, reason)
    assert "pw" not in str(checked.value)
    assert len(checked.value.host) <= 64


@pytest.mark.parametrize(
    "url",
    [
        "https://calendar.example",
        "HTTPS://Calendar.Example.:8443/dav/",
        "https://exämple.example/kalender?a=1",
        f"https://{PUBLIC}/",
        "https://[2606:4700::1111]/",
        "https://[64:ff9b::5db8:d70e]/",
        "https://1and1.example/",
    ],
)
def test_public_https_hosts_are_accepted(outbound: Callable[..., Outbound], url: str) -> None:
    http = outbound()

    http.check_url(url)

    assert outbound("localhost")._allowed.covers("localhost", 1)


@pytest.mark.parametrize(
    ("entry", "accepted", "refused"),
    [
        pytest.param("10.1.2.3", "http://10.1.2.3:5232/", "https://10.1.2.4/", id="an address, any port"),
        pytest.param("10.1.2.3:5232", "http://10.1.2.3:5232/", "https://10.1.2.3/", id="an address and its port"),
        pytest.param("Mail.Corp.example", "http://mail.corp.example/", "http://other.corp.example/", id="a name"),
        pytest.param(
            "mail.corp.example:443", "https://MAIL.corp.example./", "http://mail.corp.example/", id="its https"
        ),
        pytest.param("[fd00::1]:8443", "https://[fd00:0::1]:8443/", "https://[fd00::1]/", id="IPv6 and its port"),
        pytest.param("fd00::1", "https://[fd00::1]:9/", "https://[fd00::2]/", id="IPv6, any port"),
    ],
)
def test_the_operators_list_opens_just_what_it_names(
    outbound: Callable[..., Outbound], entry: str, accepted: str, refused: str
) -> None:
    http = outbound(entry)

    http.check_url(accepted)

    with pytest.raises(HostRefused):
        http.check_url(refused)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(("127.0.0.1",), id="loopback"),
        pytest.param((PUBLIC, "10.0.0.5"), id="one of two is private"),
        pytest.param(("::1",), id="IPv6 loopback"),
        pytest.param(("fe80::1%eth0",), id="link-local with an interface"),
        pytest.param(("::ffff:127.0.0.1",), id="IPv4 inside IPv6"),
        pytest.param(("100.100.100.200",), id="carrier-grade NAT"),
    ],
)
def test_a_name_that_leads_to_a_private_address_is_refused(
    outbound: Callable[..., Outbound], addresses: tuple[str, ...]
) -> None:
    http = outbound(resolver=lambda _host, _port: addresses)

    with pytest.raises(HostRefused) as refused:
        http.request("GET", "https://intranet.example/", deadline=soon())

    assert (refused.value.reason, refused.value.host) == ("private", "intranet.example")


# --- pinning ------------------------------------------------------------------------------------------------------


def test_b62_a_rebinding_name_is_called_at_the_address_that_was_checked_and_then_refused(
    outbound: Callable[..., Outbound],
    serve: Callable[..., Server],
    authority: trustme.CA,
    bundle: Path,
    detour: Callable[[Server], list[tuple[str, int]]],
) -> None:
    server = serve(lambda line: line.send(body=b"hello", connection="close"), tls_for(authority, "rebind.example"))
    dialled = detour(server)
    answers = iter([(PUBLIC,), ("127.0.0.1",)])
    http = outbound(extra_ca=bundle, resolver=lambda _host, _port: next(answers))

    answer = http.request("GET", "https://rebind.example/", deadline=soon())
    with pytest.raises(HostRefused) as refused:
        http.request("GET", "https://rebind.example/", deadline=soon())

    assert answer.body == b"hello"
    assert refused.value.reason == "private"
    assert dialled == [(PUBLIC, 443)]
    assert server.sni == ["rebind.example"]
    assert server.lines[0].header("host") == "rebind.example"


def test_b63_a_redirect_into_the_private_network_is_refused(
    outbound: Callable[..., Outbound],
    serve: Callable[..., Server],
    authority: trustme.CA,
    bundle: Path,
    detour: Callable[[Server], list[tuple[str, int]]],
) -> None:
    targets = iter(["http://10.0.0.5/", "https://10.0.0.5/", "https://user:pw@ok.example/", "file:///etc/passwd"])
    server = serve(lambda line: line.send("302 Found", location=next(targets)), tls_for(authority, "ok.example"))
    dialled = detour(server)
    http = outbound(extra_ca=bundle, resolver=lambda _host, _port: (PUBLIC,))

    reasons = []
    for _ in range(4):
        with pytest.raises(HostRefused) as refused:
            http.request("GET", "https://ok.example/", deadline=soon(), may_follow=lambda _url: True)
        reasons.append(refused.value.reason)

    assert reasons == ["scheme", "private", "userinfo", "scheme"]
    assert set(dialled) == {(PUBLIC, 443)}


def test_plain_http_tells_where_to_go_and_learns_nothing(
    outbound: Callable[..., Outbound], serve: Callable[..., Server], detour: Callable[[Server], list[tuple[str, int]]]
) -> None:
    server = serve(lambda line: line.send("302 Found", location="https://mail.acme.example/x"))
    dialled = detour(server)
    http = outbound(resolver=lambda _host, _port: (PUBLIC,))

    target = http.redirect_of("http://autodiscover.acme.example/autodiscover/autodiscover.xml", soon())

    assert (target, dialled) == ("https://mail.acme.example/x", [(PUBLIC, 80)])
    [line] = server.lines
    assert line.first == "GET /autodiscover/autodiscover.xml HTTP/1.1"
    assert (line.header("authorization"), line.header("cookie"), line.body) == (None, None, b"")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://10.0.0.5/", "private"),
        ("http://169.254.169.254/", "private"),
        ("http://intranet.example/", "private"),
        ("http://mail.example:8080/", "scheme"),
        ("http://user:pw@mail.example/", "userinfo"),
        ("ftp://mail.example/", "scheme"),
    ],
)
def test_plain_http_goes_to_its_own_port_of_public_addresses_only(
    outbound: Callable[..., Outbound], url: str, reason: str
) -> None:
    http = outbound(resolver=lambda _host, _port: ("10.0.0.5",))

    with pytest.raises(HostRefused) as refused:
        http.redirect_of(url, soon())

    assert refused.value.reason == reason


def test_the_next_address_is_tried_when_one_does_not_answer(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    server = serve(ok)
    host = f"calendar.example:{server.port}"
    http = outbound(host, resolver=lambda _host, _port: ("127.0.0.2", "127.0.0.1"))

    assert http.request("GET", f"http://{host}/", deadline=soon()).body == b"hello"


# --- certificates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", ["unknown authority", "other name", "expired"])
def test_a_certificate_that_does_not_hold_is_refused_for_good(
    outbound: Callable[..., Outbound],
    serve: Callable[..., Server],
    authority: trustme.CA,
    bundle: Path,
    problem: str,
) -> None:
    issuer = trustme.CA() if problem == "unknown authority" else authority
    name = "other.example" if problem == "other name" else "calendar.example"
    validity = {"not_after": datetime(2001, 1, 1, tzinfo=UTC)} if problem == "expired" else {}
    server = serve(ok, tls_for(issuer, name, **validity))
    host = f"calendar.example:{server.port}"
    http = outbound(host, extra_ca=bundle, resolver=lambda _host, _port: ("127.0.0.1",))

    with pytest.raises(Refused) as refused:
        http.request("PUT", f"https://{host}/", content=b"secret", auth=("dana", "pw"), deadline=soon())

    assert refused.value.code == "tls_certificate"
    assert server.lines == []


def test_extra_authorities_are_added_to_the_systems(outbound: Callable[..., Outbound], bundle: Path) -> None:
    plain, extended = outbound(), outbound(extra_ca=bundle)

    counts = [http._pool._ssl_context.cert_store_stats()["x509_ca"] for http in (plain, extended)]

    assert counts[1] == counts[0] + 1


def test_a_server_that_speaks_no_tls_is_unavailable(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    def greet(line: Line) -> None:
        raise AssertionError(line.head)

    server = serve(greet)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def answer_in_clear() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=answer_in_clear, daemon=True).start()
    http = outbound("127.0.0.1")

    with listener, pytest.raises(Unavailable) as failed:
        http.request("GET", f"https://127.0.0.1:{port}/", deadline=soon())

    assert failed.value.code == "tls"
    assert server.lines == []


# --- the request itself -------------------------------------------------------------------------------------------


def test_a_request_arrives_as_given_with_basic_sent_unasked(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    server = serve(lambda line: line.send("207 Multi-Status", b"<x/>", ETag='"1"', Set_Cookie="a=b"))
    url = f"http://127.0.0.1:{server.port}/dav/a%20b/?q=1#part"

    answer = outbound("127.0.0.1").request(
        "PROPFIND", url, headers={"Depth": "1"}, content=b"<propfind/>", auth=("dana", "pä:ss"), deadline=soon()
    )

    line = server.lines[0]
    assert line.first == "PROPFIND /dav/a%20b/?q=1 HTTP/1.1"
    assert line.body == b"<propfind/>"
    assert (line.header("depth"), line.header("host")) == ("1", f"127.0.0.1:{server.port}")
    assert line.header("authorization") == "Basic " + base64.b64encode("dana:pä:ss".encode()).decode()
    assert (answer.status, answer.body, answer.headers["etag"]) == (207, b"<x/>", '"1"')
    assert answer.url == f"http://127.0.0.1:{server.port}/dav/a%20b/?q=1"


def test_a_connection_is_used_again_without_asking_for_the_address_again(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    server = serve(ok)
    asked = []
    host = f"calendar.example:{server.port}"
    http = outbound(host, resolver=lambda name, _port: asked.append(name) or ("127.0.0.1",))

    for _ in range(3):
        http.request("GET", f"http://{host}/", deadline=soon())

    assert (len(server.lines), server.connections, asked) == (3, 1, ["calendar.example"])


def test_many_threads_share_it_and_each_gets_its_own_answer(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    server = serve(lambda line: line.send(body=line.first.encode()))
    http = outbound("127.0.0.1")

    def ask(n: int) -> bytes:
        return http.request("GET", f"http://127.0.0.1:{server.port}/{n}", deadline=soon(20)).body

    with ThreadPoolExecutor(12) as pool:
        bodies = list(pool.map(ask, range(120)))

    assert bodies == [f"GET /{n} HTTP/1.1".encode() for n in range(120)]


# --- redirects ----------------------------------------------------------------------------------------------------


def hop(line: Line) -> None:
    """`/3` leads to `/2` leads to `/1` leads to `/0`."""
    n = int(re.search(r"/(\d+) ", line.first)[1])
    line.send("307 Temporary Redirect", location=f"/{n - 1}") if n else line.send(body=b"arrived")


def test_a_followed_redirect_keeps_method_body_and_credentials(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    server = serve(hop)
    base = f"http://127.0.0.1:{server.port}"
    asked = []

    answer = outbound("127.0.0.1").request(
        "REPORT",
        f"{base}/2",
        content=b"<q/>",
        auth=("a", "b"),
        deadline=soon(),
        may_follow=lambda u: asked.append(u) or True,
    )

    assert (answer.body, answer.url) == (b"arrived", f"{base}/0")
    assert asked == [f"{base}/1", f"{base}/0"]
    assert [(ln.first, ln.body, ln.header("authorization")) for ln in server.lines] == [
        (f"REPORT /{n} HTTP/1.1", b"<q/>", "Basic YTpi") for n in (2, 1, 0)
    ]


def test_five_redirects_are_followed_and_a_sixth_is_too_many(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    server = serve(hop)
    http = outbound("127.0.0.1")

    def ask(n: int) -> bytes:
        url = f"http://127.0.0.1:{server.port}/{n}"
        return http.request("GET", url, deadline=soon(), may_follow=lambda _url: True).body

    assert ask(5) == b"arrived"
    with pytest.raises(Unavailable) as failed:
        ask(6)
    assert failed.value.code == "redirects"


def test_a_declined_redirect_is_the_answer_and_the_other_host_learns_nothing(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    other = serve(ok)
    server = serve(lambda line: line.send("302 Found", location=f"http://127.0.0.1:{other.port}/x"))
    http = outbound("127.0.0.1")
    url = f"http://127.0.0.1:{server.port}/"

    declined = http.request("GET", url, auth=("a", "b"), deadline=soon(), may_follow=lambda u: str(server.port) in u)
    unasked = http.request("GET", url, auth=("a", "b"), deadline=soon())

    assert (declined.status, declined.url) == (unasked.status, unasked.url) == (302, url)
    assert other.lines == []


def test_see_other_is_fetched_without_the_body(outbound: Callable[..., Outbound], serve: Callable[..., Server]) -> None:
    server = serve(lambda ln: ln.send("303 See Other", location="/done") if ln.body else ln.send(body=b"done"))

    answer = outbound("127.0.0.1").request(
        "POST", f"http://127.0.0.1:{server.port}/", content=b"x", deadline=soon(), may_follow=lambda _url: True
    )

    assert answer.body == b"done"
    assert server.lines[1].first == "GET /done HTTP/1.1"


# --- limits and failures ------------------------------------------------------------------------------------------


def drip_head(line: Line) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
        line.socket.sendall(bytes([byte]))
        time.sleep(0.05)


def drip_body(line: Line) -> None:
    line.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        line.socket.sendall(b".")
        time.sleep(0.05)


def say_continue(line: Line) -> None:
    while True:
        line.socket.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.05)


def say_nothing(line: Line) -> None:
    line.socket.recv(1)


@pytest.mark.parametrize("talk", [drip_head, drip_body, say_continue, say_nothing])
def test_a_server_that_never_finishes_costs_no_more_than_the_deadline(
    outbound: Callable[..., Outbound], serve: Callable[..., Server], talk: Talk
) -> None:
    server = serve(talk)
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded) as late:
        outbound("127.0.0.1").request("PUT", f"http://127.0.0.1:{server.port}/", content=b"x", deadline=soon(0.4))

    assert late.value.code == "cut"
    assert 0.35 < time.monotonic() - began < 2


def test_a_server_that_takes_no_bytes_costs_no_more_than_the_deadline(outbound: Callable[..., Outbound]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        began = time.monotonic()

        with pytest.raises(DeadlineExceeded) as late:
            outbound("127.0.0.1").request(
                "PUT", f"http://127.0.0.1:{port}/", content=b"x" * 30_000_000, deadline=soon(0.4)
            )

    assert late.value.code == "cut"
    assert time.monotonic() - began < 3


def test_a_handshake_that_never_comes_ends_with_the_deadline(outbound: Callable[..., Outbound]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(DeadlineExceeded) as late:
            outbound("127.0.0.1").request("GET", f"https://127.0.0.1:{port}/", deadline=soon(0.3))

    assert late.value.code == "deadline"


def test_a_name_server_that_hangs_ends_with_the_deadline(outbound: Callable[..., Outbound]) -> None:
    released = threading.Event()
    http = outbound(resolver=lambda _host, _port: (released.wait(10), (PUBLIC,))[1])
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded) as late:
        http.request("GET", "https://calendar.example/", deadline=soon(0.3))

    released.set()
    assert late.value.code == "deadline"
    assert time.monotonic() - began < 2


def test_nothing_is_sent_once_the_deadline_has_passed(
    outbound: Callable[..., Outbound], serve: Callable[..., Server]
) -> None:
    server = serve(ok)

    with pytest.raises(DeadlineExceeded) as late:
        outbound("127.0.0.1").request("GET", f"http://127.0.0.1:{server.port}/", deadline=soon(0))

    assert (late.value.code, server.connections) == ("deadline", 0)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_an_answer_that_was_packed_unasked_is_unpacked(
    outbound: Callable[..., Outbound], serve: Callable[..., Server], pack: Callable[[bytes], bytes]
) -> None:
    coding = "gzip" if pack is gzip.compress else "deflate"
    server = serve(lambda line: line.send(body=pack(b"hello" * 100), content_encoding=coding))

    answer = outbound("127.0.0.1").request("GET", f"http://127.0.0.1:{server.port}/", deadline=soon(), max_bytes=500)

    assert answer.body == b"hello" * 100
    assert server.lines[0].header("accept-encoding") == "identity"


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT"])
def test_a_question_that_is_sent_elsewhere_by_303_stays_the_question(
    outbound: Callable[..., Outbound], serve: Callable[..., Server], method: str
) -> None:
    def talk(line: Line) -> None:
        if line.first.split()[1] == "/":
            line.send("303 See Other", location="/there")
        else:
            line.send(body=line.body)

    server = serve(talk)
    address = f"http://127.0.0.1:{server.port}/"

    answer = outbound("127.0.0.1").request(
        method, address, content=b"<x/>", deadline=soon(), may_follow=lambda _url: True
    )

    assert (answer.body, [line.first.split()[0] for line in server.lines]) == (b"<x/>", [method, method])


def endless(line: Line) -> None:
    line.socket.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        line.socket.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


@pytest.mark.parametrize(
    ("talk", "code"),
    [
        pytest.param(lambda line: line.send(body=b"x" * 1001), "too_large", id="one byte over the cap"),
        pytest.param(endless, "too_large", id="an endless body"),
        pytest.param(
            lambda line: line.send(body=gzip.compress(b"x" * 10_000_000), content_encoding="gzip"),
            "too_large",
            id="a compressed bomb",
        ),
        pytest.param(
            lambda line: line.send(body=b"not packed at all", content_encoding="gzip"),
            "encoding",
            id="packed in another way than it says",
        ),
        pytest.param(
            lambda line: line.send(body=b"x", content_encoding="br"),
            "encoding",
            id="packed in a way that we do not know",
        ),
        pytest.param(lambda line: line.socket.close(), "cut", id="hangs up without an answer"),
        pytest.param(lambda line: line.socket.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n"), "cut", id="not HTTP"),
        pytest.param(
            lambda line: (line.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), line.socket.close()),
            "cut",
            id="hangs up in the middle of the answer",
        ),
        pytest.param(
            lambda line: line.socket.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n"),
            "cut",
            id="endless headers",
        ),
    ],
)
def test_answers_that_are_no_use_are_unavailable(
    outbound: Callable[..., Outbound], serve: Callable[..., Server], talk: Talk, code: str
) -> None:
    server = serve(talk)
    http = outbound("127.0.0.1")

    with pytest.raises(Unavailable) as failed:
        http.request("PUT", f"http://127.0.0.1:{server.port}/", content=b"x", deadline=soon(), max_bytes=1000)

    assert failed.value.code == code
    assert len(server.lines) == 1


def test_a_body_of_just_the_cap_is_taken(outbound: Callable[..., Outbound], serve: Callable[..., Server]) -> None:
    server = serve(lambda line: line.send(body=b"x" * 1000))

    answer = outbound("127.0.0.1").request("GET", f"http://127.0.0.1:{server.port}/", deadline=soon(), max_bytes=1000)

    assert len(answer.body) == 1000


@pytest.mark.parametrize(
    ("resolver", "code"),
    [
        pytest.param(lambda _host, _port: ("127.0.0.1",), "connect", id="nobody listens"),
        pytest.param(lambda _host, _port: (), "dns", id="a name without an address"),
        pytest.param(
            lambda host, _port: socket.getaddrinfo(host + "\0", 1), "dns", id="a name that cannot be looked up"
        ),
    ],
)
def test_a_request_that_never_got_out_says_so(
    outbound: Callable[..., Outbound], resolver: Callable[[str, int], tuple[str, ...]], code: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    http = outbound("calendar.example", resolver=resolver)

    with pytest.raises(OutsideError) as failed:
        http.request("PUT", f"http://calendar.example:{port}/", content=b"x", deadline=soon())

    assert (type(failed.value), failed.value.code) == (Unavailable, code)


@pytest.mark.parametrize(
    ("method", "outcome"),
    [
        pytest.param("PROPFIND", b"hello", id="a read is sent again"),
        pytest.param("PUT", "cut", id="a write is not: it may have been stored"),
    ],
)
def test_a_kept_connection_that_died_meanwhile(
    outbound: Callable[..., Outbound], serve: Callable[..., Server], method: str, outcome: object
) -> None:
    def once_a_connection(line: Line) -> None:
        if any(earlier.socket is line.socket for earlier in server.lines[:-1]):
            line.socket.close()
        else:
            line.send(body=b"hello")

    server = serve(once_a_connection)
    url = f"http://127.0.0.1:{server.port}/"
    http = outbound("127.0.0.1")
    http.request("GET", url, deadline=soon())

    try:
        result: object = http.request(method, url, content=b"x", deadline=soon()).body
    except Unavailable as error:
        result = error.code

    assert result == outcome


def test_a_protected_connection_is_kept_too_and_ends_with_its_owner(
    serve: Callable[..., Server], authority: trustme.CA, bundle: Path
) -> None:
    server = serve(ok, tls_for(authority, "calendar.example"))
    host = f"calendar.example:{server.port}"
    http = Outbound(frozenset({host}), bundle, resolver=lambda _host, _port: ("127.0.0.1",))

    for _ in range(3):
        http.request("GET", f"https://{host}/", deadline=soon())
    pool = http._pool
    kept = len(pool.connections)
    del http
    gc.collect()

    assert (len(server.lines), server.connections, kept) == (3, 1, 1)
    assert pool.connections == []

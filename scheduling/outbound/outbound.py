"""The one way to call servers that users name: checked addresses, pinned connections, nothing without an end.

A host is resolved once per connection, every address it has must be public (or the host allowed by the operator), and
the connection goes to exactly the address that was checked; certificate and Host stay those of the name. Redirects are
followed by hand. Knows no calendar and no protocol above HTTP; proxies from the environment are not used.
"""

import base64
import contextlib
import copy
import ssl
import weakref
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpcore2
import httpx2

from scheduling.calendars.base import Deadline
from scheduling.errors import DeadlineExceeded, HostRefused, Refused, Unavailable
from scheduling.outbound.hosts import AllowedHosts, Target, checked
from scheduling.outbound.network import CUT, Exchange, PinningBackend, Resolver, system_resolver, within

IDLE_SECONDS = 15.0
MOST_REDIRECTS = 5
MOST_BYTES = 10 * 1024 * 1024
HINT_BYTES = 1024 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers` ignore case; `url` is where it came from after redirects.

    `certificate` is the server's, in DER, when it came over TLS.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    certificate: bytes | None = None


class Outbound:
    """HTTP to user-entered servers. Safe to share between threads; idle connections are kept for some seconds.

    `allowed_private` holds `host` or `host:port` entries that may be private and plain http; `extra_ca` is a file of CA
    certificates trusted besides the system's.
    """

    def __init__(
        self,
        allowed_private: frozenset[str] = frozenset(),
        extra_ca: Path | str | None = None,
        *,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._context = httpx2.create_ssl_context()
        if extra_ca is not None:
            self._context.load_verify_locations(cafile=str(extra_ca))
        self._allowed = AllowedHosts(allowed_private)
        self._resolver = resolver
        self._open_pool(None)  # callers are bounded by their executors; a slow server must not starve the others

    def _open_pool(self, most: int | None) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=self._context,
            max_connections=most,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=PinningBackend(self._resolver),
        )
        weakref.finalize(self, self._pool.close)

    def own_line(self) -> "Outbound":
        """The same policy over one connection that nobody else uses: for sign-ins that hold for a connection (NTLM).

        For one request at a time; close it after use.
        """
        line = copy.copy(self)
        line._open_pool(1)  # noqa: SLF001 - a copy of ourselves
        return line

    def close(self) -> None:
        self._pool.close()

    def check_url(self, url: str) -> None:
        """Refuse what can be refused without the network; raises HostRefused(reason, host)."""
        checked(url, self._allowed)

    def vouches_for(self, url: str) -> bool:
        """Whether the operator's list names this host. Raises HostRefused."""
        return checked(url, self._allowed).allowed_private

    def redirect_of(self, url: str, deadline: Deadline) -> str | None:
        """Where an address of plain http sends whoever asks; None when it does not.

        The one request that may go without TLS: a GET to port 80 of a public address (or to an allowed host) with
        nothing of ours in it. Anybody on the way may have answered, so the target is still to be judged. Raises
        HostRefused, Unavailable, DeadlineExceeded.
        """
        target = checked(url, self._allowed, plain=True)
        sent = {"accept-encoding": "identity", "user-agent": "schedule-for"}
        return _redirect(self._exchange("GET", target, sent, None, deadline, HINT_BYTES))

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        auth: tuple[str, str] | None = None,
        deadline: Deadline,
        may_follow: Callable[[str], bool] | None = None,
        max_bytes: int = MOST_BYTES,
    ) -> Answer:
        """One exchange, redirects included, within `deadline`.

        `auth` is sent as Basic without being asked for. A redirect to an absolute URL that `may_follow` accepts gets
        the same method, body and credentials (303 after a change: a GET); one it declines is the answer; without it
        none is followed.

        Raises HostRefused; Refused("tls_certificate"); DeadlineExceeded; Unavailable with the code `dns`, `connect`,
        `connect_timeout`, `tls`, `too_large`, `encoding` or `redirects`. Either of the last two carries the code `cut`
        when it came after something was sent: then the server may have acted on it. All other codes but `too_large`
        and `encoding` mean that the last request never got out.
        """
        sent = {
            "accept-encoding": "identity",
            "user-agent": "schedule-for",
            **{k.lower(): v for k, v in (headers or {}).items()},
        }
        if auth is not None:
            sent["authorization"] = "Basic " + base64.b64encode(f"{auth[0]}:{auth[1]}".encode()).decode("ascii")
        target = checked(url, self._allowed)
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._exchange(method, target, sent, content, deadline, max_bytes)
            following = _redirect(answer)
            if following is None or may_follow is None:
                return answer
            target = checked(following, self._allowed)
            if not may_follow(following):
                return answer
            if answer.status == 303 and method not in _SAFE:
                method, content = "GET", None
        raise Unavailable("redirects")

    def _exchange(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        content: bytes | None,
        deadline: Deadline,
        max_bytes: int,
    ) -> Answer:
        """One request and its answer; once more when a kept connection turns out to be dead and nothing can be lost."""
        while True:
            exchange = Exchange(target, deadline)
            try:
                with within(exchange), _classified(exchange):
                    return self._send(exchange, _request(method, target, headers, content), max_bytes)
            except Unavailable:
                if exchange.connected or exchange.received or method not in _SAFE:
                    raise

    def _send(self, exchange: Exchange, request: httpcore2.Request, max_bytes: int) -> Answer:
        response = self._pool.handle_request(request)
        try:
            tls = response.extensions["network_stream"].get_extra_info("ssl_object")
            certificate = None if tls is None else tls.getpeercert(True)
            headers = httpx2.Headers(response.headers)
            unpack = _unpacking(headers.get("content-encoding", ""))
            body = bytearray()
            for chunk in response.iter_stream():
                body += unpack(chunk, max_bytes - len(body) + 1)
                if len(body) > max_bytes:
                    raise Unavailable("too_large")
            return Answer(response.status, headers, bytes(body), exchange.target.url, certificate)
        finally:
            response.close()


def _request(method: str, target: Target, headers: Mapping[str, str], content: bytes | None) -> httpcore2.Request:
    url = httpcore2.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )
    host = target.url.split("/", 3)[2]
    framing = {"host": host} | ({} if content is None else {"content-length": str(len(content))})
    every = {**headers, **framing}
    return httpcore2.Request(
        method, url, headers=[(name.encode(), value.encode()) for name, value in every.items()], content=content
    )


def _unpacking(coding: str) -> Callable[[bytes, int], bytes]:
    """Turns the pieces of a body into what they stand for, at most so many bytes: some servers pack unasked."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return lambda piece, _most: piece
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Unavailable("encoding")
    packed = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # knows gzip and zlib by their heads

    def unpack(piece: bytes, most: int) -> bytes:
        try:
            return packed.decompress(piece, most)
        except zlib.error:
            raise Unavailable("encoding") from None

    return unpack


def _redirect(answer: Answer) -> str | None:
    """The absolute URL an answer sends us to."""
    location = answer.headers.get("location", "")
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        return str(httpx2.URL(answer.url).join(location))
    except httpx2.InvalidURL:
        raise HostRefused("malformed") from None


@contextlib.contextmanager
def _classified(exchange: Exchange) -> Iterator[None]:
    """Network failures as errors of ours."""
    try:
        yield
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.RemoteProtocolError) as error:
        if exchange.deadline.remaining() <= 0:
            raise DeadlineExceeded(CUT if exchange.sent else "deadline") from error
        if exchange.sent:
            raise Unavailable(CUT) from error
        cause = error.args[0] if error.args else None  # httpcore drops __cause__ on the way up
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise Refused("tls_certificate") from error
        if isinstance(cause, ssl.SSLError):
            raise Unavailable("tls") from error
        raise Unavailable("connect_timeout" if isinstance(error, httpcore2.TimeoutException) else "connect") from error

"""Connections under `Outbound`: made to addresses that were checked, every step bounded by the request's deadline.

httpcore sees only hosts and bytes; what belongs to one request travels beside it as the current `Exchange`.
"""

import contextlib
import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import httpcore2

from scheduling.calendars.base import Deadline
from scheduling.errors import DeadlineExceeded, HostRefused, Unavailable
from scheduling.outbound.hosts import Target, is_public

CONNECT_SECONDS = 10.0
IO_SECONDS = 20.0
WRITE_PIECE = 16 * 1024
CUT = "cut"

Resolver = Callable[[str, int], Sequence[str]]


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses of a name as the operating system gives them; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class Exchange:
    """What one request has done so far, for the network layer below it (which sees only hosts and bytes)."""

    target: Target
    deadline: Deadline
    connected: bool = False
    sent: bool = False
    received: bool = False

    def seconds(self, most: float) -> float:
        """How long the next step may take; raises DeadlineExceeded, with code `cut` once something was sent."""
        left = self.deadline.remaining()
        if left <= 0:
            raise DeadlineExceeded(CUT if self.sent else "deadline")
        return min(most, left)


_exchange: ContextVar[Exchange] = ContextVar("exchange")


@contextlib.contextmanager
def within(exchange: Exchange) -> Iterator[None]:
    token = _exchange.set(exchange)
    try:
        yield
    finally:
        _exchange.reset(token)


class PinningBackend(httpcore2.SyncBackend):
    """Connects to addresses it has checked, never to a name."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        exchange = _exchange.get()
        exchange.connected = True
        addresses = self._addresses(exchange, host, port)
        for left in range(len(addresses), 0, -1):
            try:
                seconds = exchange.seconds(CONNECT_SECONDS) / left
                return _Guarded(super().connect_tcp(addresses[-left], port, seconds, local_address, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if left == 1:
                    raise
        raise Unavailable("dns")

    def _addresses(self, exchange: Exchange, host: str, port: int) -> Sequence[str]:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            found = _bounded(lambda: self._resolver(host, port), exchange)
        else:
            found = (host,)
        if not exchange.target.allowed_private and not all(is_public(ipaddress.ip_address(each)) for each in found):
            raise HostRefused("private", host)
        return found


def _bounded(resolve: Callable[[], Sequence[str]], exchange: Exchange) -> Sequence[str]:
    """The resolver's answer in time: looking up a name takes no time-out, so a thread of its own waits for it."""
    box: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            box.put(resolve())
        except (OSError, UnicodeError) as error:
            box.put(error)

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        found = box.get(timeout=exchange.seconds(CONNECT_SECONDS))
    except queue.Empty:
        exchange.seconds(CONNECT_SECONDS)
        raise Unavailable("dns") from None
    if isinstance(found, Exception):
        raise Unavailable("dns") from found
    return found


class _Guarded(httpcore2.NetworkStream):
    """A connection whose every step ends in time, so that a server that drips bytes cannot hold it open."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = _exchange.get()
        received = self._stream.read(max_bytes, exchange.seconds(IO_SECONDS))
        exchange.received = exchange.received or bool(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = _exchange.get()
        for at in range(0, len(buffer), WRITE_PIECE):
            seconds = exchange.seconds(IO_SECONDS)
            exchange.sent = True
            self._stream.write(buffer[at : at + WRITE_PIECE], seconds)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        seconds = _exchange.get().seconds(CONNECT_SECONDS)
        return _Guarded(self._stream.start_tls(ssl_context, server_hostname, seconds))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

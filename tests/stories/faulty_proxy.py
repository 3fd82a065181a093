"""A proxy in front of the calendar server that can be told to fail, for one person's calendar at a time.

It speaks HTTP/1.1 on loopback, one request per connection. The person is the first part of the path.
"""

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

How = Literal["hang", "drip", "cut", "lose"]
DRIP_SECONDS = 0.2
LONGEST_HANG = 60.0


@dataclass
class Fault:
    """What happens to the next `times` requests of `user` with one of `methods` (all: empty).

    `how`: a status to answer with; hang without a byte; drip the answer; cut unanswered; lose the answer after the
    request took effect.
    """

    user: str
    how: int | How
    methods: tuple[str, ...] = ()
    times: int = 1_000_000

    def meets(self, user: str, method: str) -> bool:
        return self.times > 0 and user == self.user and (not self.methods or method in self.methods)


class FaultyProxy:
    """A running proxy. `fail` switches a trouble on, `heal` ends all of them, hanging requests included."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self.upstream = (str(parts.hostname), int(parts.port or 80))
        self.healed = threading.Event()
        self.asked: list[tuple[str, str]] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    @classmethod
    @contextlib.contextmanager
    def before(cls, upstream: str) -> Iterator["FaultyProxy"]:
        proxy = cls(upstream)
        serving = threading.Thread(target=proxy._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        serving.start()
        try:
            yield proxy
        finally:
            proxy.heal()
            proxy._server.shutdown()
            proxy._server.server_close()
            serving.join()

    def fail(self, user: str, how: int | How, *methods: str, times: int = 1_000_000) -> None:
        with self._lock:
            self._faults.append(Fault(user, how, methods, times))

    def heal(self) -> None:
        with self._lock:
            self._faults.clear()
            self.asked.clear()
            self.healed.set()
            self.healed = threading.Event()

    def fault_for(self, user: str, method: str) -> tuple[int | How | None, threading.Event]:
        """The trouble for this request, counted down, and the event that ends a hanging one."""
        with self._lock:
            self.asked.append((user, method))
            for fault in self._faults:
                if fault.meets(user, method):
                    fault.times -= 1
                    return fault.how, self.healed
            return None, self.healed


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, proxy: FaultyProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._any
        raise AttributeError(name)

    def _any(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        how, healed = self.server.proxy.fault_for(self.path.split("/")[1], self.command)
        if how == "hang":
            healed.wait(LONGEST_HANG)
        if how in ("hang", "cut"):
            return
        if isinstance(how, int):
            self._answer(how, [], b"")
            return
        status, headers, answer = self._forward(body)
        if how != "lose":
            self._answer(status, headers, answer, drip=healed if how == "drip" else None)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(*self.server.proxy.upstream, timeout=20)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, drip: threading.Event | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client had enough
            if drip is None:
                self.wfile.write(body)
                return
            until = time.monotonic() + LONGEST_HANG
            for byte in body:
                self.wfile.write(bytes([byte]))
                if drip.wait(DRIP_SECONDS) or time.monotonic() > until:
                    return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Silent."""

"""What goes wrong on demand between the stand-in and its client, and a record of everything asked and answered."""

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.google_standin.answers import error_body

LONGEST = 30.0


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    sent: bytes
    status: int
    answered: bytes


@dataclass
class Trouble:
    """What happens to the next `times` requests of `method` whose path contains `path`.

    `status` with `body` replaces the answer, and nothing has an effect; `cut` ends the connection after the effect;
    `hangs` answers nothing; `drips` sends a byte at a time.
    """

    method: str = ""
    path: str = ""
    times: int = 1
    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    hangs: bool = False
    drips: bool = False

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and method == (self.method or method) and self.path in path


class Troubles:
    """The troubles switched on. `latency` is for every request; `peers` are the ends of all connections made."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.latency = 0.0
        self.ended = threading.Event()
        self.peers: set[tuple[str, int]] = set()
        self.at_once = self.most_at_once = 0
        self._waiting: list[Trouble] = []
        self._lock = threading.Lock()

    def add(self, *troubles: Trouble) -> None:
        """The next requests that fit go wrong, in this order."""
        with self._lock:
            self._waiting += troubles

    def fail(
        self, status: int, reason: str, *, method: str = "", path: str = "", times: int = 1, **headers: str
    ) -> None:
        """Answer with an error as the API writes it; `retry_after="7"` becomes a header."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.add(Trouble(method, path, times, status, json.dumps(error_body(status, reason)).encode(), names))

    @property
    def waiting(self) -> int:
        """How many requests are still to go wrong."""
        with self._lock:
            return sum(trouble.times for trouble in self._waiting)

    def take(self, method: str, path: str) -> Trouble | None:
        """The trouble for this request, counted down."""
        with self._lock:
            for trouble in self._waiting:
                if trouble.fits(method, path):
                    trouble.times -= 1
                    return trouble
        return None

    def clear(self) -> None:
        """All is well again, and nothing was asked."""
        with self._lock:
            self._waiting.clear()
        self.exchanges.clear()
        self.peers.clear()
        self.latency, self.most_at_once = 0.0, 0


class Troubled:
    """Stands in front of the application: reads requests whole, keeps the record, and spoils what is to be spoiled."""

    def __init__(self, app: ASGIApp, troubles: Troubles) -> None:
        self._app = app
        self._troubles = troubles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = await _body(receive)
        self._troubles.peers.add(tuple(scope["client"]))
        trouble = self._troubles.take(scope["method"], scope["path"]) or Trouble(times=0)
        if trouble.hangs:  # not counted: it would still hang in somebody else's test
            await self._wait(LONGEST)
            raise ConnectionError
        self._troubles.at_once += 1
        self._troubles.most_at_once = max(self._troubles.most_at_once, self._troubles.at_once)
        await self._wait(self._troubles.latency)
        self._troubles.at_once -= 1
        if trouble.status is None:
            status, headers, answer = await _answer_of(self._app, scope, sent)
        else:
            kind = "text/html" if trouble.body.startswith(b"<") else "application/json"
            own = {"content-type": kind, **trouble.headers}
            status, headers, answer = trouble.status, [(k.encode(), v.encode()) for k, v in own.items()], trouble.body
        self._record(scope, sent, status, answer)
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(answer) + trouble.cut).encode()))
        if trouble.cut and status == 204:
            status = 200  # the whole answer would be there with its first line
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if trouble.cut:
            raise ConnectionError  # one byte more was promised than there is: uvicorn ends the connection
        if trouble.drips:
            for at in range(len(answer)):
                await send({"type": "http.response.body", "body": answer[at : at + 1], "more_body": True})
                await self._wait(0.1)
        await send({"type": "http.response.body", "body": b"" if trouble.drips else answer})

    async def _wait(self, seconds: float) -> None:
        """In small steps, so that stopping need not wait."""
        left = seconds
        while left > 0 and not self._troubles.ended.is_set():
            await asyncio.sleep(min(left, 0.05))
            left -= 0.05

    def _record(self, scope: Scope, sent: bytes, status: int, answer: bytes) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = tuple(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        exchange = Exchange(scope["method"], scope["path"], query, headers, sent, status, answer)
        self._troubles.exchanges.append(exchange)


async def _answer_of(app: ASGIApp, scope: Scope, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The application's whole answer."""
    messages: list[Message] = []
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start: dict[str, Any] = dict(messages[0])
    return start["status"], list(start["headers"]), b"".join(message.get("body", b"") for message in messages[1:])


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)

"""What goes wrong on demand between the stand-in and its client, and a record of everything asked and answered."""

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

GRAPH = "/v1.0"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `path` has no query and, for Graph, no /v1.0; `raw_path` is still escaped."""

    method: str
    path: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    sent: bytes
    status: int
    answered: bytes
    of_graph: bool

    def sent_json(self) -> object:
        return json.loads(self.sent)

    def answered_json(self) -> object:
        return json.loads(self.answered)


@dataclass
class Trouble:
    """What happens to the next `times` requests of `method` whose path contains `path`.

    `status` with `body` replaces the answer, and nothing has an effect; `cut` ends the connection after the effect;
    `hangs` answers nothing; `drips` sends a byte at a time; `seconds` passes before all else.
    """

    method: str = ""
    path: str = ""
    times: int = 1
    status: int | None = None
    body: bytes = b"{}"
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    hangs: bool = False
    drips: bool = False
    seconds: float = 0.0

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and method == (self.method or method) and self.path in path


class Troubles:
    """The troubles switched on. `at_once`: more requests than this at the same time for one token get a 429."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.at_once: int | None = None
        self.latency = 0.0
        self.released = threading.Event()
        self.most_at_once = 0
        self._waiting: list[Trouble] = []
        self._lock = threading.Lock()

    def add(self, *troubles: Trouble) -> None:
        """The next requests that fit go wrong, in this order."""
        with self._lock:
            self._waiting += troubles

    def throttle(self, retry_after: str | None = "1", *, method: str = "", path: str = GRAPH, times: int = 1) -> None:
        """Answer with 429 as Graph does."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        body = error_body("ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
        self.add(Trouble(method, path, times, 429, body, headers=headers))

    def fail(self, status: int, code: str, *, method: str = "", path: str = GRAPH, times: int = 1) -> None:
        """Answer with an error of Graph's."""
        self.add(Trouble(method, path, times, status, error_body(code)))

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
        self.at_once, self.latency, self.most_at_once = None, 0.0, 0


def error_body(code: str, message: str = "The request was refused.") -> bytes:
    """An error as Graph writes it."""
    inner = {"date": "2026-11-22T10:00:00", "request-id": "0", "client-request-id": "0"}
    return json.dumps({"error": {"code": code, "message": message, "innerError": inner}}).encode()


class Troubled:
    """Stands in front of the application: reads requests whole, keeps the record, and spoils what is to be spoiled."""

    def __init__(self, app: ASGIApp, troubles: Troubles) -> None:
        self._app = app
        self._troubles = troubles
        self._running: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        trouble = self._troubles.take(scope["method"], scope["path"])
        if trouble is not None and trouble.seconds:
            await asyncio.sleep(trouble.seconds)
        if trouble is not None and trouble.hangs:
            await asyncio.to_thread(self._troubles.released.wait, 30)
            raise ConnectionError
        status, answer_headers, answer = await self._answer(scope, body, headers, trouble)
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        self._troubles.exchanges.append(
            Exchange(
                method=scope["method"],
                path=scope["path"].removeprefix(GRAPH),
                raw_path=scope["raw_path"].decode().removeprefix(GRAPH),
                query=query,
                headers=headers,
                sent=body,
                status=status,
                answered=answer,
                of_graph=scope["path"].startswith(GRAPH),
            )
        )
        await self._send(send, status, answer_headers, answer, trouble)

    async def _answer(
        self, scope: Scope, body: bytes, headers: Mapping[str, str], trouble: Trouble | None
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if trouble is not None and trouble.status is not None:
            own = {"content-type": trouble.kind, **trouble.headers}
            return trouble.status, [(k.encode(), v.encode()) for k, v in own.items()], trouble.body
        token = headers.get("authorization", "")
        running = self._running[token] = self._running.get(token, 0) + 1
        try:
            if scope["path"].startswith(GRAPH):
                self._troubles.most_at_once = max(self._troubles.most_at_once, running)
                if self._troubles.at_once is not None and running > self._troubles.at_once:
                    told = error_body("ApplicationThrottled", "MailboxConcurrency")
                    return 429, [(b"content-type", b"application/json"), (b"retry-after", b"1")], told
                await asyncio.sleep(self._troubles.latency)
            return await _inner(self._app, scope, body)
        finally:
            self._running[token] -= 1

    async def _send(
        self, send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes, trouble: Trouble | None
    ) -> None:
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        length = len(body) + (1 if trouble is not None and trouble.cut else 0)
        headers.append((b"content-length", str(length).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if trouble is not None and trouble.cut:
            raise ConnectionError  # promised one byte more than there is: uvicorn ends the connection
        if trouble is not None and trouble.drips:
            for position in range(len(body)):
                await send({"type": "http.response.body", "body": body[position : position + 1], "more_body": True})
                if await asyncio.to_thread(self._troubles.released.wait, 0.1):
                    break
            return
        await send({"type": "http.response.body", "body": body})


async def _inner(app: ASGIApp, scope: Scope, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The application's whole answer."""
    messages: list[Message] = []
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start = messages[0]
    return start["status"], list(start["headers"]), b"".join(message.get("body", b"") for message in messages[1:])


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)

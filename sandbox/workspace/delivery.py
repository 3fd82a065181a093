"""The way from the workspace to the app: signed HTTP requests or Socket Mode, each under Slack's three-second clock.

Must not know what a payload means; `client.py` does.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx2

from sandbox.nearby import client
from sandbox.workspace.records import Delivered
from sandbox.workspace.state import Workspace

ACK_SECONDS = 3.0
EVENT_RETRIES = (0.0, 60.0, 300.0)  # Slack: at once, after a minute, after five


@dataclass(frozen=True, slots=True)
class Reply:
    """What the app answered. `trouble` is empty, late, unreachable or http_error."""

    status: int | None = None
    body: Any = None
    trouble: str = ""
    no_retry: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """The number of a repeated event and why it is repeated."""

    number: int
    reason: str


class Transport(Protocol):
    """One way to the app. Kinds are Socket Mode's: slash_commands, interactive, events_api."""

    def send(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> "Future[Reply]":
        """Send one request; the reply arrives in the future."""

    def stop(self) -> None:
        """Give back connections."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The X-Slack-Signature of a body: v0 of docs.slack.dev/authentication/verifying-requests-from-slack."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class HttpTransport:
    """Signed requests to the app's request URL; options may have a URL of their own."""

    def __init__(
        self, workspace: Workspace, request_url: str, options_url: str | None = None, timeout: float = ACK_SECONDS
    ) -> None:
        self._workspace = workspace
        self._urls = {"request": request_url, "options": options_url or request_url}
        fresh = httpx2.Limits(max_keepalive_connections=0)  # an idle connection may die under the next click
        self._client = client(timeout, limits=fresh)

    def send(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> "Future[Reply]":
        """Send in a thread of its own, so that the clock runs over the whole exchange."""
        reply: Future[Reply] = Future()
        url = self._urls["options" if payload.get("type") == "block_suggestion" else "request"]
        body, content_type = encode(kind, payload)
        threading.Thread(target=self._post, args=(url, body, content_type, retry, reply), daemon=True).start()
        return reply

    def post(self, url: str, body: bytes, content_type: str, retry: Retry | None = None) -> httpx2.Response:
        """One signed request."""
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._workspace.app.signing_secret, timestamp, body),
        }
        if retry is not None:
            headers |= {"X-Slack-Retry-Num": str(retry.number), "X-Slack-Retry-Reason": retry.reason}
        return self._client.post(url, content=body, headers=headers)

    def verify_request_url(self) -> bool:
        """Slack's url_verification handshake."""
        challenge = {
            "token": self._workspace.app.verification_token,
            "challenge": "a-challenge",
            "type": "url_verification",
        }
        response = self.post(self._urls["request"], json.dumps(challenge).encode(), "application/json")
        return response.status_code == 200 and "a-challenge" in response.text

    def stop(self) -> None:
        """Close kept connections."""
        self._client.close()

    def _post(self, url: str, body: bytes, content_type: str, retry: Retry | None, reply: "Future[Reply]") -> None:
        try:
            response = self.post(url, body, content_type, retry)
        except httpx2.TimeoutException:
            reply.set_result(Reply(trouble="late"))
        except (httpx2.HTTPError, RuntimeError):  # RuntimeError: the client was closed meanwhile
            reply.set_result(Reply(trouble="unreachable"))
        else:
            trouble = "" if response.status_code == 200 else "http_error"
            no_retry = response.headers.get("x-slack-no-retry") == "1"
            reply.set_result(Reply(response.status_code, decoded(response.text), trouble, no_retry))


def encode(kind: str, payload: dict[str, Any]) -> tuple[bytes, str]:
    """The body and content type in which Slack sends a payload over HTTP."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload, separators=(",", ":"))}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def decoded(text: str) -> Any:  # noqa: ANN401 - whatever the app answers
    """An answer's JSON, or its text where it is none."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


class Courier:
    """Carries payloads to the app over the transport now connected, with clock, log, faults and event retries."""

    def __init__(
        self, workspace: Workspace, ack_seconds: float = ACK_SECONDS, retries: Sequence[float] = EVENT_RETRIES
    ) -> None:
        self.workspace = workspace
        self.transport: Transport | None = None
        self.ack_seconds = ack_seconds
        self.retries = retries
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def send(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        """Deliver and wait for the answer, three seconds at most. Nothing but an event is ever sent again."""
        started = time.monotonic()
        if self.transport is None:
            reply = Reply(trouble="unreachable")
        else:
            waiting = self.transport.send(kind, payload, retry)
            if self.workspace.faults.take_doubled(kind):
                self.transport.send(kind, payload, retry)
            try:
                reply = waiting.result(self.ack_seconds)
            except TooLate:
                reply = Reply(trouble="late")
            if self.workspace.faults.take_dropped(kind):
                reply = Reply(trouble="late")
        seconds = time.monotonic() - started
        with self.workspace.changing():
            number = retry.number if retry else 0
            self.workspace.deliveries.append(
                Delivered(kind, payload, reply.status, reply.body, reply.trouble, seconds, number)
            )
        return reply

    def send_event(self, payload: dict[str, Any]) -> threading.Thread:
        """Deliver an event in the background; three more tries where it fails, unless the app says no."""
        thread = threading.Thread(target=self._deliver_event, args=(payload,), daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def stop(self) -> None:
        """No further retries; waits for deliveries under way."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(self.ack_seconds + 1)
        if self.transport is not None:
            self.transport.stop()
            self.transport = None

    def _deliver_event(self, payload: dict[str, Any]) -> None:
        reply = self.send("events_api", payload)
        for number, delay in enumerate(self.retries, 1):
            if not reply.trouble or reply.no_retry or self._stopped.wait(delay):
                return
            reason = {"late": "http_timeout", "unreachable": "connection_failed"}.get(reply.trouble, "http_error")
            reply = self.send("events_api", payload, Retry(number, reason))

"""`POST /slack/events`: from signed bytes to a dict for Bolt, and back.

Stands in for Bolt's own adapter because that one parses before it checks the signature, logs whole bodies, answers 404
to commands whose text contains `payload`, and spends most of a click on percent-decoding. Nothing of a body is logged.
Signing: https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

import asyncio
import binascii
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.crossing import clicked_at
from bot.deliveries import Deliveries

logger = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
READ_WITHIN = 10.0
REMEMBERED_ANSWERS = 256

Endpoint = Callable[[Request], Awaitable[Response]]


class _Refused(Exception):
    """The request is answered with this status and nothing else."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def slack_endpoint(app: AsyncApp, signing_secret: str, deliveries: Deliveries | None = None) -> Endpoint:
    """The endpoint function. `deliveries` says what is new; by default this process alone is asked."""
    return _Endpoint(app, SignatureVerifier(signing_secret), deliveries or Deliveries()).slack_events


class _Endpoint:
    def __init__(self, app: AsyncApp, verifier: SignatureVerifier, deliveries: Deliveries) -> None:
        self._app = app
        self._verifier = verifier
        self._deliveries = deliveries
        self._submissions: OrderedDict[str, asyncio.Future[BoltResponse]] = OrderedDict()

    async def slack_events(self, request: Request) -> Response:
        clicked_at.set(time.monotonic())
        try:
            raw = await _body(request)
            if _is_ssl_check(request, raw):
                return Response()
            signature = _checked_signature(request, raw, self._verifier)
            return await self._answer(signature, parse(raw, request.headers.get("content-type", "")))
        except _Refused as refusal:
            logger.info("slack_request_refused status=%s code=%s", refusal.status, refusal.code)
            return JSONResponse({"error": refusal.code}, refusal.status)

    async def _answer(self, signature: str, body: dict[str, Any]) -> Response:
        if body.get("type") == "url_verification":
            return JSONResponse({"challenge": str(body.get("challenge", ""))})
        earlier = self._submissions.get(signature)
        if earlier is None:
            # For a submission nothing is waited for in here, so its repetition finds the answer remembered below.
            if not await self._deliveries.is_new(f"bytes:{signature}", body):
                return Response()
            answering = self._app.async_dispatch(_bolt_request(body))
            if body.get("type") != "view_submission":
                return _response(await answering)
            earlier = asyncio.ensure_future(answering)
            self._remember(signature, earlier)
        return _response(await asyncio.shield(earlier))

    def _remember(self, signature: str, answering: "asyncio.Future[BoltResponse]") -> None:
        """An empty answer to a submission closes the form, so a repeated one gets the answer of the first."""
        self._submissions[signature] = answering
        if len(self._submissions) > REMEMBERED_ANSWERS:
            self._submissions.popitem(last=False)


async def _body(request: Request) -> bytes:
    """The body, refused as soon as it is too long or too slow."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:12]) > MOST_BYTES:
        raise _Refused(413, "too_large")
    parts = bytearray()
    try:
        async with asyncio.timeout(READ_WITHIN):
            async for chunk in request.stream():
                parts += chunk
                if len(parts) > MOST_BYTES:
                    raise _Refused(413, "too_large")
    except TimeoutError as error:
        raise _Refused(408, "too_slow") from error
    return bytes(parts)


def _is_ssl_check(request: Request, raw: bytes) -> bool:
    """Slack's probe of a command address; it comes unsigned and means nothing."""
    return "x-slack-signature" not in request.headers and len(raw) < 200 and b"ssl_check=1" in raw.split(b"&")


def _checked_signature(request: Request, raw: bytes, verifier: SignatureVerifier) -> str:
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    # The verifier trips over these instead of refusing them.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 and signature.isascii()):
        raise _Refused(401, "invalid_signature")
    try:
        valid = verifier.is_valid(raw, timestamp, signature)
    except UnicodeDecodeError:
        valid = False
    if not valid:
        raise _Refused(401, "invalid_signature")
    return signature


# --- decoding -------------------------------------------------------------------------------------------------------


def parse(raw: bytes, content_type: str) -> dict[str, Any]:
    """The request's dict: a JSON body, the JSON in the form field `payload`, or a command's plain form."""
    if content_type.startswith("application/json") or raw[:1] == b"{":
        return _json_object(raw)
    fields = dict(_fields(raw))
    if "payload" in fields and "command" not in fields:
        return _json_object(fields["payload"])
    return {name: value.decode("utf-8", "replace") for name, value in fields.items()}


def _json_object(text: bytes) -> dict[str, Any]:
    """Refuses what is no object, no JSON, no UTF-8, or nested so deep that reading it would exhaust the stack."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Refused(400, "malformed") from error
    if not isinstance(value, dict):
        raise _Refused(400, "malformed")
    return value


def _fields(raw: bytes) -> list[tuple[str, bytes]]:
    pairs = (part.partition(b"=") for part in raw.split(b"&") if part)
    return [(decode(name).decode("utf-8", "replace"), decode(value)) for name, _, value in pairs]


def decode(value: bytes) -> bytes:
    """Undo form encoding in C: `%41` is quoted-printable's `=41`. Falls back where an escape is malformed.

    Every well-formed escape makes the text two bytes shorter; any other length tells that something was not one.
    """
    spaced = value.replace(b"+", b" ")
    escapes = spaced.count(b"%")
    if not escapes:
        return spaced
    if b"=" not in spaced and b"\n" not in spaced:
        fast = binascii.a2b_qp(spaced.replace(b"%", b"="))
        if len(fast) == len(spaced) - 2 * escapes:
            return fast
    return unquote_to_bytes(spaced)


def _bolt_request(body: dict[str, Any]) -> AsyncBoltRequest:
    """`socket_mode` is Bolt's name for "the body is a dict and the signature is not my business"."""
    if not _is_shaped(body):
        raise _Refused(400, "malformed")
    try:
        return AsyncBoltRequest(body=body, mode="socket_mode")
    except (TypeError, AttributeError, KeyError, ValueError) as error:  # a known field of an unknown shape
        raise _Refused(400, "malformed") from error


def _is_shaped(body: dict[str, Any]) -> bool:
    """Whether the fields that Bolt and we reach into are what Slack documents, where they are there at all."""
    actions = body.get("actions", [{}])
    objects = ("view", "event", "message", "container", "channel")
    return (
        all(isinstance(body.get(name), dict | None) for name in objects)
        and all(isinstance(body.get(name), dict | str | None) for name in ("team", "user"))
        and isinstance(actions, list)
        and bool(actions)
        and all(isinstance(action, dict) for action in actions)
    )


def _response(answer: BoltResponse) -> Response:
    return Response(answer.body, answer.status, media_type=next(iter(answer.headers.get("content-type", ())), None))

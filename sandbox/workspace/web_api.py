"""Slack's Web API over HTTP: bodies, tokens, scopes, envelopes and limits; the methods live in the api_ files."""

import asyncio
import base64
import binascii
import json
import time
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.workspace import api_chat, api_directory, api_views
from sandbox.workspace.api_kit import Answer, ApiCall, ApiError, Method
from sandbox.workspace.records import Call, Installation
from sandbox.workspace.state import Workspace

METHODS: dict[str, Method] = {**api_views.METHODS, **api_chat.METHODS, **api_directory.METHODS}


class WebApi:
    """The endpoints `/api/{method}` and `/response/{code}` of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._last_post: dict[str, float] = {}

    def routes(self) -> list[Route]:
        """Routes for a Starlette application."""
        return [
            Route("/api/{method}", self.call, methods=["GET", "POST"]),
            Route("/response/{code}", self.respond, methods=["POST"]),
        ]

    async def call(self, request: Request) -> Response:
        """Answer one call of a method."""
        method = request.path_params["method"]
        body = await request.body()
        fault = self.workspace.faults.take_call(method)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        arguments: dict[str, Any] = {}
        headers: dict[str, str] = {}
        try:
            arguments = _arguments(request, body)
            if fault is not None and fault.error:
                status, answer = fault.status, {"ok": False, "error": fault.error}
                headers = {"Retry-After": str(fault.retry_after)} if status == 429 else {}
            elif wait := self._posts_too_fast(method, arguments):
                status, answer, headers = 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)}
            else:
                status, answer = 200, self._answer(request, method, arguments)
        except ApiError as error:
            status, answer = 200, error.envelope
        with self.workspace.changing():
            self.workspace.calls.append(Call(method, arguments, status, answer))
        return JSONResponse(answer, status, headers)

    async def respond(self, request: Request) -> Response:
        """A late answer of the app to an interaction."""
        try:
            body = json.loads(await request.body())
        except ValueError:
            return PlainTextResponse("invalid_payload", 400)
        status, words = _answer_late(self.workspace, request.path_params["code"], body)
        return PlainTextResponse(words, status)

    def _answer(self, request: Request, name: str, arguments: dict[str, Any]) -> Answer:
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        basic = _basic(secret) if scheme.lower() == "basic" else None
        token = secret if scheme.lower() == "bearer" else str(arguments.pop("token", ""))
        caller = self._caller(method, token)
        if caller is not None and method.scopes and not set(method.scopes) & set(caller.scopes):
            raise ApiError("missing_scope", needed=",".join(method.scopes), provided=",".join(caller.scopes))
        return method.run(ApiCall(self.workspace, name, arguments, caller, basic))

    def _caller(self, method: Method, token: str) -> Installation | None:
        if method.token == "none":
            return None
        if not token:
            raise ApiError("not_authed")
        if method.token == "app":
            if token != self.workspace.app.app_token:
                raise ApiError("not_allowed_token_type" if token in self.workspace.installations else "invalid_auth")
            return None
        if token == self.workspace.app.app_token:
            raise ApiError("not_allowed_token_type")
        installation = self.workspace.installations.get(token)
        if installation is None:
            raise ApiError("invalid_auth")
        if installation.revoked:
            raise ApiError("token_revoked")
        if installation.expires_at is not None and installation.expires_at <= self.workspace.clock():
            raise ApiError("token_expired")
        return installation

    def _posts_too_fast(self, method: str, arguments: dict[str, Any]) -> int:
        """Seconds to wait where one message a second and channel is the limit, else 0."""
        if method != "chat.postMessage" or not self.workspace.faults.post_once_a_second:
            return 0
        channel, now = str(arguments.get("channel")), time.monotonic()
        if now - self._last_post.get(channel, -1.0) < 1.0:
            return 1
        self._last_post[channel] = now
        return 0


def _answer_late(workspace: Workspace, code: str, body: Any) -> tuple[int, str]:  # noqa: ANN401 - JSON as sent
    """A response_url's answer to a body of any shape."""
    if not isinstance(body, dict):
        return 400, "invalid_payload"
    return api_chat.answer_response_url(workspace, code, body)


def _arguments(request: Request, body: bytes) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(request.query_params)
    if not body:
        return arguments
    if "json" in request.headers.get("content-type", ""):
        try:
            sent = json.loads(body)
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(sent, dict):
            raise ApiError("json_not_object")
        return {**arguments, **sent}
    return {**arguments, **dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))}


def _basic(secret: str) -> tuple[str, str] | None:
    try:
        name, _, password = base64.b64decode(secret).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password

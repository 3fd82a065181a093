"""Socket Mode: the server end of the app's WebSocket connections.

Protocol: docs.slack.dev/apis/events-api/using-socket-mode. hello, envelopes, acks by envelope_id, disconnect.
"""

import asyncio
import contextlib
import json
import uuid
from concurrent.futures import Future
from itertools import count
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.workspace.delivery import Reply, Retry
from sandbox.workspace.state import Workspace

MOST_CONNECTIONS = 10
LEAVE_SECONDS = 10.0  # between Slack's disconnect message and the end of the connection


class SocketTransport:
    """All live connections of the app; each envelope goes to one of them in turn."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._connections: list[WebSocket] = []
        self._leaving: list[WebSocket] = []
        self._farewell: asyncio.Task[None] | None = None
        self._waiting: dict[str, Future[Reply]] = {}
        self._turn = count()
        self._loop: asyncio.AbstractEventLoop | None = None

    def route(self) -> WebSocketRoute:
        """The endpoint to which apps.connections.open points."""
        return WebSocketRoute("/link/", self._serve)

    @property
    def connections(self) -> int:
        """How many connections the app holds."""
        return len(self._connections)

    def send(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> "Future[Reply]":
        """Send one envelope; the future is answered by the app's ack."""
        reply: Future[Reply] = Future()
        if not self._connections or self._loop is None:
            reply.set_result(Reply(trouble="unreachable"))
            return reply
        envelope_id = str(uuid.uuid4())
        can_answer = kind == "slash_commands" or payload.get("type") in {"view_submission", "block_suggestion"}
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": can_answer,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry.number if retry else 0, "retry_reason": retry.reason if retry else ""}
        self._waiting[envelope_id] = reply
        asyncio.run_coroutine_threadsafe(self._send(envelope_id, json.dumps(envelope)), self._loop)
        return reply

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to go, as Slack does every few hours; nothing more is sent on it."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._disconnect(reason), self._loop).result(5)

    def stop(self) -> None:
        """Close all connections without a word."""
        if self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result(5)

    async def _send(self, envelope_id: str, text: str) -> None:
        try:
            await self._connections[next(self._turn) % len(self._connections)].send_text(text)
        except (WebSocketDisconnect, RuntimeError, ZeroDivisionError):  # the connection went while we chose it
            self._answer(envelope_id, Reply(trouble="unreachable"))

    async def _disconnect(self, reason: str) -> None:
        leaving, self._connections = self._connections, []
        self._leaving.extend(leaving)
        for connection in leaving:
            info = {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}
            await connection.send_text(json.dumps(info))
        self._farewell = asyncio.create_task(self._close_later(leaving))

    async def _close_later(self, leaving: list[WebSocket]) -> None:
        await asyncio.sleep(LEAVE_SECONDS)
        await self._close(leaving)

    async def _close(self, leaving: list[WebSocket]) -> None:
        for connection in leaving:
            with contextlib.suppress(RuntimeError):  # the app closed it first
                await connection.close()

    async def _close_all(self) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
        leaving, self._connections, self._leaving = [*self._connections, *self._leaving], [], []
        await self._close(leaving)

    async def _serve(self, socket: WebSocket) -> None:
        ticket = self._workspace.codes.pop(socket.query_params.get("ticket", ""), None)
        if ticket is None or "socket" not in ticket:
            await socket.close(4001)
            return
        await socket.accept()
        if len(self._connections) >= MOST_CONNECTIONS:
            await socket.send_text(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await socket.close()
            return
        self._loop = asyncio.get_running_loop()
        self._connections.append(socket)
        hello = {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._workspace.app.id},
        }
        try:
            await socket.send_text(json.dumps(hello))
            with self._workspace.changing():
                pass
            while True:
                self._take(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: we closed it ourselves
            pass
        finally:
            self._connections = [other for other in self._connections if other is not socket]
            self._leaving = [other for other in self._leaving if other is not socket]
            with self._workspace.changing():
                pass

    def _take(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        if isinstance(ack, dict) and "envelope_id" in ack:
            self._answer(str(ack["envelope_id"]), Reply(200, ack.get("payload")))

    def _answer(self, envelope_id: str, reply: Reply) -> None:
        waiting = self._waiting.pop(envelope_id, None)
        if waiting is not None:
            waiting.set_result(reply)

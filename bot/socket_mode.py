"""Slack by Socket Mode: the same app, behind a WebSocket that we open.

Delivery is at least once, so what was taken in already is only acknowledged. The address comes from
`apps.connections.open` of the app's own client, so it follows SLACK_API_URL.
"""

import logging
import time

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.crossing import clicked_at
from bot.deliveries import Deliveries

logger = logging.getLogger("bot.socket_mode")


class SocketMode:
    """The connection, from `start` to `stop`."""

    def __init__(self, app: AsyncApp, app_token: str, deliveries: Deliveries | None = None) -> None:
        self._app = app
        self._app_token = app_token
        self._deliveries = deliveries or Deliveries()
        self._handler: AsyncSocketModeHandler | None = None

    async def start(self) -> None:
        """Connect, retrying until Slack answers or `stop` is called; run it as a task where that may take long."""
        self._handler = _Handler(self._app, self._app_token, self._deliveries)
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped

    async def is_connected(self) -> bool:
        return self._handler is not None and await self._handler.client.is_connected()

    async def stop(self) -> None:
        """Close the socket; what is being handled goes on in the background."""
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]  # as above


class _Handler(AsyncSocketModeHandler):
    def __init__(self, app: AsyncApp, app_token: str, deliveries: Deliveries) -> None:
        super().__init__(app, app_token, logger=logger)
        self._deliveries = deliveries

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as the base class does
        clicked_at.set(time.monotonic())
        if not await self._deliveries.is_new(f"envelope:{req.envelope_id}", req.payload):
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
            return
        await super().handle(client, req)

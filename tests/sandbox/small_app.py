"""A small Slack app on real slack_bolt, served by uvicorn or connected by Socket Mode, and short names for blocks."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import Route

from sandbox.standin_server import StandInServer, listen
from sandbox.workspace import LocalWorkspace

Register = Callable[[AsyncApp], None]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(*elements: dict[str, Any], block_id: str = "acts") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def text_input(label: str, block_id: str, **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "v", **more.pop("element", {})}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {
        "type": "modal",
        "title": plain("Form"),
        "callback_id": "form",
        "submit": plain("Go"),
        "blocks": list(blocks),
    }
    return {key: value for key, value in (base | more).items() if value is not None}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": plain(text), **more}


@contextmanager
def on_a_thread(start: Callable[[], Any]) -> Iterator[asyncio.AbstractEventLoop]:
    """Run a coroutine made by `start` in a loop of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def served(handler: AsyncSlackRequestHandler) -> Iterator[str]:
    """The app's endpoint on a free port; yields its URL."""
    listener = listen()
    server = StandInServer(listener, "small app")
    server.serve(server.routed([Route("/slack/events", handler.handle, methods=["POST"])]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    finally:
        server.stop()


def bolt_app(local: LocalWorkspace) -> AsyncApp:
    client = AsyncWebClient(token=local.bot_token, base_url=local.api_url, timeout=5)
    return AsyncApp(client=client, signing_secret=local.signing_secret, process_before_response=True)


@contextmanager
def socket_app(app: AsyncApp, app_token: str) -> Iterator[None]:
    handlers: list[AsyncSocketModeHandler] = []

    async def connect() -> None:
        handlers.append(AsyncSocketModeHandler(app, app_token))
        await handlers[0].connect_async()

    with on_a_thread(connect) as loop:
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(handlers[0].close_async(), loop).result(10)


def opens(view: dict[str, Any]) -> Register:
    """Registers /form, which opens the view."""

    def register(app: AsyncApp) -> None:
        @app.command("/form")
        async def form(ack, body, client):
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=view)

    return register


def answers_form(**answer: Any) -> Register:
    """Registers a submission listener that acks with this answer."""

    def register(app: AsyncApp) -> None:
        @app.view("form")
        async def submitted(ack):
            await ack(**answer)

    return register


def both(*registers: Register) -> Register:
    """Registers all of these."""

    def register(app: AsyncApp) -> None:
        for one in registers:
            one(app)

    return register


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def error_of(call, *arguments, **more):
    with pytest.raises(SlackApiError) as caught:
        call(*arguments, **more)
    return caught.value.response["error"]


def trigger(local, user="U0DANA", view_id=None):
    return local.workspace.new_trigger(user, view_id).id

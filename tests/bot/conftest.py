"""The real app over a real socket, in front of the local workspace, with scheduling in memory."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot import build_bolt_app
from bot.crossing import Crossing
from bot.http_adapter import slack_endpoint
from bot.messages import SlackNotices
from bot.slack_client import PooledClient
from sandbox.workspace import LocalWorkspace, Shortcut
from tests.bot.in_memory import NOW, InMemoryScheduling
from tests.bot.in_memory_office import InMemoryOffice

SHORTCUTS = [
    Shortcut("Schedule on behalf", "global", "schedule_on_behalf"),
    Shortcut("Schedule on behalf", "message", "schedule_on_behalf_from_message"),
]


class Running:
    """The bot behind uvicorn on a thread of its own, and everything a test wants to look at."""

    def __init__(self, local: LocalWorkspace) -> None:
        self.local = local
        self.scheduling = InMemoryScheduling()
        self.office = InMemoryOffice(self.scheduling)
        self.notices = SlackNotices(WebClient(token=local.bot_token, base_url=local.api_url, timeout=5))
        self.crossing: Crossing | None = None
        self.url = ""
        self._ready = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    async def _serve(self) -> None:
        self.crossing = Crossing(local_threads=4, service_threads=8)
        client = PooledClient(self.local.bot_token, self.local.api_url, timeout=5)
        app = build_bolt_app(
            client=client,
            scheduling=self.scheduling,
            office=self.office,
            crossing=self.crossing,
            clock=lambda: NOW,
            after_ack=0.05,
            once_more=0.3,
        )
        endpoint = slack_endpoint(app, self.local.signing_secret)
        routes = [Route("/slack/events", endpoint, methods=["POST"])]
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
        self._server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", access_log=False))
        with listener:
            self._ready.set()
            await self._server.serve(sockets=[listener])
        await self.crossing.close(within=3)
        await client.close()

    def stop(self) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def local() -> Iterator[LocalWorkspace]:
    with LocalWorkspace.start(retries=(0.0, 0.05, 0.05)) as workspace:
        workspace.workspace.app.shortcuts = SHORTCUTS
        yield workspace


@pytest.fixture
def running(local: LocalWorkspace) -> Iterator[Running]:
    """Every test also proves that Slack's rules refused nothing and warned of nothing."""
    app = Running(local)
    app.start()
    local.connect_http(app.url)
    yield app
    app.stop()
    assert local.workspace.refusals == []
    assert local.workspace.warnings == []

"""The local workspace with a real Bolt app in front of it, over HTTP and over Socket Mode."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_sdk.web import WebClient

from sandbox.workspace import Channel, LocalWorkspace, Shortcut, SlackApp, Workspace
from tests.sandbox.small_app import Register, Watch, bolt_app, served, socket_app


@pytest.fixture
def local() -> Iterator[LocalWorkspace]:
    workspace = LocalWorkspace.start(retries=(0.0, 0.05, 0.05))
    workspace.workspace.app.shortcuts = [
        Shortcut("Start here", "global", "start"),
        Shortcut("From this", "message", "from"),
    ]
    with workspace:
        yield workspace


@pytest.fixture
def over_http(local: LocalWorkspace) -> Iterator[Callable[[Register], SimpleNamespace]]:
    """Connect an app, whose listeners `register` adds, over signed HTTP; answers the workspace and Dana."""
    with ExitStack() as stack:

        def connect(register: Register) -> SimpleNamespace:
            app = bolt_app(local)
            register(app)
            url = stack.enter_context(served(AsyncSlackRequestHandler(app)))
            local.connect_http(url)
            return SimpleNamespace(local=local, workspace=local.workspace, dana=local.rep("U0DANA"), url=url)

        yield connect


@pytest.fixture
def over_socket(local: LocalWorkspace) -> Iterator[Callable[[Register], SimpleNamespace]]:
    """The same over Socket Mode, with Bolt's own handler."""
    with ExitStack() as stack:

        def connect(register: Register) -> SimpleNamespace:
            app = bolt_app(local)
            register(app)
            stack.enter_context(socket_app(app, local.app_token))
            local.connect_socket()
            return SimpleNamespace(local=local, workspace=local.workspace, dana=local.rep("U0DANA"))

        yield connect


WIDE = ("chat:write", "users:read", "users:read.email", "usergroups:read", "channels:read", "im:write", "team:read")


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def wide(watch):
    """A workspace whose app has many scopes, with an archived, a private and a foreign channel."""
    everybody = {"U0DANA", "U0PRIYA", "U0SAM", "U0NOA"}
    channels = [
        Channel("C1GENERAL", "general", set(everybody)),
        Channel("C2QUIET", "quiet", {"U0DANA"}),
        Channel("C3OLD", "old", set(everybody), is_archived=True),
        Channel("G4SECRET", "secret", {"U0DANA"}, is_private=True),
    ]
    workspace = Workspace(channels=channels, app=SlackApp(scopes=WIDE), clock=watch)
    with LocalWorkspace.start(workspace=workspace, invite_to=("general", "old")) as local:
        yield local


@pytest.fixture
def slack(wide):
    return WebClient(token=wide.bot_token, base_url=wide.api_url, timeout=5)

"""The local workspace with a real Bolt app in front of it, over HTTP and over Socket Mode."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler

from sandbox.workspace import LocalWorkspace, Shortcut
from tests.sandbox.small_app import Register, bolt_app, served, socket_app


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

"""The local workspace as a running server on loopback: Web API, Socket Mode, OAuth page, and the people using it."""

import threading
from collections.abc import Sequence
from typing import Any, Self

from starlette.routing import BaseRoute

from sandbox.standin_server import StandInServer, listen
from sandbox.workspace import payloads
from sandbox.workspace.client import SlackClient
from sandbox.workspace.delivery import ACK_SECONDS, EVENT_RETRIES, Courier, HttpTransport
from sandbox.workspace.oauth_page import AuthorizePage
from sandbox.workspace.records import Installation
from sandbox.workspace.scripted_rep import ScriptedRep
from sandbox.workspace.sockets import SocketTransport
from sandbox.workspace.state import Workspace
from sandbox.workspace.web_api import WebApi


class LocalWorkspace:
    """A started workspace. Use `start`, and `stop` or a `with` statement."""

    def __init__(self, workspace: Workspace, ack_seconds: float, retries: Sequence[float]) -> None:
        self.workspace = workspace
        self.courier = Courier(workspace, ack_seconds, retries)
        self.sockets = SocketTransport(workspace)
        self.web_api = WebApi(workspace)
        self.installation: Installation | None = None
        self._clients: dict[str, SlackClient] = {}
        self._server: StandInServer | None = None

    @classmethod
    def start(
        cls,
        port: int = 0,
        *,
        workspace: Workspace | None = None,
        manifest: dict[str, Any] | None = None,
        invite_to: Sequence[str] = ("general", "sales"),
        install: bool = True,
        ack_seconds: float = ACK_SECONDS,
        retries: Sequence[float] = EVENT_RETRIES,
        routes: Sequence[BaseRoute] = (),
    ) -> Self:
        """Serve on 127.0.0.1 (port 0: any free one). Installs the app and invites its bot, unless told not to.

        `manifest` is the app's own; `routes` are added to the server, for a page that shows the workspace.
        """
        state = workspace or Workspace()
        if manifest is not None:
            state.app.use_manifest(manifest)
        local = cls(state, ack_seconds, retries)
        if install:
            local.installation = state.install()
            for name in invite_to:
                if name in {channel.name for channel in state.channels.values()}:
                    state.invite(name)
        local._serve(port, routes)
        return local

    def __enter__(self) -> Self:
        """The started workspace itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at the end of the block."""
        self.stop()

    @property
    def url(self) -> str:
        """Where the server listens, without a path."""
        return self.workspace.public_url

    @property
    def api_url(self) -> str:
        """The Web API's base for `base_url`; ends in /api/."""
        return f"{self.url}/api/"

    @property
    def authorize_url(self) -> str:
        """The OAuth page."""
        return f"{self.url}/oauth/v2/authorize"

    @property
    def bot_token(self) -> str:
        """The token of the installation made at the start."""
        if self.installation is None:
            raise LookupError("the app was not installed at the start")
        return self.installation.token

    @property
    def signing_secret(self) -> str:
        """The secret that signs HTTP requests to the app."""
        return self.workspace.app.signing_secret

    @property
    def app_token(self) -> str:
        """The app-level token for Socket Mode."""
        return self.workspace.app.app_token

    def connect_http(self, request_url: str, options_url: str | None = None) -> HttpTransport:
        """From now on requests go to this URL, signed."""
        transport = HttpTransport(self.workspace, request_url, options_url, self.courier.ack_seconds)
        self._use(transport)
        return transport

    def connect_socket(self, timeout: float = 10.0) -> SocketTransport:
        """From now on requests go over Socket Mode; waits for the app's first connection."""
        self._use(self.sockets)
        if not self.workspace.wait_until(lambda: self.sockets.connections > 0, timeout):
            raise TimeoutError("the app opened no Socket Mode connection")
        return self.sockets

    def _use(self, transport: HttpTransport | SocketTransport) -> None:
        if self.courier.transport not in (None, transport, self.sockets):
            self.courier.transport.stop()
        self.courier.transport = transport

    def client(self, user_id: str) -> SlackClient:
        """Slack's client of one person; the same object every time."""
        if user_id not in self._clients:
            self._clients[user_id] = SlackClient(self.workspace, self.courier, user_id)
        return self._clients[user_id]

    def rep(self, user_id: str = "U0DANA", patience: float = 3.0) -> ScriptedRep:
        """A person who acts by the words on the screen."""
        return ScriptedRep(self.client(user_id), patience)

    def send_event(self, content: dict[str, Any], team_id: str | None = None) -> threading.Thread:
        """Deliver an event (for example tokens_revoked) in the background."""
        return self.courier.send_event(payloads.event(self.workspace, team_id or self.workspace.team.id, content))

    def uninstall(self, team_id: str | None = None) -> None:
        """Remove the app from a team, as an administrator does; waits until its two events were delivered."""
        installation = self.workspace.installation_of(team_id or self.workspace.team.id)
        installation.revoked = True
        tokens = {"oauth": [], "bot": [installation.bot_user_id]}
        for content in ({"type": "tokens_revoked", "tokens": tokens}, {"type": "app_uninstalled"}):
            self.send_event(content, installation.team_id).join(self.courier.ack_seconds)

    def stop(self) -> None:
        """End deliveries, connections and the server."""
        self.courier.stop()
        self.sockets.stop()
        if self._server is not None:
            self._server.stop()

    def _serve(self, port: int, routes: Sequence[BaseRoute]) -> None:
        listener = listen(port)
        self.workspace.public_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = server = StandInServer(listener, "local workspace")
        own = [*self.web_api.routes(), AuthorizePage(self.workspace).route(), self.sockets.route()]
        server.serve(server.routed([*own, *routes]), websockets=True)

"""The stand-in as a running server on loopback."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sandbox.google_standin.accounts import Accounts
from sandbox.google_standin.calendar_api import BASE, CalendarApi
from sandbox.google_standin.changes import Changes
from sandbox.google_standin.identity import AUTH, TOKEN, Identity
from sandbox.google_standin.troubles import Troubled, Troubles
from sandbox.standin_server import StandInServer, listen

CLIENT_ID = "stand-in.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-local-stand-in"  # of a client that exists only here


def _now() -> datetime:
    return datetime.now(UTC)


class GoogleStandIn:
    """A started stand-in. Use `start`, and `stop` or a `with` statement.

    `accounts` holds people, rooms and events, `changes` what happens to events, `identity` sign-ins, `troubles` what
    is to go wrong.
    """

    def __init__(self, listener: socket.socket, clock: Callable[[], datetime], *, secure: bool) -> None:
        self.url = f"http{'s' if secure else ''}://127.0.0.1:{listener.getsockname()[1]}"
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.accounts = Accounts(clock)
        self.identity = Identity(self.accounts, CLIENT_ID, CLIENT_SECRET, clock)
        self.changes = Changes(self.accounts)
        self.troubles = Troubles()
        self._server = StandInServer(listener, "stand-in for Google")

    @classmethod
    def start(
        cls, port: int = 0, *, certificate: tuple[Path, Path] | None = None, clock: Callable[[], datetime] = _now
    ) -> Self:
        """Serve on 127.0.0.1 (port 0: any free one); `certificate` is the files of a chain and its key, for https."""
        listener = listen(port)
        standin = cls(listener, clock, secure=certificate is not None)
        standin._serve(certificate)
        return standin

    def __enter__(self) -> Self:
        """The started stand-in itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at the end of the block."""
        self.stop()

    @property
    def api_url(self) -> str:
        """For GOOGLE_API_URL."""
        return f"{self.url}{BASE}/"

    @property
    def auth_url(self) -> str:
        """For GOOGLE_AUTH_URL."""
        return f"{self.url}{AUTH}"

    @property
    def token_url(self) -> str:
        """For GOOGLE_TOKEN_URL."""
        return f"{self.url}{TOKEN}"

    def reset(self) -> None:
        """Nobody and nothing is there any more, and all is well."""
        self.accounts.clear()
        self.identity.clear()
        self.changes.meet_after, self.changes.has_meet = 1, True
        self.troubles.clear()

    def stop(self) -> None:
        """End hanging answers and the server."""
        self.troubles.ended.set()
        self._server.stop()

    def _serve(self, certificate: tuple[Path, Path] | None) -> None:
        routes = [*self.identity.routes(), *CalendarApi(self.accounts, self.identity, self.changes).routes()]
        self._server.serve(Troubled(self._server.routed(routes), self.troubles), certificate)

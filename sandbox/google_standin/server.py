"""The stand-in as a running server on loopback."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette

from sandbox.google_standin.accounts import Accounts
from sandbox.google_standin.calendar_api import BASE, CalendarApi
from sandbox.google_standin.changes import Changes
from sandbox.google_standin.identity import AUTH, TOKEN, Identity
from sandbox.google_standin.troubles import Troubled, Troubles

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
        self._listener = listener
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    def start(
        cls, port: int = 0, *, certificate: tuple[Path, Path] | None = None, clock: Callable[[], datetime] = _now
    ) -> Self:
        """Serve on 127.0.0.1 (port 0: any free one); `certificate` is the files of a chain and its key, for https."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
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
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
            self._server = None

    def _serve(self, certificate: tuple[Path, Path] | None) -> None:
        ready = threading.Event()

        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            ready.set()
            yield

        routes = [*self.identity.routes(), *CalendarApi(self.accounts, self.identity, self.changes).routes()]
        chain, key = certificate or (None, None)
        config = uvicorn.Config(
            Troubled(Starlette(routes=routes, lifespan=lifespan), self.troubles),
            log_level=logging.CRITICAL,  # connections are cut on purpose
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=1,
            ssl_certfile=chain,
            ssl_keyfile=key,
        )
        self._server = server = uvicorn.Server(config)

        def run() -> None:
            with self._listener:
                asyncio.run(server.serve(sockets=[self._listener]))

        self._thread = threading.Thread(target=run, name="google-stand-in", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError("the stand-in for Google did not start")

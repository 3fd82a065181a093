"""The stand-in as a running server on loopback, over http, or over https with a certificate that it is given."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette

from sandbox.microsoft_standin.directory import PERSONAL_TENANT, TENANT, Calendar, Directory, Event, Mailbox
from sandbox.microsoft_standin.events import Office
from sandbox.microsoft_standin.graph_api import GraphApi
from sandbox.microsoft_standin.identity import Identity
from sandbox.microsoft_standin.troubles import Troubled, Troubles

CLIENT_ID = "5f2c8d9e-1a3b-4c5d-8e7f-9a0b1c2d3e4f"
CLIENT_SECRET = "local~stand-in~secret"


class MicrosoftStandIn:
    """A started stand-in. Use `start`, and `stop` or a `with` statement.

    `directory` holds people and rooms, `office` what happens to events, `identity` sign-ins, `troubles` what is to go
    wrong.
    """

    def __init__(self, host: str, listener: socket.socket, *, secure: bool, clock: Callable[[], float]) -> None:
        self.url = f"{'https' if secure else 'http'}://{host}:{listener.getsockname()[1]}"
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.directory = Directory()
        self.office = Office(self.directory, self.url)
        self.identity = Identity(self.directory, self.url, CLIENT_ID, CLIENT_SECRET, clock=clock)
        self.troubles = Troubles()
        self._listener = listener
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    def start(
        cls,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        certificate: tuple[Path, Path] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Serve on 127.0.0.1 (port 0: any free one).

        `host` is what it calls itself, `certificate` the files of a chain and its key.
        """
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        standin = cls(host, listener, secure=certificate is not None, clock=clock)
        standin._serve(certificate)
        return standin

    def __enter__(self) -> Self:
        """The started stand-in itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at the end of the block."""
        self.stop()

    @property
    def authority(self) -> str:
        """For MICROSOFT_AUTHORITY."""
        return f"{self.url}/organizations"

    @property
    def graph_url(self) -> str:
        """For GRAPH_API_URL."""
        return f"{self.url}/v1.0"

    def add_person(self, address: str, name: str, *, personal: bool = False, in_cloud: bool = True) -> Mailbox:
        """Somebody with a mailbox; a personal account is one of no organization."""
        return self.directory.add(address, name, tenant=PERSONAL_TENANT if personal else TENANT, in_cloud=in_cloud)

    def add_room(self, address: str, name: str) -> Mailbox:
        """A room that answers invitations by itself."""
        return self.directory.add(address, name, room=True)

    def add_calendar(self, address: str, name: str, *, editable: bool = True) -> Calendar:
        """One more calendar in somebody's mailbox."""
        return self.directory.add_calendar(address, name, editable=editable)

    def occupy(self, address: str, start: datetime, end: datetime, subject: str = "Busy", **content: object) -> Event:
        """Somebody makes an event by hand."""
        return self.directory.occupy(address, start, end, subject, **content)

    def reset(self) -> None:
        """Nobody is here any more, and all is well."""
        self.directory.clear()
        self.office.reset()
        self.identity.reset()
        self.troubles.clear()

    def stop(self) -> None:
        """End hanging answers and the server."""
        self.troubles.released.set()
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

        routes = [*GraphApi(self.office, self.identity).routes(), *self.identity.routes()]
        app = Troubled(Starlette(routes=routes, lifespan=lifespan), self.troubles)
        config = uvicorn.Config(
            app,
            log_level=logging.CRITICAL,  # cut connections are made on purpose
            access_log=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate[0] if certificate else None,
            ssl_keyfile=certificate[1] if certificate else None,
        )
        self._server = server = uvicorn.Server(config)

        def run() -> None:
            with self._listener:
                asyncio.run(server.serve(sockets=[self._listener]))

        self._thread = threading.Thread(target=run, name="microsoft-standin", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError("the stand-in for Microsoft did not start")

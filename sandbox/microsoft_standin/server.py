"""The stand-in as a running server on loopback, over http, or over https with a certificate that it is given."""

import socket
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

from sandbox.microsoft_standin.directory import PERSONAL_TENANT, TENANT, Calendar, Directory, Event, Mailbox
from sandbox.microsoft_standin.events import Office
from sandbox.microsoft_standin.graph_api import GraphApi
from sandbox.microsoft_standin.identity import Identity
from sandbox.microsoft_standin.troubles import Troubled, Troubles
from sandbox.standin_server import StandInServer, listen

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
        self._server = StandInServer(listener, "stand-in for Microsoft")

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
        listener = listen(port)
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
        self._server.stop()

    def _serve(self, certificate: tuple[Path, Path] | None) -> None:
        routes = [*GraphApi(self.office, self.identity).routes(), *self.identity.routes()]
        self._server.serve(Troubled(self._server.routed(routes), self.troubles), certificate)

"""An ASGI application served on loopback by a thread of its own: what the workspace and the stand-ins run on."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

BACKLOG = 2048
PING_SECONDS = 5.0


def listen(port: int = 0) -> socket.socket:
    """A socket on 127.0.0.1 (port 0: any free one), for `StandInServer`; who connects early is answered a little later.

    With the protocol named, accepted sockets send at once (TCP_NODELAY), so kept connections answer quickly.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener


class StandInServer:
    """A server on `listener`, which it closes in the end; `name` is for its thread and its error."""

    def __init__(self, listener: socket.socket, name: str) -> None:
        self.ready = threading.Event()
        self._listener = listener
        self._name = name
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def routed(self, routes: Sequence[BaseRoute]) -> Starlette:
        """The application of these routes, which says when it is ready."""

        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            self.ready.set()
            yield

        return Starlette(routes=routes, lifespan=lifespan)

    def serve(self, app: ASGIApp, certificate: tuple[Path, Path] | None = None, *, websockets: bool = False) -> None:
        """Serve what wraps `routed`; `certificate` is the files of a chain and its key, for https.

        With `websockets` those too, and errors are logged: stand-ins without cut connections on purpose.

        Raises:
            TimeoutError: the application was not ready within ten seconds.
        """
        chain, key = certificate or (None, None)
        config = uvicorn.Config(
            app,
            log_level=logging.WARNING if websockets else logging.CRITICAL,
            access_log=False,
            lifespan="on",
            ws="auto" if websockets else "none",
            ws_ping_interval=PING_SECONDS,
            timeout_graceful_shutdown=1,
            ssl_certfile=chain,
            ssl_keyfile=key,
        )
        self._server = server = uvicorn.Server(config)

        def run() -> None:
            with self._listener:
                asyncio.run(_serve(server, self._listener))

        self._thread = threading.Thread(target=run, name=self._name, daemon=True)
        self._thread.start()
        if not self.ready.wait(10):
            raise TimeoutError(f"the {self._name} did not start")

    def stop(self) -> None:
        """End the server."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
            self._server = None


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    await server.serve(sockets=[listener])
    for connection in list(server.server_state.connections):  # kept by clients that live longer than we do
        if connection.transport is not None:
            connection.transport.abort()
    await asyncio.sleep(0.02)

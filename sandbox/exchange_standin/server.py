"""The stand-in as a server on loopback: plain http, or TLS with a certificate that is handed in."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self

from lxml import etree
from lxml.etree import _Element as Xml
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sandbox.exchange_standin import autodiscover
from sandbox.exchange_standin.faults import Fault
from sandbox.exchange_standin.mailboxes import Directory, Mailbox
from sandbox.exchange_standin.operations import OPERATIONS
from sandbox.exchange_standin.signing import Signing
from sandbox.exchange_standin.soap import M, S, element, envelope, fault
from sandbox.standin_server import StandInServer, listen

EWS_PATH = "/EWS/Exchange.asmx"
_XML = "text/xml; charset=utf-8"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


class ExchangeStandin:
    """A running stand-in. `directory` may be changed at any time under its lock.

    `calls` are the operations that were signed in, `exchanged` their bodies with the answers; `redirects` goes to
    Autodiscover's answers, `autodiscovered` counts them. `tls` is a pair of files: certificate chain and key.
    With `extended_protection`, NTLM must be bound to that certificate.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        offers: tuple[str, ...] = ("NTLM", "Basic"),
        tls: tuple[Path, Path] | None = None,
        extended_protection: bool = False,
    ) -> None:
        self.directory = directory
        bound = ssl.PEM_cert_to_DER_cert(tls[0].read_text()) if tls and extended_protection else None
        self.signing = Signing(directory, offers, bound)
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.requests = 0
        self.exchanged: list[tuple[bytes, bytes]] = []
        self.redirects: dict[str, str] = {}
        self.autodiscovered = 0
        listener = listen()
        self.port: int = listener.getsockname()[1]
        self._tls = tls
        self._server = StandInServer(listener, "stand-in for Exchange")

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def ews_url(self) -> str:
        return self.origin + EWS_PATH

    def __enter__(self) -> Self:
        routes = [
            Route(EWS_PATH, self._ews, methods=["POST"]),
            Route("/autodiscover/autodiscover.{kind}", self._autodiscover, methods=["POST"]),
        ]
        self._server.serve(self._server.routed(routes), self._tls)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()
        self._server.stop()

    def reset(self, directory: Directory) -> None:
        """Begin again with other mailboxes, nothing recorded and no faults."""
        self._let_go()
        self.directory = directory
        self.signing = Signing(directory, self.signing.offers, self.signing.binding)
        self.faults, self.calls, self.exchanged, self.redirects = [], [], [], {}
        self.requests = self.autodiscovered = 0

    def _let_go(self) -> None:
        for each in self.faults:
            if each.hang is not None:
                each.hang.set()

    # --- EWS ---

    async def _ews(self, request: Request) -> Response:
        self.requests += 1
        user, asking = self.signing.who(request.client, request.headers.get("authorization", ""))
        body = await request.body()
        if user is None:
            return _unauthorized(asking)
        try:
            asked = etree.fromstring(body, _PARSER).find(f"{S}Body")[0]
        except (etree.XMLSyntaxError, TypeError, IndexError):
            return Response(fault("ErrorSchemaValidation"), 500, media_type=_XML)
        operation = etree.QName(asked).localname.removesuffix("Request")
        self.calls.append(operation)
        due = next((each for each in self.faults if each.is_due(operation)), None)
        if due is not None:
            due.times -= 1
            return await self._misbehave(due, operation, asked, user)
        answer = self._work(operation, asked, user)
        self.exchanged.append((body, answer.body if isinstance(answer.body, bytes) else bytes(answer.body)))
        return answer

    def _work(self, operation: str, asked: Xml, user: Mailbox) -> Response:
        if operation not in OPERATIONS:
            return Response(fault("ErrorInvalidRequest"), 500, media_type=_XML)
        with self.directory.lock:
            return Response(envelope(OPERATIONS[operation](asked, self.directory, user)), media_type=_XML)

    async def _misbehave(self, due: Fault, operation: str, asked: Xml, user: Mailbox) -> Response:
        done = self._work(operation, asked, user) if due.after else None
        if due.hang is not None:
            await asyncio.to_thread(due.hang.wait, 30)
        if due.cut:
            return StreamingResponse(_cut(), headers={"content-length": "4000"}, media_type=_XML)
        if due.status is not None:
            return Response(due.body, due.status, due.headers)
        if due.code is not None:
            return Response(fault(due.code, due.back_off_ms), 500, media_type=_XML)
        if due.message is not None:
            said = (element(f"{M}MessageText", text="no"), element(f"{M}ResponseCode", text=due.message))
            inner = element(f"{M}{operation}ResponseMessage", *said, ResponseClass="Error")
            outer = element(f"{M}{operation}Response", element(f"{M}ResponseMessages", inner))
            return Response(envelope(outer), media_type=_XML)
        return done or self._work(operation, asked, user)

    # --- Autodiscover ---

    async def _autodiscover(self, request: Request) -> Response:
        user, asking = self.signing.who(request.client, request.headers.get("authorization", ""))
        body = await request.body()
        if "http" in self.redirects:
            return Response(status_code=302, headers={"location": self.redirects["http"]})
        if user is None:
            return _unauthorized(asking)
        self.autodiscovered += 1
        if request.path_params["kind"] == "svc":
            return Response(autodiscover.soap(self.ews_url, self.redirects), media_type=_XML)
        return Response(autodiscover.pox(body, self.ews_url, self.redirects), media_type=_XML)


def _unauthorized(asking: list[str]) -> Response:
    response = Response(status_code=401)
    for each in asking:
        response.headers.append("www-authenticate", each)
    return response


async def _cut() -> AsyncIterator[bytes]:
    """Less than was promised: the server closes the connection."""
    yield b"<?xml"

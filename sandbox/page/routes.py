"""The page's addresses on the workspace's server: the page, its files, mails, the live connection, and CalDAV.

On loopback, and for this computer's browser only: other sites' pages are refused by Host and Origin.
"""

from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.calendar_server import CalendarServer
from sandbox.clock import MovableClock
from sandbox.mailbox import Mailbox
from sandbox.page import mailroom
from sandbox.page.jumps import Jumps
from sandbox.page.live import Live
from sandbox.page.relay import CalendarRelay
from sandbox.page.trouble import Troubles
from sandbox.page.week import Weeks
from sandbox.workspace.server import LocalWorkspace
from sandbox.workspace.state import Workspace

STATIC = Path(__file__).resolve().parent.parent / "static"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self' ws:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HERE = {"127.0.0.1", "localhost"}


class Page:
    """Give `routes` to the workspace's server, then call `start` once everything runs, and `stop` at the end."""

    def __init__(self, workspace: Workspace, mailbox: Mailbox, users: list[str]) -> None:
        self.workspace = workspace
        self.mailbox = mailbox
        self.relay = CalendarRelay(users)
        self.troubles = Troubles(workspace, mailbox, self.relay)
        self.live = Live(workspace, mailbox, self.troubles)

    def start(self, local: LocalWorkspace, calendars: CalendarServer, clock: MovableClock) -> None:
        """Everything is there, seeded, and goes by this clock: answer pages from now on."""
        self.relay.target = calendars.url
        self.workspace.clock = clock
        self.live.start(local.client, Weeks(calendars), Jumps(clock, self.workspace, calendars))

    def stop(self) -> None:
        """End threads."""
        self.live.stop()
        self.relay.stop()

    def routes(self) -> list[BaseRoute]:
        """The page under `/`, `/mail`, `/calendar` and `/inspector`: the last three open that tab."""
        pages = [Route(path, self._page) for path in ("/", "/mail", "/calendar", "/inspector")]
        return [
            *pages,
            Route("/static/{file:path}", self._file),
            Route("/mail/{number:int}", self._mail),
            WebSocketRoute("/live", self._live),
            *self.relay.routes(),
        ]

    async def _page(self, request: Request) -> Response:
        if not is_from_here(request.headers):
            return PlainTextResponse("This page is for this computer only.", 403)
        return HTMLResponse((STATIC / "index.html").read_text(encoding="utf-8"), headers=HEADERS)

    async def _file(self, request: Request) -> Response:
        path = (STATIC / request.path_params["file"]).resolve()
        if not path.is_relative_to(STATIC) or not path.is_file() or path.suffix not in KINDS:
            return PlainTextResponse("There is no such file.", 404)
        return FileResponse(path, headers=HEADERS, media_type=KINDS[path.suffix])

    async def _mail(self, request: Request) -> Response:
        mails = self.mailbox.messages
        number = request.path_params["number"]
        if not is_from_here(request.headers) or number >= len(mails):
            return PlainTextResponse("There is no such mail.", 404)
        headers = {**HEADERS, "Content-Security-Policy": mailroom.MAIL_POLICY}
        return HTMLResponse(mailroom.html_of(mails[number]), headers=headers)

    async def _live(self, socket: WebSocket) -> None:
        user = socket.query_params.get("as", "U0DANA")
        if not is_from_here(socket.headers) or user not in self.workspace.people:
            await socket.close(1008)
            return
        await self.live.serve(socket, user)


def is_from_here(headers: Headers) -> bool:
    """Whether this computer's own page asks: a name that merely resolves to 127.0.0.1, or another site, does not."""
    host = urlsplit(f"//{headers.get('host', '')}")
    if host.hostname not in HERE:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == host.netloc

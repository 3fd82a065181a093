"""The way from the app to the calendar server, so that it can fail on demand, for one person or for all."""

import asyncio
import http.client
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

METHODS = ["GET", "PUT", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR"]
_HOPS = {"connection", "transfer-encoding", "content-length", "host", "date", "server"}
EVERYBODY = "*"


class CalendarRelay:
    """Passes CalDAV on, path by path. `failing` and `slow` hold users, or EVERYBODY."""

    def __init__(self, users: list[str]) -> None:
        self.users = users
        self.target = ""
        self.failing: set[str] = set()
        self.slow: dict[str, float] = {}
        self._threads = ThreadPoolExecutor(12, "calendar-relay")

    def routes(self) -> list[Route]:
        """One for every person's tree."""
        return [Route(f"/{user}/{{rest:path}}", self._answer, methods=METHODS) for user in self.users]

    def stop(self) -> None:
        """No further requests."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, request: Request) -> Response:
        user = request.url.path.split("/")[1]
        body = await request.body()
        if delay := self.slow.get(user, self.slow.get(EVERYBODY, 0.0)):
            await asyncio.sleep(delay)
        if self.failing & {user, EVERYBODY}:
            return Response("This calendar fails on request.", 503)
        loop = asyncio.get_running_loop()
        headers = {name: value for name, value in request.headers.items() if name not in _HOPS}
        raw_path = request.scope["raw_path"].decode("ascii")
        return await loop.run_in_executor(self._threads, self._passed_on, request.method, raw_path, headers, body)

    def _passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        connection = http.client.HTTPConnection(urlsplit(self.target).netloc, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOPS}
            return Response(answer.read(), answer.status, kept)
        except (OSError, http.client.HTTPException):
            return Response("The calendar server does not answer.", 502)
        finally:
            connection.close()

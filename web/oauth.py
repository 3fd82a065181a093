"""Signing in at a calendar provider's own page: the way there, the way back, and a page that says what happened.

The browser that left must be the browser that comes back: a cookie says so, and nothing else in this app uses one.
Codes, states and tokens are never logged or shown.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from scheduling.errors import CalendarError, LinkRefused
from web.oauth_words import SYSTEMS, Told, agreed, told_by, used_up
from web.rendering import page

T = TypeVar("T")
COOKIE_SECONDS = 1200
AT_ONCE = 8
MOST_WAITING = 40
FORM_POST = frozenset({"microsoft"})
"""Providers that may send their answer as a form."""

TAKEN = ("code", "state", "error", "error_description", "error_subcode", "client_info", "session_state", "scope", "iss")
"""Parameters of a callback that we pass on (RFC 6749 §4.1.2, RFC 9207, Microsoft's client_info); others are dropped."""

MOST_CHARACTERS = {"error_description": 500}

_OURS = re.compile(r"[\w-]{43}", re.ASCII)

log = structlog.get_logger(__name__)


class Connected(Protocol):
    """What was connected, and where to go back to."""

    @property
    def label(self) -> str: ...
    @property
    def team_id(self) -> str: ...


class Authorizing(Protocol):
    """What these pages need of scheduling; `begin` and `finish` are synchronous and are run in threads."""

    @property
    def providers(self) -> frozenset[str]: ...

    def redirect_uri(self, provider: str) -> str: ...

    def begin(self, token: str, browser: str) -> str:
        """The provider's page for a personal link. Raises LinkRefused, CalendarError."""
        ...

    def finish(self, provider: str, params: Mapping[str, str], browser: str) -> Connected:
        """Keep the account that came back. Raises LinkRefused, CalendarError."""
        ...


class OAuthPages:
    """The way to the provider's page and back. `counted` is told the result of each sign-in that came back."""

    def __init__(self, authorizing: Authorizing, public_url: str, counted: Callable[[str], None]) -> None:
        self._authorizing = authorizing
        self._secure = urlsplit(public_url).scheme == "https"
        self._cookie = "__Host-schedule-for" if self._secure else "schedule-for"
        self._counted = counted
        self._threads = ThreadPoolExecutor(AT_ONCE, "oauth")
        self._waiting = 0

    @property
    def providers(self) -> frozenset[str]:
        return self._authorizing.providers

    async def leave(self, request: Request, provider: str, token: str) -> Response:
        """GET of a personal link: on to the provider's page. A mere look (HEAD) begins nothing."""
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        if request.method == "HEAD":
            return Response()
        browser = self._browser(request) or secrets.token_urlsafe(32)
        try:
            url = await self._in_thread(lambda: self._authorizing.begin(token, browser))
        except LinkRefused:
            return _page(used_up())
        except CalendarError as error:
            log.warning("oauth_begin", provider=provider, result=type(error).__name__.lower(), code=error.code)
            return _page(told_by(error, provider))
        answer = RedirectResponse(url, 303)
        answer.set_cookie(
            self._cookie, browser, max_age=COOKIE_SECONDS, httponly=True, secure=self._secure, samesite="lax", path="/"
        )
        return answer

    async def come_back(self, request: Request) -> Response:
        """The provider's page sent the browser back, by GET or with a form.

        A form comes from another site, so a Lax cookie stays behind: it is answered with a redirect to the same
        address by GET, which carries the cookie.
        """
        provider = request.url.path.split("/")[-2]
        if request.method == "POST":
            params = _taken(await _form(request))
            return RedirectResponse(f"{self._authorizing.redirect_uri(provider)}?{urlencode(params)}", 303)
        if "state" not in request.query_params and request.query_params.get("admin_consent") == "True":
            return _page(agreed())
        params, browser = _taken(dict(request.query_params)), self._browser(request)
        try:
            connected = await self._in_thread(lambda: self._authorizing.finish(provider, params, browser))
        except LinkRefused:
            self._tell(provider, "link")
            return _page(used_up())
        except CalendarError as error:
            self._tell(provider, type(error).__name__, error.code)
            return _page(told_by(error, provider))
        self._tell(provider, "ok")
        lead = Told(200, "Your calendar is connected", (), done=f"{SYSTEMS.get(provider, provider)}: ")
        return _page(lead, label=connected.label, team_id=connected.team_id)

    def _browser(self, request: Request) -> str:
        cookie = request.cookies.get(self._cookie, "")
        return cookie if _OURS.fullmatch(cookie) else ""

    async def _in_thread(self, call: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise HTTPException(503, headers={"Retry-After": "30"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        finally:
            self._waiting -= 1

    def _tell(self, provider: str, result: str, code: str = "") -> None:
        self._counted(result.lower())
        log.info("connect", provider=provider, result=result.lower(), code=code)


def _taken(params: Mapping[str, str]) -> dict[str, str]:
    return {name: params[name][: MOST_CHARACTERS.get(name, 8192)] for name in TAKEN if name in params}


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    try:
        return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=30))
    except ValueError:  # not UTF-8, or more fields than any provider sends
        raise HTTPException(400) from None


def _page(told: Told, *, label: str = "", team_id: str = "") -> Response:
    back = "slack://open" + (f"?{urlencode({'team': team_id})}" if team_id else "")
    return page("oauth", told.status, {"heading": told.heading, "told": told, "label": label, "back": back})

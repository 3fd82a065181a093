"""The page on which a rep types a calendar password: reached by a personal link, never in Slack.

Looking at the page changes nothing; sending it uses the link up only when the calendar is connected. What was typed
comes back with an error, except the password. Tokens and passwords are never logged.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol
from urllib.parse import parse_qsl

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from scheduling.errors import CalendarError, HostRefused, LinkRefused
from web.connect_form import FORMS, ConnectForm, Said, said_by
from web.oauth import OAuthPages
from web.oauth_words import SYSTEMS
from web.protection import is_same_origin
from web.rendering import notice_page, page

CONNECTING_AT_ONCE = 4
MOST_WAITING = 20
TOKEN_LIMIT = 200

log = structlog.get_logger(__name__)


class ConnectLink(Protocol):
    """What a personal link is for."""

    @property
    def provider(self) -> str: ...


class Connecting(Protocol):
    """What this page needs of scheduling. Both calls are synchronous and are run in a thread."""

    def link(self, token: str) -> ConnectLink:
        """Look the link up without using it. Raises LinkRefused."""
        ...

    def connect(self, token: str, fields: Mapping[str, str]) -> str:
        """Try the account, store it, use the link up; returns the account's label.

        `fields` are the form's names: `email`, `password` for icloud; `server`, `user_name`, `password` for caldav;
        `email`, `user_name`, `password` and, unless the operator named one, `server` for exchange.
        Raises LinkRefused, HostRefused, CalendarError; the link stays usable after the last two.
        """
        ...


class ConnectPages:
    """GET and POST of `/connect/{token}`. `counted` is told the result of each try.

    A link for a system with a sign-in page of its own leads `elsewhere`.
    """

    def __init__(
        self,
        connecting: Connecting,
        public_url: str | None,
        counted: Callable[[str], None],
        elsewhere: OAuthPages | None = None,
        forms: Mapping[str, ConnectForm] = FORMS,
    ) -> None:
        self._connecting = connecting
        self._elsewhere = elsewhere
        self._forms = forms
        self._public_url = public_url
        self._counted = counted
        self._lookups = ThreadPoolExecutor(
            2, "connect-link"
        )  # of their own: a slow calendar server must not hide the page
        self._threads = ThreadPoolExecutor(CONNECTING_AT_ONCE, "connect")
        self._running: dict[tuple[str, frozenset[tuple[str, str]]], asyncio.Task[str]] = {}

    async def answer(self, request: Request) -> Response:
        """Show the form, or try what was sent."""
        try:
            link = await self._link(request.path_params["token"])
            if self._elsewhere is not None and link.provider in self._elsewhere.providers:
                return await self._elsewhere.leave(request, link.provider, request.path_params["token"])
        except LinkRefused:
            return _used_up()
        form = self._forms.get(link.provider)
        if form is None:
            return _not_set_up(link.provider) if link.provider in SYSTEMS else _used_up()
        if request.method == "POST":
            return await self._submitted(request, form)
        return _form_page(form, {}, Said())

    async def _submitted(self, request: Request, form: ConnectForm) -> Response:
        if not is_same_origin(request, self._public_url):
            return notice_page(
                403, "This came from another page", "Open the link from Slack and fill in the form there."
            )
        typed = form.read(await _pairs(request))
        said = form.check(typed)
        if not said and len(self._running) >= MOST_WAITING:
            said = Said(whole="Many people are connecting just now. Press Connect again in a minute.")
        if said:
            return _form_page(form, typed, said)
        try:
            label = await self._connect_once(request.path_params["token"], typed)
        except LinkRefused:
            self._tell(form, "link")
            return _used_up()
        except HostRefused as error:
            self._tell(form, "host", error.reason)
            return _form_page(form, typed, said_by(error, form))
        except CalendarError as error:
            self._tell(form, type(error).__name__, error.code)
            return _form_page(form, typed, said_by(error, form))
        self._tell(form, "ok")
        return page("connected", 200, {"heading": "Your calendar is connected", "form": form, "label": label})

    async def _link(self, token: str) -> ConnectLink:
        if len(token) > TOKEN_LIMIT:
            raise LinkRefused
        return await asyncio.get_running_loop().run_in_executor(self._lookups, self._connecting.link, token)

    async def _connect_once(self, token: str, typed: Mapping[str, str]) -> str:
        """One call for the same form sent twice: the second press of Connect gets the first one's answer."""
        key = (token, frozenset(typed.items()))
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = asyncio.create_task(self._connect(token, typed))
            running.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(running)

    async def _connect(self, token: str, typed: Mapping[str, str]) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._connecting.connect, token, typed)

    def _tell(self, form: ConnectForm, result: str, code: str = "") -> None:
        self._counted(result.lower())
        log.info("connect", provider=form.provider, result=result.lower(), code=code)


async def _pairs(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it; a body of another kind is refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    try:
        return dict(
            parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=20)
        )
    except ValueError:  # not UTF-8, or more fields than any form of ours
        raise HTTPException(400) from None


def _form_page(form: ConnectForm, typed: Mapping[str, str], said: Said) -> Response:
    values = {
        "heading": form.heading,
        "form": form,
        "typed": {field.name: "" if field.secret else typed.get(field.name, "") for field in form.fields},
        "said": said,
    }
    return page("connect", 422 if said else 200, values)


def _not_set_up(provider: str) -> Response:
    """A system that people sign in to at its own page, whose client the operator has not entered."""
    return notice_page(
        503,
        f"{SYSTEMS[provider]} is not set up here yet",
        f"The person who runs this app has to enter its client id and secret first: {provider.upper()}_CLIENT_ID and "
        f"{provider.upper()}_CLIENT_SECRET. Until then, choose another calendar in Slack.",
    )


def _used_up() -> Response:
    return notice_page(
        410,
        "This link no longer works",
        "Each link works once and for ten minutes. If your calendar is connected already, there is nothing left to do. "
        "Otherwise go back to Slack and press the button again: you will get a fresh link.",
    )

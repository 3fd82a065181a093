"""One account's requests to Microsoft Graph: its token, its headers, its turn, and what an answer means.

Nothing but JSON of the expected shape is ever a success.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from scheduling.calendars.base import Deadline
from scheduling.calendars.http import NEVER_SENT, Answer, Http, header, retry_after
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    AuthExpired,
    CalendarError,
    Conflict,
    DeadlineExceeded,
    EventMissing,
    HostRefused,
    RateLimited,
    Refused,
    Unavailable,
    Unsupported,
)

Json = Mapping[str, Any]
"""A JSON object of Graph's: anything may be missing from it."""

AT_ONCE = 4
"""Outlook takes four requests at a time (learn.microsoft.com/graph/throttling-limits)."""

MOST_PAGES = 100
MOST_BYTES = 24 * 1024 * 1024
LONGEST_PAUSE = 5.0
"""A read waits this long itself when it is told to; the outbox waits for more, and for all writes."""

_PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'
_NO_MAILBOX = frozenset({"MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"})
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_MAY_PASS = frozenset({408, 425, *range(500, 600)}) - {501, 505, 507}
_MEANINGS: Mapping[int, type[CalendarError]] = {
    401: AuthExpired,
    403: AccessDenied,
    404: EventMissing,
    409: Conflict,
    410: EventMissing,
    412: Conflict,
    423: Conflict,
}


class Tokens(Protocol):
    """Where access tokens come from."""

    def get(self, deadline: Deadline, refused: str | None = None) -> str:
        """A good token, another than `refused`. Raises CalendarError."""
        ...


class Gate:
    """Lets four through at a time; the rest wait, at most until their deadlines."""

    def __init__(self, places: int = AT_ONCE) -> None:
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def passing(self, deadline: Deadline) -> Iterator[None]:
        """Raises DeadlineExceeded."""
        if not self._places.acquire(timeout=deadline.check()):
            raise DeadlineExceeded("deadline")
        try:
            yield
        finally:
            self._places.release()


class GraphSession:
    """Requests of one account; safe to use from many threads. `pause` sleeps."""

    def __init__(
        self, http: Http, base: str, tokens: Tokens, gate: Gate, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._http = http
        self._base = base
        self._tokens = tokens
        self._gate = gate
        self._pause = pause

    def read(self, path: str, deadline: Deadline, content: Json | None = None) -> Json:
        """A JSON object, by GET, or by POST where there is content: also reads can be posted. Raises CalendarError.

        Tried again after a pause that Graph asks for, if it is short, and once after a 412, which some GETs get for no
        reason (learn.microsoft.com/answers/questions/271870).
        """
        method = "GET" if content is None else "POST"
        tries_left, spurious_left = 3, 1
        while True:
            answer = self.send(method, path, deadline, content)
            if answer.status == 200:
                return json_of(answer, Unavailable("nonsense"))
            error = failure(answer, writes=False)
            tries_left -= 1
            if answer.status == 412 and spurious_left:
                spurious_left -= 1
                continue
            wait = error.retry_after
            if wait is None or wait > LONGEST_PAUSE or wait >= deadline.remaining() or not tries_left:
                raise error
            self._pause(wait)

    def pages(self, path: str, deadline: Deadline) -> Iterator[Json]:
        """Every object of a list that may come in pages. Raises CalendarError."""
        following = path
        for _ in range(MOST_PAGES):
            page = self.read(following, deadline)
            yield from objects_of(page)
            link = page.get("@odata.nextLink")
            if link is None:
                return
            following = urljoin(f"{self._base}/", link) if isinstance(link, str) else ""
            if urlsplit(following)[:2] != urlsplit(self._base)[:2]:
                raise Unavailable("foreign_link")  # our token goes nowhere else
        raise Unavailable("too_many_pages")

    def send(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        content: Json | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        writes: bool = False,
    ) -> Answer:
        """The answer, whatever its status but 401, which is tried once more with a fresh token.

        Raises AuthExpired, and the door's errors; one after a write got out becomes Ambiguous.
        """
        url = path if "://" in path else self._base + path
        body = None if content is None else json.dumps(content, ensure_ascii=False).encode()
        refused: str | None = None
        for _ in range(2):
            token = self._tokens.get(deadline, refused)
            sent = {
                "Accept": "application/json",
                "Authorization": f"Bearer {token}",
                "Prefer": _PREFER,
                **({} if body is None else {"Content-Type": "application/json"}),
                **(headers or {}),
            }
            with self._gate.passing(deadline):
                answer = self._exchange(method, url, sent, body, deadline, writes=writes)
            if answer.status != 401:
                return answer
            refused = token
        raise AuthExpired("token")

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: Deadline, *, writes: bool
    ) -> Answer:
        try:
            return self._http.request(
                method,
                url,
                headers=headers,
                content=body,
                auth=None,
                deadline=deadline,
                may_follow=lambda _url: False,
                max_bytes=MOST_BYTES,
            )
        except HostRefused as error:
            raise AccessDenied(f"host_{error.reason}") from error
        except (Unavailable, DeadlineExceeded) as error:
            if writes and error.code not in NEVER_SENT:
                raise Ambiguous(error.code) from error
            raise


def json_of(answer: Answer, otherwise: CalendarError) -> Json:
    """The JSON object in an answer; raises `otherwise` when there is none, or one that tells of an error."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise otherwise from None
    if not isinstance(found, dict) or "error" in found:
        raise otherwise
    return found


def objects_of(page: Json) -> list[Json]:
    """The objects of a list. Raises Unavailable when it is none."""
    found = page.get("value")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Unavailable("nonsense")
    return found


def failure(answer: Answer, *, writes: bool) -> CalendarError:
    """What an unwelcome answer means; an unexpected success means nonsense."""
    status, code = answer.status, code_of(answer)
    wait = retry_after(header(answer, "retry-after"), datetime.now(UTC))
    if code in _NO_MAILBOX:
        return Refused("use_exchange")
    if status == 429 or (status == 503 and wait is not None):
        return RateLimited(f"http_{status}", retry_after=wait)
    if status in _MEANINGS:
        return _MEANINGS[status](code or f"http_{status}")
    if status in _MAY_PASS:
        told = code or f"http_{status}"
        return Ambiguous(told) if writes else Unavailable(told, retry_after=wait)
    if status >= 400:
        told = code or f"http_{status}"
        return Refused(told) if writes else Unsupported(told)
    return Ambiguous("nonsense") if writes else Unavailable("nonsense")


def code_of(answer: Answer) -> str:
    """Graph's code for an error, empty when there is none that is fit for a log."""
    try:
        error = json.loads(answer.body).get("error")
    except (ValueError, RecursionError, AttributeError):
        return ""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""

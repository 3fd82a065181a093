"""HTTP of an Exchange server without exchangelib: the door it is spoken to through, and what bare answers mean."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, Self
from urllib.parse import urlsplit

from scheduling.calendars.base import Deadline
from scheduling.calendars.http import Answer as PlainAnswer
from scheduling.calendars.http import header, retry_after
from scheduling.errors import AccessDenied, CalendarError, EventMissing, RateLimited, Unavailable

_ONLINE = ("office365.com", "office365.us", "outlook.com", "office.com", "outlook.cn", "onmicrosoft.com")


class Answer(PlainAnswer, Protocol):
    """A whole answer; `certificate` is the server's, in DER, over TLS."""

    @property
    def certificate(self) -> bytes | None: ...


class Http(Protocol):
    """What this needs of `scheduling.outbound.Outbound`."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        deadline: Deadline,
        may_follow: Callable[[str], bool] | None = None,
        max_bytes: int,
    ) -> Answer: ...

    def check_url(self, url: str) -> None: ...
    def vouches_for(self, url: str) -> bool: ...
    def redirect_of(self, url: str, deadline: Deadline) -> str | None: ...
    def own_line(self) -> Self: ...
    def close(self) -> None: ...


def is_exchange_online(host: str | None) -> bool:
    """Whether a host, or a mail domain, belongs to Microsoft's cloud, which has closed EWS."""
    host = (host or "").rstrip(".").lower()
    return any(host == known or host.endswith(f".{known}") for known in _ONLINE)


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def is_xml(body: bytes) -> bool:
    """Whether it begins as XML does; HTML pages of proxies do not."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    return start.startswith(b"<") and not start.startswith((b"<!doctype html", b"<html"))


def failure_of_status(answer: Answer) -> CalendarError | None:
    """What an answer means by its status alone; None for those that a SOAP reader or a sign-in must see."""
    status = answer.status
    if status == 401 or (status in (200, 500) and is_xml(answer.body)):
        return None
    wait = retry_after(header(answer, "retry-after"), datetime.now(UTC))
    if status == 429 or (status == 503 and wait is not None):
        return RateLimited(f"http_{status}", retry_after=wait)
    if 300 <= status < 400:
        return AccessDenied("redirect")  # nothing of an account follows one
    if status == 403:
        return AccessDenied("http_403")
    if status in (404, 405, 410):
        return EventMissing(f"http_{status}")
    return Unavailable(f"http_{status}" if status >= 400 else "nonsense")

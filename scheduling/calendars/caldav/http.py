"""One account's HTTP: where its password may go, and what an answer means as a CalendarError."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from scheduling.calendars.base import Deadline
from scheduling.calendars.caldav import wire
from scheduling.calendars.http import NEVER_SENT, THIS_COMPUTER, Answer, Http, header, retry_after
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

LISTING_BYTES = 2 * 1024 * 1024
EVENT_BYTES = 2 * 1024 * 1024
EVENTS_BYTES = 24 * 1024 * 1024
# Second-level names under which registries sell: `example.co.uk` is a site, `co.uk` is none.
_REGISTRY_LABELS = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ne", "net", "nom", "or", "org"})

# 409: the collection that it should go into is not there (RFC 4918 §9.7.1).
_MEANINGS: Mapping[int, type[CalendarError]] = {
    401: AuthExpired,
    403: AccessDenied,
    404: EventMissing,
    409: EventMissing,
    410: EventMissing,
    412: Conflict,
    423: Conflict,
    429: RateLimited,
}
_MAY_PASS = frozenset({408, 425, *range(500, 600)}) - {501, 505, 507}


class DavSession:
    """Requests of one account. The password goes to the configured server's own site only.

    `auth_code` is the code of AuthExpired: which kind of password was refused.
    """

    def __init__(self, http: Http, server: str, username: str, password: str, *, auth_code: str = "password") -> None:
        self._http = http
        self._server = server
        self._auth = (username, password)
        self._auth_code = auth_code

    @property
    def server(self) -> str:
        return self._server

    def is_own_site(self, url: str) -> bool:
        """Whether `url` belongs to the configured server's site, and is not less protected than it."""
        return same_site(self._server, url)

    def send(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_bytes: int = EVENT_BYTES,
        writes: bool = False,
    ) -> Answer:
        """The answer, whatever its status but 401; pre-emptive Basic, one second try (iCloud's 401 can be spurious).

        Raises AuthExpired, AccessDenied for an address that may not be called, and the transport's errors; one after
        a write got out becomes Ambiguous.
        """
        if url != self._server and not self.is_own_site(url):  # what is wrong with the server's own, `Http` says
            raise AccessDenied("foreign_host")
        for _ in range(2):
            deadline.check()
            try:
                answer = self._http.request(
                    method,
                    url,
                    headers=headers or {},
                    content=content,
                    auth=self._auth,
                    deadline=deadline,
                    may_follow=self.is_own_site,
                    max_bytes=max_bytes,
                )
            except HostRefused as error:
                raise AccessDenied(f"host_{error.reason}") from error
            except (Unavailable, DeadlineExceeded) as error:
                if writes and error.code not in NEVER_SENT:
                    raise Ambiguous(error.code) from error
                raise
            if answer.status != 401:
                return answer
        if (
            "digest" in header(answer, "www-authenticate").lower()
            and "basic" not in header(answer, "www-authenticate").lower()
        ):
            raise Unsupported("digest")
        raise AuthExpired(self._auth_code)

    def propfind(self, url: str, names: tuple[str, ...], depth: int, deadline: Deadline) -> list[wire.Resource]:
        """Raises CalendarError."""
        return self._multistatus("PROPFIND", url, wire.propfind(names), depth, deadline, LISTING_BYTES)

    def report(self, url: str, body: bytes, deadline: Deadline) -> list[wire.Resource]:
        """Raises CalendarError."""
        return self._multistatus("REPORT", url, body, 1, deadline, EVENTS_BYTES)

    def _multistatus(
        self, method: str, url: str, body: bytes, depth: int, deadline: Deadline, max_bytes: int
    ) -> list[wire.Resource]:
        answer = self.send(
            method,
            url,
            deadline,
            headers={"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"},
            content=body,
            max_bytes=max_bytes,
        )
        if answer.status not in (200, 207):
            raise failure(answer, writes=False)
        try:
            return wire.resources(answer.body, answer.url)
        except wire.NotMultistatus as error:
            raise Unavailable("not_dav") from error


def failure(answer: Answer, *, writes: bool) -> CalendarError:
    """What an unwelcome answer means; an unexpected success means nonsense."""
    status, wait = answer.status, retry_after(header(answer, "retry-after"), datetime.now(UTC))
    if status == 403:
        if wait is not None:  # iCloud throttles with 403
            return RateLimited("throttled", retry_after=wait)
        failed = sorted(wire.preconditions(answer.body))
        return Refused(failed[0]) if writes and failed and failed != ["need-privileges"] else AccessDenied("http_403")
    if status == 429 or (status == 503 and wait is not None):
        return RateLimited(f"http_{status}", retry_after=wait)
    return failure_of(status, writes=writes)


def failure_of(status: int, *, writes: bool = False) -> CalendarError:
    """What a bare status means, as it also stands inside a multi-status answer."""
    if status in _MEANINGS:
        return _MEANINGS[status](f"http_{status}")
    if status == 507:
        return Refused("quota")
    if status >= 400 and status not in _MAY_PASS:
        return Refused(f"http_{status}") if writes else Unsupported(f"http_{status}")
    if 300 <= status < 400:
        return AccessDenied("redirect")  # to an address that may not be followed
    code = f"http_{status}" if status >= 400 else "nonsense"
    return Ambiguous(code) if writes else Unavailable(code)


def same_site(one: str, other: str) -> bool:
    """Whether `other` may get what `one` got: the same registrable domain or address, and never https to http."""
    a, b = urlsplit(one), urlsplit(other)
    if b.scheme not in ("http", "https") or (a.scheme == "https" and b.scheme != "https"):
        return False
    if not a.hostname or not b.hostname or b.username is not None:
        return False
    if {a.hostname, b.hostname} <= THIS_COMPUTER:
        return True
    return a.hostname == b.hostname or (_site(a.hostname) is not None and _site(a.hostname) == _site(b.hostname))


def _site(host: str) -> str | None:
    """The registrable domain, None for an address or a bare name."""
    labels = host.rstrip(".").lower().split(".")
    if ":" in host or labels[-1].isdigit() or len(labels) < 2:
        return None
    size = 3 if len(labels[-1]) == 2 and labels[-2] in _REGISTRY_LABELS else 2
    return ".".join(labels[-size:]) if len(labels) >= size else None

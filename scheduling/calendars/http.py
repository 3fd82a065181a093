"""What calendar systems need of HTTP: the door to the outside that they are given, and what its answers carry.

The door is `scheduling.outbound.Outbound`: addresses, time-outs, redirects and body limits are checked there.
"""

import email.utils
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from scheduling.calendars.base import Deadline

NEVER_SENT = frozenset({"deadline", "dns", "connect", "connect_timeout", "tls", "redirects"})
"""Codes of the door's errors that mean the request never got out; after any other the server may have acted on it."""

THIS_COMPUTER = frozenset({"127.0.0.1", "localhost"})
"""Names under which a server on the same computer tells of itself; what goes there is seen by nobody on the way."""

_LONGEST_WAIT = 900.0


class Answer(Protocol):
    """A whole answer; `url` is where it came from after redirects."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def url(self) -> str: ...


class Http(Protocol):
    """What is needed of `Outbound`."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        auth: tuple[str, str] | None,
        deadline: Deadline,
        may_follow: Callable[[str], bool],
        max_bytes: int,
    ) -> Answer: ...


def header(answer: Answer, name: str) -> str:
    """A header by its lower-case name, empty when absent."""
    return next((value for key, value in answer.headers.items() if key.lower() == name), "")


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header in either form (RFC 9110 §10.2.3), at most a quarter of an hour."""
    value = value.strip()
    if not value:
        return None
    if value.isdigit():
        return min(float(value[:9]), _LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_WAIT)

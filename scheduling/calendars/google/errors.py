"""What Google's refusals mean as CalendarErrors (developers.google.com/workspace/calendar/api/guides/errors)."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scheduling.calendars.http import retry_after
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    AuthExpired,
    CalendarError,
    Conflict,
    ConsentMissing,
    EventMissing,
    RateLimited,
    Refused,
    Unavailable,
)

RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes"})
OURS = frozenset({"accessNotConfigured", "SERVICE_DISABLED", "invalid_client", "unauthorized_client", "deleted_client",
                  "redirect_uri_mismatch", "disabled_client"})  # fmt: skip
"""Only the operator can put these right; no user can."""

_MEANINGS: Mapping[int, type[CalendarError]] = {
    401: AuthExpired,
    403: AccessDenied,
    404: EventMissing,
    409: Conflict,
    410: EventMissing,
    412: Conflict,
}

log = logging.getLogger(__name__)


def failure(status: int, body: Mapping[str, Any], wait: str | None, *, writes: bool) -> CalendarError:
    """What an answer with this status means; `wait` is its Retry-After. An unexpected success means nonsense."""
    reasons = _reasons(body)
    seconds = retry_after(wait or "", datetime.now(UTC))
    if status == 429 or (status == 403 and reasons & RATE):
        return RateLimited(min(reasons & RATE, default=f"http_{status}"), retry_after=seconds)
    if status == 503 and seconds is not None:
        return RateLimited("http_503", retry_after=seconds)
    if reasons & OURS:
        return misconfigured(min(reasons & OURS))
    if status == 403 and reasons & SCOPE:
        return ConsentMissing("scope")
    if status < 400 or status >= 500 or status in (408, 425):
        return (Ambiguous if writes else Unavailable)(f"http_{status}")
    kind = _MEANINGS.get(status, Refused)
    return kind((_short(reasons) if status in (400, 403) else "") or f"http_{status}")


def refused_token(body: object) -> CalendarError:
    """What the token endpoint's `error` means (RFC 6749 §5.2); `body` is its JSON."""
    code = str(body.get("error", "")) if isinstance(body, Mapping) else ""
    if code in OURS:
        return misconfigured(code)
    if code == "invalid_grant":
        return AuthExpired("invalid_grant")
    if code in ("access_denied", "admin_policy_enforced", "org_internal", "invalid_scope"):
        return ConsentMissing(code)
    return Unavailable("answer")


def misconfigured(reason: str) -> CalendarError:
    """It is we who are refused: loud in the log, and for the person a failure that passes once it is put right."""
    log.error("google_misconfigured", extra={"reason": reason})
    return Unavailable("misconfigured")


def _reasons(body: Mapping[str, Any]) -> frozenset[str]:
    """Every `reason` in an error body, of the older and the newer form."""
    error = body.get("error")
    if not isinstance(error, Mapping):
        return frozenset({error}) if isinstance(error, str) else frozenset()
    found = [entry.get("reason") for name in ("errors", "details") for entry in _entries(error.get(name))]
    return frozenset(reason for reason in found if isinstance(reason, str))


def _entries(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _short(reasons: frozenset[str]) -> str:
    """A reason that is fit for logs and rows: Google's are words in camel case."""
    return next(
        (reason for reason in sorted(reasons) if reason.isascii() and reason.isalpha() and len(reason) < 40), ""
    )

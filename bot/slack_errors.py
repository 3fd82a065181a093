"""Calling Slack with the synchronous client: its errors, classified for the outbox."""

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from scheduling.errors import NoticeDeferred, NoticeError, NoticeParked, NoticeRefused

_DEAD_TOKEN = {
    "account_inactive",
    "ekm_access_denied",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
}
_PASSING = {
    "accesslimited",
    "fatal_error",
    "internal_error",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
    "rollup_error",
}


def call(method: Callable[..., SlackResponse], **arguments: object) -> Mapping[str, Any]:
    """Slack's answer; raises NoticeDeferred, NoticeParked or NoticeRefused."""
    try:
        answer = method(**arguments)
    except SlackApiError as error:
        raise classified(error) from error
    except (SlackClientError, HTTPException, OSError) as error:  # URLError and time-outs are OSErrors
        raise NoticeDeferred("unreachable") from error
    return answer.data if isinstance(answer.data, dict) else {}


def classified(error: SlackApiError) -> NoticeError:
    """What the outbox is to do about a refusal; answers without Slack's own code come from something in between."""
    response = error.response
    code = response.get("error")
    if code == "ratelimited" or _status(response) == 429:
        return NoticeDeferred("ratelimited", retry_after=_retry_after(response))
    if not isinstance(code, str) or code in _PASSING or _status(response) >= 500:
        return NoticeDeferred(str(code or "unreadable")[:80])
    if code in _DEAD_TOKEN:
        return NoticeParked(code)
    return NoticeRefused(code[:80])


def _status(response: object) -> int:
    status = response.get("status") if isinstance(response, dict) else getattr(response, "status_code", 0)
    return status if isinstance(status, int) else 0


def _retry_after(response: object) -> float:
    headers = response.get("headers") if isinstance(response, dict) else getattr(response, "headers", None)
    for name, value in (headers or {}).items():
        if name.lower() == "retry-after" and str(value).isdecimal():
            return float(value)
    return 30.0

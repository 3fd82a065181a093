"""What goes wrong when Slack is called: the synchronous client's errors classified for the outbox, codes for both."""

import re
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

import aiohttp
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
ASYNC_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What the asynchronous client raises; SlackApiError is one of the first."""

PASSING = {
    "accesslimited",
    "fatal_error",
    "internal_error",
    "request_timeout",
    "ratelimited",
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
    except ValueError as error:  # an answer that is no JSON
        raise NoticeDeferred("unreadable") from error
    return answer.data if isinstance(answer.data, dict) else {}


def classified(error: SlackApiError) -> NoticeError:
    """What the outbox is to do about a refusal; answers without Slack's own code come from something in between."""
    response, code = error.response, code_of(error)
    if code == "ratelimited" or _status(response) == 429:
        return NoticeDeferred("ratelimited", retry_after=_retry_after(response))
    if code is None or code in PASSING or _status(response) >= 500:
        return NoticeDeferred(code or "unreadable")
    if code in _DEAD_TOKEN:
        return NoticeParked(code)
    return NoticeRefused(code)


def code_of(error: Exception) -> str | None:
    """Slack's own code; None when something in between answered, whatever it answered."""
    data = getattr(getattr(error, "response", None), "data", None) or getattr(error, "response", None)
    code = data.get("error") if isinstance(data, dict) else None
    # For an answer that is no JSON, slack_sdk puts a sentence of its own here.
    return code if isinstance(code, str) and re.fullmatch(r"[a-z0-9_]{1,80}", code) else None


def named(error: Exception) -> str:
    """For the log: Slack's code, else the kind of error; never a body."""
    return code_of(error) or type(error).__name__


def _status(response: object) -> int:
    status = response.get("status") if isinstance(response, dict) else getattr(response, "status_code", 0)
    return status if isinstance(status, int) else 0


def _retry_after(response: object) -> float:
    headers = response.get("headers") if isinstance(response, dict) else getattr(response, "headers", None)
    for name, value in (headers or {}).items():
        if name.lower() == "retry-after" and str(value).isdecimal():
            return float(value)
    return 30.0

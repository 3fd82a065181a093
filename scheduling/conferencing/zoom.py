"""Zoom, as a server-to-server OAuth app: https://developers.zoom.us/docs/internal-apps/s2s-oauth/

One token serves all hosts of the Zoom account for an hour and has no refresh token: a new one is asked for instead.
"""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx2

from scheduling.calendars.base import Deadline
from scheduling.calendars.http import retry_after
from scheduling.domain import Conference
from scheduling.errors import ConferenceDenied, ConferenceRefused, ConferenceUnavailable

API_URL = "https://api.zoom.us/v2"
TOKEN_URL = "https://zoom.us/oauth/token"  # noqa: S105 - an address
EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""

CONNECT_SECONDS = 5.0
SCHEDULED = 2
"""Zoom's number for a meeting at a set time."""


class Zoom:
    """The operator's Zoom account. Safe to use from many threads."""

    def __init__(
        self,
        account_id: str,
        client_id: str,
        client_secret: str,
        *,
        api_url: str = API_URL,
        token_url: str = TOKEN_URL,
        client: httpx2.Client | None = None,
    ) -> None:
        self._account_id = account_id
        self._login = (client_id, client_secret)
        self._api_url = api_url.rstrip("/")
        self._token_url = token_url
        self._client = client or httpx2.Client(follow_redirects=False)
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def create(self, topic: str, start: datetime, minutes: int, host: str, deadline: Deadline) -> Conference:
        """See ConferenceSystem. `host` must have a user in the Zoom account."""
        meeting = {
            "topic": topic[:200],
            "type": SCHEDULED,
            "start_time": start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "duration": minutes,
            "timezone": "UTC",
        }
        made = self._call("POST", f"/users/{quote(host, safe='@')}/meetings", meeting, deadline)
        number, link = made.get("id"), made.get("join_url")
        if not isinstance(number, int | str) or not isinstance(link, str) or not link.startswith("https://"):
            raise ConferenceUnavailable("nonsense")
        return Conference(provider="zoom", id=str(number), url=link)

    def delete(self, conference: Conference, deadline: Deadline) -> None:
        """See ConferenceSystem."""
        try:
            self._call("DELETE", f"/meetings/{quote(conference.id, safe='')}", None, deadline)
        except ConferenceRefused as error:
            if error.code != "404":
                raise

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, deadline: Deadline) -> dict[str, Any]:
        """One request; a token that was taken back early is replaced once."""
        for is_last in (False, True):
            headers = {"Authorization": f"Bearer {self._fresh_token(deadline)}"}
            answer = self._send(method, f"{self._api_url}{path}", deadline, json=body, headers=headers)
            if answer.status_code == httpx2.codes.UNAUTHORIZED and not is_last:
                self._forget_token()
                continue
            _checked(answer)
            return {} if answer.status_code == httpx2.codes.NO_CONTENT else _object(answer)
        raise AssertionError("unreachable")

    def _fresh_token(self, deadline: Deadline) -> str:
        with self._lock:
            if time.monotonic() < self._good_until:
                return self._token
            form = {"grant_type": "account_credentials", "account_id": self._account_id}
            answer = _checked(self._send("POST", self._token_url, deadline, data=form, auth=self._login))
            granted = _object(answer)
            token, seconds = granted.get("access_token"), granted.get("expires_in", 3600)
            if not isinstance(token, str) or not isinstance(seconds, int):
                raise ConferenceUnavailable("nonsense")
            self._token, self._good_until = token, time.monotonic() + seconds - EARLY
            return token

    def _forget_token(self) -> None:
        with self._lock:
            self._good_until = 0.0

    def _send(self, method: str, url: str, deadline: Deadline, **request: Any) -> httpx2.Response:  # noqa: ANN401 - httpx2's own
        left = deadline.remaining()
        if left <= 0:
            raise ConferenceUnavailable("deadline")
        timeout = httpx2.Timeout(left, connect=min(CONNECT_SECONDS, left))
        try:
            return self._client.request(method, url, timeout=timeout, **request)
        except httpx2.HTTPError as error:
            raise ConferenceUnavailable(type(error).__name__) from error


def _checked(answer: httpx2.Response) -> httpx2.Response:
    """Zoom's errors in our classes: https://developers.zoom.us/docs/api/errors/"""
    status = answer.status_code
    if status < 300:
        return answer
    if status in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        raise ConferenceDenied(str(status))
    if status == httpx2.codes.TOO_MANY_REQUESTS or status >= 500:
        wait = retry_after(answer.headers.get("retry-after", ""), datetime.now(UTC))
        raise ConferenceUnavailable(str(status), retry_after=wait)
    raise ConferenceRefused(str(status))


def _object(answer: httpx2.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError as error:
        raise ConferenceUnavailable("nonsense") from error
    if not isinstance(value, dict):
        raise ConferenceUnavailable("nonsense")
    return value

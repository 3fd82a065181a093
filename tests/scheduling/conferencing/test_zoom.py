"""Zoom's client against a small stand-in that answers as https://developers.zoom.us/docs/api/ describes."""

import base64
import json
from collections import Counter
from datetime import UTC, datetime

import httpx2
import pytest

from scheduling.calendars.base import Deadline
from scheduling.conferencing.zoom import Zoom
from scheduling.domain import Conference
from scheduling.errors import ConferenceDenied, ConferenceRefused, ConferenceUnavailable

START = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
HOST = "dana@demo.example"


class ZoomStandIn:
    """Grants tokens, keeps meetings, and refuses what Zoom refuses. `troubles` are answered first."""

    def __init__(self) -> None:
        self.meetings: dict[str, dict[str, object]] = {}
        self.tokens = 0
        self.asked: Counter[str] = Counter()
        self.troubles: list[httpx2.Response] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked[request.method + " " + request.url.path] += 1
        if request.url.path == "/oauth/token":
            return self._token(request)
        if self.troubles:
            return self.troubles.pop(0)
        if request.headers["authorization"] != f"Bearer token-{self.tokens}":
            return httpx2.Response(401, json={"code": 124, "message": "Access token is expired."})
        if request.method == "POST":
            return self._create(request)
        meeting = request.url.path.rpartition("/")[2]
        gone = self.meetings.pop(meeting, None) is None
        return httpx2.Response(404, json={"code": 3001}) if gone else httpx2.Response(204)

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        login = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        form = httpx2.QueryParams(request.content.decode())
        if (login, form["grant_type"], form["account_id"]) != ("id:secret", "account_credentials", "acc"):
            return httpx2.Response(
                400, json={"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
            )
        self.tokens += 1
        return httpx2.Response(200, json={"access_token": f"token-{self.tokens}", "expires_in": 3600})

    def _create(self, request: httpx2.Request) -> httpx2.Response:
        if HOST not in request.url.path:
            return httpx2.Response(404, json={"code": 1001, "message": "User does not exist"})
        number = 85_000_000_000 + len(self.meetings)
        self.meetings[str(number)] = json.loads(request.content)
        return httpx2.Response(201, json={"id": number, "join_url": f"https://zoom.example/j/{number}"})


@pytest.fixture
def stand_in() -> ZoomStandIn:
    return ZoomStandIn()


def zoom(stand_in, secret: str = "secret") -> Zoom:
    return Zoom("acc", "id", secret, client=httpx2.Client(transport=httpx2.MockTransport(stand_in)))


def create(client: Zoom, host: str = HOST) -> Conference:
    return client.create("Pricing call", START, 30, host, Deadline.after(5))


def test_a_meeting_is_made_at_its_time_and_has_a_link(stand_in):
    made = create(zoom(stand_in))

    assert made == Conference(provider="zoom", id="85000000000", url="https://zoom.example/j/85000000000")
    assert stand_in.meetings["85000000000"] == {
        "topic": "Pricing call",
        "type": 2,
        "start_time": "2026-11-30T09:30:00Z",
        "duration": 30,
        "timezone": "UTC",
    }


def test_one_token_serves_many_calls(stand_in):
    client = zoom(stand_in)

    create(client)
    create(client)

    assert stand_in.asked["POST /oauth/token"] == 1


def test_a_token_taken_back_early_is_replaced_once(stand_in):
    client = zoom(stand_in)
    create(client)
    stand_in.tokens += 1

    create(client)

    assert stand_in.asked["POST /oauth/token"] == 2


def test_a_meeting_is_taken_away_and_one_that_is_gone_is_fine(stand_in):
    client = zoom(stand_in)
    made = create(client)

    client.delete(made, Deadline.after(5))
    client.delete(made, Deadline.after(5))

    assert stand_in.meetings == {}


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (httpx2.Response(429, headers={"Retry-After": "7"}), ConferenceUnavailable, "429"),
        (httpx2.Response(500, text="<html>oops</html>"), ConferenceUnavailable, "500"),
        (httpx2.Response(200, text="<html>hello</html>"), ConferenceUnavailable, "nonsense"),
        (httpx2.Response(201, json={}), ConferenceUnavailable, "nonsense"),
        (httpx2.Response(201, json={"id": 1, "join_url": "javascript:alert(1)"}), ConferenceUnavailable, "nonsense"),
        (httpx2.Response(403, json={"code": 4711}), ConferenceDenied, "403"),
        (httpx2.Response(400, json={"code": 300}), ConferenceRefused, "400"),
    ],
    ids=["throttled", "broken", "a page", "empty", "no web link", "a scope is missing", "refused"],
)
def test_what_is_no_meeting_is_never_taken_for_one(stand_in, answer, error, code):
    client = zoom(stand_in)
    stand_in.troubles = [answer]

    with pytest.raises(error) as caught:
        create(client)

    assert caught.value.code == code


def test_throttling_says_how_long_to_wait(stand_in):
    client = zoom(stand_in)
    stand_in.troubles = [httpx2.Response(429, headers={"Retry-After": "7"})]

    with pytest.raises(ConferenceUnavailable) as caught:
        create(client)

    assert caught.value.retry_after == 7


def test_a_host_without_a_zoom_user_is_refused(stand_in):
    with pytest.raises(ConferenceRefused):
        create(zoom(stand_in), "sam@demo.example")


def test_wrong_operator_credentials_are_no_link(stand_in):
    with pytest.raises(ConferenceRefused):
        create(zoom(stand_in, secret="wrong"))


def test_a_server_that_is_not_there_is_unavailable():
    client = Zoom("acc", "id", "secret", api_url="http://127.0.0.1:9", token_url="http://127.0.0.1:9/oauth/token")

    with pytest.raises(ConferenceUnavailable):
        create(client)

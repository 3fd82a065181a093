"""The endpoint over a real socket, with a real Bolt app that notes what arrives."""

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import httpx2
import pytest
import uvicorn
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot.http_adapter import MOST_BYTES, decode, slack_endpoint
from sandbox.workspace.delivery import sign

SECRET = "a-signing-secret"
FORM = "application/x-www-form-urlencoded"
COMMAND = {
    "token": "t",
    "team_id": "T0DEMO",
    "user_id": "U0DANA",
    "command": "/schedule-for",
    "text": "anna@payloadcms.com payload=1 & 100% Zoë + 日本",
    "trigger_id": "1.2.3",
}


class Endpoint:
    def __init__(self):
        self.arrived = []
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self):
        async def authorize():
            return AuthorizeResult(enterprise_id=None, team_id="T0DEMO", bot_token="xoxb-x")

        app = AsyncApp(
            client=AsyncWebClient(),
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
        )

        async def note(ack, body):
            self.arrived.append(body)
            await ack("noted")

        app.command("/schedule-for")(note)
        app.block_action("press")(note)
        app.event("app_home_opened")(note)

        async def slowly(ack, body):
            self.arrived.append(body)
            await asyncio.sleep(0.2)
            await ack(response_action="clear")

        app.view_submission("form")(slowly)
        routes = [Route("/slack/events", slack_endpoint(app, SECRET), methods=["POST"])]
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", access_log=False))
        with listener:
            self._ready.set()
            await self.server.serve(sockets=[listener])

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self._thread.join(10)

    def post(self, body, content_type=FORM, *, at=0, **headers):
        body = body if isinstance(body, bytes) else urlencode(body).encode()
        stamp = str(int(time.time()) + at)
        signed = {
            "content-type": content_type,
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": sign(SECRET, stamp, body),
        }
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        wanted = {name: value for name, value in (signed | named).items() if value is not None}
        return httpx2.post(self.url, content=body, headers=wanted, trust_env=False)


@pytest.fixture(scope="module")
def endpoint():
    with Endpoint() as running:
        yield running


@pytest.fixture(autouse=True)
def forget(endpoint):
    endpoint.arrived.clear()


def action(value="v", trigger="9.9"):
    return {
        "type": "block_actions",
        "team": {"id": "T0DEMO"},
        "user": {"id": "U0DANA"},
        "trigger_id": trigger,
        "actions": [{"type": "button", "action_id": "press", "block_id": "b", "value": value}],
    }


def test_a_command_arrives_as_typed_even_with_payload_in_it(endpoint):
    answer = endpoint.post(COMMAND)

    assert (answer.status_code, answer.text) == (200, "noted")
    assert endpoint.arrived == [COMMAND]


def test_a_click_arrives_whole(endpoint):
    body = action("naïve & 100% = “x” + 日本 \\ \n 👩‍👩‍👧", "9.1")

    answer = endpoint.post({"payload": json.dumps(body, ensure_ascii=False)})

    assert answer.status_code == 200
    assert endpoint.arrived == [body]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"x_slack_signature": None}, "no signature"),
        ({"x_slack_request_timestamp": None}, "no timestamp"),
        ({"x_slack_request_timestamp": "abc"}, "timestamp is a word"),
        ({"x_slack_request_timestamp": "-1"}, "timestamp before 1970"),
        ({"x_slack_request_timestamp": "9" * 400}, "timestamp without end"),
        ({"x_slack_request_timestamp": "1"}, "timestamp not the signed one"),
        ({"x_slack_signature": "v0=" + "0" * 64}, "forged"),
        ({"x_slack_signature": "ü".encode()}, "signature is not ASCII"),
        ({"x_slack_signature": ""}, "empty"),
    ],
)
def test_unsigned_and_badly_signed_requests_are_refused(endpoint, headers, reason):
    answer = endpoint.post(COMMAND, **headers)

    assert answer.status_code == 401, reason
    assert endpoint.arrived == []


@pytest.mark.parametrize("at", [-301, 302])
def test_stale_and_future_requests_are_refused(endpoint, at):
    answer = endpoint.post(COMMAND, at=at)

    assert answer.status_code == 401
    assert endpoint.arrived == []


def test_a_body_swapped_under_its_signature_is_refused(endpoint):
    stamp = str(int(time.time()))

    answer = endpoint.post(COMMAND, x_slack_signature=sign(SECRET, stamp, b"another"), x_slack_request_timestamp=stamp)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"payload=" + quote('{"type": "block_actions"').encode(),
        b"payload=[]",
        b"payload=null",
        b"payload=",
        b"payload=%ff%fe",
        b"payload=" + b"[" * 100_000,
        b"payload=" + quote('{"a":' * 50_000).encode(),
        b'{"type": ',
        b"{" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_malformed_bodies_are_refused_without_a_crash(endpoint, body):
    answer = endpoint.post(body)

    assert answer.status_code == 400
    assert endpoint.arrived == []


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"x"', b""])
def test_json_that_is_no_object_is_refused(endpoint, body):
    answer = endpoint.post(body, "application/json")

    assert answer.status_code == 400


def test_a_body_that_is_no_utf8_cannot_be_signed(endpoint):
    answer = endpoint.post(b"\xff\xfe", "application/json")

    assert answer.status_code == 401


@pytest.mark.parametrize("team", ["[]", "7", '"T"', '{"id": 7}'])
def test_known_fields_of_unknown_shape_do_not_crash(endpoint, team):
    body = f'{{"type": "block_actions", "team": {team}, "user": [], "view": 3, "actions": 5}}'

    answer = endpoint.post({"payload": body})

    assert answer.status_code == 400
    assert endpoint.arrived == []


def test_a_body_over_a_mebibyte_is_refused_before_it_is_read(endpoint):
    whole = endpoint.post(b"text=" + b"x" * MOST_BYTES)
    chunked = httpx2.post(endpoint.url, content=iter([b"x" * 65_536] * 20), trust_env=False)

    assert whole.status_code == 413
    assert chunked.status_code == 413


def test_ssl_check_needs_no_signature_and_does_nothing(endpoint):
    answer = endpoint.post(b"ssl_check=1&token=t", x_slack_signature=None)

    assert (answer.status_code, answer.text) == (200, "")
    assert endpoint.arrived == []


def test_url_verification_echoes_the_challenge(endpoint):
    body = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()

    answer = endpoint.post(body, "application/json")

    assert answer.json() == {"challenge": "c-1"}


def test_the_same_signed_bytes_have_one_effect(endpoint):
    body = COMMAND | {"trigger_id": "7.7"}

    first, second = endpoint.post(body, at=-5), endpoint.post(body, at=-5)

    assert (first.status_code, second.status_code) == (200, 200)
    assert len(endpoint.arrived) == 1


def test_a_submission_that_comes_twice_at_once_has_one_effect_and_one_answer(endpoint):
    view = {"type": "modal", "callback_id": "form", "id": "V1"}
    body = {"type": "view_submission", "team": {"id": "T0DEMO"}, "user": {"id": "U0DANA"}, "view": view}

    def submit(_):
        return endpoint.post({"payload": json.dumps(body)}, at=-7)

    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(submit, range(4)))

    assert [answer.json() for answer in answers] == [{"response_action": "clear"}] * 4
    assert len(endpoint.arrived) == 1


def test_a_redelivered_event_has_one_effect(endpoint):
    event = {
        "type": "event_callback",
        "team_id": "T0DEMO",
        "event_id": "Ev1",
        "event": {"type": "app_home_opened", "user": "U0DANA", "tab": "home"},
    }
    body = json.dumps(event).encode()

    first = endpoint.post(body, "application/json")
    again = endpoint.post(body, "application/json", at=-60, x_slack_retry_num="1", x_slack_retry_reason="http_timeout")

    assert (first.status_code, again.status_code) == (200, 200)
    assert len(endpoint.arrived) == 1


def test_a_retried_event_whose_first_copy_was_lost_is_taken(endpoint):
    event = {
        "type": "event_callback",
        "team_id": "T0DEMO",
        "event_id": "Ev2",
        "event": {"type": "app_home_opened", "user": "U0DANA", "tab": "home"},
    }

    endpoint.post(json.dumps(event).encode(), "application/json", x_slack_retry_num="2")

    assert len(endpoint.arrived) == 1


@pytest.mark.parametrize(
    ("encoded", "plain", "reason"),
    [
        (b"a+b%2Bc", b"a b+c", "plus is a blank"),
        (b"%3D%3d", b"==", "both cases"),
        (b"%E2%82%AC", "€".encode(), "UTF-8"),
        (b"100%", b"100%", "a lone percent stays"),
        (b"%zz%41", b"%zzA", "a malformed escape stays"),
        (b"%%41", b"%A", "two percents"),
        (b"a=b%3Dc", b"a=b=c", "a bare equals sign"),
        (b"a%0D%0Ab", b"a\r\nb", "line ends"),
        (b"a=\nb%20", b"a=\nb ", "a soft line break of quoted-printable"),
        (b"", b"", "nothing"),
        (b"%", b"%", "only a percent"),
        (b"trailing+", b"trailing ", "a blank at the end"),
        (b"%20%09", b" \t", "blanks at the end"),
    ],
)
def test_form_decoding(encoded, plain, reason):
    assert decode(encoded) == plain, reason


def test_form_decoding_agrees_with_the_standard_library_on_every_pair_of_bytes():
    for first in range(256):
        for second in range(256):
            raw = bytes((first, second))
            assert decode(quote(raw, safe="").encode()) == raw

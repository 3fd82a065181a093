"""What reaches the log: one line per event, and neither secrets nor people's addresses."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from logs import set_up_logs

CANARIES = (
    "xoxb-123-canary",
    "xoxe.xoxb-1-canary",
    "xapp-1-canary",
    "canary%2Fpw",
    "canary-link",
    "buyer@acme.example",
    "ya29.canary",
    "1//canary-canary-canary-canary",
    "GOCSPX-canary",
    "canary-code",
    "canary-state",
)
TEXT = (
    "call with xoxb-123-canary and xoxe.xoxb-1-canary and xapp-1-canary to smtp://dana:canary%2Fpw@mail.example.com "
    "for https://meet.example.com/connect/canary-link from buyer@acme.example "
    "with ya29.canary and 1//canary-canary-canary-canary of GOCSPX-canary after "
    "/oauth/google/callback?state=canary-state&code=canary-code"
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_and_no_address_reaches_the_log(stream, form):
    set_up_logs("INFO", form, stream)
    password = "canary-local-variable"

    logging.getLogger("scheduling.reading").warning("calendar %s", TEXT, extra={"about": {"inner": [TEXT]}})
    structlog.get_logger("web").info(
        "connect", note=TEXT, password="canary-pw", headers={"Authorization": "canary-auth"}
    )
    try:
        int(TEXT)
    except ValueError:
        logging.getLogger("bot").exception("broke")

    written = stream.getvalue()
    assert written.count("meet.example.com") >= 4
    assert [canary for canary in (*CANARIES, "canary-pw", "canary-auth", password) if canary in written] == []


def test_json_lines_carry_level_logger_time_and_what_was_added(stream):
    set_up_logs("INFO", "json", stream)

    logging.getLogger("scheduling.reading").warning("calendar unread", extra={"connection": "c1", "code": "auth"})
    structlog.get_logger("web.connect").info("connect", provider="icloud", result="ok")

    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "calendar unread",
        "level": "warning",
        "logger": "scheduling.reading",
        "connection": "c1",
        "code": "auth",
    }
    assert second.pop("timestamp").endswith("Z")
    assert second == {
        "event": "connect",
        "level": "info",
        "logger": "web.connect",
        "provider": "icloud",
        "result": "ok",
    }


def test_the_same_address_gets_the_same_mark(stream):
    set_up_logs("INFO", "json", stream)

    logging.getLogger("a").info("to Buyer@acme.example and buyer@ACME.example")

    marks = json.loads(stream.getvalue())["event"].removeprefix("to ").split(" and ")
    assert marks[0] == marks[1] != "buyer@acme.example"


def test_bolt_does_not_log_the_request_whose_signature_does_not_fit(stream):
    set_up_logs("INFO", "json", stream)

    logging.getLogger("slack_bolt.RequestVerification").warning(
        "Invalid request signature detected (signature: v0=canary, timestamp: 1, body: text=canary)"
    )

    assert "canary" not in stream.getvalue()
    assert json.loads(stream.getvalue())["event"] == "request with an unfit signature"


def test_chatty_libraries_are_kept_to_warnings(stream):
    set_up_logs("DEBUG", "json", stream)

    logging.getLogger("slack_sdk.web").info("sending")
    logging.getLogger("scheduling").debug("ours")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["ours"]

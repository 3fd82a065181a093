"""A Zoom link that cannot be made at first: the meeting is booked, the rep is told and has the link made later."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.stories.conftest import Desk, opened_desk
from tests.stories.reading import BUYER, find_times, pick, stored_event, to_details, to_notifications, words_of

LINK = "https://zoom.example/j/85000000001"


class ZoomStandIn(ThreadingHTTPServer):
    """Zoom's token endpoint and its meetings; `is_down` answers 503 to every meeting."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.is_down = False
        self.meetings: list[dict[str, object]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: ZoomStandIn

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/oauth/token":
            self._answer(200, {"access_token": "zoom-token", "expires_in": 3600})
        elif self.server.is_down:
            self._answer(503, {})
        else:
            self.server.meetings.append(json.loads(body))
            self._answer(201, {"id": 85000000001, "join_url": LINK})

    def _answer(self, status: int, value: dict[str, object]) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def zoom() -> Iterator[ZoomStandIn]:
    server = ZoomStandIn()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def desk(zoom, monkeypatch, combination, engine_url, calendar_server, proxy) -> Iterator[Desk]:
    monkeypatch.setenv("ZOOM_ACCOUNT_ID", "account")
    monkeypatch.setenv("ZOOM_CLIENT_ID", "client")
    monkeypatch.setenv("ZOOM_CLIENT_SECRET", "secret")
    monkeypatch.setenv("ZOOM_API_URL", f"{zoom.url}/v2")
    monkeypatch.setenv("ZOOM_TOKEN_URL", f"{zoom.url}/oauth/token")
    with opened_desk(combination, engine_url, calendar_server, proxy) as desk:
        yield desk


def test_a_link_that_fails_never_keeps_a_meeting_from_being_booked_and_is_made_later(desk, zoom):
    """6a. If the provider fails, the meeting is still booked; the notice says so and has a retry button."""
    desk.connect("U0DANA")
    zoom.is_down = True
    rep = to_details(desk)
    rep.press("More options")
    rep.wait_for("Conferencing information")
    rep.choose("Conferencing information", "Zoom")
    find_times(rep)
    pick(rep, r"^11:00")
    to_notifications(rep)
    rep.press("Schedule")
    done = rep.wait_for("Tracking ID", timeout=20)
    rep.press("Done")
    notice = rep.wait_for_message("The link to meet by is missing", timeout=10)

    zoom.is_down = False
    rep.press_in_message("Make the link")
    told = rep.wait_for_message("The link for your meeting is made", timeout=20)

    letters = [m for m in desk.mailbox.wait_for(4, 15) if m.recipients == (BUYER,)]
    assert "The link to meet by is missing" in done
    assert "Make the link" in notice.buttons
    assert LINK in str(told)
    assert [LINK in words_of(letter.message) for letter in letters] == [False, True]
    assert str(stored_event(desk, "U0DANA")["url"]) == LINK
    assert [meeting["topic"] for meeting in zoom.meetings] == ["Pricing call"]

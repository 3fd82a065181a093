"""Slack's side of the service's ports: notices and the directory, against the local workspace."""

import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from slack_sdk import WebClient

from bot.directory import SlackDirectory, is_administrator, person_of
from bot.messages import SlackNotices
from sandbox.workspace import Person as Member
from scheduling.domain import Form, Person, Rep, Screen, WorkspaceChoices
from scheduling.errors import NoticeDeferred, NoticeParked, NoticeRefused
from scheduling.ports import Outcome, OutcomeKind, Undone
from tests.bot.in_memory import CONNECTION, DANA, LINKS, PRIYA, booking_with, draft_with

BOOKING = booking_with(Form(subject="Pricing call", members=("U0DANA", "U0PRIYA")))


@pytest.fixture
def client(local):
    return WebClient(token=local.bot_token, base_url=local.api_url, timeout=5)


@pytest.fixture
def notices(client, local):
    yield SlackNotices(client)
    assert local.workspace.refusals == []
    assert local.workspace.warnings == []


@pytest.fixture
def directory(client):
    opened = SlackDirectory(client)
    yield opened
    opened.close()


def test_a_member_gets_everything_by_direct_message(notices, local):
    notices.tell_member(BOOKING, PRIYA)

    message = local.rep("U0PRIYA").wait_for_message("Dana Reyes scheduled “Pricing call” with you")
    assert "Tue 24 Nov 19:30–20:00 IST" in message
    assert "buyer@acme.example" in message


def test_the_card_goes_to_the_channel(notices, local):
    local.workspace.invite("sales")
    channel = local.workspace.channel_named("sales")

    notices.post_card(BOOKING, channel.id, WorkspaceChoices())

    card = local.rep().wait_for_message("Dana Reyes scheduled a meeting with Acme Buyer", channel="sales")
    assert "buyer@acme.example" not in card


def test_a_card_whose_channel_is_gone_goes_to_the_rep(notices, local):
    notices.post_card(BOOKING, "C0GONE", WorkspaceChoices())

    message = local.rep().wait_for_message("could not be posted in the channel C0GONE")
    assert "Dana Reyes scheduled a meeting with Acme Buyer" in message


def test_the_rep_hears_of_problems_refused_mail_overlaps_and_dead_calendars(notices, local):
    outcome = Outcome(OutcomeKind.TAKEN, draft_with(Form(subject="Pricing call")), DANA.zone, who=("Sam Okafor",))

    notices.tell_problem(outcome)
    notices.tell_undelivered(BOOKING, "buyer@acme.example", "550")
    notices.tell_overlap(BOOKING, ("Sam Okafor",))
    notices.ask_reconnect(CONNECTION)
    notices.tell_undone(BOOKING, Undone.EVENT_LEFT, "", "read_only")

    told = [str(message) for message in local.rep().dms()]
    assert len(told) == 5
    assert "Sam Okafor is taken" in told[0]
    assert "A mail about your meeting was refused" in told[1]
    assert "overlaps another one" in told[2]
    assert "iCloud (dana@example.com) no longer lets us in" in told[3]
    assert "An event may be left in a calendar" in told[4]
    assert "Look in your calendar and delete the event if it is there." in told[4]


def test_a_lost_calendar_comes_with_links_that_are_made_when_it_is_told(client, local):
    asked = []

    def fresh(rep):
        asked.append(rep)
        return LINKS

    SlackNotices(client, fresh).ask_reconnect(replace(CONNECTION, reason="app_password"))

    message = local.rep().wait_for_message("the app-specific password is no longer accepted")
    assert asked == [Rep("T0DEMO", "U0DANA")]
    assert message.buttons == ("iCloud", "Connect again")
    assert message.links["iCloud"] == LINKS["icloud"]
    assert local.workspace.warnings == []


def test_a_calendar_connected_without_a_waiting_form_is_told_by_message(notices, local):
    notices.tell_connected(CONNECTION, None)
    notices.tell_connected(CONNECTION, draft_with(Form(), screen=Screen.DETAILS, view_id="V0OPEN"))
    notices.tell_connected(CONNECTION, draft_with(Form(), screen=Screen.TIMES, view_id="V0GONE"))

    told = [str(message) for message in local.rep().dms()]
    assert len(told) == 3
    assert all("Your iCloud calendar is connected (dana@example.com)." in words for words in told)


def test_an_outcome_for_a_closed_form_counts_as_told(notices):
    draft = draft_with(Form(subject="x"), view_id="V0GONE")

    notices.show_outcome(Outcome(OutcomeKind.FAILED, draft, DANA.zone))
    notices.show_outcome(Outcome(OutcomeKind.FAILED, replace(draft, view_id=None), DANA.zone))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, "internal_error", NoticeDeferred),
        (200, "service_unavailable", NoticeDeferred),
        (500, "internal_error", NoticeDeferred),
        (503, "service_unavailable", NoticeDeferred),
        (200, "token_revoked", NoticeParked),
        (200, "account_inactive", NoticeParked),
        (200, "invalid_auth", NoticeParked),
        (200, "missing_scope", NoticeParked),
        (200, "restricted_action", NoticeRefused),
        (200, "msg_too_long", NoticeRefused),
    ],
)
def test_slacks_refusals_are_classified(notices, local, status, code, expected):
    local.workspace.faults.fail("chat.postMessage", times=3, status=status, error=code)

    with pytest.raises(expected):
        notices.tell_member(BOOKING, DANA)


def test_a_limit_is_deferred_for_as_long_as_slack_says(notices, local):
    local.workspace.faults.rate_limit("chat.postMessage", retry_after=7)

    with pytest.raises(NoticeDeferred) as told:
        notices.tell_member(BOOKING, DANA)

    assert told.value.retry_after == 7.0


def test_a_slack_that_does_not_answer_is_deferred():
    notices = SlackNotices(WebClient(token="xoxb-x", base_url="http://127.0.0.1:9/api/", timeout=1))

    with pytest.raises(NoticeDeferred):
        notices.tell_member(BOOKING, DANA)


@pytest.mark.parametrize(
    ("status", "body"), [(502, b"<html>Bad Gateway</html>"), (200, b"<html>Sign in</html>"), (200, b"[]")]
)
def test_an_answer_that_is_not_slacks_is_deferred(status, body):
    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Keep the test's output clean."""

    with HTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        notices = SlackNotices(WebClient(token="xoxb-x", base_url=f"http://127.0.0.1:{server.server_port}/", timeout=2))

        with pytest.raises(NoticeDeferred):
            notices.tell_member(BOOKING, DANA)
        server.shutdown()


def test_a_slack_that_hangs_is_deferred(local, client):
    local.workspace.faults.slow("chat.postMessage", seconds=1.5, times=3)
    notices = SlackNotices(WebClient(token=local.bot_token, base_url=local.api_url, timeout=1))

    with pytest.raises(NoticeDeferred):
        notices.tell_member(BOOKING, DANA)


def test_the_directory_knows_members_and_leaves_out_everybody_else(directory, local):
    people = local.workspace.people
    people["U0GONE"] = Member("U0GONE", "gone", "Gone", deleted=True)
    people["U0BOT2"] = Member("U0BOT2", "bot2", "Bot", is_bot=True)
    for user in ("U0GONE", "U0BOT2"):
        local.workspace.home_team[user] = "T0DEMO"

    found = directory.people("T0DEMO", ("U0DANA", "U0PRIYA", "U0GONE", "U0BOT2", "U0NOBODY", "U0DANA"))

    assert set(found) == {"U0DANA", "U0PRIYA"}
    assert found["U0PRIYA"].zone == "Asia/Kolkata"


def test_the_directory_asks_for_everybody_at_once(directory, local):
    local.workspace.faults.slow("users.info", seconds=0.3, times=4)
    began = time.monotonic()
    directory.people("T0DEMO", ("U0DANA", "U0PRIYA", "U0SAM", "U0NOA"))

    assert time.monotonic() - began < 0.9


def test_a_directory_that_fails_says_so(directory, local):
    local.workspace.faults.fail("users.info", times=9, status=200, error="internal_error")

    with pytest.raises(NoticeDeferred):
        directory.people("T0DEMO", ("U0DANA", "U0PRIYA"))


USER = {
    "id": "U1",
    "team_id": "T0DEMO",
    "tz": "Europe/London",
    "real_name": "Real",
    "profile": {"real_name": "Profile Name", "email": "p@example.com"},
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "Europe/London")),
        ({"tz": None}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "UTC")),
        ({"tz": ""}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "UTC")),
        ({"tz": ["Europe/London"]}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "UTC")),
        ({"tz": 3600}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "UTC")),
        ({"tz": "../../etc/passwd"}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "UTC")),
        ({"tz": "Asia/Calcutta"}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "Asia/Calcutta")),
        ({"profile": "none"}, Person("T0DEMO", "U1", "Real", "", "Europe/London")),
        ({"profile": {"email": None, "real_name": 5}}, Person("T0DEMO", "U1", "Real", "", "Europe/London")),
        ({"profile": {"real_name": "Two\nlines"}}, Person("T0DEMO", "U1", "Two lines", "", "Europe/London")),
        ({"id": None}, None),
        ({"id": 5}, None),
        ({"team_id": None}, None),
        ({"team_id": ["T0DEMO"]}, None),
        ({"team_id": "E0", "enterprise_user": "x"}, None),
        ({"team_id": "E0", "enterprise_user": {"teams": [["T0DEMO"], "T0OTHER"]}}, None),
        ({"tz": "Mars/Phobos"}, Person("T0DEMO", "U1", "Profile Name", "p@example.com", "UTC")),
        ({"profile": {}}, Person("T0DEMO", "U1", "Real", "", "Europe/London")),
        ({"profile": None, "real_name": ""}, Person("T0DEMO", "U1", "U1", "", "Europe/London")),
        ({"team_id": "T0OTHER"}, None),
        ({"is_stranger": True}, None),
        ({"deleted": True}, None),
        ({"is_bot": True}, None),
        ({"id": "USLACKBOT"}, None),
        (
            {"team_id": "E0", "enterprise_user": {"teams": ["T0DEMO"]}},
            Person("T0DEMO", "U1", "Profile Name", "p@example.com", "Europe/London"),
        ),
    ],
)
def test_a_profile_as_slack_describes_it(changes, expected):
    assert person_of("T0DEMO", USER | changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"is_admin": True}, True),
        ({"is_owner": True}, True),
        ({"is_primary_owner": True}, True),
        ({"is_admin": False, "is_owner": False}, False),
        ({"is_admin": "true"}, False),
        ({"is_admin": 1}, False),
        ({"is_admin": True, "team_id": "T0OTHER"}, False),
        ({"is_admin": True, "deleted": True}, False),
        ({"is_admin": True, "is_bot": True}, False),
        ({"is_admin": True, "is_stranger": True}, False),
    ],
)
def test_who_administers_the_workspace_by_slacks_own_flags(changes, expected):
    assert is_administrator("T0DEMO", USER | changes) is expected


@pytest.mark.parametrize("answer", [{}, {"user": None}, {"user": "U1"}, {"user": []}])
def test_a_directory_that_answers_nonsense_knows_nobody(answer):
    class Client:
        def users_info(self, **_):
            return SimpleNamespace(data={"ok": True, **answer})

    directory = SlackDirectory(Client())

    assert directory.people("T0DEMO", ("U1",)) == {}
    directory.close()

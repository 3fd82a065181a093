"""The other ways in: shortcuts, App Home, Socket Mode; and an environment full of Slack's names."""

import asyncio
import json
import logging
import threading
import time
from urllib.parse import urlencode

import httpx2
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot import build_bolt_app
from bot.crossing import Crossing
from bot.socket_mode import SocketMode
from sandbox.workspace.delivery import sign
from tests.bot.in_memory import CONNECTION, NOW, InMemoryScheduling
from tests.bot.in_memory_office import InMemoryOffice


def test_the_global_shortcut_opens_an_empty_form(running):
    rep = running.local.rep()

    rep.shortcut("Schedule on behalf")
    screen = rep.wait_for("Who is the meeting with?")

    assert (screen.inputs["External participant name"], screen.inputs["Email address"]) == ("", "")


def test_the_message_shortcut_takes_the_address_from_the_message(running):
    rep = running.local.rep()
    rep.say("New lead: <mailto:buyer@acme.example|buyer@acme.example>, call them <!channel>")

    rep.message_shortcut("Schedule on behalf", "New lead")
    screen = rep.wait_for("Who is the meeting with?")

    assert (screen.inputs["External participant name"], screen.inputs["Email address"]) == ("", "buyer@acme.example")


def test_the_message_shortcut_takes_name_and_subject_along(running):
    rep = running.local.rep()
    rep.say(
        "*New lead*: Acme Buyer &lt;<mailto:buyer@acme.example|buyer@acme.example>&gt; wants a demo <!channel>\nsoon"
    )

    rep.message_shortcut("Schedule on behalf", "New lead")
    screen = rep.wait_for("Who is the meeting with?")
    rep.press("Continue")
    details = rep.wait_for("Step 1: Set your meeting details")

    assert screen.inputs["External participant name"] == "Acme Buyer"
    assert screen.inputs["Email address"] == "buyer@acme.example"
    assert details.inputs["Subject"] == "New lead: Acme Buyer wants a demo"


def test_a_message_whose_form_did_not_open_can_be_opened_with_all_of_it(running):
    running.local.workspace.faults.fail("views.open", status=200, error="expired_trigger_id")
    rep = running.local.rep()
    rep.say("Tom &amp; Jerry <mailto:buyer@acme.example|buyer@acme.example> ask for prices")

    rep.message_shortcut("Schedule on behalf", "ask for prices")
    rep.wait_for_message("Slack did not open the form in time", channel="sales")
    rep.press_in_message("Schedule on behalf", channel="sales")
    screen = rep.wait_for("Who is the meeting with?")

    assert screen.inputs["External participant name"] == "Tom & Jerry"
    assert screen.inputs["Email address"] == "buyer@acme.example"


def test_connect_again_in_a_message_brings_fresh_links(running):
    running.notices.ask_reconnect(CONNECTION)
    rep = running.local.rep()
    rep.wait_for_message("no longer lets us in")

    rep.press_in_message("Connect again")
    message = rep.wait_for_message("These links work for a few minutes")

    assert message.buttons == ("iCloud", "Other CalDAV")


@pytest.fixture
def by_socket(local):
    """The app by Socket Mode, on a loop of its own."""
    scheduling = InMemoryScheduling()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start():
        crossing = Crossing()
        client = AsyncWebClient(token=local.bot_token, base_url=local.api_url, timeout=5)
        app = build_bolt_app(
            client=client,
            scheduling=scheduling,
            office=InMemoryOffice(scheduling),
            crossing=crossing,
            clock=lambda: NOW,
            once_more=0.3,
        )
        mode = SocketMode(app, local.app_token)
        await mode.start()
        return mode, crossing

    mode, crossing = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    local.connect_socket()
    yield local, scheduling, mode, loop

    async def stop():
        await mode.stop()
        await crossing.close(within=2)
        await asyncio.sleep(0.05)

    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
    assert local.workspace.refusals == []


def test_by_socket_mode_the_story_is_the_same(by_socket):
    local, scheduling, mode, loop = by_socket
    rep = local.rep()
    connected = asyncio.run_coroutine_threadsafe(mode.is_connected(), loop).result(5)

    rep.command("/schedule-for", "buyer@acme.example Acme Buyer 30m Pricing call")
    rep.wait_for("Who is the meeting with?")
    rep.press("Continue")
    rep.press("Find times")
    rep.wait_for("Tue 24 Nov")
    rep.press("15:00")
    rep.wait_for("Confirm your meeting details")
    rep.press("Next")
    rep.press("Schedule")
    rep.wait_for("Scheduling…")

    assert connected
    assert scheduling.submissions == [("draft1", True, True)]


def test_by_socket_mode_a_repeated_delivery_has_one_effect(by_socket):
    local, scheduling, _mode, _loop = by_socket
    local.workspace.faults.duplicate("slash_commands")
    rep = local.rep()

    rep.command("/schedule-for", "Acme Buyer")
    rep.wait_for("Who is the meeting with?")
    local.workspace.wait_until(lambda: len(scheduling.drafts) > 1, 0.5)

    assert len(scheduling.drafts) == 1


def test_names_in_the_environment_change_nothing(monkeypatch, caplog):
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "from the environment")
    crossing = Crossing()

    with caplog.at_level(logging.DEBUG):
        app = build_bolt_app(
            client=AsyncWebClient(token="xoxb-ours", base_url="http://127.0.0.1:9/api/"),
            scheduling=InMemoryScheduling(),
            office=InMemoryOffice(),
            crossing=crossing,
        )

    assert app.client.base_url == "http://127.0.0.1:9/api/"
    assert app.process_before_response
    assert next(m.name for m in app._async_middleware_list).endswith("AsyncMultiTeamsAuthorization")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING and "bolt" in record.name] == []


def test_people_of_another_workspace_are_refused(running):
    body = urlencode(
        {
            "payload": json.dumps(
                {
                    "type": "shortcut",
                    "callback_id": "schedule_on_behalf",
                    "team": {"id": "T0DEMO"},
                    "user": {"id": "U0X", "team_id": "T0OTHER"},
                    "trigger_id": "1.1.1",
                }
            )
        }
    ).encode()
    stamp = str(int(time.time()))

    answer = httpx2.post(
        running.url,
        content=body,
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": sign(running.local.signing_secret, stamp, body),
        },
        trust_env=False,
    )

    assert answer.status_code == 200
    assert running.scheduling.drafts == {}

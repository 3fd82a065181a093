"""A real Bolt app talks to the local workspace through Bolt's own Socket Mode handler."""

import json

import pytest
from slack_sdk.web import WebClient
from websockets import InvalidStatus
from websockets.asyncio.client import connect

from sandbox.workspace import LocalWorkspace
from tests.sandbox.small_app import actions, answers_form, both, button, modal, opens, section, text_input


def test_the_whole_conversation_works_over_a_socket(over_socket):
    def register(app):
        @app.action("zone")
        async def zone(ack):
            await ack()

        @app.options("zone")
        async def zones(ack, body):
            await ack(options=[{"text": {"type": "plain_text", "text": body["value"]}, "value": "1"}])

    pick = {"type": "external_select", "action_id": "zone", "min_query_length": 0}
    view = modal(
        text_input("Name", "name"),
        {"type": "section", "block_id": "z", "text": section("Zone")["text"], "accessory": pick},
    )
    world = over_socket(both(opens(view), register, answers_form(response_action="errors", errors={"name": "Unknown"})))

    opened = world.dana.command("/form")
    world.dana.choose("Zone", "Oslo")
    world.dana.fill("Name", "Acme")
    refused = world.dana.press("Go")

    assert (opened.title, refused.errors) == ("Form", {"Name": "Unknown"})
    assert refused.inputs == {"Name": "Acme", "Zone": "Oslo"}
    assert world.workspace.refusals == []


def test_an_unanswered_envelope_is_late(over_socket):
    world = over_socket(opens(modal(actions(button("Nobody", "nobody")), submit=None)))
    world.local.courier.ack_seconds = 0.3
    world.dana.command("/form")

    screen = world.dana.press("Nobody")

    assert (screen.notice, world.workspace.deliveries[-1].trouble) == (
        "We had some trouble connecting. Try again?",
        "late",
    )


def test_an_event_is_repeated_over_the_socket_with_its_number(over_socket):
    seen = []

    def register(app):
        @app.event("app_home_opened")
        async def opened(request):
            seen.append(request.headers.get("x-slack-retry-num"))

    world = over_socket(register)
    world.workspace.faults.drop_ack("events_api")

    world.local.send_event({"type": "app_home_opened", "user": "U0DANA", "channel": "D1", "tab": "home"}).join(5)

    assert seen == [["0"], ["1"]]


def test_the_app_comes_back_after_a_refresh(over_socket):
    world = over_socket(opens(modal(section("Hello"), submit=None)))

    world.local.sockets.disconnect("refresh_requested")
    came_back = world.workspace.wait_until(lambda: world.local.sockets.connections == 1, 15)
    screen = world.dana.command("/form")

    assert (came_back, screen.lines) == (True, ("Hello",))


def test_without_a_connection_a_command_fails(local: LocalWorkspace):
    local.courier.transport = local.sockets

    screen = local.rep().command("/form")

    assert screen.lines == ('/form failed with the error "dispatch_failed"',)


async def test_a_socket_address_works_once(local: LocalWorkspace):
    answer = WebClient(base_url=local.api_url).apps_connections_open(app_token=local.app_token)

    async with connect(answer["url"]) as first:
        hello = json.loads(await first.recv())
    with pytest.raises(InvalidStatus, match="403"):
        await connect(answer["url"])

    assert (hello["type"], hello["connection_info"]) == ("hello", {"app_id": "A0SANDBOX"})

"""The scripted rep finds controls by visible words, and inputs behave as in Slack's client."""

import asyncio
import threading

import pytest

from sandbox.workspace import LocalWorkspace, NotOnScreen
from tests.sandbox.small_app import actions, answers_form, both, button, modal, opens, plain, section, text_input


def option(text, value):
    return {"text": plain(text), "value": value}


def select(kind, action_id, **more):
    return {"type": kind, "action_id": action_id, "placeholder": plain(f"Pick {action_id}"), **more}


def field(label, block_id, element, **more):
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


CITIES = [option("Oslo", "osl"), option("Rome", "rom")]
OSLO_AS_SENT = {"text": {"type": "plain_text", "text": "Oslo", "emoji": True}, "value": "osl"}
ROME_AS_SENT = {"text": {"type": "plain_text", "text": "Rome", "emoji": True}, "value": "rom"}


def seen_actions(bucket, *names):
    """Registers click listeners that only note what they got."""

    def register(app):
        for name in names:

            @app.action(name)
            async def clicked(ack, body):
                await ack()
                bucket.append((body["actions"][0], body.get("view", {}).get("state", body.get("state"))))

    return register


def test_every_kind_of_choice_arrives_in_slacks_own_shape(over_http):
    boxes = {"type": "checkboxes", "action_id": "v"}
    view = modal(
        field("City", "city", select("static_select", "v", options=CITIES)),
        field("People", "people", select("multi_users_select", "v")),
        field("Day", "day", {"type": "datepicker", "action_id": "v"}),
        field("Time", "time", {"type": "timepicker", "action_id": "v", "timezone": "Asia/Kolkata"}),
        field("Mail", "mail", {"type": "email_text_input", "action_id": "v"}),
        field("Minutes", "minutes", {"type": "number_input", "action_id": "v", "is_decimal_allowed": False}),
        field("Kind", "kind", {"type": "radio_buttons", "action_id": "v", "options": CITIES}),
        field(
            "Extras",
            "extras",
            {**boxes, "options": [option("Lunch", "l")]},
            optional=True,
        ),
        field("Where", "where", select("conversations_select", "v"), optional=True),
        field("Note", "note", {"type": "rich_text_input", "action_id": "v"}, optional=True),
    )
    world = over_http(both(opens(view), answers_form()))
    dana = world.dana
    dana.command("/form")

    dana.choose("City", "Rome")
    dana.choose("People", "Priya Nair", "sam")
    dana.fill("Day", "2026-11-24")
    dana.fill("Time", "15:00")
    dana.fill("Mail", "buyer@acme.example")
    dana.fill("Minutes", "30")
    dana.tick("Oslo")
    screen = dana.choose("Where", "#general")
    dana.press("Go")

    values = world.workspace.deliveries[-1].payload["view"]["state"]["values"]
    assert {block: state["v"] for block, state in values.items()} == {
        "city": {
            "type": "static_select",
            "selected_option": ROME_AS_SENT,
        },
        "people": {"type": "multi_users_select", "selected_users": ["U0PRIYA", "U0SAM"]},
        "day": {"type": "datepicker", "selected_date": "2026-11-24"},
        "time": {"type": "timepicker", "selected_time": "15:00", "timezone": "Asia/Kolkata"},
        "mail": {"type": "email_text_input", "value": "buyer@acme.example"},
        "minutes": {"type": "number_input", "value": "30"},
        "kind": {
            "type": "radio_buttons",
            "selected_option": OSLO_AS_SENT,
        },
        "extras": {"type": "checkboxes", "selected_options": []},
        "where": {"type": "conversations_select", "selected_conversation": "C0DEMOGENERAL"},
        "note": {"type": "rich_text_input", "rich_text_value": None},
    }
    assert (screen.inputs["People"], screen.inputs["Kind"]) == ("Priya Nair, Sam Okafor", "Oslo")


@pytest.mark.parametrize(
    ("element", "typed", "words"),
    [
        ({"type": "email_text_input"}, "nobody", "This is not a valid email address."),
        ({"type": "url_text_input"}, "acme", "This is not a valid URL."),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "This is not a valid number."),
        ({"type": "number_input", "is_decimal_allowed": False, "min_value": "5"}, "4", "Must be 5 or more."),
        ({"type": "number_input", "is_decimal_allowed": True, "max_value": "5"}, "5.5", "Must be 5 or less."),
        ({"type": "plain_text_input", "min_length": 3}, "ab", "Write at least 3 characters."),
        ({"type": "plain_text_input", "max_length": 3}, "abcd", "Write 3 characters at most."),
    ],
)
def test_slacks_client_holds_back_what_an_input_does_not_take(over_http, element, typed, words):
    world = over_http(both(opens(modal(field("Field", "f", {**element, "action_id": "v"}))), answers_form()))
    world.dana.command("/form")
    world.dana.fill("Field", typed)

    screen = world.dana.press("Go")

    assert screen.errors == {"Field": words}
    assert len(world.workspace.deliveries) == 1


def test_an_external_select_offers_what_the_app_answers_to_the_search(over_http):
    def register(app):
        @app.options("zone")
        async def zones(ack, body):
            found = [option(f"{body['value']} city", "1"), option("Other", "2")]
            await ack(options=found)

    world = over_http(
        both(opens(modal(field("Zone", "z", select("external_select", "zone", min_query_length=2)))), register)
    )
    world.dana.command("/form")

    screen = world.dana.choose("Zone", "Oslo city", search="Oslo")

    assert screen.inputs == {"Zone": "Oslo city"}
    assert world.dana.offered("Zone", "Ro") == ["Ro city", "Other"]
    assert world.dana.offered("Zone", "R") == []
    assert world.workspace.deliveries[1].payload["type"] == "block_suggestion"


def test_overflow_ticks_and_selects_in_actions_tell_the_app_at_once(over_http):
    got = []
    menu = {"type": "overflow", "action_id": "menu", "options": [option("Show", "s"), option("Hide", "h")]}
    boxes = {"type": "checkboxes", "action_id": "boxes", "options": CITIES, "initial_options": CITIES}
    view = modal(
        section(
            "Row",
            accessory=menu,
        ),
        actions(boxes, select("static_select", "pick", options=CITIES)),
        submit=None,
    )
    world = over_http(both(opens(view), seen_actions(got, "menu", "boxes", "pick")))
    world.dana.command("/form")

    world.dana.overflow("Hide")
    world.dana.untick("Oslo")
    world.dana.choose("Pick pick", "Rome")

    assert [(a["type"], a["action_id"], a["block_id"]) for a, _ in got][1:] == [
        ("checkboxes", "boxes", "acts"),
        ("static_select", "pick", "acts"),
    ]
    assert got[0][0]["selected_option"]["value"] == "h"
    assert [o["value"] for o in got[1][0]["selected_options"]] == ["rom"]
    assert got[2][1]["values"]["acts"]["pick"]["selected_option"]["value"] == "rom"
    assert world.dana.clicks == 5


def test_an_input_dispatches_only_where_it_says_so(over_http):
    got = []
    loud = {"type": "plain_text_input", "action_id": "loud"}
    each = {**loud, "action_id": "each", "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
    view = modal(
        field("Quiet", "q", {**loud, "action_id": "quiet"}),
        field("Loud", "l", loud, dispatch_action=True),
        field("Each", "e", each, dispatch_action=True),
    )
    world = over_http(both(opens(view), seen_actions(got, "quiet", "loud", "each")))
    world.dana.command("/form")

    world.dana.fill("Quiet", "a", enter=True)
    world.dana.fill("Loud", "b")
    world.dana.fill("Loud", "c", enter=True)
    world.dana.fill("Each", "d")

    assert [(a["action_id"], a["value"]) for a, _ in got] == [("loud", "c"), ("each", "d")]


def test_a_confirm_dialog_is_read_answered_and_counted(over_http):
    got = []
    sure = {"title": plain("Cancel it?"), "text": plain("For all"), "confirm": plain("Yes"), "deny": plain("No")}
    view = modal(actions(button("Cancel meeting", "kill", confirm=sure, value="7")), submit=None)
    world = over_http(both(opens(view), seen_actions(got, "kill")))
    world.dana.command("/form")

    world.dana.press("Cancel meeting", confirm=False)
    refused = len(got)
    world.dana.press("Cancel meeting")

    assert (refused, [a["value"] for a, _ in got]) == (0, ["7"])
    assert (world.dana.confirmed, world.dana.clicks) == (["Cancel it?: For all"] * 2, 4)


def test_twin_buttons_are_told_apart_by_the_text_beside_them(over_http):
    got = []
    rows = [
        section(f"Sam: {what}", block_id=what, accessory=button("Choose anyway", "any", value=what))
        for what in ("Sync", "Lunch")
    ]
    world = over_http(both(opens(modal(*rows, submit=None)), seen_actions(got, "any")))
    world.dana.command("/form")

    world.dana.press("Choose anyway", near="Lunch")
    words = world.dana.press_matching("^Choose")

    assert ([a["value"] for a, _ in got], words) == (["Lunch", "Sync"], "Choose anyway")


def test_values_follow_their_ids_through_an_update(over_http):
    def register(app):
        @app.action("again")
        async def again(ack, body, client):
            await ack()
            name = text_input("Name", "name", element={"initial_value": "new"})
            fresh = text_input("Name 2", "name.r2", element={"initial_value": "new"})
            view = modal(name, fresh, actions(button("Again", "again")))
            await client.views_update(view_id=body["view"]["id"], view=view)

    first = modal(text_input("Name", "name", element={"initial_value": "old"}), actions(button("Again", "again")))
    world = over_http(both(opens(first), register))
    world.dana.command("/form")

    screen = world.dana.press("Again")

    assert screen.inputs == {"Name": "old", "Name 2": "new"}
    assert [w.findings[0].rule for w in world.workspace.warnings] == ["A5"]


def test_shortcuts_home_and_messages_reach_the_app(over_http):
    def register(app):
        @app.shortcut("start")
        async def start(ack, body, client):
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal(section("Started"), submit=None))

        @app.shortcut("from")
        async def from_message(ack, body, client):
            await ack()
            view = modal(section(body["message"]["text"]), submit=None)
            await client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.event("app_home_opened")
        async def home(event, client):
            blocks = [section("Your meetings"), actions(button("Schedule", "start_button"))]
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

        @app.action("start_button")
        async def start_button(ack, body, client):
            await ack()
            await client.chat_postMessage(
                channel=body["user"]["id"], text="Booked", blocks=[section("Booked"), actions(button("Join", "join"))]
            )

        @app.action("join")
        async def join(ack, body, client):
            await ack()
            container = body["container"]
            await client.chat_update(channel=container["channel_id"], ts=container["message_ts"], text="Joined")

    world = over_http(register)
    dana = world.dana

    started = dana.shortcut("Start here")
    dana.close()
    dana.say("please call Acme", channel="general")
    from_message = dana.message_shortcut("From this", "call Acme", channel="general")
    dana.close()
    home = dana.open_home()
    dana.press("Schedule")
    message = dana.wait_for_message("Booked")
    dana.press_in_message("Join", "Booked")

    assert (started.lines, from_message.lines, home.lines) == (
        ("Started",),
        ("please call Acme",),
        ("Your meetings", "[ Schedule ]"),
    )
    assert (message.sender, message.buttons) == ("App", ("Join",))
    assert [(m.lines, m.buttons, m.is_edited) for m in dana.dms()] == [(("Joined",), (), True)]
    assert world.workspace.refusals == []


def test_a_manifest_decides_commands_shortcuts_and_escaping():
    manifest = {
        "display_information": {"name": "Demo app"},
        "features": {"slash_commands": [{"command": "/for", "should_escape": True}]},
        "oauth_config": {"scopes": {"bot": ["commands"]}},
    }
    with LocalWorkspace.start(manifest=manifest) as local:
        dana = local.rep()

        unknown = dana.command("/other")
        dana.command("/for", "buyer@acme.example @priya #general")

        assert unknown.lines == ("/other is not a valid command.",)
        assert local.workspace.deliveries[0].payload["text"] == (
            "<mailto:buyer@acme.example|buyer@acme.example> <@U0PRIYA|priya> <#C0DEMOGENERAL|general>"
        )
        assert local.installation.scopes == ("commands",)


def test_waiting_in_vain_shows_the_screen(over_http):
    world = over_http(opens(modal(section("Loading"), submit=None)))
    world.dana.command("/form")

    with pytest.raises(NotOnScreen, match=r"(?s)'Done'.*did not appear within 0.1 s.*Loading"):
        world.dana.wait_for("Done", timeout=0.1)
    assert world.dana.wait_for("Loading").depth == 1


def test_a_link_button_opens_its_address_and_still_tells_the_app(over_http):
    got = []
    link = button("Connect", "link", url="https://accounts.example/start")
    world = over_http(both(opens(modal(actions(link), submit=None)), seen_actions(got, "link")))
    world.dana.command("/form")

    world.dana.press("Connect")

    assert (world.dana.opened, len(got)) == (["https://accounts.example/start"], 1)


def test_a_closed_screen_is_not_brought_back_by_a_late_answer(over_http):
    waiting = threading.Event()

    def register(app):
        @app.view("form")
        async def submitted(ack):
            await asyncio.to_thread(waiting.wait, 2)
            await ack(response_action="update", view=modal(section("Late"), submit=None))

    world = over_http(both(opens(modal(section("Hello"))), register))
    world.dana.command("/form")
    pressing = threading.Thread(target=world.dana.press, args=("Go",))
    pressing.start()
    assert world.workspace.wait_until(lambda: world.dana.client.top.is_busy, 20)

    world.dana.close()
    waiting.set()
    pressing.join(5)

    assert world.dana.screen().kind == "channel"

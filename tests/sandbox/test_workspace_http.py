"""A real Bolt app talks to the local workspace over signed HTTP: commands, modals, messages, and Slack's own words."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web import WebClient

from sandbox.workspace import NotOnScreen, Person
from sandbox.workspace.delivery import sign
from tests.sandbox.small_app import (
    actions,
    answers_form,
    both,
    button,
    error_of,
    modal,
    opens,
    plain,
    section,
    text_input,
)

NAME = text_input("Name", "name")


def test_a_command_opens_a_modal_that_reads_like_a_screen(over_http):
    world = over_http(opens(modal(section("Who is it?"), NAME, actions(button("More", "more")))))

    screen = world.dana.command("/form", "acme")

    assert (screen.title, screen.lines) == ("Form", ("Who is it?", "Name: ⟨⟩", "[ More ]"))
    assert screen.buttons == ("More", "Go", "Cancel")
    assert screen.inputs == {"Name": ""}
    assert (world.dana.typed, world.workspace.refusals) == (len("/form acme"), [])


def test_slacks_own_check_holds_back_an_empty_required_field(over_http):
    world = over_http(both(opens(modal(NAME)), answers_form()))
    world.dana.command("/form")

    screen = world.dana.press("Go")

    assert screen.errors == {"Name": "Please complete this required field."}
    assert [d.kind for d in world.workspace.deliveries] == ["slash_commands"]


def test_an_empty_ack_closes_only_the_submitted_view(over_http):
    world = over_http(both(opens(modal(NAME)), answers_form()))
    world.dana.command("/form")
    world.dana.fill("Name", "Acme Buyer")

    screen = world.dana.press("Go")

    assert (screen.kind, screen.lines) == ("channel", ())
    sent = world.workspace.deliveries[-1].payload["view"]["state"]["values"]
    assert sent == {"name": {"v": {"type": "plain_text_input", "value": "Acme Buyer"}}}


def test_errors_stand_under_their_inputs_and_values_stay(over_http):
    world = over_http(both(opens(modal(NAME)), answers_form(response_action="errors", errors={"name": "Unknown"})))
    world.dana.command("/form")
    world.dana.fill("Name", "Acme")

    screen = world.dana.press("Go")

    assert (screen.errors, screen.inputs) == ({"Name": "Unknown"}, {"Name": "Acme"})


def test_errors_for_a_block_that_is_no_input_are_slacks_trouble(over_http):
    world = over_http(both(opens(modal(NAME)), answers_form(response_action="errors", errors={"other": "Unknown"})))
    world.dana.command("/form")
    world.dana.fill("Name", "Acme")

    screen = world.dana.press("Go")

    assert "We had some trouble connecting. Try again?" in screen
    assert [(r.where, r.findings[0].rule) for r in world.workspace.refusals] == [("view_submission", "A1")]


def test_an_update_keeps_values_by_ids_and_a_push_returns_to_them(over_http):
    second = modal(NAME, text_input("City", "city"), title=plain("Second"))
    pushed = modal(section("Advanced"), title=plain("Third"), submit=None, close=plain("Back"), callback_id="side")

    def register(app: AsyncApp) -> None:
        @app.action("side")
        async def side(ack, body, client):
            await ack()
            await client.views_push(trigger_id=body["trigger_id"], view=pushed)

    first = modal(NAME, actions(button("Advanced…", "side")))
    world = over_http(both(opens(first), register, answers_form(response_action="update", view=second)))
    world.dana.command("/form")
    world.dana.fill("Name", "Acme")

    world.dana.press("Advanced…")
    side_screen = world.dana.screen()
    back = world.dana.press("Back")
    after = world.dana.press("Go")

    assert (side_screen.title, side_screen.depth, back.inputs) == ("Third", 2, {"Name": "Acme"})
    assert (after.title, after.inputs) == ("Second", {"Name": "Acme", "City": ""})


def test_a_fourth_view_is_refused(over_http):
    failures = []

    def register(app: AsyncApp) -> None:
        @app.action("deeper")
        async def deeper(ack, body, client):
            await ack()
            try:
                await client.views_push(
                    trigger_id=body["trigger_id"], view=modal(actions(button("Deeper", "deeper")), submit=None)
                )
            except SlackApiError as error:
                failures.append(error.response["error"])

    world = over_http(both(opens(modal(actions(button("Deeper", "deeper")), submit=None)), register))
    world.dana.command("/form")

    depths = [world.dana.press("Deeper").depth for _ in range(3)]

    assert (depths, failures) == ([2, 3, 3], ["push_limit_reached"])


def test_clear_closes_everything_and_push_in_an_ack_lays_on_top(over_http):
    top = modal(section("Sure?"), title=plain("Sure"), callback_id="sure", submit=plain("Yes"))

    def register(app: AsyncApp) -> None:
        @app.view("sure")
        async def sure(ack):
            await ack(response_action="clear")

    world = over_http(both(opens(modal(section("Hello"))), answers_form(response_action="push", view=top), register))
    world.dana.command("/form")

    pushed = world.dana.press("Go")
    cleared = world.dana.press("Yes")

    assert (pushed.title, pushed.depth, cleared.kind) == ("Sure", 2, "channel")


def test_a_closed_view_is_told_only_where_it_asked(over_http):
    closed = []

    def register(app: AsyncApp) -> None:
        @app.view_closed("form")
        async def gone(ack, body):
            await ack()
            closed.append((body["view"]["callback_id"], body["is_cleared"]))

    world = over_http(both(opens(modal(NAME, notify_on_close=True)), register))
    world.dana.command("/form")

    world.dana.close()
    world.dana.command("/form")
    world.dana.close(everything=True)

    assert closed == [("form", False), ("form", True)]


def test_a_late_command_says_operation_timeout_and_is_not_sent_again(over_http):
    def register(app: AsyncApp) -> None:
        @app.command("/form")
        async def form(ack):
            await asyncio.sleep(0.6)
            await ack()

    world = over_http(register)
    world.local.courier.ack_seconds = 0.3

    screen = world.dana.command("/form")

    assert screen.lines == ('/form failed with the error "operation_timeout"',)
    assert [(d.kind, d.trouble) for d in world.workspace.deliveries] == [("slash_commands", "late")]


def test_an_unhandled_click_shows_slacks_trouble_in_the_modal(over_http):
    world = over_http(opens(modal(actions(button("Nobody", "nobody")), submit=None)))
    world.dana.command("/form")

    screen = world.dana.press("Nobody")

    assert screen.notice == "We had some trouble connecting. Try again?"
    assert (world.workspace.deliveries[-1].status, world.workspace.deliveries[-1].trouble) == (404, "http_error")


def test_a_lost_ack_looks_late_although_the_app_answered(over_http):
    world = over_http(both(opens(modal(section("Hello"))), answers_form()))
    world.dana.command("/form")
    world.workspace.faults.drop_ack("interactive")

    screen = world.dana.press("Go")
    again = world.dana.press("Go")

    assert (screen.notice, again.kind) == ("We had some trouble connecting. Try again?", "channel")


def test_an_ack_applied_late_overwrites_a_faster_update(over_http):
    waiting = modal(section("Working"), submit=None, callback_id="form")
    done = modal(section("Done"), submit=None, callback_id="form")
    tasks = set()

    def register(app: AsyncApp) -> None:
        @app.view("form")
        async def submitted(ack, body, client):
            await ack(response_action="update", view=waiting)
            task = asyncio.create_task(client.views_update(view_id=body["view"]["id"], view=done))
            tasks.add(task)

    world = over_http(both(opens(modal(section("Hello"))), register))
    world.workspace.faults.apply_acks_late = 0.3
    world.dana.command("/form")

    screen = world.dana.press("Go")

    assert screen.lines == ("Working",)
    assert [c.method for c in world.workspace.calls if c.method == "views.update"] == ["views.update"]


def test_a_doubled_delivery_reaches_the_app_twice(over_http):
    seen = []

    def register(app: AsyncApp) -> None:
        @app.command("/form")
        async def form(ack, body):
            seen.append(body["trigger_id"])
            await ack()

    world = over_http(register)
    world.workspace.faults.duplicate("slash_commands")

    world.dana.command("/form")
    world.workspace.wait_until(lambda: len(seen) == 2, 0.5)

    assert (len(seen), len(set(seen))) == (2, 1)


def test_a_wrong_signature_is_refused_by_the_app(over_http):
    world = over_http(opens(modal(NAME)))
    world.workspace.app.signing_secret = "another"

    screen = world.dana.command("/form")

    assert screen.lines == ('/form failed with the error "http_service_error"',)
    assert world.workspace.deliveries[0].status == 401


def test_our_signature_is_the_one_slack_sdk_computes():
    body = "token=a&text=%C3%A9"

    assert sign("secret", "1700000000", body.encode()) == SignatureVerifier("secret").generate_signature(
        timestamp="1700000000", body=body
    )


def test_only_events_are_sent_again_with_number_and_reason(over_http):
    seen = []

    def register(app: AsyncApp) -> None:
        @app.event("app_home_opened")
        async def opened(request):
            seen.append((request.headers.get("x-slack-retry-num"), request.headers.get("x-slack-retry-reason")))
            raise ValueError("down")

    world = over_http(register)

    world.local.send_event({"type": "app_home_opened", "user": "U0DANA", "channel": "D1", "tab": "home"}).join(5)

    assert seen == [(None, None), *((["1"], ["http_error"]),), (["2"], ["http_error"]), (["3"], ["http_error"])]


def test_the_request_url_answers_the_handshake(over_http):
    world = over_http(opens(modal(NAME)))

    assert world.local.courier.transport.verify_request_url() is True


def test_a_missing_button_lists_what_is_on_screen(over_http):
    world = over_http(
        opens(modal(section("Hello"), actions(button("One", "a"), button("Two", "b"), button("Two", "c"))))
    )
    world.dana.command("/form")
    world.dana.patience = 0.1

    with pytest.raises(NotOnScreen, match=r"(?s)'Three' is not there.*\[ One \].*\[ Two \]"):
        world.dana.press("Three")
    with pytest.raises(NotOnScreen, match="'Two' is there 2 times"):
        world.dana.press("Two")


def test_nobody_at_the_request_url_is_a_failed_dispatch(local):
    local.connect_http("http://127.0.0.1:9/slack/events")

    screen = local.rep().command("/form")

    assert screen.lines == ('/form failed with the error "dispatch_failed"',)


def test_an_uninstalled_app_is_told_and_its_token_is_dead(over_http):
    seen = []

    def register(app: AsyncApp) -> None:
        @app.event("app_uninstalled")
        async def uninstalled(body):
            seen.append(body["event"]["type"])

        @app.event("tokens_revoked")
        async def revoked(body):
            seen.append(body["event"]["tokens"]["bot"])

    world = over_http(register)

    world.local.uninstall()

    assert seen == [["U0DEMOBOT"], "app_uninstalled"]
    assert error_of(WebClient(token=world.local.bot_token, base_url=world.local.api_url).auth_test) == "token_revoked"


def test_twenty_people_click_at_once_and_each_gets_their_own_screen(local, over_http):
    def register(app: AsyncApp) -> None:
        @app.command("/form")
        async def form(ack, body, client):
            await ack()
            view = modal(section(body["user_id"]), actions(button("More", "more")), submit=None)
            await client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.action("more")
        async def more(ack, body, client):
            await ack()
            view = modal(section(f"More for {body['user']['id']}"), submit=None)
            await client.views_update(view_id=body["view"]["id"], view=view)

    ids = [f"U{number:03d}CROWD" for number in range(20)]
    for user_id in ids:
        local.workspace.people[user_id] = Person(user_id, user_id.lower(), user_id)
        local.workspace.home_team[user_id] = local.workspace.team.id
    over_http(register)

    def act(user_id: str) -> tuple[str, ...]:
        rep = local.rep(user_id)
        rep.command("/form")
        return rep.press("More").lines

    with ThreadPoolExecutor(20) as crowd:
        screens = list(crowd.map(act, ids))

    assert screens == [(f"More for {user_id}",) for user_id in ids]

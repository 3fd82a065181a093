"""Views and messages over slack_sdk's own Web client: triggers, hashes, envelopes, who may write where."""

import json
from datetime import timedelta

import pytest
from slack_sdk import WebhookClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import WebClient

from tests.sandbox.small_app import actions, button, error_of, modal, plain, section, trigger


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C2QUIET", "not_in_channel"),
        ("C3OLD", "is_archived"),
        ("G4SECRET", "channel_not_found"),
        ("C9", "channel_not_found"),
        ("U0DEMOBOT", "cannot_dm_bot"),
    ],
)
def test_the_bot_writes_only_where_it_may(slack, channel, error):
    assert error_of(slack.chat_postMessage, channel=channel, text="Hello") == error


def test_a_post_to_a_person_opens_their_direct_message(wide, slack):
    posted = slack.chat_postMessage(channel="U0SAM", text="Hello", blocks=[section("Hello Sam")])
    link = slack.chat_getPermalink(channel=posted["channel"], message_ts=posted["ts"])["permalink"]

    assert (posted["channel"][0], posted["message"]["bot_id"]) == ("D", "B0DEMOBOT")
    assert [m.lines for m in wide.rep("U0SAM").dms()] == [("Hello Sam",)]
    assert link == f"https://demo-company.slack.com/archives/{posted['channel']}/p{posted['ts'].replace('.', '')}"


def test_messages_change_and_go_and_ephemerals_do_neither(wide, slack):
    posted = slack.chat_postMessage(
        channel="#general", text="One", blocks=[section("One"), actions(button("Go", "go"))]
    )
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    slack.chat_update(**place, text="Two", blocks=[section("Two")])
    with_blocks = wide.rep().messages("general")[0]
    slack.chat_update(**place, text="Three")
    plain_text = wide.rep().messages("general")[0]
    ephemeral = slack.chat_postEphemeral(channel="C1GENERAL", user="U0DANA", text="Only you")
    seen = {user: [m.text for m in wide.rep(user).messages("general")] for user in ("U0DANA", "U0SAM")}
    slack.chat_delete(**place)

    assert [(m.lines, m.is_edited) for m in (with_blocks, plain_text)] == [(("Two",), False), (("Three",), True)]
    assert seen == {"U0DANA": ["Three", "Only you"], "U0SAM": ["Three"]}
    assert error_of(slack.chat_update, channel="C1GENERAL", ts=ephemeral["message_ts"], text="x") == "message_not_found"
    assert error_of(slack.chat_update, channel="U0DANA", ts=place["ts"], text="x") == "channel_not_found"
    assert error_of(slack.chat_delete, **place) == "message_not_found"
    said = wide.rep().say("mine", "general")
    assert error_of(slack.chat_update, channel="C1GENERAL", ts=said, text="x") == "cant_update_message"
    wide.workspace.channels["C1GENERAL"].members.discard("U0NOA")
    assert error_of(slack.chat_postEphemeral, channel="C1GENERAL", user="U0NOA", text="x") == "user_not_in_channel"


def test_refused_payloads_come_back_in_slacks_envelopes_and_are_remembered(wide, slack):
    with pytest.raises(SlackApiError) as view:
        slack.views_open(trigger_id=trigger(wide), view=modal(section("x" * 3001)))
    with pytest.raises(SlackApiError) as message:
        slack.chat_postMessage(channel="C1GENERAL", text="x", blocks=json.dumps([{"type": "section"}]))

    assert view.value.response.data == {
        "ok": False,
        "error": "invalid_arguments",
        "response_metadata": {
            "messages": ["[ERROR] must be less than 3001 characters [json-pointer:/view/blocks/0/text/text]"]
        },
    }
    assert (message.value.response["error"], message.value.response["errors"]) == (
        "invalid_blocks",
        ["must define either `text` or `fields` [json-pointer:/blocks/0]"],
    )
    assert [(r.where, r.findings[0].rule) for r in wide.workspace.refusals] == [
        ("views.open", "G4"),
        ("chat.postMessage", "B1"),
    ]


def test_too_much_is_refused_by_name(wide, slack):
    big = modal(*[section("ä" * 3000) for _ in range(50)])

    assert error_of(slack.views_open, trigger_id=trigger(wide), view=big) == "view_too_large"
    assert error_of(slack.chat_postMessage, channel="C1GENERAL", text="x" * 40_001) == "msg_too_long"
    assert (
        error_of(slack.chat_postMessage, channel="C1GENERAL", text="x", blocks=[section("x" * 2900)] * 5)
        == "msg_blocks_too_long"
    )
    assert error_of(slack.api_call, "chat.postMessage", json={"channel": "C1GENERAL"}) == "no_text"


def test_a_trigger_works_once_for_three_seconds(wide, slack, watch):
    view = modal(section("Hello"), submit=None)
    used, late = trigger(wide), trigger(wide)
    slack.views_open(trigger_id=used, view=view)
    watch.now += timedelta(seconds=3.1)

    assert error_of(slack.views_open, trigger_id=used, view=view) == "exchanged_trigger_id"
    assert error_of(slack.views_open, trigger_id=late, view=view) == "expired_trigger_id"
    assert error_of(slack.views_open, trigger_id="1.2.x", view=view) == "invalid_trigger_id"
    assert error_of(slack.views_push, trigger_id=trigger(wide), view=view) == "invalid_trigger_id"
    assert [r.findings[0].rule for r in wide.workspace.refusals] == ["A4"] * 4


def test_a_view_is_updated_by_id_or_external_id_under_its_hash(wide, slack):
    opened = slack.views_open(trigger_id=trigger(wide), view=modal(section("1"), submit=None, external_id="e1"))["view"]
    updated = slack.views_update(
        view_id=opened["id"], hash=opened["hash"], view=modal(section("2"), submit=None, external_id="e1")
    )
    stale = error_of(
        slack.views_update, view_id=opened["id"], hash=opened["hash"], view=modal(section("3"), submit=None)
    )
    slack.views_update(external_id="e1", view=modal(section("4"), submit=None))

    assert (updated["view"]["id"], updated["view"]["hash"] != opened["hash"], stale) == (
        opened["id"],
        True,
        "hash_conflict",
    )
    assert wide.rep().screen().lines == ("4",)
    wide.rep().close()
    assert error_of(slack.views_update, view_id=opened["id"], view=modal(section("5"), submit=None)) == "not_found"


def test_an_external_id_belongs_to_one_view(wide, slack):
    slack.views_open(trigger_id=trigger(wide), view=modal(section("1"), submit=None, external_id="same"))

    error = error_of(
        slack.views_open, trigger_id=trigger(wide, "U0SAM"), view=modal(section("2"), submit=None, external_id="same")
    )

    assert error == "duplicate_external_id"


def test_an_answered_view_has_all_of_slacks_keys(wide, slack):
    view = slack.views_open(trigger_id=trigger(wide), view=modal({"type": "divider"}, submit=None))["view"]

    assert len(view["blocks"][0].pop("block_id")) > 0
    assert {k: v for k, v in view.items() if k not in {"id", "hash", "root_view_id"}} == {
        "team_id": "T0DEMO",
        "type": "modal",
        "blocks": [{"type": "divider"}],
        "private_metadata": "",
        "callback_id": "form",
        "state": {"values": {}},
        "title": {**plain("Form"), "emoji": True},
        "clear_on_close": False,
        "notify_on_close": False,
        "close": None,
        "submit": None,
        "previous_view_id": None,
        "app_id": "A0SANDBOX",
        "external_id": "",
        "app_installed_team_id": "T0DEMO",
        "bot_id": "B0DEMOBOT",
    }
    assert view["root_view_id"] == view["id"]


def test_home_is_published_and_kept_under_its_hash(wide, slack):
    home = {"type": "home", "blocks": [section("One")]}
    first = slack.views_publish(user_id="U0DANA", view=home)["view"]
    slack.views_publish(user_id="U0DANA", view=home, hash=first["hash"])

    assert error_of(slack.views_publish, user_id="U0DANA", view=home, hash=first["hash"]) == "hash_conflict"
    assert error_of(slack.views_publish, user_id="U0DANA", view=modal(section("x"))) == "invalid_arguments"
    assert wide.rep().open_home().lines == ("One",)


def test_blocks_validate_judges_without_a_token(wide):
    anyone = WebClient(base_url=wide.api_url)

    good = anyone.api_call("blocks.validate", json={"blocks": [section("x")]})
    with pytest.raises(SlackApiError) as bad:
        anyone.api_call("blocks.validate", json={"view": modal(section(""))})

    assert good["ok"] is True
    assert (bad.value.response["error"], bad.value.response["errors"]) == (
        "invalid_view",
        [{"pointer": "/blocks/0/text/text", "code": "G4", "message": "must be more than 0 characters"}],
    )


def test_a_response_url_takes_five_answers_in_half_an_hour(wide, watch):
    dana = wide.rep()
    url = wide.workspace.new_response_url("C1GENERAL", "U0DANA")
    old = wide.workspace.new_response_url("C1GENERAL", "U0DANA")

    answers = [WebhookClient(url).send(text=str(n), response_type="in_channel" if n else "ephemeral") for n in range(6)]
    bad = WebhookClient(old).send(blocks=[{"type": "section"}])
    watch.now += timedelta(minutes=31)
    expired = WebhookClient(old).send(text="x")

    assert [(a.status_code, a.body) for a in answers] == [(200, "ok")] * 5 + [(404, "used_url")]
    assert ((bad.status_code, bad.body), expired.body) == ((400, "invalid_blocks"), "expired_url")
    assert [(m.text, m.is_ephemeral) for m in dana.messages("general")][:2] == [("0", True), ("1", False)]


def test_a_response_url_replaces_and_deletes_its_message(wide, slack):
    posted = slack.chat_postMessage(channel="C1GENERAL", text="Old", blocks=[section("Old")])
    url = wide.workspace.new_response_url("C1GENERAL", "U0DANA", posted["ts"])

    WebhookClient(url).send(text="New", replace_original=True)
    replaced = [m.lines for m in wide.rep().messages("general")]
    WebhookClient(url).send(delete_original=True)

    assert (replaced, wide.rep().messages("general")) == ([("New",)], [])

"""Whatever an app may show: every kind of input in a form, messages that are edited and threaded, and questions."""

import re

import pytest
from playwright.sync_api import Page, expect
from slack_sdk.errors import SlackApiError
from slack_sdk.web import WebClient

from tests.browser.page_kit import violations
from tests.sandbox.small_app import actions, button, modal, plain

pytestmark = pytest.mark.browser


def option(words: str) -> dict[str, object]:
    return {"text": plain(words), "value": words.lower()}


def asks(label: str, kind: str, **more: object) -> dict[str, object]:
    """An input block named after what it asks for."""
    element = {"type": kind, "action_id": "v", **more}
    return {"type": "input", "block_id": label.lower(), "label": plain(label), "element": element}


SIZES = [option("Small"), option("Large")]
GROUPS = [
    {"label": plain("Fruit"), "options": [option("Apple")]},
    {"label": plain("Other"), "options": [option("Tea")]},
]
FORM = modal(
    asks("Words", "plain_text_input"),
    asks("Story", "plain_text_input", multiline=True),
    asks("Address", "email_text_input"),
    asks("Link", "url_text_input"),
    asks("Number", "number_input", is_decimal_allowed=False),
    asks("Letter", "rich_text_input"),
    asks("Day", "datepicker"),
    asks("Time", "timepicker"),
    asks("Size", "static_select", options=SIZES),
    asks("Snack", "static_select", option_groups=GROUPS),
    asks("Snacks", "multi_static_select", option_groups=GROUPS),
    asks("Person", "users_select"),
    asks("People", "multi_users_select"),
    asks("Place", "channels_select"),
    asks("Extras", "checkboxes", options=SIZES),
    asks("Choice", "radio_buttons", options=SIZES),
)


@pytest.fixture
def slack(sandbox) -> WebClient:
    """The app's own way to the workspace."""
    local = sandbox.stage.workspace
    return WebClient(token=local.bot_token, base_url=local.api_url, timeout=10)


def pick(page: Page, label: str, words: str) -> None:
    page.get_by_label(label, exact=True).press_sequentially(words[:3])
    page.get_by_role("listbox", name="Suggestions").get_by_role("option", name=words).click()


def test_every_kind_of_input_is_drawn_named_and_tells_what_was_put_in(page, sandbox, slack):
    workspace = sandbox.stage.workspace.workspace
    slack.views_open(trigger_id=workspace.new_trigger("U0DANA").id, view=FORM)
    form = page.get_by_role("dialog", name="Form")
    form.wait_for()

    typed = {"Words": "One", "Story": "Two", "Address": "a@b.example", "Link": "https://c.example", "Number": "4"}
    typed |= {"Letter": "Five", "Day": "2027-01-05", "Time": "09:30"}
    for label, value in typed.items():
        form.get_by_label(label, exact=True).fill(value)
    form.get_by_label("Size").select_option("Large")
    form.get_by_label("Snack", exact=True).select_option("Tea")
    for label, words in (("Snacks", "Apple"), ("Person", "Sam Okafor"), ("People", "Noa Levi"), ("Place", "#general")):
        pick(page, label, words)
    form.get_by_role("group", name="Extras").get_by_label("Small").check()
    form.get_by_role("group", name="Choice").get_by_label("Large").check()
    expect(form.get_by_role("group", name="Choice").get_by_label("Large")).to_be_checked()
    page.keyboard.press("Tab")

    top = sandbox.stage.workspace.client("U0DANA").top
    assert workspace.wait_until(lambda: top.values["choice", "v"].get("selected_option") is not None, 20)
    chosen = {name: next(v for k, v in value.items() if k != "type") for (name, _), value in top.values.items()}
    assert {label: chosen[label.lower()] for label in typed if label != "Letter"} == {
        label: value for label, value in typed.items() if label != "Letter"
    }
    assert chosen["letter"]["elements"][0]["elements"] == [{"type": "text", "text": "Five"}]
    assert [chosen[name]["value"] for name in ("size", "snack", "choice")] == ["large", "tea", "large"]
    assert [each["value"] for each in (*chosen["snacks"], *chosen["extras"])] == ["apple", "small"]
    assert (chosen["person"], chosen["people"], chosen["place"]) == ("U0SAM", ["U0NOA"], "C0DEMOGENERAL")
    assert page.get_by_text("This page does not draw").count() == 0
    assert violations(page) == []


def test_a_message_is_edited_in_place_answered_in_a_thread_and_asks_before_it_acts(page, slack):
    sure = {
        "title": plain("Sure?"),
        "text": plain("There is no way back."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    sent = slack.chat_postMessage(
        channel="C0DEMOSALES", text="Draft", blocks=[actions(button("Remove", "none.such", confirm=sure))]
    )
    page.get_by_role("button", name="Remove").click()
    asked = page.get_by_role("alertdialog", name="Sure?")
    expect(asked).to_contain_text("There is no way back.")
    asked.get_by_role("button", name="No").click()

    slack.chat_update(channel="C0DEMOSALES", ts=sent["ts"], text="Final", blocks=[])
    slack.chat_postMessage(channel="C0DEMOSALES", thread_ts=sent["ts"], text="An answer")
    slack.chat_postEphemeral(channel="C0DEMOSALES", user="U0DANA", text="Between us")

    message = page.get_by_role("article").filter(has_text="Final")
    expect(message).to_contain_text("(edited)")
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    message.get_by_text("1 reply").click()
    expect(message.get_by_role("article").filter(has_text="An answer")).to_be_visible()
    whispered = page.get_by_role("article").filter(has_text="Between us")
    expect(whispered).to_contain_text("Only visible to you")
    page.get_by_role("radio", name="Sam Okafor").click()
    page.get_by_text("You are Sam Okafor").wait_for()
    expect(whispered).to_have_count(0)


def test_what_slack_would_refuse_is_refused_with_the_reason_in_the_inspector(page, slack):
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        slack.chat_postMessage(channel="C0DEMOSALES", text="Odd", blocks=[{"type": "section", "colour": "red"}])

    tab = page.get_by_role("tab", name="Inspector")
    expect(tab).to_contain_text("problems")
    tab.click()
    page.get_by_label("Only problems").check()
    page.get_by_text("refused", exact=True).last.click()

    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_contain_text("colour")


def test_disconnecting_a_calendar_asks_first(page):
    page.get_by_role("button", name="App Home").click()
    page.get_by_role("button", name=re.compile("^Disconnect")).first.click()

    asked = page.get_by_role("alertdialog")
    expect(asked).to_be_visible()
    found = violations(page)
    page.keyboard.press("Escape")

    expect(asked).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Disconnect")).first).to_be_visible()
    assert found == []

"""A trouble of each kind, switched on at the page: what the rep is told."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_kit import COMMAND, book, command, slots, to_times, violations

pytestmark = pytest.mark.browser


def switch(page: Page, name: str) -> None:
    page.get_by_role("tab", name="Troubles").click()
    page.get_by_label(name).check()
    expect(page.get_by_role("tab", name="Troubles")).to_contain_text("1")


def press(page: Page, name: str) -> None:
    page.get_by_role("tab", name="Troubles").click()
    page.get_by_role("button", name=name).click()
    expect(page.get_by_text(f"{name}: ready.")).to_be_visible()


def test_a_calendar_that_fails_is_unknown_and_never_free(page):
    switch(page, "Priya's calendar fails")

    to_times(page)

    expect(page.get_by_role("dialog")).to_contain_text("Priya Nair is not checked")
    assert slots(page).count() == 0
    page.get_by_role("button", name="Cancel").click()
    page.get_by_label("Priya's calendar fails").uncheck()
    to_times(page)
    expect(slots(page).first).to_be_visible()


def test_slow_calendars_show_that_they_are_being_read(page):
    switch(page, "Calendars answer 3 s late")
    command(page)
    page.get_by_role("button", name="Continue").click()

    page.get_by_role("button", name="Find times").click()

    expect(page.get_by_text("Looking at 2 calendars")).to_be_visible()
    expect(slots(page).first).to_be_visible()


def test_a_refused_mail_is_told_to_the_rep(page):
    press(page, "Refuse the next mail")

    book(page, COMMAND.replace("@priya", ""))

    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Messages to you").click()
    expect(page.get_by_role("article").filter(has_text="was refused").first).to_be_visible()


def test_too_many_requests_are_waited_out(page, sandbox):
    press(page, "Answer the next call with 429")

    page.get_by_role("button", name="App Home").click()

    expect(page.get_by_role("heading", name="Calendars")).to_be_visible()
    page.get_by_role("tab", name="Inspector").click()
    page.get_by_label("Only problems").check()
    expect(page.get_by_text("ratelimited").first).to_be_visible()


def test_a_lost_answer_is_said_in_the_form(page):
    command(page)
    page.get_by_role("button", name="What if…").click()
    assert violations(page) == []
    page.get_by_role("menuitem", name="Lose the answer to the next click").click()
    expect(page.get_by_role("status").filter(has_text="ready")).to_be_visible()

    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("alert")).to_contain_text("We had some trouble connecting")
    assert page.get_by_label("External participant name").input_value() == "Acme Buyer"
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Subject")).to_be_visible()


def test_answers_that_take_effect_late_do_not_overwrite_newer_screens(page):
    switch(page, "Answers to Submit take effect 1.5 s late")

    book(page)

    expect(page.get_by_role("heading", name="Scheduled", exact=True)).to_be_visible()


def test_what_slack_would_refuse_is_refused_visibly(page, sandbox):
    local = sandbox.stage.workspace
    local.workspace.faults.fail("views.open", error="expired_trigger_id", status=200)

    page.get_by_label("Message #sales").fill("/schedule-for")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Only visible to you").last).to_be_visible()
    page.get_by_role("article").last.get_by_role("button", name="Schedule on behalf").click()
    expect(page.get_by_label("External participant name")).to_be_visible()


def test_an_unknown_command_is_said_and_can_be_dismissed(page):
    page.get_by_label("Message #sales").fill("/nonsense")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("/nonsense is not a valid command.")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("/nonsense is not a valid command.")).to_have_count(0)

"""The page as a sales lead meets it: from typing the command to the mail and the event."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page_kit import COMMAND, book, command, slots, to_times, violations

pytestmark = pytest.mark.browser


def test_from_the_command_to_the_mail_and_the_event(page, sandbox):
    mails_before = len(sandbox.stage.mailbox.messages)
    refused_before = list(sandbox.stage.workspace.workspace.refusals)
    field = page.get_by_label("Message #sales")
    field.press_sequentially("/sch")
    expect(page.get_by_role("option", name="/schedule-for")).to_be_visible()
    field.press("Enter")
    assert field.input_value() == "/schedule-for "
    field.press_sequentially(COMMAND.removeprefix("/schedule-for "))
    field.press("Enter")

    expect(page.get_by_label("External participant name")).to_be_focused()
    assert page.get_by_label("External participant name").input_value() == "Acme Buyer"
    page.get_by_role("button", name="Continue").click()
    assert page.get_by_label("Subject").input_value() == "Pricing call"
    expect(page.get_by_role("button", name="Remove Priya Nair")).to_be_visible()
    page.get_by_role("button", name="Find times").click()
    first = slots(page).first
    first.wait_for()
    clock = first.inner_text()[:5]
    first.click()
    expect(page.get_by_role("heading", name="Confirm your meeting details")).to_be_focused()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_label("Send confirmation email").uncheck()
    expect(page.get_by_text("no confirmation email")).to_be_visible()
    page.get_by_label("Send confirmation email").check()
    expect(page.get_by_text("gets a calendar invitation and a confirmation email")).to_be_visible()
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect(page.get_by_role("heading", name="Scheduled", exact=True)).to_be_visible()
    page.get_by_role("button", name="Done").click()

    expect(page.get_by_role("article", name="Schedule For").last).to_contain_text("Dana Reyes scheduled a meeting")
    expect(page.get_by_role("tab", name="Mailbox")).to_contain_text(str(mails_before + 3))
    page.get_by_role("button", name=re.compile("^Confirmed: Pricing call")).first.click()
    letter = page.frame_locator("iframe.letter")
    expect(letter.get_by_role("heading", name="Pricing call with Dana Reyes")).to_be_visible()
    expect(letter.get_by_text(f"{clock}–")).to_be_visible()
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("row", name="Method REQUEST")).to_be_visible()
    expect(page.get_by_role("row", name="Attendee Acme Buyer")).to_be_visible()
    page.get_by_role("tab", name="Calendar").click()
    expect(page.get_by_role("button", name=re.compile(rf"^Pricing call {clock}.*, new$"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Messages to you")).click()
    expect(page.get_by_role("article").last).to_contain_text("You scheduled “Pricing call”")
    assert sandbox.stage.workspace.workspace.refusals == refused_before


def test_back_keeps_what_was_typed_and_conflicts_can_be_seen_and_chosen(page):
    command(page)
    zone = page.get_by_label("Customer's time zone")
    zone.press_sequentially("chic")
    page.get_by_role("option", name="Chicago").wait_for()
    zone.press("Enter")
    expect(zone).to_have_value(re.compile("^Chicago"))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Subject").fill("Pricing and terms")
    page.get_by_role("button", name="Find times").click()
    expect(slots(page).first).to_contain_text(re.compile("C[SD]T$"))

    page.get_by_role("button", name=re.compile("^Back")).click()
    expect(page.get_by_label("Subject")).to_have_value("Pricing and terms")
    page.get_by_role("button", name=re.compile("^Back")).click()
    expect(page.get_by_label("Customer's time zone")).to_have_value(re.compile("^Chicago"))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Find times").click()
    slots(page).first.wait_for()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Show conflicts").click()
    anyway = page.locator('[data-action="times.anyway"]')
    anyway.first.wait_for()
    row = anyway.first.locator("xpath=ancestor::*[contains(@class, 'section')][1]").inner_text()
    anyway.first.click()

    expect(page.get_by_role("heading", name="Confirm your meeting details")).to_be_visible()
    reason = row.split(" · ")[1].splitlines()[0].split(";")[0]
    expect(page.get_by_role("dialog")).to_contain_text("You chose a time with a conflict")
    expect(page.get_by_role("dialog")).to_contain_text(reason)


def test_another_time_zone_changes_the_words_on_the_buttons_and_no_time(page):
    to_times(page)
    first = slots(page).first
    name, words = first.get_attribute("data-action"), first.inner_text()

    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Change time zone").click()
    page.get_by_label("Show the times in this time zone").press_sequentially("tokyo")
    page.get_by_role("option", name="Tokyo").click()

    expect(page.get_by_role("dialog")).to_contain_text("Tokyo")
    expect(slots(page).first).not_to_have_text(words)
    assert slots(page).first.get_attribute("data-action") == name


def test_a_link_in_the_mail_opens(page, context):
    context.route("https://meet.example/**", lambda route: route.fulfill(body="The meeting"))
    command(page, "/schedule-for buyer@acme.example Acme Buyer 30m Meet online")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="More options").click()
    page.get_by_label("Conferencing information").fill("https://meet.example/pricing")
    page.get_by_role("button", name="Find times").click()
    slots(page).first.click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="Schedule", exact=True).click()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name=re.compile("^Confirmed: Meet online")).click()

    with page.expect_popup() as opened:
        page.frame_locator("iframe.letter").get_by_role("link", name="Join the meeting").click()

    assert opened.value.url == "https://meet.example/pricing"
    expect(opened.value.get_by_text("The meeting")).to_be_visible()


def test_a_field_that_is_wrong_says_so_beside_itself_and_the_rest_stays(page):
    command(page, "/schedule-for")
    page.get_by_label("External participant name").fill("Acme Buyer")
    page.get_by_label("Email address").fill("not an address")

    page.get_by_role("button", name="Continue").click()

    address = page.get_by_label("Email address")
    expect(address).to_have_attribute("aria-invalid", "true")
    described = page.locator(f"#{address.get_attribute('aria-describedby')}")
    expect(described).to_have_text("This is not a valid email address.")
    assert page.get_by_label("External participant name").input_value() == "Acme Buyer"


def test_the_form_is_left_by_escape_asks_first_and_is_offered_again(page, sandbox):
    command(page)
    page.get_by_label("External participant name").fill("Acme Buyer and friends")
    page.keyboard.press("Escape")
    page.get_by_role("alertdialog").get_by_role("button", name="Keep editing").click()
    assert page.get_by_label("External participant name").input_value() == "Acme Buyer and friends"

    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Subject").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sandbox.stage.workspace.client("U0DANA").top is None
    command(page, "/schedule-for")

    expect(page.get_by_text("You have an unfinished form")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_label("Subject").or_(page.get_by_label("External participant name"))).not_to_have_value("")


def test_one_can_be_somebody_else_whose_calendar_is_not_connected(page):
    page.get_by_role("radio", name="Noa Levi").click()
    expect(page.get_by_role("radio", name="Noa Levi")).to_have_attribute("aria-checked", "true")

    command(page)
    link = page.get_by_role("link", name="Other CalDAV")
    with page.expect_popup() as opened:
        link.click()

    connect = opened.value
    connect.get_by_label("Server").wait_for()
    assert "/connect/" in connect.url
    connect.close()


def test_the_form_opens_from_a_message_and_from_app_home(page):
    lead = page.get_by_role("article", name="Sam Okafor")
    lead.get_by_role("button", name="Shortcuts for the message").click()
    page.get_by_role("menuitem", name="Schedule on behalf").click()
    page.get_by_label("External participant name").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.get_by_role("button", name="App Home").click()
    expect(page.get_by_role("heading", name="Calendars")).to_be_visible()
    page.get_by_role("button", name="Schedule on behalf").click()

    expect(page.get_by_label("External participant name")).to_be_visible()


def test_an_event_put_into_a_calendar_takes_its_time_away(page):
    to_times(page)
    taken = slots(page).first
    name = taken.get_attribute("data-action")
    day, clock = page.evaluate(
        """action => {
            const parts = new Intl.DateTimeFormat("sv-SE", {timeZone: "Europe/Berlin", dateStyle: "short",
                timeStyle: "short"}).format(new Date(action.slice(5) * 1000)).split(" ");
            return parts;
        }""",
        name,
    )
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Calendar").click()
    page.get_by_text("Put an event in").click()
    page.get_by_label("Title", exact=True).fill("Fire drill")
    page.get_by_label("Day", exact=True).fill(day)
    page.get_by_label("Start", exact=True).fill(clock)
    page.get_by_role("button", name="Put in").click()
    event = page.get_by_role("button", name=re.compile(f"^Fire drill {clock}"))
    event.wait_for()

    to_times(page)
    gone = page.locator(f'[data-action="{name}"]').count()
    page.keyboard.press("Escape")
    event.click()
    page.get_by_role("button", name="Take out").click()
    event.wait_for(state="detached")
    to_times(page)

    assert gone == 0
    expect(page.locator(f'[data-action="{name}"]')).to_be_visible()


def test_a_chosen_room_must_be_free_and_its_calendar_then_holds_the_meeting(page):
    command(page, "/schedule-for buyer@acme.example Acme Buyer 30m Room tour")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="More options").click()
    rooms = page.get_by_label("Rooms")
    rooms.fill("nai")
    page.get_by_role("listbox", name="Suggestions").get_by_role("option", name="Nairobi").click()
    page.get_by_role("button", name="Find times").click()
    slots(page).first.wait_for()
    hours = [slot.inner_text()[:5] for slot in slots(page).all()]
    slots(page).first.click()
    expect(page.get_by_role("dialog").get_by_text("Nairobi")).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="Schedule", exact=True).click()
    page.get_by_role("dialog").get_by_text("Tracking ID").wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("tab", name="Calendar").click()
    page.get_by_label("Whose calendar").select_option("Nairobi, a room")

    assert "09:00" not in hours  # the room's own hand-over, every morning
    expect(page.get_by_role("button", name=re.compile("^Room tour .*, new$"))).to_be_visible()


def test_the_last_card_leads_to_ones_own_slack(page):
    book(page)
    page.get_by_role("button", name="Done").click()

    page.get_by_label("What happened").get_by_role("button", name="Use your own Slack").click()

    card = page.get_by_role("dialog", name="Use your own Slack")
    expect(card).to_contain_text("python app.py doctor")
    assert violations(page) == []
    card.get_by_role("button", name="Close").click()
    expect(card).to_have_count(0)

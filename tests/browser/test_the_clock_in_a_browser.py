"""The clock set ahead at the page: the app goes by it, and so does everything that shows a time."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_kit import book, slots, to_times

pytestmark = pytest.mark.browser


def jump(page: Page, step: str | re.Pattern[str], menu: str = "Jump ahead") -> None:
    page.get_by_role("button", name=menu).click()
    page.get_by_role("menuitem", name=step).click()
    expect(page.get_by_role("status").filter(has_text="It is now")).to_be_visible()


def starts(page: Page) -> list[int]:
    """When the slots on the screen begin, in seconds since 1970."""
    return [int(each.get_attribute("data-action").removeprefix("slot.")) for each in slots(page).all()]


def test_a_slot_that_somebody_holds_is_on_offer_again_when_ten_minutes_have_passed(page, context, sandbox):
    sam = context.new_page()
    sam.goto(f"{sandbox.url}/")
    sam.get_by_role("radio", name="Sam Okafor").click()
    sam.get_by_text("You are Sam Okafor").wait_for()
    to_times(sam, "/schedule-for other@acme.example Other Buyer 30m Intro @priya")
    his = starts(sam)
    sam.keyboard.press("Escape")
    to_times(page)
    wanted = f'[data-action="slot.{max(set(his) & set(starts(page)))}"]'
    page.locator(wanted).click()
    page.get_by_text("Held for you until").wait_for()

    to_times(sam, "/schedule-for other@acme.example Other Buyer 30m Intro @priya")
    while_held = sam.locator(wanted).count()
    sam.keyboard.press("Escape")
    jump(page, "10 minutes later", menu="What if…")
    to_times(sam, "/schedule-for other@acme.example Other Buyer 30m Intro @priya")

    assert while_held == 0
    expect(sam.locator(wanted)).to_be_visible()
    sam.close()


def test_a_week_later_other_times_are_on_offer_and_mails_and_calendar_say_so(page, sandbox):
    to_times(page)
    before = starts(page)[0]
    page.keyboard.press("Escape")

    jump(page, "A week later")
    book(page)

    page.get_by_role("button", name="Done").click()
    mail = sandbox.stage.mailbox.messages[-1]
    today = sandbox.stage.clock()
    event = page.get_by_role("button", name=re.compile("^Pricing call .*, new$")).first
    page.get_by_role("tab", name="Calendar").click()
    event.wait_for()
    page.get_by_role("button", name="This week").click()
    assert abs(mail.message["Date"].datetime - today) < timedelta(hours=1)
    assert before < today.timestamp()
    expect(page.get_by_role("tabpanel").get_by_role("heading", level=2)).to_contain_text(f"{today:%Y}")


def test_mails_that_were_put_off_come_when_their_time_has_come(page, sandbox):
    mailbox = sandbox.stage.mailbox
    before = len(mailbox.messages)
    page.get_by_role("tab", name="Troubles").click()
    page.get_by_role("button", name="Put off the next 3 mails").click()
    book(page)
    page.get_by_role("button", name="Done").click()

    jump(page, "An hour later")

    assert len(mailbox.wait_for(before + 3, 20)) == before + 3


def test_over_a_change_of_the_clocks_nine_stays_nine(page, sandbox):
    jump(page, re.compile("before the clocks change$"))
    zone = sandbox.stage.workspace.workspace.zone_of("U0DANA")

    to_times(page, "/schedule-for buyer@acme.example Acme Buyer 30m Pricing call")
    earlier = [datetime.fromtimestamp(each, zone) for each in starts(page)]
    page.get_by_role("button", name=re.compile("^Later")).click()
    page.get_by_text("Looking at").wait_for(state="hidden")
    expect(slots(page).first).not_to_have_attribute("data-action", f"slot.{earlier[0].timestamp():.0f}")
    later = [datetime.fromtimestamp(each, zone) for each in starts(page)]

    assert {each.utcoffset() for each in earlier} != {each.utcoffset() for each in later}
    assert min(each.hour for each in later) == 9
    expect(page.get_by_role("dialog")).to_contain_text(f"{later[0]:%H:%M}")

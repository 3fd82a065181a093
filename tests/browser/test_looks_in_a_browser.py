"""How the page looks and is reached: widths, dark, keyboard, accessibility by axe-core, and what it may load."""

import pytest
from playwright.sync_api import Page, expect

from sandbox.page.mailroom import html_of
from tests.browser.page_kit import book, command, slots, to_times, violations

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}}
DARK = {"color_scheme": "dark"}
WINDOWS = [{}, DARK, PHONE, {**PHONE, **DARK}]
NAMES = ["light", "dark", "phone", "dark phone"]


def sideways(page: Page) -> int:
    """Pixels by which the page, or the open form, is wider than its window."""
    return page.evaluate(
        """() => Math.max(...[document.documentElement, ...document.querySelectorAll('.modal-body, .tools, .messages')]
            .map(box => box.scrollWidth - box.clientWidth))"""
    )


@pytest.mark.parametrize("context", WINDOWS, ids=NAMES, indirect=True)
def test_nothing_is_wrong_for_axe_nor_wider_than_the_window(page, context):
    is_narrow = page.viewport_size["width"] < 700
    found = {"page": violations(page)}
    wide = {"page": sideways(page)}
    command(page)
    page.get_by_label("Customer's time zone").click()
    page.get_by_role("option").first.wait_for()
    found["who"], wide["who"] = violations(page), sideways(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Subject").wait_for()
    found["details"], wide["details"] = violations(page), sideways(page)
    page.get_by_role("button", name="Find times").click()
    slots(page).first.wait_for()
    found["times"], wide["times"] = violations(page), sideways(page)
    page.keyboard.press("Escape")
    if is_narrow:
        page.get_by_role("button", name="Tools").click()
    for tab in ("Calendar", "Inspector", "Troubles"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tabpanel").get_by_role("heading").first.wait_for()
        found[tab], wide[tab] = violations(page), sideways(page)
    if is_narrow:
        page.get_by_role("button", name="Places").click()
    page.get_by_role("button", name="App Home").click()
    page.get_by_role("heading", name="Calendars").wait_for()
    found["home"], wide["home"] = violations(page), sideways(page)

    assert {where: wrong for where, wrong in found.items() if wrong} == {}
    assert {where: pixels for where, pixels in wide.items() if pixels > 0} == {}


def test_nothing_is_wrong_for_axe_with_the_mail(page, context, sandbox):
    book(page)
    done = violations(page)
    page.get_by_role("button", name="Done").click()
    messages = violations(page)
    page.get_by_role("tab", name="Mailbox").click()
    listed = violations(page)
    page.get_by_role("button", name="Confirmed: Pricing call").first.click()
    page.frame_locator("iframe.letter").get_by_role("heading").first.wait_for()
    shown = {"Mail": violations(page)}
    for view in ("Text", "Invite", "Headers", "Raw"):
        page.get_by_role("button", name=view, exact=True).click()
        page.locator(".mail pre, .mail table").first.wait_for()
        shown[view] = violations(page)
    letter = context.new_page()
    mails = sandbox.stage.mailbox.messages
    letter.set_content(
        html_of(next(m for m in mails if "buyer@acme.example" in m.recipients))
    )  # as shown, but scriptable

    assert (done, messages, listed) == ([], [], [])
    assert {view: wrong for view, wrong in shown.items() if wrong} == {}
    assert violations(letter) == []


def test_the_whole_form_is_filled_in_by_keyboard(page):
    page.get_by_label("Message #sales").focus()
    page.keyboard.type("/schedule-for buyer@acme.example Acme Buyer 30m Pricing call")
    page.keyboard.press("Enter")
    expect(page.get_by_label("External participant name")).to_be_focused()
    press(page, "Continue")
    expect(page.get_by_role("heading", name="Step 1: Set your meeting details")).to_be_focused()
    tab_to(page, page.get_by_label("Team members"))
    page.keyboard.type("pri")
    page.get_by_role("option", name="Priya Nair").wait_for()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Priya Nair")).to_be_visible()
    press(page, "Find times")
    slots(page).first.wait_for()
    tab_to(page, page.get_by_role("button", name="More actions"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Show conflicts")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="More actions")).to_be_focused()
    tab_to(page, slots(page).first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Confirm your meeting details")).to_be_focused()
    press(page, "Next")
    tab_to(page, page.get_by_label("Send confirmation email"))
    page.keyboard.press("Space")
    expect(page.get_by_text("no confirmation email")).to_be_visible()
    press(page, "Schedule")

    expect(page.get_by_role("heading", name="Scheduled", exact=True)).to_be_focused()


def tab_to(page: Page, control: object) -> None:
    """Press Tab until the control has the focus; it must come within the form."""
    for _ in range(60):
        if control.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {control}")


def press(page: Page, name: str) -> None:
    tab_to(page, page.get_by_role("dialog").get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def test_news_is_told_to_screen_readers(page, sandbox):
    book(page)
    page.get_by_role("button", name="Done").click()

    expect(page.get_by_role("status").filter(has_text="New message from Schedule For")).to_have_count(1)


def test_slots_of_the_rep_are_in_the_zone_that_the_screen_names(page):
    to_times(page)

    expect(page.get_by_role("dialog")).to_contain_text("Your time: Berlin")


def test_the_page_loads_nothing_from_anywhere_else(page, context, sandbox):
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.get_by_label("Message #sales").wait_for()
    command(page)

    assert len(asked) > 10
    assert [url for url in asked if not url.startswith((sandbox.url, sandbox.url.replace("http", "ws")))] == []


def test_the_page_says_when_the_workspace_is_gone_and_comes_back_by_itself(page, context):
    context.set_offline(True)
    page.evaluate("sandbox.hangUp()")

    expect(page.get_by_role("alert")).to_contain_text("The local workspace is not running")
    context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("article").first).to_be_visible()

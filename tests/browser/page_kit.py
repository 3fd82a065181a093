"""What the tests of the page do again and again, and the judge of accessibility."""

from pathlib import Path

from playwright.sync_api import Locator, Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
COMMAND = "/schedule-for buyer@acme.example Acme Buyer 30m Pricing call @priya"


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, each with the first element concerned."""
    page.evaluate(AXE)  # by the browser's own tools, past the page's policy
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


def command(page: Page, text: str = COMMAND) -> None:
    """Type a command and wait for the form."""
    page.get_by_label("Message #sales").fill(text)
    page.keyboard.press("Enter")
    page.get_by_label("External participant name").wait_for()


def to_times(page: Page, text: str = COMMAND) -> None:
    """From the command to the list of times."""
    command(page, text)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Find times").click()
    page.get_by_role("heading", name="Step 2: Select an available time slot").wait_for()
    page.get_by_text("Looking at").wait_for(state="hidden")


def slots(page: Page) -> Locator:
    """The slot buttons, found by what they do: their words are times of this very week."""
    return page.locator('[data-action^="slot."]')


def book(page: Page, text: str = COMMAND) -> str:
    """All five clicks; answers the tracking id."""
    to_times(page, text)
    slots(page).first.click()
    page.get_by_role("heading", name="Confirm your meeting details").wait_for()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("heading", name="Step 3: External participant notifications").wait_for()
    page.get_by_role("button", name="Schedule", exact=True).click()
    told = page.get_by_role("dialog").get_by_text("Tracking ID")
    told.wait_for()
    return told.inner_text().removeprefix("Tracking ID ")

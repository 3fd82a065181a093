"""`make screenshots`: drives the page and writes the pictures of the README. Not a test: look at the result."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from sandbox.tryout import Sandbox, running
from scheduling.zones import use_packaged_zones
from tests.browser.page_kit import slots

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
COMMAND = "/schedule-for buyer@acme.example Acme Buyer 30m Pricing call @priya"
WIDE = {"width": 1200, "height": 760}
PHONE = {"width": 390, "height": 760}


@contextmanager
def window(browser: Browser, sandbox: Sandbox, scheme: str, size: dict[str, int]) -> Iterator[Page]:
    """The page in a window of its own, acting as Dana."""
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{sandbox.url}/")
    page.get_by_label("Message #sales").wait_for()
    yield page
    context.close()


def take(page: Page, folder: Path, name: str) -> None:
    """One picture, once everything stands still."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)
    page.screenshot(path=folder / f"{name}.png")


def flow(page: Page, folder: Path, names: dict[str, str]) -> None:
    """From the command to the mail; a picture for each step in `names`."""

    def reached(step: str) -> None:
        if step in names:
            take(page, folder, names[step])

    page.get_by_label("Message #sales").fill(COMMAND)
    page.keyboard.press("Enter")
    zone = page.get_by_label("Customer's time zone")
    zone.press_sequentially("chicago")
    page.get_by_role("option", name="Chicago").wait_for()
    zone.press("Enter")
    reached("who")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Subject").wait_for()
    reached("details")
    page.get_by_role("button", name="Find times").click()
    slots(page).first.wait_for()
    reached("times")
    slots(page).first.click()
    page.get_by_role("heading", name="Confirm your meeting details").wait_for()
    reached("confirm")
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("heading", name="Step 3: External participant notifications").wait_for()
    reached("notifications")
    page.get_by_role("button", name="Schedule", exact=True).click()
    page.get_by_role("dialog").get_by_text("Tracking ID").wait_for()
    reached("done")
    page.get_by_role("button", name="Done").click()
    if page.get_by_role("button", name="Tools").is_visible():
        reached("messages")
        page.get_by_role("button", name="Tools").click()
    page.get_by_role("button", name="Confirmed: Pricing call").first.click()
    page.frame_locator("iframe.letter").get_by_role("heading").first.wait_for()
    reached("mail")
    page.get_by_role("tab", name="Calendar").click()
    page.get_by_role("button", name="Pricing call").first.wait_for()
    reached("calendar")


def main() -> None:
    """Four small pictures; with `--all FOLDER` every step, light and dark, wide and on a phone, to look at."""
    everything = Path(sys.argv[2]) if sys.argv[1:2] == ["--all"] else None
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    steps = ("who", "details", "times", "confirm", "notifications", "done", "messages", "mail", "calendar")
    use_packaged_zones()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as sandbox, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if everything is not None:
            everything.mkdir(parents=True, exist_ok=True)
            for name, scheme, size in (("light", "light", WIDE), ("dark", "dark", WIDE), ("phone", "light", PHONE)):
                with window(browser, sandbox, scheme, size) as page:
                    flow(page, everything, {step: f"{name}-{at}-{step}" for at, step in enumerate(steps)})
        else:
            with window(browser, sandbox, "light", WIDE) as page:
                flow(page, FOLDER, {"times": "times", "mail": "mail"})
            with window(browser, sandbox, "dark", WIDE) as page:
                flow(page, FOLDER, {"confirm": "confirm-dark", "calendar": "calendar-dark"})
        browser.close()


if __name__ == "__main__":
    main()

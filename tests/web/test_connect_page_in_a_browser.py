"""The page for calendar passwords as a person meets it: a real server, a real browser, a phone's width."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from prometheus_client import CollectorRegistry

from scheduling.errors import AuthExpired, LinkRefused
from web import Health, build_web_app

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Link:
    provider: str


@dataclass
class Links:
    open: set[str] = field(default_factory=lambda: {"icloud", "caldav"})

    def link(self, token: str) -> Link:
        if token not in self.open:
            raise LinkRefused
        return Link(token)

    def connect(self, token: str, fields: Mapping[str, str]) -> str:
        if fields["password"] != "right":
            raise AuthExpired("401")
        self.open.discard(token)
        return fields.get("email") or fields["user_name"]


@pytest.fixture
def address() -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    health = Health(alive=list, ready=list, registry=CollectorRegistry())
    app = build_web_app(slack_events=None, connecting=Links(), health=health, public_url=address)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", proxy_headers=False, ws="none"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield address
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    """A page as wide as a phone; whatever the browser refuses to load or run ends the test."""
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 360, "height": 740})
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("pageerror", lambda error: refused.append(str(error)))
        yield page
        browser.close()
    assert refused == []


def test_a_mistyped_password_is_said_beside_its_field_and_the_second_try_connects(page, address):
    page.goto(f"{address}/connect/icloud")
    page.get_by_label("Email address").fill("dana@example.com")
    page.get_by_label("App-specific password").fill("wrong")
    page.get_by_role("button", name="Connect").click()

    field_of_password = page.get_by_label("App-specific password")
    assert page.get_by_label("Email address").input_value() == "dana@example.com"
    assert field_of_password.input_value() == ""
    assert field_of_password.get_attribute("aria-invalid") == "true"
    assert "Apple did not accept" in page.locator("#password-error").inner_text()

    field_of_password.fill("right")
    field_of_password.press("Enter")

    page.get_by_role("heading", name="Your calendar is connected").wait_for()
    assert page.get_by_text("dana@example.com").is_visible()

    page.goto(f"{address}/connect/icloud")
    assert page.get_by_role("heading", name="This link no longer works").is_visible()


def test_the_form_is_reached_by_keyboard_in_reading_order(page, address):
    page.goto(f"{address}/connect/caldav")

    order = []
    for _ in range(4):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.innerText"))

    assert order == ["server", "user_name", "password", "Connect"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["icloud", "caldav", "used"])
def test_the_page_fits_a_phone_and_its_style_is_applied(page, address, scheme, path):
    page.emulate_media(color_scheme=scheme)

    page.goto(f"{address}/connect/{path}")

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(244, 242, 238)", "dark": "rgb(20, 24, 30)"}[scheme]

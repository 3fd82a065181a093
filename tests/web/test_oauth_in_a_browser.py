"""The way to a provider's page and back in a real browser: does the cookie come along from another site?

Our app is `localhost` here and the provider `127.0.0.1`: two sites, as in life.
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
import uvicorn
from playwright.sync_api import Page, sync_playwright
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.google_standin import GoogleStandIn
from scheduling.authorizing import Authorizing
from scheduling.calendars.google.account import GoogleSystem
from scheduling.config import SchedulingConfig
from scheduling.domain import Rep
from scheduling.errors import LinkRefused
from scheduling.store import connections, links
from web import Health, build_web_app

pytestmark = pytest.mark.browser
DANA = Rep("T1", "U1")


@dataclass(frozen=True)
class Link:
    provider: str


class Links:
    def __init__(self, provider: str) -> None:
        self._provider = provider

    def link(self, token: str) -> Link:
        return Link(self._provider)

    def connect(self, token: str, fields: Mapping[str, str]) -> str:
        raise AssertionError("nothing is typed here")


class Serving:
    """An app on a port of its own, under the name that is asked for."""

    def __init__(self, host: str) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://{host}:{self._listening.getsockname()[1]}"

    def serve(self, app: ASGIApp) -> None:
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", proxy_headers=False, ws="none"))
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],))
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._listening.close()


@pytest.fixture
def ours() -> Iterator[Serving]:
    serving = Serving("localhost")
    yield serving
    serving.stop()


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 360, "height": 740})
        browser.close()


def app_with(ours: Serving, provider: str, authorizing: object) -> Starlette:
    health = Health(alive=list, ready=list, registry=CollectorRegistry())
    return build_web_app(
        slack_events=None,
        connecting=Links(provider),
        authorizing=authorizing,  # type: ignore[arg-type]  # the protocol, or a stand-in of it
        health=health,
        public_url=ours.address,
    )


def test_a_rep_clicks_through_googles_page_and_is_connected(ours, page, sqlite_store, clock):
    with GoogleStandIn.start() as google:
        google.accounts.add_person("dana@reps.example", "Dana Reyes", "Europe/Berlin")
        google.accounts.add_person("sam@reps.example", "Sam Okafor", "Europe/London")
        addresses = (google.api_url, google.auth_url, google.token_url)
        systems = {"google": GoogleSystem(google.client_id, google.client_secret, *addresses)}
        config = SchedulingConfig(mail_from="meetings@reps.example", public_url=ours.address)
        ours.serve(app_with(ours, "google", Authorizing(sqlite_store, systems, config, clock, lambda: None)))
        until = clock.moment.replace(hour=9)
        token = sqlite_store.transact(
            lambda tx: links.issue(tx, rep=DANA, purpose="connect", provider="google", expires_at=until)
        )

        page.goto(f"{ours.address}/connect/{token}")
        assert "local stand-in for Google" in page.inner_text("body")
        page.get_by_label("Account").select_option("sam@reps.example")
        page.get_by_role("button", name="Deny").click()
        page.get_by_role("heading", name="You said no").wait_for()

        page.goto(f"{ours.address}/connect/{token}")
        page.get_by_label("Account").select_option("sam@reps.example")
        page.get_by_role("button", name="Allow").click()

        page.get_by_role("heading", name="Your calendar is connected").wait_for()
        assert page.get_by_text("sam@reps.example").is_visible()
        assert page.get_by_role("link", name="Back to Slack").get_attribute("href") == "slack://open?team=T1"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360

    (stored,) = sqlite_store.read(lambda tx: connections.of_user(tx, DANA))
    assert stored.target_calendar == "sam@reps.example"


@dataclass(frozen=True)
class Connected:
    label: str
    team_id: str


@dataclass
class Cookies:
    """Stands for scheduling: finishes only for the browser that began."""

    ours: Serving
    theirs: Serving
    began: list[str] = field(default_factory=list)
    providers: frozenset[str] = frozenset({"microsoft"})

    def redirect_uri(self, provider: str) -> str:
        return f"{self.ours.address}/oauth/{provider}/callback"

    def begin(self, token: str, browser: str) -> str:
        self.began.append(browser)
        return f"{self.theirs.address}/authorize"

    def finish(self, provider: str, params: Mapping[str, str], browser: str) -> Connected:
        if browser not in self.began:
            raise LinkRefused
        return Connected(params["code"], "T1")


def test_an_answer_posted_from_another_site_finds_its_cookie(ours, page):
    theirs = Serving("127.0.0.1")
    cookies = Cookies(ours, theirs)

    async def authorize(request: Request) -> Response:
        form = f'<form method="post" action="{cookies.redirect_uri("microsoft")}">'
        fields = '<input type="hidden" name="state" value="s1"><input type="hidden" name="code" value="a code">'
        return HTMLResponse(f"{form}{fields}<button>Accept</button></form>")

    theirs.serve(Starlette(routes=[Route("/authorize", authorize)]))
    ours.serve(app_with(ours, "microsoft", cookies))

    page.goto(f"{ours.address}/connect/anything")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Your calendar is connected").wait_for()
    words = page.inner_text("main")
    theirs.stop()

    assert "Office 365: a code" in words

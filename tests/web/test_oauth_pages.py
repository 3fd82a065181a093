"""The way to a provider's page and back, asked over ASGI as a browser asks it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    CalendarError,
    ConsentMissing,
    LinkRefused,
    RateLimited,
    Refused,
    SchedulingError,
    Unavailable,
)
from web import Health, build_web_app

PUBLIC = "https://meet.example.com"
CALLBACK = "/oauth/google/callback"


@dataclass(frozen=True)
class Link:
    provider: str


class Links:
    """Stands for the links: the token is the provider's name."""

    def link(self, token: str) -> Link:
        if token not in ("google", "microsoft", "icloud"):
            raise LinkRefused
        return Link(token)

    def connect(self, token: str, fields: Mapping[str, str]) -> str:
        raise AssertionError("nothing is typed here")


@dataclass(frozen=True)
class Connected:
    label: str
    team_id: str


@dataclass
class Providers:
    """Stands for scheduling: remembers who left and who came back."""

    failure: SchedulingError | None = None
    left: list[tuple[str, str]] = field(default_factory=list)
    came: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    go_on: threading.Event | None = None
    providers: frozenset[str] = frozenset({"google", "microsoft"})

    def redirect_uri(self, provider: str) -> str:
        return f"{PUBLIC}/oauth/{provider}/callback"

    def begin(self, token: str, browser: str) -> str:
        self.left.append((token, browser))
        if self.go_on is not None:
            self.go_on.wait(5)
        if self.failure is not None:
            raise self.failure
        return "https://accounts.example/authorize?state=s1"

    def finish(self, provider: str, params: Mapping[str, str], browser: str) -> Connected:
        self.came.append((provider, dict(params), browser))
        if self.failure is not None:
            raise self.failure
        return Connected("dana@reps.example & co", "T1")


@pytest.fixture
def providers() -> Providers:
    return Providers()


def a_browser(providers: Providers | None, public_url: str = PUBLIC) -> httpx.AsyncClient:
    health = Health(alive=list, ready=list, registry=CollectorRegistry())
    app = build_web_app(
        slack_events=None, connecting=Links(), authorizing=providers, health=health, public_url=public_url
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=public_url)


@pytest.fixture
async def browser(providers: Providers) -> AsyncIterator[httpx.AsyncClient]:
    async with a_browser(providers) as client:
        yield client


async def test_the_link_leads_on_to_the_providers_page_with_a_cookie_that_only_this_site_can_read(browser, providers):
    answer = await browser.get("/connect/google")

    assert (answer.status_code, answer.headers["location"]) == (303, "https://accounts.example/authorize?state=s1")
    name, _, rest = answer.headers["set-cookie"].partition("=")
    value, *attributes = rest.split("; ")
    assert name == "__Host-schedule-for"
    assert providers.left == [("google", value)]
    assert len(value) == 43
    assert {a.lower() for a in attributes} == {"httponly", "max-age=1200", "path=/", "samesite=lax", "secure"}


async def test_on_plain_http_for_trying_it_out_the_cookie_is_not_secure_because_it_would_be_lost(providers):
    async with a_browser(providers, "http://localhost") as client:
        cookie = (await client.get("/connect/google")).headers["set-cookie"]

    assert cookie.startswith("schedule-for=")
    assert "secure" not in cookie.lower()


async def test_two_tabs_of_one_browser_share_its_cookie(browser, providers):
    await browser.get("/connect/google")
    await browser.get("/connect/google")

    (_, first), (_, second) = providers.left
    assert first == second


@pytest.mark.parametrize("planted", ["x", "x" * 44, "ü" * 43, "a b", ""])
async def test_a_cookie_that_is_not_of_our_making_is_replaced(browser, providers, planted):
    answer = await browser.get("/connect/google", headers={"cookie": f"__Host-schedule-for={planted}".encode()})

    assert answer.status_code == 303
    assert providers.left[0][1] != planted
    assert len(providers.left[0][1]) == 43


async def test_a_mere_look_begins_nothing(browser, providers):
    answer = await browser.head("/connect/google")

    assert (answer.status_code, "set-cookie" in answer.headers, providers.left) == (200, False, [])


async def test_nothing_is_typed_on_such_a_link(browser, providers):
    assert (await browser.post("/connect/google", data={"password": "x"})).status_code == 405
    assert providers.left == []


async def test_a_link_for_a_password_still_shows_its_form(browser, providers):
    answer = await browser.get("/connect/icloud")

    assert "App-specific password" in answer.text
    assert "set-cookie" not in answer.headers


async def test_coming_back_says_which_calendar_is_connected_and_leads_back_to_slack(browser, providers):
    await browser.get("/connect/google")

    answer = await browser.get(
        CALLBACK, params={"state": "s1", "code": "4/abc", "odd": "x", "iss": "https://a.example"}
    )

    (_, cookie) = providers.left[0]
    assert providers.came == [("google", {"code": "4/abc", "state": "s1", "iss": "https://a.example"}, cookie)]
    assert answer.status_code == 200
    assert "Your calendar is connected" in answer.text
    assert "Google Calendar: <strong>dana@reps.example &amp; co</strong>" in answer.text
    assert 'href="slack://open?team=T1"' in answer.text
    assert "4/abc" not in answer.text


async def test_a_browser_without_the_cookie_comes_back_as_nobody(browser, providers):
    await browser.get(CALLBACK, params={"state": "s1", "code": "4/abc"})

    assert providers.came == [("google", {"code": "4/abc", "state": "s1"}, "")]


async def test_an_answer_sent_as_a_form_is_sent_round_once_more_so_that_the_cookie_comes_along(browser, providers):
    await browser.get("/connect/microsoft")
    form = {"state": "s1", "code": "0.AX+/=&x", "client_info": "eyJ", "odd": "x"}

    answer = await browser.post("/oauth/microsoft/callback", data=form, headers={"origin": "https://login.example"})

    assert answer.status_code == 303
    assert providers.came == []
    there = urlsplit(answer.headers["location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{PUBLIC}/oauth/microsoft/callback"
    assert parse_qs(there.query) == {"code": ["0.AX+/=&x"], "state": ["s1"], "client_info": ["eyJ"]}
    done = await browser.get(answer.headers["location"])
    assert "Office 365: <strong>" in done.text
    assert providers.came == [
        ("microsoft", {"code": "0.AX+/=&x", "state": "s1", "client_info": "eyJ"}, providers.left[0][1])
    ]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"state=\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(40)), "application/x-www-form-urlencoded", 400),
        (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_a_form_that_no_provider_sends_is_refused(browser, providers, body, kind, status):
    answer = await browser.post("/oauth/microsoft/callback", content=body, headers={"content-type": kind})

    assert answer.status_code == status
    assert providers.came == []


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (LinkRefused(), 410, ["This link no longer works", "Each link works once"]),
        (AccessDenied("denied"), 403, ["You said no", "Google Calendar was not connected", "Nothing was saved."]),
        (
            ConsentMissing("scope", missing=("events", "free_busy")),
            403,
            ["A permission is missing", "See and edit events", "See when people are free or busy", "every box ticked"],
        ),
        (
            ConsentMissing("admin", admin_url="https://login.example/adminconsent?a=1&b=2"),
            403,
            ["administrator has to agree", 'href="https://login.example/adminconsent?a=1&amp;b=2"'],
        ),
        (Refused("use_exchange"), 403, ["Connect as Exchange instead", "press Exchange/Outlook (on-premises)"]),
        (AccessDenied("403"), 403, ["This calendar cannot be connected", "Ask your administrator"]),
        (AuthExpired("invalid_grant"), 400, ["That took too long", "Nothing was saved."]),
        (RateLimited("429", retry_after=3), 503, ["Please try again in a few minutes"]),
        (Unavailable("502"), 502, ["Please try again", "did not answer as expected"]),
        (CalendarError("new"), 502, ["Please try again", "did not answer as expected"]),
    ],
    ids=lambda value: value.code if isinstance(value, CalendarError) else None,
)
async def test_the_page_says_what_happened_and_leads_back_to_slack(browser, providers, failure, status, words):
    await browser.get("/connect/google")
    providers.failure = failure

    answer = await browser.get(CALLBACK, params={"state": "canary-state", "code": "canary-code"})

    assert answer.status_code == status
    assert [w for w in words if w not in answer.text] == []
    assert 'href="slack://open"' in answer.text
    assert "canary" not in answer.text


async def test_an_administrator_who_agreed_for_the_company_is_thanked(browser, providers):
    answer = await browser.get("/oauth/microsoft/callback", params={"admin_consent": "True", "tenant": "t-1"})

    assert answer.status_code == 200
    assert "People of your company can now connect their calendars." in answer.text
    assert providers.came == []


async def test_a_provider_that_cannot_be_reached_on_the_way_there_is_told_at_once(browser, providers):
    providers.failure = Unavailable("connect")

    answer = await browser.get("/connect/microsoft")

    assert answer.status_code == 502
    assert "Office 365 did not answer as expected" in answer.text


async def test_a_link_used_up_on_the_way_there_gets_the_usual_words(browser, providers):
    providers.failure = LinkRefused()

    assert "This link no longer works" in (await browser.get("/connect/google")).text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", CALLBACK, 405),
        ("PUT", "/oauth/microsoft/callback", 405),
        ("GET", "/oauth/icloud/callback", 404),
        ("GET", "/oauth/abacus/callback", 404),
    ],
)
async def test_callbacks_exist_only_for_systems_that_have_one(browser, providers, method, path, status):
    assert (await browser.request(method, path)).status_code == status
    assert providers.came == []


async def test_where_no_such_system_is_set_up_there_is_no_callback():
    async with a_browser(None) as client:
        assert (await client.get(CALLBACK)).status_code == 404


async def test_neither_code_nor_state_nor_cookie_nor_address_is_logged(browser, providers):
    with capture_logs() as logs:
        await browser.get("/connect/google")
        await browser.get(CALLBACK, params={"state": "canary-state", "code": "canary-code"})
        providers.failure = ConsentMissing("scope", missing=("events",))
        await browser.get(CALLBACK, params={"state": "canary-state", "code": "canary-code"})

    assert [(line["event"], line["provider"], line["result"], line["code"]) for line in logs] == [
        ("connect", "google", "ok", ""),
        ("connect", "google", "consentmissing", "scope"),
    ]
    for canary in ("canary", "dana", providers.left[0][1]):
        assert canary not in repr(logs)


async def test_a_crowd_that_waits_is_bounded(browser, providers):
    providers.go_on = threading.Event()
    crowd = [asyncio.create_task(browser.get("/connect/google")) for _ in range(45)]
    done, waiting = await asyncio.wait(crowd, timeout=1, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 5:
        more, waiting = await asyncio.wait(waiting, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    providers.go_on.set()
    answers = [(await task).status_code for task in crowd]

    assert sorted(answers) == [303] * 40 + [503] * 5

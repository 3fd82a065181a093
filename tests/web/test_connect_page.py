"""The page for calendar passwords, asked over ASGI as a browser would ask it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import httpx2 as httpx
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    DeadlineExceeded,
    EventMissing,
    HostRefused,
    LinkRefused,
    RateLimited,
    Refused,
    SchedulingError,
    Unavailable,
)
from web import Health, build_web_app

PUBLIC = "https://meet.example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Link:
    provider: str


@dataclass
class Links:
    """Stands for scheduling: a set of open links; an account is accepted unless `failure` says otherwise."""

    open: dict[str, Link]
    failure: SchedulingError | None = None
    tried: list[dict[str, str]] = field(default_factory=list)
    go_on: threading.Event | None = None

    def link(self, token: str) -> Link:
        if token not in self.open:
            raise LinkRefused
        return self.open[token]

    def connect(self, token: str, fields: Mapping[str, str]) -> str:
        self.link(token)
        self.tried.append(dict(fields))
        if self.go_on is not None:
            self.go_on.wait(5)
        if self.failure is not None:
            raise self.failure
        del self.open[token]
        return fields.get("email") or fields["user_name"]


@pytest.fixture
def links() -> Links:
    return Links({"cloud": Link("icloud"), "dav": Link("caldav")})


@pytest.fixture
async def browser(links: Links) -> AsyncIterator[httpx.AsyncClient]:
    health = Health(alive=list, ready=list, registry=CollectorRegistry())
    app = build_web_app(slack_events=None, connecting=links, health=health, public_url=PUBLIC)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
        yield client


async def test_the_page_for_icloud_asks_for_an_app_specific_password_and_says_how_to_make_one(browser):
    answer = await browser.get("/connect/cloud")

    assert answer.status_code == 200
    for words in ("Email address", "App-specific password", ">Connect<", 'href="https://account.apple.com"'):
        assert words in answer.text


async def test_the_page_for_caldav_asks_for_server_user_name_and_password(browser):
    answer = await browser.get("/connect/dav")

    assert answer.status_code == 200
    assert [label for label in (">Server<", ">User name<", ">Password<", ">Connect<") if label not in answer.text] == []
    assert "App-specific" not in answer.text


async def test_looking_at_a_link_any_number_of_times_does_not_use_it_up(browser, links):
    for _ in range(3):
        await browser.get("/connect/cloud")
        await browser.head("/connect/cloud")

    assert "cloud" in links.open
    assert links.tried == []


async def test_a_good_password_connects_and_the_page_says_which_calendar(browser, links):
    answer = await browser.post("/connect/cloud", data={"email": " dana@example.com ", "password": " abcd-efgh "})

    assert answer.status_code == 200
    assert "dana@example.com" in answer.text
    assert "Go back to Slack" in answer.text
    assert links.tried == [{"email": "dana@example.com", "password": "abcd-efgh"}]
    assert (await browser.get("/connect/cloud")).status_code == 410


async def test_unknown_used_and_endless_links_get_the_same_kind_words(browser):
    await browser.post("/connect/cloud", data={"email": "dana@example.com", "password": "x"})

    pages = [await browser.get(f"/connect/{token}") for token in ("cloud", "never-made", "x" * 5000)]
    pages.append(await browser.post("/connect/cloud", data={"email": "dana@example.com", "password": "x"}))

    assert [page.status_code for page in pages] == [410, 410, 410, 410]
    assert len({page.text for page in pages}) == 1
    assert "This link no longer works" in pages[0].text


async def test_a_link_for_a_system_this_page_does_not_know_is_no_link(browser, links):
    links.open["odd"] = Link("abacus")

    assert (await browser.get("/connect/odd")).status_code == 410


async def test_a_system_that_the_operator_has_not_set_up_keeps_its_button_and_says_so(browser, links):
    links.open["google"] = Link("google")

    answer = await browser.get("/connect/google")

    assert answer.status_code == 503
    assert "Google Calendar is not set up here yet" in answer.text
    assert "GOOGLE_CLIENT_ID" in answer.text


@pytest.mark.parametrize(
    ("token", "sent", "field_name", "words"),
    [
        ("cloud", {"email": "", "password": "x"}, "email", "Enter the email address of your Apple Account."),
        ("cloud", {"email": "dana@example.com"}, "password", "Enter the app-specific password you made for this."),
        ("dav", {"user_name": "dana", "password": "x"}, "server", "Enter the address of your calendar server."),
        ("dav", {"server": "https://a.example", "password": "x"}, "user_name", "Enter your user name on that server."),
        (
            "dav",
            {"server": "https://a.example\x00", "user_name": "d", "password": "x"},
            "server",
            "This contains characters that cannot be typed. Please type it again.",
        ),
        (
            "dav",
            {"server": "https://a.example", "user_name": "d" * 501, "password": "x"},
            "user_name",
            "This is longer than 500 characters.",
        ),
    ],
)
async def test_what_can_be_seen_to_be_wrong_is_said_beside_its_field_and_nobody_is_called(
    browser, links, token, sent, field_name, words
):
    answer = await browser.post(f"/connect/{token}", data=sent)

    assert answer.status_code == 422
    assert f'id="{field_name}-error">{words}<' in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert links.tried == []


@pytest.mark.parametrize(
    ("token", "failure", "words"),
    [
        ("cloud", AuthExpired("401"), 'id="password-error">Apple did not accept'),
        ("dav", AuthExpired("401"), 'id="password-error">The server did not accept this user name'),
        ("dav", HostRefused("private", "10.0.0.1"), 'id="server-error">This address is inside a private network.'),
        ("dav", HostRefused("scheme"), 'id="server-error">The address must begin with https://.'),
        ("dav", HostRefused("something new"), 'id="server-error">This is not an address we can call.'),
        ("dav", EventMissing("404"), 'id="server-error">No calendar was found at this address.'),
        ("cloud", EventMissing("404"), 'role="alert">No calendar was found at this address.'),
        ("dav", AccessDenied("403"), 'role="alert">The server knows you, but does not let apps read'),
        ("dav", RateLimited("429"), 'role="alert">The server asks us to wait.'),
        ("dav", Refused("507"), 'role="alert">The server did not accept this.'),
        ("dav", Unavailable("503"), 'role="alert">The server did not answer as expected.'),
        ("dav", DeadlineExceeded(), 'role="alert">The server did not answer as expected.'),
    ],
)
async def test_a_refusal_keeps_what_was_typed_except_the_password_and_the_link_works_on(
    browser, links, token, failure, words
):
    links.failure = failure
    sent = {
        "email": "dana@example.com",
        "server": "https://a.example/?b=1&c",
        "user_name": "dana",
        "password": "s3cret!",
    }

    answer = await browser.post(f"/connect/{token}", data=sent)

    assert answer.status_code == 422
    assert words in answer.text
    assert "s3cret!" not in answer.text
    kept = 'value="dana@example.com"' if token == "cloud" else 'value="https://a.example/?b=1&amp;c"'
    assert kept in answer.text
    links.failure = None
    assert (await browser.post(f"/connect/{token}", data=sent)).status_code == 200


async def test_what_was_typed_is_shown_as_text_and_never_as_markup(browser):
    answer = await browser.post("/connect/dav", data={"server": '"><script>alert(1)</script>', "user_name": ""})

    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": PUBLIC}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.meet.example.com", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://meet.example.com.evil.example"}, 403),
    ],
    ids=["ours", "ours-no-referrer", "old-browser", "foreign", "foreign-hidden", "sibling", "look-alike"],
)
async def test_only_our_own_page_may_send_the_form(browser, links, headers, status):
    answer = await browser.post(
        "/connect/dav", headers=headers, data={"server": "https://a.example", "user_name": "d", "password": "x"}
    )

    assert answer.status_code == status
    assert len(links.tried) == (status == 200)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"email": "a@b.example"}', {"content-type": "application/json"}, 415),
        (b"email=%ff%fe&password=\xff", FORM, 400),
        (b"&".join(b"f%d=1" % n for n in range(30)), FORM, 400),
        (b"password=" + b"x" * 20_000, FORM, 413),
    ],
    ids=["json", "not-utf-8", "too-many-fields", "too-large"],
)
async def test_a_body_that_no_form_of_ours_sends_is_refused_with_a_page(browser, links, content, headers, status):
    answer = await browser.post("/connect/cloud", content=content, headers=headers)

    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert links.tried == []


async def test_pressing_connect_twice_connects_once_and_both_answers_say_so(browser, links):
    links.go_on = threading.Event()
    sent = {"email": "dana@example.com", "password": "x"}
    presses = [asyncio.create_task(browser.post("/connect/cloud", data=sent)) for _ in range(2)]
    await asyncio.sleep(0.2)
    links.go_on.set()

    answers = await asyncio.gather(*presses)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(links.tried) == 1


async def test_slow_calendar_servers_neither_hide_the_page_nor_pile_up(browser, links, monkeypatch):
    monkeypatch.setattr("web.connect.MOST_WAITING", 5)
    links.go_on = threading.Event()
    sent = [{"email": f"dana{n}@example.com", "password": "x"} for n in range(6)]
    presses = [asyncio.create_task(browser.post("/connect/cloud", data=data)) for data in sent[:5]]
    await asyncio.sleep(0.2)

    page = await browser.get("/connect/cloud")
    one_more = await browser.post("/connect/cloud", data=sent[5])
    links.go_on.set()
    await asyncio.gather(*presses)

    assert page.status_code == 200
    assert one_more.status_code == 422
    assert "Press Connect again in a minute." in one_more.text
    assert len(links.tried) <= 5


async def test_neither_password_nor_token_nor_address_is_logged(browser, links):
    sent = {"email": "dana@example.com", "password": "s3cret!"}
    with capture_logs() as lines:
        links.failure = AuthExpired("401")
        await browser.post("/connect/cloud", data=sent)
        links.failure = None
        await browser.post("/connect/cloud", data=sent)

    assert [(line["event"], line["result"]) for line in lines] == [("connect", "authexpired"), ("connect", "ok")]
    assert [word for word in ("s3cret!", "dana@", "cloud'") if word in str(lines).replace("'icloud'", "")] == []

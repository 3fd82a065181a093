"""The page on which people connect Exchange, and the words for what only Exchange says."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2 as httpx
import pytest
from prometheus_client import CollectorRegistry

from scheduling.errors import AuthExpired, EventMissing, HostRefused, Refused, SchedulingError, Unsupported
from web import Health, build_web_app, forms
from web.connect_form import FORMS

PUBLIC = "https://meet.example.com"
TYPED = {"email": "dana@acme.example", "user_name": "ACME\\dana", "password": "s3cret!", "server": "mail.acme.example"}


class Link:
    provider = "exchange"


class Connecting:
    """Stands for scheduling: one link, for Exchange."""

    def __init__(self) -> None:
        self.failure: SchedulingError | None = None
        self.tried: list[dict[str, str]] = []

    def link(self, token: str) -> Link:
        return Link()

    def connect(self, token: str, fields: Mapping[str, str]) -> str:
        self.tried.append(dict(fields))
        if self.failure is not None:
            raise self.failure
        return fields["email"]


@pytest.fixture
def connecting() -> Connecting:
    return Connecting()


@asynccontextmanager
async def browser(connecting: Connecting, *, asks: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    health = Health(alive=list, ready=list, registry=CollectorRegistry())
    shown = forms(asks_for_exchange_server=asks)
    app = build_web_app(slack_events=None, connecting=connecting, health=health, public_url=PUBLIC, forms=shown)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
        yield client


async def test_an_address_that_is_none_is_told_at_its_field(connecting: Connecting):
    async with browser(connecting) as client:
        page = await client.post("/connect/x", data={**TYPED, "email": "dana"}, headers={"Origin": PUBLIC})

    assert (page.status_code, connecting.tried) == (422, [])
    assert "Enter an email address such as name@example.com." in page.text


async def test_the_page_asks_for_address_name_password_and_server(connecting: Connecting):
    async with browser(connecting) as client:
        page = (await client.get("/connect/x")).text

    labels = (">Email address<", ">User name<", ">Password<", ">Server<", ">Connect<")
    assert [label for label in labels if label not in page] == []
    assert [page.index(label) for label in labels] == sorted(page.index(label) for label in labels)
    assert page.count('spellcheck="false" required') == 2  # address and password


async def test_without_a_question_for_the_server_where_the_operator_named_it(connecting: Connecting):
    async with browser(connecting, asks=False) as client:
        page = (await client.get("/connect/x")).text
        done = await client.post("/connect/x", data=TYPED)

    assert ">Server<" not in page
    assert (done.status_code, connecting.tried) == (200, [{k: v for k, v in TYPED.items() if k != "server"}])


async def test_name_and_server_may_be_left_empty(connecting: Connecting):
    async with browser(connecting) as client:
        done = await client.post("/connect/x", data={"email": "dana@acme.example", "password": "x"})

    assert done.status_code == 200
    assert connecting.tried == [{"email": "dana@acme.example", "user_name": "", "password": "x", "server": ""}]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (AuthExpired("password"), 'id="password-error">The server did not accept this user name with this password.'),
        (Unsupported("office365"), "Go back to Slack and connect it as Office 365."),
        (Unsupported("modern_auth"), 'role="alert">This server only lets apps in that sign in through a web page.'),
        (Refused("tls_certificate"), "certificate is not trusted here."),
        (EventMissing("autodiscover"), 'id="server-error">No Exchange server was found for this email address.'),
        (EventMissing("not_exchange"), 'id="server-error">There is no Exchange server at this address.'),
        (HostRefused("private", "mail"), 'id="server-error">This address is inside a private network.'),
        (HostRefused("unconfirmed", "mail.hoster.example"), 'id="server-error">Your mail domain points to mail.hoster'),
    ],
    ids=lambda value: getattr(value, "code", None) or getattr(value, "reason", ""),
)
async def test_what_only_exchange_says_is_said_in_words(failure: SchedulingError, words: str, connecting: Connecting):
    connecting.failure = failure

    async with browser(connecting) as client:
        answer = await client.post("/connect/x", data=TYPED)

    assert (answer.status_code, words in answer.text, "s3cret!" in answer.text) == (422, True, False)


def test_the_other_forms_stay_as_they_are():
    shown = forms(asks_for_exchange_server=False)

    assert {name: form for name, form in shown.items() if name != "exchange"} == {
        name: form for name, form in FORMS.items() if name != "exchange"
    }

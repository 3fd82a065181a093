"""From the button in Slack to a connected Google calendar: our pages, the store, and Google's own library, for real.

The browser here keeps cookies as browsers do; Google is the stand-in.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from sandbox.google_standin import GoogleStandIn
from scheduling.accounts import ConfiguredAccounts
from scheduling.authorizing import Authorizing
from scheduling.calendars.base import OWN, Deadline
from scheduling.calendars.google.account import GoogleSystem
from scheduling.calendars.google.sign_in import EVENTS
from scheduling.config import SchedulingConfig
from scheduling.connecting import Connecting
from scheduling.domain import ConnectionState, Interval, Rep
from scheduling.store import connections
from tests.scheduling.calendars.google_kit import back_from
from web import Health, build_web_app

PUBLIC = "https://meet.example.com"
DANA = Rep("T1", "U1")
ADDRESS = "dana@reps.example"


@pytest.fixture(scope="module")
def standin():
    with GoogleStandIn.start() as started:
        yield started


@pytest.fixture
def google(standin):
    standin.reset()
    standin.accounts.add_person(ADDRESS, "Dana Reyes", "Europe/Berlin")
    return standin


@pytest.fixture
def systems(google):
    addresses = (google.api_url, google.auth_url, google.token_url)
    return {"google": GoogleSystem(google.client_id, google.client_secret, *addresses)}


@pytest.fixture
def accounts(sqlite_store, systems):
    return ConfiguredAccounts(sqlite_store, systems)


@pytest.fixture
def connecting(sqlite_store, accounts, clock):
    config = SchedulingConfig(mail_from="meetings@reps.example", public_url=PUBLIC, connectable=("google",))
    return Connecting(sqlite_store, accounts, config, clock, lambda: None)


@pytest.fixture
def site(sqlite_store, systems, connecting, clock):
    config = SchedulingConfig(mail_from="meetings@reps.example", public_url=PUBLIC)
    return build_web_app(
        slack_events=None,
        connecting=connecting,
        authorizing=Authorizing(sqlite_store, systems, config, clock, lambda: None),
        health=Health(alive=list, ready=list, registry=CollectorRegistry()),
        public_url=PUBLIC,
    )


def a_browser(site) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url=PUBLIC)


@pytest.fixture
async def browser(site):
    async with a_browser(site) as client:
        yield client


@pytest.fixture
def link(sqlite_store, connecting) -> str:
    """The address behind the button."""
    return sqlite_store.transact(lambda tx: connecting.issue_links(tx, DANA, "d1"))["google"]


async def walked(browser, link, **more) -> httpx.Response:
    there = await browser.get(link)
    return await browser.get(back_from(there.headers["location"], ADDRESS, **more))


def connected(store):
    return store.read(lambda tx: connections.of_user(tx, DANA))


async def test_a_rep_connects_google_and_the_calendar_is_read_and_written_with_it(
    browser, link, sqlite_store, accounts, google
):
    page = await walked(browser, link)

    assert (page.status_code, "Your calendar is connected" in page.text) == (200, True)
    assert f"Google Calendar: <strong>{ADDRESS}</strong>" in page.text
    assert 'href="slack://open?team=T1"' in page.text
    (stored,) = connected(sqlite_store)
    assert (stored.provider, stored.account, stored.state) == ("google", ADDRESS, ConnectionState.OK)
    assert stored.target_calendar == ADDRESS
    secret = sqlite_store.read(lambda tx: connections.secret(tx, "T1", stored.id))
    start = datetime.fromisoformat("2026-11-03T09:00:00+00:00")
    google.accounts.occupy(ADDRESS, start, start + timedelta(hours=1), "Stand-up")
    [own] = accounts.open(stored, secret).availability(
        [OWN], Interval(start, start + timedelta(hours=8)), Deadline.after(10), default_zone="Europe/Berlin"
    )
    assert [busy.title for busy in own.busy] == ["Stand-up"]


async def test_a_renewed_token_is_stored_for_the_next_time(browser, link, sqlite_store, accounts, google):
    await walked(browser, link)
    (stored,) = connected(sqlite_store)
    before = sqlite_store.read(lambda tx: connections.secret(tx, "T1", stored.id))
    google.identity.expire_access_tokens()

    accounts.open(stored, before).list_calendars(Deadline.after(10))

    after = sqlite_store.read(lambda tx: connections.secret(tx, "T1", stored.id))
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] == before["refresh_token"]


async def test_a_token_renewed_while_the_account_was_being_disconnected_is_forgotten(
    browser, link, sqlite_store, accounts, google
):
    await walked(browser, link)
    (stored,) = connected(sqlite_store)
    secret = sqlite_store.read(lambda tx: connections.secret(tx, "T1", stored.id))
    google.identity.expire_access_tokens()
    sqlite_store.transact(lambda tx: connections.remove(tx, "T1", stored.id))

    found = accounts.open(stored, secret).list_calendars(Deadline.after(10))

    assert [c.id for c in found] == [ADDRESS]
    assert connected(sqlite_store) == ()


async def test_who_says_no_is_told_so_and_the_same_button_still_works(browser, link, sqlite_store):
    page = await walked(browser, link, answer="deny")

    assert (page.status_code, "You said no" in page.text) == (403, True)
    assert connected(sqlite_store) == ()
    assert "Your calendar is connected" in (await walked(browser, link)).text


async def test_a_permission_that_was_unticked_is_named_with_its_reason(browser, link, sqlite_store):
    page = await walked(browser, link, unticked=(EVENTS,))

    assert page.status_code == 403
    assert "See and edit events" in page.text
    assert "to add the meetings you book" in page.text
    assert connected(sqlite_store) == ()


async def test_the_way_back_works_once(browser, link, sqlite_store):
    there = await browser.get(link)
    back = back_from(there.headers["location"], ADDRESS)
    await browser.get(back)

    again = await browser.get(back)

    assert (again.status_code, "This link no longer works" in again.text) == (410, True)
    assert len(connected(sqlite_store)) == 1
    assert (await browser.get(link)).status_code == 410


async def test_another_browser_cannot_finish_what_this_one_began(site, browser, link, sqlite_store, google):
    """Whoever sends somebody else a half-finished sign-in connects nothing: not theirs to ours, nor ours to theirs."""
    there = await browser.get(link)
    back = back_from(there.headers["location"], ADDRESS)

    async with a_browser(site) as other:
        refused = await other.get(back)
        await other.get(link)  # has a cookie of its own now
        refused_again = await other.get(back)

    assert (refused.status_code, refused_again.status_code) == (410, 410)
    assert connected(sqlite_store) == ()
    assert "Your calendar is connected" in (await browser.get(back)).text


async def test_a_sign_in_that_took_too_long_is_too_old(browser, link, sqlite_store, clock):
    there = await browser.get(link)
    back = back_from(there.headers["location"], ADDRESS)
    clock.advance(minutes=10)

    page = await browser.get(back)

    assert (page.status_code, connected(sqlite_store)) == (410, ())


async def test_a_callback_of_one_provider_does_not_take_the_state_of_another(browser, link, sqlite_store):
    there = await browser.get(link)
    back = back_from(there.headers["location"], ADDRESS)

    page = await browser.get(back.replace("/oauth/google/", "/oauth/microsoft/"))

    assert (page.status_code, connected(sqlite_store)) == (404, ())


async def test_google_out_of_order_is_said_and_the_same_button_still_works(browser, link, sqlite_store, google):
    there = await browser.get(link)
    back = back_from(there.headers["location"], ADDRESS)
    google.troubles.fail(503, "backendError", path="/token")

    page = await browser.get(back)

    assert (page.status_code, "Google Calendar did not answer as expected" in page.text) == (502, True)
    assert connected(sqlite_store) == ()
    assert "Your calendar is connected" in (await walked(browser, link)).text


async def test_nothing_secret_is_logged_or_shown_on_the_whole_way(browser, link, sqlite_store, caplog):
    with caplog.at_level("DEBUG"), capture_logs() as logs:
        there = await browser.get(link)
        back = back_from(there.headers["location"], ADDRESS)
        page = await browser.get(back)
    (stored,) = connected(sqlite_store)
    secret = sqlite_store.read(lambda tx: connections.secret(tx, "T1", stored.id))
    query = dict(pair.split("=", 1) for pair in urlsplit(back).query.split("&"))
    ours = [r for r in caplog.records if not r.name.startswith("http")]  # the test's own browser
    written = f"{logs} {[r.getMessage() for r in ours]} {page.text}"

    for canary in (query["code"], query["state"], secret["access_token"], secret["refresh_token"]):
        assert canary not in written
    assert ADDRESS not in f"{logs}"

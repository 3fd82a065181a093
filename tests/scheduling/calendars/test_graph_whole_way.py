"""From the personal link to an event in Office 365: our pages, msal, the sealed secret, the new token."""

from datetime import timedelta

import httpx2 as httpx
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from sandbox.microsoft_standin import MicrosoftStandIn
from scheduling.accounts import ConfiguredAccounts
from scheduling.authorizing import Authorizing
from scheduling.calendars.base import OWN
from scheduling.calendars.systems import CalendarSystem
from scheduling.config import SchedulingConfig
from scheduling.connecting import PURPOSE, Connecting
from scheduling.domain import Rep
from scheduling.outbound import Outbound
from scheduling.store import Store, connections, links
from scheduling.store.tables import ConnectionRow
from tests.scheduling.calendars.conftest import WEEK, soon, spec_for
from tests.scheduling.calendars.graph_kit import at_the_page, system_at
from web import Health, build_web_app

PUBLIC = "https://schedule.example"
DANA = "dana@acme.example"
REP = Rep("T0ACME", "U0DANA")


@pytest.fixture
def systems(microsoft: MicrosoftStandIn, http: Outbound) -> dict[str, CalendarSystem]:
    microsoft.add_person(DANA, "Dana Reyes")
    microsoft.identity.redirect_uri = f"{PUBLIC}/oauth/microsoft/callback"
    return {"microsoft": system_at(microsoft, http)}


@pytest.fixture
def browser(sqlite_store: Store, systems: dict[str, CalendarSystem], clock) -> httpx.AsyncClient:
    config = SchedulingConfig(mail_from="m@schedule.example", public_url=PUBLIC, connectable=tuple(systems))
    accounts = ConfiguredAccounts(sqlite_store, systems)
    connecting = Connecting(sqlite_store, accounts, config, clock, lambda: None)
    authorizing = Authorizing(sqlite_store, systems, config, clock, lambda: None)
    health = Health(alive=list, ready=list, registry=CollectorRegistry())
    app = build_web_app(
        slack_events=None, connecting=connecting, authorizing=authorizing, health=health, public_url=PUBLIC
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC)


def a_link(store: Store, clock) -> str:
    until = clock() + timedelta(minutes=10)
    return store.transact(
        lambda tx: links.issue(tx, rep=REP, purpose=PURPOSE, provider="microsoft", draft_id=None, expires_at=until)
    )


async def signed_in_by(browser: httpx.AsyncClient, token: str, answer: str = "allow") -> httpx.Response:
    """Follow the link, press the button there, come back with the form, and see the last page."""
    there = await browser.get(f"/connect/{token}")
    form = at_the_page(there.headers["location"], DANA, answer)
    back = await browser.post("/oauth/microsoft/callback", data=form)
    return await browser.get(back.headers["location"])


async def test_a_rep_signs_in_and_the_calendar_can_be_read_and_written(
    browser, sqlite_store, systems, clock, microsoft
) -> None:
    page = await signed_in_by(browser, a_link(sqlite_store, clock))

    [connection] = sqlite_store.read(lambda tx: connections.of_user(tx, REP))
    secret = sqlite_store.read(lambda tx: dict(connections.secret(tx, REP.team_id, connection.id)))
    provider = ConfiguredAccounts(sqlite_store, systems).open(connection, secret)
    ref = provider.create_event(spec_for(connection.target_calendar), soon())
    [own] = provider.availability([OWN], WEEK, soon(), default_zone="UTC")
    assert (page.status_code, DANA in page.text) == (200, True)
    assert (connection.provider, connection.account) == ("microsoft", DANA)
    assert [busy.uid for busy in own.busy] == [ref.uid]
    stored = sqlite_store.read(lambda tx: tx.scalars(select(ConnectionRow.secret)).one())
    tokens = [*microsoft.identity.tokens, *microsoft.identity.refreshes]
    assert len(stored) > 1000
    assert [token for token in tokens if token in stored or token in page.text] == []


async def test_a_renewed_token_is_stored_and_opens_the_account_in_another_process(
    browser, sqlite_store, systems, clock, microsoft, http
) -> None:
    await signed_in_by(browser, a_link(sqlite_store, clock))
    [connection] = sqlite_store.read(lambda tx: connections.of_user(tx, REP))

    for _ in range(2):
        microsoft.identity.expire(DANA)
        secret = sqlite_store.read(lambda tx: dict(connections.secret(tx, REP.team_id, connection.id)))
        elsewhere = ConfiguredAccounts(sqlite_store, {"microsoft": system_at(microsoft, http)})
        [own] = elsewhere.open(connection, secret).availability([OWN], WEEK, soon(), default_zone="UTC")

        assert own.error is None


async def test_who_says_no_is_told_so_and_nothing_is_stored(browser, sqlite_store, clock) -> None:
    page = await signed_in_by(browser, a_link(sqlite_store, clock), "deny")

    assert (page.status_code, "You said no" in page.text) == (403, True)
    assert sqlite_store.read(lambda tx: connections.of_user(tx, REP)) == ()


async def test_an_administrator_is_shown_the_way(browser, sqlite_store, clock, microsoft) -> None:
    microsoft.identity.refuses_sign_in[DANA] = "90094"

    page = await signed_in_by(browser, a_link(sqlite_store, clock))

    assert page.status_code == 403
    assert f"{microsoft.authority}/v2.0/adminconsent?client_id={microsoft.client_id}" in page.text

"""Signing in at a provider's page, as the service sees it: states that work once, in one browser, for one provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import select

from scheduling.authorizing import Authorizing, Connected
from scheduling.calendars.base import Account, CalendarInfo, Deadline
from scheduling.calendars.systems import SignIn
from scheduling.config import SchedulingConfig
from scheduling.domain import Connection, ConnectionState, Person, Rep
from scheduling.errors import AccessDenied, CalendarError, LinkRefused, Unavailable
from scheduling.store import connections, links, people, tasks
from scheduling.store.tables import ConnectLinkRow

DANA = Rep("T1", "U1")
BROWSER = "b" * 43
CALENDARS = (CalendarInfo("read", "Holidays", None, False, False), CalendarInfo("work", "Work", None, True, True))
ACCOUNT = Account("google", "1234", "dana@reps.example", {"refresh_token": "1//canary"}, CALENDARS)


@dataclass
class Abacus:
    """A system that signs in at its own page; it keeps what it was asked."""

    provider: str
    failure: CalendarError | None = None
    begun: list[tuple[str, str, str | None]] = field(default_factory=list)
    finished: list[tuple[Mapping[str, str], Mapping[str, str], str]] = field(default_factory=list)

    def begin(self, redirect_uri: str, state: str, login_hint: str | None) -> SignIn:
        if self.failure is not None:
            raise self.failure
        self.begun.append((redirect_uri, state, login_hint))
        return SignIn(f"https://accounts.example/authorize?state={state}", {"verifier": f"canary-{len(self.begun)}"})

    def finish(
        self, flow: Mapping[str, str], params: Mapping[str, str], redirect_uri: str, deadline: Deadline
    ) -> Account:
        self.finished.append((dict(flow), dict(params), redirect_uri))
        if self.failure is not None:
            raise self.failure
        return ACCOUNT


class Counting:
    times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def google() -> Abacus:
    return Abacus("google")


@pytest.fixture
def poke() -> Counting:
    return Counting()


@pytest.fixture
def authorizing(store, clock, google, poke) -> Authorizing:
    config = SchedulingConfig(mail_from="meetings@reps.example", public_url="https://meet.example.com/x")
    systems = {"google": google, "microsoft": Abacus("microsoft"), "icloud": object()}
    return Authorizing(store, systems, config, clock, poke)  # type: ignore[arg-type]  # stand-ins of the protocol


def a_link(store, clock, provider="google", purpose="connect") -> str:
    until = clock() + timedelta(minutes=10)
    return store.transact(
        lambda tx: links.issue(tx, rep=DANA, purpose=purpose, provider=provider, draft_id="d1", expires_at=until)
    )


def is_good(store, clock, token) -> bool:
    try:
        store.read(lambda tx: links.peek(tx, token, clock(), purpose="connect"))
    except LinkRefused:
        return False
    return True


def state_of(google: Abacus) -> str:
    return google.begun[-1][1]


def test_only_systems_with_a_page_of_their_own_are_signed_in_to_this_way(authorizing):
    assert authorizing.providers == {"google", "microsoft"}


def test_a_link_leads_to_the_providers_page_with_our_callback_and_the_reps_address(authorizing, store, clock, google):
    token = a_link(store, clock)
    dana = Person("T1", "U1", "Dana Reyes", "dana@reps.example", "Europe/Berlin")
    store.transact(lambda tx: people.remember(tx, [dana], clock()))

    url = authorizing.begin(token, BROWSER)

    assert google.begun == [
        ("https://meet.example.com/x/oauth/google/callback", url.partition("state=")[2], "dana@reps.example")
    ]
    assert url.startswith("https://accounts.example/authorize?state=")
    assert is_good(store, clock, token)


def test_coming_back_connects_uses_the_link_up_and_goes_on_with_parked_work(authorizing, store, clock, google, poke):
    token = a_link(store, clock)
    authorizing.begin(token, BROWSER)
    params = {"state": state_of(google), "code": "4/abc"}

    connected = authorizing.finish("google", params, BROWSER)

    (stored,) = store.read(lambda tx: connections.of_user(tx, DANA))
    assert connected == Connected("dana@reps.example", "T1")
    assert stored == Connection(stored.id, "T1", "U1", "google", "1234", ConnectionState.OK, None, "work")
    assert store.read(lambda tx: connections.secret(tx, "T1", stored.id)) == {"refresh_token": "1//canary"}
    assert google.finished == [({"verifier": "canary-1"}, params, "https://meet.example.com/x/oauth/google/callback")]
    assert not is_good(store, clock, token)
    assert poke.times == 1


def test_connecting_again_resumes_what_was_parked_on_the_account(authorizing, store, clock, google):
    authorizing.begin(a_link(store, clock), BROWSER)
    authorizing.finish("google", {"state": state_of(google)}, BROWSER)
    (stored,) = store.read(lambda tx: connections.of_user(tx, DANA))

    def park(tx):
        connections.mark(tx, "T1", stored.id, ConnectionState.NEEDS_RECONNECT, "invalid_grant")
        tasks.enqueue(tx, team_id="T1", kind="sync_event", key="k", payload={}, now=clock(), booking_id="b1")
        (task,) = tasks.claim(tx, "T1", ["sync_event"], now=clock(), lease=timedelta(minutes=1), limit=1)
        tasks.park(tx, task, stored.id, "invalid_grant", until=clock() + timedelta(days=1))

    store.transact(park)
    authorizing.begin(a_link(store, clock), BROWSER)

    authorizing.finish("google", {"state": state_of(google)}, BROWSER)

    (again,) = store.read(lambda tx: connections.of_user(tx, DANA))
    assert (again.id, again.state, again.reason) == (stored.id, ConnectionState.OK, None)
    assert store.read(lambda tx: tasks.backlog(tx, clock()))["sync_event"].ready == 1


def test_a_state_works_once(authorizing, store, clock, google):
    authorizing.begin(a_link(store, clock), BROWSER)
    params = {"state": state_of(google), "code": "4/abc"}
    authorizing.finish("google", params, BROWSER)

    with pytest.raises(LinkRefused):
        authorizing.finish("google", params, BROWSER)

    assert len(google.finished) == 1


def test_a_state_ends_after_ten_minutes(authorizing, store, clock, google):
    authorizing.begin(a_link(store, clock), BROWSER)
    clock.advance(minutes=10)

    with pytest.raises(LinkRefused):
        authorizing.finish("google", {"state": state_of(google)}, BROWSER)

    assert google.finished == []


def test_somebody_who_left_in_the_links_last_minute_may_still_come_back(authorizing, store, clock, google):
    token = a_link(store, clock)
    clock.advance(minutes=9)
    authorizing.begin(token, BROWSER)
    clock.advance(minutes=5)

    connected = authorizing.finish("google", {"state": state_of(google)}, BROWSER)

    assert connected.label == "dana@reps.example"
    assert not is_good(store, clock, token)


@pytest.mark.parametrize(
    ("provider", "browser"),
    [("google", "c" * 43), ("google", ""), ("microsoft", BROWSER), ("icloud", BROWSER), ("abacus", BROWSER)],
    ids=["another browser", "no cookie", "another provider", "a provider by password", "an unknown provider"],
)
def test_a_state_is_for_one_provider_and_one_browser_and_a_wrong_one_does_not_use_it_up(
    authorizing, store, clock, google, provider, browser
):
    authorizing.begin(a_link(store, clock), BROWSER)
    params = {"state": state_of(google), "code": "4/abc"}

    with pytest.raises(LinkRefused):
        authorizing.finish(provider, params, browser)

    assert google.finished == []
    assert authorizing.finish("google", params, BROWSER).label == "dana@reps.example"


@pytest.mark.parametrize(
    "params", [{}, {"state": ""}, {"state": "made-up"}, {"state": "x" * 5000}, {"state": "\ud800"}]
)
def test_a_state_that_nobody_made_is_refused(authorizing, google, params):
    with pytest.raises(LinkRefused):
        authorizing.finish("google", params, BROWSER)

    assert google.finished == []


def test_a_personal_link_is_no_state_and_a_state_is_no_personal_link(authorizing, store, clock, google):
    token = a_link(store, clock)
    authorizing.begin(token, BROWSER)

    with pytest.raises(LinkRefused):
        authorizing.finish("google", {"state": token}, BROWSER)
    with pytest.raises(LinkRefused):
        authorizing.begin(state_of(google), BROWSER)


@pytest.mark.parametrize("kind", ["used", "expired", "other purpose", "by password", "unknown", "no browser"])
def test_a_link_that_is_not_good_leads_nowhere(authorizing, store, clock, google, kind):
    token = {
        "other purpose": lambda: a_link(store, clock, purpose="manage"),
        "by password": lambda: a_link(store, clock, provider="icloud"),
        "unknown": lambda: "made-up",
    }.get(kind, lambda: a_link(store, clock))()
    if kind == "used":
        store.transact(lambda tx: links.consume(tx, token, clock()))
    if kind == "expired":
        clock.advance(minutes=10)

    with pytest.raises(LinkRefused):
        authorizing.begin(token, "" if kind == "no browser" else BROWSER)

    assert google.begun == []


def test_a_refusal_by_the_provider_stores_nothing_and_leaves_the_link_good(authorizing, store, clock, google, poke):
    token = a_link(store, clock)
    authorizing.begin(token, BROWSER)
    google.failure = AccessDenied("denied")

    with pytest.raises(AccessDenied):
        authorizing.finish("google", {"state": state_of(google), "error": "access_denied"}, BROWSER)

    assert store.read(lambda tx: connections.of_user(tx, DANA)) == ()
    assert is_good(store, clock, token)
    assert poke.times == 0
    google.failure = None
    authorizing.begin(token, BROWSER)
    assert authorizing.finish("google", {"state": state_of(google)}, BROWSER).label == "dana@reps.example"


def test_a_provider_that_does_not_answer_at_the_beginning_leaves_nothing_behind(authorizing, store, clock, google):
    token = a_link(store, clock)
    google.failure = Unavailable("connect")

    with pytest.raises(Unavailable):
        authorizing.begin(token, BROWSER)

    assert len(store.read(lambda tx: tx.exec(select(ConnectLinkRow)).all())) == 1


def test_of_two_tabs_of_one_link_the_first_to_come_back_connects(authorizing, store, clock, google):
    token = a_link(store, clock)
    authorizing.begin(token, BROWSER)
    authorizing.begin(token, BROWSER)
    (_, first, _), (_, second, _) = google.begun
    authorizing.finish("google", {"state": second}, BROWSER)

    with pytest.raises(LinkRefused):
        authorizing.finish("google", {"state": first}, BROWSER)

    assert [flow["verifier"] for flow, _, _ in google.finished] == ["canary-2", "canary-1"]
    assert len(store.read(lambda tx: connections.of_user(tx, DANA))) == 1


def test_neither_state_nor_cookie_nor_verifier_nor_link_stands_in_the_database(authorizing, store, clock, google):
    token = a_link(store, clock)
    authorizing.begin(token, BROWSER)

    rows = store.read(lambda tx: [row.model_dump() for row in tx.exec(select(ConnectLinkRow))])

    (begun,) = [row for row in rows if row["purpose"] == "oauth"]
    assert begun["flow"]
    for canary in (token, state_of(google), BROWSER, "canary"):
        assert canary not in repr(rows)
    authorizing.finish("google", {"state": state_of(google)}, BROWSER)
    after = store.read(lambda tx: [row.flow for row in tx.exec(select(ConnectLinkRow))])
    assert after == [None, None]

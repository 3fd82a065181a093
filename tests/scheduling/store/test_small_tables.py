"""Links, people, workspaces, deliveries, the audit trail, installations, and what is thrown away."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from scheduling.domain import Draft, DraftState, Form, Interval, Person, Rep, Screen
from scheduling.errors import DraftGone, LinkRefused
from scheduling.outbox import enqueue
from scheduling.store import audit, claims, drafts, inbox, installations, links, people, retention, tasks, workspaces

REP = Rep("T1", "U1")


@pytest.fixture
def token(store, clock):
    return store.transact(
        lambda tx: links.issue(
            tx,
            rep=REP,
            purpose="connect",
            provider="icloud",
            draft_id="d1",
            expires_at=clock() + timedelta(minutes=10),
        )
    )


def test_a_link_can_be_looked_at_often_and_used_once(store, token, clock):
    link = links.Link(REP, "connect", "icloud", "d1", clock() + timedelta(minutes=10))

    looks = [store.read(lambda tx: links.peek(tx, token, clock())) for _ in range(2)]
    used = store.transact(lambda tx: links.consume(tx, token, clock()))

    assert (looks, used) == ([link, link], link)
    for again in (links.peek, links.consume):
        with pytest.raises(LinkRefused):
            store.transact(lambda tx, ask=again: ask(tx, token, clock()))


def test_a_link_ends_on_time(store, token, clock):
    clock.advance(minutes=9, seconds=59)
    store.read(lambda tx: links.peek(tx, token, clock()))
    clock.advance(seconds=1)

    with pytest.raises(LinkRefused):
        store.transact(lambda tx: links.consume(tx, token, clock()))


def test_a_link_for_something_else_is_refused(store, token, clock):
    with pytest.raises(LinkRefused):
        store.transact(lambda tx: links.consume(tx, token, clock(), purpose="manage"))

    assert store.transact(lambda tx: links.consume(tx, token, clock(), purpose="connect")).rep == REP


@pytest.mark.parametrize("forged", ["", "x", "a" * 10_000, "\ud800", "\x00", "' OR 1=1 --"])
def test_made_up_tokens_are_refused(store, token, clock, forged):
    with pytest.raises(LinkRefused):
        store.transact(lambda tx: links.consume(tx, forged, clock()))


def test_of_many_who_use_a_link_at_once_one_gets_through(store, token, clock):
    results = []

    def use():
        try:
            store.transact(lambda tx: links.consume(tx, token, clock()))
            results.append("through")
        except LinkRefused:
            results.append("refused")

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["refused"] * 5 + ["through"]


def test_profiles_are_known_while_they_are_fresh(store, clock):
    dana = Person("T1", "U1", "Dana Reyes", "dana@reps.example", "Europe/Berlin")
    sam = Person("T1", "U3", "Sam Okafor", "", "Europe/London")
    store.transact(lambda tx: people.remember(tx, [dana], clock()))
    clock.advance(hours=1)
    store.transact(lambda tx: people.remember(tx, [sam], clock()))

    def known(not_before):
        return store.read(lambda tx: people.known(tx, "T1", ["U1", "U2", "U3"], not_before))

    assert known(clock() - timedelta(hours=1)) == {"U1": dana, "U3": sam}
    assert known(clock()) == {"U3": sam}


def test_a_newer_profile_replaces_the_older(store, clock):
    for zone in ("Europe/Berlin", "America/New_York"):
        store.transact(lambda tx, z=zone: people.remember(tx, [Person("T1", "U1", "Dana", "", z)], clock()))

    assert store.read(lambda tx: people.known(tx, "T1", ["U1"], clock()))["U1"].zone == "America/New_York"


def test_a_workspace_begins_with_defaults_and_keeps_its_choices(store):
    untouched = store.read(lambda tx: workspaces.get(tx, "T1"))

    store.transact(lambda tx: workspaces.set_announce_channel(tx, "T1", "C1"))
    store.transact(lambda tx: workspaces.set_settings(tx, "T1", {"description_in_channel": True}))

    assert untouched == workspaces.Workspace("T1", None, {})
    assert store.read(lambda tx: workspaces.get(tx, "T1")) == workspaces.Workspace(
        "T1", "C1", {"description_in_channel": True}
    )
    assert store.read(lambda tx: workspaces.announce_channel(tx, "T1")) == "C1"
    assert store.read(lambda tx: workspaces.announce_channel(tx, "T2")) is None


def test_of_many_copies_of_a_delivery_one_is_the_first(store, clock):
    results = []

    def deliver():
        results.append(store.transact(lambda tx: inbox.first_time(tx, "T1:Ev1", clock())))

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [False] * 5 + [True]


def test_a_delivery_whose_work_failed_counts_as_new_again(store, clock):
    """Known only with the commit of what it caused: else the redelivery would be dropped."""

    def fail(tx):
        assert inbox.first_time(tx, "T1:Ev1", clock())
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        store.transact(fail)

    assert store.transact(lambda tx: inbox.first_time(tx, "T1:Ev1", clock())) is True


def test_the_audit_trail_tells_a_bookings_story_in_order(store, clock):
    def note(who, what):
        store.transact(lambda tx: audit.note(tx, team_id="T1", who=who, what=what, now=clock(), booking_id="b1"))
        return clock.advance(minutes=1)

    began = clock()
    note("U1", {"did": "booked", "overrides": ["Priya Nair: busy"]})
    note("customer", {"did": "cancelled"})

    assert store.read(lambda tx: audit.of_booking(tx, "T1", "b1")) == (
        audit.Entry("U1", began, {"did": "booked", "overrides": ["Priya Nair: busy"]}),
        audit.Entry("customer", began + timedelta(minutes=1), {"did": "cancelled"}),
    )


def test_installations_are_found_by_their_whole_key(store, clock):
    keys = [(None, "T1", None), (None, "T1", "U1"), ("E1", "T1", None), ("E1", None, None)]
    for enterprise, team, user in keys:
        store.transact(
            lambda tx, e=enterprise, t=team, u=user: installations.save(
                tx, enterprise_id=e, team_id=t, user_id=u, sealed=f"{e}/{t}/{u}", now=clock()
            )
        )

    def found():
        return [
            store.read(lambda tx, k=key: installations.find(tx, enterprise_id=k[0], team_id=k[1], user_id=k[2]))
            for key in keys
        ]

    before = found()
    store.transact(lambda tx: installations.delete_one(tx, enterprise_id=None, team_id="T1", user_id="U1"))
    without_user = found()
    counts = store.transact(lambda tx: installations.delete_all(tx, enterprise_id=None, team_id="T1"))

    assert before == ["None/T1/None", "None/T1/U1", "E1/T1/None", "E1/None/None"]
    assert without_user == ["None/T1/None", None, "E1/T1/None", "E1/None/None"]
    assert (counts, found()) == (1, [None, None, "E1/T1/None", "E1/None/None"])


def test_a_newer_installation_replaces_the_older(store, clock):
    for sealed in ("old", "new"):
        store.transact(
            lambda tx, s=sealed: installations.save(tx, enterprise_id=None, team_id="T1", sealed=s, now=clock())
        )

    assert store.read(lambda tx: installations.find(tx, enterprise_id=None, team_id="T1")) == "new"


def test_what_has_outlived_its_use_is_thrown_away_and_the_rest_kept(store, clock, token):
    begun = clock()
    span = Interval(begun + timedelta(hours=1), begun + timedelta(hours=2))

    def fill(tx):
        inbox.first_time(tx, "old delivery", begun)
        drafts.add(tx, Draft("d1", "T1", "U1", 0, DraftState.OPEN, Screen.WHO, Form()))
        claims.confirm(
            tx, team_id="T1", draft_id="d1", booking_id="b1", resources={"U1": "Dana"}, interval=span, now=begun
        )
        claims.release_booking(tx, "T1", "b1")
        for key in ("done", "waiting"):
            enqueue(tx, team_id="T1", kind="letter", key=key, payload={"to": "buyer@acme.example"}, now=begun)
        (task, _) = tasks.claim(tx, "T1", ["letter"], now=begun, lease=timedelta(seconds=-1), limit=2)
        tasks.end(tx, task, "done", begun)

    store.transact(fill)

    def left(after):
        clock.set(begun + after)
        store.transact(lambda tx: retention.purge(tx, clock()))
        store.transact(lambda tx: retention.purge(tx, clock()))
        counts = {}
        for table in ("inbox", "connect_link", "draft", "slot_claim", "outbox_task"):
            counts[table] = store.read(lambda tx, t=table: tx.exec(text(f"SELECT count(*) FROM {t}")).scalar_one())
        named = text("SELECT count(*) FROM outbox_task WHERE CAST(payload AS TEXT) LIKE '%buyer%'")
        return counts | {"named": store.read(lambda tx: tx.exec(named).scalar_one())}

    whole = {"inbox": 1, "connect_link": 1, "draft": 1, "slot_claim": 1, "outbox_task": 2, "named": 2}
    assert left(timedelta(days=1)) == whole
    assert left(timedelta(days=8)) == whole | {"inbox": 0, "connect_link": 0, "named": 1}
    assert left(timedelta(days=40)) == dict.fromkeys(whole, 0) | {"outbox_task": 1, "named": 1}
    with pytest.raises(DraftGone):
        store.read(lambda tx: drafts.get(tx, REP, "d1"))

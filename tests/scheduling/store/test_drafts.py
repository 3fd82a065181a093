"""Drafts: what the rep typed survives, and only the rep sees it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from scheduling.domain import ConferencingKind, Customer, Draft, DraftState, Form, Obstacle, ObstacleKind, Rep, Screen
from scheduling.errors import DraftGone
from scheduling.store import drafts

REP = Rep("T1", "U1")
FORM = Form(
    customer=Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago"),
    subject="'; DROP TABLE draft;-- \u0000 \u202e 👩‍👩‍👧 {{7*7}}",
    minutes=45,
    members=("U1", "U2"),
    description="line one\nline two",
    conferencing=ConferencingKind.CUSTOM,
    rooms=("blue",),
    week_of="2026-11-02",
    slot=datetime(2026, 11, 3, 9, 30, tzinfo=UTC),
    obstacles=("Priya Nair: busy",),
    shown=(Obstacle(ObstacleKind.BUSY, "U2", "Priya Nair"),),
    by_mail=False,
)


def draft(draft_id="d1", **more):
    facts = {"revision": 0, "state": DraftState.OPEN, "screen": Screen.WHO, "form": FORM} | more
    return Draft(id=draft_id, team_id="T1", user_id="U1", **facts)


@pytest.fixture
def added(store):
    def add(*new):
        for one in new:
            store.transact(lambda tx, one=one: drafts.add(tx, one))

    return add


def test_a_draft_comes_back_as_it_was(store, added, clock):
    first = draft(view_id="V1", held_until=clock() + timedelta(minutes=10))

    added(first)

    assert store.read(lambda tx: drafts.get(tx, REP, "d1")) == first


def test_instants_in_the_form_come_back_in_the_one_utc(store, added):
    added(draft())

    slot = store.read(lambda tx: drafts.get(tx, REP, "d1")).form.slot

    assert slot.tzinfo is UTC


def test_every_save_raises_the_revision_even_from_an_old_copy(store, added):
    added(draft())
    copy = store.read(lambda tx: drafts.get(tx, REP, "d1"))

    saved = [
        store.transact(lambda tx, s=s: drafts.save(tx, replace(copy, screen=s))) for s in (Screen.DETAILS, Screen.TIMES)
    ]

    assert [(one.revision, one.screen) for one in saved] == [(1, Screen.DETAILS), (2, Screen.TIMES)]
    assert store.read(lambda tx: drafts.get(tx, REP, "d1")) == saved[1]


@pytest.mark.parametrize("other", [Rep("T1", "U2"), Rep("T2", "U1"), Rep("", "")])
def test_other_peoples_drafts_do_not_exist(store, added, other):
    added(draft())

    for ask in (
        lambda tx: drafts.get(tx, other, "d1"),
        lambda tx: drafts.lock(tx, other, "d1"),
        lambda tx: drafts.save(tx, replace(draft(), team_id=other.team_id, user_id=other.user_id)),
        lambda tx: drafts.set_problem(tx, other, "d1", {}),
    ):
        with pytest.raises(DraftGone):
            store.transact(ask)


def test_an_unknown_and_a_closed_draft_are_gone(store, added):
    added(draft(state=DraftState.CLOSED))

    for draft_id in ("d1", "unknown"):
        with pytest.raises(DraftGone):
            store.read(lambda tx, i=draft_id: drafts.get(tx, REP, i))


def open_ones(store, since, rep=REP):
    return [d.id for d in store.read(lambda tx: drafts.open_since(tx, rep, since))]


def test_open_drafts_come_with_the_one_touched_last_first(store, added, clock):
    began = clock()
    for draft_id, state in (("d1", DraftState.OPEN), ("d2", DraftState.OPEN), ("d3", DraftState.BOOKED)):
        added(draft(draft_id, state=state))
        clock.advance(minutes=1)
    before = open_ones(store, began)
    store.transact(lambda tx: drafts.save(tx, draft("d1")))

    assert before == ["d2", "d1"]
    assert open_ones(store, began) == ["d1", "d2"]
    assert open_ones(store, clock() - timedelta(seconds=1)) == ["d1"]
    assert open_ones(store, began, Rep("T1", "U2")) == []


def test_submissions_are_counted_and_each_begins_without_a_problem(store, added, clock):
    added(draft())
    first = store.transact(lambda tx: drafts.mark_submitted(tx, draft(), clock()))
    store.transact(lambda tx: drafts.set_problem(tx, REP, "d1", {"code": "taken", "who": ["Dana Reyes"]}))
    problem = store.read(lambda tx: drafts.problem(tx, REP, "d1"))
    later = clock.advance(minutes=1)

    second = store.transact(lambda tx: drafts.mark_submitted(tx, draft(), later))

    assert (first, second, problem) == (1, 2, {"code": "taken", "who": ["Dana Reyes"]})
    assert store.read(lambda tx: drafts.problem(tx, REP, "d1")) is None
    assert store.read(lambda tx: drafts.submission(tx, REP, "d1")) == drafts.Submission(2, later)
    assert store.read(lambda tx: drafts.get(tx, REP, "d1")).state == DraftState.SUBMITTED


def test_stored_fields_that_this_program_does_not_know_are_ignored(store, added):
    """A newer program wrote the draft; this one may still be running beside it."""
    added(draft(form=Form(subject="Pricing call")))
    store.transact(
        lambda tx: tx.exec(text("""UPDATE draft SET form = '{"subject": "Pricing call", "mood": "sunny"}'"""))
    )

    assert store.read(lambda tx: drafts.get(tx, REP, "d1")).form == Form(subject="Pricing call")


def test_who_locks_a_draft_is_waited_for(store, added):
    """Two double clicks count one after the other; neither is lost."""
    added(draft())

    def press():
        def count(tx):
            held = drafts.lock(tx, REP, "d1")
            minutes = held.form.minutes + 1
            drafts.save(tx, replace(held, form=held.form.model_copy(update={"minutes": minutes})))

        for _ in range(5):
            store.transact(count)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    after = store.read(lambda tx: drafts.get(tx, REP, "d1"))
    assert (after.form.minutes, after.revision) == (45 + 20, 20)


def test_old_drafts_are_purged_of_one_team_or_of_all(store, added, clock):
    added(draft("d1"), replace(draft("d2"), team_id="T2"))
    later = clock.advance(days=31)
    added(draft("d3"))

    counts = [
        store.transact(lambda tx: drafts.purge(tx, older_than=later - timedelta(days=30), team_id="T2")),
        store.transact(lambda tx: drafts.purge(tx, older_than=later - timedelta(days=30))),
    ]

    assert counts == [1, 1]
    assert open_ones(store, later - timedelta(days=99)) == ["d3"]

"""An outbox whose handlers keep a diary, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from scheduling.outbox import Done, Kind, Outbox, enqueue


class Diary:
    """What the handlers and callbacks did, in order."""

    def __init__(self):
        self.lines = []
        self.results = {}

    def run(self, task):
        self.lines.append(("run", task.key, task.attempts))
        result = self.results.get(task.key, [Done()])
        outcome = result.pop(0) if len(result) > 1 else result[0]
        if callable(outcome):
            return outcome(task)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def note(self, what):
        return lambda _tx, task, error: self.lines.append((what, task.key, error.code))


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture
def kind(diary):
    return {
        "name": "letter",
        "run": diary.run,
        "give_up": diary.note("gave up"),
        "retried": diary.note("retried"),
        "parked": diary.note("parked"),
        "parks_on": lambda task, _error: task.payload.get("connection"),
        "max_attempts": 3,
    }


@pytest.fixture
def outboxes(store, clock):
    """Makes outboxes that end with the test."""
    made = []

    def make(*kinds, **settings):
        outbox = Outbox(
            store, [Kind(**k) for k in kinds], clock, **{"backoff": lambda n: timedelta(minutes=n)} | settings
        )
        made.append(outbox)
        return outbox

    yield make
    for outbox in made:
        outbox.stop(timeout=5)


@pytest.fixture
def outbox(outboxes, kind):
    return outboxes(kind)


@pytest.fixture
def queue(store, clock):
    def queue(key, *, team_id="T1", kind="letter", payload=None, **more):
        return store.transact(
            lambda tx: enqueue(tx, team_id=team_id, kind=kind, key=key, payload=payload or {}, now=clock(), **more)
        )

    return queue


@pytest.fixture
def rows(store):
    """`rows("state", "attempts")`: these columns of every task, by key."""

    def rows(*columns):
        query = text(f"SELECT key, {', '.join(columns)} FROM outbox_task ORDER BY key")
        return store.read(lambda tx: [tuple(row) for row in tx.exec(query)])

    return rows

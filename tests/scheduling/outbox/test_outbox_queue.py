"""Queueing: what is committed is run once, what is rolled back never, and what becomes visible of it."""

from datetime import timedelta

import pytest
from sqlalchemy import event, text

from scheduling.errors import AuthExpired, OutsideError, Refused
from scheduling.outbox import Done, enqueue
from scheduling.store import tasks

LEASE = timedelta(seconds=0.4)


def test_what_was_queued_is_run_once(outbox, queue, diary, rows):
    queue("a")

    counts = [outbox.drain_once(), outbox.drain_once()]

    assert counts == [1, 0]
    assert diary.lines == [("run", "a", 1)]
    assert rows("state", "attempts", "lease_token") == [("a", "done", 1, None)]


def test_one_key_is_one_task_for_ever(outbox, queue, diary):
    first = [queue("a"), queue("a")]
    outbox.drain_once()
    later = queue("a")
    outbox.drain_once()

    assert (first, later) == ([True, False], False)
    assert diary.lines == [("run", "a", 1)]


def test_the_same_key_in_another_team_is_another_task(outbox, queue, diary):
    assert (queue("a"), queue("a", team_id="T2")) == (True, True)

    assert outbox.drain_once() == 2


def test_what_was_rolled_back_is_never_run(outbox, store, clock, diary):
    def fail_after_queueing(tx):
        enqueue(tx, team_id="T1", kind="letter", key="a", payload={}, now=clock())
        raise ValueError("no booking after all")

    with pytest.raises(ValueError, match="no booking"):
        store.transact(fail_after_queueing)

    assert (outbox.drain_once(), diary.lines) == (0, [])


def test_the_handler_gets_what_was_queued(outbox, queue, diary, clock):
    seen = []
    diary.results["a"] = [lambda task: seen.append(task) or Done()]
    queue("a", payload={"to": "buyer@acme.example"}, booking_id="b1", draft_id="d1")

    outbox.drain_once()

    (task,) = seen
    assert (task.team_id, task.kind, task.payload, task.booking_id, task.draft_id, task.run_after) == (
        "T1",
        "letter",
        {"to": "buyer@acme.example"},
        "b1",
        "d1",
        clock(),
    )


def test_a_task_waits_for_its_time(outbox, queue, clock):
    queue("reminder", run_after=clock() + timedelta(hours=1))

    early = outbox.drain_once()
    clock.advance(hours=1)

    assert (early, outbox.drain_once()) == (0, 1)


def test_only_one_sync_of_a_booking_lives_at_a_time(outboxes, kind, queue):
    outbox = outboxes(kind | {"name": "sync_event"})
    queued = [
        queue("b1:1", kind="sync_event", booking_id="b1"),
        queue("b1:2", kind="sync_event", booking_id="b1"),
        queue("b2:1", kind="sync_event", booking_id="b2"),
        queue("b1:mail", booking_id="b1"),
    ]
    outbox.drain_once()

    assert queued == [True, False, True, True]
    assert queue("b1:2", kind="sync_event", booking_id="b1") is True


def test_a_sync_that_ends_may_queue_the_next_in_the_same_transaction(outboxes, kind, queue, clock, diary, rows):
    outbox = outboxes(kind | {"name": "sync_event"})

    def queue_next(tx):
        enqueue(tx, team_id="T1", kind="sync_event", key="b1:2", payload={}, now=clock(), booking_id="b1")

    diary.results["b1:1"] = [Done(queue_next)]
    queue("b1:1", kind="sync_event", booking_id="b1")

    assert outbox.run_until_idle() == 2
    assert rows("state") == [("b1:1", "done"), ("b1:2", "done")]


def test_work_of_an_unknown_kind_is_left_for_a_newer_program(outbox, queue, rows):
    queue("a", kind="invented_later")

    assert outbox.run_until_idle() == 0
    assert rows("state", "attempts") == [("a", "ready", 0)]


def test_the_backlog_tells_what_waits_and_what_is_stuck(outbox, store, queue, diary, clock):
    diary.results["dead"] = [Refused("quota")]
    diary.results["parked"] = [AuthExpired("revoked")]
    queue("dead")
    queue("parked", payload={"connection": "c1"})
    outbox.drain_once()
    since = clock()
    queue("one")
    clock.advance(minutes=1)
    queue("two")
    queue("later", run_after=clock() + timedelta(days=1))

    backlog = store.read(lambda tx: tasks.backlog(tx, clock()))

    assert backlog == {"letter": tasks.Backlog(ready=2, oldest=since, parked=1, dead=1)}


def test_errors_are_kept_as_codes_only(outbox, queue, diary, rows):
    diary.results["a"] = [OutsideError("smtp_550")]
    queue("a", payload={"to": "buyer@acme.example"})

    outbox.drain_once()

    assert rows("last_error") == [("a", "smtp_550")]


def test_looking_for_work_reads_the_small_index_however_much_is_done(store, clock, engine):
    """The index holds ready tasks only. PostgreSQL's idea of the table is left as old as after a burst of queueing."""
    fill = (
        "WITH RECURSIVE n(i) AS (SELECT CAST(:a AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < :b)"
        " INSERT INTO outbox_task (id, team_id, kind, key, payload, state, run_after, attempts, created_at)"
        " SELECT 'id' || i, 'T' || (i % 50), 'letter', 'key' || i, '{}', :s, :t, 0, :t FROM n"
    )
    moment = clock() if engine == "postgres" else clock().strftime("%Y-%m-%d %H:%M:%S.%f")
    store.transact(lambda tx: tx.exec(text(fill), params={"a": 1, "b": 20_000, "s": "done", "t": moment}))
    store.transact(lambda tx: tx.exec(text("ANALYZE")))
    store.transact(lambda tx: tx.exec(text(fill), params={"a": 20_001, "b": 21_000, "s": "ready", "t": moment}))
    statements = []
    event.listen(store._write, "before_cursor_execute", lambda *call: statements.append((call[2], call[3])))

    teams = store.transact(lambda tx: tasks.due_teams(tx, clock()))
    store.transact(lambda tx: tasks.claim(tx, "T1", ["letter"], now=clock(), lease=LEASE, limit=8))

    explain = "EXPLAIN " if engine == "postgres" else "EXPLAIN QUERY PLAN "
    with store._write.connect() as connection:
        plans = [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, values))
            for statement, values in tuple(statements)
            if "outbox_task" in statement
        ]
    assert len(teams) == 50
    assert len(plans) == 2
    assert [plan for plan in plans if "task_ready" not in plan] == []
    assert [plan for plan in plans if "Seq Scan on outbox_task" in plan or "one_task_per_key" in plan] == []

"""What becomes of a task: done, tried again, parked until somebody helps, or given up loudly."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from scheduling.errors import AuthExpired, RateLimited, Refused, Unavailable
from scheduling.outbox import Again, Done, enqueue
from scheduling.outbox.waits import full_jitter
from scheduling.store import inbox


def test_the_end_and_its_consequences_are_one_commit(outbox, store, queue, diary, rows, clock):
    def fail(tx):
        inbox.first_time(tx, "seen", clock())
        raise RuntimeError("after half of it")

    diary.results["a"] = [Done(fail), Done(lambda tx: inbox.first_time(tx, "whole", clock()) or None)]
    queue("a")

    outbox.drain_once()
    after_failure = store.read(lambda tx: tx.exec(text("SELECT key FROM inbox")).all())
    clock.advance(minutes=5)
    outbox.drain_once()

    assert after_failure == []
    assert store.read(lambda tx: [tuple(r) for r in tx.exec(text("SELECT key FROM inbox"))]) == [("whole",)]
    assert rows("state") == [("a", "done")]


def test_again_comes_back_without_using_an_attempt_up(outbox, queue, diary, clock):
    diary.results["a"] = [Again(timedelta(seconds=30))] * 9 + [Done()]
    queue("a")

    ran = outbox.run_until_idle(advance=clock.set)

    assert (ran, diary.lines) == (10, [("run", "a", 1)] * 10)


def test_a_passing_failure_is_tried_again_with_growing_waits(outbox, queue, diary, clock, rows):
    diary.results["a"] = [Unavailable("http_503"), Unavailable("http_502"), Done()]
    queue("a")
    start = clock()

    outbox.run_until_idle(advance=clock.set)

    assert diary.lines == [
        ("run", "a", 1),
        ("retried", "a", "http_503"),
        ("run", "a", 2),
        ("retried", "a", "http_502"),
        ("run", "a", 3),
    ]
    assert clock() - start == timedelta(minutes=1 + 2)
    assert rows("state", "last_error") == [("a", "done", None)]


def test_attempts_come_to_an_end_and_somebody_is_told(outbox, queue, diary, clock, rows):
    diary.results["a"] = [Unavailable("http_503")]
    queue("a")

    outbox.run_until_idle(advance=clock.set)

    assert diary.lines[-2:] == [("run", "a", 3), ("gave up", "a", "http_503")]
    assert rows("state", "attempts", "last_error") == [("a", "dead", 3, "http_503")]


def test_a_final_refusal_is_not_tried_again(outbox, queue, diary, rows):
    diary.results["a"] = [Refused("quota")]
    queue("a")

    outbox.run_until_idle()

    assert diary.lines == [("run", "a", 1), ("gave up", "a", "quota")]
    assert rows("state", "last_error") == [("a", "dead", "quota")]


def test_an_asked_for_pause_is_kept_and_costs_no_attempt(outbox, queue, diary, clock):
    diary.results["a"] = [RateLimited("http_429", retry_after=7)] * 5 + [Done()]
    queue("a")
    start = clock()

    outbox.run_until_idle(advance=clock.set)

    assert diary.lines[-1] == ("run", "a", 1)
    assert clock() - start == timedelta(seconds=5 * 7)


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        pytest.param(999_999, timedelta(minutes=15), id="nobody waits for days"),
        pytest.param(float("inf"), timedelta(minutes=15), id="nor for ever"),
        pytest.param(0, timedelta(seconds=1), id="never at once"),
        pytest.param(-5, timedelta(seconds=1), id="nor in the past"),
        pytest.param(None, timedelta(minutes=1), id="no pause named: the own backoff"),
    ],
)
def test_pauses_have_bounds(outbox, queue, diary, clock, asked, waited):
    diary.results["a"] = [RateLimited("http_429", retry_after=asked), Done()]
    queue("a")
    start = clock()

    outbox.run_until_idle(advance=clock.set)

    assert clock() - start == waited


def test_a_bug_in_a_handler_is_a_failure_like_others_and_leaks_nothing(outbox, queue, diary, rows, caplog):
    diary.results["a"] = [KeyError("buyer@acme.example"), Done()]
    queue("a", payload={"to": "buyer@acme.example"})

    outbox.drain_once()

    assert diary.lines == [("run", "a", 1), ("retried", "a", "bug:KeyError")]
    assert rows("state", "last_error") == [("a", "ready", "bug:KeyError")]
    assert ("KeyError" in caplog.text, "buyer@acme.example" in caplog.text) == (True, False)


def test_a_bug_in_a_callback_does_not_keep_the_task_alive(outboxes, kind, queue, diary, rows):
    def broken(*_):
        raise ZeroDivisionError

    outbox = outboxes(kind | {"give_up": broken})
    diary.results["a"] = [Refused("quota")]
    queue("a")

    outbox.run_until_idle()

    assert rows("state", "last_error") == [("a", "dead", "quota")]


def test_giving_up_and_telling_are_one_commit(outboxes, kind, queue, diary, store, clock):
    def tell(tx, task, error):
        enqueue(tx, team_id=task.team_id, kind="letter", key=f"sorry:{error.code}", payload={}, now=clock())

    outbox = outboxes(kind | {"give_up": tell})
    diary.results["a"] = [Refused("quota")]
    queue("a")

    outbox.run_until_idle()

    assert [line[:2] for line in diary.lines] == [("run", "a"), ("run", "sorry:quota")]


def test_nothing_is_tried_again_after_it_expired(outboxes, kind, queue, diary, clock):
    meeting = clock() + timedelta(minutes=4)
    outbox = outboxes(kind | {"expires_at": lambda _task: meeting, "max_attempts": 99})
    diary.results["a"] = [Unavailable("http_503")]
    queue("a")
    times = []
    diary.results["a"] = [lambda _task: times.append(clock()) or raise_(Unavailable("http_503"))]

    outbox.run_until_idle(advance=clock.set)

    assert diary.lines[-1] == ("gave up", "a", "http_503")
    assert len(times) > 3
    assert max(times) < meeting


def test_a_retry_that_a_stopped_process_slept_through_is_given_up(outboxes, kind, queue, diary, clock):
    meeting = clock() + timedelta(minutes=30)
    outbox = outboxes(kind | {"expires_at": lambda _task: meeting})
    diary.results["a"] = [Unavailable("http_503")]
    queue("a")

    outbox.drain_once()
    clock.advance(hours=3)
    outbox.drain_once()

    assert diary.lines == [("run", "a", 1), ("retried", "a", "http_503"), ("gave up", "a", "expired")]


def test_who_only_ever_asks_us_to_come_later_is_listened_to_for_a_day(outbox, queue, diary, clock, rows):
    diary.results["a"] = [RateLimited("http_429", retry_after=999_999)]
    queue("a")
    start = clock()

    outbox.run_until_idle(advance=clock.set)

    assert (diary.lines[-1], clock() - start) == (("gave up", "a", "http_429"), timedelta(days=1))
    assert len([line for line in diary.lines if line[0] == "run"]) == 1 + 24 * 4
    assert rows("state", "last_error") == [("a", "dead", "http_429")]


def test_the_day_begins_with_the_first_refusal_and_again_after_a_success(outbox, queue, diary, clock):
    busy = RateLimited("http_429", retry_after=900)
    diary.results["a"] = [*[busy] * 90, Again(timedelta(seconds=3)), *[busy] * 90, Done()]
    queue("a", run_after=clock() + timedelta(days=3))

    outbox.run_until_idle(advance=clock.set)

    assert diary.lines[-2:] == [("retried", "a", "http_429"), ("run", "a", 1)]


def raise_(error):
    raise error


def test_backoff_is_spread_between_five_seconds_and_an_hour():
    waits = {n: [full_jitter(n).total_seconds() for _ in range(300)] for n in (1, 3, 12)}

    assert {n: (min(w) >= 5, max(w) <= min(3600, 5 * 3**n)) for n, w in waits.items()} == dict.fromkeys(
        waits, (True, True)
    )
    assert all(max(w) - min(w) > 5 for w in waits.values())


def test_a_dead_grant_parks_the_work_until_the_calendar_is_connected_again(outbox, store, queue, diary, clock, rows):
    diary.results["a"] = [AuthExpired("invalid_grant"), Done()]
    diary.results["b"] = [AuthExpired("invalid_grant"), Done()]
    queue("a", payload={"connection": "c1"})
    queue("b", payload={"connection": "c2"})

    outbox.run_until_idle(advance=clock.set)
    parked = rows("state", "parked_on", "last_error", "attempts")
    resumed = store.transact(lambda tx: outbox.resume(tx, "c1"))
    outbox.run_until_idle()

    assert parked == [("a", "parked", "c1", "invalid_grant", 0), ("b", "parked", "c2", "invalid_grant", 0)]
    assert resumed == 1
    assert rows("state", "parked_on") == [("a", "done", None), ("b", "parked", "c2")]
    assert sorted(diary.lines) == [
        ("parked", "a", "invalid_grant"),
        ("parked", "b", "invalid_grant"),
        ("run", "a", 1),
        ("run", "a", 1),
        ("run", "b", 1),
    ]


def test_a_dead_grant_that_nobody_can_renew_is_final(outbox, queue, diary):
    diary.results["a"] = [AuthExpired("invalid_grant")]
    queue("a")

    outbox.run_until_idle()

    assert diary.lines == [("run", "a", 1), ("gave up", "a", "invalid_grant")]


@pytest.mark.parametrize(
    ("expires", "waits"),
    [
        pytest.param(timedelta(hours=2), timedelta(hours=2), id="until it expires"),
        pytest.param(None, timedelta(days=30), id="for a month, where nothing expires"),
    ],
)
def test_parked_work_that_nobody_resumes_comes_to_an_end(outboxes, kind, queue, diary, clock, rows, expires, waits):
    expires_at = clock() + expires if expires else None
    outbox = outboxes(kind | {"expires_at": lambda _task: expires_at})
    diary.results["a"] = [AuthExpired("invalid_grant")]
    queue("a", payload={"connection": "c1"})
    outbox.run_until_idle()

    clock.advance(seconds=waits.total_seconds() - 1)
    outbox.expire()
    before = (outbox.run_until_idle(), rows("state"))
    clock.advance(seconds=1)
    outbox.expire()
    outbox.run_until_idle()

    assert before == (0, [("a", "parked")])
    assert rows("state") == [("a", "dead")]
    assert [line[0] for line in diary.lines].count("parked") == 1
    assert diary.lines[-1] in [("gave up", "a", "expired"), ("gave up", "a", "invalid_grant")]


def test_a_calendar_connected_again_after_the_meeting_makes_no_event(outboxes, kind, queue, diary, store, clock):
    meeting = clock() + timedelta(hours=2)
    outbox = outboxes(kind | {"expires_at": lambda _task: meeting})
    diary.results["a"] = [AuthExpired("invalid_grant"), Done()]
    queue("a", payload={"connection": "c1"})
    outbox.run_until_idle()

    clock.advance(hours=3)
    store.transact(lambda tx: outbox.resume(tx, "c1"))
    outbox.run_until_idle()

    assert diary.lines == [("run", "a", 1), ("parked", "a", "invalid_grant"), ("gave up", "a", "expired")]


def test_a_parked_sync_is_still_the_bookings_only_one(outboxes, kind, queue, diary):
    outbox = outboxes(kind | {"name": "sync_event"})
    diary.results["b1:1"] = [AuthExpired("invalid_grant")]
    queue("b1:1", kind="sync_event", booking_id="b1", payload={"connection": "c1"})
    outbox.run_until_idle()

    assert queue("b1:2", kind="sync_event", booking_id="b1") is False

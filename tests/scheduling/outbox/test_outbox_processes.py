"""Processes: the outbox runs by itself, stops in good order, and survives being killed."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from scheduling.clock import utc_now
from scheduling.errors import SlotTaken
from scheduling.outbox import Done, Kind, Outbox, enqueue
from scheduling.store import claims

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(__file__).parents[3]


def until(fact, seconds=20.0):
    """Wait for `fact()`; returns its value, or fails."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := fact():
            return value
        time.sleep(0.01)
    pytest.fail(f"{fact} did not come true in {seconds} s")


@pytest.fixture
def workers(engine_url, tmp_path):
    """Starts worker processes; whatever still runs at the end is killed."""
    running = []

    def start(lease=1.0, work=0.0):
        command = [sys.executable, str(WORKER), engine_url, str(tmp_path), str(lease), str(work)]
        worker = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
        running.append(worker)
        until((tmp_path / f"{worker.pid}.ready").exists)
        return worker

    yield start
    for worker in running:
        worker.kill()
        worker.wait()


@pytest.fixture
def effects(tmp_path):
    """How often the effect of each key happened."""
    log = tmp_path / "effects.log"
    return lambda: Counter(log.read_text().split()) if log.exists() else Counter()


@pytest.fixture
def queue_now(store):
    """Queue by the real clock, which the worker processes live by."""

    def queue(key, **more):
        store.transact(lambda tx: enqueue(tx, team_id="T1", kind="letter", key=key, payload={}, now=utc_now(), **more))

    return queue


def test_work_of_a_killed_process_is_done_by_another_after_the_lease(workers, effects, queue_now, rows):
    killed = workers(lease=1.0, work=60)
    queue_now("a")
    until(lambda: effects()["a"] == 1)

    killed.kill()
    killed.wait()
    workers(lease=1.0)

    until(lambda: rows("state") == [("a", "done")])
    assert effects() == {"a": 2}
    assert rows("attempts") == [("a", 2)]


def test_work_that_outlasts_its_lease_stays_with_the_process_that_does_it(workers, effects, queue_now, rows):
    """The lease is renewed while the handler runs: the second process finds nothing to do."""
    workers(lease=2.0, work=5)
    queue_now("a")
    until(lambda: effects()["a"] == 1)

    workers(lease=2.0, work=5)

    until(lambda: rows("state") == [("a", "done")])
    assert effects() == {"a": 1}
    assert rows("attempts") == [("a", 1)]


def test_nothing_is_lost_while_processes_are_killed_at_random(workers, effects, queue_now, rows):
    """Two workers of two threads each, killed five times in mid-work; a repeat for each task in flight is allowed."""
    chance = random.Random(7)
    keys = [f"{n:02}" for n in range(40)]
    for key in keys:
        queue_now(key)
    alive = [workers(lease=0.7, work=0.05) for _ in range(2)]

    for _ in range(5):
        time.sleep(chance.uniform(0.05, 0.15))
        victim = alive.pop(0)
        victim.kill()
        victim.wait()
        alive.append(workers(lease=0.7, work=0.05))

    until(lambda: {state for _, state in rows("state")} == {"done"}, seconds=40)
    assert set(effects()) == set(keys)
    assert sum(effects().values()) <= len(keys) + 5 * 2


def test_a_process_that_is_asked_to_stop_finishes_what_it_began(workers, effects, queue_now, rows):
    worker = workers(lease=60, work=0.5)
    queue_now("a")
    until(lambda: effects()["a"] == 1)

    worker.terminate()

    assert worker.wait(20) == 0
    assert rows("state", "attempts", "lease_token") == [("a", "done", 1, None)]


def test_a_poke_runs_new_work_at_once(outbox, queue, diary):
    outbox.start()
    time.sleep(0.05)
    began = time.monotonic()

    queue("a")
    outbox.poke()
    until(lambda: diary.lines)

    assert time.monotonic() - began < 0.8  # the tick alone would take up to a second


def test_without_a_poke_the_tick_finds_it(outbox, queue, diary):
    outbox.start()

    queue("a")

    until(lambda: diary.lines == [("run", "a", 1)], seconds=5)


def test_a_backlog_does_not_wait_for_ticks(outbox, queue, diary, rows):
    """Each task that ends makes room for the next: 100 tasks take no 100 / 8 seconds."""
    for n in range(100):
        queue(f"{n:03}")
    began = time.monotonic()

    outbox.start()
    until(lambda: {state for _, state in rows("state")} == {"done"})

    assert time.monotonic() - began < 8
    assert len(diary.lines) == 100


def test_the_tick_goes_on_when_the_database_does_not_answer(outbox, store, queue, diary):
    """APScheduler's own store ended the scheduler's thread on such an error, silently."""
    failing = threading.Event()
    failing.set()

    @event.listens_for(store._read, "before_cursor_execute")
    def refuse(*_):
        if failing.is_set():
            raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    queue("a")
    outbox.start()
    time.sleep(1.5)
    age_while_failing = outbox.tick_age()
    ran_while_failing = list(diary.lines)
    failing.clear()

    until(lambda: diary.lines == [("run", "a", 1)], seconds=5)
    assert (ran_while_failing, age_while_failing < 1.5) == ([], True)


def test_the_tick_shows_its_age_when_it_is_gone(outbox):
    outbox.start()
    time.sleep(0.1)
    outbox.stop()
    time.sleep(0.3)

    assert outbox.tick_age() > 0.25


def test_a_handler_that_does_not_finish_gives_its_lease_back(outboxes, kind, queue, diary, rows):
    stuck = threading.Event()
    diary.results["a"] = [lambda _task: stuck.wait(30) and Done()]
    outbox = outboxes(kind)
    queue("a")
    outbox.start()
    until(lambda: diary.lines)

    finished = outbox.stop(timeout=0.2)
    given_back = rows("state", "attempts", "lease_token", "lease_until")
    stuck.set()
    until(lambda: not outbox._running)

    assert finished is False
    assert given_back == [("a", "ready", 0, None, None)]
    assert rows("state") == [("a", "ready")]


def test_a_stopped_outbox_takes_no_more_work(outbox, queue, diary):
    outbox.start()
    outbox.stop()

    queue("a")

    assert (outbox.drain_once(), diary.lines) == (0, [])


def test_expired_holds_end_by_themselves(store, clock, rows):
    """The job of every thirty seconds, called once."""
    from scheduling.domain import Interval

    span = Interval(clock() + timedelta(hours=1), clock() + timedelta(hours=2))

    def hold(tx):
        claims.hold(
            tx,
            team_id="T1",
            draft_id="d1",
            resources={"U1": "Dana Reyes"},
            interval=span,
            expires_at=clock() + timedelta(minutes=10),
            now=clock(),
        )

    store.transact(hold)
    with pytest.raises(SlotTaken):
        store.transact(
            lambda tx: claims.hold(
                tx,
                team_id="T1",
                draft_id="d2",
                resources={"U1": "Dana Reyes"},
                interval=span,
                expires_at=clock() + timedelta(minutes=10),
                now=clock(),
            )
        )
    clock.advance(minutes=10)
    outbox = Outbox(store, [Kind("letter", lambda _: Done(), lambda *_: None)], clock)

    outbox.expire()
    outbox.stop()

    from sqlalchemy import text

    assert store.read(lambda tx: tx.exec(text("SELECT state FROM slot_claim")).all()) == [("released",)]


def test_other_jobs_tick_along(outbox):
    ticks = []

    outbox.every("count", timedelta(seconds=0.1), lambda: ticks.append(1))
    outbox.start()

    until(lambda: len(ticks) >= 3, seconds=5)

"""Leases and fairness: one worker per task, zombies fenced off, no team in another's way."""

import random
import threading
from datetime import timedelta

from sqlalchemy import text

from scheduling.errors import Refused
from scheduling.outbox import Done
from scheduling.store import inbox, tasks

LEASE = timedelta(seconds=0.4)


def test_a_leased_task_is_nobody_elses(outboxes, kind, queue, diary, store, clock):
    outbox = outboxes(kind)
    queue("a")

    first = claim(store, clock)
    others = [claim(store, clock), outbox.drain_once()]

    assert ([task.key for task in first], others) == (["a"], [(), 0])


def claim(store, clock, lease=timedelta(minutes=5), limit=5):
    return store.transact(lambda tx: tasks.claim(tx, "T1", ["letter"], now=clock(), lease=lease, limit=limit))


def test_a_worker_past_its_lease_is_fenced_off(outboxes, kind, queue, diary, store, clock, rows):
    """The zombie wakes up after somebody else has done the work: nothing of what it wants to write is written."""
    asleep, awake = threading.Event(), threading.Event()

    def oversleep(_task):
        asleep.set()
        awake.wait(30)
        return Done(lambda tx: inbox.first_time(tx, "zombie", clock()) or None)

    diary.results["a"] = [oversleep, Done(lambda tx: inbox.first_time(tx, "owner", clock()) or None)]
    zombie, owner = outboxes(kind, lease=LEASE), outboxes(kind)
    queue("a")

    round_ = threading.Thread(target=zombie.drain_once)
    round_.start()
    asleep.wait(30)
    while not owner.drain_once():
        awake.wait(0.05)
    awake.set()
    round_.join()

    assert store.read(lambda tx: [tuple(r) for r in tx.exec(text("SELECT key FROM inbox"))]) == [("owner",)]
    assert rows("state", "attempts") == [("a", "done", 2)]


def test_a_zombie_is_fenced_off_while_the_new_owner_still_works(queue, store, clock, rows):
    """Only the token tells them apart then: the task is ready and leased, though not to the zombie."""
    queue("a")
    (lost,) = claim(store, clock, lease=timedelta(seconds=-1))
    (held,) = claim(store, clock)

    endings = [
        store.transact(lambda tx: tasks.end(tx, lost, "done", clock())),
        store.transact(lambda tx: tasks.put_back(tx, lost, clock(), burnt=True)),
        store.transact(lambda tx: tasks.park(tx, lost, "c1", "auth", until=clock())),
    ]

    assert endings == [False, False, False]
    assert rows("state", "lease_token", "attempts") == [("a", "ready", held.lease_token, 2)]
    assert store.transact(lambda tx: tasks.end(tx, held, "done", clock())) is True
    assert store.transact(lambda tx: tasks.end(tx, held, "done", clock())) is False


def test_a_failing_zombie_changes_nothing_either(outboxes, kind, queue, diary, rows):
    asleep, awake = threading.Event(), threading.Event()

    def oversleep(_task):
        asleep.set()
        awake.wait(30)
        raise Refused("quota")

    diary.results["a"] = [oversleep, Done()]
    zombie, owner = outboxes(kind, lease=LEASE), outboxes(kind)
    queue("a")

    round_ = threading.Thread(target=zombie.drain_once)
    round_.start()
    asleep.wait(30)
    while not owner.drain_once():
        awake.wait(0.05)
    awake.set()
    round_.join()

    assert rows("state", "last_error") == [("a", "done", None)]
    assert [line for line in diary.lines if line[0] != "run"] == []


def test_a_task_that_kills_its_workers_is_given_up_unrun(outbox, queue, diary, store, clock, rows):
    """Three processes died with it; a fourth does not try."""
    queue("a")
    for _ in range(3):
        claim(store, clock, lease=timedelta(seconds=-1))

    outbox.drain_once()

    assert diary.lines == [("gave up", "a", "attempts")]
    assert rows("state", "last_error") == [("a", "dead", "attempts")]


def test_every_task_of_many_is_run_by_exactly_one_of_several_workers(outboxes, kind, queue, diary, rows):
    keys = [f"{n:03}" for n in range(60)]
    for key in keys:
        queue(key, team_id=f"T{random.Random(key).randint(1, 3)}")
    several = [outboxes(kind, workers=4) for _ in range(3)]

    threads = [threading.Thread(target=outbox.run_until_idle) for outbox in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    several[0].run_until_idle()  # one that found all due rows leased may have left early

    assert sorted(diary.lines) == [("run", key, 1) for key in keys]
    assert {state for _, state in rows("state")} == {"done"}


def test_a_noisy_team_takes_no_more_than_its_turn(outbox, queue, diary, clock):
    for n in range(40):
        queue(f"noisy-{n}", team_id="T1")
    clock.advance(seconds=1)
    queue("quiet-a", team_id="T2")
    queue("quiet-b", team_id="T3")

    outbox.drain_once()

    first_round = {key for _, key, _ in diary.lines}
    assert {"quiet-a", "quiet-b"} <= first_round


def test_slow_work_of_one_team_leaves_a_worker_for_others(outboxes, kind, queue, diary):
    release = threading.Event()
    for n in range(10):
        diary.results[f"slow-{n}"] = [lambda _task: release.wait(30) and Done()]
        queue(f"slow-{n}", team_id="T1")
    outbox = outboxes(kind, workers=4)
    slow = threading.Thread(target=outbox.drain_once)
    slow.start()
    while len(diary.lines) < 3:
        release.wait(0.01)
    queue("quick", team_id="T2")

    ran = outbox.drain_once()
    release.set()
    slow.join()

    assert ran == 1
    assert diary.lines[3] == ("run", "quick", 1)

"""Durable work: what a transaction queued is done at least once, by one worker at a time, or given up loudly.

A task is a row (`store.tasks`) that is claimed with a lease, run by the handler of its kind, and ended in one
transaction with what it brought about; a worker that lost its lease is fenced off there. APScheduler is only the clock.
Any number of processes may run this on one database. Knows kinds by name and nothing of what they do.
"""

import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor as JobExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from scheduling.clock import Clock
from scheduling.errors import OutsideError, RetryClass
from scheduling.outbox.kinds import Again, Done, Kind
from scheduling.outbox.waits import SHORTEST_WAIT, asked_for, full_jitter
from scheduling.store import Session, Store, backups, claims, retention, tasks
from scheduling.store.tasks import Task

log = logging.getLogger(__name__)

PARKED_FOR = timedelta(days=30)
"""How long work that never expires waits for a person."""

NEVER = datetime.max.replace(tzinfo=UTC)
TICK = timedelta(seconds=1)
"""How often we look for work when nobody pokes."""
LONGEST_RUN = 90.0
"""Seconds after which a handler counts as hung: its lease is renewed no more. Outside calls end within 25 s."""


class _Fenced(Exception):
    """The lease went to somebody else; nothing of this attempt may be written."""


class Outbox:
    """Claims due tasks, a fair share per team, and runs them on its own threads."""

    def __init__(
        self,
        store: Store,
        kinds: Iterable[Kind],
        clock: Clock,
        workers: int = 8,
        lease: timedelta = timedelta(seconds=20),
        backoff: Callable[[int], timedelta] = full_jitter,
    ) -> None:
        """`lease`: how long a killed process's work waits for another; it is renewed while the handler runs.

        One worker is kept free of any single team's work.
        """
        self._store = store
        self._kinds = {kind.name: kind for kind in kinds}
        self._clock = clock
        self._workers = workers
        self._share = max(1, workers - 1)
        self._lease = lease
        self._backoff = backoff
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="outbox")
        self._lock = threading.Lock()
        self._running: dict[str, Task] = {}
        self._begun: dict[str, float] = {}  # by task id, on the monotonic clock
        self._last_team = ""
        self._teams: tuple[str, ...] = ()
        self._hungry = True  # the last look did not fill all workers: look for other teams' work each time
        self._look_again = 0.0
        self._stopping = False
        self._wake = threading.Event()
        self._ticked = time.monotonic()
        self._drainer = threading.Thread(target=self._drain_when_woken, name="outbox-drain", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": JobExecutor(4)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(_log_job_error, EVENT_JOB_ERROR)

    # --- running by itself ---

    def start(self) -> None:
        """Begin to drain by itself, to end holds, throw away what is old, and copy a SQLite database every day."""
        self._drainer.start()
        self.every("drain", TICK, self.poke)
        self.every("renew_leases", self._lease / 4, self._renew_leases)
        self.every("expire", timedelta(seconds=30), self.expire)
        self.every("purge", timedelta(hours=1), self._purge)
        self.every("backup", timedelta(minutes=15), self._back_up)
        self._scheduler.start()

    def every(self, name: str, period: timedelta, job: Callable[[], None]) -> None:
        """Run `job` regularly from `start` on; it must be safe in several processes at once."""
        self._scheduler.add_job(job, "interval", seconds=period.total_seconds(), id=name, replace_existing=True)

    def poke(self) -> None:
        """Look for work now: call it right after a commit that queued some."""
        self._wake.set()

    def tick_age(self) -> float:
        """Seconds since the drain last woke; more than a few means that nothing is being done."""
        return time.monotonic() - self._ticked

    def stop(self, timeout: float = 25.0) -> bool:
        """Take no more work, let running tasks finish, give the leases of the rest back; whether all finished."""
        with self._lock:
            self._stopping = True
        self._wake.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._drainer.is_alive():
            self._drainer.join(timeout)
        give_up_at = time.monotonic() + timeout
        while self._running and time.monotonic() < give_up_at:
            time.sleep(0.01)
        with self._lock:
            left = tuple(self._running.values())
        if left:
            self._store.transact(lambda tx: tasks.release(tx, left))
            log.warning("outbox.released", extra={"tasks": [task.id for task in left]})
        self._pool.shutdown(wait=False, cancel_futures=True)
        return not left

    # --- one round at a time ---

    def drain_once(self) -> int:
        """Claim what is due, up to the free workers, run it and wait for it; how many tasks ran."""
        rounds = self._launch()
        wait(rounds)
        return len(rounds)

    def run_until_idle(self, advance: Callable[[datetime], None] | None = None, at_most: int = 1000) -> int:
        """Drain until nothing is due; how many tasks ran. Raises RuntimeError after `at_most` of them.

        With `advance`, a settable clock is moved on to the next task's time until no task waits at all.
        """
        ran = 0
        while ran < at_most:
            ran += (count := self.drain_once())
            if count:
                continue
            later = self._store.read(tasks.next_due) if advance else None
            if advance is None or later is None:
                return ran
            if later <= self._clock():  # due, yet leased by somebody else or of a kind not ours
                return ran
            advance(later)
        raise RuntimeError(f"still not idle after {ran} tasks")

    def resume(self, tx: Session, parked_on: str) -> int:
        """Make the tasks parked on this ready, in the caller's transaction; how many. Poke after the commit."""
        return tasks.resume(tx, parked_on, self._clock())

    # --- claiming ---

    def _drain_when_woken(self) -> None:
        until_due: float | None = None
        while not self._stopping:
            self._wake.wait(until_due)
            self._wake.clear()
            self._ticked = time.monotonic()
            try:
                self._launch()
                until_due = self._until_due()
            except Exception as error:
                _log_bug("outbox.drain_failed", error)

    def _until_due(self) -> float | None:
        """Seconds to the next task that is not due yet, where that is before the next tick."""
        now = self._clock()
        due = self._store.read(lambda tx: tasks.next_due(tx, now))
        return (due - now).total_seconds() if due is not None and due - now < TICK else None

    def _launch(self) -> "list[Future[None]]":
        with self._lock:
            free = self._workers - len(self._running)
            if self._stopping or free <= 0:
                return []
            claimed = self._claim(free)
            self._running |= {task.id: task for task in claimed}
            self._begun |= {task.id: time.monotonic() for task in claimed}
            return [self._pool.submit(self._attend, task) for task in claimed]

    def _claim(self, free: int) -> list[Task]:
        now = self._clock()
        if self._hungry or time.monotonic() > self._look_again:
            self._teams = self._store.read(lambda tx: tasks.due_teams(tx, now))
            self._look_again = time.monotonic() + 1.0
        teams = self._teams
        if not teams:
            return []
        order = [t for t in teams if t > self._last_team] + [t for t in teams if t <= self._last_team]
        busy = Counter(task.team_id for task in self._running.values())

        def claim_in_turn(tx: Session) -> list[Task]:
            claimed: list[Task] = []
            for place, team_id in enumerate(order):
                left = free - len(claimed)
                quota = min(-(-left // (len(order) - place)), self._share - busy[team_id])
                if quota > 0:
                    claimed += tasks.claim(tx, team_id, tuple(self._kinds), now=now, lease=self._lease, limit=quota)
            return claimed

        claimed = self._store.transact(claim_in_turn)
        self._hungry = len(claimed) < free
        if claimed:
            self._last_team = claimed[-1].team_id
        return claimed

    # --- running one task ---

    def _attend(self, task: Task) -> None:
        try:
            self._run(task, self._kinds[task.kind])
        except _Fenced:
            log.warning("outbox.fenced", extra={"task": task.id, "kind": task.kind})
        except Exception as error:
            _log_bug("outbox.not_recorded", error, task)
        finally:
            with self._lock:
                self._running.pop(task.id, None)
                self._begun.pop(task.id, None)
            self._wake.set()

    def _run(self, task: Task, kind: Kind) -> None:
        tried_before = task.attempts > 1 or task.failing_since is not None
        expired = tried_before and self._clock() >= (_expiry(task, kind) or NEVER)
        if expired or task.attempts > kind.max_attempts:  # its worker died time and again, or it was down too long
            self._give_up(task, kind, OutsideError("expired" if expired else "attempts"))
            return
        try:
            self._settle(task, kind.run(task))
        except _Fenced:
            raise
        except OutsideError as error:
            self._fail(task, kind, error)
        except Exception as error:
            _log_bug("outbox.handler_failed", error, task)
            self._fail(task, kind, OutsideError(f"bug:{type(error).__name__}"))

    def _settle(self, task: Task, result: Done | Again) -> None:
        now = self._clock()

        def settle(tx: Session) -> None:
            if isinstance(result, Done):
                _require(tasks.end(tx, task, "done", now))
            else:
                _require(tasks.put_back(tx, task, now + result.after, burnt=False))
            if result.commit is not None:
                result.commit(tx)

        self._store.transact(settle)

    def _fail(self, task: Task, kind: Kind, error: OutsideError) -> None:
        now = self._clock()
        since = task.failing_since or now
        match error.retry:
            case RetryClass.AUTH if (
                kind.parks_on
                and (parked_on := kind.parks_on(task, error))
                and now < (until := _expiry(task, kind) or since + PARKED_FOR)
            ):
                park = partial(tasks.park, task=task, parked_on=parked_on, until=until, failing_since=since)
                self._record(task, kind.parked, error, lambda tx: park(tx, error=error.code))
            case RetryClass.RETRY_AFTER:
                self._retry(task, kind, error, asked_for(error) or self._backoff(task.attempts), burnt=False)
            case RetryClass.TRANSIENT if task.attempts < kind.max_attempts:
                own = self._backoff(task.attempts)
                self._retry(task, kind, error, max(own, asked_for(error) or own), burnt=True)
            case _:
                self._give_up(task, kind, error)

    def _retry(self, task: Task, kind: Kind, error: OutsideError, after: timedelta, *, burnt: bool) -> None:
        now = self._clock()
        since = task.failing_since or now
        if error.retry is RetryClass.RETRY_AFTER and now + after > since + kind.patience:
            self._give_up(task, kind, error)
            return
        expires_at = _expiry(task, kind)
        if expires_at is not None and now + after >= expires_at:
            after = (expires_at - now) / 2  # once more while it is still of use
            if after < SHORTEST_WAIT or error.retry is RetryClass.RETRY_AFTER:
                self._give_up(task, kind, error)
                return
        self._record(
            task,
            kind.retried,
            error,
            lambda tx: tasks.put_back(tx, task, now + after, burnt=burnt, error=error.code, failing_since=since),
        )

    def _give_up(self, task: Task, kind: Kind, error: OutsideError) -> None:
        log.error("outbox.gave_up", extra={"task": task.id, "kind": task.kind, "code": error.code})
        now = self._clock()
        self._record(task, kind.give_up, error, lambda tx: tasks.end(tx, task, "dead", now, error.code))

    def _record(
        self,
        task: Task,
        tell: Callable[[Session, Task, OutsideError], None] | None,
        error: OutsideError,
        write: Callable[[Session], bool],
    ) -> None:
        """Write the failure down together with what the kind says about it; without that if that has a bug."""

        def both(tx: Session) -> None:
            _require(write(tx))
            if tell is not None:
                tell(tx, task, error)

        try:
            self._store.transact(both)
        except _Fenced:
            raise
        except Exception as bug:
            _log_bug("outbox.callback_failed", bug, task)
            self._store.transact(lambda tx: _require(write(tx)))

    # --- the clock's other jobs ---

    def _renew_leases(self) -> None:
        since = time.monotonic() - LONGEST_RUN
        with self._lock:
            held = tuple(task for id_, task in self._running.items() if self._begun[id_] > since)
        if held:
            self._store.transact(lambda tx: tasks.renew(tx, held, self._lease))

    def expire(self) -> None:
        """End holds that ran out, and bring parked work whose time is over to its end."""
        self._store.transact(lambda tx: claims.expire(tx, self._clock()))
        if self._store.transact(lambda tx: tasks.wake(tx, self._clock())):
            self.poke()

    def _back_up(self) -> None:
        if (copy := backups.make_if_due(self._store, self._clock())) is not None:
            log.info("clock.backed_up", extra={"file": copy.name})

    def _purge(self) -> None:
        self._store.transact(lambda tx: retention.purge(tx, self._clock()))


def _expiry(task: Task, kind: Kind) -> datetime | None:
    return kind.expires_at(task) if kind.expires_at else None


def _require(owned: bool) -> None:
    if not owned:
        raise _Fenced


def _log_job_error(event: JobExecutionEvent) -> None:
    log.error("clock.job_failed", extra={"job": event.job_id, "error": type(event.exception).__name__})


def _log_bug(event: str, error: BaseException, task: Task | None = None) -> None:
    """Where it broke, without the error's words: they may quote what the task carries."""
    where = "".join(traceback.format_tb(error.__traceback__))
    facts = {} if task is None else {"task": task.id, "kind": task.kind}
    log.error("%s %s\n%s", event, type(error).__name__, where, extra=facts)

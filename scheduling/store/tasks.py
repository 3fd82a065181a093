"""Outbox tasks as rows: queued in the caller's transaction, claimed with a lease, ended only by whoever holds it.

Two clocks: `run_after` is compared with the caller's `now`; leases with the database's own clock (the host's on
SQLite), so that hosts whose clocks differ cannot both hold one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Text, and_, cast, func, literal_column, or_
from sqlmodel import Session, col, delete, select, update

from scheduling.clock import utc_now
from scheduling.store.tables import OutboxTaskRow as Row
from scheduling.store.writes import insert_new

# Written into the statement, not bound: a partial index is used only when its condition is there to read.
_IS_READY = col(Row.state) == literal_column("'ready'")
_IS_PARKED = col(Row.state) == literal_column("'parked'")
_IS_DEAD = col(Row.state) == literal_column("'dead'")


@dataclass(frozen=True, slots=True)
class Task:
    """One claimed piece of work. `attempts` counts this one; `lease_token` proves who may end it.

    `failing_since` is when it first failed of late, counted attempts or not; None: it has not.
    """

    id: str
    team_id: str
    kind: str
    key: str
    payload: dict[str, Any]
    booking_id: str | None
    draft_id: str | None
    attempts: int
    run_after: datetime
    lease_token: str
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much work of one kind waits: `ready` due now, `oldest` the earliest due time, `parked` and `dead` ones."""

    ready: int = 0
    oldest: datetime | None = None
    parked: int = 0
    dead: int = 0


def enqueue(
    tx: Session,
    *,
    team_id: str,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    now: datetime,
    run_after: datetime | None = None,
    booking_id: str | None = None,
    draft_id: str | None = None,
) -> bool:
    """Queue work in the caller's transaction; False when the team's key is known or a `sync_event` already lives.

    Of `sync_event` one per booking lives at a time. Its handler must lock the booking when it ends and queue a new
    one if the version moved; whoever moves the version must save the booking before queueing.
    """
    row = {
        "id": uuid4().hex,
        "team_id": team_id,
        "kind": kind,
        "key": key,
        "payload": dict(payload),
        "booking_id": booking_id,
        "draft_id": draft_id,
        "state": "ready",
        "run_after": run_after or now,
        "attempts": 0,
        "created_at": now,
    }
    return insert_new(tx, Row, [row]) == 1


def due_teams(tx: Session, now: datetime) -> tuple[str, ...]:
    """Teams that have work due, in order of their ids; costs two index steps per team, however many tasks it has.

    Each step asks for the first row in the index's whole order: a plain `min` lets PostgreSQL walk another index.
    """
    in_order = (col(Row.team_id), col(Row.run_after))
    first = select(col(Row.team_id)).where(_IS_READY).order_by(*in_order).limit(1).scalar_subquery()
    team = select(first.label("team_id")).cte("team", recursive=True)
    after = col(Row.team_id) > team.c.team_id
    following = select(col(Row.team_id)).where(_IS_READY, after).order_by(*in_order).limit(1).scalar_subquery()
    team = team.union_all(select(following).where(team.c.team_id.is_not(None)))
    its_own = col(Row.team_id) == team.c.team_id
    earliest = select(col(Row.run_after)).where(_IS_READY, its_own).order_by(*in_order).limit(1).scalar_subquery()
    return tuple(tx.exec(select(team.c.team_id).where(team.c.team_id.is_not(None), earliest <= now)))


def next_due(tx: Session, after: datetime | None = None) -> datetime | None:
    """When the next task that waits wants to run; of those that want to only `after` a moment, if one is given."""
    waiting = select(func.min(Row.run_after)).where(_IS_READY)
    return tx.exec(waiting if after is None else waiting.where(col(Row.run_after) > after)).one()


def claim(
    tx: Session, team_id: str, kinds: Sequence[str], *, now: datetime, lease: timedelta, limit: int
) -> tuple[Task, ...]:
    """Lease up to `limit` of the team's due tasks, earliest first; counts the attempt."""
    moment = _lease_clock(tx)
    pick = (
        select(Row.id)
        .where(
            _IS_READY,
            col(Row.team_id) == team_id,
            col(Row.kind).in_(kinds),
            col(Row.run_after) <= now,
            or_(col(Row.lease_until).is_(None), col(Row.lease_until) < moment),
        )
        .order_by(col(Row.run_after))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("pick")
    )
    rows = tx.exec(
        update(Row)
        .where(col(Row.id).in_(select(pick.c.id)))
        .values(lease_until=moment + lease, lease_token=uuid4().hex, attempts=col(Row.attempts) + 1)
        .returning(Row)
        .execution_options(synchronize_session=False)
    ).all()
    return tuple(sorted((_task(row) for (row,) in rows), key=lambda task: task.run_after))


def renew(tx: Session, held: Iterable[Task], lease: timedelta) -> None:
    """Keep these from everybody else for another `lease`; leases that went to another worker stay theirs."""
    until = _lease_clock(tx) + lease
    for task in held:
        _change(tx, task, lease_token=task.lease_token, lease_until=until)


def end(tx: Session, task: Task, state: str, now: datetime, error: str | None = None) -> bool:
    """Close the task as `done` or `dead`; False when the lease was lost."""
    return _change(tx, task, state=state, finished_at=now, last_error=error)


def put_back(
    tx: Session,
    task: Task,
    run_after: datetime,
    *,
    burnt: bool,
    error: str | None = None,
    failing_since: datetime | None = None,
) -> bool:
    """Make it wait until `run_after`; an attempt that is not `burnt` does not count. False when the lease was lost."""
    attempts = task.attempts if burnt else task.attempts - 1
    return _change(tx, task, run_after=run_after, last_error=error, failing_since=failing_since, attempts=attempts)


def park(
    tx: Session, task: Task, parked_on: str, error: str, *, until: datetime, failing_since: datetime | None = None
) -> bool:
    """Set it aside until `resume(parked_on)`, `until` then at the latest; the attempt does not count.

    False when the lease was lost.
    """
    return _change(
        tx,
        task,
        state="parked",
        parked_on=parked_on,
        run_after=until,
        last_error=error,
        failing_since=failing_since,
        attempts=task.attempts - 1,
    )


def resume(tx: Session, parked_on: str, now: datetime) -> int:
    """Make everything that was parked on this ready at once; how many."""
    return tx.exec(
        update(Row)
        .where(_IS_PARKED, col(Row.parked_on) == parked_on)
        .values(state="ready", parked_on=None, run_after=now, failing_since=now)
    ).rowcount


def wake(tx: Session, now: datetime) -> int:
    """Make ready what nobody resumed in its time, of every team: it must end. How many."""
    return tx.exec(
        update(Row).where(_IS_PARKED, col(Row.run_after) <= now).values(state="ready", parked_on=None)
    ).rowcount


def release(tx: Session, held: Iterable[Task]) -> None:
    """Give leases back unused, as a process does that stops."""
    for task in held:
        _change(tx, task, attempts=task.attempts - 1)


def backlog(tx: Session, now: datetime) -> dict[str, Backlog]:
    """Per kind, for metrics."""
    is_due = and_(_IS_READY, col(Row.run_after) <= now)
    waiting = tx.exec(select(Row.kind, func.count(), func.min(Row.run_after)).where(is_due).group_by(col(Row.kind)))
    ready = {kind: (count, oldest) for kind, count, oldest in waiting}
    parked, dead = (
        dict(tx.exec(select(Row.kind, func.count()).where(state).group_by(col(Row.kind))).all())
        for state in (_IS_PARKED, _IS_DEAD)
    )
    found: dict[str, Backlog] = {}
    for kind in sorted({*ready, *parked, *dead}):
        count, oldest = ready.get(kind, (0, None))
        found[kind] = Backlog(count, oldest, parked.get(kind, 0), dead.get(kind, 0))
    return found


def purge(tx: Session, older_than: datetime) -> int:
    """Delete tasks that ended before `older_than`; how many."""
    return tx.exec(delete(Row).where(col(Row.finished_at) < older_than)).rowcount


def forget_payloads(tx: Session, older_than: datetime) -> int:
    """Empty what tasks carried that ended before `older_than`: it names customers. How many."""
    is_full = cast(col(Row.payload), Text) != "{}"
    return tx.exec(update(Row).where(col(Row.finished_at) < older_than, is_full).values(payload={})).rowcount


def _change(tx: Session, task: Task, **values: Any) -> bool:  # noqa: ANN401 - columns of one table
    """Write to a task that is still ours, and give its lease up unless told otherwise; False when it was lost."""
    changed = tx.exec(
        update(Row)
        .where(
            col(Row.team_id) == task.team_id,
            col(Row.id) == task.id,
            col(Row.lease_token) == task.lease_token,
            _IS_READY,
        )
        .values(**{"lease_token": None, "lease_until": None} | values)
        .execution_options(synchronize_session=False)
    )
    return changed.rowcount == 1


def _lease_clock(tx: Session) -> datetime:
    if tx.get_bind().dialect.name == "postgresql":
        moment: datetime = tx.exec(select(func.clock_timestamp())).one()
        return moment.astimezone(UTC)
    return utc_now()


def _task(row: Row) -> Task:
    return Task(
        id=row.id,
        team_id=row.team_id,
        kind=row.kind,
        key=row.key,
        payload=row.payload,
        booking_id=row.booking_id,
        draft_id=row.draft_id,
        attempts=row.attempts,
        run_after=row.run_after,
        lease_token=row.lease_token or "",
        failing_since=row.failing_since,
    )

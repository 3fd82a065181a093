"""Claims: the rows that block a person's or a room's time, so that nobody is booked twice.

Row locks in key order are the rule; the guard in the database is the net under it. Resource keys are a Slack user id or
`room:<id>`. Intervals already include buffers. All functions belong into the caller's one transaction: let SlotTaken
leave it.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, func, literal_column, not_, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from scheduling.domain import Interval
from scheduling.errors import SlotTaken
from scheduling.store.guard import GUARD
from scheduling.store.tables import ResourceRow, SlotClaimRow
from scheduling.store.writes import insert_new

_HELD, _CONFIRMED, _RELEASED = "held", "confirmed", "released"

# Written into the statement, not bound: a partial index is used only when its condition is there to read.
_IS_HELD = col(SlotClaimRow.state) == literal_column("'held'")
_IS_LIVE = col(SlotClaimRow.state) != literal_column("'released'")


def hold(
    tx: Session,
    *,
    team_id: str,
    draft_id: str,
    resources: Mapping[str, str],
    interval: Interval,
    expires_at: datetime,
    now: datetime,
    forced: bool | Collection[str] = False,
    seen_at: datetime | None = None,
) -> None:
    """Reserve the interval for the draft until `expires_at`; what it held before is let go in the same breath.

    `resources` maps key to the name people know. `forced` are the keys whose conflicts the rep accepts (True: all).
    That goes for meetings booked before `seen_at`, when the conflicts were shown (None: now), never for somebody's
    hold, and a key that is not forced must be free. Raises SlotTaken with the names of those that are taken; the
    earlier hold then stays.
    """
    _lock(tx, team_id, resources)
    _release_expired(tx, team_id, resources, now, draft_id)
    ours = and_(col(SlotClaimRow.draft_id) == draft_id, _IS_HELD)
    overlapped = _refuse_taken(tx, team_id, resources, interval, ours, _keys(forced, resources), seen_at or now)
    release_draft(tx, team_id, draft_id)
    _claim(
        tx,
        resources,
        overlapped,
        {
            "team_id": team_id,
            "draft_id": draft_id,
            "starts_at": interval.start,
            "ends_at": interval.end,
            "state": _HELD,
            "expires_at": expires_at,
            "claimed_at": now,
        },
    )


def confirm(
    tx: Session,
    *,
    team_id: str,
    draft_id: str,
    booking_id: str,
    resources: Mapping[str, str],
    interval: Interval,
    now: datetime,
    forced: bool | Collection[str] = False,
    seen_at: datetime | None = None,
) -> None:
    """Claim the interval for the booking: its draft's hold becomes the claim, an expired one is claimed anew.

    A booking that moves lets its earlier time go in the same breath. `forced` as in `hold`, for meetings booked before
    `seen_at` (None: when the draft picked its slot). Raises SlotTaken; nothing has changed then.
    """
    _lock(tx, team_id, resources)
    _release_expired(tx, team_id, resources, now, draft_id)
    ours = or_(
        and_(col(SlotClaimRow.draft_id) == draft_id, _IS_HELD),
        col(SlotClaimRow.booking_id).is_not_distinct_from(booking_id),
    )
    seen_at = seen_at or _picked_at(tx, team_id, draft_id) or now
    overlapped = _refuse_taken(tx, team_id, resources, interval, ours, _keys(forced, resources), seen_at)
    release_draft(tx, team_id, draft_id)
    release_booking(tx, team_id, booking_id)
    _claim(
        tx,
        resources,
        overlapped,
        {
            "team_id": team_id,
            "draft_id": draft_id,
            "booking_id": booking_id,
            "starts_at": interval.start,
            "ends_at": interval.end,
            "state": _CONFIRMED,
            "claimed_at": now,
        },
    )


def release_draft(tx: Session, team_id: str, draft_id: str) -> None:
    """End the draft's hold; what is confirmed stays."""
    tx.exec(
        update(SlotClaimRow)
        .where(
            col(SlotClaimRow.team_id) == team_id,
            col(SlotClaimRow.draft_id) == draft_id,
            _IS_HELD,
        )
        .values(state=_RELEASED)
    )


def release_booking(tx: Session, team_id: str, booking_id: str) -> None:
    """Give the booking's time back."""
    tx.exec(
        update(SlotClaimRow)
        .where(
            col(SlotClaimRow.team_id) == team_id,
            col(SlotClaimRow.booking_id) == booking_id,
            _IS_LIVE,
        )
        .values(state=_RELEASED)
    )


def let_go(tx: Session, team_id: str, booking_id: str, key: str) -> None:
    """Give back the time of one of the booking's people or rooms."""
    tx.exec(
        update(SlotClaimRow)
        .where(
            col(SlotClaimRow.team_id) == team_id,
            col(SlotClaimRow.booking_id) == booking_id,
            col(SlotClaimRow.resource_key) == key,
            _IS_LIVE,
        )
        .values(state=_RELEASED)
    )


def exchange(
    tx: Session,
    *,
    team_id: str,
    draft_id: str,
    booking_id: str,
    left: str,
    taken: Mapping[str, str],
    interval: Interval,
    now: datetime,
) -> None:
    """The booking takes other rooms in the place of one; taking them again changes nothing. Raises SlotTaken."""
    _lock(tx, team_id, taken)
    _release_expired(tx, team_id, taken, now, draft_id)
    ours = col(SlotClaimRow.booking_id).is_not_distinct_from(booking_id)
    _refuse_taken(tx, team_id, taken, interval, ours, (), now)
    for key in (left, *taken):
        let_go(tx, team_id, booking_id, key)
    _claim(
        tx,
        taken,
        (),
        {
            "team_id": team_id,
            "draft_id": draft_id,
            "booking_id": booking_id,
            "starts_at": interval.start,
            "ends_at": interval.end,
            "state": _CONFIRMED,
            "claimed_at": now,
        },
    )


def taken(
    tx: Session,
    team_id: str,
    resource_keys: Iterable[str],
    window: Interval,
    now: datetime,
    except_draft: str | None = None,
    except_booking: str | None = None,
) -> dict[str, tuple[Interval, ...]]:
    """Claimed stretches that touch the window, ascending, for every key asked; the exceptions' own are left out."""
    found: dict[str, list[Interval]] = {key: [] for key in resource_keys}
    rows = tx.exec(
        select(SlotClaimRow)
        .where(
            *_overlapping(team_id, found, window),
            or_(col(SlotClaimRow.state) == _CONFIRMED, col(SlotClaimRow.expires_at) > now),
            col(SlotClaimRow.draft_id).is_distinct_from(except_draft),
            or_(col(SlotClaimRow.booking_id).is_(None), col(SlotClaimRow.booking_id).is_distinct_from(except_booking)),
        )
        .order_by(col(SlotClaimRow.starts_at), col(SlotClaimRow.ends_at))
    )
    for row in rows:
        found[row.resource_key].append(Interval(row.starts_at, row.ends_at))
    return {key: tuple(spans) for key, spans in found.items()}


def expire(tx: Session, now: datetime) -> int:
    """Let every team's expired holds go; how many rows."""
    return tx.exec(
        update(SlotClaimRow).where(_IS_HELD, col(SlotClaimRow.expires_at) <= now).values(state=_RELEASED)
    ).rowcount


def _lock(tx: Session, team_id: str, resources: Mapping[str, str]) -> None:
    """Make other claimers of these resources wait. One order everywhere, so that nobody deadlocks."""
    keys = sorted(resources)
    insert_new(tx, ResourceRow, [{"team_id": team_id, "key": key} for key in keys])
    tx.exec(
        select(ResourceRow)
        .where(col(ResourceRow.team_id) == team_id, col(ResourceRow.key).in_(keys))
        .order_by(col(ResourceRow.key))
        .with_for_update()
    ).all()


def _release_expired(tx: Session, team_id: str, resources: Mapping[str, str], now: datetime, draft_id: str) -> None:
    """The guard cannot look at a clock, so expired holds of others must go before it is asked."""
    tx.exec(
        update(SlotClaimRow)
        .where(
            col(SlotClaimRow.team_id) == team_id,
            col(SlotClaimRow.resource_key).in_(tuple(resources)),
            _IS_HELD,
            col(SlotClaimRow.expires_at) <= now,
            col(SlotClaimRow.draft_id) != draft_id,
        )
        .values(state=_RELEASED)
    )


def _refuse_taken(
    tx: Session,
    team_id: str,
    resources: Mapping[str, str],
    interval: Interval,
    ours: ColumnElement[bool],
    forced: Collection[str],
    seen_at: datetime,
) -> set[str]:
    """The forced keys that do overlap; raises SlotTaken for all others. Sees forced claims, as the guard does not."""
    hits = tx.exec(
        select(SlotClaimRow.resource_key, SlotClaimRow.state, SlotClaimRow.claimed_at).where(
            *_overlapping(team_id, resources, interval), not_(ours)
        )
    ).all()
    accepted = {key for key, state, since in hits if key in forced and state == _CONFIRMED and since <= seen_at}
    refused = {key for key, state, since in hits if key not in forced or state != _CONFIRMED or since > seen_at}
    if refused:
        raise SlotTaken(tuple(name for key, name in resources.items() if key in refused))
    return accepted


def _picked_at(tx: Session, team_id: str, draft_id: str) -> datetime | None:
    """When the draft last held a slot, be the hold expired since or not."""
    return tx.exec(
        select(func.max(SlotClaimRow.claimed_at)).where(
            col(SlotClaimRow.team_id) == team_id,
            col(SlotClaimRow.draft_id) == draft_id,
            col(SlotClaimRow.booking_id).is_(None),
        )
    ).one()


def _keys(forced: bool | Collection[str], resources: Mapping[str, str]) -> Collection[str]:
    if isinstance(forced, bool):
        return tuple(resources) if forced else ()
    return forced


def _overlapping(team_id: str, keys: Iterable[str], span: Interval) -> tuple[ColumnElement[bool], ...]:
    return (
        col(SlotClaimRow.team_id) == team_id,
        col(SlotClaimRow.resource_key).in_(tuple(keys)),
        _IS_LIVE,
        col(SlotClaimRow.starts_at) < span.end,
        col(SlotClaimRow.ends_at) > span.start,
    )


def _claim(tx: Session, resources: Mapping[str, str], overlapped: Collection[str], facts: Mapping[str, Any]) -> None:
    """Only what does overlap is marked forced: the guard watches over all the rest."""
    tx.add_all(
        SlotClaimRow(id=uuid4().hex, resource_key=key, forced=key in overlapped, **facts) for key in sorted(resources)
    )
    try:
        tx.flush()
    except IntegrityError as error:
        if not _is_guard(error):
            raise
        raise SlotTaken from error


def _is_guard(error: IntegrityError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return str(error.orig) == GUARD
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None) == GUARD

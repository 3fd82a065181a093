"""The audit trail: who did what to which booking, when. Rows are only ever added."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from scheduling.store.tables import AuditRow


@dataclass(frozen=True, slots=True)
class Entry:
    """`who` is a Slack user id or `customer`; `what` is plain JSON."""

    who: str
    at: datetime
    what: Mapping[str, Any]


def note(
    tx: Session, *, team_id: str, who: str, what: Mapping[str, Any], now: datetime, booking_id: str | None = None
) -> None:
    """Add one line."""
    tx.add(AuditRow(id=uuid4().hex, team_id=team_id, who=who, at=now, booking_id=booking_id, what=dict(what)))
    tx.flush()


def of_booking(tx: Session, team_id: str, booking_id: str) -> tuple[Entry, ...]:
    """The booking's lines, oldest first."""
    rows = tx.exec(
        select(AuditRow)
        .where(col(AuditRow.team_id) == team_id, col(AuditRow.booking_id) == booking_id)
        .order_by(col(AuditRow.at), col(AuditRow.id))
    )
    return tuple(Entry(row.who, row.at, row.what) for row in rows)

"""Deliveries that were seen already: Slack sends some of them again."""

from datetime import datetime

from sqlmodel import Session, col, delete

from scheduling.store.tables import InboxRow
from scheduling.store.writes import insert_new


def first_time(tx: Session, key: str, now: datetime, *, team_id: str = "") -> bool:
    """Whether this delivery is new to this database; it is known from now on (in this transaction's commit).

    A key that does not name its workspace needs `team_id`.
    """
    return insert_new(tx, InboxRow, [{"team_id": team_id, "key": key, "seen_at": now}]) == 1


def purge(tx: Session, older_than: datetime) -> int:
    """Forget deliveries seen before `older_than`; how many."""
    return tx.exec(delete(InboxRow).where(col(InboxRow.seen_at) < older_than)).rowcount

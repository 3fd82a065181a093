"""What is thrown away, and when."""

from datetime import datetime, timedelta

from sqlalchemy import literal_column
from sqlmodel import Session, col, delete

from scheduling.store import drafts, inbox, links, tasks
from scheduling.store.tables import SlotClaimRow

INBOX = timedelta(days=2)  # Slack sends a delivery again within minutes
LINKS = timedelta(days=1)
DRAFTS = timedelta(days=30)
PAYLOADS = timedelta(days=7)
TASKS = timedelta(days=35)  # also how long a key keeps a task from being queued again
CLAIMS = timedelta(days=30)


def purge(tx: Session, now: datetime) -> None:
    """Delete, of every team, what has outlived its use. Safe to run anywhere at any time, and twice."""
    inbox.purge(tx, now - INBOX)
    links.purge(tx, now - LINKS)
    drafts.purge(tx, now - DRAFTS)
    tasks.forget_payloads(tx, now - PAYLOADS)
    tasks.purge(tx, now - TASKS)
    tx.exec(
        delete(SlotClaimRow).where(
            col(SlotClaimRow.state) == literal_column("'released'"), col(SlotClaimRow.ends_at) < now - CLAIMS
        )
    )

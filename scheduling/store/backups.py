"""Daily copies of a SQLite database, in a folder beside it: one for each day (UTC), the last few kept.

PostgreSQL has its operator's own backups; there is nothing to do here then.
"""

from datetime import datetime
from glob import escape
from pathlib import Path
from uuid import uuid4

from scheduling.store.engine import Store

KEPT = 7
FOLDER = "backups"


def make_if_due(store: Store, now: datetime) -> Path | None:
    """Write and verify today's copy unless there is one, and let the oldest go; where it is, if it was made.

    Safe to call at any time and from several processes: a copy gets its name only when it is whole.
    """
    if store.file is None:
        return None
    today = _folder(store.file) / f"{store.file.name}.{now:%Y-%m-%d}"
    if today.exists():
        return None
    unfinished = today.with_name(f"{today.name}.{uuid4().hex}.part")
    try:
        store.backup(unfinished)
        unfinished.replace(today)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in _copies(store.file)[:-KEPT]:
        old.unlink(missing_ok=True)
    return today


def age(store: Store, now: datetime) -> float | None:
    """Seconds since the newest copy was made; None where there is none."""
    copies = _copies(store.file) if store.file is not None else []
    return max(0.0, now.timestamp() - copies[-1].stat().st_mtime) if copies else None


def _folder(file: Path) -> Path:
    return file.parent / FOLDER


def _copies(file: Path) -> list[Path]:
    """The whole copies, oldest first."""
    day = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
    return sorted(_folder(file).glob(f"{escape(file.name)}.{day}"))

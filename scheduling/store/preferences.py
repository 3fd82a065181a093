"""What a rep chose as defaults for later meetings, as plain JSON that the caller reads and writes whole."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from scheduling.domain import Rep
from scheduling.store.tables import PreferenceRow


def of(tx: Session, rep: Rep) -> dict[str, Any]:
    """Empty while the rep chose nothing."""
    row = tx.exec(
        select(PreferenceRow).where(
            col(PreferenceRow.team_id) == rep.team_id, col(PreferenceRow.user_id) == rep.user_id
        )
    ).first()
    return {} if row is None else row.settings


def keep(tx: Session, rep: Rep, settings: Mapping[str, Any]) -> None:
    """Replace them."""
    tx.merge(PreferenceRow(team_id=rep.team_id, user_id=rep.user_id, settings=dict(settings)))
    tx.flush()

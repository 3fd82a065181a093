"""What a workspace chose for itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from scheduling.store.tables import WorkspaceRow
from scheduling.store.writes import insert_new


@dataclass(frozen=True, slots=True)
class Workspace:
    """`settings` is plain JSON that the caller reads and writes whole."""

    team_id: str
    announce_channel: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def get(tx: Session, team_id: str) -> Workspace:
    """The workspace's choices; defaults while it made none."""
    row = tx.exec(select(WorkspaceRow).where(col(WorkspaceRow.team_id) == team_id)).first()
    return Workspace(team_id) if row is None else Workspace(team_id, row.announce_channel, row.settings)


def announce_channel(tx: Session, team_id: str) -> str | None:
    return get(tx, team_id).announce_channel


def set_announce_channel(tx: Session, team_id: str, channel: str | None) -> None:
    """None goes back to the operator's default."""
    _row(tx, team_id).announce_channel = channel
    tx.flush()


def set_settings(tx: Session, team_id: str, settings: Mapping[str, Any]) -> None:
    """Replace the settings."""
    _row(tx, team_id).settings = dict(settings)
    tx.flush()


def _row(tx: Session, team_id: str) -> WorkspaceRow:
    insert_new(tx, WorkspaceRow, [{"team_id": team_id, "settings": {}}])
    return tx.exec(select(WorkspaceRow).where(col(WorkspaceRow.team_id) == team_id).with_for_update()).one()

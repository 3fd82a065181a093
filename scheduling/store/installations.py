"""Slack installations as opaque text, sealed by the caller, found by their whole key.

An absent enterprise, team or user is None; the bot's own row has no user.
"""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select

from scheduling.store.tables import InstallationRow
from scheduling.store.writes import upsert


def save(
    tx: Session,
    *,
    enterprise_id: str | None,
    team_id: str | None,
    user_id: str | None = None,
    sealed: str,
    now: datetime,
) -> None:
    """Keep or replace the installation under this key."""
    upsert(
        tx,
        InstallationRow,
        {
            "enterprise_id": enterprise_id or "",
            "team_id": team_id or "",
            "user_id": user_id or "",
            "sealed": sealed,
            "saved_at": now,
        },
    )


def find(tx: Session, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None) -> str | None:
    """What was saved under exactly this key."""
    return tx.exec(
        select(InstallationRow.sealed).where(
            *_of(enterprise_id, team_id), col(InstallationRow.user_id) == (user_id or "")
        )
    ).first()


def delete_one(tx: Session, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None) -> None:
    """Forget one key; one that is gone already is fine."""
    tx.exec(
        delete(InstallationRow).where(*_of(enterprise_id, team_id), col(InstallationRow.user_id) == (user_id or ""))
    )


def delete_all(tx: Session, *, enterprise_id: str | None, team_id: str | None) -> int:
    """Forget the workspace's bot and every user's installation; how many."""
    return tx.exec(delete(InstallationRow).where(*_of(enterprise_id, team_id))).rowcount


def _of(enterprise_id: str | None, team_id: str | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        col(InstallationRow.enterprise_id) == (enterprise_id or ""),
        col(InstallationRow.team_id) == (team_id or ""),
    )

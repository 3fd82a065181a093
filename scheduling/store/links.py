"""Personal links, such as /connect: single use, short-lived, bound to a member; only the token's hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select, update

from scheduling.domain import Rep
from scheduling.errors import LinkRefused
from scheduling.store.tables import ConnectLinkRow


@dataclass(frozen=True, slots=True)
class Link:
    """What a token stands for."""

    rep: Rep
    purpose: str
    provider: str
    draft_id: str | None
    expires_at: datetime


def issue(
    tx: Session, *, rep: Rep, purpose: str, provider: str = "", draft_id: str | None = None, expires_at: datetime
) -> str:
    """Make a link; returns its token, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    tx.add(
        ConnectLinkRow(
            token_hash=_hash(token),
            team_id=rep.team_id,
            user_id=rep.user_id,
            purpose=purpose,
            provider=provider,
            draft_id=draft_id,
            expires_at=expires_at,
        )
    )
    tx.flush()
    return token


def peek(tx: Session, token: str, now: datetime, purpose: str | None = None) -> Link:
    """What the token stands for, leaving it usable. Raises LinkRefused (unknown, used, expired, other purpose)."""
    row = tx.exec(select(ConnectLinkRow).where(*_usable(token, now, purpose))).first()
    if row is None:
        raise LinkRefused
    return _link(row)


def consume(
    tx: Session, token: str, now: datetime, purpose: str | None = None, *, began_at: datetime | None = None
) -> Link:
    """Use the token up; of two that try, one gets it. Raises LinkRefused.

    `began_at` counts for the expiry where the person was away at the provider's page meanwhile.
    """
    usable = _usable(token, began_at or now, purpose)
    row = tx.exec(update(ConnectLinkRow).where(*usable).values(used_at=now).returning(ConnectLinkRow)).first()
    if row is None:
        raise LinkRefused
    return _link(row[0])


def purge(tx: Session, older_than: datetime) -> int:
    """Delete links that expired before `older_than`; how many."""
    return tx.exec(delete(ConnectLinkRow).where(col(ConnectLinkRow.expires_at) < older_than)).rowcount


def _usable(token: str, now: datetime, purpose: str | None) -> list[ColumnElement[bool]]:
    conditions = [
        col(ConnectLinkRow.token_hash) == _hash(token),
        col(ConnectLinkRow.used_at).is_(None),
        col(ConnectLinkRow.expires_at) > now,
    ]
    return conditions if purpose is None else [*conditions, col(ConnectLinkRow.purpose) == purpose]


def _link(row: ConnectLinkRow) -> Link:
    return Link(Rep(row.team_id, row.user_id), row.purpose, row.provider, row.draft_id, row.expires_at)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

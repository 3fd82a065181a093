"""Sign-ins under way at a provider's own page: single use, short-lived, bound to member, provider and browser.

A row of the personal links' table whose token is the OAuth `state`; neither it nor the browser's cookie is stored.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, update

from scheduling.domain import Rep
from scheduling.errors import LinkRefused
from scheduling.secrets import KeyUnfit, SecretBox
from scheduling.store.engine import box_of
from scheduling.store.tables import ConnectLinkRow

PURPOSE = "oauth"


def begin(
    tx: Session, *, rep: Rep, provider: str, state: str, browser: str, flow: Mapping[str, str], expires_at: datetime
) -> None:
    """Remember what was begun; `flow` is sealed."""
    key = _hash(state)
    tx.add(
        ConnectLinkRow(
            token_hash=key,
            team_id=rep.team_id,
            user_id=rep.user_id,
            purpose=PURPOSE,
            provider=provider,
            expires_at=expires_at,
            flow=_box(tx).seal(_context(rep, key), flow),
            browser_hash=_hash(browser),
        )
    )
    tx.flush()


def take(tx: Session, *, provider: str, state: str, browser: str, now: datetime) -> tuple[Rep, dict[str, str]]:
    """Whose sign-in it is and its flow, once: of two that ask, one gets it.

    Raises LinkRefused for a state that is unknown, used or expired, for another provider and for another browser; the
    last two leave it to the browser that began.
    """
    key = _hash(state)
    found = tx.exec(
        update(ConnectLinkRow)
        .where(
            col(ConnectLinkRow.token_hash) == key,
            col(ConnectLinkRow.purpose) == PURPOSE,
            col(ConnectLinkRow.provider) == provider,
            col(ConnectLinkRow.browser_hash) == _hash(browser),
            col(ConnectLinkRow.used_at).is_(None),
            col(ConnectLinkRow.expires_at) > now,
        )
        .values(used_at=now)
        .returning(ConnectLinkRow)
    ).first()
    if found is None or found[0].flow is None:
        raise LinkRefused
    row = found[0]
    rep = Rep(row.team_id, row.user_id)
    flow = _box(tx).open(_context(rep, key), row.flow)
    row.flow = None
    tx.flush()
    return rep, flow


def _context(rep: Rep, key: str) -> str:
    return f"{rep.team_id}|{rep.user_id}|{key}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _box(tx: Session) -> SecretBox:
    box = box_of(tx)
    if box is None:
        raise KeyUnfit("the store was opened without secret keys")
    return box

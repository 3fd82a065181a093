"""Profiles of workspace members, remembered for a while."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from scheduling.domain import Person
from scheduling.store.tables import PersonRow
from scheduling.store.writes import upsert


def remember(tx: Session, people: Iterable[Person], now: datetime) -> None:
    """Keep what Slack told about these people at `now`."""
    for person in sorted(people, key=lambda p: (p.team_id, p.user_id)):  # one order everywhere: no deadlocks
        upsert(
            tx,
            PersonRow,
            {
                "team_id": person.team_id,
                "user_id": person.user_id,
                "name": person.name,
                "email": person.email,
                "zone": person.zone,
                "seen_at": now,
            },
        )


def with_email(tx: Session, team_id: str, email: str) -> Person | None:
    """The member of the team with this address, as far as we were told."""
    row = tx.exec(
        select(PersonRow).where(
            col(PersonRow.team_id) == team_id, func.lower(col(PersonRow.email)) == email.strip().lower()
        )
    ).first()
    return None if row is None else Person(row.team_id, row.user_id, row.name, row.email, row.zone)


def known(tx: Session, team_id: str, user_ids: Iterable[str], not_before: datetime) -> dict[str, Person]:
    """Those of the members whose profile was told at or after `not_before`, by user id."""
    rows = tx.exec(
        select(PersonRow).where(
            col(PersonRow.team_id) == team_id,
            col(PersonRow.user_id).in_(tuple(user_ids)),
            col(PersonRow.seen_at) >= not_before,
        )
    )
    return {row.user_id: Person(row.team_id, row.user_id, row.name, row.email, row.zone) for row in rows}

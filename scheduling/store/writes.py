"""Two writes that SQLAlchemy spells per database: insert if new, and insert or replace."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_new(tx: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that offend no unique rule; how many were new."""
    statement = _insert(tx, table).values([dict(row) for row in rows]).on_conflict_do_nothing()
    return len(tx.exec(statement.returning(*_key(table))).all())


def upsert(tx: Session, table: type[SQLModel], row: Mapping[str, Any]) -> None:
    """Insert the row, or replace the one with its primary key."""
    key = {column.name for column in _key(table)}
    fresh = {name: value for name, value in row.items() if name not in key}
    tx.exec(_insert(tx, table).values(**row).on_conflict_do_update(index_elements=sorted(key), set_=fresh))


def _insert(tx: Session, table: type[SQLModel]) -> "sqlite.Insert | postgresql.Insert":
    if tx.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _key(table: type[SQLModel]) -> Sequence[Any]:
    return tuple(table.__table__.primary_key.columns)  # type: ignore[attr-defined]  # SQLModel sets it untyped

"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from scheduling.domain import require_utc


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: only aware UTC goes in, aware UTC comes out.

    SQLite keeps no offset and hands back naive datetimes even for `DateTime(timezone=True)`; PostgreSQL answers in
    the session's zone. Raises ValueError (wrapped by SQLAlchemy in StatementError) for naive or zoned values.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else require_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

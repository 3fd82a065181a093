"""The net under the row locks: no two unforced live claims of one resource may overlap, whoever writes them.

An exclusion constraint on PostgreSQL, two triggers on SQLite. The migration makes them; Alembic's batch mode drops
triggers, so a migration that rebuilds `slot_claim` calls `make_guard` again, and `missing_guards` is asked at start.
"""

from sqlalchemy import Connection, text

GUARD = "slot_no_overlap"
TRIGGERS = (f"{GUARD}_insert", f"{GUARD}_update")

_POSTGRES = """ALTER TABLE slot_claim ADD CONSTRAINT slot_no_overlap EXCLUDE USING gist (
    team_id WITH =, resource_key WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&
) WHERE (state IN ('held','confirmed') AND NOT forced)"""

# Times are compared as text: SQLAlchemy writes them in one fixed width with microseconds.
_SQLITE_BODY = """ON slot_claim WHEN NEW.state IN ('held','confirmed') AND NOT NEW.forced
BEGIN SELECT RAISE(ABORT, 'slot_no_overlap') WHERE EXISTS (
    SELECT 1 FROM slot_claim o WHERE o.team_id = NEW.team_id AND o.resource_key = NEW.resource_key AND o.id <> NEW.id
    AND o.state IN ('held','confirmed') AND NOT o.forced AND o.starts_at < NEW.ends_at AND NEW.starts_at < o.ends_at
); END"""

_SQLITE = (
    f"CREATE TRIGGER slot_no_overlap_insert BEFORE INSERT {_SQLITE_BODY}",
    "CREATE TRIGGER slot_no_overlap_update BEFORE UPDATE OF team_id, resource_key, state, forced, starts_at, ends_at "
    + _SQLITE_BODY,
)


def make_guard(connection: Connection) -> None:
    """Create the guard in the connection's transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")
        connection.exec_driver_sql(_POSTGRES)
    else:
        for trigger in _SQLITE:
            connection.exec_driver_sql(trigger)


def missing_guards(connection: Connection) -> tuple[str, ...]:
    """Names of the guard's parts that the database does not have."""
    if connection.dialect.name == "postgresql":
        wanted: tuple[str, ...] = (GUARD,)
        found = connection.execute(
            text(
                "SELECT c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
                " WHERE t.relname = 'slot_claim' AND c.contype = 'x'"
                " AND t.relnamespace = current_schema()::regnamespace"
            )
        )
    else:
        wanted = TRIGGERS
        found = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'slot_claim'")
        )
    names = set(found.scalars())
    return tuple(name for name in wanted if name not in names)

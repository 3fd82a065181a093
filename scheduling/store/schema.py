"""The schema's version: bringing it forward, asserting it, and copying a SQLite file safely."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from scheduling.store.guard import missing_guards

_LOCK = 0x5C4ED01E  # any number; the same in every process that migrates this database


class StoreUnfit(Exception):
    """The database cannot be used as it is; the message says what an operator can do."""


def head() -> str:
    """The version that this program needs."""
    version = ScriptDirectory.from_config(_config()).get_current_head()
    if version is None:
        raise StoreUnfit("the program's migrations are missing")
    return version


def current(connection: Connection) -> str | None:
    """The version that the database has; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine) -> None:
    """Upgrade to head in one transaction, one process at a time."""
    with engine.connect() as connection:
        version = current(connection)
    if version == head():
        return
    if version is not None and engine.dialect.name == "sqlite":
        backup(engine, _backup_path(engine, version))
    change(engine, "head")


def change(engine: Engine, revision: str, *, down: bool = False) -> None:
    """Run the migrations up (or down) to `revision`. Raises StoreUnfit for a version unknown to this program."""
    config = _config()
    with engine.connect() as connection, _foreign_keys_off(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        config.attributes["connection"] = connection
        try:
            (command.downgrade if down else command.upgrade)(config, revision)
        except CommandError as error:
            raise StoreUnfit(f"the database's version is not known to this program: {error}") from error
        if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise StoreUnfit("the migration left rows that point nowhere; nothing was changed")


def check(connection: Connection) -> None:
    """Raises StoreUnfit unless the schema is at head and the guard is in place."""
    version, wanted = current(connection), head()
    if version != wanted:
        raise StoreUnfit(f"the schema is at {version or 'nothing'}, this program needs {wanted}: run `app.py migrate`")
    missing = missing_guards(connection)
    if missing:
        raise StoreUnfit(f"the guard against double booking is missing: {', '.join(missing)}")


def backup(engine: Engine, path: Path) -> None:
    """`VACUUM INTO` a new file and verify the copy."""
    if engine.dialect.name != "sqlite":
        raise StoreUnfit("backup copies SQLite files only; use pg_dump or the server's own backups for PostgreSQL")
    if path.exists():
        raise StoreUnfit(f"{path} exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    source = engine.url.database or ""
    with closing(sqlite3.connect(source)) as live:
        live.execute("VACUUM INTO ?", (str(path),))
    with closing(sqlite3.connect(path)) as copy:
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise StoreUnfit(f"the copy {path} is damaged: {verdict}")


def _backup_path(engine: Engine, version: str) -> Path:
    file = Path(engine.url.database or "")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    return file.with_name(f"{file.name}.before-upgrade-from-{version}.{stamp}")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Batch migrations on SQLite rebuild tables, which would cascade; the switch works only outside a transaction."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        yield
        return
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")

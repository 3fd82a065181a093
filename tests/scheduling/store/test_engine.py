"""Transactions: whole or not at all, tried again when two got in each other's way, and reads that cannot write."""

import sqlite3
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlmodel import select

from scheduling.domain import Person
from scheduling.errors import SlotTaken
from scheduling.store import Store, people, workspaces
from scheduling.store.tables import PersonRow, WorkspaceRow

DANA = Person("T1", "U1", "Dana Reyes", "dana@reps.example", "Europe/Berlin")
BERLIN = timezone(timedelta(hours=1))


class Clash(Exception):
    """What a driver raises, as SQLAlchemy wraps it."""

    def __init__(self, sqlstate):
        super().__init__("clash")
        self.sqlstate = sqlstate


def clash(store, *, worth_a_rerun):
    if store.dialect == "postgresql":
        return DBAPIError("UPDATE", {}, Clash(sqlstate="40P01" if worth_a_rerun else "22003"))
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY if worth_a_rerun else sqlite3.SQLITE_FULL
    return OperationalError("UPDATE", {}, error)


def remember_dana(tx):
    people.remember(tx, [DANA], datetime(2026, 11, 2, tzinfo=UTC))


def names(store):
    return store.read(lambda tx: list(tx.exec(select(PersonRow.name))))


def test_what_raises_is_rolled_back_and_comes_through(store):
    def fail(tx):
        remember_dana(tx)
        raise SlotTaken(("Dana Reyes",))

    with pytest.raises(SlotTaken):
        store.transact(fail)

    assert names(store) == []


@pytest.mark.parametrize(("clashes", "works"), [(1, True), (4, True), (5, False)])
def test_a_clash_is_tried_again_five_times_in_all(store, clashes, works):
    tries = []

    def clash_at_first(tx):
        tries.append(1)
        remember_dana(tx)
        if len(tries) <= clashes:
            raise clash(store, worth_a_rerun=True)
        return len(tries)

    if works:
        assert store.transact(clash_at_first) == clashes + 1
        assert names(store) == ["Dana Reyes"]
    else:
        with pytest.raises(DBAPIError):
            store.transact(clash_at_first)
        assert (len(tries), names(store)) == (5, [])


def test_other_errors_of_the_database_are_not_tried_again(store):
    tries = []

    def fail(_tx):
        tries.append(1)
        raise clash(store, worth_a_rerun=False)

    with pytest.raises(DBAPIError):
        store.transact(fail)

    assert len(tries) == 1


def test_a_domain_error_is_not_tried_again(store):
    tries = []

    def fail(_tx):
        tries.append(1)
        raise SlotTaken

    with pytest.raises(SlotTaken):
        store.transact(fail)

    assert len(tries) == 1


def test_two_transactions_that_lock_crosswise_both_get_done(store):
    """A real deadlock on PostgreSQL; on SQLite the second waits for the first."""
    store.transact(lambda tx: [workspaces.set_announce_channel(tx, team, "C0") for team in ("T1", "T2")])
    met = threading.Barrier(2, timeout=1)

    def rename(first, second, channel):
        def change(tx):
            workspaces.set_announce_channel(tx, first, channel)
            with suppress(threading.BrokenBarrierError):  # on SQLite only one at a time gets here
                met.wait()
            workspaces.set_announce_channel(tx, second, channel)

        return lambda: store.transact(change)

    threads = [threading.Thread(target=rename("T1", "T2", "C1")), threading.Thread(target=rename("T2", "T1", "C2"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    channels = store.read(lambda tx: set(tx.exec(select(WorkspaceRow.announce_channel))))
    assert channels in ({"C1"}, {"C2"})


def test_a_transaction_inside_another_is_a_mistake_that_says_so(store):
    with pytest.raises(RuntimeError, match="transact inside transact"):
        store.transact(lambda _tx: store.transact(remember_dana))

    store.transact(remember_dana)
    assert names(store) == ["Dana Reyes"]


def test_reads_cannot_write(store):
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        store.read(remember_dana)

    assert names(store) == []


def test_a_read_sees_one_moment(store):
    """What is committed meanwhile belongs to the next read."""

    def look_twice(tx):
        before = tx.exec(select(PersonRow.name)).all()
        store.transact(remember_dana)
        return before, tx.exec(select(PersonRow.name)).all()

    assert store.read(look_twice) == ([], [])
    assert names(store) == ["Dana Reyes"]


def test_many_threads_write_at_once(store):
    def add(n):
        store.transact(lambda tx: people.remember(tx, [Person("T1", f"U{n}", "x", "", "UTC")], store.clock()))

    threads = [threading.Thread(target=lambda n=n: [add(n * 10 + i) for i in range(10)]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(names(store)) == 80


def test_two_sqlite_stores_wait_for_each_other(sqlite_store):
    """As two processes do: BEGIN IMMEDIATE and a patient busy time-out, no `database is locked`."""
    other = Store.open(str(sqlite_store._write.url))
    done = []

    def write(store, n):
        for i in range(15):
            store.transact(lambda tx, i=i: people.remember(tx, [Person("T1", f"{n}-{i}", "x", "", "UTC")], utc()))
        done.append(n)

    threads = [threading.Thread(target=write, args=pair) for pair in ((sqlite_store, 1), (other, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sorted(done), len(names(sqlite_store))) == ([1, 2], 30)
    other.dispose()


def utc():
    return datetime(2026, 11, 2, tzinfo=UTC)


def test_sqlite_is_set_up_to_lose_nothing(sqlite_store):
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}

    found = {
        name: sqlite_store.transact(lambda tx, name=name: tx.exec(text(f"PRAGMA {name}")).scalar_one())
        for name in wanted
    }

    assert found == wanted


def test_foreign_keys_are_kept(store):
    orphan = text("INSERT INTO booking_member (booking_id, user_id, team_id) VALUES ('none', 'U1', 'T1')")

    with pytest.raises(IntegrityError):
        store.transact(lambda tx: tx.exec(orphan))


def test_postgres_is_spoken_to_through_psycopg_however_the_url_is_spelled(engine_url, engine):
    if engine == "sqlite":
        assert Store.open(engine_url).dialect == "sqlite"
        return
    for spelling in ("postgresql://", "postgres://", "postgresql+psycopg://", "postgresql+psycopg2://"):
        store = Store.open(engine_url.replace("postgresql://", spelling, 1))
        store.ping()
        assert (store.dialect, store._write.driver) == ("postgresql", "psycopg")
        store.dispose()


def test_a_database_that_is_away_is_told_by_ping(tmp_path, engine):
    away = f"sqlite:///{tmp_path}/file.db" if engine == "sqlite" else f"postgresql://nobody@/none?host={tmp_path}"
    store = Store.open(away)
    if engine == "sqlite":
        Path(tmp_path / "file.db").mkdir()

    with pytest.raises(OperationalError):
        store.ping()

    store._read.dispose()


# --- instants ---


def test_an_instant_comes_back_as_the_same_aware_utc(store):
    moments = [datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)]
    for n, moment in enumerate(moments):
        store.transact(lambda tx, n=n, m=moment: people.remember(tx, [Person("T1", f"U{n}", "x", "", "UTC")], m))

    stored = store.read(lambda tx: list(tx.exec(select(PersonRow.seen_at).order_by(PersonRow.user_id))))

    assert (stored, [moment.tzinfo for moment in stored]) == (moments, [UTC, UTC])


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(utc().replace(tzinfo=None), id="naive"),
        pytest.param(datetime(2026, 11, 2, 9, tzinfo=BERLIN), id="aware, but not in UTC"),
    ],
)
def test_other_times_are_refused_at_the_door(store, moment):
    with pytest.raises(StatementError, match="not an aware UTC time"):
        store.transact(lambda tx: people.remember(tx, [DANA], moment))

    assert names(store) == []


def test_comparisons_take_only_instants_too(store):
    with pytest.raises(StatementError, match="not an aware UTC time"):
        store.read(lambda tx: people.known(tx, "T1", ["U1"], utc().replace(tzinfo=None)))


def test_a_session_in_another_zone_changes_no_instant(store, engine):
    """PostgreSQL answers in the session's zone."""
    store.transact(remember_dana)

    def look(tx):
        if engine == "postgres":
            tx.exec(text("SET LOCAL timezone = 'America/New_York'"))
        return tx.exec(select(PersonRow.seen_at)).one()

    seen = store.read(look)

    assert (seen, seen.tzinfo) == (datetime(2026, 11, 2, tzinfo=UTC), UTC)

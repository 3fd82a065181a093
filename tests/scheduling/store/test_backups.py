"""Daily copies of the database: one a day, the last seven, whole or not there."""

import sqlite3
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gauges import WorkGauges
from scheduling.domain import Person
from scheduling.outbox import Outbox
from scheduling.store import Store, StoreUnfit, backups, people

DANA = Person("T1", "U1", "Dana Reyes", "dana@reps.example", "Europe/Berlin")


def copies(store: Store) -> list[Path]:
    return sorted((store.file.parent / "backups").iterdir())


def test_each_day_gets_one_copy_with_everything_in_it(sqlite_store, clock):
    began = clock()
    sqlite_store.transact(lambda tx: people.remember(tx, [DANA], began))

    made = backups.make_if_due(sqlite_store, clock())
    same_day = backups.make_if_due(sqlite_store, clock.advance(hours=15))
    next_day = backups.make_if_due(sqlite_store, clock.advance(hours=9))

    assert same_day is None
    assert [file.name for file in copies(sqlite_store)] == ["sqlite-only.db.2026-11-02", "sqlite-only.db.2026-11-03"]
    assert copies(sqlite_store) == [made, next_day]
    copy = Store.open(f"sqlite:///{made}")
    copy.check()
    assert copy.read(lambda tx: people.known(tx, "T1", ["U1"], began)) == {"U1": DANA}
    copy.dispose()


def test_the_last_seven_are_kept_and_nothing_else_is_touched(sqlite_store, clock):
    backups.make_if_due(sqlite_store, clock())
    notes = sqlite_store.file.parent / "backups" / "sqlite-only.db.keep-me"
    notes.write_text("by hand")

    for _ in range(8):
        backups.make_if_due(sqlite_store, clock.advance(days=1))

    days = [f"sqlite-only.db.2026-11-{day:02}" for day in range(4, 11)]
    assert [file.name for file in copies(sqlite_store)] == [*days, notes.name]


def test_a_copy_that_failed_leaves_no_file_and_is_tried_again(sqlite_store, clock, monkeypatch):
    def damaged(self, path):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
        raise StoreUnfit("disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "backup", damaged)
        with pytest.raises(StoreUnfit):
            backups.make_if_due(sqlite_store, clock())
    left = copies(sqlite_store)
    made = backups.make_if_due(sqlite_store, clock())

    assert (left, copies(sqlite_store)) == ([], [made])
    with sqlite3.connect(made) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()


def test_the_age_of_the_newest_copy_is_a_gauge_where_there_is_one(store, engine, clock):
    outbox = Outbox(store, (), clock)
    registry = CollectorRegistry()
    registry.register(WorkGauges(store, outbox, clock))

    before = generate_latest(registry).decode()
    made = backups.make_if_due(store, clock())
    after = generate_latest(registry).decode()

    outbox.stop()
    assert "\nschedule_for_backup_age_seconds " not in before
    assert (made is not None, "\nschedule_for_backup_age_seconds " in after) == ((engine == "sqlite",) * 2)


def test_the_clock_of_the_durable_work_looks_after_it(sqlite_store, clock):
    outbox = Outbox(sqlite_store, (), clock)

    outbox.start()

    kept = {job.id: job.func for job in outbox._scheduler.get_jobs()}
    kept["backup"]()
    outbox.stop()
    assert sorted(kept) == ["backup", "drain", "expire", "purge", "renew_leases"]
    assert [file.name for file in copies(sqlite_store)] == ["sqlite-only.db.2026-11-02"]

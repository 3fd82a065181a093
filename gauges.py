"""What is asked whenever somebody reads `/metrics`: how much work waits, whether the clock ticks, the backup's age."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from scheduling.clock import Clock
from scheduling.outbox import Outbox
from scheduling.store import Store, backups, tasks


class WorkGauges(Collector):
    """Gauges of the outbox. No team and no person is a label."""

    def __init__(self, store: Store, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The families without samples: registering must not ask a database that is not migrated yet."""
        yield from _families().values()
        yield _tick_age()
        yield _backup_age()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._clock()
        families = _families()
        for kind, backlog in self._store.read(lambda tx: tasks.backlog(tx, now)).items():
            waited = 0.0 if backlog.oldest is None else max(0.0, (now - backlog.oldest).total_seconds())
            families["ready"].add_metric([kind], backlog.ready)
            families["oldest"].add_metric([kind], waited)
            families["parked"].add_metric([kind], backlog.parked)
            families["dead"].add_metric([kind], backlog.dead)
        yield from families.values()
        age = _tick_age()
        age.add_metric([], self._outbox.tick_age())
        yield age
        copied = _backup_age()
        if (seconds := backups.age(self._store, now)) is not None:
            copied.add_metric([], seconds)
        yield copied


def _families() -> dict[str, GaugeMetricFamily]:
    return {
        "ready": GaugeMetricFamily("schedule_for_outbox_ready", "Tasks that are due", labels=["kind"]),
        "oldest": GaugeMetricFamily(
            "schedule_for_outbox_oldest_seconds", "How long the oldest due task has waited", labels=["kind"]
        ),
        "parked": GaugeMetricFamily("schedule_for_outbox_parked", "Tasks that wait for a person", labels=["kind"]),
        "dead": GaugeMetricFamily("schedule_for_outbox_dead", "Tasks that were given up", labels=["kind"]),
    }


def _tick_age() -> GaugeMetricFamily:
    return GaugeMetricFamily("schedule_for_tick_age_seconds", "Seconds since the clock of the durable work last ticked")


def _backup_age() -> GaugeMetricFamily:
    """Without a sample until there is a copy, and on PostgreSQL."""
    return GaugeMetricFamily("schedule_for_backup_age_seconds", "Seconds since the newest daily copy of SQLite")

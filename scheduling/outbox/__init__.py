"""Durable work: `Outbox` claims and runs it, `kinds` says how each kind is run, `waits` how long a failure waits."""

from scheduling.outbox.kinds import Again, Done, Kind
from scheduling.outbox.outbox import Outbox
from scheduling.store.tasks import Task, enqueue

__all__ = ["Again", "Done", "Kind", "Outbox", "Task", "enqueue"]

"""What the outbox must know of a kind of task, and what a handler may answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling.errors import OutsideError
from scheduling.store import Session
from scheduling.store.tasks import Task


@dataclass(frozen=True, slots=True)
class Done:
    """The handler's work is done. `commit` runs in the transaction that ends the task: both happen, or neither."""

    commit: Callable[[Session], None] | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Not finished yet: run once more `after` a while. Costs no attempt."""

    after: timedelta
    commit: Callable[[Session], None] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How tasks of one name are run.

    `run` may call the outside (within the lease) and raises OutsideError when that fails. The other functions that take
    a session run in the transaction that records the failure: `retried` when it will be tried again, `parked` when it
    waits for a person, `give_up` when it never will. `parks_on` names what an AUTH failure waits for (see
    `Outbox.resume`), until `expires_at` at the most; None counts as permanent. No attempt is made again at or after
    `expires_at`; who only ever asks us to come later is listened to for `patience`.
    """

    name: str
    run: Callable[[Task], Done | Again]
    give_up: Callable[[Session, Task, OutsideError], None]
    retried: Callable[[Session, Task, OutsideError], None] | None = None
    parks_on: Callable[[Task, OutsideError], str | None] | None = None
    parked: Callable[[Session, Task, OutsideError], None] | None = None
    expires_at: Callable[[Task], datetime | None] | None = None
    max_attempts: int = 12
    patience: timedelta = timedelta(days=1)

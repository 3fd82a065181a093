"""Reading calendars: everybody a meeting needs, in parallel, under one deadline, and never "free" by failure.

Turns connections and our own claims into `Participant`s for the slot arithmetic. The thread pool here is the
*calendars* executor: its jobs are leaf calls, nothing inside it waits for another job of it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from scheduling.availability import Participant
from scheduling.calendars.base import OWN, CalendarProvider, Deadline
from scheduling.clock import Clock
from scheduling.domain import Busy, Connection, ConnectionState, Interval, Person, WorkingHours
from scheduling.errors import AuthExpired, CalendarError, ConsentMissing, DeadlineExceeded
from scheduling.store import Store, claims, connections

log = logging.getLogger(__name__)

MARGIN = timedelta(days=1)
"""Read beyond the window on both sides: floating and all-day times move with the zone they are read in."""

GRACE = 0.25
"""Seconds a leaf call may overrun its own deadline before it is given up."""

OpenProvider = Callable[[Connection, Mapping[str, str]], CalendarProvider]


@dataclass(frozen=True, slots=True)
class _Read:
    """One connection's answer: busy stretches, or the code of why they are unknown."""

    busy: tuple[Busy, ...] = ()
    unread: str | None = None


class CalendarReader:
    """Reads the calendars of people; `reconnect` is told of every connection that no longer lets us in."""

    def __init__(
        self,
        store: Store,
        open_provider: OpenProvider,
        clock: Clock,
        reconnect: Callable[[Connection, str], None],
        workers: int = 32,
    ) -> None:
        self._store = store
        self._open = open_provider
        self._clock = clock
        self._reconnect = reconnect
        self._calendars = ThreadPoolExecutor(workers, "calendars")

    def participants(
        self,
        people: Sequence[Person],
        window: Interval,
        *,
        seconds: float,
        except_draft: str | None = None,
        except_uid: str | None = None,
    ) -> tuple[Participant, ...]:
        """Everybody's time within `window`, in the order given; `people` are of one workspace.

        Our own claims count as busy, but for those of `except_draft`; the event `except_uid` does not.
        """
        if not people:
            return ()
        team_id = people[0].team_id
        deadline = Deadline.after(seconds)
        keys = tuple(person.user_id for person in people)
        accounts = self._store.read(lambda tx: connections.of_users(tx, team_id, keys))
        pending = {
            connection.id: self._calendars.submit(self._read_one, connection, person.zone, window, deadline)
            for person in people
            for connection in accounts[person.user_id]
            if connection.state is ConnectionState.OK
        }
        wait(pending.values(), timeout=deadline.remaining() + GRACE)
        taken = self._store.read(
            lambda tx: claims.taken(tx, team_id, keys, window, now=self._clock(), except_draft=except_draft)
        )
        return tuple(
            self._participant(
                person,
                accounts[person.user_id],
                pending,
                taken[person.user_id],
                except_uid,
            )
            for person in people
        )

    def close(self) -> None:
        self._calendars.shutdown(wait=False, cancel_futures=True)

    def _participant(
        self,
        person: Person,
        accounts: Sequence[Connection],
        pending: Mapping[str, "Future[_Read]"],
        taken: Sequence[Interval],
        except_uid: str | None,
    ) -> Participant:
        reads = [self._answer(account, pending.get(account.id)) for account in accounts]
        unread = "not_connected" if not accounts else next((r.unread for r in reads if r.unread), None)
        busy = [b for r in reads for b in r.busy if except_uid is None or b.uid != except_uid]
        busy += [Busy(interval) for interval in taken]
        return Participant(person.user_id, person.name, tuple(busy), WorkingHours(person.zone), unread)

    @staticmethod
    def _answer(account: Connection, future: "Future[_Read] | None") -> _Read:
        if account.state is not ConnectionState.OK or future is None:
            return _Read(unread="auth")
        if not future.done():
            future.cancel()
            return _Read(unread="deadline")
        return future.result()

    def _read_one(self, connection: Connection, zone: str, window: Interval, deadline: Deadline) -> _Read:
        """A leaf call: one account's own time. Expired jobs are dropped; every failure becomes a code."""
        try:
            return _Read(self._ask(connection, zone, window, deadline))
        except (AuthExpired, ConsentMissing) as error:
            self._reconnect(connection, error.code)
            return _Read(unread="auth")
        except DeadlineExceeded:
            return _Read(unread="deadline")
        except CalendarError as error:
            log.warning("calendar unread", extra={"connection": connection.id, "code": error.code})
        except Exception:
            log.exception("calendar reading broke", extra={"connection": connection.id})
        return _Read(unread="failed")

    def _ask(self, connection: Connection, zone: str, window: Interval, deadline: Deadline) -> tuple[Busy, ...]:
        deadline.check()
        secret = self._store.read(lambda tx: connections.secret(tx, connection.team_id, connection.id))
        provider = self._open(connection, secret)
        (answer,) = provider.availability((OWN,), window.widened(MARGIN, MARGIN), deadline, default_zone=zone)
        if answer.error is not None:
            raise answer.error
        return answer.busy

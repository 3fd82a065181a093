"""Reading calendars: everybody a meeting needs, in parallel, under one deadline, and never "free" by failure.

Turns connections and our own claims into `Participant`s for the slot arithmetic. Who has a connection is read through
it; who has none is read through the organizer's, where that calendar system shows other people's time. The thread pool
here is the *calendars* executor: its jobs are leaf calls, nothing inside it waits for another job of it.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from scheduling.accounts import Accounts
from scheduling.availability import Participant
from scheduling.calendars.base import OWN, Availability, CalendarProvider, CalendarRef, Deadline
from scheduling.clock import Clock
from scheduling.domain import Busy, Connection, ConnectionState, Interval
from scheduling.errors import AuthExpired, CalendarError, ConsentMissing, DeadlineExceeded
from scheduling.seats import Seat
from scheduling.store import Store, claims, connections

log = logging.getLogger(__name__)

MARGIN = timedelta(days=1)
"""Read beyond the window on both sides: floating and all-day times move with the zone they are read in."""

GRACE = 0.25
"""Seconds a leaf call may overrun its own deadline before it is given up."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everybody's time, in the order asked; `shared` are the keys that were read through the organizer's calendar."""

    participants: tuple[Participant, ...]
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Read:
    """One calendar's answer: busy stretches, or the code of why they are unknown."""

    busy: tuple[Busy, ...] = ()
    unread: str | None = None


_Pending = Future[tuple[_Read, ...]]


class CalendarReader:
    """Reads the calendars of seats; `shut_out` is told of every connection that no longer lets us in."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        clock: Clock,
        shut_out: Callable[[Connection, str], None],
        workers: int = 32,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._shut_out = shut_out
        self._calendars = ThreadPoolExecutor(workers, "calendars")

    def read(
        self,
        team_id: str,
        seats: Sequence[Seat],
        window: Interval,
        *,
        organizer: str,
        seconds: float,
        except_draft: str | None = None,
        except_uid: str | None = None,
    ) -> Reading:
        """Everybody's time within `window`.

        `organizer` is the user through whose calendar the unconnected are read. Our own claims count as busy, but for
        those of `except_draft`; the event `except_uid` does not.
        """
        deadline = Deadline.after(seconds)
        keys = tuple(seat.key for seat in seats)
        theirs = self._store.read(lambda tx: connections.of_users(tx, team_id, {*keys, organizer}))
        own = {
            connection.id: self._calendars.submit(self._leaf, connection, (OWN,), seat.zone, window, deadline)
            for seat in seats
            for connection in theirs[seat.key]
            if connection.state is ConnectionState.OK
        }
        guests = [seat for seat in seats if not theirs[seat.key] and seat.address]
        shared = self._ask_organizer(theirs[organizer], guests, window, deadline)
        wait((*own.values(), *shared), timeout=deadline.remaining() + GRACE)
        taken = self._store.read(
            lambda tx: claims.taken(tx, team_id, keys, window, now=self._clock(), except_draft=except_draft)
        )
        found: list[Participant] = []
        for seat in seats:
            reads = [_answer(account, own.get(account.id)) for account in theirs[seat.key]]
            if shared and seat in guests:
                reads.append(_best([_of(pending, guests.index(seat)) for pending in shared]))
            unread = next((read.unread for read in reads if read.unread), None) if reads else "not_connected"
            busy = [b for read in reads for b in read.busy if except_uid is None or b.uid != except_uid]
            told = {b.interval for b in busy}  # an event of ours that was read says more than the claim behind it
            busy += [Busy(interval) for interval in taken[seat.key] if interval not in told]
            found.append(Participant(seat.key, seat.name, tuple(busy), seat.working, unread))
        known = {participant.who for participant in found if participant.unread is None}
        return Reading(tuple(found), frozenset(known & {seat.key for seat in guests if shared}))

    def close(self) -> None:
        self._calendars.shutdown(wait=False, cancel_futures=True)

    def _ask_organizer(
        self, accounts: Iterable[Connection], guests: Sequence[Seat], window: Interval, deadline: Deadline
    ) -> tuple[_Pending, ...]:
        """One call for all who are not connected, to each account that can see others; nothing where none can."""
        if not guests:
            return ()
        refs = tuple(CalendarRef(seat.address) for seat in guests)
        return tuple(
            self._calendars.submit(self._leaf, account, refs, guests[0].zone, window, deadline)
            for account in accounts
            if account.state is ConnectionState.OK and self._opened(account).capabilities.others_free_busy
        )

    def _leaf(
        self, account: Connection, refs: Sequence[CalendarRef], zone: str, window: Interval, deadline: Deadline
    ) -> tuple[_Read, ...]:
        """A leaf call: one account, one answer per ref. Expired jobs are dropped; every failure becomes a code."""
        try:
            deadline.check()
            answers = self._opened(account).availability(
                refs, window.widened(MARGIN, MARGIN), deadline, default_zone=zone
            )
        except CalendarError as error:
            return tuple(self._unread(account, error) for _ in refs)
        except Exception:
            log.exception("calendar reading broke", extra={"connection": account.id})
            return tuple(_Read(unread="failed") for _ in refs)
        return tuple(self._heard(account, answer) for answer in answers)

    def _heard(self, account: Connection, answer: Availability) -> _Read:
        return _Read(answer.busy) if answer.error is None else self._unread(account, answer.error)

    def _unread(self, account: Connection, error: CalendarError) -> _Read:
        if isinstance(error, AuthExpired | ConsentMissing):
            self._shut_out(account, error.code)
            return _Read(unread="auth")
        if isinstance(error, DeadlineExceeded):
            return _Read(unread="deadline")
        log.warning("calendar unread", extra={"connection": account.id, "code": error.code})
        return _Read(unread="failed")

    def _opened(self, account: Connection) -> CalendarProvider:
        secret = self._store.read(lambda tx: connections.secret(tx, account.team_id, account.id))
        return self._accounts.open(account, secret)


def _answer(account: Connection, pending: _Pending | None) -> _Read:
    """What the account itself said; an account that shut us out was not asked."""
    return _Read(unread="auth") if pending is None or account.state is not ConnectionState.OK else _of(pending, 0)


def _best(reads: Sequence[_Read]) -> _Read:
    """What the first account knew that could see somebody; else why the first could not."""
    return next((read for read in reads if read.unread is None), reads[0])


def _of(pending: _Pending, place: int) -> _Read:
    if not pending.done():
        pending.cancel()
        return _Read(unread="deadline")
    return pending.result()[place]

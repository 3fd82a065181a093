"""Making the event real, and looking after it: `sync_event`, `read_back`, `remove_event`.

    sync_event    bring the calendars to the newest version -> in one transaction: where the event is, and only then
                  mails and notices, so no customer ever hears of a meeting that does not exist
    read_back     look once more: an overlap nobody accepted is told to the rep
    remove_event  after a failure for good: whatever was made is taken out again

Each may be killed at any line and run again: providers are asked by the booking's key, which never makes a second
event.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from scheduling.accounts import Accounts
from scheduling.availability import Rules, slot_at
from scheduling.booking import Booker, draft_of
from scheduling.calendars.base import CalendarProvider, Deadline
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.domain import (
    Booking,
    BookingState,
    Connection,
    ConnectionState,
    DraftState,
    EventRef,
    Rep,
    WorkingHours,
)
from scheduling.errors import AuthExpired, OutsideError
from scheduling.event_spec import attended_by, event_spec, room_spec
from scheduling.linking import Linking
from scheduling.outbox import Again, Done, Kind, Task, enqueue
from scheduling.outcomes import Problem, record
from scheduling.ports import OutcomeKind, Undone
from scheduling.reading import CalendarReader
from scheduling.rooming import RoomKeeper
from scheduling.seats import Seat
from scheduling.store import Session, Store, bookings, claims, connections, drafts
from scheduling.telling import Telling, booking_of

EVENT_SECONDS = 25.0
"""Total deadline of one task's calendar writes."""

LINK_PATIENCE = timedelta(seconds=30)
LINK_POLL = timedelta(seconds=3)
"""A link that the provider makes may come late: mails wait this long for it, looking this often."""

READ_BACK_AFTER = (timedelta(seconds=5), timedelta(seconds=60))
"""Calendars may show others' new events half a minute late, so the last look is taken twice."""


class EventKeeper:
    """The outbox kinds that keep the calendars in step with the booking."""

    def __init__(
        self,
        store: Store,
        reader: CalendarReader,
        booker: Booker,
        telling: Telling,
        accounts: Accounts,
        linking: Linking,
        rooming: RoomKeeper,
        *,
        config: SchedulingConfig,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reader = reader
        self._booker = booker
        self._telling = telling
        self._accounts = accounts
        self._linking = linking
        self._rooming = rooming
        self._config = config
        self._clock = clock

    def kinds(self) -> tuple[Kind, ...]:
        return (
            Kind(
                "sync_event",
                self.sync_event,
                give_up=self._event_failed,
                retried=self._event_waits,
                parks_on=lambda task, _: str(task.payload["connection_id"]),
                parked=self._event_parked,
                expires_at=self._booking_start,
            ),
            Kind("read_back", self.read_back, give_up=self._look_given_up, max_attempts=4),
            Kind(
                "remove_event",
                self.remove_event,
                give_up=self._event_left,
                parks_on=self._calendar_of,
                expires_at=self._booking_end,
            ),
        )

    # --- sync_event ---

    def sync_event(self, task: Task) -> Done | Again:
        """Store the rooms' events and the organizer's, then queue everything people will hear of it."""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        if booking.state is not BookingState.PENDING:
            return Done()
        deadline = Deadline.after(EVENT_SECONDS)
        booking = self._linking.with_conference(booking, deadline)
        booking = replace(booking, room_events=self._room_events(booking, deadline))
        provider = self._provider(booking.team_id, booking.connection_id)
        spec = event_spec(booking, provider.capabilities)
        ref = provider.create_event(spec, deadline)
        if spec.native_conference and not ref.join_url and self._clock() - booking.created_at < LINK_PATIENCE:
            return Again(LINK_POLL)
        if booking.conference is not None:
            ref = ref.model_copy(update={"join_url": booking.conference.url})
        confirmed = replace(booking, state=BookingState.CONFIRMED, event=ref, uid=ref.uid)
        letters = self._telling.letters(confirmed, attended_by(booking, spec))
        return Done(lambda tx: self._confirmed(tx, confirmed, letters))

    def _room_events(self, booking: Booking, deadline: Deadline) -> tuple[tuple[str, EventRef], ...]:
        """One event in the calendar of each room that has a connection of its own."""
        made = []
        for room in booking.rooms:
            for connection in self._connections(booking.team_id, room.key):
                provider = self._open(connection)
                ref = provider.create_event(room_spec(booking, room, connection.target_calendar or ""), deadline)
                made.append((room.key, ref))
        return tuple(made)

    def _confirmed(self, tx: Session, booking: Booking, letters: Callable[[Session], None]) -> None:
        bookings.save(tx, booking)
        draft = drafts.get(tx, Rep(booking.team_id, booking.organizer.user_id), booking.draft_id)
        saved = drafts.save(tx, replace(draft, state=DraftState.BOOKED))
        record(tx, saved, None)
        letters(tx)
        self._telling.booked(tx, booking)
        self._telling.show_outcome(tx, saved, "booked")
        self._rooming.await_answers(tx, booking)
        now = self._clock()
        for after in READ_BACK_AFTER:
            enqueue(
                tx,
                team_id=booking.team_id,
                kind="read_back",
                key=f"read_back:{booking.id}:{booking.version}:{after.seconds}",
                payload={},
                now=now,
                run_after=now + after,
                booking_id=booking.id,
            )

    def _event_failed(self, tx: Session, task: Task, error: OutsideError) -> None:
        """For good: the claims end, what was made is removed by a task of its own, the form is the rep's again."""
        booking = booking_of(tx, task)
        if booking.state is not BookingState.PENDING:
            return
        bookings.save(tx, replace(booking, state=BookingState.FAILED, problem=error.code))
        claims.release_booking(tx, booking.team_id, booking.id)
        for key in ("organizer", *(room.key for room in booking.rooms)):
            enqueue(
                tx,
                team_id=booking.team_id,
                kind="remove_event",
                key=f"remove:{booking.id}:{key}",
                payload={"seat": key},
                now=self._clock(),
                booking_id=booking.id,
            )
        draft = draft_of(tx, task)
        self._booker.hand_back(tx, draft, OutcomeKind.FAILED, error.code, connection_id=booking.connection_id)

    def _event_waits(self, tx: Session, task: Task, error: OutsideError) -> None:
        draft = draft_of(tx, task)
        connection_id = str(task.payload["connection_id"])
        record(tx, draft, Problem(kind=OutcomeKind.WAITING, reason=error.code, connection_id=connection_id))
        self._telling.show_outcome(tx, draft, "waiting")

    def _event_parked(self, tx: Session, task: Task, error: OutsideError) -> None:
        """The calendar no longer lets us in: the work waits for the reconnect, and the rep is told which and why."""
        connection_id = str(task.payload["connection_id"])
        draft = draft_of(tx, task)
        record(tx, draft, Problem(kind=OutcomeKind.WAITING, reason="auth", connection_id=connection_id))
        self._telling.show_outcome(tx, draft, "parked")
        self._telling.reconnect(tx, task.team_id, connection_id, error.code)

    # --- read_back ---

    def read_back(self, task: Task) -> Done:
        """After creating: does anybody's calendar now show something else at that time?"""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        if booking.state is not BookingState.CONFIRMED:
            return Done()
        seats = [
            Seat(person.user_id, person.name, person.zone, person.email or None, WorkingHours(person.zone))
            for person in booking.members
        ]
        reading = self._reader.read(
            booking.team_id,
            seats,
            booking.interval,
            organizer=booking.organizer.user_id,
            seconds=EVENT_SECONDS,
            except_draft=booking.draft_id,
            except_uid=booking.uid,
        )
        # A shared view tells no UIDs: our own event would look like somebody else's there.
        known = [p for p in reading.participants if p.unread is None and p.who not in reading.shared]
        rules = Rules(
            duration=booking.interval.duration,
            step=self._config.step,
            not_before=booking.interval.start,
            grid_zone=booking.organizer.zone,
        )
        slot = slot_at(known, rules, booking.interval.start) if known else None
        found = [obstacle for obstacle in slot.obstacles if not booking.form.accepts(obstacle)] if slot else []
        overlapping = tuple(dict.fromkeys(obstacle.name for obstacle in found))
        return Done((lambda tx: self._telling.overlap(tx, booking, overlapping)) if overlapping else None)

    def _look_given_up(self, tx: Session, task: Task, error: OutsideError) -> None:
        self._telling.undone(tx, booking_of(tx, task), Undone.LAST_LOOK, error.code)

    # --- remove_event ---

    def remove_event(self, task: Task) -> Done:
        """Take out what a failed booking left at one calendar, if it left anything."""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        seat = str(task.payload["seat"])
        deadline = Deadline.after(EVENT_SECONDS)
        if seat == "organizer":
            provider = self._provider(booking.team_id, booking.connection_id)
            left = provider.find_event(event_spec(booking, provider.capabilities), deadline)
            if left is not None:
                provider.cancel_event(left, None, deadline)
            return Done()
        room = next(room for room in booking.rooms if room.key == seat)
        for connection in self._connections(booking.team_id, seat):
            provider = self._open(connection)
            left = provider.find_event(room_spec(booking, room, connection.target_calendar or ""), deadline)
            if left is not None:
                provider.cancel_event(left, None, deadline)
        return Done()

    def _event_left(self, tx: Session, task: Task, error: OutsideError) -> None:
        """Nothing half-made may be left unsaid (13d)."""
        booking, seat = booking_of(tx, task), str(task.payload["seat"])
        name = next((room.name for room in booking.rooms if room.key == seat), "")
        self._telling.undone(tx, booking, Undone.EVENT_LEFT, error.code, name)

    def _calendar_of(self, task: Task, _error: OutsideError) -> str | None:
        """The connection that must let us in again before what was left there can be taken out."""
        booking, seat = self._store.read(lambda tx: booking_of(tx, task)), str(task.payload["seat"])
        if seat == "organizer":
            return booking.connection_id
        return next((connection.id for connection in self._connections(booking.team_id, seat)), None)

    # --- accounts ---

    def _provider(self, team_id: str, connection_id: str) -> CalendarProvider:
        """Raises AuthExpired for an account that is gone or shut us out: the task waits for the reconnect."""
        connection = self._store.read(lambda tx: connections.get(tx, team_id, connection_id))
        if connection is None:
            raise AuthExpired("disconnected")
        if connection.state is not ConnectionState.OK:
            raise AuthExpired(connection.reason or "auth")
        return self._open(connection)

    def _connections(self, team_id: str, key: str) -> tuple[Connection, ...]:
        return self._store.read(lambda tx: connections.of_users(tx, team_id, (key,)))[key]

    def _open(self, connection: Connection) -> CalendarProvider:
        secret = self._store.read(lambda tx: connections.secret(tx, connection.team_id, connection.id))
        return self._accounts.open(connection, secret)

    def _booking_start(self, task: Task) -> datetime | None:
        return self._store.read(lambda tx: booking_of(tx, task)).interval.start

    def _booking_end(self, task: Task) -> datetime | None:
        return self._store.read(lambda tx: booking_of(tx, task)).interval.end

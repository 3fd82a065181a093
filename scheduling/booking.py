"""The durable story after Schedule: `book`, `sync_event`, `read_back`. Each may be killed at any line and run again.

    book        read every calendar again -> in one transaction: booking, confirmed claims, `sync_event`
    sync_event  bring the provider to the newest version -> in one transaction: its id, and only then mails and notices
    read_back   look once more: an overlap nobody accepted is told to the rep

No network inside a transaction. Mails and posts are queued by the transaction that records the event, so no customer
ever hears of a meeting that does not exist.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from scheduling.availability import Rules, slot_at
from scheduling.calendars.base import BookingKey, CalendarProvider, Deadline, EventSpec
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.domain import (
    Booking,
    BookingState,
    Connection,
    ConnectionState,
    Draft,
    DraftState,
    Interval,
    Person,
    Rep,
    Screen,
)
from scheduling.errors import AuthExpired, OutsideError, ProfileUnknown, SlotTaken
from scheduling.event_text import describe, place
from scheduling.mail.letter import Sender
from scheduling.outbox import Done, Kind, Task, enqueue
from scheduling.outcomes import Problem, record
from scheduling.ports import OutcomeKind
from scheduling.proposing import Proposing, Recheck, members_of, require
from scheduling.reading import CalendarReader, OpenProvider
from scheduling.roster import Roster
from scheduling.store import Session, Store, audit, bookings, claims, connections, drafts
from scheduling.telling import Telling, booking_of

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is misread on the phone."""

EVENT_SECONDS = 25.0
"""Total deadline of one calendar write."""

READ_BACK_AFTER = timedelta(seconds=5)


class BookingTasks:
    """The outbox kinds that make a meeting real."""

    def __init__(
        self,
        store: Store,
        roster: Roster,
        proposing: Proposing,
        reader: CalendarReader,
        telling: Telling,
        open_provider: OpenProvider,
        config: SchedulingConfig,
        clock: Clock,
    ) -> None:
        self._store = store
        self._roster = roster
        self._proposing = proposing
        self._reader = reader
        self._telling = telling
        self._open = open_provider
        self._config = config
        self._sender_domain = Sender.parse(config.mail_from).domain
        self._clock = clock

    def kinds(self) -> tuple[Kind, ...]:
        return (
            Kind("book", self.book, give_up=self._book_failed, retried=self._book_waits, expires_at=self._draft_start),
            Kind(
                "sync_event",
                self.sync_event,
                give_up=self._event_failed,
                retried=self._event_waits,
                parks_on=lambda task, _: str(task.payload["connection_id"]),
                parked=self._event_parked,
                expires_at=self._booking_start,
            ),
            Kind("read_back", self.read_back, give_up=lambda _tx, _task, _error: None, max_attempts=4),
        )

    # --- book ---

    def book(self, task: Task) -> Done:
        """The slot is read again and, if still free, the booking is written; otherwise the rep gets the form back."""
        draft = self._store.read(lambda tx: _draft_of(tx, task))
        if draft.state is not DraftState.SUBMITTED or self._booking(draft) is not None:
            return Done()
        people = self._roster.of(draft.team_id, (draft.user_id, *draft.form.members))
        try:
            recheck = self._proposing.recheck(draft, people)
        except ProfileUnknown as unknown:
            strangers = unknown.user_ids
            return Done(lambda tx: self._hand_back(tx, draft, OutcomeKind.FAILED, "profile", strangers))
        if not recheck.is_free:
            return Done(lambda tx: self._taken(tx, draft, recheck))
        home = self._home(draft.rep)
        if home is None:
            return Done(lambda tx: self._hand_back(tx, draft, OutcomeKind.FAILED, "not_connected"))
        booking = self._new_booking(draft, people, home)
        try:
            self._store.transact(lambda tx: self._write(tx, draft, booking))
        except SlotTaken as taken:
            who = taken.who
            return Done(lambda tx: self._taken(tx, draft, recheck, who))
        return Done()

    def _write(self, tx: Session, draft: Draft, booking: Booking) -> None:
        """Claims, booking and the next task, together or not at all."""
        current = drafts.lock(tx, draft.rep, draft.id)
        if current.state is not DraftState.SUBMITTED or bookings.of_draft(tx, draft.team_id, draft.id) is not None:
            return
        now = self._clock()
        claims.confirm(
            tx,
            team_id=draft.team_id,
            draft_id=draft.id,
            booking_id=booking.id,
            resources={member.user_id: member.name for member in booking.members},
            interval=booking.interval.widened(self._config.buffer, self._config.buffer),
            now=now,
            forced=draft.form.accepted,
        )
        bookings.add(tx, booking)
        audit.note(
            tx,
            team_id=booking.team_id,
            who=draft.user_id,
            booking_id=booking.id,
            now=now,
            what={"act": "book", "overrides": list(draft.form.obstacles)},
        )
        enqueue(
            tx,
            team_id=booking.team_id,
            kind="sync_event",
            key=f"event:{booking.id}:{booking.version}",
            payload={"connection_id": booking.connection_id, "user_id": draft.user_id},
            now=now,
            booking_id=booking.id,
            draft_id=draft.id,
        )

    def _new_booking(self, draft: Draft, people: dict[str, Person], home: Connection) -> Booking:
        booking_id = secrets.token_hex(16)
        customer, start = draft.form.customer, draft.form.slot
        if customer is None or start is None:
            raise ValueError("a submitted draft has a customer and a slot")
        return Booking(
            id=booking_id,
            team_id=draft.team_id,
            tracking_id="SF-" + "".join(secrets.choice(ALPHABET) for _ in range(6)),
            draft_id=draft.id,
            version=1,
            sequence=0,
            generation=1,
            state=BookingState.PENDING,
            interval=Interval(start, start + timedelta(minutes=draft.form.minutes)),
            organizer=require(people, draft.rep),
            members=members_of(draft, people),
            customer=customer,
            form=draft.form,
            uid=f"{booking_id}-1@{self._sender_domain}",
            connection_id=home.id,
            calendar_id=home.target_calendar or "",
            created_at=self._clock(),
        )

    def _home(self, rep: Rep) -> Connection | None:
        """The organizer's calendar that will hold the event."""
        own = self._store.read(lambda tx: connections.of_user(tx, rep))
        usable = [c for c in own if c.state is ConnectionState.OK and c.target_calendar]
        return usable[0] if usable else None

    def _taken(self, tx: Session, draft: Draft, recheck: Recheck, who: tuple[str, ...] = ()) -> None:
        names = who or tuple(dict.fromkeys(obstacle.name for obstacle in recheck.refused))
        free = tuple((slot.interval.start, slot.interval.end) for slot in recheck.alternatives)
        self._hand_back(tx, draft, OutcomeKind.TAKEN, None, names, free)

    def _hand_back(
        self,
        tx: Session,
        draft: Draft,
        kind: OutcomeKind,
        reason: str | None,
        who: tuple[str, ...] = (),
        alternatives: tuple[tuple[datetime, datetime], ...] = (),
        connection_id: str | None = None,
    ) -> None:
        """Nothing was made: the claims end, the form is the rep's again, and the screen says why."""
        claims.release_draft(tx, draft.team_id, draft.id)
        form = draft.form.model_copy(update={"slot": None, "obstacles": (), "accepted": ()})
        again = replace(draft, form=form, state=DraftState.OPEN, screen=Screen.OUTCOME, held_until=None)
        saved = drafts.save(tx, again)
        record(
            tx,
            saved,
            Problem(kind=kind, reason=reason, who=who, alternatives=alternatives, connection_id=connection_id),
        )
        self._telling.show_outcome(tx, saved, kind.value)
        if kind is OutcomeKind.FAILED:
            self._telling.problem(tx, saved)

    def _book_failed(self, tx: Session, task: Task, error: OutsideError) -> None:
        draft = _draft_of(tx, task)
        if draft.state is DraftState.SUBMITTED:
            self._hand_back(tx, draft, OutcomeKind.FAILED, error.code)

    def _book_waits(self, tx: Session, task: Task, error: OutsideError) -> None:
        draft = _draft_of(tx, task)
        record(tx, draft, Problem(kind=OutcomeKind.WAITING, reason=error.code))
        self._telling.show_outcome(tx, draft, "waiting")

    # --- sync_event ---

    def sync_event(self, task: Task) -> Done:
        """Store the event at the organizer's provider, then queue everything people will hear of it."""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        if booking.state is not BookingState.PENDING:
            return Done()
        connection, provider = self._provider(booking)
        if connection.state is not ConnectionState.OK:
            raise AuthExpired(connection.reason or "auth")
        ref = provider.create_event(self._spec(booking), Deadline.after(EVENT_SECONDS))
        confirmed = replace(booking, state=BookingState.CONFIRMED, event=ref)
        letters = self._telling.letters(confirmed)
        return Done(lambda tx: self._confirmed(tx, confirmed, letters))

    def _confirmed(self, tx: Session, booking: Booking, letters: Callable[[Session], None]) -> None:
        bookings.save(tx, booking)
        draft = drafts.get(tx, Rep(booking.team_id, booking.organizer.user_id), booking.draft_id)
        saved = drafts.save(tx, replace(draft, state=DraftState.BOOKED))
        record(tx, saved, None)
        letters(tx)
        self._telling.booked(tx, booking)
        self._telling.show_outcome(tx, saved, "booked")
        now = self._clock()
        enqueue(
            tx,
            team_id=booking.team_id,
            kind="read_back",
            key=f"read_back:{booking.id}:{booking.version}",
            payload={},
            now=now,
            run_after=now + READ_BACK_AFTER,
            booking_id=booking.id,
        )

    def _spec(self, booking: Booking) -> EventSpec:
        return EventSpec(
            key=BookingKey(booking.id, booking.generation),
            uid=booking.uid,
            calendar_id=booking.calendar_id,
            interval=booking.interval,
            zone=booking.organizer.zone,
            title=booking.form.subject,
            description=describe(booking),
            location=place(booking),
            sequence=booking.sequence,
        )

    def _provider(self, booking: Booking) -> tuple[Connection, CalendarProvider]:
        def work(tx: Session) -> tuple[Connection, dict[str, str]]:
            found = connections.get(tx, booking.team_id, booking.connection_id)
            if found is None:
                raise AuthExpired("disconnected")
            return found, dict(connections.secret(tx, booking.team_id, found.id))

        connection, secret = self._store.read(work)
        return connection, self._open(connection, secret)

    def _event_failed(self, tx: Session, task: Task, error: OutsideError) -> None:
        booking = booking_of(tx, task)
        if booking.state is not BookingState.PENDING:
            return
        bookings.save(tx, replace(booking, state=BookingState.FAILED, problem=error.code))
        claims.release_booking(tx, booking.team_id, booking.id)
        draft = _draft_of(tx, task)
        self._hand_back(tx, draft, OutcomeKind.FAILED, error.code, connection_id=booking.connection_id)

    def _event_waits(self, tx: Session, task: Task, error: OutsideError) -> None:
        draft = _draft_of(tx, task)
        connection_id = str(task.payload["connection_id"])
        record(tx, draft, Problem(kind=OutcomeKind.WAITING, reason=error.code, connection_id=connection_id))
        self._telling.show_outcome(tx, draft, "waiting")

    def _event_parked(self, tx: Session, task: Task, error: OutsideError) -> None:
        """The calendar no longer lets us in: the work waits for the reconnect, and the rep is told which and why."""
        connection_id = str(task.payload["connection_id"])
        draft = _draft_of(tx, task)
        record(tx, draft, Problem(kind=OutcomeKind.WAITING, reason="auth", connection_id=connection_id))
        self._telling.show_outcome(tx, draft, "parked")
        self._telling.reconnect(tx, task.team_id, connection_id, error.code)

    # --- read_back ---

    def read_back(self, task: Task) -> Done:
        """After creating: does anybody's calendar now show something else at that time?"""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        if booking.state is not BookingState.CONFIRMED:
            return Done()
        participants = self._reader.participants(
            booking.members,
            booking.interval,
            seconds=EVENT_SECONDS,
            except_draft=booking.draft_id,
            except_uid=booking.uid,
        )
        known = tuple(p for p in participants if p.unread is None and p.who not in booking.form.accepted)
        rules = Rules(
            duration=booking.interval.duration,
            step=self._config.step,
            not_before=booking.interval.start,
            grid_zone=booking.organizer.zone,
        )
        slot = slot_at(known, rules, booking.interval.start) if known else None
        overlapping = tuple(dict.fromkeys(o.name for o in slot.obstacles)) if slot else ()
        return Done((lambda tx: self._telling.overlap(tx, booking, overlapping)) if overlapping else None)

    # --- reading ---

    def _booking(self, draft: Draft) -> Booking | None:
        return self._store.read(lambda tx: bookings.of_draft(tx, draft.team_id, draft.id))

    def _draft_start(self, task: Task) -> datetime | None:
        return self._store.read(lambda tx: _draft_of(tx, task)).form.slot

    def _booking_start(self, task: Task) -> datetime | None:
        return self._store.read(lambda tx: booking_of(tx, task)).interval.start


def _draft_of(tx: Session, task: Task) -> Draft:
    """The draft a task is about; raises DraftGone."""
    return drafts.get(tx, Rep(task.team_id, str(task.payload["user_id"])), str(task.draft_id))

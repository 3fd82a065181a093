"""What happens first after Schedule: the slot is read again, and the booking is written or the form handed back.

    book -> in one transaction: booking, confirmed claims, and the task that makes the event (`syncing.py`)

May be killed at any line and run again: the draft's id is the key of everything. No network inside a transaction.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from scheduling.accounts import Accounts
from scheduling.calendars.base import Capabilities, SendsInvitations
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
    InviteMode,
    ObstacleKind,
    Person,
    Rep,
    Room,
    Screen,
)
from scheduling.errors import OutsideError, ProfileUnknown, SlotTaken
from scheduling.mail.letter import Sender
from scheduling.outbox import Done, Kind, Task, enqueue
from scheduling.outcomes import Problem, record
from scheduling.ports import OutcomeKind
from scheduling.proposing import Proposing, Recheck
from scheduling.roster import Roster
from scheduling.seats import chosen_rooms, members_of, require
from scheduling.store import Session, Store, audit, bookings, claims, connections, drafts, rooms
from scheduling.telling import Telling

log = logging.getLogger(__name__)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is misread on the phone."""


class Booker:
    """The outbox kind `book`."""

    def __init__(
        self,
        store: Store,
        roster: Roster,
        proposing: Proposing,
        telling: Telling,
        accounts: Accounts,
        config: SchedulingConfig,
        clock: Clock,
    ) -> None:
        self._store = store
        self._roster = roster
        self._proposing = proposing
        self._telling = telling
        self._accounts = accounts
        self._config = config
        self._sender_domain = Sender.parse(config.mail_from).domain
        self._clock = clock

    def kinds(self) -> tuple[Kind, ...]:
        return (
            Kind("book", self.book, give_up=self._book_failed, retried=self._book_waits, expires_at=self._draft_start),
        )

    def book(self, task: Task) -> Done:
        """The slot is read again and, if still free, the booking is written; otherwise the rep gets the form back."""
        draft = self._store.read(lambda tx: draft_of(tx, task))
        if draft.state is not DraftState.SUBMITTED or self._booking(draft) is not None:
            return Done()
        people = self._roster.of(draft.team_id, (draft.user_id, *draft.form.members))
        known = self._store.read(lambda tx: rooms.of_team(tx, draft.team_id))
        chosen, home = chosen_rooms(draft, known), self._home(draft)
        homeless = self._homeless(draft, chosen, home)
        if homeless:
            return self._refused(draft, homeless)
        try:
            recheck = self._proposing.recheck(draft, people, known)
        except ProfileUnknown as unknown:
            return self._refused(draft, "profile", unknown.user_ids)
        if recheck.is_free and home is None:
            return self._refused(draft, "not_connected")
        if recheck.is_free and home is not None:
            booking = self._new_booking(draft, people, chosen, home)
            return self._booked(draft, booking, lambda: self._proposing.recheck(draft, people, known))
        return Done(lambda tx: self._taken(tx, draft, recheck))

    def _refused(self, draft: Draft, reason: str, who: tuple[str, ...] = ()) -> Done:
        return Done(lambda tx: self.hand_back(tx, draft, OutcomeKind.FAILED, reason, who))

    def _booked(self, draft: Draft, booking: Booking, recheck: Callable[[], Recheck]) -> Done:
        """Written in a transaction of its own: a lost race for the claims must still end in words and alternatives."""
        try:
            written = self._store.transact(lambda tx: self._write(tx, draft, booking))
        except SlotTaken as taken:
            who, without = taken.who, recheck()
            return Done(lambda tx: self._taken(tx, draft, without, who))
        if written:
            log.info("booked", extra=_audited(booking))
        return Done()

    def _write(self, tx: Session, draft: Draft, booking: Booking) -> bool:
        """Claims, booking, audit line and the next task, together or not at all; whether this run did it."""
        current = drafts.lock(tx, draft.rep, draft.id)
        if current.state is not DraftState.SUBMITTED or bookings.of_draft(tx, draft.team_id, draft.id) is not None:
            return False
        now = self._clock()
        claims.confirm(
            tx,
            team_id=draft.team_id,
            draft_id=draft.id,
            booking_id=booking.id,
            resources={
                **{member.user_id: member.name for member in booking.members},
                **{room.key: room.name for room in booking.rooms},
            },
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
            what={
                "act": "book",
                "customer": booking.customer.email,
                "members": [member.user_id for member in booking.members],
                "start": booking.interval.start.isoformat(),
                "overrides": list(draft.form.obstacles),
            },
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
        return True

    def _new_booking(
        self, draft: Draft, people: dict[str, Person], chosen: tuple[Room, ...], home: Connection
    ) -> Booking:
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
            calendar_id=self._target(draft, home),
            invite_mode=self._invite_mode(home),
            rooms=chosen,
            created_at=self._clock(),
        )

    def _home(self, draft: Draft) -> Connection | None:
        """The organizer's calendar account that will hold the event: the one chosen, else the first."""
        own = self._store.read(lambda tx: connections.of_user(tx, draft.rep))
        usable = [c for c in own if c.state is ConnectionState.OK and c.target_calendar]
        chosen = draft.form.settings.connection_id
        return next((c for c in usable if c.id == chosen), usable[0] if usable else None)

    def _target(self, draft: Draft, home: Connection) -> str:
        """The calendar chosen in the advanced settings, where it can be written; else the account's own target."""
        wanted = draft.form.settings
        if wanted.connection_id == home.id and wanted.calendar_id:
            known = self._store.read(lambda tx: connections.calendars(tx, home.team_id, home.id))
            if any(calendar.id == wanted.calendar_id and calendar.writable for calendar in known):
                return wanted.calendar_id
        return home.target_calendar or ""

    def _invite_mode(self, home: Connection) -> InviteMode:
        """The provider invites wherever it can and its owner lets it; else our mail does."""
        sends = self._capabilities(home).sends_invitations
        by_mail = home.mails_invite or sends is SendsInvitations.NEVER
        return InviteMode.BOT if by_mail else InviteMode.PROVIDER

    def _homeless(self, draft: Draft, chosen: tuple[Room, ...], home: Connection | None) -> str | None:
        """Why a room would not get the meeting: it is gone, or the organizer's calendar cannot invite it."""
        if len(chosen) < len(draft.form.rooms):
            return "room_gone"
        if home is not None and any(room.address for room in chosen) and not self._capabilities(home).rooms:
            return "room_elsewhere"
        return None

    def _capabilities(self, home: Connection) -> Capabilities:
        secret = self._store.read(lambda tx: connections.secret(tx, home.team_id, home.id))
        return self._accounts.open(home, secret).capabilities

    def _taken(self, tx: Session, draft: Draft, recheck: Recheck, who: tuple[str, ...] = ()) -> None:
        names = who or tuple(dict.fromkeys(obstacle.name for obstacle in recheck.refused))
        free = tuple((slot.interval.start, slot.interval.end) for slot in recheck.alternatives)
        unread = not who and all(obstacle.kind is ObstacleKind.UNKNOWN for obstacle in recheck.refused)
        reason = "unread" if unread and recheck.refused else None
        self.hand_back(tx, draft, OutcomeKind.TAKEN, reason, names, free)

    def hand_back(
        self,
        tx: Session,
        draft: Draft,
        kind: OutcomeKind,
        reason: str | None,
        who: tuple[str, ...] = (),
        alternatives: tuple[tuple[datetime, datetime], ...] = (),
        connection_id: str | None = None,
    ) -> None:
        """Nothing was made: the claims end, the form is the rep's again, and the screen says why.

        A slot that went is forgotten; after any other failure it stays, so that Schedule can be pressed again.
        """
        claims.release_draft(tx, draft.team_id, draft.id)
        form = draft.form.without_slot() if kind is OutcomeKind.TAKEN else draft.form
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
        draft = draft_of(tx, task)
        if draft.state is DraftState.SUBMITTED:
            self.hand_back(tx, draft, OutcomeKind.FAILED, error.code)

    def _book_waits(self, tx: Session, task: Task, error: OutsideError) -> None:
        draft = draft_of(tx, task)
        record(tx, draft, Problem(kind=OutcomeKind.WAITING, reason=error.code))
        self._telling.show_outcome(tx, draft, "waiting")

    def _booking(self, draft: Draft) -> Booking | None:
        return self._store.read(lambda tx: bookings.of_draft(tx, draft.team_id, draft.id))

    def _draft_start(self, task: Task) -> datetime | None:
        return self._store.read(lambda tx: draft_of(tx, task)).form.slot


def draft_of(tx: Session, task: Task) -> Draft:
    """The draft a task is about; raises DraftGone."""
    return drafts.get(tx, Rep(task.team_id, str(task.payload["user_id"])), str(task.draft_id))


def _audited(booking: Booking) -> dict[str, object]:
    """The audit line as it stands in the log: ids only, no names, addresses or titles."""
    return {
        "team": booking.team_id,
        "by": booking.organizer.user_id,
        "booking": booking.id,
        "tracking": booking.tracking_id,
        "members": [member.user_id for member in booking.members],
        "start": booking.interval.start.isoformat(),
        "overrides": list(booking.form.accepted),
    }

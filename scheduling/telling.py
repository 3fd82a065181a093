"""Telling people: queues mails and notices in the caller's transaction, and delivers them from the outbox.

Mails are rendered when they are queued and sent exactly as rendered. Notices are rendered by the front end when they
are sent, from the booking as it is then.
"""

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from scheduling.choices import choices_of
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.domain import Booking, Connection, ConnectionState, Draft, DraftState, Rep, Room
from scheduling.errors import DraftGone, MailRefused, MailUncertain, OutsideError
from scheduling.mail.letter import Sender
from scheduling.mail.letters import letters_for
from scheduling.mail.mime import to_bytes
from scheduling.outbox import Done, Kind, Task, enqueue
from scheduling.outcomes import outcome_of
from scheduling.ports import Notices, Outcome, Undone
from scheduling.store import Session, Store, bookings, connections, drafts, workspaces

ACK_SETTLES = timedelta(seconds=0.7)
"""Slack may apply an acknowledged view after a faster update; news for a screen waits this long after Schedule."""

SECOND_SHOWING = timedelta(seconds=3)
"""And is shown once more after this long, in case the acknowledged view came later still."""


class Transport(Protocol):
    """Hands one message to the mail server; raises MailError."""

    def send(self, raw: bytes, sender: str, recipient: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A rendered letter, ready for the outbox."""

    key: str
    recipient: str
    raw: bytes


class Telling:
    """Everything that is said to people about a booking."""

    def __init__(
        self, store: Store, notices: Notices, transport: Transport, config: SchedulingConfig, clock: Clock
    ) -> None:
        self._store = store
        self._notices = notices
        self._transport = transport
        self._config = config
        self._sender = Sender.parse(config.mail_from)
        self._clock = clock

    def kinds(self) -> tuple[Kind, ...]:
        def quiet(_tx: Session, _task: Task, _error: OutsideError) -> None:
            """It was to the rep, in Slack, and there is no other way: the outbox keeps the task for the operator."""

        return (
            Kind("send_mail", self._send_mail, give_up=self._undelivered, expires_at=self._meeting_begins),
            Kind("tell_undelivered", self._tell_undelivered, give_up=quiet),
            Kind("show_outcome", self._show_outcome, give_up=quiet, max_attempts=5),
            Kind("tell_problem", self._tell_problem, give_up=quiet),
            Kind("tell_member", self._tell_member, give_up=self._member_untold),
            Kind("tell_overlap", self._tell_overlap, give_up=quiet),
            Kind("tell_link", self._tell_link, give_up=quiet),
            Kind("tell_room_declined", self._tell_room_declined, give_up=quiet),
            Kind("tell_room_changed", self._tell_room_changed, give_up=quiet),
            Kind("post_card", self._post_card, give_up=self._card_unposted),
            Kind("tell_undone", self._tell_undone, give_up=quiet),
            Kind("ask_reconnect", self._ask_reconnect, give_up=quiet),
            Kind("tell_connected", self._tell_connected, give_up=quiet, max_attempts=4),
        )

    # --- queueing, inside the caller's transaction ---

    def letters(self, booking: Booking, invited: Collection[str]) -> Callable[[Session], None]:
        """Render every mail of a confirmed booking now; the result queues them.

        `invited` are the user ids of members whom the calendar provider invites itself.
        The event is stored by now, so an address that cannot stand in a mail is told to the rep and stops nothing.
        """
        try:
            sealed = [
                _Sealed(letter.message_id, letter.to_address, to_bytes(letter))
                for letter in letters_for(booking, self._sender, self._clock(), invited_by_provider=invited)
            ]
        except MailRefused as refused:
            payload = {"recipient": booking.customer.email, "code": refused.code}
            return lambda tx: self._queue(tx, booking, "tell_undelivered", "unmailable", payload)

        def queue(tx: Session) -> None:
            for letter in sealed:
                payload = {"recipient": letter.recipient, "raw": base64.b64encode(letter.raw).decode("ascii")}
                self._queue(tx, booking, "send_mail", letter.key, payload)

        return queue

    def booked(self, tx: Session, booking: Booking) -> None:
        """A DM to everybody of the team, each once, and the channel card."""
        for person in booking.team:
            self._queue(tx, booking, "tell_member", f"dm:{person.user_id}", {"user_id": person.user_id})
        channel = workspaces.announce_channel(tx, booking.team_id) or self._config.announce_channel
        if channel:
            self._queue(tx, booking, "post_card", "card", {"channel": channel})

    def overlap(self, tx: Session, booking: Booking, who: tuple[str, ...]) -> None:
        """The rep's DM, once for the same people, however often they are found."""
        self._queue(tx, booking, "tell_overlap", f"overlap:{'|'.join(who)}", {"who": list(who)})

    def room_declined(
        self, tx: Session, booking: Booking, room: Room, instead: Sequence[Room], *, again: bool = False
    ) -> None:
        """The rep's DM, once for each room, with those that are free instead; `again` with other choices."""
        key = f"declined:{room.id}" + (f":{self._clock().isoformat()}" if again else "")
        payload = {"room": room.id, "instead": [each.model_dump(mode="json") for each in instead]}
        self._queue(tx, booking, "tell_room_declined", key, payload)

    def room_changed(self, tx: Session, booking: Booking, left: Room, taken: Room) -> None:
        """The rep's DM about the room that is invited now."""
        self._queue(tx, booking, "tell_room_changed", f"room:{taken.id}", {"left": left.name, "taken": taken.name})

    def undone(self, tx: Session, booking: Booking, what: Undone, code: str, name: str = "") -> None:
        """The rep's DM about something that was given up for good; `name` is of what it was about."""
        payload = {"what": what, "name": name, "code": code}
        self._queue(tx, booking, "tell_undone", f"undone:{what}:{name}", payload)

    def linked(self, tx: Session, booking: Booking) -> None:
        """The rep's DM about a link that came later."""
        self._queue(tx, booking, "tell_link", f"link:{self._clock().isoformat()}", {})

    def show_outcome(self, tx: Session, draft: Draft, stage: str) -> None:
        """Bring the rep's screen up to date, not before the acknowledged view is there, and once more for safety."""
        now = self._clock()
        submitted = drafts.submission(tx, draft.rep, draft.id).submitted_at or now
        first = max(now, submitted + ACK_SETTLES)
        for showing, when in enumerate((first, first + SECOND_SHOWING)):
            enqueue(
                tx,
                team_id=draft.team_id,
                kind="show_outcome",
                key=f"outcome:{draft.id}:{draft.revision}:{stage}:{showing}",
                payload={"user_id": draft.user_id, "revision": draft.revision},
                now=now,
                run_after=when,
                draft_id=draft.id,
            )

    def problem(self, tx: Session, draft: Draft) -> None:
        """The rep's DM about a booking that failed for good."""
        enqueue(
            tx,
            team_id=draft.team_id,
            kind="tell_problem",
            key=f"problem:{draft.id}:{draft.revision}",
            payload={"user_id": draft.user_id},
            now=self._clock(),
            draft_id=draft.id,
        )

    def reconnect(self, tx: Session, team_id: str, connection_id: str, reason: str) -> None:
        """Ask the owner to connect again, once for each time that the calendar shut us out."""
        now = self._clock()
        connection = connections.get(tx, team_id, connection_id)
        if connection is None or connection.state is ConnectionState.NEEDS_RECONNECT:
            return
        connections.mark(tx, team_id, connection_id, ConnectionState.NEEDS_RECONNECT, reason)
        enqueue(
            tx,
            team_id=team_id,
            kind="ask_reconnect",
            key=f"reconnect:{connection_id}:{now.isoformat()}",
            payload={"connection_id": connection_id},
            now=now,
        )

    def _queue(self, tx: Session, booking: Booking, kind: str, key: str, payload: dict[str, Any]) -> None:
        enqueue(
            tx,
            team_id=booking.team_id,
            kind=kind,
            key=f"{booking.id}:{booking.version}:{key}",
            payload=payload,
            now=self._clock(),
            booking_id=booking.id,
            draft_id=booking.draft_id,
        )

    # --- delivering, from the outbox ---

    def _send_mail(self, task: Task) -> Done:
        raw = base64.b64decode(task.payload["raw"])
        try:
            self._transport.send(raw, self._sender.address, task.payload["recipient"])
        except MailUncertain:
            if task.attempts > 1:  # it was handed over twice already: more copies help nobody
                return Done()
            raise
        return Done()

    def _meeting_begins(self, task: Task) -> datetime:
        """A mail that could not be sent before is of no use any more; the rep can still pick up the phone."""
        return self._booking(task).interval.start

    def _undelivered(self, tx: Session, task: Task, error: OutsideError) -> None:
        booking = booking_of(tx, task)
        recipient = task.payload["recipient"]
        payload = {"recipient": recipient, "code": error.code}
        self._queue(tx, booking, "tell_undelivered", f"undelivered:{task.id}", payload)

    def _tell_undelivered(self, task: Task) -> Done:
        self._notices.tell_undelivered(self._booking(task), task.payload["recipient"], task.payload["code"])
        return Done()

    def _show_outcome(self, task: Task) -> Done:
        outcome = self._outcome(task)
        if outcome.draft.revision == task.payload["revision"] and outcome.draft.view_id:
            self._notices.show_outcome(outcome)
        return Done()

    def _tell_problem(self, task: Task) -> Done:
        self._notices.tell_problem(self._outcome(task))
        return Done()

    def _tell_member(self, task: Task) -> Done:
        booking = self._booking(task)
        person = next((p for p in booking.team if p.user_id == task.payload["user_id"]), None)
        if person is not None:
            self._notices.tell_member(booking, person)
        return Done()

    def _member_untold(self, tx: Session, task: Task, error: OutsideError) -> None:
        booking, user_id = booking_of(tx, task), task.payload["user_id"]
        if user_id != booking.organizer.user_id:
            names = {person.user_id: person.name for person in booking.team}
            self.undone(tx, booking, Undone.MEMBER, error.code, names.get(user_id, user_id))

    def _card_unposted(self, tx: Session, task: Task, error: OutsideError) -> None:
        self.undone(tx, booking_of(tx, task), Undone.CARD, error.code, task.payload["channel"])

    def _tell_undone(self, task: Task) -> Done:
        what = Undone(task.payload["what"])
        self._notices.tell_undone(self._booking(task), what, task.payload["name"], task.payload["code"])
        return Done()

    def _tell_link(self, task: Task) -> Done:
        self._notices.tell_link(self._booking(task))
        return Done()

    def _tell_room_declined(self, task: Task) -> Done:
        booking = self._booking(task)
        room = next((room for room in booking.rooms if room.id == task.payload["room"]), None)
        if room is not None:
            instead = tuple(Room.model_validate(each) for each in task.payload["instead"])
            self._notices.tell_room_declined(booking, room, instead)
        return Done()

    def _tell_room_changed(self, task: Task) -> Done:
        self._notices.tell_room_changed(self._booking(task), task.payload["left"], task.payload["taken"])
        return Done()

    def _tell_overlap(self, task: Task) -> Done:
        self._notices.tell_overlap(self._booking(task), tuple(task.payload["who"]))
        return Done()

    def _post_card(self, task: Task) -> Done:
        choices = self._store.read(lambda tx: choices_of(tx, task.team_id))
        self._notices.post_card(self._booking(task), task.payload["channel"], choices)
        return Done()

    def _ask_reconnect(self, task: Task) -> Done:
        connection = self._store.read(lambda tx: connections.get(tx, task.team_id, task.payload["connection_id"]))
        if connection is not None:
            self._notices.ask_reconnect(connection)
        return Done()

    def _tell_connected(self, task: Task) -> Done:
        def work(tx: Session) -> tuple[Connection | None, Draft | None]:
            connection = connections.get(tx, task.team_id, task.payload["connection_id"])
            draft = _open_draft(tx, task)
            # Saved unchanged: the revision rises, so that no earlier screen can cover the news.
            return connection, drafts.save(tx, draft) if draft else None

        connection, draft = self._store.transact(work)
        if connection is not None:
            self._notices.tell_connected(connection, draft)
        return Done()

    def _booking(self, task: Task) -> Booking:
        return self._store.read(lambda tx: booking_of(tx, task))

    def _outcome(self, task: Task) -> Outcome:
        rep = Rep(task.team_id, task.payload["user_id"])
        return self._store.read(lambda tx: outcome_of(tx, rep, str(task.draft_id)))


def _open_draft(tx: Session, task: Task) -> Draft | None:
    """The draft a task names, while it is an open form on the rep's screen."""
    if not task.draft_id:
        return None
    try:
        draft = drafts.lock(tx, Rep(task.team_id, task.payload["user_id"]), task.draft_id)
    except DraftGone:
        return None
    return draft if draft.state is DraftState.OPEN and draft.view_id else None


def booking_of(tx: Session, task: Task) -> Booking:
    """The booking a task is about. Bookings are never deleted while tasks live, so none is a bug (LookupError)."""
    booking = bookings.get(tx, task.team_id, str(task.booking_id))
    if booking is None:
        raise LookupError(task.booking_id)
    return booking

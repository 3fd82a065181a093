"""Rooms that a provider invites: their answers are followed, and one that declines can be replaced by another.

    room_answer   an invited room answers by itself; one that declines is told to the rep, with rooms that are free then
    change_room   the rep took one of those: it is invited in the declined one's place, and whoever was mailed is again

Each may be killed at any line and run again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from scheduling.accounts import Accounts
from scheduling.availability import Rules, slot_at
from scheduling.calendars.base import CalendarProvider, Deadline
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.domain import Booking, BookingState, ConnectionState, Room
from scheduling.errors import AuthExpired, OutsideError, Refused, SlotTaken
from scheduling.event_spec import attended_by, event_spec
from scheduling.outbox import Again, Done, Kind, Task, enqueue
from scheduling.ports import Undone
from scheduling.reading import CalendarReader
from scheduling.seats import Seat
from scheduling.store import Session, Store, bookings, claims, connections, rooms
from scheduling.telling import Telling, booking_of

SECONDS = 25.0
"""Total deadline of one task's calendar calls."""

ANSWERS_AFTER = timedelta(seconds=5)
PATIENCE = timedelta(minutes=2)
POLL = timedelta(seconds=10)
"""Rooms at a provider answer by themselves, usually within seconds."""

MOST_LOOKED_AT = 20
MOST_OFFERED = 3


class RoomKeeper:
    """The outbox kinds that look after a meeting's invited rooms."""

    def __init__(
        self,
        store: Store,
        reader: CalendarReader,
        telling: Telling,
        accounts: Accounts,
        config: SchedulingConfig,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reader = reader
        self._telling = telling
        self._accounts = accounts
        self._config = config
        self._clock = clock

    def kinds(self) -> tuple[Kind, ...]:
        return (
            Kind("room_answer", self.room_answer, give_up=self._answer_unknown, max_attempts=4),
            Kind("change_room", self.change_room, give_up=self._not_changed, max_attempts=4),
        )

    def await_answers(self, tx: Session, booking: Booking) -> None:
        """Queue the look at what the rooms answered, where any was invited."""
        if any(room.address for room in booking.rooms):
            now = self._clock()
            enqueue(
                tx,
                team_id=booking.team_id,
                kind="room_answer",
                key=f"room_answer:{booking.id}:{booking.version}",
                payload={"asked_at": now.isoformat()},
                now=now,
                run_after=now + ANSWERS_AFTER,
                booking_id=booking.id,
            )

    # --- room_answer ---

    def room_answer(self, task: Task) -> Done | Again:
        """Each room that declines is told to the rep once; the others are waited for."""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        if booking.state is not BookingState.CONFIRMED or booking.event is None:
            return Done()
        answers = self._provider(booking).get_event(booking.event, Deadline.after(SECONDS)).responses
        by_address = {address.lower(): answer for address, answer in answers.items()}
        said = {room: by_address.get(room.address.lower(), "none") for room in booking.rooms if room.address}
        declined = [room for room, answer in said.items() if answer == "declined"]
        instead = self._free_then(booking) if declined else ()

        def tell(tx: Session) -> None:
            for room in declined:
                self._telling.room_declined(tx, booking, room, instead)

        is_waiting = (
            "none" in said.values() and self._clock() - datetime.fromisoformat(task.payload["asked_at"]) < PATIENCE
        )
        return Again(POLL, tell) if is_waiting else Done(tell)

    def _answer_unknown(self, tx: Session, task: Task, error: OutsideError) -> None:
        booking = booking_of(tx, task)
        names = ", ".join(room.name for room in booking.rooms if room.address)
        self._telling.undone(tx, booking, Undone.ROOM_ANSWER, error.code, names)

    def _free_then(self, booking: Booking, only: str | None = None) -> tuple[Room, ...]:
        """Other rooms (or the `only` one) that the organizer's calendar can invite, and shows to be free."""
        known = self._store.read(lambda tx: rooms.of_team(tx, booking.team_id))
        others = [room for room in known if room.address and room not in booking.rooms and only in (None, room.id)]
        looked_at = others[:MOST_LOOKED_AT]
        zone = booking.organizer.zone
        reading = self._reader.read(
            booking.team_id,
            [Seat(room.key, room.name, zone, room.address, None) for room in looked_at],
            booking.interval,
            organizer=booking.organizer.user_id,
            seconds=self._config.patience,
            except_draft=booking.draft_id,
        )
        start = booking.interval.start
        rules = Rules(booking.interval.duration, start, zone, self._config.step)
        read = [(room, p) for room, p in zip(looked_at, reading.participants, strict=True) if p.unread is None]
        slots = ((room, slot_at([participant], rules, start)) for room, participant in read)
        return tuple(room for room, slot in slots if slot is not None and not slot.obstacles)[:MOST_OFFERED]

    # --- change_room ---

    def change_room(self, task: Task) -> Done:
        """Invite the wanted room in the declined one's place. One that went meanwhile brings the next choices."""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        left = _room(booking.rooms, task.payload["left"])
        known = self._store.read(lambda tx: rooms.of_team(tx, booking.team_id))
        wanted = _room(known, task.payload["wanted"])
        if booking.state is not BookingState.CONFIRMED or booking.event is None or left is None or wanted is None:
            return Done()
        deadline = Deadline.after(SECONDS)
        provider = self._provider(booking)
        stored = provider.get_event(booking.event, deadline)
        if stored.cancelled or stored.interval != booking.interval:
            raise Refused("moved")  # by hand: our update would move it back
        is_invited = str(wanted.address).lower() in stored.responses  # by an earlier try
        if not is_invited and not self._claimed(booking, left, wanted):
            choices = self._free_then(booking)
            return Done(lambda tx: self._telling.room_declined(tx, booking, left, choices, again=True))
        changed = _with(booking, left, wanted)
        spec = event_spec(changed, provider.capabilities)
        ref = provider.update_event(stored.ref, spec, deadline)
        link = changed.conference.url if changed.conference else ref.join_url or booking.event.join_url
        changed = replace(changed, event=ref.model_copy(update={"join_url": link}))
        letters = self._telling.letters(changed, attended_by(changed, spec))

        def commit(tx: Session) -> None:
            bookings.save(tx, changed)
            letters(tx)
            self._telling.room_changed(tx, changed, left, wanted)
            self.await_answers(tx, changed)

        return Done(commit)

    def _claimed(self, booking: Booking, left: Room, wanted: Room) -> bool:
        """Whether the wanted room is free, and now ours; the other one's time is given back."""
        if not self._free_then(booking, only=wanted.id):
            return False

        def exchange(tx: Session) -> None:
            claims.exchange(
                tx,
                team_id=booking.team_id,
                draft_id=booking.draft_id,
                booking_id=booking.id,
                left=left.key,
                taken={wanted.key: wanted.name},
                interval=booking.interval.widened(self._config.buffer, self._config.buffer),
                now=self._clock(),
            )

        try:
            self._store.transact(exchange)
        except SlotTaken:
            return False
        return True

    def _not_changed(self, tx: Session, task: Task, error: OutsideError) -> None:
        """The event still names the room that declined: the other one's time is given back, and the rep is told."""
        booking = booking_of(tx, task)
        wanted = _room(rooms.of_team(tx, booking.team_id), task.payload["wanted"])
        if wanted is not None and wanted not in booking.rooms:
            claims.let_go(tx, booking.team_id, booking.id, wanted.key)
        self._telling.undone(tx, booking, Undone.ROOM_CHANGE, error.code, wanted.name if wanted else "")

    def _provider(self, booking: Booking) -> CalendarProvider:
        """Raises AuthExpired for an account that is gone or shut us out."""
        connection = self._store.read(lambda tx: connections.get(tx, booking.team_id, booking.connection_id))
        if connection is None or connection.state is not ConnectionState.OK:
            raise AuthExpired("disconnected")
        secret = self._store.read(lambda tx: connections.secret(tx, connection.team_id, connection.id))
        return self._accounts.open(connection, secret)


def _room(known: Sequence[Room], room_id: object) -> Room | None:
    return next((room for room in known if room.id == room_id), None)


def _with(booking: Booking, left: Room, wanted: Room) -> Booking:
    """The next version of the meeting, in the wanted room."""
    chosen = tuple(wanted if room.id == left.id else room for room in booking.rooms)
    form = booking.form.model_copy(update={"rooms": tuple(room.id for room in chosen)})
    return replace(booking, version=booking.version + 1, sequence=booking.sequence + 1, rooms=chosen, form=form)

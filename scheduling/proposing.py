"""From a draft to a week of slots, and from a slot to "still free?": both through the same arithmetic.

Proposing and the re-check at booking differ only in the stretch they read and in what has been accepted. Starts are
laid out in the rep's own zone; a display zone changes labels, never instants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduling.availability import Listing, Participant, Rules, list_slots, slot_at, why_none
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.domain import (
    Connection,
    ConnectionState,
    DayReason,
    Draft,
    Interval,
    Obstacle,
    Person,
    Proposal,
    Room,
    Slot,
    Unread,
)
from scheduling.reading import CalendarReader, Reading
from scheduling.roster import Roster
from scheduling.seats import Seat, require, seats_of
from scheduling.store import Store, connections, rooms
from scheduling.zones import day_bounds, local

WEEK = 7
ALTERNATIVES = 4
"""How many nearest free slots are offered when one went."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """The chosen slot, read afresh: what stands in its way that the rep did not accept, and what else is free."""

    refused: tuple[Obstacle, ...]
    alternatives: tuple[Slot, ...]
    legal: bool

    @property
    def is_free(self) -> bool:
        return self.legal and not self.refused


class Proposing:
    """Lists slots for a draft."""

    def __init__(
        self, store: Store, roster: Roster, reader: CalendarReader, config: SchedulingConfig, clock: Clock
    ) -> None:
        self._store = store
        self._roster = roster
        self._reader = reader
        self._config = config
        self._clock = clock

    def propose(self, draft: Draft) -> Proposal:
        """The week the draft shows. Raises ProfileUnknown, NoticeError."""
        people = self._roster.of(draft.team_id, (draft.user_id, *draft.form.members))
        rep = require(people, draft.rep)
        now = self._clock()
        week, has_earlier, has_later = shown_week(now, rep.zone, draft.form.week_of, self._config.horizon)
        connected = any(connection.state is ConnectionState.OK for connection in self._own(draft))
        rules = self._rules(draft, rep.zone, now + self._config.minimum_notice)
        reading, listing = Reading(()), Listing((), ())
        if connected:
            reading = self._read(draft, seats_of(draft, people, self._rooms(draft)), week)
            listing = list_slots(reading.participants, rules, week)
        return Proposal(
            draft_id=draft.id,
            revision=draft.revision,
            zone=draft.form.zone or rep.zone,
            customer_zone=draft.form.customer.zone if draft.form.customer else None,
            week=week,
            slots=listing.slots,
            conflicts=listing.conflicts,
            unread=tuple(Unread(p.who, p.name, p.unread) for p in reading.participants if p.unread),
            has_earlier=has_earlier,
            has_later=has_later,
            connected=connected,
            reasons=_reasons(reading.participants, rules, listing, week) if connected else (),
            shut_out=tuple(c for c in self._own(draft) if c.state is ConnectionState.NEEDS_RECONNECT),
            via_sharing=tuple(p.name for p in reading.participants if p.who in reading.shared),
            grid_zone=rep.zone,
            read_at=now,
        )

    def _own(self, draft: Draft) -> Sequence[Connection]:
        """The rep's connections as they are now: reading the calendars may show that one shuts us out."""
        return self._store.read(lambda tx: connections.of_user(tx, draft.rep))

    def recheck(self, draft: Draft, people: dict[str, Person], chosen: tuple[Room, ...]) -> Recheck:
        """Read everybody again and judge the draft's slot; minimum notice was judged when it was picked."""
        start = draft.form.slot
        if start is None:
            raise ValueError("the draft has no slot")
        zone = require(people, draft.rep).zone
        window = Interval(start - timedelta(days=1), start + timedelta(days=WEEK))
        now = self._clock()
        participants = self._read(draft, seats_of(draft, people, chosen), window).participants
        slot = slot_at(participants, self._rules(draft, zone, now), start)
        refused = tuple(o for o in slot.obstacles if not draft.form.accepts(o)) if slot else ()
        if slot is not None and not refused:
            return Recheck((), (), legal=True)
        listing = list_slots(participants, self._rules(draft, zone, now + self._config.minimum_notice), window)
        return Recheck(refused, nearest(listing.slots, start), legal=slot is not None)

    def _read(self, draft: Draft, seats: Sequence[Seat], window: Interval) -> Reading:
        wide = window.widened(self._config.buffer, self._config.buffer + timedelta(minutes=draft.form.minutes))
        return self._reader.read(
            draft.team_id,
            seats,
            wide,
            organizer=draft.user_id,
            seconds=self._config.patience,
            except_draft=draft.id,
        )

    def _rooms(self, draft: Draft) -> tuple[Room, ...]:
        return self._store.read(lambda tx: rooms.of_team(tx, draft.team_id)) if draft.form.rooms else ()

    def _rules(self, draft: Draft, zone: str, not_before: datetime) -> Rules:
        return Rules(
            duration=timedelta(minutes=draft.form.minutes),
            step=self._config.step,
            buffer_before=self._config.buffer,
            buffer_after=self._config.buffer,
            not_before=not_before,
            grid_zone=zone,
        )


def _reasons(
    participants: Sequence[Participant], rules: Rules, listing: Listing, week: Interval
) -> tuple[tuple[date, tuple[DayReason, ...]], ...]:
    """Why each shown day without a slot has none (7f)."""
    first = local(week.start, rules.grid_zone).date()
    with_slots = {local(slot.start, rules.grid_zone).date() for slot in listing.slots}
    days = (first + timedelta(days=n) for n in range(WEEK))
    told = ((day, why_none(participants, rules, day)) for day in days if day not in with_slots)
    return tuple((day, reasons) for day, reasons in told if reasons)


def shown_week(now: datetime, zone: str, week_of: str | None, horizon: timedelta) -> tuple[Interval, bool, bool]:
    """Seven local days from `week_of` (ISO date; today at the earliest, the horizon's end at the latest).

    Returns the stretch and whether there is anything before and after it.
    """
    today = local(now, zone).date()
    last = local(now + horizon, zone).date()
    first = min(max(date.fromisoformat(week_of), today), last) if week_of else today
    until = first + timedelta(days=WEEK - 1)
    return Interval(day_bounds(first, zone).start, day_bounds(until, zone).end), first > today, until < last


def nearest(slots: Sequence[Slot], start: datetime) -> tuple[Slot, ...]:
    """The free slots closest to `start`, in order of time."""
    closest = sorted(slots, key=lambda slot: abs(slot.start - start))[:ALTERNATIVES]
    return tuple(sorted(closest, key=lambda slot: slot.start))

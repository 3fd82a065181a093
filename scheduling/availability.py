"""Which starts are free: the one function that lists slots and re-checks them at booking.

Pure: no clock, no I/O; the caller brings fresh or cached busy stretches and the earliest allowed start. Every range is
half-open and in UTC; wall clocks (the grid of starts, working hours) are read day by day through `zones.stretches`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import TypeAlias

from scheduling.domain import (
    Busy,
    BusyStatus,
    DayReason,
    Interval,
    Obstacle,
    ObstacleKind,
    Slot,
    WorkingHours,
    require_utc,
)
from scheduling.zones import day_bounds, local, stretches

NOTHING = timedelta(0)
ONE_DAY = timedelta(days=1)
MIDNIGHT = time(0)
MOMENT = timedelta.resolution

BUSY = BusyStatus.BUSY

Span: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Participant:
    """A required person or room.

    `who` and `name` as in `Obstacle`; `working` None means any hour. `unread` is a stable code saying why the calendar
    could not be read: then all of their time is unknown, never free.
    """

    who: str
    name: str
    busy: tuple[Busy, ...]
    working: WorkingHours | None
    unread: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a start legal. Starts lie every `step` of the wall clock of `grid_zone`, counted from local midnight.

    The buffers must be free too but may lie outside working hours. No start before `not_before` (minimum notice).
    """

    duration: timedelta
    not_before: datetime
    grid_zone: str
    step: timedelta = timedelta(minutes=30)
    buffer_before: timedelta = NOTHING
    buffer_after: timedelta = NOTHING

    def __post_init__(self) -> None:
        require_utc(self.not_before)
        if self.duration <= NOTHING or self.step <= NOTHING:
            raise ValueError("duration and step must be positive")
        if self.buffer_before < NOTHING or self.buffer_after < NOTHING:
            raise ValueError("buffers cannot be negative")


@dataclass(frozen=True, slots=True)
class Listing:
    """Legal starts, ascending: those free for all, and those that somebody's calendar speaks against."""

    slots: tuple[Slot, ...]
    conflicts: tuple[Slot, ...]


def list_slots(participants: Iterable[Participant], rules: Rules, window: Interval) -> Listing:
    """Every legal start within `window` (the meeting itself may run past its end).

    A start is legal when the whole meeting lies in everybody's working hours and minimum notice is kept. A legal start
    is a conflict when the meeting, widened by the buffers, overlaps anything that blocks or anybody is unread.
    """
    everybody = tuple(participants)
    first = max(window.start, rules.not_before)
    if first >= window.end:
        return Listing((), ())
    hours = _common_hours(everybody, first, window.end + rules.duration)
    sweep = _Sweep(everybody, first - rules.buffer_before, window.end + rules.duration + rules.buffer_after)
    slots: list[Slot] = []
    conflicts: list[Slot] = []
    for start in _starts(hours, rules, window.end):
        end = start + rules.duration
        obstacles = sweep.obstacles(start - rules.buffer_before, end + rules.buffer_after)
        (conflicts if obstacles else slots).append(Slot(Interval(start, end), obstacles))
    return Listing(tuple(slots), tuple(conflicts))


def slot_at(participants: Iterable[Participant], rules: Rules, start: datetime) -> Slot | None:
    """The slot that starts exactly then; None when it is no legal start (hours, notice, grid)."""
    listing = list_slots(participants, rules, Interval(start, start + MOMENT))
    return next(iter(listing.slots + listing.conflicts), None)


# --- legal starts -------------------------------------------------------------------------------------------------


def _starts(hours: list[Span], rules: Rules, before: datetime) -> Iterator[datetime]:
    """The grid's instants from which the meeting fits into `hours`, ascending."""
    for opening, closing in hours:
        latest = min(closing - rules.duration, before - MOMENT)
        if latest < opening:
            continue
        for day in _days(opening, latest, rules.grid_zone):
            for stretch in stretches(day, rules.grid_zone):
                midnight = _at(day, MIDNIGHT) - stretch.offset
                low, high = max(stretch.start, opening), min(stretch.end - MOMENT, latest)
                moment = midnight - (midnight - low) // rules.step * rules.step
                while moment <= high:
                    yield moment
                    moment += rules.step


def _days(first: datetime, last: datetime, zone: str) -> Iterator[date]:
    """The local dates from one instant to another, both included."""
    day, end = local(first, zone).date(), local(last, zone).date()
    while day <= end:
        yield day
        day += ONE_DAY


def _common_hours(everybody: tuple[Participant, ...], start: datetime, end: datetime) -> list[Span]:
    """Where all working hours meet, within `[start, end)`, sorted and apart."""
    common = [(start, end)]
    for working in dict.fromkeys(p.working for p in everybody if p.working is not None):
        common = _intersection(common, _working_spans(working, start, end))
    return common


def _working_spans(working: WorkingHours, start: datetime, end: datetime) -> list[Span]:
    """Working hours in UTC, day by day; spans that touch are one (noon ends no meeting)."""
    spans: list[Span] = []
    for day in _days(start, end, working.zone):
        for weekday, opens, closes in working.spans:
            if weekday == day.weekday():
                spans += _span_on(day, opens, closes, working.zone)
    return _merged(spans)


def _span_on(day: date, opens: time, closes: time, zone: str) -> Iterator[Span]:
    """The instants of `day` at which the wall clock reads `[opens, closes)`; 00:00 as a closing time ends the day."""
    start = _at(day, opens)
    end = _at(day, closes) if closes != MIDNIGHT else _at(day + ONE_DAY, MIDNIGHT)
    if start >= end:
        raise ValueError(f"working hours cannot cross midnight: {opens}-{closes}")
    for stretch in stretches(day, zone):
        low, high = max(start - stretch.offset, stretch.start), min(end - stretch.offset, stretch.end)
        if low < high:
            yield low, high


def _at(day: date, reading: time) -> datetime:
    """A wall-clock reading on the UTC scale: subtract the zone's offset to get the instant."""
    return datetime.combine(day, reading, UTC)


# --- spans --------------------------------------------------------------------------------------------------------


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The union, sorted and apart; touching spans become one."""
    union: list[Span] = []
    for start, end in sorted(spans):
        if union and start <= union[-1][1]:
            if end > union[-1][1]:
                union[-1] = (union[-1][0], end)
        else:
            union.append((start, end))
    return union


def _intersection(left: list[Span], right: list[Span]) -> list[Span]:
    """Where both are, for sorted spans that lie apart."""
    both, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            both.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return both


# --- what stands in the way ---------------------------------------------------------------------------------------


class _Sweep:
    """Everybody's blocking stretches in one sorted list, asked for ranges that only move forward.

    Free ranges cost a comparison with the merged union; single events are looked at only for ranges it touches.
    """

    def __init__(self, everybody: tuple[Participant, ...], start: datetime, end: datetime) -> None:
        self._everybody = everybody
        self._said: dict[tuple[int, bool, str | None], Obstacle] = {
            (place, True, None): Obstacle(ObstacleKind.UNKNOWN, p.who, p.name)
            for place, p in enumerate(everybody)
            if p.unread is not None
        }
        self._unread = tuple(self._said.values())
        found: list[tuple[datetime, datetime, int, int]] = []
        for place, participant in enumerate(everybody):
            for nth, busy in enumerate(participant.busy):
                stretch = busy.interval
                if stretch.start < end and start < stretch.end and (busy.status is BUSY or busy.status.blocks):
                    found.append((stretch.start, stretch.end, place, nth))
        found.sort()
        self._union = _merged((event[0], event[1]) for event in found)
        self._coming = found
        self._passed = self._taken = 0
        self._active: list[tuple[int, datetime, Obstacle]] = []

    def obstacles(self, start: datetime, end: datetime) -> tuple[Obstacle, ...]:
        """What overlaps `[start, end)`: unread people first, then events by participant and time, each thing once."""
        union, coming = self._union, self._coming
        while self._passed < len(union) and union[self._passed][1] <= start:
            self._passed += 1
        if self._passed == len(union) or union[self._passed][0] >= end:
            return self._unread
        active = [event for event in self._active if event[1] > start]
        while self._taken < len(coming) and coming[self._taken][0] < end:
            _, until, place, nth = coming[self._taken]
            if until > start:
                active.append((place, until, self._obstacle(place, nth)))
            self._taken += 1
        self._active = active
        if len(active) == 1 and not self._unread:
            return (active[0][2],)
        in_order = (*self._unread, *(event[2] for event in sorted(active, key=itemgetter(0))))
        return tuple({id(obstacle): obstacle for obstacle in in_order}.values())

    def _obstacle(self, place: int, nth: int) -> Obstacle:
        """One object per thing that may be said, never the title of a private event: saying it twice shows by `is`."""
        participant = self._everybody[place]
        busy = participant.busy[nth]
        unknown = busy.status is BusyStatus.UNKNOWN
        title = None if unknown or busy.private else busy.title
        known = self._said.get((place, unknown, title))
        if known is None:
            kind = ObstacleKind.UNKNOWN if unknown else ObstacleKind.BUSY
            known = self._said[place, unknown, title] = Obstacle(kind, participant.who, participant.name, title)
        return known


# --- why a day has nothing ----------------------------------------------------------------------------------------


def why_none(participants: Iterable[Participant], rules: Rules, day: date) -> tuple[DayReason, ...]:
    """Why the `day` of `rules.grid_zone` has no slot; empty when it has one, or is over by minimum notice alone.

    Those who rule the day out by themselves, each with a code: `unread`, `off` (working hours leave no start),
    `all_day` (one event covers all their hours) or `busy`. When nobody does alone, everybody with a part in it: the
    working hours that do not meet (`off`), else whoever is in the way of a start (`busy`, `unread`).
    """
    everybody = tuple(participants)
    if not stretches(day, rules.grid_zone):
        return ()
    whole = day_bounds(day, rules.grid_zone)
    listing = list_slots(everybody, rules, whole)
    if listing.slots or whole.end <= rules.not_before:
        return ()
    alone = tuple(reason for p in everybody if (reason := _alone(p, rules, whole)) is not None)
    if alone:
        return alone
    if not listing.conflicts:
        without_notice = list_slots(everybody, replace(rules, not_before=whole.start), whole)
        if without_notice.slots or without_notice.conflicts:
            return ()
        return tuple(DayReason(p.who, p.name, "off") for p in everybody if p.working is not None)
    in_the_way = {(o.who, o.kind) for slot in listing.conflicts for o in slot.obstacles}
    return tuple(
        DayReason(p.who, p.name, "busy" if (p.who, ObstacleKind.BUSY) in in_the_way else "unread")
        for p in everybody
        if {(p.who, ObstacleKind.BUSY), (p.who, ObstacleKind.UNKNOWN)} & in_the_way
    )


def _alone(participant: Participant, rules: Rules, whole: Interval) -> DayReason | None:
    """Why the day would have no slot even if this were the only participant; None when it would."""
    at_any_time = replace(rules, not_before=whole.start)
    if not _legal(participant, at_any_time, whole):
        return DayReason(participant.who, participant.name, "off")
    listing = list_slots((participant,), rules, whole)
    if listing.slots or not listing.conflicts:
        return None
    return DayReason(participant.who, participant.name, _code(participant, whole, listing))


def _legal(participant: Participant, rules: Rules, window: Interval) -> bool:
    listing = list_slots((participant,), rules, window)
    return bool(listing.slots or listing.conflicts)


def _code(participant: Participant, whole: Interval, listing: Listing) -> str:
    kinds = {o.kind for slot in listing.conflicts for o in slot.obstacles}
    if participant.unread is not None or kinds == {ObstacleKind.UNKNOWN}:
        return "unread"
    hours = _common_hours((participant,), whole.start, whole.end)
    span = Interval(hours[0][0], hours[-1][1])
    covered = any(b.status.blocks and b.interval.contains(span) for b in participant.busy)
    return "all_day" if covered else "busy"

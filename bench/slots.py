"""Slots against a plain sorted sweep: the same free starts, found by the shortest pure Python there is."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from bench.side_by_side import compare, row
from scheduling.availability import Participant, Rules, list_slots
from scheduling.domain import Busy, Interval, WorkingHours
from scheduling.zones import use_packaged_zones

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = 24
PEOPLE = 11
ZONE = "Europe/Berlin"
HALF_HOUR = timedelta(minutes=30)
OPENS, CLOSES = time(8), time(16)
"""09:00 to 17:00 in Berlin's winter, in UTC: the sweep knows no zones."""


def main() -> None:
    """Print the table."""
    use_packaged_zones()
    print(f"Slots for {PEOPLE} people and rooms over {DAYS} days: ours, a plain sorted sweep, ratio")
    for title, overlap in (("most of the week free", 0.02), ("most starts taken", 1.0)):
        for events in (900, 9000):
            participants = crowd(events, overlap)
            rules = Rules(duration=HALF_HOUR, not_before=MONDAY, grid_zone=ZONE)
            window = Interval(MONDAY, MONDAY + timedelta(days=DAYS))
            free = [slot.start for slot in list_slots(participants, rules, window).slots]
            if free != sweep(participants):
                raise SystemExit("the two ways do not find the same slots: the figures would mean nothing")
            result = compare(
                lambda p=participants, r=rules, w=window: list_slots(p, r, w),
                lambda p=participants: sweep(p),
                60,
            )
            print(row(f"{title}, {events} busy events, {len(free)} free starts", result, "budget 2 x"))


def crowd(events: int, overlap: float) -> tuple[Participant, ...]:
    """Busy events in working hours; the smaller `overlap`, the fewer different times they stand on."""
    dice = random.Random(events)  # noqa: S311 - a workload, no secret
    starts = [MONDAY + timedelta(minutes=15 * n) for n in range(DAYS * 96)]
    starts = dice.sample(starts, max(1, int(len(starts) * overlap)))
    busy: list[list[Busy]] = [[] for _ in range(PEOPLE)]
    for number in range(events):
        start = dice.choice(starts)
        busy[number % PEOPLE].append(Busy(Interval(start, start + timedelta(minutes=dice.choice((15, 30, 60))))))
    hours = WorkingHours(ZONE)
    return tuple(Participant(f"U{n}", f"Person {n}", tuple(theirs), hours) for n, theirs in enumerate(busy))


def sweep(participants: Sequence[Participant]) -> list[datetime]:
    """Sort everything, walk once: free starts on the half hour, with no zones, no names and no reasons."""
    blocks = sorted((b.interval.start, b.interval.end) for p in participants for b in p.busy if b.status.blocks)
    found, at, until = [], 0, MONDAY
    for day in range(DAYS):
        date = (MONDAY + timedelta(days=day)).date()
        if date.weekday() >= 5:
            continue
        start = datetime.combine(date, OPENS, UTC)
        closes = datetime.combine(date, CLOSES, UTC)
        while start + HALF_HOUR <= closes:
            while at < len(blocks) and blocks[at][0] < start + HALF_HOUR:
                until = max(until, blocks[at][1])
                at += 1
            if until <= start:
                found.append(start)
            start += HALF_HOUR
    return found


if __name__ == "__main__":
    main()

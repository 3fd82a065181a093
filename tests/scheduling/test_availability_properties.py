"""Slot arithmetic against an oracle that knows no intervals: it walks the window minute by minute.

The oracle asks the wall clock of every zone at every minute through `zoneinfo` alone, so it shares no code and no idea
with the sweep. Windows lie around clock changes on both hemispheres, half-hour changes and the earliest zone.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.availability import Participant, Rules, list_slots, slot_at, why_none
from scheduling.domain import Busy, BusyStatus, Interval, WorkingHours
from scheduling.zones import day_bounds, use_packaged_zones

MINUTE = timedelta(minutes=1)
CHANGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Sydney": (date(2026, 4, 5), date(2026, 10, 4)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Asia/Beirut": (date(2026, 3, 29), date(2026, 10, 24)),
    "Pacific/Kiritimati": (date(2026, 3, 29), date(2026, 10, 25)),
}
ZONES = (*CHANGES, "Asia/Kolkata", "America/Vancouver")


@pytest.fixture(autouse=True, scope="module")
def packaged_zones() -> None:
    use_packaged_zones()


# --- the oracle ---------------------------------------------------------------------------------------------------


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE


def at_work(participant: Participant, moment: datetime) -> bool:
    if participant.working is None:
        return True
    wall = moment.astimezone(ZoneInfo(participant.working.zone))
    return any(
        weekday == wall.weekday() and opens <= wall.time() and (wall.time() < closes or closes == time(0))
        for weekday, opens, closes in participant.working.spans
    )


def taken(participant: Participant, moment: datetime) -> bool:
    if participant.unread is not None:
        return True
    free = (BusyStatus.FREE, BusyStatus.WORKING_ELSEWHERE)
    return any(b.interval.start <= moment < b.interval.end and b.status not in free for b in participant.busy)


def expected(people: list[Participant], rules: Rules, window: Interval) -> tuple[dict[datetime, set[str]], int]:
    """Legal starts by instant with the keys of those in the way, and how many starts the grid had at all."""
    before, after = rules.buffer_before, rules.buffer_after
    span = (window.start - before, window.end + rules.duration + after)
    away = {m for m in minutes(*span) if not all(at_work(p, m) for p in people)}
    busy = {p.who: {m for m in minutes(*span) if taken(p, m)} for p in people}
    grid = ZoneInfo(rules.grid_zone)
    legal: dict[datetime, set[str]] = {}
    count = 0
    for start in minutes(window.start, window.end):
        wall = start.astimezone(grid)
        if (wall.hour * 60 + wall.minute) % (rules.step // MINUTE):
            continue
        count += 1
        end = start + rules.duration
        if start < rules.not_before or any(m in away for m in minutes(start, end)):
            continue
        legal[start] = {
            who for who, there in busy.items() if any(m in there for m in minutes(start - before, end + after))
        }
    return legal, count


# --- what is tried ------------------------------------------------------------------------------------------------


def in_minutes(low: int, high: int, unit: int = 5) -> st.SearchStrategy[timedelta]:
    return st.integers(low // unit, high // unit).map(lambda n: timedelta(minutes=n * unit))


@st.composite
def working_hours(draw: st.DrawFn) -> WorkingHours:
    spans = []
    for weekday in draw(st.sets(st.integers(0, 6), min_size=4)):
        edges = sorted(draw(st.sets(st.integers(0, 287), min_size=2, max_size=4)))
        clock = [time(n * 5 // 60, n * 5 % 60) for n in edges]
        spans += [(weekday, *pair) for pair in zip(clock[::2], clock[1::2], strict=False)]
        if draw(st.booleans()):
            spans.append((weekday, clock[-1], time(0)))
    return WorkingHours(draw(st.sampled_from(ZONES)), tuple(spans))


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Participant], Rules, Interval]:
    zone = draw(st.sampled_from(tuple(CHANGES)))
    change = day_bounds(draw(st.sampled_from(CHANGES[zone])), zone)
    opening = change.start + draw(in_minutes(-600, 600, unit=15))
    window = Interval(opening, opening + draw(in_minutes(60, 1800)))

    def busy() -> st.SearchStrategy[Busy]:
        return st.builds(
            lambda begin, length, status: Busy(Interval(opening + begin, opening + begin + length), status),
            in_minutes(-300, 2000, unit=15),
            in_minutes(15, 240, unit=15),
            st.sampled_from(BusyStatus),
        )

    people = [
        Participant(
            who=f"U{n}",
            name=f"Person {n}",
            busy=tuple(draw(st.lists(busy(), max_size=6))),
            working=draw(st.none() | working_hours()),
            unread=draw(st.sampled_from((None, None, None, None, "auth"))),
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    rules = Rules(
        duration=draw(in_minutes(5, 180) | in_minutes(15, 120, unit=15)),
        step=timedelta(minutes=draw(st.sampled_from((5, 15, 30, 45, 60, 90)))),
        buffer_before=draw(in_minutes(0, 60, unit=15)),
        buffer_after=draw(in_minutes(0, 60, unit=15)),
        not_before=opening + draw(in_minutes(-200, 300)),
        grid_zone=zone,
    )
    return people, rules, window


# --- what must hold -----------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(situations())
def test_slots_and_conflicts_are_what_a_walk_by_the_minute_finds(
    situation: tuple[list[Participant], Rules, Interval],
) -> None:
    people, rules, window = situation
    legal, _ = expected(people, rules, window)

    listing = list_slots(people, rules, window)

    assert [s.start for s in listing.slots] == [start for start, whose in legal.items() if not whose]
    assert {s.start: {o.who for o in s.obstacles} for s in listing.conflicts} == {
        start: whose for start, whose in legal.items() if whose
    }
    assert all(s.interval.duration == rules.duration for s in listing.slots + listing.conflicts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(situations(), st.data())
def test_asking_for_one_start_says_what_the_list_says(
    situation: tuple[list[Participant], Rules, Interval], data: st.DataObject
) -> None:
    people, rules, window = situation
    listing = list_slots(people, rules, window)
    listed = {slot.start: slot for slot in listing.slots + listing.conflicts}
    start = data.draw(
        (st.sampled_from(sorted(listed)) if listed else st.nothing())
        | st.integers(0, window.duration // MINUTE - 1).map(lambda n: window.start + n * MINUTE)
    )

    slot = slot_at(people, rules, start)

    assert slot == listed.get(start)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(situations())
def test_a_day_has_a_reason_just_when_it_has_no_slot_that_notice_would_leave(
    situation: tuple[list[Participant], Rules, Interval],
) -> None:
    people, rules, window = situation
    day = window.start.astimezone(ZoneInfo(rules.grid_zone)).date()
    whole = day_bounds(day, rules.grid_zone)
    legal, grid = expected(people, rules, whole)
    at_any_time, _ = expected(
        people,
        Rules(
            duration=rules.duration,
            step=rules.step,
            not_before=datetime(2000, 1, 1, tzinfo=UTC),
            grid_zone=rules.grid_zone,
        ),
        whole,
    )

    reasons = why_none(people, rules, day)

    assert grid > 0
    if any(not whose for whose in legal.values()) or whole.end <= rules.not_before:
        assert reasons == ()
    elif legal or not at_any_time:
        assert {reason.who for reason in reasons} <= {p.who for p in people}
        assert reasons
    assert {reason.code for reason in reasons} <= {"all_day", "off", "busy", "unread"}

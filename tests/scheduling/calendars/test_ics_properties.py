"""Short cuts of the busy rules against the long way, on objects that nobody thought of."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.calendars.caldav import ics_expand
from scheduling.calendars.caldav.ics_busy import busy_of
from scheduling.calendars.caldav.ics_lines import UnreadableObject
from scheduling.domain import Interval

NOBODY: frozenset[str] = frozenset()
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
START = datetime(2024, 1, 1)  # noqa: DTZ001 - wall times


def one_object(*lines: str) -> str:
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20240101T000000Z")
    return "\r\n".join((*head, *lines, "END:VEVENT", "END:VCALENDAR", ""))


def intervals(text: str, window: Interval) -> list[Interval]:
    return sorted(busy.interval for busy in busy_of(text, window, BERLIN, NOBODY))


zone_names = st.sampled_from(ZONES)
wall_times = st.integers(0, 3 * 365 * 24 * 4).map(lambda quarters: START + timedelta(minutes=15 * quarters))
lengths = st.integers(1, 4 * 40).map(lambda quarters: timedelta(minutes=15 * quarters))
windows = st.integers(0, 3 * 365).map(
    lambda day: Interval(
        START.replace(tzinfo=UTC) + timedelta(days=day), START.replace(tzinfo=UTC) + timedelta(days=day + 21)
    )
)


@given(zone_names, wall_times, lengths, windows)
def test_a_single_event_is_read_as_the_libraries_read_it(
    zone: str, start: datetime, length: timedelta, window: Interval
) -> None:
    times = (f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DTEND;TZID={zone}:{start + length:%Y%m%dT%H%M%S}")

    short_way = intervals(one_object(*times), window)
    long_way = intervals(one_object(*times, "RRULE:FREQ=DAILY;COUNT=1"), window)

    assert short_way == long_way


days = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=4, unique=True)
rules = st.one_of(
    st.builds(lambda n: f"FREQ=DAILY;INTERVAL={n}", st.integers(1, 9)),
    st.builds(lambda n, d: f"FREQ=DAILY;INTERVAL={n};BYDAY={','.join(d)}", st.integers(1, 3), days),
    st.builds(lambda n, d: f"FREQ=WEEKLY;INTERVAL={n};BYDAY={','.join(d)}", st.integers(1, 5), days),
    st.builds(lambda n, d: f"FREQ=WEEKLY;INTERVAL={n};WKST=SU;BYDAY={','.join(d)}", st.integers(1, 5), days),
    st.builds(lambda m: f"FREQ=WEEKLY;BYMONTH={m}", st.integers(1, 12)),
    st.builds(lambda t: f"FREQ=WEEKLY;UNTIL={t:%Y%m%dT%H%M%SZ}", wall_times),
    st.builds(lambda n: f"FREQ=MONTHLY;INTERVAL={n}", st.integers(1, 5)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(zone=zone_names, start=wall_times, length=lengths, window=windows, rule=rules)
def test_starting_a_series_later_changes_nothing_in_the_window(
    monkeypatch: pytest.MonkeyPatch, zone: str, start: datetime, length: timedelta, window: Interval, rule: str
) -> None:
    text = one_object(
        f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}",
        f"DTEND;TZID={zone}:{start + length:%Y%m%dT%H%M%S}",
        f"RRULE:{rule}",
        f"EXDATE;TZID={zone}:{start + timedelta(days=14):%Y%m%dT%H%M%S}",
    )

    short_cut = intervals(text, window)
    with monkeypatch.context() as patch:
        patch.setattr(ics_expand, "_forward", lambda event, window: timedelta())
        long_way = intervals(text, window)

    assert short_cut == long_way


GOOD = one_object(
    "DTSTART;TZID=Europe/Berlin:20240108T100000", "DTEND:20240108T110000Z", "RRULE:FREQ=WEEKLY", "SUMMARY:x"
)


@settings(deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.text(max_size=8))
def test_a_damaged_object_is_read_or_refused_and_nothing_else(at: int, cut: int, inserted: str) -> None:
    damaged = GOOD[:at] + inserted + GOOD[at + cut :]
    window = Interval(datetime(2024, 1, 8, tzinfo=UTC), datetime(2024, 1, 15, tzinfo=UTC))

    try:
        found = busy_of(damaged, window, BERLIN, NOBODY)
    except UnreadableObject:
        return

    assert all(busy.interval.overlaps(window) for busy in found)

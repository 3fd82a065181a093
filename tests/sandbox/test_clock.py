"""The try-out's clock: shared through a file, ahead only; and the Friday before clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.clock import FARTHEST, MovableClock
from sandbox.page.jumps import ahead_words, before_change
from scheduling.clock import utc_now


def test_whoever_knows_the_file_is_ahead_by_the_same_time(tmp_path):
    here, there = MovableClock(tmp_path / "ahead"), MovableClock(tmp_path / "ahead")
    assert (here.ahead, there.ahead) == (timedelta(), timedelta())

    here.jump(timedelta(days=1))
    here.jump(timedelta(minutes=10))

    assert there.ahead == timedelta(days=1, minutes=10)
    assert timedelta(days=1, minutes=9) < there() - utc_now() < timedelta(days=1, minutes=11)


@pytest.mark.parametrize("by", [timedelta(seconds=-1), FARTHEST + timedelta(days=1)], ids=["back", "too far"])
def test_it_goes_neither_back_nor_beyond_all_reason(tmp_path, by):
    clock = MovableClock(tmp_path / "ahead")

    with pytest.raises(ValueError, match="ahead only"):
        clock.jump(by)

    assert clock.ahead == timedelta()


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-26T20:00", "Europe/Berlin", "2027-03-26T09:00+01:00"),
        ("2026-11-26T20:00", "America/New_York", "2027-03-12T09:00-05:00"),
        ("2027-03-26T08:00", "Europe/Berlin", "2027-10-29T09:00+02:00"),
        ("2026-11-26T20:00", "Asia/Kolkata", None),
    ],
    ids=["spring in Berlin", "spring in New York", "on the very Friday: the next one", "no changes"],
)
def test_the_friday_before_the_clocks_change(now, zone, expected):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    friday = before_change(moment, ZoneInfo(zone))

    assert friday == (datetime.fromisoformat(expected) if expected else moment)


def test_ahead_is_said_in_days_hours_and_minutes():
    assert [ahead_words(minutes) for minutes in (0, 10, 60, 24 * 60 + 5)] == ["", "10 min", "1 h", "1 d 5 min"]

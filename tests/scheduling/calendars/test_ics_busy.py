"""The rules of free and busy, one named object per rule (`ics/`), for Dana whose calendar is in Berlin."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduling.calendars.caldav.ics_busy import busy_of
from scheduling.calendars.caldav.ics_lines import UnreadableObject
from scheduling.domain import Busy, BusyStatus, Interval

ICS = Path(__file__).parent / "ics"
DANA = frozenset({"dana@acme.example"})
UID = "one@someone.example"
TENTATIVE, OOF, ELSEWHERE = BusyStatus.TENTATIVE, BusyStatus.OUT_OF_OFFICE, BusyStatus.WORKING_ELSEWHERE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start: str, end: str) -> Interval:
    return Interval(at(start), at(end))


WEEK = span("2026-12-07", "2026-12-14")
AUTUMN = span("2026-10-19", "2026-10-27")
SPRING = span("2027-03-27", "2027-03-30")


def busy(start: str, end: str, status: BusyStatus = BusyStatus.BUSY, title: str | None = "Team sync") -> Busy:
    return Busy(span(start, end), status, title=title, uid=UID)


def read(name: str, window: Interval = WEEK, zone: str = "Europe/Berlin") -> list[Busy]:
    text = (ICS / f"{name}.ics").read_bytes().decode()
    return sorted(busy_of(text, window, ZoneInfo(zone), DANA), key=lambda stretch: stretch.interval)


NINE = busy("2026-12-07T09:00", "2026-12-07T10:00")
TUESDAY = busy("2026-12-08T09:00", "2026-12-08T10:00")
WEDNESDAY = busy("2026-12-09T09:00", "2026-12-09T10:00")
ALL_TUESDAY = busy("2026-12-07T23:00", "2026-12-08T23:00")

BLOCKING = {
    "utc_times": [NINE],
    "zone_by_name": [NINE],
    "opaque_is_busy": [NINE],
    "tentative_status": [busy("2026-12-07T09:00", "2026-12-07T10:00", TENTATIVE)],
    "declined_by_another_is_busy": [NINE],
    "unanswered_is_tentative": [busy("2026-12-07T09:00", "2026-12-07T10:00", TENTATIVE)],
    "answer_missing_is_tentative": [busy("2026-12-07T09:00", "2026-12-07T10:00", TENTATIVE)],
    "maybe_is_tentative": [busy("2026-12-07T09:00", "2026-12-07T10:00", TENTATIVE)],
    "own_meeting_is_busy": [NINE],
    "microsoft_out_of_office": [busy("2026-12-07T09:00", "2026-12-07T10:00", OOF)],
    "microsoft_working_elsewhere": [busy("2026-12-07T09:00", "2026-12-07T10:00", ELSEWHERE)],
    "microsoft_tentative": [busy("2026-12-07T09:00", "2026-12-07T10:00", TENTATIVE)],
    "microsoft_busy": [NINE],
    "all_day_is_busy": [ALL_TUESDAY],
    "all_day_without_end": [ALL_TUESDAY],
    "all_day_ending_on_its_start": [ALL_TUESDAY],
    "all_day_by_duration": [busy("2026-12-07T23:00", "2026-12-09T23:00")],
    "floating_time": [NINE],
    "floating_series": [NINE],
    "title_escaped_and_folded": [
        busy(
            "2026-12-07T09:00",
            "2026-12-07T10:00",
            title="Lunch, then  plan; with a very long title that goes over the edge of the line",
        )
    ],
    "no_title": [busy("2026-12-07T09:00", "2026-12-07T10:00", title=None)],
    "duration_in_hours": [busy("2026-12-07T09:00", "2026-12-07T10:30")],
    "end_before_start_blocks_between": [NINE],
    "windows_zone": [NINE],
    "vendor_path_zone": [NINE],
    "own_zone_berlin": [NINE],
    "own_zone_of_the_same_name_in_new_york": [busy("2026-12-07T15:00", "2026-12-07T16:00")],
    "own_zone_series": [NINE],
    "quoted_zone_with_colon": [NINE],
    "zone_with_lic_location": [NINE],
    "excluded_date": [NINE, WEDNESDAY],
    "excluded_date_in_utc": [NINE, WEDNESDAY],
    "excluded_dates_in_one_line": [NINE, busy("2026-12-10T09:00", "2026-12-10T10:00")],
    "all_day_series_with_excluded_day": [
        busy("2026-12-06T23:00", "2026-12-07T23:00"),
        busy("2026-12-08T23:00", "2026-12-09T23:00"),
    ],
    "all_day_series_excluded_by_a_time": [
        busy("2026-12-06T23:00", "2026-12-07T23:00"),
        busy("2026-12-08T23:00", "2026-12-09T23:00"),
    ],
    "moved_instance": [NINE, busy("2026-12-08T14:00", "2026-12-08T15:00", title="Moved")],
    "instance_moved_into_the_window": [busy("2026-12-09T09:00", "2026-12-09T10:00", title="Late")],
    "instance_cancelled": [NINE],
    "instance_declined": [NINE],
    "instance_alone_without_its_series": [busy("2026-12-08T11:00", "2026-12-08T12:00")],
    "this_and_future_moved": [
        NINE,
        busy("2026-12-08T11:00", "2026-12-08T12:00"),
        busy("2026-12-09T11:00", "2026-12-09T12:00"),
    ],
    "until_as_a_date_includes_that_day": [NINE, TUESDAY],
    "until_in_utc": [NINE, TUESDAY],
    "until_floating": [NINE, TUESDAY],
    "extra_dates": [NINE, WEDNESDAY],
    "extra_period": [NINE, busy("2026-12-09T09:00", "2026-12-09T12:00")],
    "event_before_the_window_reaching_in": [busy("2026-12-01T00:00", "2026-12-07T09:30")],
    "alarm_inside_is_no_event": [NINE],
    "broken_property_elsewhere": [NINE],
    "parameters_out_of_order_and_lower_case": [NINE],
}


@pytest.mark.parametrize("name", BLOCKING)
def test_what_blocks(name: str) -> None:
    assert read(name) == BLOCKING[name]


FREE = [
    "transparent_is_free",
    "cancelled_is_free",
    "declined_by_owner_is_free",
    "microsoft_free",
    "all_day_transparent_is_free",
    "no_end_takes_no_time",
    "task_only",
    "unknown_zone_far_away_is_harmless",
    "unreadable_but_free",
    "no_start_but_cancelled_is_harmless",
]


@pytest.mark.parametrize("name", FREE)
def test_what_does_not_block(name: str) -> None:
    assert read(name) == []


UNREADABLE = [
    "no_start",
    "start_is_no_time",
    "start_in_month_13",
    "unknown_zone",
    "rule_is_no_rule",
    "rule_every_second_for_ever",
    "rule_that_never_comes",
    "rule_of_the_year_one",
    "interval_zero",
    "cut_off",
    "html_page",
]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_and_never_free(name: str) -> None:
    with pytest.raises(UnreadableObject):
        read(name)


@pytest.mark.parametrize("name", ["private_hides_title", "confidential_hides_title"])
def test_a_private_title_is_not_told(name: str) -> None:
    assert read(name) == [Busy(span("2026-12-07T09:00", "2026-12-07T10:00"), private=True, uid=UID)]


CLOCK_CHANGES = {
    "weekly_over_clock_change": (
        AUTUMN,
        [busy("2026-10-19T08:00", "2026-10-19T09:00"), busy("2026-10-26T09:00", "2026-10-26T10:00")],
    ),
    "all_day_over_clock_change": (AUTUMN, [busy("2026-10-24T22:00", "2026-10-25T23:00")]),
    "duration_of_a_day_is_a_wall_day": (AUTUMN, [busy("2026-10-24T10:00", "2026-10-25T11:00")]),
    "duration_of_24_hours_is_exact": (AUTUMN, [busy("2026-10-24T10:00", "2026-10-25T10:00")]),
    "night_shift_over_clock_change": (AUTUMN, [busy("2026-10-24T21:00", "2026-10-25T04:00")]),
    "daily_over_spring_gap": (
        SPRING,
        [
            busy("2027-03-27T01:30", "2027-03-27T02:30"),
            busy("2027-03-28T01:30", "2027-03-28T02:30"),
            busy("2027-03-29T00:30", "2027-03-29T01:30"),
        ],
    ),
}


@pytest.mark.parametrize("name", CLOCK_CHANGES)
def test_times_over_a_clock_change(name: str) -> None:
    window, expected = CLOCK_CHANGES[name]

    assert read(name, window) == expected


def test_a_short_zone_name_means_the_definition_in_the_object() -> None:
    window = span("2026-07-06", "2026-07-07")

    assert read("short_zone_name_means_its_definition", window) == [busy("2026-07-06T14:00", "2026-07-06T15:00")]


def test_two_zones_of_one_name_are_not_mixed_up() -> None:
    first, second, third = (
        read(name) for name in ("own_zone_berlin", "own_zone_of_the_same_name_in_new_york", "own_zone_berlin")
    )

    assert (first, second, third) == ([NINE], [busy("2026-12-07T15:00", "2026-12-07T16:00")], [NINE])


def test_the_last_friday_is_found_in_every_month() -> None:
    found = read("last_friday_of_the_month", span("2026-11-01", "2027-02-01"))

    assert found == [
        busy("2026-11-27T09:00", "2026-11-27T10:00"),
        busy("2026-12-25T09:00", "2026-12-25T10:00"),
        busy("2027-01-29T09:00", "2027-01-29T10:00"),
    ]


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Asia/Kolkata", "2026-12-07T18:30", "2026-12-08T18:30"),
        ("America/New_York", "2026-12-08T05:00", "2026-12-09T05:00"),
        ("Pacific/Kiritimati", "2026-12-07T10:00", "2026-12-08T10:00"),
    ],
)
def test_an_all_day_event_is_a_day_of_the_calendars_zone(zone: str, start: str, end: str) -> None:
    assert read("all_day_is_busy", zone=zone) == [busy(start, end)]


def test_a_series_with_thousands_of_exceptions_is_refused_rather_than_worked_through() -> None:
    text = (ICS / "excluded_date.ics").read_bytes().decode()
    dates = ",".join(["20261208T100000"] * 6_000)

    with pytest.raises(UnreadableObject):
        busy_of(text.replace("20261208T100000", dates), WEEK, ZoneInfo("Europe/Berlin"), DANA)


def test_every_named_object_is_used_by_a_test() -> None:
    elsewhere = {"private_hides_title", "confidential_hides_title", "short_zone_name_means_its_definition"}
    used = {*BLOCKING, *FREE, *UNREADABLE, *CLOCK_CHANGES, *elsewhere, "last_friday_of_the_month"}

    assert {path.stem for path in ICS.glob("*.ics")} == used

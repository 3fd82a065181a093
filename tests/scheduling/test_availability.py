"""Slots as the rep meets them: edges, buffers, notice, clock changes, conflicts, and days with nothing."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from scheduling.availability import Listing, Participant, Rules, list_slots, slot_at, why_none
from scheduling.domain import (
    Busy,
    BusyStatus,
    DayReason,
    Interval,
    Obstacle,
    ObstacleKind,
    Slot,
    WorkingHours,
)
from scheduling.zones import day_bounds, local, use_packaged_zones

BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"
KOLKATA = "Asia/Kolkata"
MONDAY = date(2026, 10, 12)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EVERY_DAY = tuple((weekday, time(0), time(0)) for weekday in range(7))


@pytest.fixture(autouse=True)
def packaged_zones() -> None:
    use_packaged_zones()


def at(wall: str, zone: str = BERLIN, day: date = MONDAY) -> datetime:
    """The instant of an unambiguous wall-clock time."""
    bounds = day_bounds(day, zone)
    found = [m for m in minutes_of(bounds) if local(m, zone).strftime("%H:%M") == wall]
    assert len(found) == 1
    return found[0]


def minutes_of(bounds: Interval) -> list[datetime]:
    return [bounds.start + timedelta(minutes=n) for n in range(bounds.duration // timedelta(minutes=1))]


def busy(start: str, end: str, status: BusyStatus = BusyStatus.BUSY, title: str | None = None, **more: bool) -> Busy:
    return Busy(Interval(at(start), at(end)), status, title, **more)


def person(*events: Busy, who: str = "U1", name: str = "Dana Reyes", unread: str | None = None, **hours: object):
    working = hours.get("working", WorkingHours(BERLIN))
    return Participant(who, name, events, working, unread)


def rules(minutes: int = 30, **changes: object) -> Rules:
    defaults = {"duration": timedelta(minutes=minutes), "not_before": LONG_AGO, "grid_zone": BERLIN}
    return Rules(**{**defaults, **changes})


def walls(slots: tuple[Slot, ...], zone: str = BERLIN) -> list[str]:
    return [local(slot.start, zone).strftime("%H:%M") for slot in slots]


def monday(*people: Participant, **changes: object) -> Listing:
    return list_slots(people, rules(**changes), day_bounds(MONDAY, BERLIN))


# --- the ordinary day ---------------------------------------------------------------------------------------------


def test_an_empty_working_day_offers_every_half_hour_that_the_meeting_fits_into() -> None:
    listing = monday(person(), minutes=60)

    assert walls(listing.slots) == [f"{h:02}:{m:02}" for h in range(9, 17) for m in (0, 30)][:-1]
    assert listing.slots[0] == Slot(Interval(at("09:00"), at("10:00")))
    assert listing.conflicts == ()


@pytest.mark.parametrize(
    ("event", "lost"),
    [
        pytest.param(("10:00", "11:00"), ["10:00", "10:30"], id="a meeting may start the moment another ends"),
        pytest.param(("10:01", "10:59"), ["10:00", "10:30"], id="one minute inside is in the way"),
        pytest.param(("10:29", "10:31"), ["10:00", "10:30"], id="across a start"),
        pytest.param(("10:30", "10:31"), ["10:30"], id="ends where the earlier one began"),
        pytest.param(("08:00", "09:00"), [], id="before working hours"),
        pytest.param(("16:59", "18:00"), ["16:30"], id="over the end of the day"),
    ],
)
def test_busy_time_takes_just_the_starts_it_overlaps(event: tuple[str, str], lost: list[str]) -> None:
    everything = walls(monday(person()).slots)

    listing = monday(person(busy(*event)))

    assert walls(listing.conflicts) == lost
    assert walls(listing.slots) == [wall for wall in everything if wall not in lost]


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        pytest.param(0, 0, ["12:00", "12:30"], id="none"),
        pytest.param(15, 0, ["12:00", "12:30", "13:00"], id="rest before the meeting"),
        pytest.param(0, 15, ["11:30", "12:00", "12:30"], id="rest after it"),
        pytest.param(30, 30, ["11:30", "12:00", "12:30", "13:00"], id="touching buffers are enough"),
        pytest.param(31, 31, ["11:00", "11:30", "12:00", "12:30", "13:00", "13:30"], id="a minute more is not"),
    ],
)
def test_buffers_keep_distance_from_other_meetings(before: int, after: int, lost: list[str]) -> None:
    listing = monday(
        person(busy("12:00", "13:00")),
        buffer_before=timedelta(minutes=before),
        buffer_after=timedelta(minutes=after),
    )

    assert walls(listing.conflicts) == lost


def test_buffers_may_lie_outside_working_hours_but_not_on_an_event_there() -> None:
    early = person(busy("08:00", "08:50"))

    relaxed = monday(early, buffer_before=timedelta(minutes=10))
    tight = monday(early, buffer_before=timedelta(minutes=11))

    assert walls(relaxed.slots)[0] == "09:00"
    assert walls(tight.conflicts) == ["09:00"]


def test_minimum_notice_counts_to_the_start_itself() -> None:
    kept = monday(person(), not_before=at("14:30"))
    missed = monday(person(), not_before=at("14:30") + timedelta(seconds=1))

    assert walls(kept.slots)[0] == "14:30"
    assert walls(missed.slots)[0] == "15:00"


def test_the_grid_counts_from_local_midnight_whatever_the_window_and_the_notice() -> None:
    window = Interval(at("10:07"), at("12:00"))

    listing = list_slots([person()], rules(step=timedelta(minutes=45), not_before=at("10:08")), window)

    assert walls(listing.slots) == ["10:30", "11:15"]


def test_a_window_offers_its_first_moment_but_not_its_end() -> None:
    listing = list_slots([person()], rules(minutes=120), Interval(at("10:00"), at("11:00")))

    assert walls(listing.slots) == ["10:00", "10:30"]


def test_a_quarter_hour_zone_keeps_its_own_grid() -> None:
    kathmandu = "Asia/Kathmandu"

    listing = list_slots(
        [person(working=WorkingHours(kathmandu))], rules(grid_zone=kathmandu), day_bounds(MONDAY, kathmandu)
    )

    assert walls(listing.slots, kathmandu)[:2] == ["09:00", "09:30"]
    assert walls(listing.slots)[:2] == ["05:15", "05:45"]


# --- several people -----------------------------------------------------------------------------------------------


def test_only_times_inside_everybodys_working_hours_are_legal() -> None:
    dana = person()
    priya = person(who="U2", name="Priya Nair", working=WorkingHours(KOLKATA))
    noa = person(who="U3", name="Noa Levi", working=WorkingHours(NEW_YORK))

    assert walls(monday(dana, priya).slots) == [
        "09:00",
        "09:30",
        "10:00",
        "10:30",
        "11:00",
        "11:30",
        "12:00",
        "12:30",
        "13:00",
    ]
    assert walls(monday(dana, noa, minutes=60).slots) == ["15:00", "15:30", "16:00"]
    assert monday(dana, priya, noa) == Listing((), ())


def test_lunch_parts_the_day_and_touching_spans_do_not() -> None:
    lunch = WorkingHours(BERLIN, ((0, time(9), time(12)), (0, time(13), time(15))))
    joined = WorkingHours(BERLIN, ((0, time(12), time(15)), (0, time(9), time(12))))

    assert walls(monday(person(working=lunch), minutes=120).slots) == ["09:00", "09:30", "10:00", "13:00"]
    assert walls(monday(person(working=joined), minutes=120).slots)[-4:] == ["11:30", "12:00", "12:30", "13:00"]


def test_hours_that_reach_midnight_end_the_day_and_reversed_ones_are_refused() -> None:
    late = WorkingHours(BERLIN, ((0, time(22), time(0)),))
    overnight = WorkingHours(BERLIN, ((0, time(22), time(2)),))

    assert walls(monday(person(working=late), minutes=60).slots) == ["22:00", "22:30", "23:00"]
    with pytest.raises(ValueError, match="cannot cross midnight"):
        monday(person(working=overnight))


def test_a_room_has_no_working_hours_and_nobody_at_all_is_free_all_day() -> None:
    room = Participant("room:blue", "Blue Room", (busy("10:00", "16:30"),), None)

    with_room = monday(person(), room)
    nobody = monday()

    assert walls(with_room.slots) == ["09:00", "09:30", "16:30"]
    assert len(nobody.slots) == 48


# --- conflicts ----------------------------------------------------------------------------------------------------


def test_a_conflict_says_whose_event_it_is_and_what_may_be_said_of_it() -> None:
    dana = person(
        busy("10:00", "11:00", title="Forecast"),
        busy("10:00", "10:30", title="Dentist", private=True),
        busy("10:15", "10:30", BusyStatus.TENTATIVE, title="Forecast"),
    )
    sam = person(
        busy("09:00", "12:00", BusyStatus.FREE, title="Reminder"),
        busy("09:00", "12:00", BusyStatus.WORKING_ELSEWHERE, title="Home office"),
        busy("10:30", "11:00", BusyStatus.OUT_OF_OFFICE),
        busy("11:00", "11:30", BusyStatus.UNKNOWN, title="never shown"),
        who="U2",
        name="Sam Okafor",
    )

    listing = monday(sam, dana)

    forecast = Obstacle(ObstacleKind.BUSY, "U1", "Dana Reyes", "Forecast")
    private = Obstacle(ObstacleKind.BUSY, "U1", "Dana Reyes")
    away = Obstacle(ObstacleKind.BUSY, "U2", "Sam Okafor")
    unknown = Obstacle(ObstacleKind.UNKNOWN, "U2", "Sam Okafor")
    assert listing.conflicts == (
        Slot(Interval(at("10:00"), at("10:30")), (private, forecast)),
        Slot(Interval(at("10:30"), at("11:00")), (away, forecast)),
        Slot(Interval(at("11:00"), at("11:30")), (unknown,)),
    )


def test_a_calendar_that_could_not_be_read_is_unknown_and_never_free() -> None:
    dana = person(busy("09:00", "10:00", title="Forecast"))
    sam = person(busy("09:00", "09:30", BusyStatus.UNKNOWN), who="U2", name="Sam Okafor", unread="deadline")

    listing = monday(dana, sam)

    unknown = Obstacle(ObstacleKind.UNKNOWN, "U2", "Sam Okafor")
    assert listing.slots == ()
    assert len(listing.conflicts) == 16
    assert listing.conflicts[0].obstacles == (unknown, Obstacle(ObstacleKind.BUSY, "U1", "Dana Reyes", "Forecast"))
    assert listing.conflicts[15].obstacles == (unknown,)


def test_a_long_absence_and_a_short_meeting_inside_it_are_both_named() -> None:
    holiday = Busy(Interval(LONG_AGO, LONG_AGO + timedelta(days=9999)), BusyStatus.OUT_OF_OFFICE, "Holiday")

    listing = monday(person(holiday, busy("12:00", "12:30", title="Lunch")))

    assert listing.slots == ()
    assert [len(slot.obstacles) for slot in listing.conflicts] == [1] * 6 + [2] + [1] * 9


# --- the re-check -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param("09:00", (), id="free"),
        pytest.param("10:00", (Obstacle(ObstacleKind.BUSY, "U1", "Dana Reyes", "Forecast"),), id="taken meanwhile"),
        pytest.param("09:10", None, id="off the grid"),
        pytest.param("17:00", None, id="after hours"),
    ],
)
def test_the_re_check_of_one_start(start: str, expected: tuple[Obstacle, ...] | None) -> None:
    slot = slot_at([person(busy("10:00", "10:30", title="Forecast"))], rules(), at(start))

    assert slot == (
        None if expected is None else Slot(Interval(at(start), at(start) + timedelta(minutes=30)), expected)
    )


def test_the_re_check_keeps_the_same_distance_as_the_list() -> None:
    quarter = timedelta(minutes=15)
    near = person(busy("09:30", "09:50", title="Before"), busy("10:40", "11:00", title="After"))

    slot = slot_at([near], rules(buffer_before=quarter, buffer_after=quarter), at("10:00"))

    assert slot is not None
    assert [obstacle.title for obstacle in slot.obstacles] == ["Before", "After"]


def test_the_re_check_knows_minimum_notice() -> None:
    assert slot_at([person()], rules(not_before=at("10:00")), at("10:00")) is not None
    assert slot_at([person()], rules(not_before=at("10:01")), at("10:00")) is None


# --- clock changes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "count", "missing", "twice"),
    [
        pytest.param(BERLIN, date(2026, 3, 29), 46, ["02:00", "02:30"], [], id="Berlin in spring"),
        pytest.param(BERLIN, date(2026, 10, 25), 50, [], ["02:00", "02:30"], id="Berlin in autumn"),
        pytest.param(NEW_YORK, date(2026, 3, 8), 46, ["02:00", "02:30"], [], id="New York in spring"),
        pytest.param(NEW_YORK, date(2026, 11, 1), 50, [], ["01:00", "01:30"], id="New York in autumn"),
        pytest.param("Australia/Sydney", date(2026, 10, 4), 46, ["02:00", "02:30"], [], id="Sydney in its spring"),
        pytest.param("Australia/Sydney", date(2026, 4, 5), 50, [], ["02:00", "02:30"], id="Sydney in its autumn"),
        pytest.param("Australia/Lord_Howe", date(2026, 10, 4), 47, ["02:00"], [], id="Lord Howe skips half an hour"),
        pytest.param("Australia/Lord_Howe", date(2026, 4, 5), 49, [], ["01:30"], id="Lord Howe repeats half an hour"),
        pytest.param("Pacific/Kiritimati", date(2026, 3, 29), 48, [], [], id="Kiritimati never changes"),
        pytest.param("Asia/Beirut", date(2026, 3, 29), 46, ["00:00", "00:30"], [], id="Beirut skips midnight"),
    ],
)
def test_on_clock_change_days_the_wall_clock_rules(
    zone: str, day: date, count: int, missing: list[str], twice: list[str]
) -> None:
    all_hours = person(working=WorkingHours(zone, EVERY_DAY))

    listing = list_slots([all_hours], rules(grid_zone=zone), day_bounds(day, zone))

    shown = walls(listing.slots, zone)
    ordinary = [f"{h:02}:{m:02}" for h in range(24) for m in (0, 30)]
    assert len({slot.start for slot in listing.slots}) == len(shown) == count
    assert sorted(shown) == sorted([wall for wall in ordinary if wall not in missing] + twice)
    assert [slot.start for slot in listing.slots] == sorted(slot.start for slot in listing.slots)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Kiritimati"])
def test_a_nine_o_clock_start_stays_nine_o_clock_all_year(zone: str) -> None:
    window = Interval(day_bounds(date(2026, 1, 1), zone).start, day_bounds(date(2026, 12, 31), zone).end)
    mornings = person(working=WorkingHours(zone, tuple((weekday, time(9), time(9, 30)) for weekday in range(7))))

    listing = list_slots([mornings], rules(grid_zone=zone), window)

    assert walls(listing.slots, zone) == ["09:00"] * 365


def test_hours_of_another_zone_move_when_only_its_clocks_have_changed() -> None:
    noa = person(who="U3", name="Noa Levi", working=WorkingHours(NEW_YORK))
    between = date(2026, 10, 26)  # Berlin has gone back, New York has not yet

    listing = list_slots([person(), noa], rules(), day_bounds(between, BERLIN))

    assert walls(listing.slots) == ["14:00", "14:30", "15:00", "15:30", "16:00", "16:30"]
    assert walls(monday(person(), noa).slots) == ["15:00", "15:30", "16:00", "16:30"]


def test_a_meeting_through_the_repeated_hour_lasts_as_long_as_it_says() -> None:
    day = date(2026, 10, 25)
    all_hours = person(working=WorkingHours(BERLIN, EVERY_DAY))

    listing = list_slots([all_hours], rules(minutes=120), day_bounds(day, BERLIN))

    assert {slot.interval.duration for slot in listing.slots} == {timedelta(hours=2)}


# --- days with nothing --------------------------------------------------------------------------------------------

DANA = ("U1", "Dana Reyes")
SAM = ("U2", "Sam Okafor")
NOA = ("U3", "Noa Levi")


@pytest.mark.parametrize(
    ("people", "day", "reasons"),
    [
        pytest.param([person()], MONDAY, (), id="a day with slots"),
        pytest.param([person()], date(2026, 10, 11), (DayReason(*DANA, "off"),), id="Sunday"),
        pytest.param(
            [person(busy("08:00", "18:00"))], MONDAY, (DayReason(*DANA, "all_day"),), id="one event over all hours"
        ),
        pytest.param(
            [person(busy("09:00", "13:00"), busy("13:00", "16:45"))], MONDAY, (DayReason(*DANA, "busy"),), id="full"
        ),
        pytest.param([person(unread="auth")], MONDAY, (DayReason(*DANA, "unread"),), id="not readable"),
        pytest.param(
            [person(busy("08:00", "18:00", BusyStatus.UNKNOWN))],
            MONDAY,
            (DayReason(*DANA, "unread"),),
            id="readable, but unknown all day",
        ),
        pytest.param(
            [person(), person(busy("07:00", "20:00"), who="U2", name="Sam Okafor")],
            MONDAY,
            (DayReason(*SAM, "all_day"),),
            id="only the one who is in the way",
        ),
        pytest.param(
            [person(busy("09:00", "13:00")), person(busy("13:00", "17:00"), who="U2", name="Sam Okafor")],
            MONDAY,
            (DayReason(*DANA, "busy"), DayReason(*SAM, "busy")),
            id="nobody alone, both together",
        ),
        pytest.param(
            [person(working=WorkingHours(KOLKATA)), person(who="U3", name="Noa Levi", working=WorkingHours(NEW_YORK))],
            MONDAY,
            (DayReason(*DANA, "off"), DayReason(*NOA, "off")),
            id="working hours that never meet",
        ),
    ],
)
def test_a_day_without_slots_says_why(people: list[Participant], day: date, reasons: tuple[DayReason, ...]) -> None:
    assert why_none(people, rules(), day) == reasons


def test_a_day_that_is_over_by_notice_blames_nobody() -> None:
    assert why_none([person()], rules(not_before=at("16:45")), MONDAY) == ()
    assert why_none([person()], rules(not_before=at("23:59", day=date(2026, 10, 13))), MONDAY) == ()


def test_a_day_the_place_skipped_has_no_slots_and_no_reasons() -> None:
    apia = "Pacific/Apia"

    assert why_none([person()], rules(grid_zone=apia), date(2011, 12, 30)) == ()


# --- nonsense -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nonsense",
    [
        {"duration": timedelta(0)},
        {"step": timedelta(0)},
        {"buffer_before": timedelta(minutes=-1)},
        {"buffer_after": timedelta(minutes=-1)},
        {"not_before": datetime.fromisoformat("2026-10-12T09:00:00")},
        {"not_before": datetime.fromisoformat("2026-10-12T09:00:00+02:00")},
    ],
    ids=str,
)
def test_rules_refuse_nonsense(nonsense: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"positive|negative|UTC"):
        rules(**nonsense)

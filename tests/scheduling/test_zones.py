"""Time zones: which there are, what their clocks do on awkward days, how people find them."""

import itertools
import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduling import zones
from scheduling.domain import Interval

BERLIN = "Europe/Berlin"


@pytest.fixture(autouse=True)
def packaged_zones() -> None:
    zones.use_packaged_zones()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def wall(reading: str) -> datetime:
    return datetime.fromisoformat(reading)


def test_vancouver_keeps_its_summer_offset_in_december_2026() -> None:
    december = utc(2026, 12, 15, 20)

    assert zones.local(december, "America/Vancouver").utcoffset() == timedelta(hours=-7)
    assert zones.offset_words(december, "America/Vancouver") == "UTC−7"


def test_packaged_zones_win_over_the_operating_systems_copy(tmp_path) -> None:
    stale = tmp_path / "America"
    stale.mkdir()
    zone_file = stale / "Vancouver"
    zoneinfo.reset_tzpath(to=())
    packaged = zones.resources.files("tzdata") / "zoneinfo" / "America" / "Los_Angeles"
    zone_file.write_bytes(packaged.read_bytes())
    zoneinfo.reset_tzpath(to=[tmp_path])
    zoneinfo.ZoneInfo.clear_cache()
    december = utc(2026, 12, 15, 20)
    stale_offset = december.astimezone(zoneinfo.ZoneInfo("America/Vancouver")).utcoffset()

    zones.use_packaged_zones()

    assert stale_offset == timedelta(hours=-8)
    assert zoneinfo.TZPATH == ()
    assert zones.local(december, "America/Vancouver").utcoffset() == timedelta(hours=-7)
    assert zones.is_zone("Europe/Berlin")


@pytest.mark.parametrize(
    "name", [BERLIN, "Asia/Calcutta", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5", "EST5EDT"]
)
def test_zones_of_the_database_are_accepted(name: str) -> None:
    assert zones.is_zone(name)
    assert zones.zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/localtime",
        "Europe",
        "europe/berlin",
        "Europe/Berlin/../Paris",
        "Europe/Berlin\0",
        "W. Europe Standard Time",
        "Factory",
        "",
        "A" * 100_000,
    ],
    ids=lambda name: name[:24] or "empty",
)
def test_anything_else_is_refused(name: str) -> None:
    assert not zones.is_zone(name)
    with pytest.raises(ValueError, match="unknown time zone"):
        zones.zone(name)


@pytest.mark.parametrize(
    ("naive", "name", "instants"),
    [
        pytest.param(wall("2026-10-12 09:00"), BERLIN, (utc(2026, 10, 12, 7),), id="an ordinary morning"),
        pytest.param(wall("2026-03-29 02:30"), BERLIN, (), id="skipped in spring"),
        pytest.param(wall("2026-03-29 03:00"), BERLIN, (utc(2026, 3, 29, 1),), id="the first minute after the gap"),
        pytest.param(
            wall("2026-10-25 02:30"),
            BERLIN,
            (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)),
            id="shown twice",
        ),
        pytest.param(wall("2026-10-04 02:15"), "Australia/Lord_Howe", (), id="half an hour is skipped"),
        pytest.param(
            wall("2026-04-05 01:45"),
            "Australia/Lord_Howe",
            (utc(2026, 4, 4, 14, 45), utc(2026, 4, 4, 15, 15)),
            id="half an hour is shown twice",
        ),
        pytest.param(wall("2011-12-30 12:00"), "Pacific/Apia", (), id="a skipped day"),
    ],
)
def test_wall_clock_times_resolve_to_the_instants_they_name(
    naive: datetime, name: str, instants: tuple[datetime, ...]
) -> None:
    assert zones.resolve_local(naive, name) == instants


def test_an_aware_time_is_no_wall_clock_time() -> None:
    with pytest.raises(ValueError, match="not a wall-clock time"):
        zones.resolve_local(utc(2026, 1, 1), BERLIN)


@pytest.mark.parametrize(
    ("day", "name", "bounds"),
    [
        pytest.param(date(2026, 3, 29), BERLIN, (utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)), id="23 hours"),
        pytest.param(date(2026, 10, 25), BERLIN, (utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)), id="25 hours"),
        pytest.param(
            date(2026, 4, 5), "Australia/Lord_Howe", (utc(2026, 4, 4, 13), utc(2026, 4, 5, 13, 30)), id="24.5 hours"
        ),
        pytest.param(
            date(2026, 3, 29), "Asia/Beirut", (utc(2026, 3, 28, 22), utc(2026, 3, 29, 21)), id="midnight is skipped"
        ),
        pytest.param(
            date(2026, 10, 24), "Asia/Beirut", (utc(2026, 10, 23, 21), utc(2026, 10, 24, 22)), id="23:00 comes twice"
        ),
        pytest.param(
            date(2026, 1, 1), "Pacific/Kiritimati", (utc(2025, 12, 31, 10), utc(2026, 1, 1, 10)), id="earliest zone"
        ),
    ],
)
def test_a_local_day_has_the_length_its_clock_gives_it(day: date, name: str, bounds: tuple[datetime, datetime]) -> None:
    assert zones.day_bounds(day, name) == Interval(*bounds)


def test_a_day_the_place_skipped_is_no_day() -> None:
    with pytest.raises(ValueError, match="empty"):
        zones.day_bounds(date(2011, 12, 30), "Pacific/Apia")

    assert zones.stretches(date(2011, 12, 30), "Pacific/Apia") == ()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param(BERLIN, 367, id="two days with a change"),
        pytest.param("America/New_York", 367, id="two days with a change, west"),
        pytest.param("Australia/Lord_Howe", 367, id="half-hour changes"),
        pytest.param("Asia/Beirut", 366, id="one of its changes falls between two days"),
        pytest.param("Asia/Kolkata", 365, id="no change"),
    ],
)
def test_stretches_of_a_year_join_without_a_gap_and_tell_the_true_offset(name: str, count: int) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    pieces = [piece for day in days for piece in zones.stretches(day, name)]

    assert all(before.end == after.start for before, after in itertools.pairwise(pieces))
    assert len(pieces) == count
    for piece in pieces:
        for moment in (piece.start, piece.end - timedelta(seconds=1)):
            assert zones.local(moment, name).utcoffset() == piece.offset


@pytest.mark.parametrize(
    ("moment", "name", "letters", "offset"),
    [
        (utc(2026, 12, 1), BERLIN, "CET", "UTC+1"),
        (utc(2026, 7, 1), BERLIN, "CEST", "UTC+2"),
        (utc(2026, 12, 1), "America/Chicago", "CST", "UTC−6"),
        (utc(2026, 12, 1), "Asia/Kathmandu", "UTC+5:45", "UTC+5:45"),
        (utc(2026, 12, 1), "America/Sao_Paulo", "UTC−3", "UTC−3"),
        (utc(2026, 12, 1), "Pacific/Marquesas", "UTC−9:30", "UTC−9:30"),
        (utc(2026, 12, 1), "Europe/London", "GMT", "UTC+0"),
        (utc(2026, 12, 1), "UTC", "UTC", "UTC+0"),
    ],
)
def test_a_zone_is_named_by_its_letters_or_its_offset(moment: datetime, name: str, letters: str, offset: str) -> None:
    assert (zones.abbreviation(moment, name), zones.offset_words(moment, name)) == (letters, offset)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("berlin", "Europe/Berlin", id="a city"),
        pytest.param("BERL", "Europe/Berlin", id="the beginning of one, in capitals"),
        pytest.param("são paulo", "America/Sao_Paulo", id="accents do not matter"),
        pytest.param("new_york", "America/New_York", id="as the database writes it"),
        pytest.param("America/New_York", "America/New_York", id="a whole zone name"),
        pytest.param("Calcutta", "Asia/Kolkata", id="an old name"),
        pytest.param("Norway", "Europe/Oslo", id="a country"),
        pytest.param("UTC", "UTC", id="UTC itself"),
        pytest.param("utc+5:45", "Asia/Kathmandu", id="an offset"),
        pytest.param("GMT-9:30", "Pacific/Marquesas", id="an offset as people write it"),
        pytest.param("NZDT", "Pacific/Auckland", id="an abbreviation"),
        pytest.param("EST", "America/New_York", id="letters that many places share"),
        pytest.param("ist", "Asia/Kolkata", id="letters of places far apart"),
    ],
)
def test_a_search_finds_the_zone_people_mean(query: str, found: str) -> None:
    assert zones.search_zones(query)[0] == found


def test_an_empty_search_lists_the_near_ones_first_and_then_all() -> None:
    listed = zones.search_zones("", first=("Asia/Kolkata", BERLIN, "Nowhere/Land"), limit=1000)

    assert listed[:4] == ("Asia/Kolkata", BERLIN, "Africa/Abidjan", "Africa/Accra")
    assert len(listed) == len(set(listed)) > 400
    assert all(zones.is_zone(name) for name in listed)


def test_a_search_is_limited_and_nonsense_finds_nothing() -> None:
    assert len(zones.search_zones("america")) == 100
    assert len(zones.search_zones("america", limit=7)) == 7
    assert zones.search_zones("qqqq") == ()
    assert zones.search_zones("<!channel>" * 1000) == ()

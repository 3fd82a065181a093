"""A meeting's time as one reader's clock shows it: the parts of the sentence, in English; templates join them.

The zone is named by its city, the abbreviation of the tz database and the offset. CLDR's long names are not used:
they call Vancouver in December 2026 "Pacific Standard Time" though its clocks stay at UTC−7.
"""

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_skeleton, get_timezone_location

from scheduling import zones
from scheduling.domain import Interval

LOCALE = "en_GB"


@dataclass(frozen=True, slots=True)
class ZoneWords:
    """`city` is None for zones that are no place (UTC), `abbreviation` None where none is in use."""

    city: str | None
    abbreviation: str | None
    offset: str


@dataclass(frozen=True, slots=True)
class When:
    """One interval on one clock. `end_day` is set when it ends on another date, `end_zone` when the clock changes."""

    day: str
    short_day: str
    weekday: str
    month: str
    date: str
    start: str
    end: str
    zone: ZoneWords
    end_day: str | None
    end_zone: ZoneWords | None


def when(interval: Interval, zone: str) -> When:
    """`interval` in the IANA zone `zone`; a name nobody knows is shown in UTC, which is said with it."""
    zone = zone if zones.is_zone(zone) else "UTC"
    start, end = zones.local(interval.start, zone), zones.local(interval.end, zone)
    return When(
        day=_date("yMMMMEEEEd", start),
        short_day=_date("MMMEd", start),
        weekday=_date("EEE", start),
        month=_date("MMM", start),
        date=_date("d", start),
        start=_date("Hm", start),
        end=_date("Hm", end),
        zone=_zone_words(interval.start, zone),
        end_day=_date("MMMEd", end) if end.date() != start.date() else None,
        end_zone=_zone_words(interval.end, zone) if end.utcoffset() != start.utcoffset() else None,
    )


def same_clock(interval: Interval, one: str, other: str) -> bool:
    """Whether two zones show the same times from start to end, whatever their names."""
    here, there = when(interval, one), when(interval, other)
    return (here.day, here.start, here.end) == (there.day, there.start, there.end)


def _date(skeleton: str, moment: datetime) -> str:
    return str(format_skeleton(skeleton, moment, locale=LOCALE))


def _zone_words(moment: datetime, zone: str) -> ZoneWords:
    offset, letters = zones.offset_words(moment, zone), zones.abbreviation(moment, zone)
    if "/" not in zone or zone.startswith("Etc/"):
        return ZoneWords(None, None, offset)
    city = get_timezone_location(zones.zone(zone), locale=LOCALE, return_city=True)
    return ZoneWords(str(city), None if letters == offset else letters, offset)

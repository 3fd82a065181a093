"""A meeting's time as one reader's clock shows it: the parts of the sentence, in English; templates join them.

The zone is named by its city, the abbreviation of the tz database and the offset. CLDR's long names are not used:
they call Vancouver in December 2026 "Pacific Standard Time" though its clocks stay at UTC−7.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_skeleton, get_timezone_location

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
    tz = _zone(zone)
    start, end = interval.start.astimezone(tz), interval.end.astimezone(tz)
    return When(
        day=_date("yMMMMEEEEd", start),
        short_day=_date("MMMEd", start),
        weekday=_date("EEE", start),
        month=_date("MMM", start),
        date=_date("d", start),
        start=_date("Hm", start),
        end=_date("Hm", end),
        zone=_zone_words(start),
        end_day=_date("MMMEd", end) if end.date() != start.date() else None,
        end_zone=_zone_words(end) if end.utcoffset() != start.utcoffset() else None,
    )


def same_clock(interval: Interval, one: str, other: str) -> bool:
    """Whether two zones show the same times from start to end, whatever their names."""
    return all(
        moment.astimezone(_zone(one)).utcoffset() == moment.astimezone(_zone(other)).utcoffset()
        for moment in (interval.start, interval.end)
    )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder, such as "Europe"
        return ZoneInfo("UTC")


def _date(skeleton: str, moment: datetime) -> str:
    return str(format_skeleton(skeleton, moment, locale=LOCALE))


def _zone_words(moment: datetime) -> ZoneWords:
    key = getattr(moment.tzinfo, "key", "UTC")
    if "/" not in key or key.startswith("Etc/"):
        return ZoneWords(None, None, _offset(moment))
    abbreviation = moment.tzname() or ""
    return ZoneWords(
        city=str(get_timezone_location(moment.tzinfo, locale=LOCALE, return_city=True)),
        abbreviation=abbreviation if abbreviation.isalpha() else None,
        offset=_offset(moment),
    )


def _offset(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta(0)
    minutes = round(abs(offset).total_seconds() / 60)
    sign = "−" if offset < timedelta(0) else "+"
    hours, rest = divmod(minutes, 60)
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")

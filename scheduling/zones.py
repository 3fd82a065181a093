"""IANA time zones: which exist, what their wall clocks do, and how people look them up.

Wall-clock arithmetic happens here and nowhere else: a local day is cut into stretches of one UTC offset each, so a
skipped or repeated hour needs no special case. Knows no clock, no person and no configuration.
"""

import unicodedata
import zoneinfo
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from scheduling.domain import Interval, require_utc

NO_OFFSET = timedelta(0)
ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)


def use_packaged_zones() -> None:
    """Make the `tzdata` package the only source of zones for the whole process.

    Python prefers the operating system's copy, which may be years old: British Columbia has been at UTC−7 all year
    since 2026, and 2025 data gets Vancouver wrong. Call it once, before anything reads a zone.
    """
    zoneinfo.reset_tzpath(to=())
    ZoneInfo.clear_cache()
    for remembered in (_names, stretches, _index):
        remembered.cache_clear()


def is_zone(name: str) -> bool:
    """Whether `name` is a zone of the database (old names such as `Asia/Calcutta` included); never a path."""
    return name in _names()


def zone(name: str) -> ZoneInfo:
    """The zone called `name`; raises ValueError for anything that is not in the database."""
    if name not in _names():
        raise ValueError(f"unknown time zone: {name[:64]!r}")
    return ZoneInfo(name)


@cache
def _names() -> frozenset[str]:
    """Reading the list opens files; `Factory` and `localtime` are placeholders, not places."""
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime", "posixrules"})


# --- wall clocks --------------------------------------------------------------------------------------------------


def local(moment: datetime, name: str) -> datetime:
    """The UTC instant `moment` on the wall clock of `name`. For showing, never for arithmetic."""
    return require_utc(moment).astimezone(zone(name))


def resolve_local(naive: datetime, name: str) -> tuple[datetime, ...]:
    """The UTC instants at which the wall clock of `name` reads `naive`, earliest first.

    None when the clocks skip it, two when they show it twice.
    """
    if naive.tzinfo is not None:
        raise ValueError(f"not a wall-clock time: {naive!r}")
    there = zone(name)
    readings = {naive.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(moment for moment in readings if moment.astimezone(there).replace(tzinfo=None) == naive))


def day_bounds(day: date, name: str) -> Interval:
    """The local calendar day in UTC: 23 to 25 hours long around clock changes.

    Raises ValueError for a day that the place skipped altogether (Apia, 30 December 2011).
    """
    return Interval(_first_moment(day, name), _first_moment(day + ONE_DAY, name))


def _first_moment(day: date, name: str) -> datetime:
    midnight = datetime.combine(day, time())
    at_midnight = resolve_local(midnight, name)
    if at_midnight:
        return at_midnight[0]
    # Midnight is skipped: the day begins at the change itself. The later offset reads the gap before it, the earlier
    # offset at or after it.
    there = zone(name)
    before = midnight.replace(tzinfo=there, fold=1).astimezone(UTC)
    after = midnight.replace(tzinfo=there, fold=0).astimezone(UTC)
    return _change_between(before, after, there)


def _change_between(low: datetime, high: datetime, there: ZoneInfo) -> datetime:
    """The first instant in `(low, high]` with the offset of `high`, to the second (zone data has no finer unit)."""
    old = low.astimezone(there).utcoffset()
    while high - low > ONE_SECOND:
        middle = low + timedelta(seconds=(high - low) // ONE_SECOND // 2)
        if middle.astimezone(there).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part `[start, end)` of a local day, in UTC, during which the wall clock is UTC plus `offset`."""

    start: datetime
    end: datetime
    offset: timedelta


@lru_cache(maxsize=4096)
def stretches(day: date, name: str) -> tuple[Stretch, ...]:
    """The local day as stretches of one offset each: one on ordinary days, two when the clocks change within it.

    No stretch for a day the place skipped. Zone data never changes the clocks twice within a day.
    """
    there = zone(name)
    start, end = _first_moment(day, name), _first_moment(day + ONE_DAY, name)
    if start >= end:
        return ()
    first = _offset(start, there)
    last_moment = end - ONE_SECOND
    last = _offset(last_moment, there)
    if first == last:
        return (Stretch(start, end, first),)
    change = _change_between(start, last_moment, there)
    return (Stretch(start, change, first), Stretch(change, end, last))


def _offset(moment: datetime, there: ZoneInfo) -> timedelta:
    return moment.astimezone(there).utcoffset() or NO_OFFSET


# --- words --------------------------------------------------------------------------------------------------------


def offset_words(moment: datetime, name: str) -> str:
    """`UTC+5:30`, `UTC−6` (a true minus), `UTC+0`: the offset in force at `moment`."""
    minutes = round(_offset(require_utc(moment), zone(name)) / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{hours}:{rest:02}" if rest else f"UTC{sign}{hours}"


def abbreviation(moment: datetime, name: str) -> str:
    """`CET`, `CST`; the offset in words where the database knows no letters (`UTC+5:45`)."""
    letters = local(moment, name).tzname() or ""
    return letters if letters.isalpha() else offset_words(moment, name)


# --- looking a zone up ----------------------------------------------------------------------------------------------


_MEANT_BY = {
    letters: name
    for name, several in {
        "America/New_York": "est edt",
        "America/Chicago": "cst cdt",
        "America/Denver": "mst mdt",
        "America/Los_Angeles": "pst pdt",
        "Asia/Kolkata": "ist",
        "Australia/Sydney": "aest aedt",
        "Europe/London": "gmt bst",
        "Europe/Paris": "cet cest",
        "Pacific/Auckland": "nzst nzdt",
    }.items()
    for letters in several.split()
}
"""Whom most people mean by letters that many places share; after CLDR's choice for each metazone."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A zone people may choose, and the words it is found by: city first, then everything else."""

    name: str
    city: str
    words: str


def search_zones(query: str, first: tuple[str, ...] = (), limit: int = 100) -> tuple[str, ...]:
    """Zones for a searchable select, best match first; an empty query lists them all, those in `first` on top.

    Every word of the query must begin a word of the zone's city, region, country, old names, abbreviations
    (`CST`) or offsets (`UTC+5:30`); accents, case and punctuation do not matter.
    """
    wanted = _plain(query)
    found = [entry for entry in _index() if all(f" {word}" in entry.words for word in wanted.split())]
    preferred = {name: rank for rank, name in enumerate(first)}

    def rank(entry: _Entry) -> tuple[bool, int, bool, bool, bool]:
        return (
            entry.city != wanted,
            preferred.get(entry.name, len(preferred)),
            entry.name != _MEANT_BY.get(wanted),
            not entry.city.startswith(wanted),
            f" {wanted} " not in entry.words,
        )

    return tuple(entry.name for entry in sorted(found, key=rank)[:limit])


@cache
def _index() -> tuple[_Entry, ...]:
    """One entry per place in zone.tab and UTC, by name; names that moved lead to the place they mean now."""
    countries = dict(_rows("iso3166.tab"))
    places: dict[str, str] = {"UTC": "Coordinated Universal Time Greenwich"}
    for code, _, name, *notes in _rows("zone.tab"):
        places[name] = " ".join((countries[code], *notes))
    old_names = defaultdict(list)
    for line in _text("tzdata.zi").splitlines():
        kind, *rest = line.split(" ")
        if kind == "L" and rest[1] not in places and "/" in rest[1]:
            old_names[rest[0]].append(rest[1])
    return tuple(_entry(name, " ".join((places[name], *old_names[name]))) for name in sorted(places.keys() & _names()))


def _entry(name: str, about: str) -> _Entry:
    seasons = [datetime(2037, month, 1, tzinfo=UTC) for month in (1, 7)]  # the rules in force now go on until then
    clocks = " ".join(words(moment, name) for words in (abbreviation, offset_words) for moment in seasons)
    return _Entry(name, _plain(name.rpartition("/")[2]), f" {_plain(f'{name} {about} {clocks}')} ")


def _plain(words: str) -> str:
    """Lower case, no accents, `_ / - ,` and the like as blanks; a minus of an offset stays (`utc−6` = `utc-6`)."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(c))
    bare = bare.replace("utc-", "utc−").replace("gmt-", "utc−").replace("gmt+", "utc+")
    return " ".join("".join(c if c.isalnum() or c in "+−:" else " " for c in bare).split())


def _rows(table: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(table).splitlines() if not line.startswith("#")]


def _text(table: str) -> str:
    return (resources.files("tzdata") / "zoneinfo" / table).read_text(encoding="utf-8")

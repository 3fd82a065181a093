"""Recurring events, expanded locally: a server's `expand` cannot be relied on.

The object is rewritten to the few properties that make times, in one notation (IANA zones, no floating times), before
recurring_ical_events sees it: icalendar keeps VTIMEZONEs in one process-wide cache by TZID, where two different
"Customized Time Zone" would get mixed up. Rules that would run for minutes are refused as unreadable.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from scheduling.calendars.caldav.ics_lines import (
    EventLines,
    Line,
    ObjectLines,
    UnreadableObject,
    after_gap,
    duration,
    instant,
    wall_time,
    zone_name,
)
from scheduling.domain import Interval

RECURRENCE_NAMES = frozenset({"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
TIME_NAMES = RECURRENCE_NAMES | {"DTSTART", "DTEND", "DURATION", "SEQUENCE"}

_INDEX = "X-INDEX"
_MAX_STEPS = 100_000
_MAX_DATES = 5_000
_STEP = {
    "SECONDLY": timedelta(seconds=1),
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
    "MONTHLY": timedelta(days=28),
    "YEARLY": timedelta(days=365),
}
# Filters that a day-by-day (or finer) rule may never meet: the expansion would walk to the year 9999.
_RARELY_MET = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence in UTC, and which VEVENT of the object describes it."""

    event: int
    start: datetime
    end: datetime


def expand(found: ObjectLines, window: Interval, zone: ZoneInfo) -> list[Occurrence]:
    """The occurrences within a day of `window`. Raises UnreadableObject."""
    for event in found.events:
        _refuse_costly(event, window)
    moves_the_rest = any(line.parameters.get("RANGE") for event in found.events for line in event.lines)
    forward = [timedelta() if moves_the_rest else _forward(event, window) for event in found.events]
    # Whatever the libraries make of a stranger's object, it is unreadable then, and not free.
    try:
        calendar = icalendar.Calendar.from_ical(_rewritten(found, forward, zone))
        margin = timedelta(days=1)
        components = recurring_ical_events.of(calendar).between(window.start - margin, window.end + margin)
        return [
            Occurrence(int(component[_INDEX]), *_span(component["DTSTART"].dt, component["DTEND"].dt, zone))
            for component in components
        ]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise UnreadableObject(f"not expandable: {type(error).__name__}") from error


def _span(start: date | datetime, end: date | datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if not isinstance(start, datetime) and start == end:
        end = start + timedelta(days=1)
    return after_gap(_utc(start, zone), _utc(end, zone), start, end)


def _utc(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return instant(moment, zone)


def _refuse_costly(event: EventLines, window: Interval) -> None:
    for rule in event.all("RRULE"):
        _refuse_costly_rule(_parts(rule.value), event, window)
    if sum(line.value.count(",") for line in event.all("EXDATE", "RDATE")) > _MAX_DATES:
        raise UnreadableObject("too many dates")


def _parts(rule: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.strip().upper().split(";"))
    return {name: value for name, _, value in pairs}


def _refuse_costly_rule(parts: Mapping[str, str], event: EventLines, window: Interval) -> None:
    step, start = _STEP.get(parts.get("FREQ", "")), event.first("DTSTART")
    if step is None or start is None or not re.fullmatch(r"[1-9]\d{0,5}", parts.get("INTERVAL", "1")):
        raise UnreadableObject("not a recurrence rule")
    if step <= timedelta(days=1) and any(name in parts for name in _RARELY_MET):
        raise UnreadableObject("rule too costly")
    if step < timedelta(days=1) and any(name.startswith("BY") for name in parts):
        raise UnreadableObject("rule too costly")
    elapsed = window.end - instant(wall_time(start.value)[0], UTC)
    if elapsed > step * int(parts.get("INTERVAL", "1")) * _MAX_STEPS:
        raise UnreadableObject("rule too costly")


def _forward(event: EventLines, window: Interval) -> timedelta:
    """By how much a long-running daily or weekly series can start later with the same occurrences in `window`.

    The libraries walk a series from its first day: one since 2015 costs 40 ms each time. A start is an occurrence
    itself even where the rule has none, so the new one lies well before the window.
    """
    rules, start = event.all("RRULE"), event.first("DTSTART")
    if start is None or len(rules) != 1:
        return timedelta()
    parts = _parts(rules[0].value)
    if parts["FREQ"] not in ("DAILY", "WEEKLY") or "COUNT" in parts:
        return timedelta()
    step = _STEP[parts["FREQ"]] * int(parts.get("INTERVAL", "1"))
    room = window.start - instant(wall_time(start.value)[0], UTC) - _length(event, start) - timedelta(days=5)
    return max(room // step, 0) * step


def _length(event: EventLines, start: Line) -> timedelta:
    """About how long one occurrence takes."""
    end, lasts = event.first("DTEND"), event.first("DURATION")
    if end is not None:
        return abs(instant(wall_time(end.value)[0], UTC) - instant(wall_time(start.value)[0], UTC))
    return abs(sum(duration(lasts.value), timedelta())) if lasts is not None else timedelta(days=1)


# --- one notation -----------------------------------------------------------------------------------------------


def _rewritten(found: ObjectLines, forward: Sequence[timedelta], zone: ZoneInfo) -> str:
    uids: dict[str, int] = {}
    used_zones: dict[str, str] = {}
    lines = []
    for index, event in enumerate(found.events):
        uid = event.first("UID")
        lines += ["BEGIN:VEVENT", f"UID:u{uids.setdefault(uid.value if uid else '', len(uids))}", f"{_INDEX}:{index}"]
        lines += _rewritten_event(event, forward[index], found, used_zones, zone)
        lines.append("END:VEVENT")
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *used_zones.values(), *lines, "END:VCALENDAR", ""])


def _rewritten_event(
    event: EventLines, forward: timedelta, found: ObjectLines, used_zones: dict[str, str], zone: ZoneInfo
) -> Iterator[str]:
    start = event.first("DTSTART")
    if start is None:
        raise UnreadableObject("no DTSTART")
    for line in event.lines:
        if line.name == "RRULE":
            yield f"RRULE:{_rewritten_rule(line.value, start, zone)}"
        elif line.name == "SEQUENCE":
            if line.value.strip().isdigit():
                yield f"SEQUENCE:{int(line.value)}"
        elif line.name == "DURATION":
            yield f"DURATION:{line.value.strip()}"
        elif line.name in TIME_NAMES:
            later = forward if line.name in ("DTSTART", "DTEND") else timedelta()
            for value in line.value.split(","):
                yield _rewritten_time(line, value.strip(), later, found, used_zones, zone, whole_days=start.is_date)


def _rewritten_time(
    line: Line,
    value: str,
    later: timedelta,
    found: ObjectLines,
    used_zones: dict[str, str],
    zone: ZoneInfo,
    *,
    whole_days: bool,
) -> str:
    head = line.name
    if line.parameters.get("RANGE", "").upper() == "THISANDFUTURE":
        head += ";RANGE=THISANDFUTURE"
    name = zone.key if line.zone_id is None else zone_name(line.zone_id, found.zones)
    if name is None:
        name = _own_zone(line.zone_id or "", found, used_zones)
    if "/" in value:
        period_zone = "" if value.partition("/")[0].endswith("Z") else f";TZID={name}"
        return f"{head};VALUE=PERIOD{period_zone}:{value}"
    wall, utc = wall_time(value)
    if not isinstance(wall, datetime):
        return f"{head};VALUE=DATE:{wall + later:%Y%m%d}"
    if whole_days and line.name in RECURRENCE_NAMES:
        # An all-day series with a time as its exception: the day is meant.
        day = instant(wall, UTC).astimezone(zone).date() if utc else wall.date()
        return f"{head};VALUE=DATE:{day:%Y%m%d}"
    moved = f"{wall + later:%Y%m%dT%H%M%S}"
    return f"{head}:{moved}Z" if utc else f"{head};TZID={name}:{moved}"


def _own_zone(zone_id: str, found: ObjectLines, used_zones: dict[str, str]) -> str:
    """A name for the object's own VTIMEZONE that no other definition has."""
    definition = found.zones[zone_id]
    name = f"own-{hashlib.sha256(definition.encode()).hexdigest()[:24]}"
    used_zones[name] = re.sub(r"^TZID[^\r\n]*", f"TZID:{name}", definition, count=1, flags=re.MULTILINE)
    return name


def _rewritten_rule(rule: str, start: Line, zone: ZoneInfo) -> str:
    """UNTIL in the kind that DTSTART has: a date for days; UTC for times, a bare date meaning the end of that day."""
    parts = []
    for part in rule.strip().upper().split(";"):
        name, _, value = part.partition("=")
        if name == "UNTIL":
            wall, utc = wall_time(value)
            if start.is_date:
                parts.append(f"UNTIL={value[:8]}")
                continue
            if not isinstance(wall, datetime):
                wall = datetime.combine(wall, time(23, 59, 59))
            parts.append(f"UNTIL={instant(wall, UTC if utc else _rule_zone(start, zone)):%Y%m%dT%H%M%SZ}")
        elif part:
            parts.append(part)
    return ";".join(parts)


def _rule_zone(start: Line, zone: ZoneInfo) -> ZoneInfo:
    name = zone_name(start.zone_id, {start.zone_id: ""}) if start.zone_id else None
    return ZoneInfo(name) if name else zone

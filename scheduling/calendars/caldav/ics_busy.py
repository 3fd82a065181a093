"""From a stored calendar object to busy intervals. Pure: text, window, zone and own addresses in, values out.

The rules (RFC 5545, RFC 4791 §7.10, Microsoft's X- properties): free is what is TRANSPARENT, CANCELLED, declined by the
owner, or marked FREE; tentative what is so marked, or what the owner has not answered; all else is busy, all-day events
included. An object whose times cannot be told raises UnreadableObject unless it is harmless either way.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from scheduling.calendars.caldav.ics_expand import RECURRENCE_NAMES, TIME_NAMES, Occurrence, expand
from scheduling.calendars.caldav.ics_lines import (
    EventLines,
    Line,
    ObjectLines,
    UnreadableObject,
    after_gap,
    duration,
    instant,
    read_object,
    wall_time,
    zone_name,
)
from scheduling.domain import Busy, BusyStatus, Interval

BUSY_STATUS_NAME = "X-MICROSOFT-CDO-BUSYSTATUS"
_RULE_NAMES = frozenset({"UID", "SUMMARY", "STATUS", "TRANSP", "CLASS", "ATTENDEE", "ORGANIZER", BUSY_STATUS_NAME})
_NAMES = TIME_NAMES | _RULE_NAMES
# The widest a wall time of unknown zone can be away from UTC (UTC-12 .. UTC+14).
_ZONE_DOUBT = timedelta(hours=26)


def busy_of(text: str, window: Interval, zone: ZoneInfo, own: frozenset[str]) -> list[Busy]:
    """The stretches of one object that overlap `window`; `own` are the owner's addresses in lower case.

    `zone` reads all-day and floating times. Raises UnreadableObject.
    """
    try:
        found = read_object(text, _NAMES)
    except UnreadableObject:
        if _is_harmless_text(text):
            return []
        raise
    statuses = [status_of(event, own) for event in found.events]
    if all(status is BusyStatus.FREE for status in statuses):
        return []
    try:
        occurrences = occurrences_of(found, window, zone)
    except UnreadableObject:
        if _is_far_away(found.events, window):
            return []
        raise
    stretches = (_busy(found.events[o.event], statuses[o.event], o.start, o.end) for o in occurrences)
    return [busy for busy in stretches if busy is not None and busy.interval.overlaps(window)]


def status_of(event: EventLines, own: frozenset[str]) -> BusyStatus:
    """What one VEVENT means for its owner's time; never UNKNOWN."""
    microsoft = event.value(BUSY_STATUS_NAME)
    answer = _own_answer(event, own)
    if (
        event.value("TRANSP") == "TRANSPARENT"
        or event.value("STATUS") == "CANCELLED"
        or answer == "DECLINED"
        or microsoft == "FREE"
    ):
        return BusyStatus.FREE
    if microsoft == "OOF":
        return BusyStatus.OUT_OF_OFFICE
    if microsoft == "WORKINGELSEWHERE":
        return BusyStatus.WORKING_ELSEWHERE
    if "TENTATIVE" in (event.value("STATUS"), microsoft, answer) or answer == "NEEDS-ACTION":
        return BusyStatus.TENTATIVE
    return BusyStatus.BUSY


def _own_answer(event: EventLines, own: frozenset[str]) -> str:
    """The owner's PARTSTAT; empty when not invited, or when the owner organizes and has not declined."""
    organizes = any(address_of(line.value) in own for line in event.all("ORGANIZER"))
    for line in event.all("ATTENDEE"):
        if address_of(line.value) in own:
            answer = line.parameters.get("PARTSTAT", "NEEDS-ACTION").upper()
            return answer if answer == "DECLINED" or not organizes else ""
    return ""


def address_of(value: str) -> str:
    """A calendar user address in comparable form: lower case, `mailto:` and a trailing slash dropped."""
    return value.strip().lower().removeprefix("mailto:").rstrip("/")


def _busy(event: EventLines, status: BusyStatus, start: datetime, end: datetime) -> Busy | None:
    if status is BusyStatus.FREE or start == end:  # an instant takes no time
        return None
    private = event.value("CLASS") in ("PRIVATE", "CONFIDENTIAL")
    summary, uid = event.first("SUMMARY"), event.first("UID")
    return Busy(
        Interval(min(start, end), max(start, end)),
        status,
        title=None if private or summary is None else summary.text() or None,
        private=private,
        uid=uid.value if uid else None,
    )


# --- times ------------------------------------------------------------------------------------------------------


def occurrences_of(found: ObjectLines, window: Interval, zone: ZoneInfo) -> Iterable[Occurrence]:
    """The occurrences near `window` with the index of their VEVENT. Raises UnreadableObject."""
    if any(event.all(*RECURRENCE_NAMES) for event in found.events) or _has_own_zone(found):
        return expand(found, window, zone)
    return [
        Occurrence(index, start, end)
        for index, event in enumerate(found.events)
        for start, end in [event_span(event, found, zone)]
    ]


def _has_own_zone(found: ObjectLines) -> bool:
    ids = {line.zone_id for event in found.events for line in event.all("DTSTART", "DTEND")}
    return any(zone_id is not None and zone_name(zone_id, found.zones) is None for zone_id in ids)


def event_span(event: EventLines, found: ObjectLines, zone: tzinfo) -> tuple[datetime, datetime]:
    """Start and end in UTC of a VEVENT by its own DTSTART, DTEND or DURATION. Raises UnreadableObject."""
    start_line, end_line, duration_line = event.first("DTSTART"), event.first("DTEND"), event.first("DURATION")
    if start_line is None:
        raise UnreadableObject("no DTSTART")
    wall, start_zone = _resolved(start_line, found, zone)
    start = instant(wall, start_zone)
    if end_line is not None:
        wall_end, end_zone = _resolved(end_line, found, zone)
        if start_line.is_date and wall_end == wall:  # written by producers that mean one whole day
            return start, instant(wall + timedelta(days=1), start_zone)
        end = instant(wall_end, end_zone)
        return after_gap(start, end, wall, wall_end) if start_zone == end_zone else (start, end)
    if duration_line is not None:
        nominal, exact = duration(duration_line.value)
        try:
            return start, instant(wall + nominal, start_zone) + exact
        except OverflowError as error:
            raise UnreadableObject("time out of range") from error
    if start_line.is_date:
        return start, instant(wall + timedelta(days=1), start_zone)
    return start, start


def _resolved(line: Line, found: ObjectLines, zone: tzinfo) -> tuple[date | datetime, tzinfo]:
    wall, utc = wall_time(line.value)
    if utc:
        return wall, UTC
    if line.is_date or line.zone_id is None:
        return wall, zone
    name = zone_name(line.zone_id, found.zones)
    if name is None:
        raise UnreadableObject("a zone of its own")
    return wall, ZoneInfo(name)


# --- harmless although unreadable -------------------------------------------------------------------------------


def _is_harmless_text(text: str) -> bool:
    """Whether a broken object says of itself, in every VEVENT, that it takes no time (or holds none at all)."""
    if "BEGIN:VCALENDAR" not in text[:200].upper():
        return False
    events = text.upper().split("BEGIN:VEVENT")[1:]
    marks = ("\nTRANSP:TRANSPARENT", "\nSTATUS:CANCELLED")
    return "END:VCALENDAR" in text.upper() and all(any(mark in event for mark in marks) for event in events)


def _is_far_away(events: list[EventLines], window: Interval) -> bool:
    """Whether single events lie outside the window in whatever zone their wall times are."""
    try:
        for event in events:
            start_line, end_line = event.first("DTSTART"), event.first("DTEND")
            if start_line is None or end_line is None or event.all(*RECURRENCE_NAMES):
                return False
            ends = sorted(instant(wall_time(line.value)[0], UTC) for line in (start_line, end_line))
            if ends[0] - _ZONE_DOUBT < window.end and window.start < ends[1] + _ZONE_DOUBT:
                return False
    except (UnreadableObject, OverflowError):
        return False
    return True

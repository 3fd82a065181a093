"""Google's answers about time as busy stretches. Pure; what cannot be read raises and is never taken for free.

Meanings: developers.google.com/workspace/calendar/api/v3/reference/events and …/freebusy/query.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from scheduling.calendars.base import CalendarInfo, RoomInfo
from scheduling.calendars.google.events import entries_of, interval_of, moment, uid_of, word
from scheduling.domain import Busy, BusyStatus, Interval
from scheduling.errors import AccessDenied, CalendarError, EventMissing, RateLimited, Unavailable

Json = Mapping[str, Any]

MOST_IDS = 50
MOST_DAYS = timedelta(days=60)
"""calendarExpansionMax is 50; windows beyond about 90 days are refused."""

_RESOURCE = "@resource.calendar.google.com"
"""How the calendars of rooms and other resources are called."""

_TAKES_NO_TIME = frozenset({"workingLocation", "birthday"})
_HIDDEN = frozenset({"private", "confidential"})


def calendars_of(entries: Sequence[Json]) -> tuple[CalendarInfo, ...]:
    """The account's calendar list, the primary one first.

    Google's own free/busy asks the primary calendar only. Beside it we count what the owner owns and shows. A room in
    the list is nobody's time, and nothing is ever written into it.
    """
    found = [_calendar(entry) for entry in entries if not entry.get("deleted") and not _is_resource(entry)]
    return tuple(sorted(found, key=lambda calendar: not calendar.primary))


def rooms_of(entries: Iterable[Json]) -> Iterator[RoomInfo]:
    """The rooms and other resources that a person keeps in their calendar list."""
    for entry in entries:
        if _is_resource(entry) and not entry.get("deleted"):
            address = str(entry["id"]).lower()
            yield RoomInfo(address, word(entry, "summaryOverride") or word(entry, "summary") or address)


def busy_of(events: Iterable[Json], window: Interval, zone: str) -> Iterator[Busy]:
    """The stretches that the calendar's owner is not free in, within `window`; `zone` is the calendar's."""
    for event in events:
        own = next((a for a in entries_of(event, "attendees") if a.get("self")), {})
        answer = own.get("responseStatus")
        if (
            event.get("status") == "cancelled"
            or event.get("transparency") == "transparent"
            or word(event, "eventType") in _TAKES_NO_TIME
            or answer == "declined"
        ):
            continue
        interval = interval_of(event, zone)
        if interval is None or not interval.overlaps(window):
            continue
        private = word(event, "visibility") in _HIDDEN
        yield Busy(
            interval,
            status=_status(event, answer),
            title=None if private else word(event, "summary"),
            private=private,
            uid=uid_of(event),
        )


def free_busy_of(answer: Json, address: str, window: Interval) -> tuple[Busy, ...]:
    """One calendar out of a freeBusy answer. Raises CalendarError when it is not there or carries an error."""
    calendars = answer.get("calendars")
    if not isinstance(calendars, Mapping):
        raise Unavailable("answer")
    found = calendars.get(address) or next((c for n, c in calendars.items() if n.lower() == address.lower()), None)
    if not isinstance(found, Mapping):
        raise Unavailable("missing")
    errors = found.get("errors")
    if errors:
        raise _refusal(errors)
    busy = found.get("busy")
    if not isinstance(busy, list):
        raise Unavailable("missing")
    stretches = (_stretch(entry) for entry in busy)
    return tuple(Busy(s) for s in stretches if s is not None and s.overlaps(window))


def windows(whole: Interval) -> Iterator[Interval]:
    """Pieces that Google answers for."""
    start = whole.start
    while start < whole.end:
        end = min(start + MOST_DAYS, whole.end)
        yield Interval(start, end)
        start = end


def in_order(busy: Iterable[Busy]) -> tuple[Busy, ...]:
    """Ascending; a stretch that two pieces of a window both tell comes once."""
    return tuple(dict.fromkeys(sorted(busy, key=lambda b: (b.interval, b.title or "", b.uid or ""))))


def _is_resource(entry: Json) -> bool:
    return (word(entry, "id") or "").lower().endswith(_RESOURCE)


def _calendar(entry: Json) -> CalendarInfo:
    found = word(entry, "id")
    if found is None:
        raise Unavailable("answer")
    primary, role = entry.get("primary") is True, entry.get("accessRole")
    shown = entry.get("selected") is True and entry.get("hidden") is not True
    return CalendarInfo(
        id=found,
        name=word(entry, "summaryOverride") or word(entry, "summary") or found,
        zone=word(entry, "timeZone"),
        writable=role in ("owner", "writer"),
        primary=primary,
        counts_as_busy=primary or (role == "owner" and shown),
    )


def _status(event: Json, answer: object) -> BusyStatus:
    if event.get("eventType") == "outOfOffice":
        return BusyStatus.OUT_OF_OFFICE
    tentative = event.get("status") == "tentative" or answer in ("tentative", "needsAction")
    return BusyStatus.TENTATIVE if tentative else BusyStatus.BUSY


def _stretch(entry: object) -> Interval | None:
    if not isinstance(entry, Mapping):
        raise Unavailable("answer")
    start, end = (moment({"dateTime": entry.get(name)}, "UTC") for name in ("start", "end"))
    return Interval(start, end) if start < end else None


def _refusal(errors: object) -> CalendarError:
    """`notFound` stands for no such calendar and for no right to see it alike."""
    first = errors[0] if isinstance(errors, list) else {}
    reason = first.get("reason") if isinstance(first, Mapping) else None
    match reason:
        case "notFound":
            return EventMissing("notFound")
        case "forbidden" | "insufficientPermissions":
            return AccessDenied("forbidden")
        case "rateLimitExceeded" | "quotaExceeded" | "userRateLimitExceeded":
            return RateLimited(reason)
        case _:
            return Unavailable("free_busy")

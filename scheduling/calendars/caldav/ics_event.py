"""Our event as a calendar object: written, recognized again, merged with what its owner added, read back.

Never METHOD, ORGANIZER or ATTENDEE of ours: many servers (iCloud, SOGo, Xandikos) invite by themselves when they see
attendees. Built by icalendar only; times are UTC, which needs no VTIMEZONE.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, vDuration, vUri

from scheduling.calendars.base import BookingKey, EventSpec, EventState
from scheduling.calendars.caldav.ics_busy import address_of, event_span, occurrences_of
from scheduling.calendars.caldav.ics_expand import RECURRENCE_NAMES, TIME_NAMES
from scheduling.calendars.caldav.ics_lines import EventLines, ObjectLines, UnreadableObject, read_object
from scheduling.domain import EventRef, Interval

KEY_NAME = "X-BOOKING-KEY"
_PRODUCT = "-//schedule-for//schedule-for//EN"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
# What an update replaces or drops; everything else in the stored event was added by its owner or server and stays.
_OURS = (
    *("UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "SUMMARY", "DESCRIPTION"),
    *("LOCATION", "URL", "CLASS", "TRANSP", "STATUS", KEY_NAME, "X-ALT-DESC", "X-APPLE-STRUCTURED-LOCATION"),
    "X-MICROSOFT-CDO-BUSYSTATUS",
)
_STATE_NAMES = TIME_NAMES | {"UID", "STATUS", "ATTENDEE", KEY_NAME}
_ALL_TIME = Interval(datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}


def key_text(key: BookingKey) -> str:
    """The idempotency key as it is stored on the event."""
    return f"{key.booking_id}:{key.generation}"


def build(spec: EventSpec, now: datetime) -> bytes:
    """The object of a new event."""
    calendar = _empty_calendar()
    calendar.add_component(_event(spec, now))
    return bytes(calendar.to_ical())


def merged(stored: str, spec: EventSpec, now: datetime) -> bytes:
    """The stored object with our part replaced; alarms, categories and the like that others added are kept.

    Raises UnreadableObject.
    """
    try:
        calendar = Calendar.from_ical(stored)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UnreadableObject(type(error).__name__) from error
    masters = [event for event in calendar.walk("VEVENT") if "RECURRENCE-ID" not in event]
    if calendar.name != "VCALENDAR" or len(masters) != 1:
        raise UnreadableObject("not one event")
    calendar.pop("METHOD", None)
    [master] = masters
    fresh = _event(spec, now)
    for name in _OURS:
        master.pop(name, None)
    for name, value in fresh.items():
        master[name] = value
    mine = _alarm_uid(spec)
    kept = [part for part in master.subcomponents if not (part.name == "VALARM" and str(part.get("UID", "")) == mine)]
    master.subcomponents = [*kept, *fresh.subcomponents]
    return bytes(calendar.to_ical())


def _empty_calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    return calendar


def _event(spec: EventSpec, now: datetime) -> Event:
    event = Event()
    event.add("UID", clean_line(spec.uid))
    event.add("DTSTAMP", now)
    event.add("LAST-MODIFIED", now)
    event.add("SEQUENCE", spec.sequence)
    event.add("DTSTART", spec.interval.start)
    event.add("DTEND", spec.interval.end)
    event.add("SUMMARY", clean_line(spec.title))
    for name, value in (("DESCRIPTION", clean_text(spec.description)), ("LOCATION", clean_line(spec.location))):
        if value:
            event.add(name, value)
    if spec.url:
        event.add("URL", vUri(clean_line(spec.url)))
    event.add("CLASS", "PRIVATE" if spec.private else "PUBLIC")
    event.add("TRANSP", "OPAQUE" if spec.shows_busy else "TRANSPARENT")
    event.add("STATUS", "CONFIRMED")
    event.add(KEY_NAME, key_text(spec.key))
    if spec.reminder_minutes is not None:
        event.add_component(_alarm(spec, spec.reminder_minutes))
    return event


def _alarm(spec: EventSpec, minutes: int) -> Alarm:
    alarm = Alarm()
    alarm.add("UID", _alarm_uid(spec))
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", clean_line(spec.title) or "Reminder")
    alarm.add("TRIGGER", vDuration(timedelta(minutes=-minutes)))
    return alarm


def _alarm_uid(spec: EventSpec) -> str:
    return f"reminder-{clean_line(spec.uid)}"


def clean_text(text: str) -> str:
    """Without control characters and lone surrogates; every kind of line end becomes a plain one."""
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def clean_line(text: str) -> str:
    """The same on one line."""
    return clean_text(text).replace("\n", " ").replace("\t", " ").strip()


# --- reading back -----------------------------------------------------------------------------------------------


def _master(stored: str) -> tuple[EventLines, ObjectLines]:
    found = read_object(stored, _STATE_NAMES)
    masters = [event for event in found.events if event.first("RECURRENCE-ID") is None]
    if not masters:
        raise UnreadableObject("no event")
    return masters[0], found


def stored_identity(stored: str) -> tuple[str | None, str]:
    """The booking key of a stored object, None when it carries none, and its UID. Raises UnreadableObject."""
    event = _master(stored)[0]
    key, uid = event.first(KEY_NAME), event.first("UID")
    return key.text() if key else None, uid.text() if uid else ""


def stored_sequence(stored: str) -> int:
    """Raises UnreadableObject."""
    value = _master(stored)[0].value("SEQUENCE")
    return int(value) if value.isdigit() else 0


def state_of(stored: str, ref: EventRef, zone: ZoneInfo) -> EventState:
    """The event as its owner has it now; `zone` reads floating and all-day times. Raises UnreadableObject."""
    event, found = _master(stored)
    start, end = _span(event, found, zone)
    if start == end:
        end = start + timedelta(minutes=1)  # an interval is never empty
    return EventState(
        ref=ref,
        interval=Interval(min(start, end), max(start, end)),
        cancelled=event.value("STATUS") == "CANCELLED",
        responses=_responses(event),
    )


def _span(event: EventLines, found: ObjectLines, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if event.all(*RECURRENCE_NAMES):  # somebody made it a series: the first one is ours
        return event_span(event, found, zone)
    [only] = occurrences_of(ObjectLines([event], found.zones), _ALL_TIME, zone)
    return only.start, only.end


def _responses(event: EventLines) -> Mapping[str, str]:
    return {
        address_of(line.value): _ANSWERS.get(line.parameters.get("PARTSTAT", "").upper(), "none")
        for line in event.all("ATTENDEE")
    }

"""Our event as an Exchange calendar item, and items as busy stretches. Pure: nothing here calls a server."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exchangelib import Attendee as Invited
from exchangelib import Body, CalendarItem, EWSDateTime, EWSTimeZone, ExtendedProperty, Mailbox
from exchangelib.ewsdatetime import UTC as EWS_UTC
from exchangelib.ewsdatetime import UnknownTimeZone
from exchangelib.fields import FieldPath

from scheduling.calendars.base import AttendeeRole, EventSpec, EventState
from scheduling.calendars.caldav.ics_event import clean_line, clean_text, key_text
from scheduling.domain import Busy, BusyStatus, EventRef, Interval

_OURS = "6b2f7c1e-93b4-4d5e-8a50-3c1d7e0f5a21"
"""The property set that our named properties live in; any GUID that nobody else uses."""

LONGEST = 255
"""Characters that Exchange takes in a subject or a location."""

_STATUS = {
    "Free": BusyStatus.FREE,
    "Tentative": BusyStatus.TENTATIVE,
    "Busy": BusyStatus.BUSY,
    "OOF": BusyStatus.OUT_OF_OFFICE,
    "WorkingElsewhere": BusyStatus.WORKING_ELSEWHERE,
}
_RESPONSES = {"Accept": "accepted", "Decline": "declined", "Tentative": "tentative"}
_HIDDEN = frozenset({"Private", "Confidential"})

# Ours on every item; an update writes all of them.
WRITTEN = (
    *("subject", "body", "start", "end", "location", "required_attendees", "optional_attendees", "resources"),
    *("legacy_free_busy_status", "sensitivity", "reminder_is_set", "reminder_minutes_before_start"),
    *("booking_key", "booking_seal"),
)
# Without `is_all_day`, which would make exchangelib turn the moments that the server tells into days.
SEEN = ("uid", "subject", "start", "end", "location", "is_cancelled", "booking_key", "booking_seal")
GUESTS = ("required_attendees", "optional_attendees", "resources")
SHOWN = ("subject", "start", "end", "legacy_free_busy_status", "sensitivity", "my_response_type", "uid", "is_cancelled")


class _Key(ExtendedProperty):  # type: ignore[misc]  # exchangelib is untyped
    """The idempotency key; searchable, unlike the UID."""

    property_set_id = _OURS
    property_name = "BookingKey"
    property_type = "String"


class _Uid(ExtendedProperty):  # type: ignore[misc]  # exchangelib is untyped
    """The UID that we gave, where it can be searched for."""

    property_set_id = _OURS
    property_name = "BookingUid"
    property_type = "String"


class _Seal(ExtendedProperty):  # type: ignore[misc]  # exchangelib is untyped
    """What we wrote, as a digest: replies change an item's change key, people change its content."""

    property_set_id = _OURS
    property_name = "BookingSeal"
    property_type = "String"


CalendarItem.register("booking_key", _Key)
CalendarItem.register("booking_uid", _Uid)
CalendarItem.register("booking_seal", _Seal)


def paths(names: Iterable[str]) -> list[Any]:
    """Fields by name, as exchangelib asks a server for them."""
    return [FieldPath(field=CalendarItem.get_field_by_fieldname(name)) for name in names]


def content(spec: EventSpec) -> dict[str, Any]:
    """The fields that WRITTEN names, as they should be."""
    zone = _zone(spec)
    start, end = (_in_zone(moment, zone) for moment in (spec.interval.start, spec.interval.end))
    text = clean_text(spec.description)
    if spec.url:
        text = f"{text}\n\n{clean_line(spec.url)}".strip()
    return {
        "subject": clean_line(spec.title)[:LONGEST],
        "body": Body(text),
        "start": start,
        "end": end,
        "location": clean_line(spec.location)[:LONGEST] or None,
        "required_attendees": _invited(spec, AttendeeRole.REQUIRED),
        "optional_attendees": _invited(spec, AttendeeRole.OPTIONAL),
        "resources": _invited(spec, AttendeeRole.ROOM),
        "legacy_free_busy_status": "Busy" if spec.shows_busy else "Free",
        "sensitivity": "Private" if spec.private else "Normal",
        "reminder_is_set": spec.reminder_minutes is not None,
        "reminder_minutes_before_start": spec.reminder_minutes or 0,
        "booking_key": key_text(spec.key),
        "booking_seal": _seal(spec),
    }


def _in_zone(moment: datetime, zone: EWSTimeZone) -> EWSDateTime:
    return EWSDateTime.from_datetime(moment.replace(tzinfo=EWS_UTC)).astimezone(zone)


def _zone(spec: EventSpec) -> EWSTimeZone:
    """The event's zone; UTC where Windows has no name for it, and in an hour that comes twice: exchangelib takes its
    second time for the first.
    """
    walls = [moment.astimezone(ZoneInfo(spec.zone)) for moment in (spec.interval.start, spec.interval.end)]
    if any(wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset() for wall in walls):
        return EWS_UTC
    try:
        return EWSTimeZone(spec.zone)
    except UnknownTimeZone:
        return EWS_UTC


def _invited(spec: EventSpec, role: AttendeeRole) -> list[Invited] | None:
    found = [
        Invited(mailbox=Mailbox(name=clean_line(a.name) or None, email_address=a.address), response_type="Unknown")
        for a in spec.attendees
        if a.role is role
    ]
    return found or None


def _seal(spec: EventSpec) -> str:
    """Two digests: of what people see and may change by hand, and of everything we wrote."""
    shown = _seen(spec.interval, clean_line(spec.title)[:LONGEST], clean_line(spec.location)[:LONGEST])
    return f"{shown}.{hashlib.sha256(repr(spec).encode(errors='replace')).hexdigest()}"


def _seen(interval: Interval, subject: str, location: str) -> str:
    parts = (f"{interval.start:%Y%m%dT%H%M%S}", f"{interval.end:%Y%m%dT%H%M%S}", subject.strip(), location.strip())
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def is_as_sealed(item: Any) -> bool:
    """Whether nobody changed an item since we wrote it, whatever was answered meanwhile."""
    seen = _seen(interval_of(item), item.subject or "", item.location or "")
    return bool(item.booking_seal) and str(item.booking_seal).partition(".")[0] == seen


def same_content(item: Any, content: Mapping[str, Any]) -> bool:
    """Whether an item was written from the same spec already."""
    return bool(item.booking_seal == content["booking_seal"])


def ref_of(item: Any, calendar_id: str, uid: str) -> EventRef:
    """Where an item is; `uid` where the server tells none."""
    return EventRef(calendar_id=calendar_id, event_id=item.id, uid=item.uid or uid, etag=item.changekey)


def state_of(item: Any, ref: EventRef) -> EventState:
    """An item as it is now."""
    guests = [guest for name in GUESTS for guest in getattr(item, name) or ()]
    return EventState(
        ref=ref_of(item, ref.calendar_id, ref.uid),
        interval=interval_of(item),
        cancelled=bool(item.is_cancelled),
        responses=_responses(guests),
    )


def _responses(guests: Iterable[Any]) -> Mapping[str, str]:
    return {
        guest.mailbox.email_address.lower(): _RESPONSES.get(guest.response_type, "none")
        for guest in guests
        if guest.mailbox is not None and guest.mailbox.email_address
    }


def busy_of(item: Any) -> Busy | None:
    """An item of the account's own calendar; None for one that takes no time: declined, cancelled, free, empty."""
    status = _STATUS.get(item.legacy_free_busy_status or "Busy", BusyStatus.UNKNOWN)
    if item.my_response_type == "Decline" or item.is_cancelled or status is BusyStatus.FREE:
        return None
    if item.start >= item.end:
        return None
    private = item.sensitivity in _HIDDEN
    return Busy(interval_of(item), status, None if private else item.subject or None, private, item.uid)


def seen_busy(event: Any) -> Busy | None:
    """One stretch of somebody else's free/busy view; None for free ones."""
    status = _STATUS.get(event.busy_type or "Busy", BusyStatus.UNKNOWN)
    if status is BusyStatus.FREE or event.start >= event.end:
        return None
    details = event.details
    private = details is not None and bool(details.is_private)
    title = details.subject if details is not None and not private else None
    return Busy(Interval(_utc(event.start), _utc(event.end)), status, title or None, private)


def merged_busy(digits: str, window: Interval, minutes: int) -> list[Busy]:
    """The stretches of a view that tells only one digit per `minutes`; every digit but 0 to 3 is unknown."""
    kinds = {"0": BusyStatus.FREE, "1": BusyStatus.TENTATIVE, "2": BusyStatus.BUSY, "3": BusyStatus.OUT_OF_OFFICE}
    step = timedelta(minutes=minutes)
    found = []
    for at, digit in enumerate(digits):
        status = kinds.get(digit, BusyStatus.UNKNOWN)
        if status is not BusyStatus.FREE:
            start = window.start + at * step
            found.append(Busy(Interval(start, start + step), status))
    return found


def interval_of(item: Any) -> Interval:
    """When an item takes place; one of no length gets a minute, for an Interval is never empty."""
    start, end = _utc(item.start), _utc(item.end)
    return Interval(start, end if end > start else start + timedelta(minutes=1))


def _utc(moment: datetime) -> datetime:
    """A plain datetime, in UTC, of one of exchangelib's."""
    return datetime.fromtimestamp(moment.timestamp(), UTC)

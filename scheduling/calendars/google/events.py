"""Our events as Google stores them, both ways. Pure; what is missing or misshapen raises Unavailable("answer").

Fields: developers.google.com/workspace/calendar/api/v3/reference/events.
"""

import base64
import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduling.calendars.base import Attendee, AttendeeRole, BookingKey, EventSpec, EventState
from scheduling.domain import EventRef, Interval
from scheduling.errors import Unavailable

Json = Mapping[str, Any]

KEY = "bookingKey"
"""The private property that marks an event as ours and says of which booking."""

SEAL = "bookingSeal"
"""The private property that says what we wrote: replies and links change an event's ETag, people its content."""

_NAMESPACE = uuid.UUID("5b3f6a0e-9c1d-4d7e-8a55-2f0c7be0a6d1")
_ANSWERS = {"accepted": "accepted", "declined": "declined", "tentative": "tentative"}


def event_id(key: BookingKey) -> str:
    """The event's id, chosen by us: characters a-v and 0-9, 54 of them."""
    digest = hashlib.sha256(_text(key).encode()).digest()
    return "bk" + base64.b32hexencode(digest).decode().lower().rstrip("=")


def key_value(key: BookingKey) -> str:
    return _text(key)


def is_ours(event: Json, key: BookingKey) -> bool:
    private = _mapping(_mapping(event, "extendedProperties"), "private")
    return bool(private.get(KEY) == _text(key))


def body_of(spec: EventSpec) -> dict[str, Any]:
    """What the event should say; the same for creating and changing it."""
    zone = ZoneInfo(spec.zone)
    body: dict[str, Any] = {
        "summary": spec.title,
        "description": spec.description,
        "location": spec.location,
        "start": {"dateTime": spec.interval.start.astimezone(zone).isoformat(), "timeZone": spec.zone},
        "end": {"dateTime": spec.interval.end.astimezone(zone).isoformat(), "timeZone": spec.zone},
        "transparency": "opaque" if spec.shows_busy else "transparent",
        "visibility": "private" if spec.private else "default",
        "attendees": [_attendee(attendee) for attendee in spec.attendees],
        "guestsCanModify": False,
        "guestsCanInviteOthers": False,
    }
    body["extendedProperties"] = {"private": {KEY: _text(spec.key), SEAL: _seal(body)}}
    if spec.url is not None:
        body["source"] = {"title": spec.title, "url": spec.url}
    if spec.reminder_minutes is not None:
        overrides = [{"method": "popup", "minutes": spec.reminder_minutes}]
        body["reminders"] = {"useDefault": False, "overrides": overrides}
    return body


def new_body_of(spec: EventSpec) -> dict[str, Any]:
    """The body of a new event. No reminder means none, not the calendar's usual one; later its owner may set one."""
    none = {} if spec.reminder_minutes is not None else {"reminders": {"useDefault": False, "overrides": []}}
    return {**body_of(spec), **none, "id": event_id(spec.key)}


def change_of(spec: EventSpec, current: Json) -> dict[str, Any]:
    """The body of a PATCH: attendees keep what they answered, for a PATCH replaces the whole list."""
    body = body_of(spec)
    for name in ("start", "end"):
        if _mapping(current, name).get("date"):  # somebody made it all-day
            body[name]["date"] = None
    known = {_address(attendee): attendee for attendee in entries_of(current, "attendees")}
    body["attendees"] = [
        {**_kept(known.get(wanted["email"].lower())), **wanted}
        if not wanted.get("resource")
        else {**wanted, **_kept(known.get(wanted["email"].lower()))}
        for wanted in body["attendees"]
    ]
    if spec.native_conference and not _has_link(current):
        body |= meeting_request(spec)
    return body


def meeting_request(spec: EventSpec) -> dict[str, Any]:
    """Asks for a Meet link; the same request id is ignored by Google, so each version of the event has its own."""
    request_id = str(uuid.uuid5(_NAMESPACE, f"{_text(spec.key)}:{spec.sequence}"))
    request = {"requestId": request_id, "conferenceSolutionKey": {"type": "hangoutsMeet"}}
    return {"conferenceData": {"createRequest": request}}


def says(event: Json, spec: EventSpec) -> bool:
    """Whether the event already is as it should be, whoever wrote it."""
    wanted = body_of(spec)
    return (
        is_ours(event, spec.key)
        and event.get("status") != "cancelled"
        and _is_at(event, spec.interval)
        and all(event.get(name, "") == wanted[name] for name in ("summary", "description", "location"))
        and event.get("transparency", "opaque") == wanted["transparency"]
        and event.get("visibility", "default") == wanted["visibility"]
        and _invited(event) == {a.address.lower() for a in spec.attendees} - {_organizer(event)}
    )


def is_as_sealed(event: Json) -> bool:
    """Whether everybody still sees what we wrote last, whatever was answered or linked meanwhile."""
    private = _mapping(_mapping(event, "extendedProperties"), "private")
    try:
        return event.get("status") != "cancelled" and private.get(SEAL) == _seal(event)
    except Unavailable:
        return False


def _seal(event: Json) -> str:
    """A digest of what a person would change by hand. Raises Unavailable."""
    interval = interval_of(event, "UTC")
    parts = [str(event.get(name) or "").strip() for name in ("summary", "location")]
    parts += [str(event.get(name) or usual) for name, usual in (("transparency", "opaque"), ("visibility", "default"))]
    parts += [] if interval is None else [interval.start.isoformat(), interval.end.isoformat()]
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:32]


def ref_of(event: Json, calendar_id: str) -> EventRef:
    """Where the event lives. Its UID is Google's: an event that chooses its id cannot choose its UID."""
    found = word(event, "id")
    if found is None or event.get("status") == "cancelled":
        raise Unavailable("answer")
    return EventRef(
        calendar_id=calendar_id,
        event_id=found,
        uid=uid_of(event) or "",
        etag=word(event, "etag"),
        join_url=_link(event),
        web_url=word(event, "htmlLink"),
    )


def uid_of(event: Json) -> str | None:
    """Google's UID; where it is not told, what Google makes of an id."""
    found = word(event, "id")
    return word(event, "iCalUID") or (f"{found}@google.com" if found else None)


def state_of(event: Json, calendar_id: str, zone: str) -> EventState:
    """The event as it is now; `zone` reads the days of an event that somebody made all-day."""
    interval = interval_of(event, zone)
    if interval is None:
        raise Unavailable("answer")
    responses = {
        address: _ANSWERS.get(word(attendee, "responseStatus") or "", "none")
        for attendee in entries_of(event, "attendees")
        if (address := _address(attendee)) and not attendee.get("organizer")
    }
    return EventState(ref=ref_of(event, calendar_id), interval=interval, cancelled=False, responses=responses)


def is_all_day(event: Json) -> bool:
    return not _mapping(event, "start").get("dateTime")


def interval_of(event: Json, zone: str) -> Interval | None:
    """When it is; None where it takes no time. Raises Unavailable for times that cannot be read."""
    start, end = moment(event.get("start"), zone), moment(event.get("end"), zone)
    return Interval(start, end) if start < end else None


def moment(value: object, zone: str) -> datetime:
    """`{dateTime, timeZone}` or `{date}`, in UTC; days begin at midnight in `zone`."""
    if not isinstance(value, Mapping):
        raise Unavailable("answer")
    try:
        if value.get("dateTime"):
            found = datetime.fromisoformat(str(value["dateTime"]))
            found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(str(value.get("timeZone") or zone)))
        else:
            day = datetime.fromisoformat(str(value.get("date"))).date()
            found = datetime.combine(day, time(), ZoneInfo(zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError) as error:
        raise Unavailable("answer") from error


def word(value: Json, name: str) -> str | None:
    """A text that is there and not empty."""
    found = value.get(name)
    return found if isinstance(found, str) and found else None


def entries_of(value: Json, name: str) -> list[Json]:
    """The objects in a list; nothing where there is no list."""
    found = value.get(name)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _text(key: BookingKey) -> str:
    return f"{key.booking_id}:{key.generation}"


def _attendee(attendee: Attendee) -> dict[str, Any]:
    entry: dict[str, Any] = {"email": attendee.address, "displayName": attendee.name}
    match attendee.role:
        case AttendeeRole.OPTIONAL:
            entry["optional"] = True
        case AttendeeRole.ROOM:
            entry["resource"] = True
        case AttendeeRole.REQUIRED:
            pass
    return entry


def _kept(known: Json | None) -> dict[str, Any]:
    return {k: known[k] for k in ("responseStatus", "comment", "additionalGuests") if k in known} if known else {}


def _is_at(event: Json, interval: Interval) -> bool:
    try:
        return interval_of(event, "UTC") == interval
    except Unavailable:
        return False


def _organizer(event: Json) -> str:
    return _address(_mapping(event, "organizer"))


def _invited(event: Json) -> set[str]:
    return {_address(attendee) for attendee in entries_of(event, "attendees")} - {_organizer(event)}


def _has_link(event: Json) -> bool:
    """A link that is there or still being made."""
    request = _mapping(_mapping(event, "conferenceData"), "createRequest")
    return _link(event) is not None or _mapping(request, "status").get("statusCode") == "pending"


def _link(event: Json) -> str | None:
    points = entries_of(_mapping(event, "conferenceData"), "entryPoints")
    found = next((point.get("uri") for point in points if point.get("entryPointType") == "video"), None)
    link = found or event.get("hangoutLink")
    return link if isinstance(link, str) and link.startswith("https://") else None


def _address(attendee: Json) -> str:
    return str(attendee.get("email", "")).lower()


def _mapping(value: Json, name: str) -> Json:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}

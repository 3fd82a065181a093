"""Our events in an Outlook calendar: stored once, adopted when already there, changed only if nobody else did.

An event carries two properties of ours that nobody sees: the key of its booking, by which it is found, and what we
last wrote, so that a repeated change is told from one by hand.
"""

import contextlib
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from scheduling.calendars.base import BookingKey, Deadline, EventSpec, EventState
from scheduling.calendars.graph.body import body_of, changed_body, digest
from scheduling.calendars.graph.http import GraphSession, Json, code_of, failure, json_of
from scheduling.calendars.graph.people import (
    address_of,
    attendees_of,
    location_of,
    merged_attendees,
    responses_of,
)
from scheduling.calendars.graph.times import interval_of, stamps_of
from scheduling.calendars.http import Answer
from scheduling.domain import EventRef, Interval
from scheduling.errors import Ambiguous, CalendarError, Conflict, EventMissing, Unavailable, Unsupported

_OURS = uuid.UUID("b5a9c6f2-6f2f-4f0e-9c55-0a4c2e1d7f38")
KEY_PROPERTY = f"String {{{_OURS}}} Name ScheduleForKey"
STATE_PROPERTY = f"String {{{_OURS}}} Name ScheduleForState"

_FIELDS = "id,iCalUId,webLink,onlineMeeting,isOnlineMeeting,start,end,isAllDay,isCancelled,attendees,subject,body"
_FIELDS += ",location,showAs,sensitivity,reminderMinutesBeforeStart,isReminderOn,transactionId"
_WITH_OURS = f"singleValueExtendedProperties($filter=id eq '{KEY_PROPERTY}' or id eq '{STATE_PROPERTY}')"
_SECOND_LOOK_SECONDS = 1.0


class EventBook:
    """Creates, finds, reads, updates and removes events of ours in one account."""

    def __init__(self, session: GraphSession, allows_teams: Callable[[str, Deadline], bool]) -> None:
        self._session = session
        self._allows_teams = allows_teams

    def create(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Store the event, or adopt the one that carries its key. Raises CalendarError."""
        try:
            present = self.find(spec, deadline)
        except Unsupported:  # it cannot be searched for there: the transaction alone makes it one
            present = None
        if present is not None:  # a link that came late may stand on the event itself before it stands in lists
            awaits = spec.native_conference and present.join_url is None
            return self.get(present, deadline).ref if awaits else present
        wanted = self._content(spec)
        content = {
            "isReminderOn": False,  # none means none; Outlook would set its usual one
            **wanted,
            **stamps_of(spec.interval, spec.zone),
            **self._teams(spec, {}, deadline),
            "transactionId": _transaction(spec.key),
            "singleValueExtendedProperties": _properties(spec, wanted),
        }
        try:
            return self._post(spec, content, deadline)
        except (Ambiguous, Conflict):
            found = self._second_look(spec, deadline)
            if found is None:
                raise
            return found

    def find(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """Raises CalendarError. A server that does not filter tells of all events: only one that is ours is taken."""
        by_key = (
            f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY_PROPERTY}' and ep/value eq '{key_text(spec.key)}')"
        )
        asked = {"$filter": by_key, "$select": _FIELDS, "$expand": _WITH_OURS, "$top": "50"}
        query = urlencode(asked, quote_via=quote, safe="$,")
        for event in self._session.pages(f"{_events(spec.calendar_id)}?{query}", deadline):
            if _is_of(event, spec.key) and event.get("isCancelled") is not True and event.get("id"):
                return _ref(event, spec.calendar_id)
        return None

    def get(self, ref: EventRef, deadline: Deadline) -> EventState:
        """Raises EventMissing and other CalendarErrors."""
        event = self._existing(ref, deadline)
        return EventState(
            ref=_ref(event, ref.calendar_id, ref.uid),
            interval=_interval(event),
            cancelled=event.get("isCancelled") is True,
            responses=responses_of(event.get("attendees")),
        )

    def update(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Raises Conflict when a person changed it since we wrote it, EventMissing, and other CalendarErrors.

        Answers of attendees change the ETag as well; they are no reason to stop.
        """
        event = self._existing(ref, deadline)
        if event.get("isCancelled") is True:
            raise EventMissing("cancelled")
        wanted, state = self._content(spec), _state(event)
        if state.get("key", key_text(spec.key)) != key_text(spec.key):
            raise Conflict("other_event")
        if ref.etag is not None and event.get("@odata.etag") != ref.etag:
            if state.get("seen") != _seen(event, _interval(event)):
                raise Conflict("etag")
            if state.get("content") == _fingerprint(spec, wanted):
                return _ref(event, ref.calendar_id, ref.uid)  # an earlier try got through, its answer did not
        content = {
            **{name: value for name, value in wanted.items() if name not in _APART and event.get(name) != value},
            **({} if _place(event) == _place(wanted) else {"location": wanted["location"]}),
            **({} if _interval(event) == spec.interval else stamps_of(spec.interval, spec.zone)),
            **changed_body(event, body_of(spec), state.get("body")),
            **merged_attendees(event.get("attendees"), attendees_of(spec), state.get("attendees")),
            **self._teams(spec, event, deadline),
            "singleValueExtendedProperties": _properties(spec, wanted),
        }
        answer = self._write("PATCH", _event(ref), content, deadline, etag=event.get("@odata.etag"))
        if answer.status != 200:
            raise failure(answer, writes=True)
        return _ref(json_of(answer, Ambiguous("nonsense")), ref.calendar_id, ref.uid, Ambiguous("nonsense"))

    def cancel(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        """Raises CalendarError; what is gone already counts as removed.

        An event without attendees is no meeting, and cannot be cancelled, only deleted; so can what is cancelled.
        """
        path = _event(ref)
        answer = self._session.send("POST", f"{path}/cancel", deadline, {"comment": message or ""}, writes=True)
        if answer.status in (400, 404, 405):
            answer = self._session.send("DELETE", path, deadline, writes=True)
        if answer.status not in (202, 204, 404, 410):
            raise failure(answer, writes=True)

    # --- reading ---

    def _existing(self, ref: EventRef, deadline: Deadline) -> Json:
        query = urlencode({"$select": _FIELDS, "$expand": _WITH_OURS}, quote_via=quote, safe="$,")
        event = self._session.read(f"{_event(ref)}?{query}", deadline)
        if event.get("id") is None:
            raise Unavailable("nonsense")
        return event

    def _second_look(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """Whether an event whose storing went wrong is there after all; None when that cannot be told now."""
        if deadline.remaining() < _SECOND_LOOK_SECONDS:
            return None
        try:
            return self.find(spec, deadline)
        except CalendarError:
            return None

    # --- writing ---

    def _post(self, spec: EventSpec, content: Json, deadline: Deadline) -> EventRef:
        path = _events(spec.calendar_id)
        answer = self._session.send("POST", path, deadline, content, writes=True)
        if answer.status == 400 and "timezone" in code_of(answer).lower():
            content = {**content, **stamps_of(spec.interval, "UTC")}
            answer = self._session.send("POST", path, deadline, content, writes=True)
        if answer.status == 400 and "isOnlineMeeting" in content:  # booked all the same, without its link
            content = {name: value for name, value in content.items() if name not in _ONLINE}
            answer = self._session.send("POST", path, deadline, content, writes=True)
        if answer.status not in (200, 201):
            raise failure(answer, writes=True)
        event = json_of(answer, Ambiguous("nonsense"))
        ref = _ref(event, spec.calendar_id, spec.uid, Ambiguous("nonsense"))
        try:
            stored = _interval(event)
        except CalendarError as error:
            raise Ambiguous("unreadable_time") from error
        return ref if stored == spec.interval else self._set_right(ref, spec, deadline)

    def _set_right(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Microsoft's clock of a zone is another than ours: the instants themselves instead."""
        answer = self._write("PATCH", _event(ref), stamps_of(spec.interval, "UTC"), deadline, etag=ref.etag)
        if answer.status != 200:
            raise Ambiguous("wrong_time")
        return _ref(json_of(answer, Ambiguous("nonsense")), ref.calendar_id, ref.uid, Ambiguous("nonsense"))

    def _write(self, method: str, path: str, content: Json, deadline: Deadline, *, etag: object) -> Answer:
        condition = {"If-Match": etag} if isinstance(etag, str) and etag.isascii() and etag.isprintable() else {}
        return self._session.send(method, path, deadline, content, headers=condition, writes=True)

    def _teams(self, spec: EventSpec, event: Json, deadline: Deadline) -> dict[str, object]:
        """A Teams meeting where one is wanted, allowed and not there yet; the event is good without one."""
        if not spec.native_conference or event.get("isOnlineMeeting") is True:
            return {}
        if not self._allows_teams(spec.calendar_id, deadline):
            return {}
        return {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}

    @staticmethod
    def _content(spec: EventSpec) -> dict[str, object]:
        """The event as JSON, but for its time and for what can be said only once."""
        reminder = {"isReminderOn": True, "reminderMinutesBeforeStart": spec.reminder_minutes}
        return {
            "subject": spec.title,
            "body": body_of(spec),
            "location": location_of(spec),
            "attendees": attendees_of(spec),
            "showAs": "busy" if spec.shows_busy else "free",
            "sensitivity": "private" if spec.private else "normal",
            **({} if spec.reminder_minutes is None else reminder),
        }


_ONLINE = frozenset({"isOnlineMeeting", "onlineMeetingProvider"})
_APART = frozenset({"body", "location", "attendees"})
"""Compared in ways of their own: the server gives them back in other words."""


def key_text(key: BookingKey) -> str:
    """What the key property holds; safe inside a filter's quotes."""
    return f"{key.booking_id}:{key.generation}".replace("'", "")


def _transaction(key: BookingKey) -> str:
    """By which the server knows a repeated creation."""
    return str(uuid.uuid5(_OURS, key_text(key)))


def _is_of(event: Json, key: BookingKey) -> bool:
    """Whether an event carries the key, in our property or as what it was created with."""
    return _state(event).get("key") == key_text(key) or event.get("transactionId") == _transaction(key)


def _properties(spec: EventSpec, wanted: Mapping[str, object]) -> list[dict[str, str]]:
    state = {
        "content": _fingerprint(spec, wanted),
        "seen": _seen(wanted, spec.interval),
        "body": digest(body_of(spec)),
        "attendees": [address_of(item) for item in attendees_of(spec)],
    }
    return [
        {"id": KEY_PROPERTY, "value": key_text(spec.key)},
        {"id": STATE_PROPERTY, "value": json.dumps(state, separators=(",", ":"))},
    ]


def _state(event: Json) -> dict[str, object]:
    """What our properties of an event say; a part that is missing or unreadable is left out."""
    found = event.get("singleValueExtendedProperties")
    by_id = {item.get("id"): item.get("value") for item in found or () if isinstance(item, dict)}
    state: dict[str, object] = {}
    with contextlib.suppress(ValueError, TypeError):
        state |= json.loads(str(by_id.get(STATE_PROPERTY)))
    return {**state, **({"key": by_id[KEY_PROPERTY]} if KEY_PROPERTY in by_id else {})}


def _fingerprint(spec: EventSpec, wanted: Mapping[str, object]) -> str:
    whole = [wanted, spec.interval.start.isoformat(), spec.interval.end.isoformat(), spec.sequence]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]


def _seen(event: Mapping[str, object], interval: Interval) -> str:
    """By which it is known whether a person changed what everybody sees."""
    parts = [interval.start.isoformat(), interval.end.isoformat(), str(event.get("subject") or "").strip()]
    parts += [_place(event), str(event.get("showAs")), str(event.get("sensitivity"))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _place(event: Mapping[str, object]) -> str:
    location = event.get("location")
    return str(location.get("displayName") or "").strip() if isinstance(location, Mapping) else ""


def _interval(event: Json) -> Interval:
    """Ours has a length and a clock; in UTC where its owner made it an all-day event. Raises Unavailable."""
    found = interval_of(event, "UTC", all_day=event.get("isAllDay") is True)
    if found is None:
        raise Unavailable("unreadable_time")
    return found


def _ref(event: Json, calendar_id: str, uid: str = "", otherwise: CalendarError | None = None) -> EventRef:
    """Raises `otherwise` (Unavailable) when there is no event in it."""
    event_id, etag = event.get("id"), event.get("@odata.etag")
    if not isinstance(event_id, str) or not event_id:
        raise otherwise or Unavailable("nonsense")
    meeting = event.get("onlineMeeting")
    return EventRef(
        calendar_id=calendar_id,
        event_id=event_id,
        uid=str(event.get("iCalUId") or uid),
        etag=etag if isinstance(etag, str) else None,
        join_url=_url(meeting.get("joinUrl")) if isinstance(meeting, Mapping) else None,
        web_url=_url(event.get("webLink")),
    )


def _url(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _events(calendar_id: str) -> str:
    """The events of a calendar, of the default one without an id."""
    return f"/me/calendars/{quote(calendar_id, safe='')}/events" if calendar_id else "/me/events"


def _event(ref: EventRef) -> str:
    return f"/me/events/{quote(ref.event_id, safe='')}"

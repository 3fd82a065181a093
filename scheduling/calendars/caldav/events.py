"""Our events on a CalDAV server: stored once, adopted when already there, changed only if nobody else did.

Servers differ: some overwrite despite `If-None-Match: *`, many send no ETag after PUT, some answer anything with 200.
So a write is preceded by a look and believed only when the event was read back with our key in it.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from scheduling.calendars.base import Deadline, EventSpec, EventState
from scheduling.calendars.caldav import wire
from scheduling.calendars.caldav.http import DavSession, failure
from scheduling.calendars.caldav.ics_event import build, key_text, merged, state_of, stored_identity, stored_sequence
from scheduling.calendars.caldav.ics_lines import UnreadableObject
from scheduling.calendars.caldav.wire import CAL, DAV
from scheduling.calendars.http import Answer, header
from scheduling.domain import EventRef
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    CalendarError,
    Conflict,
    EventMissing,
    Refused,
    Unavailable,
    Unsupported,
)

_STORED = range(200, 300)
_EXISTS = (403, 409, 412)


@dataclass(frozen=True, slots=True)
class _Stored:
    """An object as the server gave it."""

    url: str
    etag: str | None
    text: str
    key: str | None
    uid: str

    def is_of(self, spec: EventSpec) -> bool:
        """By its key, or by its UID where the server drops properties that it does not know."""
        return self.key == key_text(spec.key) if self.key else self.uid == spec.uid


class EventStore:
    """Creates, finds, reads, updates and removes events of ours in one account."""

    def __init__(self, session: DavSession, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._clock = clock

    def create(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Store the event, or adopt the one that carries its key. Raises CalendarError."""
        present = self._read(_url_of(spec), deadline) or self._renamed(spec, deadline)
        if present is not None:
            return self._adopted(present, spec)
        answer = self._put(_url_of(spec), build(spec, self._clock()), deadline, condition={"If-None-Match": "*"})
        if answer.status in _STORED:
            return self._confirmed(spec, deadline)
        if answer.status in _EXISTS:
            return self._after_refusal(answer, spec, deadline)
        raise failure(answer, writes=True)

    def find(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """Raises CalendarError."""
        present = self._read(_url_of(spec), deadline) or self._renamed(spec, deadline)
        return _ref(present, spec) if present is not None and present.is_of(spec) else None

    def get(self, ref: EventRef, deadline: Deadline) -> EventState:
        """Raises EventMissing and other CalendarErrors."""
        present = self._existing(ref, deadline)
        try:
            # Ours is in UTC; the zone matters only if its owner made it an all-day event.
            return state_of(present.text, ref.model_copy(update={"etag": present.etag}), ZoneInfo("UTC"))
        except UnreadableObject as error:
            raise Unavailable("unreadable_event") from error

    def update(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Raises Conflict when somebody changed it since `ref.etag`, EventMissing, and other CalendarErrors."""
        present = self._existing(ref, deadline)
        if ref.etag is not None and present.etag is not None and _bare(ref.etag) != _bare(present.etag):
            if self._holds(present, ref, spec):  # an earlier try got through, its answer did not
                return _ref(present, spec)
            raise Conflict("etag")
        if not present.is_of(spec):
            raise Conflict("other_event")
        try:
            content = merged(present.text, spec, self._clock())
        except UnreadableObject as error:
            raise Refused("unreadable_event") from error
        for condition in _conditions(present.etag):
            answer = self._put(present.url, content, deadline, condition=condition)
            if answer.status != 412:
                break
        if answer.status not in _STORED:
            raise failure(answer, writes=True)
        return self._confirmed(spec, deadline, present.url)

    def cancel(self, ref: EventRef, deadline: Deadline) -> None:
        """Raises CalendarError; what is gone already counts as removed."""
        etag = ref.etag
        for _ in range(2):
            for condition in _conditions(etag):
                answer = self._session.send("DELETE", ref.event_id, deadline, headers=condition, writes=True)
                if answer.status != 412:
                    break
            if answer.status in (200, 202, 204, 404, 410):
                return
            if answer.status != 412:
                raise failure(answer, writes=True)
            present = self._read(ref.event_id, deadline)
            if present is None:
                return
            if present.uid != ref.uid:
                raise Conflict("other_event")
            etag = present.etag
        raise Conflict("etag")

    # --- reading ---

    def _read(self, url: str, deadline: Deadline) -> _Stored | None:
        """The object at `url`, None when there is none. Raises CalendarError, also for an answer that is no event."""
        answer = self._session.send("GET", url, deadline, headers={"Accept": "text/calendar"})
        if answer.status in (404, 410):
            return None
        if answer.status != 200:
            raise failure(answer, writes=False)
        text = answer.body.decode("utf-8", "replace")
        try:
            key, uid = stored_identity(text)
        except UnreadableObject as error:
            raise Unavailable("no_event_in_answer") from error
        return _Stored(url, _usable(header(answer, "etag")) or self._etag(url, deadline), text, key, uid)

    def _renamed(self, spec: EventSpec, deadline: Deadline) -> _Stored | None:
        """Ours under another name, given by the server or by the owner's program: looked for at the time it has.

        A server that takes one UID twice would store it twice. Raises CalendarError, but not where nothing is listed.
        """
        try:
            listed = self._session.report(spec.calendar_id, wire.events_query(spec.interval), deadline)
        except (AccessDenied, EventMissing, Unsupported):
            return None
        for found in listed:
            text = found.text(f"{CAL}calendar-data")
            with contextlib.suppress(UnreadableObject):
                key, uid = stored_identity(text)
                stored = _Stored(found.url, _usable(found.text(f"{DAV}getetag")), text, key, uid)
                if stored.is_of(spec):
                    return stored
        return None

    def _existing(self, ref: EventRef, deadline: Deadline) -> _Stored:
        present = self._read(ref.event_id, deadline)
        if present is None:
            raise EventMissing("gone")
        return present

    def _etag(self, url: str, deadline: Deadline) -> str | None:
        """The ETag as a property, for servers that leave it out of the GET."""
        try:
            found = self._session.propfind(url, (f"{DAV}getetag",), 0, deadline)
        except (Unavailable, EventMissing, Refused):
            return None
        return _usable(found[0].text(f"{DAV}getetag")) if found else None

    # --- writing ---

    def _put(self, url: str, content: bytes, deadline: Deadline, *, condition: dict[str, str]) -> Answer:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        return self._session.send("PUT", url, deadline, headers=headers, content=content, writes=True)

    def _confirmed(self, spec: EventSpec, deadline: Deadline, url: str | None = None) -> EventRef:
        """The reference of what was just stored. Raises Ambiguous when it cannot be seen there."""
        try:
            present = self._read(url or _url_of(spec), deadline) or self._renamed(spec, deadline)
        except CalendarError as error:
            raise Ambiguous("unverified") from error
        if present is None or not present.is_of(spec):
            raise Ambiguous("unverified")
        return _ref(present, spec)

    def _after_refusal(self, answer: Answer, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Something with our name or UID is there already, or the server says no for another reason."""
        present = self._read(_url_of(spec), deadline)
        if present is not None:
            return self._adopted(present, spec)
        same_uid = wire.preconditions(answer.body).get("no-uid-conflict")
        if same_uid is None:
            raise failure(answer, writes=True)
        for href in same_uid:
            elsewhere = self._read(wire.absolute(spec.calendar_id, href), deadline) if href else None
            if elsewhere is not None and elsewhere.is_of(spec):
                return _ref(elsewhere, spec)
        raise Refused("uid_conflict")

    def _adopted(self, present: _Stored, spec: EventSpec) -> EventRef:
        if not present.is_of(spec):
            raise Conflict("name_taken")
        return _ref(present, spec)

    def _holds(self, present: _Stored, ref: EventRef, spec: EventSpec) -> bool:
        """Whether what is stored is already what `spec` asks for."""
        try:
            state = state_of(present.text, ref, ZoneInfo("UTC"))
            sequence = stored_sequence(present.text)
        except UnreadableObject:
            return False
        return present.is_of(spec) and (sequence, state.interval) == (spec.sequence, spec.interval)


def _url_of(spec: EventSpec) -> str:
    """Where the event is stored: its UID makes its name."""
    return f"{wire.as_collection(spec.calendar_id)}{quote(spec.uid, safe='@')}.ics"


def _usable(etag: str) -> str | None:
    """An ETag that can be sent back in a header."""
    return etag if etag and etag.isascii() and etag.isprintable() else None


def _bare(etag: str) -> str:
    """Without the weak mark that proxies add when they compress; conditions compare strongly (RFC 9110 §13.1.1)."""
    return etag.removeprefix("W/")


def _conditions(etag: str | None) -> tuple[dict[str, str], ...]:
    """What to send a change under, one after the other as long as it is refused.

    A weak ETag is a strong one that a proxy weakened, or the server's own way of writing.
    """
    return tuple({"If-Match": form} for form in dict.fromkeys((_bare(etag), etag))) if etag else ({},)


def _ref(present: _Stored, spec: EventSpec) -> EventRef:
    return EventRef(calendar_id=spec.calendar_id, event_id=present.url, uid=present.uid or spec.uid, etag=present.etag)

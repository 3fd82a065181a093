"""A calendar account in memory that obeys CalendarProvider: idempotent by key, with ETags, and failing on request.

The conformance suite holds it to the same sentences as the real servers; the service's tests use it for their people.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from scheduling.calendars.base import (
    OWN,
    AttendeeRole,
    Availability,
    BookingKey,
    CalendarInfo,
    CalendarRef,
    Capabilities,
    Deadline,
    EventSpec,
    EventState,
    RoomInfo,
)
from scheduling.domain import Busy, BusyStatus, EventRef, Interval
from scheduling.errors import CalendarError, Conflict, EventMissing, Unsupported

T = TypeVar("T")
WORK = CalendarInfo(id="work", name="Work", zone=None, writable=True, primary=True)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the fake keeps it; `version` makes its ETag."""

    spec: EventSpec
    version: int = 1
    cancelled: bool = False

    @property
    def ref(self) -> EventRef:
        return EventRef(
            calendar_id=self.spec.calendar_id,
            event_id=f"{self.spec.calendar_id}/{self.spec.uid}",
            uid=self.spec.uid,
            etag=f'"{self.version}"',
        )


@dataclass(frozen=True, slots=True)
class _Failure:
    error: CalendarError
    happens_anyway: bool


class FakeCalendar:
    """One account: `busy` is what its owner has, `others` what it can see of other addresses, `events` what we stored.

    The link of a native conference takes `link_after` looks. `delay` makes every call take that many seconds, at most
    to its deadline. `calls` counts calls by method name.
    """

    def __init__(
        self,
        calendars: tuple[CalendarInfo, ...] = (WORK,),
        *,
        others: Mapping[str, Sequence[Busy]] | None = None,
        capabilities: Capabilities | None = None,
        delay: float = 0.0,
    ) -> None:
        self.capabilities = capabilities or Capabilities(others_free_busy=others is not None)
        self.calendars = calendars
        self.rooms: tuple[RoomInfo, ...] = ()
        self.link_after = 0
        self.room_answers: list[str] = []
        self.busy: list[Busy] = []
        self.others = others
        self.delay = delay
        self.events: dict[str, StoredEvent] = {}
        self.calls: Counter[str] = Counter()
        self._failures: dict[str, deque[_Failure]] = {}
        self._lock = threading.RLock()

    # --- for tests ---

    def occupy(
        self, start: datetime, end: datetime, title: str | None = None, status: BusyStatus = BusyStatus.BUSY
    ) -> Busy:
        """Put something into the owner's calendar by hand."""
        added = Busy(Interval(start, end), status, title=title)
        self.busy.append(added)
        return added

    def fail(self, method: str, *errors: CalendarError, happens_anyway: bool = False) -> None:
        """The next calls of `method` fail, one with each error; `happens_anyway`: with their effect all the same."""
        waiting = self._failures.setdefault(method, deque())
        waiting.extend(_Failure(error, happens_anyway) for error in errors)

    def move(self, ref: EventRef, interval: Interval) -> None:
        """The owner drags the event elsewhere."""
        stored = self._existing(ref)
        self.events[ref.event_id] = StoredEvent(replace(stored.spec, interval=interval), stored.version + 1)

    def remove(self, ref: EventRef) -> None:
        """The owner deletes the event."""
        del self.events[ref.event_id]

    # --- CalendarProvider ---

    def list_calendars(self, deadline: Deadline) -> tuple[CalendarInfo, ...]:
        return self._call("list_calendars", deadline, lambda: self.calendars)

    def list_rooms(self, deadline: Deadline) -> tuple[RoomInfo, ...]:
        return self._call("list_rooms", deadline, lambda: self.rooms)

    def availability(
        self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline, *, default_zone: str
    ) -> tuple[Availability, ...]:
        return tuple(self._availability(ref, window, deadline) for ref in refs)

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        def create() -> EventRef:
            self._writable(spec.calendar_id)
            present = self._by_key(spec)
            if present is not None:
                return self._with_link(present)
            stored = StoredEvent(spec)
            if stored.ref.event_id in self.events:
                raise Conflict("name_taken")
            self.events[stored.ref.event_id] = stored
            return self._with_link(stored)

        return self._call("create_event", deadline, create)

    def find_event(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        def find() -> EventRef | None:
            present = self._by_key(spec)
            return present.ref if present else None

        return self._call("find_event", deadline, find)

    def get_event(self, ref: EventRef, deadline: Deadline) -> EventState:
        def get() -> EventState:
            stored = self._existing(ref)
            responses = {attendee.address: "none" for attendee in stored.spec.attendees}
            rooms = [a.address for a in stored.spec.attendees if a.role is AttendeeRole.ROOM]
            if rooms and self.room_answers:
                responses |= dict.fromkeys(rooms, self.room_answers.pop(0))
            return EventState(stored.ref, stored.spec.interval, stored.cancelled, responses)

        return self._call("get_event", deadline, get)

    def update_event(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        def update() -> EventRef:
            stored = self._existing(ref)
            if stored.spec == spec:  # an earlier try got through
                return stored.ref
            if ref.etag not in (None, stored.ref.etag):
                raise Conflict("etag")
            changed = StoredEvent(spec, stored.version + 1)
            self.events[ref.event_id] = changed
            return changed.ref

        return self._call("update_event", deadline, update)

    def cancel_event(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        self._call("cancel_event", deadline, lambda: self.events.pop(ref.event_id, None))

    # --- inside ---

    def _with_link(self, stored: StoredEvent) -> EventRef:
        """A native conference has its link after `link_after` more looks."""
        if not stored.spec.native_conference or self.calls["create_event"] <= self.link_after:
            return stored.ref
        return stored.ref.model_copy(update={"join_url": "https://meet.example/abc"})

    def _call(self, method: str, deadline: Deadline, effect: Callable[[], T]) -> T:
        time.sleep(min(self.delay, deadline.remaining()))
        deadline.check()
        with self._lock:
            self.calls[method] += 1
            failure = self._failures[method].popleft() if self._failures.get(method) else None
            if failure is None:
                return effect()
            if failure.happens_anyway:
                effect()
            raise failure.error

    def _availability(self, ref: CalendarRef, window: Interval, deadline: Deadline) -> Availability:
        try:
            busy = self._call("availability", deadline, lambda: self._busy_of(ref))
        except CalendarError as error:
            return Availability(ref, window, error=error)
        overlapping = [stretch for stretch in busy if stretch.interval.overlaps(window)]
        return Availability(ref, window, tuple(sorted(overlapping, key=lambda stretch: stretch.interval)))

    def _busy_of(self, ref: CalendarRef) -> list[Busy]:
        if ref != OWN:
            if self.others is None:
                raise Unsupported("others")
            seen = self.others.get(ref.address or "")
            if seen is None:
                raise EventMissing("no_calendar")
            return list(seen)
        return self.busy + [
            Busy(
                stored.spec.interval,
                BusyStatus.BUSY,
                title=None if stored.spec.private else stored.spec.title,
                private=stored.spec.private,
                uid=stored.spec.uid,
            )
            for stored in self.events.values()
            if stored.spec.shows_busy and not stored.cancelled
        ]

    def _by_key(self, spec: EventSpec) -> StoredEvent | None:
        key: BookingKey = spec.key
        return next((stored for stored in self.events.values() if stored.spec.key == key), None)

    def _existing(self, ref: EventRef) -> StoredEvent:
        if ref.event_id not in self.events:
            raise EventMissing("gone")
        return self.events[ref.event_id]

    def _writable(self, calendar_id: str) -> None:
        if calendar_id not in {calendar.id for calendar in self.calendars if calendar.writable}:
            raise EventMissing("calendar")

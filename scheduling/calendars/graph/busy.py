"""Busy times from Microsoft Graph: the account's own in detail, those of others by address. Unknown is never free."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlencode

from scheduling.calendars.base import Availability, CalendarRef, Deadline
from scheduling.calendars.graph.http import AT_ONCE, GraphSession, Json, objects_of
from scheduling.calendars.graph.times import interval_of
from scheduling.domain import Busy, BusyStatus, Interval
from scheduling.errors import AccessDenied, CalendarError, EventMissing, Unavailable, Unsupported

TOGETHER = 10
"""Addresses per getSchedule: 20 are allowed, and slow (learn.microsoft.com/answers/questions/1533659)."""

VIEW_MINUTES = 15
"""Length of one digit of an availabilityView, for schedules that tell nothing else."""

LONGEST = timedelta(days=61)
"""getSchedule reads less than 62 days (learn.microsoft.com/graph/outlook-get-free-busy-schedule)."""

CHUNK_SECONDS = 12.0
_FIELDS = "subject,start,end,showAs,sensitivity,isCancelled,isAllDay,responseStatus,iCalUId"
_HIDDEN = ("private", "confidential")
_CODE = re.compile(r"[A-Za-z]{1,64}")
_STATUSES: Mapping[str, BusyStatus] = {
    "free": BusyStatus.FREE,
    "tentative": BusyStatus.TENTATIVE,
    "busy": BusyStatus.BUSY,
    "oof": BusyStatus.OUT_OF_OFFICE,
    "workingElsewhere": BusyStatus.WORKING_ELSEWHERE,
}

_DIGITS: Mapping[str, BusyStatus] = {
    "0": BusyStatus.FREE,
    "1": BusyStatus.TENTATIVE,
    "2": BusyStatus.BUSY,
    "3": BusyStatus.OUT_OF_OFFICE,
    "4": BusyStatus.WORKING_ELSEWHERE,
}

_Answers = Mapping[CalendarRef, Availability]


class BusyReader:
    """Reads calendars of one account; `reads_others` is False where getSchedule is not offered."""

    def __init__(self, session: GraphSession, *, reads_others: bool) -> None:
        self._session = session
        self._reads_others = reads_others

    def read(
        self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline, default_zone: str
    ) -> tuple[Availability, ...]:
        """See CalendarProvider.availability."""
        answers: dict[CalendarRef, Availability] = {}
        others = [ref for ref in dict.fromkeys(refs) if ref.address is not None]
        if not self._reads_others:
            answers |= {ref: Availability(ref, window, error=Unsupported("others")) for ref in others}
            others = []
        chunks = [others[first : first + TOGETHER] for first in range(0, len(others), TOGETHER)]
        own = [ref for ref in dict.fromkeys(refs) if ref.address is None]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="graph") as pool:
            pending: list[Future[_Answers]] = [
                pool.submit(self._own, ref, window, deadline, default_zone) for ref in own
            ]
            pending += [pool.submit(self._others, chunk, window, deadline) for chunk in chunks]
            for future in pending:
                answers |= future.result()
        return tuple(answers[ref] for ref in refs)

    # --- the account's own ---

    def _own(self, ref: CalendarRef, window: Interval, deadline: Deadline, default_zone: str) -> _Answers:
        query = urlencode(
            {
                "startDateTime": _utc(window.start),
                "endDateTime": _utc(window.end),
                "$select": _FIELDS,
                "$top": "100",
            },
            safe="$,:",
        )
        try:
            events = list(self._session.pages(f"/me/calendarView?{query}", deadline))
            busy = [stretch for event in events for stretch in _own_busy(event, default_zone)]
        except CalendarError as error:
            return {ref: Availability(ref, window, error=error)}
        return {ref: Availability(ref, window, _within(busy, window))}

    # --- others ---

    def _others(self, chunk: Sequence[CalendarRef], window: Interval, deadline: Deadline) -> _Answers:
        busy: dict[CalendarRef, list[Busy]] = {ref: [] for ref in chunk}
        errors: dict[CalendarRef, CalendarError] = {}
        for piece in _pieces(window):
            try:
                found = self._schedules(chunk, piece, _at_most(deadline, CHUNK_SECONDS))
            except CalendarError as error:
                errors |= dict.fromkeys(chunk, error)
                break
            for ref in chunk:
                try:
                    busy[ref] += _schedule_busy(found.get((ref.address or "").lower()), piece)
                except CalendarError as error:
                    errors[ref] = error
        return {
            ref: Availability(ref, window, error=errors[ref])
            if ref in errors
            else Availability(ref, window, _within(busy[ref], window))
            for ref in chunk
        }

    def _schedules(self, chunk: Sequence[CalendarRef], window: Interval, deadline: Deadline) -> Mapping[str, Json]:
        asked = {
            "schedules": [ref.address for ref in chunk],
            "startTime": {"dateTime": f"{window.start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
            "endTime": {"dateTime": f"{window.end:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
            "availabilityViewInterval": VIEW_MINUTES,
        }
        answer = self._session.read("/me/calendar/getSchedule", deadline, asked)
        return {str(item.get("scheduleId")).lower(): item for item in objects_of(answer)}


def _own_busy(event: Json, default_zone: str) -> Iterator[Busy]:
    """What an event blocks: nothing when cancelled, declined or shown as free. Raises Unavailable."""
    response = event.get("responseStatus")
    if event.get("isCancelled") is True or (isinstance(response, Mapping) and response.get("response") == "declined"):
        return
    status = _STATUSES.get(str(event.get("showAs")), BusyStatus.UNKNOWN)
    interval = interval_of(event, default_zone, all_day=event.get("isAllDay") is True)
    if status is BusyStatus.FREE or interval is None:
        return
    private = event.get("sensitivity") in _HIDDEN
    uid = event.get("iCalUId")
    yield Busy(
        interval,
        status,
        title=None if private else _text(event.get("subject")),
        private=private,
        uid=uid if isinstance(uid, str) and uid else None,
    )


def _schedule_busy(schedule: Json | None, window: Interval) -> list[Busy]:
    """What one schedule blocks in `window`. Raises CalendarError when it tells of an error, or nothing at all."""
    if schedule is None:
        raise Unavailable("no_schedule")
    error = schedule.get("error")
    if error is not None:
        raise _schedule_error(error)
    items = schedule.get("scheduleItems")
    if items is None:
        return list(_view_busy(schedule.get("availabilityView"), window))
    if not isinstance(items, list):
        raise Unavailable("no_schedule")
    return [stretch for item in items for stretch in _item_busy(item)]


def _view_busy(view: object, window: Interval) -> Iterator[Busy]:
    """What a schedule blocks that tells one digit per quarter of an hour and no items. Raises Unavailable."""
    step = timedelta(minutes=VIEW_MINUTES)
    if not isinstance(view, str) or len(view) * step < window.duration:
        raise Unavailable("no_schedule")
    start = window.start
    for digit, run in itertools.groupby(view):
        end = start + step * len(list(run))
        status = _DIGITS.get(digit, BusyStatus.UNKNOWN)
        if status is not BusyStatus.FREE:
            yield Busy(Interval(start, end), status)
        start = end


def _item_busy(item: object) -> Iterator[Busy]:
    if not isinstance(item, Mapping):
        raise Unavailable("unreadable_event")
    status = _STATUSES.get(str(item.get("status")), BusyStatus.UNKNOWN)
    interval = interval_of(item, "UTC")
    if status is BusyStatus.FREE or interval is None:
        return
    private = item.get("isPrivate") is True
    yield Busy(interval, status, title=None if private else _text(item.get("subject")), private=private)


def _schedule_error(error: object) -> CalendarError:
    found = error.get("responseCode") if isinstance(error, Mapping) else None
    code = found if isinstance(found, str) and _CODE.fullmatch(found) else "schedule"
    if code in ("ErrorMailRecipientNotFound", "ErrorInvalidSmtpAddress", "ErrorNameResolutionNoResults"):
        return EventMissing(code)
    if code in ("ErrorNoFreeBusyAccess", "ErrorAccessDenied", "ErrorNoPublicFolderServerAvailable"):
        return AccessDenied(code)
    return Unavailable(code)


def _pieces(window: Interval) -> Iterator[Interval]:
    for count in itertools.count():
        start = window.start + count * LONGEST
        if start >= window.end:
            return
        yield Interval(start, min(start + LONGEST, window.end))


def _within(busy: Sequence[Busy], window: Interval) -> tuple[Busy, ...]:
    """In order, each once (a window in pieces shows some twice), and only what touches the window from inside."""
    inside = dict.fromkeys(stretch for stretch in busy if stretch.interval.overlaps(window))
    return tuple(sorted(inside, key=lambda stretch: stretch.interval))


def _at_most(deadline: Deadline, seconds: float) -> Deadline:
    return Deadline.after(min(seconds, deadline.remaining()))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

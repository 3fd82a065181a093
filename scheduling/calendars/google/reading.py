"""Reading time from Google: the account's own calendars with details, everybody else as free or busy, side by side."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from scheduling.calendars.base import OWN, Availability, CalendarInfo, CalendarRef, Deadline, RoomInfo
from scheduling.calendars.google import busy as times
from scheduling.calendars.google.session import GoogleSession
from scheduling.domain import Busy, Interval
from scheduling.errors import CalendarError, EventMissing, Unavailable

T = TypeVar("T")
AT_ONCE = 4
"""Calls of one reading that run side by side."""

FIELDS = (
    "kind,timeZone,nextPageToken,"
    "items(id,iCalUID,status,summary,start,end,transparency,visibility,eventType,attendees(self,responseStatus))"
)

Pages = Sequence[Mapping[str, Any]]
Answer = tuple[Busy, ...] | CalendarError
Answers = Mapping[str | None, Answer]
"""By address; None is the account itself."""


def availability(
    session: GoogleSession, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline, default_zone: str
) -> tuple[Availability, ...]:
    """One answer per ref, in order; never raises a CalendarError."""
    others = tuple(dict.fromkeys(ref.address for ref in refs if ref.address is not None))
    chunks = [others[at : at + times.MOST_IDS] for at in range(0, len(others), times.MOST_IDS)]
    jobs: list[Callable[[], Answers]] = [
        partial(_free_busy, session, chunk, piece, deadline) for chunk in chunks for piece in times.windows(window)
    ]
    if OWN in refs:
        jobs.insert(0, lambda: {None: _caught(partial(_own, session, window, deadline, default_zone))})
    found: dict[str | None, list[Answer]] = {}
    for answers in _side_by_side(jobs):
        for address, answer in answers.items():
            found.setdefault(address, []).append(answer)
    return tuple(_whole(ref, window, found.get(ref.address, [])) for ref in refs)


def list_calendars(session: GoogleSession, deadline: Deadline) -> tuple[CalendarInfo, ...]:
    """Raises CalendarErrors; an account without any calendar is none."""
    found = times.calendars_of(list(session.entries(session.calendar_list.list, deadline, maxResults=250)))
    if not found:
        raise Unavailable("answer")
    return found


def list_rooms(session: GoogleSession, deadline: Deadline) -> tuple[RoomInfo, ...]:
    """The resources in the person's calendar list, hidden ones too. Raises CalendarErrors."""
    return tuple(times.rooms_of(session.entries(session.calendar_list.list, deadline, maxResults=250, showHidden=True)))


def directory_rooms(session: GoogleSession, deadline: Deadline) -> tuple[RoomInfo, ...]:
    """All rooms of the organization. Raises AccessDenied for who is no administrator there, and CalendarErrors."""
    return tuple(
        RoomInfo(str(e["resourceEmail"]).lower(), str(e.get("generatedResourceName") or e.get("resourceName")))
        for e in session.entries(session.rooms.list, deadline, customer="my_customer", maxResults=500)
        if e.get("resourceEmail") and e.get("resourceCategory") != "OTHER"
    )


def _own(session: GoogleSession, window: Interval, deadline: Deadline, default_zone: str) -> tuple[Busy, ...]:
    """Every calendar that counts; the primary one is read while the list is still on its way."""
    listed: list[CalendarInfo] = []
    ahead: list[Pages] = []

    def the_list() -> None:
        listed.extend(list_calendars(session, deadline))

    def the_primary() -> None:
        with suppress(EventMissing):  # it does not go by the name "primary": it is read by its own
            ahead.append(_pages(session, "primary", window, deadline))

    _side_by_side([the_list, the_primary])
    primary = next((calendar for calendar in listed if calendar.primary), None)
    rest = [calendar for calendar in listed if calendar.counts_as_busy and not (ahead and calendar is primary)]
    if not ahead and not rest:
        raise EventMissing("primary")
    read = _side_by_side([partial(_pages, session, calendar.id, window, deadline) for calendar in rest])
    zones = [*(primary.zone if primary else None for _ in ahead), *(calendar.zone for calendar in rest)]
    return times.in_order(
        busy
        for zone, pages in zip(zones, (*ahead, *read), strict=True)
        for page in pages
        for busy in times.busy_of(page["items"], window, str(page.get("timeZone") or zone or default_zone))
    )


def _pages(session: GoogleSession, calendar_id: str, window: Interval, deadline: Deadline) -> Pages:
    return tuple(
        session.pages(
            session.events.list,
            deadline,
            calendarId=calendar_id,
            timeMin=_text(window.start),
            timeMax=_text(window.end),
            singleEvents=True,
            orderBy="startTime",
            maxAttendees=1,
            maxResults=2500,
            fields=FIELDS,
        )
    )


def _free_busy(session: GoogleSession, addresses: Sequence[str], window: Interval, deadline: Deadline) -> Answers:
    body = {
        "timeMin": _text(window.start),
        "timeMax": _text(window.end),
        "timeZone": "UTC",
        "items": [{"id": address} for address in addresses],
    }
    try:
        answer = session.call(session.free_busy.query(body=body), deadline)
    except CalendarError as error:
        return dict.fromkeys(addresses, error)
    whole = answer if isinstance(answer, dict) else {}
    return {address: _caught(partial(times.free_busy_of, whole, address, window)) for address in addresses}


def _caught(read: Callable[[], tuple[Busy, ...]]) -> Answer:
    try:
        return read()
    except CalendarError as error:
        return error


def _side_by_side(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Run leaf calls at once; each keeps to its deadline, so this does. Raises what the first of them raised."""
    if len(jobs) <= 1:
        return [job() for job in jobs]
    with ThreadPoolExecutor(min(AT_ONCE, len(jobs)), "google") as pool:
        return list(pool.map(lambda job: job(), jobs))


def _whole(ref: CalendarRef, window: Interval, answers: Sequence[Answer]) -> Availability:
    """All pieces of one ref's window; one that is unknown makes the whole unknown."""
    busy: list[Busy] = []
    for answer in answers:
        if isinstance(answer, CalendarError):
            return Availability(ref, window, error=answer)
        busy += answer
    if not answers:
        return Availability(ref, window, error=Unavailable("missing"))
    return Availability(ref, window, times.in_order(busy))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""One connected Exchange account, spoken to by exchangelib. Translates and classifies, nothing else.

Its own time is read item by item, with titles and replies; other people's and rooms' through the server's free/busy.
Exchange invites whoever is an attendee, all or nobody, so an attendee is only who shall be invited.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from exchangelib import DELEGATE, Account, Build, Configuration, EWSDateTime, Version
from exchangelib.errors import ErrorExceededFindCountLimit, ResponseMessageError
from exchangelib.ewsdatetime import UTC as EWS_UTC
from exchangelib.fields import FieldPath
from exchangelib.folders import Calendar, Root
from exchangelib.properties import (
    CalendarView,
    DaylightTime,
    DistinguishedFolderId,
    FolderId,
    FreeBusyViewOptions,
    Mailbox,
    MailboxData,
    StandardTime,
    TimeWindow,
    TimeZone,
)
from exchangelib.services import GetFolder, GetUserAvailability

from scheduling.calendars.base import (
    Availability,
    CalendarInfo,
    CalendarRef,
    Deadline,
    EventSpec,
    EventState,
    RoomInfo,
)
from scheduling.calendars.ews import items
from scheduling.calendars.ews.abilities import CAPABILITIES, MOST_MAILBOXES
from scheduling.calendars.ews.errors import calling, code_of, meaning
from scheduling.calendars.ews.events import EventStore
from scheduling.calendars.ews.finding import find_items
from scheduling.calendars.ews.http import Http
from scheduling.calendars.ews.wire import protocol_for
from scheduling.domain import Busy, BusyStatus, EventRef, Interval
from scheduling.errors import AccessDenied, CalendarError, Unavailable

MOST_DAYS = 40
"""Exchange takes 42 days at once; administrators may lower that."""

_MERGED_MINUTES = 15
_SMALLEST_SPLIT = timedelta(hours=6)
_TOO_MANY = code_of(ErrorExceededFindCountLimit("x"))
# The oldest version that is still met (2013 SP1); the server's first answer tells its own.
FIRST_VERSION = Version(build=Build(15, 0, 847, 32), api_version="Exchange2013_SP1")


def _never(kind: Any) -> Any:
    """When UTC changes its clocks: a free/busy request must name a moment, and month 0 is none."""
    return kind(bias=0, time=time_of_day(0), occurrence=0, iso_month=0, weekday="Sunday")


class _FreeBusy(GetUserAvailability):  # type: ignore[misc]  # exchangelib is untyped
    """One mailbox's refusal stands in its place; exchangelib would raise it and lose everybody else's answer."""

    ERRORS_TO_CATCH_IN_RESPONSE = (ResponseMessageError,)


class ExchangeCalendar:
    """One connected Exchange account. `secret` is what `ExchangeSystem.connect` made."""

    provider = "exchange"
    capabilities = CAPABILITIES

    def __init__(self, secret: Mapping[str, str], http: Http, *, pause: Callable[[float], None] = time.sleep) -> None:
        version = FIRST_VERSION
        if secret.get("build"):
            version = Version(Build(*map(int, secret["build"].split("."))), secret["api_version"])
        protocol = protocol_for(
            secret["endpoint"], secret["auth"], secret["user_name"], secret["password"], version, http
        )
        self._account = _account(secret["email"], protocol)
        self._address = secret["email"].lower()
        self._events = EventStore(self._folder, pause)

    # --- connecting ---

    def look(self, deadline: Deadline) -> tuple[tuple[CalendarInfo, ...], Mapping[str, str]]:
        """The account's calendars, and which version its server says it is: the first call after signing in."""
        calendars = self.list_calendars(deadline)
        version = self._account.version
        build = version.build
        numbers = (build.major_version, build.minor_version, build.major_build, build.minor_build)
        return calendars, {"build": ".".join(map(str, numbers)), "api_version": version.api_version}

    def list_calendars(self, deadline: Deadline) -> tuple[CalendarInfo, ...]:
        """See CalendarProvider. The mailbox's own calendar: the only one that Exchange's free/busy counts."""
        folder = self._own_folder()
        fields = [FieldPath(field=Calendar.get_field_by_fieldname(name)) for name in ("name", "effective_rights")]
        with calling(deadline):
            (found,) = GetFolder(account=self._account).call([folder], fields, "IdOnly")
            if isinstance(found, Exception):
                raise found
        if not found.id:
            raise Unavailable("nonsense")
        rights = found.effective_rights
        writable = rights is None or rights.create_contents is not False
        return (CalendarInfo(found.id, found.name or "Calendar", zone=None, writable=writable, primary=True),)

    def list_rooms(self, deadline: Deadline) -> tuple[RoomInfo, ...]:
        """See CalendarProvider. Rooms of all room lists that the organization made."""
        found: dict[str, RoomInfo] = {}
        protocol = self._account.protocol
        with calling(deadline):
            for room_list in list(protocol.get_roomlists()):
                for room in list(protocol.get_rooms(room_list.email_address)):
                    address = room.email_address.lower()
                    found.setdefault(address, RoomInfo(address, room.name or address))
        return tuple(sorted(found.values(), key=lambda room: (room.name, room.address)))

    # --- availability ---

    def availability(
        self,
        refs: Sequence[CalendarRef],
        window: Interval,
        deadline: Deadline,
        *,
        default_zone: str,
    ) -> tuple[Availability, ...]:
        """See CalendarProvider. The owner's own address counts as their own calendar.

        Exchange keeps all-day events as moments in the zone they were made in, so `default_zone` is not needed.
        """
        answers: dict[CalendarRef, Availability] = {}
        others = [ref for ref in dict.fromkeys(refs) if not self._is_own(ref)]
        for ref in dict.fromkeys(refs):
            if self._is_own(ref):
                answers[ref] = self._own(ref, window, deadline)
        for at in range(0, len(others), MOST_MAILBOXES):
            chunk = others[at : at + MOST_MAILBOXES]
            answers |= {answer.ref: answer for answer in self._seen(chunk, window, deadline)}
        return tuple(answers[ref] for ref in refs)

    def _is_own(self, ref: CalendarRef) -> bool:
        return ref.address is None or ref.address.lower() == self._address

    def _own(self, ref: CalendarRef, window: Interval, deadline: Deadline) -> Availability:
        try:
            found = [item for part in _parts(window) for item in self._view(part, deadline)]
            busy = {busy for item in found if (busy := items.busy_of(item)) is not None}
        except CalendarError as error:
            return Availability(ref, window, error=error)
        return Availability(ref, window, _in_order(busy, window))

    def _view(self, window: Interval, deadline: Deadline) -> list[Any]:
        """Everything in `window`, series unfolded by the server; halved where that is more than it gives at once."""
        view = CalendarView(start=_ews(window.start), end=_ews(window.end))
        try:
            found = find_items(self._own_folder(), items.SHOWN, deadline, view=view)
        except Unavailable as error:
            if error.code != _TOO_MANY or window.duration <= _SMALLEST_SPLIT:
                raise
            middle = window.start + window.duration / 2
            halves = Interval(window.start, middle), Interval(middle, window.end)
            return [item for half in halves for item in self._view(half, deadline)]
        if any(item.start is None or item.end is None for item in found):
            raise Unavailable("nonsense")
        return found

    def _seen(self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline) -> tuple[Availability, ...]:
        """Other people and rooms; one that the server does not tell is unknown, and nobody else with it."""
        busy: dict[CalendarRef, set[Busy]] = {ref: set() for ref in refs}
        failed: dict[CalendarRef, CalendarError] = {}
        for part in _parts(window):
            asked = [ref for ref in refs if ref not in failed]
            try:
                views = self._ask(asked, part, deadline) if asked else []
            except CalendarError as error:
                return tuple(Availability(ref, window, error=failed.get(ref, error)) for ref in refs)
            for ref, view in zip(asked, views, strict=True):
                try:
                    busy[ref] |= set(_read(view, part))
                except CalendarError as error:
                    failed[ref] = error
        return tuple(
            Availability(ref, window, error=failed[ref])
            if ref in failed
            else Availability(ref, window, _in_order(busy[ref], window))
            for ref in refs
        )

    def _ask(self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline) -> list[Any]:
        options = FreeBusyViewOptions(
            time_window=TimeWindow(start=_ews(window.start), end=_ews(window.end)),
            merged_free_busy_interval=_MERGED_MINUTES,
            requested_view="DetailedMerged",
        )
        mailboxes = [MailboxData(email=ref.address, attendee_type="Required", exclude_conflicts=False) for ref in refs]
        utc = TimeZone(bias=0, standard_time=_never(StandardTime), daylight_time=_never(DaylightTime))
        with calling(deadline):
            views = list(_FreeBusy(self._account.protocol).call(EWS_UTC, mailboxes, utc, options))
        if len(views) != len(refs):
            raise Unavailable("nonsense")
        return views

    # --- events ---

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """See CalendarProvider. Attendees and rooms are invited by Exchange."""
        return self._events.create(spec, deadline)

    def find_event(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """See CalendarProvider."""
        return self._events.find(spec, deadline)

    def get_event(self, ref: EventRef, deadline: Deadline) -> EventState:
        """See CalendarProvider."""
        return self._events.get(ref, deadline)

    def update_event(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """See CalendarProvider. Replies that came in meanwhile are no conflict."""
        return self._events.update(ref, spec, deadline)

    def cancel_event(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        """See CalendarProvider. Attendees get `message` with Exchange's cancellation."""
        self._events.cancel(ref, message, deadline)

    # --- folders: known by their names or ids, so that nobody is asked for the whole tree ---

    def _folder(self, calendar_id: str) -> Any:
        return Calendar(root=self._root(), name="Calendar", _id=FolderId(id=calendar_id))

    def _own_folder(self) -> Any:
        mailbox = Mailbox(email_address=self._account.primary_smtp_address)
        named = DistinguishedFolderId(id=Calendar.DISTINGUISHED_FOLDER_ID, mailbox=mailbox)
        return Calendar(root=self._root(), name="Calendar", _distinguished_id=named)

    def _root(self) -> Any:
        return Root(account=self._account, _id=FolderId(id="root"))


def _account(address: str, protocol: Any) -> Any:
    nowhere = Configuration(service_endpoint="https://nowhere.invalid/")  # what it makes of it is cached for good
    account = Account(address, access_type=DELEGATE, config=nowhere, default_timezone=EWS_UTC, locale="en_US")
    account.protocol = protocol
    return account


def _parts(window: Interval) -> Iterator[Interval]:
    """`window` in pieces that the server answers at once."""
    start = window.start
    while start < window.end:
        end = min(window.end, start + timedelta(days=MOST_DAYS))
        yield Interval(start, end)
        start = end


def _ews(moment: datetime) -> Any:
    return EWSDateTime.from_datetime(moment.replace(tzinfo=EWS_UTC))


def _read(view: Any, window: Interval) -> list[Busy]:
    """What a free/busy view says about `window`. Raises the CalendarError that stands in its place."""
    if isinstance(view, Exception):
        raise meaning(view)
    if view is None or view.view_type in (None, "None"):
        raise AccessDenied("no_free_busy")
    merged = view.merged or ""
    if merged and not merged.strip("4") and not view.calendar_events:
        raise AccessDenied("no_data")  # nothing but "no data"
    digits = items.merged_busy(merged, window, _MERGED_MINUTES)
    if view.view_type == "MergedOnly":
        if not merged:
            raise Unavailable("nonsense")
        return digits
    events = list(view.calendar_events or ())
    busy = [each for event in events if (each := items.seen_busy(event)) is not None]
    # Digits that say "no data" where no event says more (WorkingElsewhere has the same digit): unknown, not free.
    unknown = [each for each in digits if each.status is BusyStatus.UNKNOWN]
    return busy + [each for each in unknown if not any(each.interval.overlaps(b.interval) for b in busy)]


def _in_order(busy: Iterable[Busy], window: Interval) -> tuple[Busy, ...]:
    """Each once (a meeting over the edge of a piece comes twice), those that only touch the window left out."""
    inside = [each for each in busy if each.interval.overlaps(window)]
    return tuple(sorted(inside, key=lambda each: (each.interval, each.title or "", each.uid or "")))

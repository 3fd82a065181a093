"""CalDAV accounts: iCloud, and any server of the standard (RFC 4791). Translates and classifies, nothing else.

Availability is computed here from whole objects: servers disagree on free-busy-query, on `expand` and on declined
meetings. Only the account's own time can be read. Events never carry attendees, so no server invites by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from scheduling.calendars.base import (
    Account,
    Availability,
    CalendarInfo,
    CalendarRef,
    Capabilities,
    Deadline,
    EventSpec,
    EventState,
    RoomInfo,
    SendsInvitations,
)
from scheduling.calendars.caldav import wire
from scheduling.calendars.caldav.discovery import discover, list_calendars, zone_or
from scheduling.calendars.caldav.events import EventStore
from scheduling.calendars.caldav.http import DavSession, failure_of
from scheduling.calendars.caldav.ics_busy import address_of, busy_of
from scheduling.calendars.caldav.ics_lines import UnreadableObject
from scheduling.calendars.caldav.wire import CAL
from scheduling.calendars.http import Http
from scheduling.calendars.systems import KeepSecret, Secret
from scheduling.domain import Busy, EventRef, Interval
from scheduling.errors import AccessDenied, CalendarError, EventMissing, HostRefused, Unavailable, Unsupported

_PARALLEL = 2
"""Requests at once per account; iCloud throttles above."""


def _now() -> datetime:
    return datetime.now(UTC)


class CalDavCalendar:
    """One connected CalDAV account.

    `secret` holds server, username, password, home, calendar (the one that was typed, may be empty) and addresses
    (the owner's, separated by spaces), as `connect` made it.
    """

    provider = "caldav"
    auth_code = "password"
    capabilities = Capabilities(
        sends_invitations=SendsInvitations.NEVER, max_refs_per_call=1, max_window=timedelta(days=366)
    )

    def __init__(self, secret: Mapping[str, str], http: Http, clock: Callable[[], datetime] = _now) -> None:
        self._session = DavSession(
            http, secret["server"], secret["username"], secret["password"], auth_code=self.auth_code
        )
        self._home = secret["home"]
        self._chosen = secret.get("calendar", "")
        self._own = frozenset(secret.get("addresses", "").split())
        self._events = EventStore(self._session, clock)

    @classmethod
    def connect(cls, server_url: str, username: str, password: str, http: Http, deadline: Deadline) -> Account:
        """Check an address, user name and password with their server, and find its calendars.

        Raises AuthExpired when the password is wrong, EventMissing or Unsupported when there is no CalDAV at that
        address, EventMissing("no_calendar") when the account has no event calendar, HostRefused for an address we must
        not call, and other CalendarErrors.
        """
        server = _as_url(server_url)
        session = DavSession(http, server, username, password, auth_code=cls.auth_code)
        try:
            found = discover(session, cls.auth_code, deadline)
            calendars = list_calendars(session, found.home, deadline, found.chosen)
        except AccessDenied as error:
            if isinstance(error.__cause__, HostRefused):
                raise error.__cause__ from None
            raise
        if not calendars:
            raise EventMissing("no_calendar")
        own = found.addresses | ({address_of(username)} if "@" in username else frozenset())
        return Account(
            provider=cls.provider,
            account_id=username if "@" in username else f"{username}@{urlsplit(server).hostname}",
            label=username,
            secret={
                "server": server,
                "username": username,
                "password": password,
                "home": found.home,
                "calendar": found.chosen,
                "addresses": " ".join(sorted(a for a in own if " " not in a)),
            },
            calendars=calendars,
        )

    def list_calendars(self, deadline: Deadline) -> tuple[CalendarInfo, ...]:
        """See CalendarProvider. A home that moved (iCloud moves accounts between its hosts) is looked up again."""
        try:
            return list_calendars(self._session, self._home, deadline, self._chosen)
        except EventMissing:
            home = discover(self._session, self.auth_code, deadline).home
            if home == self._home:
                raise
            self._home = home
            return list_calendars(self._session, home, deadline, self._chosen)

    def list_rooms(self, deadline: Deadline) -> tuple[RoomInfo, ...]:
        """See CalendarProvider. CalDAV lists no rooms; a room is connected with an account of its own."""
        raise Unsupported("rooms")

    # --- availability ---

    def availability(
        self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline, *, default_zone: str
    ) -> tuple[Availability, ...]:
        """See CalendarProvider. Other people's time is Unsupported; one failing calendar makes the ref unknown."""
        return tuple(self._availability(ref, window, deadline, default_zone) for ref in refs)

    def _availability(self, ref: CalendarRef, window: Interval, deadline: Deadline, default_zone: str) -> Availability:
        if ref.address is not None:
            return Availability(ref, window, error=Unsupported("others"))
        try:
            return Availability(ref, window, self._own_busy(window, deadline, default_zone))
        except CalendarError as error:
            return Availability(ref, window, error=error)

    def _own_busy(self, window: Interval, deadline: Deadline, default_zone: str) -> tuple[Busy, ...]:
        calendars = self.list_calendars(deadline)
        if not calendars:
            raise EventMissing("no_calendar")
        counting = [calendar for calendar in calendars if calendar.counts_as_busy]

        def read(calendar: CalendarInfo) -> list[Busy]:
            return self._busy_in(calendar.id, window, zone_or(calendar.zone, default_zone), deadline)

        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="caldav") as pool:
            pending = [pool.submit(read, calendar) for calendar in counting]
            try:
                found = [busy for future in pending for busy in future.result()]
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return tuple(sorted(found, key=lambda busy: busy.interval))

    def _busy_in(self, calendar_id: str, window: Interval, zone: ZoneInfo, deadline: Deadline) -> list[Busy]:
        found: list[Busy] = []
        for stored in self._session.report(calendar_id, wire.events_query(window), deadline):
            if stored.status in (404, 410):  # deleted while the server was listing
                continue
            if stored.status is not None and stored.status >= 400:
                raise failure_of(stored.status)
            if f"{CAL}calendar-data" not in stored.properties:
                raise Unavailable("no_calendar_data")
            deadline.check()
            try:
                found += busy_of(stored.text(f"{CAL}calendar-data"), window, zone, self._own)
            except UnreadableObject as error:
                raise Unavailable("unreadable_event") from error
        return found

    # --- events ---

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """See CalendarProvider."""
        return self._events.create(spec, deadline)

    def find_event(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """See CalendarProvider."""
        return self._events.find(spec, deadline)

    def get_event(self, ref: EventRef, deadline: Deadline) -> EventState:
        """See CalendarProvider."""
        return self._events.get(ref, deadline)

    def update_event(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """See CalendarProvider. Alarms, categories and other properties that people added stay."""
        return self._events.update(ref, spec, deadline)

    def cancel_event(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        """See CalendarProvider. There are no attendees, so `message` reaches nobody from here."""
        self._events.cancel(ref, deadline)


class ICloudCalendar(CalDavCalendar):
    """The same for iCloud, which wants an app-specific password."""

    provider = "icloud"
    auth_code = "app_password"


def _as_url(typed: str) -> str:
    """The address as typed, with https where no scheme was given, as a URL of a folder when it has no path."""
    typed = typed.strip()
    url = typed if "://" in typed else f"https://{typed}"
    return f"{url}/" if not urlsplit(url).path else quote(url, safe="%/:?#[]@!$&'()*+,;=~")


# --- the systems: what the operator offers --------------------------------------------------------------------------


class CalDavSystem:
    """Any CalDAV server, by the address, user name and password that people type."""

    provider = "caldav"

    def __init__(self, http: Http) -> None:
        """`http` is the policy for servers that users name."""
        self._http = http

    def connect(self, fields: Mapping[str, str], deadline: Deadline) -> Account:
        """See PasswordSystem; fields are server, user_name and password."""
        return CalDavCalendar.connect(fields["server"], fields["user_name"], fields["password"], self._http, deadline)

    def open(self, secret: Secret, _keep: KeepSecret) -> CalDavCalendar:
        """See CalendarSystem; a password never changes by itself."""
        return CalDavCalendar(secret, self._http)

    def revoke(self, secret: Secret, deadline: Deadline) -> None:
        """A password cannot be given back: forgetting it is all there is."""


class ICloudSystem(CalDavSystem):
    """iCloud: the operator's one server, with an app-specific password."""

    provider = "icloud"

    def __init__(self, http: Http, server: str) -> None:
        super().__init__(http)
        self._server = server

    def connect(self, fields: Mapping[str, str], deadline: Deadline) -> Account:
        """See PasswordSystem; fields are email and password."""
        return ICloudCalendar.connect(self._server, fields["email"], fields["password"], self._http, deadline)

    def open(self, secret: Secret, _keep: KeepSecret) -> CalDavCalendar:
        """See CalendarSystem."""
        return ICloudCalendar(secret, self._http)

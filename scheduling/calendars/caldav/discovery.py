"""From what a person typed to a connected CalDAV account (RFC 4791 §6.2, RFC 5397, RFC 6764 §5), and its calendars."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from scheduling.calendars.base import CalendarInfo, Deadline
from scheduling.calendars.caldav import wire
from scheduling.calendars.caldav.http import DavSession
from scheduling.calendars.caldav.ics_busy import address_of
from scheduling.calendars.caldav.ics_lines import iana_name, is_zone
from scheduling.calendars.caldav.wire import CAL, DAV, Resource
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    CalendarError,
    EventMissing,
    Unavailable,
    Unsupported,
)

_CALENDAR = f"{CAL}calendar"
_NEXTCLOUD_DELETED = "{http://nextcloud.com/ns}deleted-calendar"
_WRITES = frozenset(f"{DAV}{name}" for name in ("write", "write-content", "bind", "all"))


@dataclass(frozen=True, slots=True)
class Found:
    """The calendar home, the principal, the owner's addresses, and the calendar if the address typed was one."""

    home: str
    principal: str
    addresses: frozenset[str]
    chosen: str


def discover(session: DavSession, auth_code: str, deadline: Deadline) -> Found:
    """Find the calendar home from a server's address, a principal, a calendar home or a calendar.

    Raises CalendarError; EventMissing or Unsupported when there is none at that address.
    """
    problem: CalendarError = EventMissing("no_caldav")
    for url in (session.server, wire.absolute(session.server, "/.well-known/caldav")):
        try:
            found = _from(session, url, auth_code, deadline)
        except (EventMissing, Unsupported, AccessDenied, Unavailable) as error:
            if isinstance(error, Unavailable) and error.code != "not_dav":
                raise
            # A web page, not CalDAV: the well-known address may know better; if not, the first answer is told.
            problem = error if url == session.server else problem
            continue
        if found:
            return found
    raise problem


def _from(session: DavSession, url: str, auth_code: str, deadline: Deadline) -> Found | None:
    here = _first(session.propfind(url, wire.DISCOVERED, 0, deadline))
    principal = _principal(session, here, auth_code, deadline)
    chosen = here.url if _CALENDAR in here.types() else ""
    if principal is not None:
        homes = principal.hrefs(f"{CAL}calendar-home-set")
        addresses = frozenset(address_of(a) for a in principal.hrefs(f"{CAL}calendar-user-address-set") if a)
        if homes:
            home = _home(session, [wire.absolute(principal.url, href) for href in homes], deadline)
            return Found(home, principal.url, addresses, chosen)
    else:
        addresses = frozenset()
    if chosen or list_calendars(session, here.url, deadline):
        return Found(here.url, here.url, addresses, chosen)
    return None


def _home(session: DavSession, urls: list[str], deadline: Deadline) -> str:
    """The one home; of several (RFC 4791 §6.2.1 allows them) the first with event calendars, else the first."""
    if not all(session.is_own_site(url) for url in urls):
        raise AccessDenied("foreign_host")
    if len(urls) == 1:
        return urls[0]
    return next((url for url in urls if list_calendars(session, url, deadline)), urls[0])


def _principal(session: DavSession, here: Resource, auth_code: str, deadline: Deadline) -> Resource | None:
    """The principal's properties: of `here` itself when it is one, else of the principal it names."""
    if here.hrefs(f"{CAL}calendar-home-set"):
        return here
    named = here.properties.get(f"{DAV}current-user-principal")
    if named is not None and named.find(f"{DAV}unauthenticated") is not None:
        raise AuthExpired(auth_code)  # the server took us for a guest
    hrefs = here.hrefs(f"{DAV}current-user-principal")
    if not hrefs or not hrefs[0]:
        return None
    return _first(session.propfind(wire.absolute(here.url, hrefs[0]), wire.OF_PRINCIPAL, 0, deadline))


def _first(found: list[Resource]) -> Resource:
    if not found:
        raise Unavailable("not_dav")
    if found[0].status is not None and found[0].status >= 400:
        raise EventMissing(f"http_{found[0].status}")
    return found[0]


# --- calendars --------------------------------------------------------------------------------------------------


def list_calendars(session: DavSession, home: str, deadline: Deadline, chosen: str = "") -> tuple[CalendarInfo, ...]:
    """The event calendars in `home` (or `home` itself), the primary one first.

    Primary is what the owner typed at connecting (`chosen`), else what the server calls default, else the first.
    Raises CalendarError.
    """
    listed = session.propfind(home, wire.LISTED, 1, deadline)
    calendars = [_info(resource) for resource in listed if _is_event_calendar(resource)]
    wanted = [chosen] if chosen else _defaults(listed)
    primary = next((c.id for c in calendars for url in wanted if wire.same_place(c.id, url)), None)
    if primary is None and calendars:
        primary = next((c.id for c in calendars if c.writable), calendars[0].id)
    marked = [replace(calendar, primary=calendar.id == primary) for calendar in calendars]
    return tuple(sorted(marked, key=lambda calendar: not calendar.primary))


def _defaults(listed: list[Resource]) -> list[str]:
    """schedule-default-calendar-URL stands on the scheduling inbox (RFC 6638 §9.2)."""
    name = f"{CAL}schedule-default-calendar-URL"
    return [wire.absolute(resource.url, href) for resource in listed for href in resource.hrefs(name) if href]


def _is_event_calendar(resource: Resource) -> bool:
    types = resource.types()
    if (resource.status or 200) >= 400 or _CALENDAR not in types or _NEXTCLOUD_DELETED in types:
        return False
    kinds = resource.properties.get(f"{CAL}supported-calendar-component-set")
    names = [kind.get("name", "").upper() for kind in kinds] if kinds is not None else []
    return not names or "VEVENT" in names


def _info(resource: Resource) -> CalendarInfo:
    transparency = resource.properties.get(f"{CAL}schedule-calendar-transp")
    rights = resource.properties.get(f"{DAV}current-user-privilege-set")
    return CalendarInfo(
        id=resource.url,  # as the server writes it: not every server knows its collections with and without a slash
        name=resource.text(f"{DAV}displayname") or resource.url.rstrip("/").rpartition("/")[2],
        zone=_zone(resource),
        writable=rights is None or any(element.tag in _WRITES for element in rights.iter()),
        primary=False,
        counts_as_busy=transparency is None or transparency.find(f"{CAL}transparent") is None,
    )


def _zone(resource: Resource) -> str | None:
    """The IANA zone of a calendar: its id (RFC 7809), else the TZID in its VTIMEZONE; None when neither tells."""
    named = resource.text(f"{CAL}calendar-timezone-id")
    if named and is_zone(named):
        return named
    for line in resource.text(f"{CAL}calendar-timezone").splitlines():
        if line.upper().startswith(("TZID:", "X-LIC-LOCATION:")):
            known = iana_name(line.partition(":")[2].strip())
            if known:
                return known
    return None


def zone_or(name: str | None, fallback: str) -> ZoneInfo:
    """The calendar's zone, else the owner's; UTC when that is no zone either."""
    return ZoneInfo(next((zone for zone in (name, fallback) if zone and is_zone(zone)), "UTC"))

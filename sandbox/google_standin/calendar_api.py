"""The part of the Calendar API v3 that calendars are read and written with, and the rooms of the Directory API."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.google_standin.accounts import Accounts, Calendar, Entry, Event, Person, merged, moment
from sandbox.google_standin.answers import Refusal, mask_of, masked
from sandbox.google_standin.changes import Changes
from sandbox.google_standin.identity import Identity

BASE = "/calendar/v3"
_SCOPE = "https://www.googleapis.com/auth/"
WRITE = (f"{_SCOPE}calendar.events", f"{_SCOPE}calendar")
LIST = (f"{_SCOPE}calendar.calendarlist.readonly", f"{_SCOPE}calendar.readonly", f"{_SCOPE}calendar")
FREE = (
    f"{_SCOPE}calendar.events.freebusy",
    f"{_SCOPE}calendar.freebusy",
    f"{_SCOPE}calendar.readonly",
    f"{_SCOPE}calendar",
)
ROOMS = (f"{_SCOPE}admin.directory.resource.calendar.readonly",)
EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")
MOST_IDS = 50
MOST_DAYS = timedelta(days=90)

Handler = Callable[[Request, Person], Awaitable[Response]]


class CalendarApi:
    """Every endpoint checks token and scope first."""

    def __init__(self, accounts: Accounts, identity: Identity, changes: Changes) -> None:
        self._accounts = accounts
        self._identity = identity
        self._changes = changes

    def routes(self) -> list[Route]:
        events = f"{BASE}/calendars/{{calendar}}/events"
        table: list[tuple[str, str, tuple[str, ...], Handler]] = [
            ("GET", f"{BASE}/users/me/calendarList", LIST, self.list_calendars),
            ("GET", f"{BASE}/users/me/calendarList/{{calendar}}", LIST, self.get_calendar),
            ("POST", f"{BASE}/freeBusy", FREE, self.free_busy),
            ("GET", events, WRITE, self.list_events),
            ("POST", events, WRITE, self.insert),
            ("GET", f"{events}/{{event}}", WRITE, self.get),
            ("PATCH", f"{events}/{{event}}", WRITE, self.patch),
            ("DELETE", f"{events}/{{event}}", WRITE, self.delete),
            ("GET", "/admin/directory/v1/customer/my_customer/resources/calendars", ROOMS, self.list_rooms),
        ]
        return [
            Route(path, self._checked(scopes, handler), methods=[method]) for method, path, scopes, handler in table
        ]

    def _checked(self, scopes: tuple[str, ...], handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                email = self._identity.check(request.headers.get("authorization", ""), scopes)
                with self._accounts.lock:
                    return await handler(request, self._accounts.people[email])
            except Refusal as refusal:
                return refusal.answer()

        return endpoint

    # --- calendars ---

    async def list_calendars(self, request: Request, person: Person) -> Response:
        size, start = _page(request, 100, 250)
        entries = [_entry(entry) for entry in person.entries.values()]
        body = {"kind": "calendar#calendarList", "etag": '"1"', "items": entries[start : start + size]}
        if start + size < len(entries):
            body["nextPageToken"] = str(start + size)
        return JSONResponse(body)

    async def get_calendar(self, request: Request, person: Person) -> Response:
        calendar = self._calendar(request, person)
        return JSONResponse(_entry(person.entries[calendar.id]))

    async def free_busy(self, request: Request, person: Person) -> Response:
        body = await _json(request)
        try:
            since, until = (datetime.fromisoformat(body[name]) for name in ("timeMin", "timeMax"))
            asked = [item["id"] for item in body["items"]]
        except (KeyError, TypeError, ValueError):
            raise Refusal(400, "required", "Missing or invalid parameter.") from None
        if until <= since:
            raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.")
        if until - since > MOST_DAYS:
            raise Refusal(400, "timeRangeTooLong", "The requested time range is too long.")
        calendars = {address: self._times_of(address, person, since, until, len(asked)) for address in asked}
        whole = {"kind": "calendar#freeBusy", "timeMin": body["timeMin"], "timeMax": body["timeMax"]}
        return JSONResponse({**whole, "calendars": calendars})

    def _times_of(self, address: str, person: Person, since: datetime, until: datetime, count: int) -> dict[str, Any]:
        calendar_id = person.email if address == "primary" else address
        owner = self._accounts.people.get(calendar_id)
        seen = calendar_id in self._accounts.calendars and (owner is None or owner.shares or owner is person)
        if count > MOST_IDS or not seen:
            reason = "tooManyCalendarsRequested" if count > MOST_IDS else "notFound"
            return {"errors": [{"domain": "global", "reason": reason}], "busy": []}
        return {"busy": merged(self._accounts.busy(calendar_id), since, until)}

    async def list_rooms(self, request: Request, person: Person) -> Response:
        rooms = [
            {
                "kind": "admin#directory#resources#calendars#CalendarResource",
                "resourceId": room.email,
                "resourceName": room.name,
                "generatedResourceName": room.name,
                "resourceEmail": room.email,
                "resourceCategory": "CONFERENCE_ROOM",
            }
            for room in self._accounts.rooms.values()
        ]
        return JSONResponse({"kind": "admin#directory#resources#calendars#calendarResourcesList", "items": rooms})

    # --- events ---

    async def list_events(self, request: Request, person: Person) -> Response:
        calendar, query = self._calendar(request, person), request.query_params
        if query.get("orderBy") == "startTime" and query.get("singleEvents") != "true":
            raise Refusal(400, "badRequest", "The requested ordering is not available.")
        size, start = _page(request, 250, 2500)
        found = [event for event in self._seen_by(calendar) if self._fits(event, calendar, request)]
        found.sort(key=lambda event: moment(event["start"], calendar.zone))
        body = {
            "kind": "calendar#events",
            "etag": '"1"',
            "summary": calendar.summary,
            "updated": found[-1]["updated"] if found else "2026-01-01T00:00:00Z",
            "timeZone": calendar.zone,
            "accessRole": person.entries[calendar.id].role,
            "defaultReminders": [],
            "items": [_for_reader(event, calendar, request) for event in found[start : start + size]],
        }
        if start + size < len(found):
            body["nextPageToken"] = str(start + size)
        return JSONResponse(masked(body, mask_of(query.get("fields", ""))))

    async def insert(self, request: Request, person: Person) -> Response:
        calendar = self._writable(request, person)
        body = await _json(request)
        asked = body.get("id")
        if asked is not None and not (isinstance(asked, str) and EVENT_ID.fullmatch(asked)):
            raise Refusal(400, "invalid", "Invalid resource id value.")
        if asked in calendar.events:
            raise Refusal(409, "duplicate", "The requested identifier already exists.")
        event = self._changes.insert(calendar, body, _updates(request), _conferences(request))
        return JSONResponse(_for_reader(event, calendar, request))

    async def get(self, request: Request, person: Person) -> Response:
        calendar = self._calendar(request, person)
        event = self._event(request, calendar)
        self._changes.looked_at(event)
        return JSONResponse(_for_reader(event, calendar, request))

    async def patch(self, request: Request, person: Person) -> Response:
        calendar = self._writable(request, person)
        event = self._event(request, calendar)
        self._unchanged(request, event)
        if event["status"] == "cancelled":
            raise Refusal(410, "deleted", "Resource has been deleted")
        self._changes.patch(calendar, event, await _json(request), _updates(request), _conferences(request))
        return JSONResponse(_for_reader(event, calendar, request))

    async def delete(self, request: Request, person: Person) -> Response:
        calendar = self._writable(request, person)
        event = self._event(request, calendar)
        if event["status"] == "cancelled":
            raise Refusal(410, "deleted", "Resource has been deleted")
        self._unchanged(request, event)
        self._changes.delete(event, _updates(request))
        return Response(status_code=204)

    # --- what a request means ---

    def _calendar(self, request: Request, person: Person) -> Calendar:
        asked = request.path_params["calendar"]
        entry = person.entries.get(person.email if asked == "primary" else asked)
        if entry is None:
            raise Refusal(404, "notFound", "Not Found")
        return entry.calendar

    def _writable(self, request: Request, person: Person) -> Calendar:
        calendar = self._calendar(request, person)
        if person.entries[calendar.id].role not in ("owner", "writer"):
            raise Refusal(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
        return calendar

    def _event(self, request: Request, calendar: Calendar) -> Event:
        event = calendar.events.get(request.path_params["event"])
        if event is None:
            raise Refusal(404, "notFound", "Not Found")
        return event

    @staticmethod
    def _unchanged(request: Request, event: Event) -> None:
        wanted = request.headers.get("if-match", "*")
        if wanted not in ("*", event["etag"]):
            raise Refusal(412, "conditionNotMet", "Precondition Failed")

    def _seen_by(self, calendar: Calendar) -> list[Event]:
        """The calendar's own events and those its owner was invited to."""
        invited = [
            event
            for other in self._accounts.calendars.values()
            if other is not calendar and calendar.id == calendar.owner
            for event in other.events.values()
            if any(a["email"] == calendar.owner for a in event.get("attendees", ()))
        ]
        return [event for event in (*calendar.events.values(), *invited) if event["id"] not in self._accounts.behind]

    @staticmethod
    def _fits(event: Event, calendar: Calendar, request: Request) -> bool:
        query = request.query_params
        try:
            since = datetime.fromisoformat(query["timeMin"]) if "timeMin" in query else None
            until = datetime.fromisoformat(query["timeMax"]) if "timeMax" in query else None
        except ValueError:
            raise Refusal(400, "badRequest", "Bad Request") from None
        private = event.get("extendedProperties", {}).get("private", {})
        wanted = [pair.partition("=") for pair in query.getlist("privateExtendedProperty")]
        return (
            (event["status"] != "cancelled" or query.get("showDeleted") == "true")
            and (since is None or moment(event["end"], calendar.zone) > since)
            and (until is None or moment(event["start"], calendar.zone) < until)
            and all(private.get(name) == value for name, _, value in wanted)
        )


def _entry(entry: Entry) -> dict[str, Any]:
    found = {
        "kind": "calendar#calendarListEntry",
        "etag": '"1"',
        "id": entry.calendar.id,
        "summary": entry.calendar.summary,
        "timeZone": entry.calendar.zone,
        "accessRole": entry.role,
        "defaultReminders": [],
    }
    return {**found, **({"selected": True} if entry.selected else {}), **({"primary": True} if entry.primary else {})}


def _for_reader(event: Event, calendar: Calendar, request: Request) -> Event:
    """With `self` on the owner's own entry, and no more attendees than asked for."""
    found = {name: value for name, value in event.items() if not name.startswith("_")}
    attendees = [{**a, **({"self": True} if a["email"] == calendar.owner else {})} for a in event.get("attendees", ())]
    most = int(request.query_params.get("maxAttendees", "0"))
    if most and len(attendees) > most:
        attendees = [a for a in attendees if a.get("self")]
        found["attendeesOmitted"] = True
    return {**found, "attendees": attendees} if attendees else {k: v for k, v in found.items() if k != "attendees"}


def _page(request: Request, usual: int, most: int) -> tuple[int, int]:
    try:
        size = int(request.query_params.get("maxResults", usual))
        return max(1, min(size, most)), int(request.query_params.get("pageToken", "0"))
    except ValueError:
        raise Refusal(400, "invalidParameter", "Invalid value.") from None


def _updates(request: Request) -> bool:
    return request.query_params.get("sendUpdates", "none") == "all"


def _conferences(request: Request) -> bool:
    return request.query_params.get("conferenceDataVersion", "0") == "1"


async def _json(request: Request) -> dict[str, Any]:
    try:
        found = await request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refusal(400, "parseError", "Parse Error")
    return found

"""The HTTP surface of Graph's calendar, as far as it is stood in for."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.microsoft_standin.directory import PERSONAL_TENANT, Calendar, Event, Mailbox
from sandbox.microsoft_standin.events import Office, Refusal
from sandbox.microsoft_standin.identity import Identity
from sandbox.microsoft_standin.troubles import GRAPH, error_body

MOST_SCHEDULES = 20
LONGEST = timedelta(days=62)
_BY_PROPERTY = re.compile(r"singleValueExtendedProperties/Any\(ep: ep/id eq '([^']+)' and ep/value eq '([^']+)'\)")
_DIGITS = {"free": "0", "tentative": "1", "busy": "2", "oof": "3", "workingElsewhere": "4"}
_IDS = re.compile(r"id eq '([^']+)'")
_EXPANDABLE = "singleValueExtendedProperties"

Handler = Callable[[Request, Mailbox], Awaitable[Response]]


class GraphApi:
    """Routes below /v1.0. Every request needs a token of the identity platform's."""

    def __init__(self, office: Office, identity: Identity) -> None:
        self._office = office
        self._identity = identity

    def routes(self) -> list[Route]:
        calendar = f"{GRAPH}/me/calendars/{{calendar:path}}"
        return [
            self._route(f"{GRAPH}/me", self.me, "GET", mailbox=False),
            self._route(f"{GRAPH}/me/calendars", self.calendars, "GET"),
            self._route(f"{GRAPH}/me/calendar", self.default_calendar, "GET"),
            self._route(f"{GRAPH}/me/calendarView", self.view, "GET"),
            self._route(f"{GRAPH}/me/calendar/getSchedule", self.schedules, "POST"),
            self._route(f"{calendar}/calendarView", self.view, "GET"),
            self._route(f"{calendar}/events", self.find, "GET"),
            self._route(f"{calendar}/events", self.create, "POST"),
            self._route(f"{GRAPH}/me/events", self.find, "GET"),
            self._route(f"{GRAPH}/me/events", self.create, "POST"),
            self._route(f"{GRAPH}/me/events/{{event:path}}/cancel", self.cancel, "POST"),
            self._route(f"{GRAPH}/me/events/{{event:path}}", self.get, "GET"),
            self._route(f"{GRAPH}/me/events/{{event:path}}", self.change, "PATCH"),
            self._route(f"{GRAPH}/me/events/{{event:path}}", self.delete, "DELETE"),
            self._route(f"{GRAPH}/places/microsoft.graph.room", self.rooms, "GET", scope="Place.Read.All"),
        ]

    def _route(
        self, path: str, handler: Handler, method: str, *, scope: str = "Calendars.ReadWrite", mailbox: bool = True
    ) -> Route:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request, self._admitted(request, scope, mailbox=mailbox))
            except Refusal as refusal:
                return Response(
                    error_body(refusal.code, refusal.message), refusal.status, media_type="application/json"
                )

        return Route(path, answer, methods=[method], name=f"{method} {path}")

    def _admitted(self, request: Request, scope: str, *, mailbox: bool) -> Mailbox:
        owner, granted = self._identity.bearer(request.headers.get("authorization", ""))
        if scope not in granted:
            raise Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        if mailbox and not owner.in_cloud:
            raise Refusal(404, "MailboxNotEnabledForRESTAPI", "The mailbox is hosted on-premise.")
        return owner

    # --- people and places ---

    async def me(self, _request: Request, mailbox: Mailbox) -> Response:
        known = {"id": mailbox.id, "displayName": mailbox.name, "mail": mailbox.address}
        return JSONResponse({**known, "userPrincipalName": mailbox.address})

    async def rooms(self, request: Request, _mailbox: Mailbox) -> Response:
        rooms = [
            {"id": room.id, "displayName": room.name, "emailAddress": room.address, "bookingType": "standard"}
            for room in self._office.directory.rooms()
        ]
        return self._page(request, rooms)

    # --- calendars ---

    async def calendars(self, request: Request, mailbox: Mailbox) -> Response:
        return self._page(request, [_calendar(mailbox, calendar) for calendar in mailbox.calendars])

    async def default_calendar(self, _request: Request, mailbox: Mailbox) -> Response:
        return JSONResponse(_calendar(mailbox, mailbox.default))

    async def view(self, request: Request, mailbox: Mailbox) -> Response:
        calendar = self._calendar(request, mailbox)
        try:
            start, end = (_utc(request.query_params[name]) for name in ("startDateTime", "endDateTime"))
        except (KeyError, ValueError):
            raise Refusal(400, "ErrorInvalidParameter") from None
        found = self._office.directory.shown(mailbox, calendar.id, start, end)
        return self._page(request, [self._selected(request, mailbox, event) for event in found])

    async def schedules(self, request: Request, mailbox: Mailbox) -> Response:
        sent = await request.json()
        start, end = (_utc(sent[name]["dateTime"]) for name in ("startTime", "endTime"))
        if mailbox.tenant == PERSONAL_TENANT:
            raise Refusal(405, "ErrorNotSupported")
        if len(sent["schedules"]) > MOST_SCHEDULES:
            raise Refusal(400, "ErrorInvalidParameter")
        if end - start >= LONGEST:
            raise Refusal(400, "ErrorTimeIntervalTooBig")
        step = timedelta(minutes=sent.get("availabilityViewInterval", 30))
        return JSONResponse({"value": [self._schedule(address, start, end, step) for address in sent["schedules"]]})

    def _schedule(self, address: str, start: datetime, end: datetime, step: timedelta) -> dict[str, Any]:
        mailbox = self._office.directory.mailboxes.get(address.lower())
        if mailbox is None:
            message = "Unable to resolve e-mail address to an Active Directory object."
            error = {"message": message, "responseCode": "ErrorMailRecipientNotFound"}
            return {"scheduleId": address, "availabilityView": "", "error": error}
        if not mailbox.readable:
            error = {"message": "Mailbox is not reachable.", "responseCode": "ErrorMailboxFailover"}
            return {"scheduleId": address, "availabilityView": "", "error": error}
        shown = self._office.directory.shown(mailbox, mailbox.default.id, start, end)
        items = [self._item(mailbox, event) for event in shown]
        return {"scheduleId": address, "availabilityView": _view(items, start, end, step), "scheduleItems": items}

    def _item(self, mailbox: Mailbox, event: Event) -> dict[str, Any]:
        private = event.content.get("sensitivity") in ("private", "confidential")
        shown = mailbox.shares_titles and not private
        return {
            "status": event.content.get("showAs", "busy"),
            "isPrivate": private,
            **({"subject": event.content.get("subject", "")} if shown else {}),
            **self._office.stamps(event),
        }

    # --- events ---

    async def find(self, request: Request, mailbox: Mailbox) -> Response:
        calendar = self._calendar(request, mailbox)
        wanted = request.query_params.get("$filter")
        by = _BY_PROPERTY.fullmatch(wanted) if wanted is not None else None
        if wanted is not None and by is None:
            raise Refusal(400, "ErrorInvalidUrlQueryFilter")
        events = [event for event in mailbox.events.values() if event.calendar_id == calendar.id]
        found = [event for event in events if by is None or event.properties.get(by[1]) == by[2]]
        for event in found:
            self._office.seen(event)
        return self._page(request, [self._selected(request, mailbox, event) for event in found])

    async def create(self, request: Request, mailbox: Mailbox) -> Response:
        event = self._office.create(mailbox, self._calendar(request, mailbox), await _sent(request))
        return JSONResponse(self._office.told(mailbox, event), 201)

    async def get(self, request: Request, mailbox: Mailbox) -> Response:
        event = _event(request, mailbox)
        self._office.seen(event)
        return JSONResponse(self._selected(request, mailbox, event))

    async def change(self, request: Request, mailbox: Mailbox) -> Response:
        event = _event(request, mailbox)
        changed = self._office.change(mailbox, event, await _sent(request), request.headers.get("if-match"))
        return JSONResponse(self._office.told(mailbox, changed))

    async def cancel(self, request: Request, mailbox: Mailbox) -> Response:
        self._office.cancel(mailbox, _event(request, mailbox), str((await _sent(request)).get("comment") or ""))
        return Response(status_code=202)

    async def delete(self, request: Request, mailbox: Mailbox) -> Response:
        self._office.delete(mailbox, _event(request, mailbox))
        return Response(status_code=204)

    # --- inside ---

    def _calendar(self, request: Request, mailbox: Mailbox) -> Calendar:
        found = mailbox.calendar(request.path_params.get("calendar"))
        if found is None:
            raise Refusal(404, "ErrorItemNotFound")
        return found

    def _selected(self, request: Request, mailbox: Mailbox, event: Event) -> dict[str, Any]:
        """The fields that were asked for; our properties only when they are."""
        told = self._office.told(mailbox, event)
        if "$select" in request.query_params:
            kept = {"@odata.etag", "id", *request.query_params["$select"].split(",")}
            told = {name: value for name, value in told.items() if name in kept}
        expand = request.query_params.get("$expand", "")
        if expand.startswith(_EXPANDABLE):
            ids = _IDS.findall(expand)
            found = [{"id": i, "value": value} for i, value in event.properties.items() if i in ids]
            told |= {_EXPANDABLE: found} if found else {}
        return told

    def _page(self, request: Request, items: Sequence[Mapping[str, Any]]) -> Response:
        """`$top` objects (10 unless told), and the way to the next ones."""
        try:
            top, skip = (int(request.query_params.get(name, usual)) for name, usual in (("$top", 10), ("$skip", 0)))
        except ValueError:
            raise Refusal(400, "ErrorInvalidParameter") from None
        answer: dict[str, Any] = {"value": list(items[skip : skip + top])}
        if len(items) > skip + top:
            following = request.url.include_query_params(**{"$skip": skip + top})
            answer["@odata.nextLink"] = str(following)
        return JSONResponse(answer)


def _view(items: Sequence[Mapping[str, Any]], start: datetime, end: datetime, step: timedelta) -> str:
    """One digit per step: the most that stands in it."""
    spans = [(_utc(i["start"]["dateTime"]), _utc(i["end"]["dateTime"]), _DIGITS.get(i["status"], "0")) for i in items]
    digits = []
    while start < end:
        digits.append(max((digit for a, z, digit in spans if a < start + step and start < z), default="0"))
        start += step
    return "".join(digits)


def _event(request: Request, mailbox: Mailbox) -> Event:
    found = mailbox.events.get(request.path_params["event"])
    if found is None:
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return found


async def _sent(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.body() or b"{}")
    except ValueError:
        raise Refusal(400, "BadRequest") from None
    if not isinstance(found, dict):
        raise Refusal(400, "BadRequest")
    return found


def _calendar(mailbox: Mailbox, calendar: Calendar) -> dict[str, Any]:
    return {
        "id": calendar.id,
        "name": calendar.name,
        "canEdit": calendar.editable,
        "isDefaultCalendar": calendar.default,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"] if calendar.teams else [],
        "defaultOnlineMeetingProvider": "teamsForBusiness" if calendar.teams else "unknown",
        "owner": {"name": mailbox.name, "address": mailbox.address},
    }


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

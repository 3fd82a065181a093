"""What happens to an event: rooms answer, Meet links come a little later, and mails would go out."""

from datetime import datetime
from typing import Any

from sandbox.google_standin.accounts import Accounts, Calendar, Event, Sent, moment
from sandbox.google_standin.answers import Refusal


class Changes:
    """Inserts, patches and deletes. `meet_after` is how many looks at an event its Meet link takes."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.meet_after = 1
        self.has_meet = True

    def insert(self, calendar: Calendar, body: dict[str, Any], updates: bool, conferences: bool) -> Event:
        content = {name: value for name, value in body.items() if name != "conferenceData"}
        self._check(content, calendar)
        content["attendees"] = [self._invited(attendee, content, calendar) for attendee in _attendees(body)]
        wanted = self._meet(body) if conferences else None
        event = self._accounts.add_event(calendar, content)
        if wanted is not None:
            self._begin_meet(event, wanted)
        self._mail("invitation" if updates else "", event)
        return event

    def patch(self, calendar: Calendar, event: Event, body: dict[str, Any], updates: bool, conferences: bool) -> None:
        changed = _merged({k: v for k, v in event.items() if k not in ("conferenceData", "attendees")}, {
            name: value for name, value in body.items() if name not in ("conferenceData", "attendees", "id")
        })  # fmt: skip
        self._check(changed, calendar)
        wanted = self._meet(body) if conferences else None
        attendees = event.get("attendees", [])
        if "attendees" in body:
            attendees = [self._invited(attendee, changed, calendar, event) for attendee in _attendees(body)]
        if any(changed[name] != event[name] for name in ("start", "end")):
            changed["sequence"] = event["sequence"] + 1
        kept = {name: event[name] for name in ("conferenceData", "hangoutLink", "_looks") if name in event}
        event.clear()
        event.update({k: v for k, v in changed.items() if v not in ("", None)} | kept)
        if attendees:
            event["attendees"] = attendees
        if wanted is not None:
            self._begin_meet(event, wanted)
        self._accounts.touch(event)
        self._mail("update" if updates else "", event)

    def delete(self, event: Event, updates: bool) -> None:
        event["status"] = "cancelled"
        self._accounts.touch(event)
        self._mail("cancellation" if updates else "", event)

    def looked_at(self, event: Event) -> None:
        """Time passes: a Meet link that was asked for is there after some looks."""
        request = event.get("conferenceData", {}).get("createRequest", {})
        if request.get("status", {}).get("statusCode") != "pending":
            return
        event["_looks"] = event.get("_looks", 0) + 1
        if event["_looks"] >= self.meet_after:
            self._finish_meet(event)
            self._accounts.touch(event)

    def _check(self, content: dict[str, Any], calendar: Calendar) -> None:
        try:
            start, end = moment(content["start"], calendar.zone), moment(content["end"], calendar.zone)
        except (KeyError, TypeError, ValueError):
            raise Refusal(400, "required", "Missing start or end time.") from None
        if end < start:
            raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.")
        for attendee in _attendees(content):
            if "@" not in str(attendee.get("email", "")):
                raise Refusal(400, "invalid", "Invalid attendee email.")

    def _invited(
        self, attendee: dict[str, Any], content: dict[str, Any], calendar: Calendar, event: Event | None = None
    ) -> dict[str, Any]:
        """A room says yes when it is free; people have not answered yet."""
        email = str(attendee["email"])
        answer = attendee.get("responseStatus", "needsAction")
        if email in self._accounts.rooms:
            start, end = moment(content["start"], calendar.zone), moment(content["end"], calendar.zone)
            own = _span(event, calendar) if event is not None else None
            taken = any(s < end and start < e for s, e in self._accounts.busy(email) if (s, e) != own)
            answer = "declined" if taken else "accepted"
        organizer = {"organizer": True} if email == calendar.owner else {}
        return {**attendee, "responseStatus": answer, **organizer}

    def _meet(self, body: dict[str, Any]) -> dict[str, Any] | None:
        request = (body.get("conferenceData") or {}).get("createRequest")
        if request is not None and not self.has_meet:
            raise Refusal(400, "invalid", "Invalid conference type value.")
        return request

    def _begin_meet(self, event: Event, request: dict[str, Any]) -> None:
        event["conferenceData"] = {"createRequest": {**request, "status": {"statusCode": "pending"}}}
        event["_looks"] = 0
        if self.meet_after == 0:
            self._finish_meet(event)

    @staticmethod
    def _finish_meet(event: Event) -> None:
        link = f"https://meet.google.com/{event['id'][2:5]}-{event['id'][5:9]}-{event['id'][9:12]}"
        data = event["conferenceData"]
        data["createRequest"]["status"]["statusCode"] = "success"
        data["entryPoints"] = [{"entryPointType": "video", "uri": link, "label": link.removeprefix("https://")}]
        data["conferenceSolution"] = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"}
        data["conferenceId"] = link.rsplit("/", 1)[1]
        event["hangoutLink"] = link

    def _mail(self, kind: str, event: Event) -> None:
        if kind:
            people = [a["email"] for a in event.get("attendees", ()) if not a.get("organizer")]
            self._accounts.sent += [Sent(kind, email, event["id"]) for email in people]


def _attendees(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = body.get("attendees") or []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Refusal(400, "invalid", "Invalid attendees.")
    return found


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """PATCH semantics: objects are merged, everything else is replaced, null removes."""
    found = dict(old)
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(found.get(name), dict):
            found[name] = _merged(found[name], value)
        elif value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def _span(event: Event, calendar: Calendar) -> tuple[datetime, datetime]:
    return moment(event["start"], calendar.zone), moment(event["end"], calendar.zone)

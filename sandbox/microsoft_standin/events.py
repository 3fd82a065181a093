"""What Graph says about an event, and what creating, changing and cancelling one does, copies and answers included."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

from sandbox.microsoft_standin.directory import Calendar, Directory, Event, Mailbox

RULE = "_" * 80
BLOB = f'<div><span>{RULE}</span></div><div class="me-email-text"><a href="{{url}}">Join the meeting now</a></div>'


class Refusal(Exception):
    """Graph says no."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or "The request was refused."


class Office:
    """The directory as Exchange runs it.

    `links_late` and `rooms_late` count the reads until a link or a room's answer shows; `zones` are the names that the
    server knows, `strange_zones` those whose clock it takes for another's.
    """

    def __init__(self, directory: Directory, url: str) -> None:
        self.directory = directory
        self.url = url
        self.links_late = 0
        self.rooms_late = 0
        self.zones = self.all_zones = frozenset(win_tz)
        self.strange_zones: dict[str, str] = {}
        self._reads: dict[str, int] = {}
        self._by_transaction: dict[tuple[str, str], str] = {}

    def reset(self) -> None:
        """Nothing is late or strange."""
        self.links_late = self.rooms_late = 0
        self.zones = self.all_zones
        self.strange_zones.clear()

    # --- doing ---

    def create(self, mailbox: Mailbox, calendar: Calendar, sent: Mapping[str, Any]) -> Event:
        """A new event, or the one that this transaction made before."""
        transaction = (mailbox.address, str(sent.get("transactionId")))
        known = mailbox.events.get(self._by_transaction.get(transaction, ""))
        if sent.get("transactionId") and known is not None:
            return known
        if not calendar.editable:
            raise Refusal(403, "ErrorAccessDenied")
        start, end = self._times(sent)
        event = Event(
            id=self.directory.new_id(),
            uid=f"040000008200E00074C5B7101A82E008{uuid.uuid4().hex.upper()}",
            calendar_id=calendar.id,
            start=start,
            end=end,
            content=_content(sent) | _zones(sent),
            properties=_properties(sent),
            organizer=mailbox.address,
        )
        self._hold_online(event, calendar)
        self.directory.keep(mailbox, event)
        if sent.get("transactionId"):
            self._by_transaction[transaction] = event.id
        self._invite(event, _attendees(event.content), "REQUEST")
        return event

    def change(self, mailbox: Mailbox, event: Event, sent: Mapping[str, Any], etag: str | None) -> Event:
        """A PATCH. Replacing the text of an online meeting without its part ends the meeting, as it really does."""
        if etag is not None and etag != event.etag:
            raise Refusal(412, "ErrorIrresolvableConflict")
        if "transactionId" in sent:
            raise Refusal(400, "ErrorInvalidPropertySet")
        before = set(_attendees(event.content))
        moved = "start" in sent or "end" in sent
        if moved:
            event.start, event.end = self._times({**self.stamps(event), **sent})
        event.content |= _content(sent) | _zones(sent)
        event.properties |= _properties(sent)
        calendar = next(c for c in mailbox.calendars if c.id == event.calendar_id)
        if "body" in sent and event.join_url and RULE not in str(event.content["body"].get("content")):
            event.join_url = None
            event.content["isOnlineMeeting"] = False
        elif sent.get("isOnlineMeeting") and event.join_url is None:
            self._hold_online(event, calendar)
        event.version += 1
        after = _attendees(event.content)
        told = after if moved or set(sent) & {"subject", "body", "location"} else [a for a in after if a not in before]
        self._invite(event, told, "REQUEST")
        self._uninvite(event, [address for address in before if address not in after], "")
        return event

    def cancel(self, mailbox: Mailbox, event: Event, comment: str) -> None:
        """The organizer calls a meeting off: everybody is told, and it is gone from every calendar."""
        attendees = _attendees(event.content)
        if not attendees or event.organizer != mailbox.address:
            raise Refusal(400, "ErrorInvalidRequest", "You need to be the organizer of a meeting to cancel it.")
        self._uninvite(event, attendees, comment)
        del mailbox.events[event.id]

    def delete(self, mailbox: Mailbox, event: Event) -> None:
        """Gone; attendees are told without words."""
        if event.organizer == mailbox.address:
            self._uninvite(event, _attendees(event.content), "")
        del mailbox.events[event.id]

    def respond(self, organizer: str, event: Event, address: str, response: str) -> None:
        """An attendee answers: `accepted`, `declined`, `tentativelyAccepted`."""
        self.directory.mailboxes[organizer].events[event.id].responses[address] = response
        event.version += 1

    # --- telling ---

    def seen(self, event: Event) -> None:
        """Count a read: what is late comes nearer."""
        self._reads[event.id] = reads = self._reads.get(event.id, 0) + 1
        if event.late_responses and reads >= self.rooms_late:
            event.responses |= event.late_responses
            event.late_responses = {}
            event.version += 1

    def stamps(self, event: Event) -> dict[str, Any]:
        """Start and end in UTC; days without a clock as midnight."""
        return {
            name: {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
            for name, moment in (("start", event.start), ("end", event.end))
        }

    def told(self, mailbox: Mailbox, event: Event) -> dict[str, Any]:
        """The event as Graph's JSON."""
        content = event.content
        linked = event.join_url is not None and self._reads.get(event.id, 0) >= self.links_late
        organizer = self.directory.mailboxes.get(event.organizer)
        return {
            "@odata.etag": event.etag,
            "id": event.id,
            "createdDateTime": f"{event.created:%Y-%m-%dT%H:%M:%SZ}",
            "lastModifiedDateTime": f"{event.created:%Y-%m-%dT%H:%M:%SZ}",
            "changeKey": event.change_key,
            "iCalUId": event.uid,
            "subject": content.get("subject", ""),
            "body": content.get("body", {"contentType": "text", "content": ""}),
            "location": {"locationType": "default", **content.get("location", {"displayName": ""})},
            "isAllDay": content.get("isAllDay", False),
            "isCancelled": event.cancelled,
            "isOrganizer": event.organizer == mailbox.address,
            "isReminderOn": content.get("isReminderOn", True),
            "reminderMinutesBeforeStart": content.get("reminderMinutesBeforeStart", 15),
            "showAs": content.get("showAs", "busy"),
            "sensitivity": content.get("sensitivity", "normal"),
            "type": "singleInstance",
            "responseStatus": {"response": event.response, "time": "0001-01-01T00:00:00Z"},
            "organizer": {
                "emailAddress": {"address": event.organizer, "name": organizer.name if organizer else event.organizer}
            },
            "attendees": [_with_status(item, event) for item in content.get("attendees", [])],
            "isOnlineMeeting": bool(event.join_url),
            "onlineMeetingProvider": "teamsForBusiness" if event.join_url else "unknown",
            "onlineMeeting": {"joinUrl": event.join_url} if linked else None,
            "webLink": f"{self.url}/calendar/item/{event.change_key.rstrip('=')}",
            "originalStartTimeZone": content.get("originalStartTimeZone", "UTC"),
            "originalEndTimeZone": content.get("originalEndTimeZone", "UTC"),
            **({"transactionId": content["transactionId"]} if content.get("transactionId") else {}),
            **self.stamps(event),
        }

    # --- inside ---

    def _times(self, sent: Mapping[str, Any]) -> tuple[datetime, datetime]:
        start, end = (self._moment(sent.get(name)) for name in ("start", "end"))
        if end < start:
            raise Refusal(400, "ErrorPropertyValidationFailure")
        return start, end

    def _moment(self, stamp: object) -> datetime:
        if not isinstance(stamp, Mapping):
            raise Refusal(400, "ErrorPropertyValidationFailure")
        name = str(stamp.get("timeZone"))
        try:
            known = {name: win_tz[name] for name in self.zones} | {"UTC": "UTC"} | self.strange_zones
            zone = ZoneInfo(known[name])
            return datetime.fromisoformat(str(stamp.get("dateTime"))).replace(tzinfo=zone).astimezone(UTC)
        except (KeyError, ZoneInfoNotFoundError):
            raise Refusal(400, "TimeZoneNotSupportedException") from None
        except ValueError:
            raise Refusal(400, "ErrorPropertyValidationFailure") from None

    def _hold_online(self, event: Event, calendar: Calendar) -> None:
        if not event.content.get("isOnlineMeeting") or not calendar.teams:
            return
        event.join_url = f"https://teams.example/l/meetup-join/{uuid.uuid4().hex}"
        words = str(event.content.get("body", {}).get("content", ""))
        event.content["body"] = {"contentType": "html", "content": words + BLOB.format(url=event.join_url)}

    def _invite(self, event: Event, addresses: list[str], kind: str) -> None:
        """Mails to all, copies into the mailboxes that are here; rooms answer by themselves."""
        self.directory.mail(kind, event, addresses)
        for address in addresses:
            mailbox = self.directory.mailboxes.get(address)
            if mailbox is None:
                continue
            copy = next((e for e in mailbox.events.values() if e.uid == event.uid), None)
            others = [
                e for e in mailbox.between(mailbox.default.id, event.start, event.end)
                if e.uid != event.uid and e.content.get("showAs") != "free"
            ]  # fmt: skip
            if mailbox.room:
                (event.late_responses if self.rooms_late else event.responses)[address] = (
                    "declined" if others else "accepted"
                )
                if others:
                    continue
            if copy is not None:
                copy.start, copy.end = event.start, event.end
                continue
            content = event.content | {"showAs": "busy" if mailbox.room else "tentative"}
            copied = Event(
                id=self.directory.new_id(),
                uid=event.uid,
                calendar_id=mailbox.default.id,
                start=event.start,
                end=event.end,
                content=content,
                organizer=event.organizer,
                response="accepted" if mailbox.room else "notResponded",
            )
            mailbox.events[copied.id] = copied

    def _uninvite(self, event: Event, addresses: list[str], comment: str) -> None:
        self.directory.mail("CANCEL", event, addresses, comment)
        for address in addresses:
            mailbox = self.directory.mailboxes.get(address)
            if mailbox is not None:
                mailbox.events = {k: e for k, e in mailbox.events.items() if e.uid != event.uid}


def _content(sent: Mapping[str, Any]) -> dict[str, Any]:
    apart = {"start", "end", "singleValueExtendedProperties"}
    return {name: value for name, value in sent.items() if name not in apart}


def _zones(sent: Mapping[str, Any]) -> dict[str, str]:
    """The zones that an event was put into, which the server keeps beside the moments."""
    names = {"start": "originalStartTimeZone", "end": "originalEndTimeZone"}
    return {kept: str(sent[name]["timeZone"]) for name, kept in names.items() if name in sent}


def _properties(sent: Mapping[str, Any]) -> dict[str, str]:
    return {item["id"]: item["value"] for item in sent.get("singleValueExtendedProperties", [])}


def _attendees(content: Mapping[str, Any]) -> list[str]:
    return [str(item["emailAddress"]["address"]).lower() for item in content.get("attendees", [])]


def _with_status(item: Mapping[str, Any], event: Event) -> dict[str, Any]:
    address = str(item["emailAddress"]["address"]).lower()
    response = event.responses.get(address, "none")
    return {**item, "status": {"response": response, "time": "0001-01-01T00:00:00Z"}}

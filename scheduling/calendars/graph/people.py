"""Attendees and places of an event as Microsoft Graph has them. Rooms are attendees of the type resource."""

from collections.abc import Mapping, Sequence

from scheduling.calendars.base import Attendee, AttendeeRole, EventSpec

_TYPES = {AttendeeRole.REQUIRED: "required", AttendeeRole.OPTIONAL: "optional", AttendeeRole.ROOM: "resource"}
_RESPONSES = {"accepted": "accepted", "declined": "declined", "tentativelyAccepted": "tentative"}


def attendees_of(spec: EventSpec) -> list[dict[str, object]]:
    """Everybody that Graph invites."""
    return [
        {"emailAddress": {"address": attendee.address, "name": attendee.name}, "type": _TYPES[attendee.role]}
        for attendee in spec.attendees
    ]


def merged_attendees(present: object, wanted: Sequence[Mapping[str, object]], ours: object) -> dict[str, object]:
    """`attendees` for a change, or nothing if they are as wanted already.

    Those that we did not invite (`ours` lists whom we did) were added by hand and stay.
    """
    now = [item for item in present if isinstance(item, Mapping)] if isinstance(present, list) else []
    mine = {str(address) for address in ours} if isinstance(ours, list) else set()
    asked = {address_of(item) for item in wanted}
    by_hand = [item for item in now if address_of(item) not in mine | asked]
    kept = [{key: item[key] for key in ("emailAddress", "type") if key in item} for item in by_hand]
    if {_who(item) for item in now} == {_who(item) for item in [*wanted, *kept]}:
        return {}
    return {"attendees": [*wanted, *kept]}


def responses_of(attendees: object) -> dict[str, str]:
    """Address to accepted, declined, tentative or none."""
    found: dict[str, str] = {}
    for item in attendees if isinstance(attendees, list) else []:
        status = item.get("status") if isinstance(item, Mapping) else None
        response = status.get("response") if isinstance(status, Mapping) else None
        if isinstance(item, Mapping) and (address := address_of(item)):
            found[address] = _RESPONSES.get(str(response), "none")
    return found


def address_of(item: Mapping[str, object]) -> str:
    """An attendee's address in lower case, empty when there is none."""
    email = item.get("emailAddress")
    address = email.get("address") if isinstance(email, Mapping) else None
    return address.lower() if isinstance(address, str) else ""


def location_of(spec: EventSpec) -> dict[str, object]:
    """The place in words; else the room, with the address that books it."""
    rooms = [attendee for attendee in spec.attendees if attendee.role is AttendeeRole.ROOM]
    if not spec.location and rooms:
        return _room(rooms[0])
    return {"displayName": spec.location}


def _room(room: Attendee) -> dict[str, object]:
    return {"displayName": room.name, "locationEmailAddress": room.address, "locationType": "conferenceRoom"}


def _who(item: Mapping[str, object]) -> tuple[str, object]:
    return address_of(item), item.get("type")

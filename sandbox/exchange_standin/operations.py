"""Every operation of the stand-in but those on items, and the table of all."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from lxml.etree import _Element as Xml

from sandbox.exchange_standin import items
from sandbox.exchange_standin.mailboxes import Directory, Item, Mailbox, moment
from sandbox.exchange_standin.soap import M, T, answer, element, message

MOST_DAYS = 42
MOST_MAILBOXES = 100
_DIGITS = {"Free": "0", "Tentative": "1", "Busy": "2", "OOF": "3", "WorkingElsewhere": "4", "NoData": "4"}

Operation = Callable[[Xml, Directory, Mailbox], Xml]


def get_folder(request: Xml, directory: Directory, user: Mailbox) -> Xml:
    """Calendar folders only."""

    def answers() -> Iterator[Xml]:
        for folder in request.find(f"{M}FolderIds"):
            owner = items.folder_owner(folder, directory, user)
            if isinstance(owner, str):
                yield message("GetFolder", element(f"{M}Folders"), code=owner)
                continue
            rights = [element(f"{T}{name}", text="true") for name in ("CreateAssociated", "CreateContents")]
            rights += [element(f"{T}{name}", text="true") for name in ("CreateHierarchy", "Delete", "Modify", "Read")]
            shown = [element(f"{T}FolderId", Id=owner.calendar_id, ChangeKey="AQ==")]
            shown.append(element(f"{T}DisplayName", text="Calendar"))
            if any("EffectiveRights" in uri.get("FieldURI", "") for uri in request.iter(f"{T}FieldURI")):
                shown.append(element(f"{T}EffectiveRights", *rights))
            yield message("GetFolder", element(f"{M}Folders", element(f"{T}CalendarFolder", *shown)))

    return answer("GetFolder", *answers())


def get_server_time_zones(request: Xml, directory: Directory, user: Mailbox) -> Xml:
    """Only names and, for UTC, the one period: nobody here computes with the others."""
    ids = [found.text or "" for found in request.iter(f"{T}Id")] or ["UTC"]
    period = element(f"{T}Period", Bias="PT0S", Name="Standard", Id="trule:Standard")
    group = element(f"{T}TransitionsGroup", _to("trule:Standard", "Period"), Id="0")
    full = (element(f"{T}Periods", period), element(f"{T}TransitionsGroups", group))
    last = element(f"{T}Transitions", _to("0", "Group"))
    detail = request.get("ReturnFullTimeZoneData") == "true"
    zones = [element(f"{T}TimeZoneDefinition", *((*full, last) if detail else ()), Id=i, Name=i) for i in ids]
    return answer("GetServerTimeZones", message("GetServerTimeZones", element(f"{M}TimeZoneDefinitions", *zones)))


def _to(target: str, kind: str) -> Xml:
    return element(f"{T}Transition", element(f"{T}To", text=target, Kind=kind))


def get_room_lists(request: Xml, directory: Directory, user: Mailbox) -> Xml:
    lists = [_mailbox("Address", address, address.partition("@")[0]) for address in directory.room_lists]
    return _plain("GetRoomLists", element(f"{M}RoomLists", *lists))


def get_rooms(request: Xml, directory: Directory, user: Mailbox) -> Xml:
    wanted = (request.findtext(f"{M}RoomList/{T}EmailAddress") or "").lower()
    if wanted not in directory.room_lists:
        refused = (element(f"{M}MessageText", text="none"), element(f"{M}ResponseCode", text="ErrorInvalidRoomList"))
        return element(f"{M}GetRoomsResponse", *refused, ResponseClass="Error")
    found = [directory.mailboxes[address] for address in directory.room_lists[wanted]]
    rooms = [element(f"{T}Room", _mailbox("Id", room.address, room.name)) for room in found]
    return _plain("GetRooms", element(f"{M}Rooms", *rooms))


def _mailbox(tag: str, address: str, name: str) -> Xml:
    return element(
        f"{T}{tag}",
        element(f"{T}Name", text=name),
        element(f"{T}EmailAddress", text=address),
        element(f"{T}RoutingType", text="SMTP"),
        element(f"{T}MailboxType", text="Mailbox" if tag == "Id" else "PublicDL"),
    )


def _plain(operation: str, content: Xml) -> Xml:
    """An answer without a list of messages."""
    done = element(f"{M}ResponseCode", text="NoError")
    return element(f"{M}{operation}Response", done, content, ResponseClass="Success")


# --- free/busy ---


def get_user_availability(request: Xml, directory: Directory, user: Mailbox) -> Xml:
    """One view per mailbox, in the order asked."""
    options = request.find(f"{T}FreeBusyViewOptions")
    start = moment(options.findtext(f"{T}TimeWindow/{T}StartTime"))
    end = moment(options.findtext(f"{T}TimeWindow/{T}EndTime"))
    minutes = int(options.findtext(f"{T}MergedFreeBusyIntervalInMinutes") or "30")
    asked = [found.text.lower() for found in request.iter(f"{T}Address") if found.text]
    if len(asked) > MOST_MAILBOXES:
        codes = ["ErrorMailboxDataArrayTooBig"] * len(asked)
        return _availability([_refused(code) for code in codes])
    if end - start > timedelta(days=MOST_DAYS):
        return _availability([_refused("ErrorTimeIntervalTooBig") for _ in asked])
    return _availability([_view(directory.mailboxes.get(address), start, end, minutes) for address in asked])


def _availability(responses: list[Xml]) -> Xml:
    return element(f"{M}GetUserAvailabilityResponse", element(f"{M}FreeBusyResponseArray", *responses))


def _refused(code: str) -> Xml:
    parts = (element(f"{M}MessageText", text=code), element(f"{M}ResponseCode", text=code))
    said = element(f"{M}ResponseMessage", *parts, element(f"{M}DescriptiveLinkKey", text="0"), ResponseClass="Error")
    nothing = element(f"{M}FreeBusyView", element(f"{T}FreeBusyViewType", text="None"))
    return element(f"{M}FreeBusyResponse", said, nothing)


def _view(mailbox: Mailbox | None, start: datetime, end: datetime, minutes: int) -> Xml:
    if mailbox is None:
        return _refused("ErrorMailRecipientNotFound")
    if mailbox.shows == "denied":
        return _refused("ErrorNoFreeBusyAccess")
    found = [item for item in mailbox.during(start, end) if item.text("MyResponseType") != "Decline"]
    shows = mailbox.shows
    kind = {"Detailed": "DetailedMerged", "FreeBusy": "FreeBusyMerged"}.get(shows, shows)
    parts = [element(f"{T}FreeBusyViewType", text=kind)]
    if shows != "None":
        parts.append(element(f"{T}MergedFreeBusy", text=_merged(found, start, end, minutes)))
    if shows in ("Detailed", "FreeBusy"):
        events = [_event(item, detailed=shows == "Detailed") for item in found]
        parts += [element(f"{T}CalendarEventArray", *events)] if events else []
    done = element(f"{M}ResponseMessage", element(f"{M}ResponseCode", text="NoError"), ResponseClass="Success")
    return element(f"{M}FreeBusyResponse", done, element(f"{M}FreeBusyView", *parts))


def _merged(found: list[Item], start: datetime, end: datetime, minutes: int) -> str:
    digits, step = [], timedelta(minutes=minutes)
    while start < end:
        over = [item for item in found if item.start < start + step and start < item.end]
        kinds = [item.text("LegacyFreeBusyStatus") or "Busy" for item in over]
        digits.append(max((_DIGITS[kind] for kind in kinds), default="0"))
        start += step
    return "".join(digits)


def _event(item: Item, *, detailed: bool) -> Xml:
    local = [f"{when:%Y-%m-%dT%H:%M:%S}" for when in (item.start, item.end)]  # in the zone of the request, which is UTC
    parts = [element(f"{T}StartTime", text=local[0]), element(f"{T}EndTime", text=local[1])]
    parts.append(element(f"{T}BusyType", text=item.text("LegacyFreeBusyStatus") or "Busy"))
    if detailed:
        private = item.text("Sensitivity") == "Private"
        shown = [element(f"{T}ID", text=item.id.encode().hex().upper())]
        shown += [] if private else [element(f"{T}Subject", text=item.text("Subject"))]
        flags = {"IsMeeting": False, "IsRecurring": False, "IsException": False, "IsReminderSet": False}
        shown += [element(f"{T}{name}", text="true" if on else "false") for name, on in flags.items()]
        shown.append(element(f"{T}IsPrivate", text="true" if private else "false"))
        parts.append(element(f"{T}CalendarEventDetails", *shown))
    return element(f"{T}CalendarEvent", *parts)


def _on_items(name: str, work: Callable[[Xml, Directory, Mailbox], Iterator[Xml]]) -> Operation:
    return lambda request, directory, user: answer(name, *work(request, directory, user))


OPERATIONS: dict[str, Operation] = {
    "GetFolder": get_folder,
    "FindItem": _on_items("FindItem", items.find_item),
    "GetItem": _on_items("GetItem", items.get_item),
    "CreateItem": _on_items("CreateItem", items.create_item),
    "UpdateItem": _on_items("UpdateItem", items.update_item),
    "DeleteItem": _on_items("DeleteItem", items.delete_item),
    "GetUserAvailability": get_user_availability,
    "GetServerTimeZones": get_server_time_zones,
    "GetRoomLists": get_room_lists,
    "GetRooms": get_rooms,
}
"""By the local name of the request; GetUserAvailability's ends in `Request` on the wire."""

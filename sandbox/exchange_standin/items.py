"""Operations on items: FindItem, GetItem, CreateItem, UpdateItem, DeleteItem."""

import copy
import secrets
from collections.abc import Iterator
from datetime import datetime

from lxml import etree
from lxml.etree import _Element as Xml

from sandbox.exchange_standin.mailboxes import GUEST_LISTS, Directory, Item, Mailbox, moment, new_id, utc
from sandbox.exchange_standin.soap import M, T, element, message

# The schema's order of what we keep; extended properties stand in the middle of it.
_BEFORE = ("ItemId", "ParentFolderId", "ItemClass", "Subject", "Sensitivity", "Body", "ReminderIsSet")
_AFTER_REMINDER = ("ReminderMinutesBeforeStart", "HasAttachments")
_CALENDAR = (
    *("UID", "Start", "End", "IsAllDayEvent", "LegacyFreeBusyStatus", "Location", "IsMeeting", "IsCancelled"),
    *("IsRecurring", "MeetingRequestWasSent", "IsResponseRequested", "CalendarItemType", "MyResponseType"),
    *("Organizer", "RequiredAttendees", "OptionalAttendees", "Resources", "StartTimeZone", "EndTimeZone"),
)
_DEFAULTS = {
    "IsAllDayEvent": "false",
    "LegacyFreeBusyStatus": "Busy",
    "Sensitivity": "Normal",
    "IsCancelled": "false",
    "IsRecurring": "false",
    "MyResponseType": "Organizer",
    "CalendarItemType": "Single",
}
_NOT_IN_FIND = frozenset({"Body", *GUEST_LISTS})
MOST_IN_VIEW = 1000


def find_item(request: Xml, directory: Directory, user: Mailbox) -> Iterator[Xml]:
    """Calendar views, and pages of what a restriction matches."""
    for folder in request.find(f"{M}ParentFolderIds"):
        owner = folder_owner(folder, directory, user)
        if isinstance(owner, str):
            yield message("FindItem", code=owner)
            continue
        view = request.find(f"{M}CalendarView")
        if view is not None:
            found = owner.during(moment(view.get("StartDate", "")), moment(view.get("EndDate", "")))
            if len(found) > MOST_IN_VIEW:
                yield message("FindItem", code="ErrorExceededFindCountLimit")
                continue
            page, last = found, True
        else:
            matching = [item for item in owner.items.values() if _matches(item, request.find(f"{M}Restriction"))]
            page, last = _page(matching, request.find(f"{M}IndexedPageItemView"))
            found = matching
        shown = [_shown(item, owner, request, find=True) for item in page]
        root = element(f"{M}RootFolder", element(f"{T}Items", *shown))
        root.set("TotalItemsInView", str(len(found)))
        root.set("IncludesLastItemInRange", "true" if last else "false")
        yield message("FindItem", root)


def _page(found: list[Item], view: Xml | None) -> tuple[list[Item], bool]:
    offset = int(view.get("Offset", "0")) if view is not None else 0
    size = int(view.get("MaxEntriesReturned", "1000")) if view is not None else 1000
    return found[offset : offset + size], offset + size >= len(found)


def _matches(item: Item, test: Xml | None) -> bool:
    if test is None:
        return True
    kind = etree.QName(test).localname
    parts = [part for part in test if isinstance(part.tag, str)]
    if kind in ("Restriction", "And"):
        return all(_matches(item, part) for part in parts)
    if kind == "Or":
        return any(_matches(item, part) for part in parts)
    if kind != "IsEqualTo":
        raise NotImplementedError(kind)
    wanted = test.find(f"{T}FieldURIOrConstant/{T}Constant").get("Value")
    extended = test.find(f"{T}ExtendedFieldURI")
    if extended is None:
        return bool(item.text(_local(test.find(f"{T}FieldURI"))) == wanted)
    stored = item.extended.get(_key(extended))
    return stored is not None and stored.findtext(f"{T}Value") == wanted


def get_item(request: Xml, directory: Directory, user: Mailbox) -> Iterator[Xml]:
    for wanted in request.find(f"{M}ItemIds"):
        found = directory.holder(wanted.get("Id", ""))
        if found is None or found[0] is not user:
            yield message("GetItem", element(f"{M}Items"), code="ErrorItemNotFound")
        else:
            yield message("GetItem", element(f"{M}Items", _shown(found[1], user, request, find=False)))


def create_item(request: Xml, directory: Directory, user: Mailbox) -> Iterator[Xml]:
    """New calendar items, and CancelCalendarItem, which is created too."""
    folder = request.find(f"{M}SavedItemFolderId")
    owner = folder_owner(folder[0], directory, user) if folder is not None else user
    for sent in request.find(f"{M}Items"):
        if etree.QName(sent).localname == "CancelCalendarItem":
            yield _cancel(sent, directory, user)
        elif isinstance(owner, str):
            yield message("CreateItem", element(f"{M}Items"), code=owner)
        else:
            yield _create(sent, directory, owner, request.get("SendMeetingInvitations", "SendToNone"))


def _create(sent: Xml, directory: Directory, owner: Mailbox, invites: str) -> Xml:
    item = Item(new_id(), {}, {})
    for part in sent:
        _write(item, part)
    if "UID" not in item.fields:
        item.put("UID", secrets.token_hex(28).upper())
    if item.end < item.start:
        return message("CreateItem", element(f"{M}Items"), code="ErrorCalendarEndDateIsEarlierThanStartDate")
    owner.items[item.id] = item
    if invites != "SendToNone":
        directory.invite(owner, item, "request")
    return message("CreateItem", element(f"{M}Items", element(f"{T}CalendarItem", _item_id(item))))


def _cancel(sent: Xml, directory: Directory, user: Mailbox) -> Xml:
    reference = sent.find(f"{T}ReferenceItemId")
    found = directory.holder(reference.get("Id", ""))
    if found is None or found[0] is not user:
        return message("CreateItem", element(f"{M}Items"), code="ErrorItemNotFound")
    if not found[1].guests:
        return message("CreateItem", element(f"{M}Items"), code="ErrorCalendarIsNotOrganizer")
    if reference.get("ChangeKey") != found[1].change_key:
        return message("CreateItem", element(f"{M}Items"), code="ErrorStaleObject")
    body = sent.findtext(f"{T}NewBodyContent") or ""
    directory.call_off(user, found[1], body)
    return message("CreateItem", element(f"{M}Items"))


def update_item(request: Xml, directory: Directory, user: Mailbox) -> Iterator[Xml]:
    never = request.get("ConflictResolution") == "NeverOverwrite"
    for change in request.find(f"{M}ItemChanges"):
        wanted = change.find(f"{T}ItemId")
        found = directory.holder(wanted.get("Id", ""))
        if found is None or found[0] is not user:
            yield message("UpdateItem", element(f"{M}Items"), code="ErrorItemNotFound")
            continue
        item = found[1]
        if never and wanted.get("ChangeKey") != item.change_key:
            yield message("UpdateItem", element(f"{M}Items"), code="ErrorIrresolvableConflict")
            continue
        for part in change.find(f"{T}Updates"):
            if etree.QName(part).localname == "SetItemField":
                _write(item, part[-1][0])
            else:
                _clear(item, part[0])
        item.change += 1
        if request.get("SendMeetingInvitationsOrCancellations", "SendToNone") != "SendToNone":
            directory.invite(user, item, "update")
        conflicts = element(f"{M}ConflictResults", element(f"{T}Count", text="0"))
        yield message("UpdateItem", element(f"{M}Items", element(f"{T}CalendarItem", _item_id(item))), conflicts)


def delete_item(request: Xml, directory: Directory, user: Mailbox) -> Iterator[Xml]:
    for wanted in request.find(f"{M}ItemIds"):
        found = directory.holder(wanted.get("Id", ""))
        if found is None or found[0] is not user:
            yield message("DeleteItem", code="ErrorItemNotFound")
            continue
        if request.get("SendMeetingCancellations", "SendToNone") == "SendToNone":
            del user.items[found[1].id]
        else:
            directory.call_off(user, found[1], "")
        yield message("DeleteItem")


# --- parts ---


def folder_owner(folder: Xml, directory: Directory, user: Mailbox) -> Mailbox | str:
    """Whose calendar a folder id means, or the code of why there is none."""
    if etree.QName(folder).localname == "DistinguishedFolderId":
        address = (folder.findtext(f"{T}Mailbox/{T}EmailAddress") or user.address).lower()
        owner = directory.mailboxes.get(address)
        if owner is None:
            return "ErrorNonExistentMailbox"
    else:
        owner = next((m for m in directory.mailboxes.values() if m.calendar_id == folder.get("Id")), None)
        if owner is None:
            return "ErrorFolderNotFound"
    return owner if owner is user else "ErrorAccessDenied"


def _write(item: Item, part: Xml) -> None:
    name = etree.QName(part).localname
    if name == "ExtendedProperty":
        item.extended[_key(part.find(f"{T}ExtendedFieldURI"))] = copy.deepcopy(part)
        return
    kept = copy.deepcopy(part)
    kept.tail = None
    if name in ("Start", "End"):
        kept.text = utc(moment(kept.text or ""))
    if name in GUEST_LISTS:
        for attendee in kept.iter(f"{T}Attendee"):
            kind = attendee.find(f"{T}ResponseType")
            if kind is not None:
                kind.text = "Unknown"
    item.fields[name] = kept


def _clear(item: Item, path: Xml) -> None:
    if etree.QName(path).localname == "ExtendedFieldURI":
        item.extended.pop(_key(path), None)
    else:
        item.fields.pop(_local(path), None)


def _key(uri: Xml) -> tuple[str, str]:
    return uri.get("PropertySetId", "").lower(), uri.get("PropertyName", "")


def _local(uri: Xml) -> str:
    return str(uri.get("FieldURI", "")).rpartition(":")[2]


def _item_id(item: Item) -> Xml:
    return element(f"{T}ItemId", Id=item.id, ChangeKey=item.change_key)


def _shown(item: Item, owner: Mailbox, request: Xml, *, find: bool) -> Xml:
    """The item with what the request asked for, in the schema's order."""
    wanted = {_local(uri) for uri in request.iter(f"{T}FieldURI")}
    keys = [_key(uri) for uri in request.find(f"{M}ItemShape").iter(f"{T}ExtendedFieldURI")]
    parts = [_item_id(item)]
    for name in (*_BEFORE[1:], *_AFTER_REMINDER):
        parts += _field(item, name, owner) if name in wanted and not (find and name in _NOT_IN_FIND) else []
    for key in keys:
        if key in item.extended:
            parts.append(copy.deepcopy(item.extended[key]))
    for name in _CALENDAR:
        parts += _field(item, name, owner) if name in wanted and not (find and name in _NOT_IN_FIND) else []
    return element(f"{T}CalendarItem", *parts)


def _field(item: Item, name: str, owner: Mailbox) -> list[Xml]:
    if name in item.fields:
        return [copy.deepcopy(item.fields[name])]
    if name in ("IsMeeting", "MeetingRequestWasSent"):
        return [element(f"{T}{name}", text="true" if item.guests else "false")]
    if name == "ParentFolderId":
        return [element(f"{T}ParentFolderId", Id=owner.calendar_id)]
    return [element(f"{T}{name}", text=_DEFAULTS[name])] if name in _DEFAULTS else []


def by_hand(item: Item, start: datetime, end: datetime) -> None:
    """Its owner drags it elsewhere."""
    item.put("Start", utc(start))
    item.put("End", utc(end))
    item.change += 1

"""Our events in an Exchange calendar: stored once, adopted when already there, changed only if nobody else did.

Exchange has no idempotency and takes two items of one UID. So a key of ours is on every item, and it is looked for
before anything is created and again after a creation of which we do not know whether it happened.
"""

from collections.abc import Callable
from typing import Any

from exchangelib import CalendarItem, ItemId, Q
from exchangelib.folders import SentItems
from exchangelib.items import (
    ID_ONLY,
    MOVE_TO_DELETED_ITEMS,
    NEVER_OVERWRITE,
    SAVE_ONLY,
    SEND_AND_SAVE_COPY,
    SEND_TO_ALL_AND_SAVE_COPY,
    SEND_TO_NONE,
)
from exchangelib.items.calendar_item import CancelCalendarItem
from exchangelib.properties import DistinguishedFolderId, Mailbox, ReferenceItemId
from exchangelib.restriction import Restriction
from exchangelib.services import CreateItem, DeleteItem, GetItem, UpdateItem

from scheduling.calendars.base import Deadline, EventSpec, EventState
from scheduling.calendars.caldav.ics_event import clean_text, key_text
from scheduling.calendars.ews import items
from scheduling.calendars.ews.errors import calling
from scheduling.calendars.ews.finding import find_items
from scheduling.domain import EventRef
from scheduling.errors import Ambiguous, Conflict, EventMissing, Unavailable

LOOKS = (0.0, 3.0, 10.0)
"""Seconds after a doubtful creation at which it is looked for: what was stored may be found only later."""


class EventStore:
    """Creates, finds, reads, updates and removes events of ours. `folder` makes a calendar of an id; asks nobody."""

    def __init__(self, folder: Callable[[str], Any], pause: Callable[[float], None]) -> None:
        self._folder = folder
        self._pause = pause

    def create(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Store the event, or adopt the one that carries its key. Raises CalendarError."""
        present = self.find(spec, deadline)
        if present is not None:
            return present
        if any(item.booking_uid == spec.uid for item in self._search("booking_uid", spec.uid, spec, deadline)):
            raise Conflict("other_event")
        try:
            return self._create(spec, deadline)
        except Ambiguous:
            found = self._look_for(spec, deadline)
            if found is None:
                raise
            return found

    def _create(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        folder = self._folder(spec.calendar_id)
        item = CalendarItem(
            account=folder.account, folder=folder, uid=spec.uid, booking_uid=spec.uid, **items.content(spec)
        )
        with calling(deadline, writes=True):
            (created,) = CreateItem(account=folder.account).call(
                [item], folder, SAVE_ONLY, SEND_TO_ALL_AND_SAVE_COPY if spec.attendees else SEND_TO_NONE
            )
            if isinstance(created, Exception):
                raise created
        if not created.id:
            raise Ambiguous("nonsense")
        try:
            return items.ref_of(self._get(created.id, deadline), spec.calendar_id, spec.uid)
        except (Unavailable, EventMissing) as error:
            raise Ambiguous(error.code) from error

    def _look_for(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """The event of a creation that may have happened, as far as the deadline lets us wait for it."""
        waited = 0.0
        for after in LOOKS:
            if after - waited >= deadline.remaining():
                return None
            if after > waited:
                self._pause(after - waited)
                waited = after
            found = self.find(spec, deadline)
            if found is not None:
                return found
        return None

    def find(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """Raises CalendarError."""
        key = key_text(spec.key)
        found = [item for item in self._search("booking_key", key, spec, deadline) if self._key(item, deadline) == key]
        return items.ref_of(min(found, key=lambda item: item.id), spec.calendar_id, spec.uid) if found else None

    def _search(self, name: str, value: str, spec: EventSpec, deadline: Deadline) -> list[Any]:
        folder = self._folder(spec.calendar_id)
        wanted = Restriction(Q(**{name: value}), [folder], Restriction.ITEMS)
        return find_items(folder, ("uid", "booking_key", "booking_uid"), deadline, restriction=wanted)

    def _key(self, item: Any, deadline: Deadline) -> str | None:
        """The key of a found item, asked for again where the search did not show it."""
        key: str | None = item.booking_key or self._get(item.id, deadline).booking_key
        return key

    def get(self, ref: EventRef, deadline: Deadline) -> EventState:
        """Raises EventMissing and other CalendarErrors."""
        return items.state_of(self._get(ref.event_id, deadline), ref)

    def update(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """Raises Conflict when somebody changed it since `ref.etag`, EventMissing, and other CalendarErrors."""
        present = self._get(ref.event_id, deadline)
        if present.booking_key != key_text(spec.key):
            raise Conflict("other_event")
        content = items.content(spec)
        if ref.etag is not None and present.changekey != ref.etag:
            if not items.is_as_sealed(present):
                raise Conflict("change_key")
            if items.same_content(present, content):  # an earlier try got through, its answer did not
                return items.ref_of(present, ref.calendar_id, ref.uid)
        folder = self._folder(ref.calendar_id)
        item = CalendarItem(
            account=folder.account, folder=folder, id=present.id, changekey=present.changekey, **content
        )
        invites = bool(spec.attendees) or any(getattr(present, name) for name in items.GUESTS)
        with calling(deadline, writes=True):
            (changed,) = UpdateItem(account=folder.account).call(
                [(item, items.WRITTEN)],
                NEVER_OVERWRITE,
                SAVE_ONLY,
                SEND_TO_ALL_AND_SAVE_COPY if invites else SEND_TO_NONE,
                True,
            )
            if isinstance(changed, Exception):
                raise changed
        return items.ref_of(self._get(ref.event_id, deadline), ref.calendar_id, ref.uid)

    def cancel(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        """Raises CalendarError; what is gone already counts as removed."""
        try:
            present = self._get(ref.event_id, deadline)
            if any(getattr(present, name) for name in items.GUESTS) and not present.is_cancelled:
                self._cancel_meeting(present, message, deadline)
            else:
                self._delete(present, deadline)
        except EventMissing:
            return

    def _cancel_meeting(self, item: Any, message: str | None, deadline: Deadline) -> None:
        """Exchange tells the attendees and takes the item away."""
        cancelling = CancelCalendarItem(
            account=item.account,
            reference_item_id=ReferenceItemId(id=item.id, changekey=item.changekey),
            new_body=clean_text(message) if message else None,
        )
        account = item.account
        named = DistinguishedFolderId(
            id=SentItems.DISTINGUISHED_FOLDER_ID, mailbox=Mailbox(email_address=account.primary_smtp_address)
        )
        sent = SentItems(root=self._folder("any").root, name="Sent", _distinguished_id=named)
        with calling(deadline, writes=True):
            for done in CreateItem(account=account).call([cancelling], sent, SEND_AND_SAVE_COPY, SEND_TO_NONE):
                if isinstance(done, Exception):
                    raise done

    def _delete(self, item: Any, deadline: Deadline) -> None:
        with calling(deadline, writes=True):
            for done in DeleteItem(account=item.account).call(
                [item], MOVE_TO_DELETED_ITEMS, SEND_TO_NONE, "AllOccurrences", suppress_read_receipts=True
            ):
                if isinstance(done, Exception):
                    raise done

    def _get(self, event_id: str, deadline: Deadline) -> Any:
        account, fields = self._folder("any").account, items.paths((*items.SEEN, *items.GUESTS))
        with calling(deadline):
            (found,) = GetItem(account=account).call([ItemId(id=event_id)], fields, ID_ONLY)
            if isinstance(found, Exception):
                raise found
        if not found.id or found.start is None or found.end is None:
            raise Unavailable("nonsense")
        return found

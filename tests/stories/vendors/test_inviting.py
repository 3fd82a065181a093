"""Who invites whom: each system, the calendar or our mail as inviter, the four toggles, and what everybody receives.

Without Slack, to be fast: the service is real, and so are the clients of the systems.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from scheduling.domain import InviteMode, Room
from scheduling.store import rooms
from tests.scheduling.service.conftest import DANA, TEAM, TUESDAY_9
from tests.stories.reading import DANA as REP
from tests.stories.reading import PRIYA
from tests.stories.vendors.kit import INVITING, Entry, only
from tests.stories.vendors.kit.service import Service, a_service

FOUR_TOGGLES = [(True, True), (True, False), (False, True), (False, False)]


@dataclass(frozen=True)
class Got:
    """What one recipient received: invitations of the system, REQUESTs of ours, our mails in all."""

    invitations: int
    requests: int
    mails: int


BY_CALENDAR = [Got(1, 0, 1), Got(1, 0, 0), Got(0, 0, 1), Got(0, 0, 0)]
BY_OUR_MAIL = [Got(0, 1, 1), Got(0, 1, 1), Got(0, 0, 1), Got(0, 0, 0)]
"""What the customer gets for FOUR_TOGGLES: calendar event and mail, event alone, mail alone, nothing."""


@pytest.fixture
def service(vendor, sqlite_store, clock) -> Iterator[Service]:
    with a_service(vendor, sqlite_store, clock) as made:
        yield made


def a_room(service: Service) -> Room:
    """Oslo: invited by the system, or with an account of its own."""
    address = service.vendor.make_room("Oslo")
    room = Room(id="oslo", name="Oslo", address=address if service.vendor.invites else None)
    service.store.transact(lambda tx: rooms.add(tx, TEAM, room))
    if not service.vendor.invites:
        service.connect(room.key, address)
        service.connect("U0PRIYA", PRIYA)
    return room


def requests_of(service: Service, address: str) -> list[str]:
    """The UIDs of our REQUESTs to somebody."""
    parts = [part for message in service.mails_to(address) for part in message.walk()]
    texts = [part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/calendar"]
    return [str(event["uid"]) for text in texts for event in Calendar.from_ical(text).walk("VEVENT")]


def booked_four_times(service: Service, room: Room) -> list[tuple[str, Entry]]:
    """One meeting for each combination, with another customer each; their address and the stored event."""
    found = []
    for number, (on_event, by_mail) in enumerate(FOUR_TOGGLES):
        start, buyer = TUESDAY_9 + timedelta(minutes=30 * number), f"buyer{number}@acme.example"
        service.book(start, buyer, on_event=on_event, by_mail=by_mail, members=("U0DANA", "U0PRIYA"), rooms=(room.id,))
        found.append((buyer, stored_at(service, REP, start)))
    return found


def stored_at(service: Service, address: str, start: datetime) -> Entry:
    (event,) = [entry for entry in service.vendor.events(address) if entry.start == start]
    return event


def received(service: Service, address: str) -> Got:
    sent = service.vendor.invited.count(address)
    return Got(sent, len(requests_of(service, address)), len(service.mails_to(address)))


def check(service: Service, meetings: list[tuple[str, Entry]], expected: list[Got], room: Room) -> None:
    """The customer by the toggles; everybody else the same each time, and nobody twice."""
    vendor, count = service.vendor, len(meetings)
    assert [received(service, buyer) for buyer, _ in meetings] == expected
    assert received(service, REP) == Got(0, 0, count)
    assert received(service, PRIYA) == (Got(count, 0, count) if vendor.invites else Got(0, count, count))
    for (buyer, event), (on_event, _), got in zip(meetings, FOUR_TOGGLES, expected, strict=True):
        assert (buyer in event.invited) is (got.invitations == 1)
        assert (buyer in event.description) is (on_event and got.invitations == 0)
        assert set(requests_of(service, buyer)) <= {event.uid}
        assert got.invitations + got.requests <= 1
    if vendor.invites:
        assert received(service, str(room.address)) == Got(count, 0, 0)
        assert all(event.rooms == (room.address,) for _, event in meetings)
    else:
        assert all(event.invited == () for _, event in meetings)
        held = vendor.events(vendor.make_room("Oslo"))
        assert [entry.start for entry in held] == [event.start for _, event in meetings]


@only(*INVITING)
def test_where_the_calendar_invites_our_mail_never_does(service):
    """11a, 11b, 11c, C2. Each toggle for each recipient: the customer left off is no attendee and named nowhere."""
    room = a_room(service)

    meetings = booked_four_times(service, room)

    check(service, meetings, BY_CALENDAR, room)


def test_where_our_mail_invites_the_calendar_never_does(service):
    """11a, 11b, 11c, C2. By its nature or by the rep's choice; members and rooms are invited all the same."""
    room = a_room(service)
    [account] = service.scheduling.office.connections(DANA)
    service.scheduling.office.let_mails_invite(DANA, account.id, mails_invite=True)

    meetings = booked_four_times(service, room)

    check(service, meetings, BY_OUR_MAIL, room)
    [booking] = service.scheduling.service.upcoming(DANA, 1)
    assert booking.invite_mode is InviteMode.BOT

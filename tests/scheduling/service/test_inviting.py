"""Who is invited by whom: over both kinds of provider, both toggles, and what each recipient receives in all."""

from dataclasses import dataclass

import pytest

from scheduling.calendars.base import AttendeeRole, Capabilities, RoomInfo, SendsInvitations
from scheduling.domain import Busy, ConferencingKind, EventSettings, Interval, InviteMode, Room
from scheduling.store import rooms
from tests.scheduling.calendars.fake_calendar import FakeCalendar
from tests.scheduling.service.conftest import DANA, TEAM, TUESDAY_9, minutes

INVITING = Capabilities(others_free_busy=True, rooms=True, sends_invitations=SendsInvitations.ALWAYS)
BUYER = "buyer@acme.example"


@dataclass(frozen=True)
class Got:
    """What one recipient received: invitations by the provider, REQUESTs by us, mails of ours in all."""

    provider: int
    requests: int
    mails: int


def received(world, calendar, address: str) -> Got:
    (event,) = calendar.events.values()
    mails = [message for recipient, message in world.transport.sent if recipient == address]
    requests = [m for m in mails if any(p.get_content_type() == "text/calendar" for p in m.walk())]
    return Got(
        provider=sum(attendee.address == address for attendee in event.spec.attendees),
        requests=len(requests),
        mails=len(mails),
    )


def book(world, calendar, *, on_event=True, by_mail=True, **form):
    world.accounts.calendars["dana"] = calendar
    world.connect("U0DANA", "dana")
    world.connect("U0PRIYA", "priya")
    filled = world.filled(members=("U0DANA", "U0PRIYA"), **form)
    world.service.hold(DANA, filled.id, TUESDAY_9)
    world.service.submit(DANA, filled.id, on_event=on_event, by_mail=by_mail)
    world.run()
    return world.service.booking_of(DANA, filled.id)


@pytest.mark.parametrize(
    ("capabilities", "on_event", "by_mail", "customer", "member"),
    [
        pytest.param(Capabilities(), True, True, Got(0, 1, 1), Got(0, 1, 1), id="our mail invites: both on"),
        pytest.param(Capabilities(), True, False, Got(0, 1, 1), Got(0, 1, 1), id="our mail invites: no confirmation"),
        pytest.param(Capabilities(), False, True, Got(0, 0, 1), Got(0, 1, 1), id="our mail invites: not on the event"),
        pytest.param(Capabilities(), False, False, Got(0, 0, 0), Got(0, 1, 1), id="our mail invites: nothing"),
        pytest.param(INVITING, True, True, Got(1, 0, 1), Got(1, 0, 1), id="provider invites: both on"),
        pytest.param(INVITING, True, False, Got(1, 0, 0), Got(1, 0, 1), id="provider invites: no confirmation"),
        pytest.param(INVITING, False, True, Got(0, 0, 1), Got(1, 0, 1), id="provider invites: not on the event"),
        pytest.param(INVITING, False, False, Got(0, 0, 0), Got(1, 0, 1), id="provider invites: nothing"),
    ],
)
def test_nobody_is_invited_twice(world, capabilities, on_event, by_mail, customer, member):
    calendar = FakeCalendar(others={}, capabilities=capabilities)

    book(world, calendar, on_event=on_event, by_mail=by_mail)

    assert received(world, calendar, BUYER) == customer
    assert received(world, calendar, "priya@demo.example") == member
    assert received(world, calendar, "dana@demo.example") == Got(0, 0, 1)


@pytest.mark.parametrize(
    ("on_event", "members_on_event", "named"),
    [
        (True, True, ["Customer: Acme Buyer <buyer@acme.example>", "Team: Dana Reyes, Priya Nair", ""]),
        (True, False, ["Customer: Acme Buyer <buyer@acme.example>", ""]),
        (False, True, ["Team: Dana Reyes, Priya Nair", ""]),
        (False, False, []),
    ],
)
def test_who_is_left_off_an_event_without_attendees_is_not_named_on_it(world, on_event, members_on_event, named):
    calendar = FakeCalendar(others={})

    booking = book(
        world,
        calendar,
        on_event=on_event,
        settings=EventSettings(members_on_event=members_on_event),
        description="Bring",
    )

    (event,) = calendar.events.values()
    assert event.spec.description.splitlines() == ["Bring", "", *named, f"Tracking ID: {booking.tracking_id}"]


def test_the_mode_is_the_calendar_systems(world):
    assert book(world, FakeCalendar(others={}, capabilities=INVITING)).invite_mode is InviteMode.PROVIDER


def test_members_kept_off_the_event_get_our_request_instead(world):
    calendar = FakeCalendar(others={}, capabilities=INVITING)

    book(world, calendar, settings=EventSettings(members_on_event=False))

    assert received(world, calendar, "priya@demo.example") == Got(0, 1, 1)


def test_a_providers_room_is_invited_as_a_resource_and_must_be_free(world):
    oslo = Room(id="oslo", name="Oslo", address="oslo@rooms.example")
    world.store.transact(lambda tx: rooms.add(tx, TEAM, oslo))
    busy = [Busy(Interval(TUESDAY_9 + minutes(60), TUESDAY_9 + minutes(90)))]
    calendar = FakeCalendar(others={"oslo@rooms.example": busy}, capabilities=INVITING)
    calendar.rooms = (RoomInfo("oslo@rooms.example", "Oslo"),)

    booking = book(world, calendar, rooms=("oslo",))

    (event,) = calendar.events.values()
    roles = {attendee.address: attendee.role for attendee in event.spec.attendees}
    assert roles["oslo@rooms.example"] is AttendeeRole.ROOM
    assert booking.room_events == ()
    listed = world.service.propose(DANA, world.filled(rooms=("oslo",)).id)
    taken = {slot.start for slot in listed.conflicts}
    assert TUESDAY_9 + minutes(60) in taken


def test_a_member_without_a_calendar_is_read_through_the_organizers_and_labelled(world):
    ten = TUESDAY_9 + minutes(60)  # London opens an hour after Berlin
    busy = [Busy(Interval(ten, ten + minutes(30)))]
    world.accounts.calendars["dana"] = FakeCalendar(others={"sam@demo.example": busy}, capabilities=INVITING)
    world.connect("U0DANA", "dana")

    proposal = world.service.propose(DANA, world.filled(members=("U0DANA", "U0SAM")).id)

    assert proposal.via_sharing == ("Sam Okafor",)
    assert proposal.unread == ()
    assert [(o.name, o.kind) for slot in proposal.conflicts for o in slot.obstacles] == [("Sam Okafor", "busy")]
    assert [slot.start for slot in proposal.conflicts] == [ten]
    assert ten + minutes(30) in [slot.start for slot in proposal.slots]


def test_a_member_whom_nobody_can_see_is_unknown_and_never_free(world):
    world.accounts.calendars["dana"] = FakeCalendar(others={}, capabilities=INVITING)
    world.connect("U0DANA", "dana")

    proposal = world.service.propose(DANA, world.filled(members=("U0DANA", "U0SAM")).id)

    assert (proposal.slots, [unread.name for unread in proposal.unread]) == ((), ["Sam Okafor"])


def test_a_native_link_is_waited_for_and_the_mails_carry_it(world):
    capabilities = Capabilities(
        others_free_busy=True, native_conference="Google Meet", sends_invitations=SendsInvitations.ALWAYS
    )
    calendar = FakeCalendar(others={}, capabilities=capabilities)
    calendar.link_after = 2

    booking = book(world, calendar, conferencing=ConferencingKind.NATIVE)

    assert booking.event.join_url == "https://meet.example/abc"
    mails = [message for recipient, message in world.transport.sent if recipient == BUYER]
    assert "https://meet.example/abc" in mails[0].get_body(("plain",)).get_content()


def test_a_native_link_that_never_comes_does_not_keep_the_meeting_from_being_booked(world):
    capabilities = Capabilities(
        others_free_busy=True, native_conference="Google Meet", sends_invitations=SendsInvitations.ALWAYS
    )
    calendar = FakeCalendar(others={}, capabilities=capabilities)
    calendar.link_after = 1000

    booking = book(world, calendar, conferencing=ConferencingKind.NATIVE)

    assert booking.event.join_url is None
    assert len(world.transport.sent) == 3


def test_advanced_settings_reach_the_event(world):
    calendar = FakeCalendar()
    settings = EventSettings(shows_busy=False, private=True, reminder_minutes=10, description_on_event=False)

    book(world, calendar, description="Bring the price list", settings=settings)

    (event,) = calendar.events.values()
    spec = event.spec
    assert (spec.shows_busy, spec.private, spec.reminder_minutes) == (False, True, 10)
    assert "price list" not in spec.description
    mails = {recipient: message.as_string() for recipient, message in world.transport.sent}
    assert "price list" not in mails[BUYER]
    assert "price list" in mails["priya@demo.example"]

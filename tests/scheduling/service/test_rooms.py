"""Rooms: each with a calendar of its own, free or not like anybody, booked by the same task as the meeting."""

import pytest

from scheduling.calendars.base import RoomInfo
from scheduling.domain import ConnectionState, Interval, Rep
from scheduling.errors import Refused, SlotTaken
from scheduling.ports import OutcomeKind
from scheduling.store import claims
from tests.scheduling.calendars.fake_calendar import FakeCalendar
from tests.scheduling.service.conftest import DANA, SAM, TEAM, TUESDAY_9, minutes
from tests.scheduling.service.test_inviting import INVITING


@pytest.fixture
def oslo(world):
    """A room with a connected calendar."""
    room = world.scheduling.office.add_room(TEAM, "Oslo")
    world.connect(room.key, "oslo")
    return room


def test_a_room_must_be_free_and_its_calendar_then_holds_the_meeting(world, oslo):
    danas = world.connect("U0DANA", "dana")

    draft = world.submitted(rooms=(oslo.id,))
    world.run()

    booking = world.service.booking_of(DANA, draft.id)
    (in_room,) = world.accounts.calendars["oslo"].events.values()
    (danas_event,) = danas.events.values()
    assert (in_room.spec.interval, in_room.spec.title) == (danas_event.spec.interval, "Pricing call")
    assert booking.room_events == ((oslo.key, in_room.ref),)
    assert [room.name for room in booking.rooms] == ["Oslo"]


def test_a_busy_room_hides_the_slot_and_is_named(world, oslo):
    world.connect("U0DANA", "dana")
    world.accounts.calendars["oslo"].occupy(TUESDAY_9, TUESDAY_9 + minutes(30), "Board")

    proposal = world.service.propose(DANA, world.filled(rooms=(oslo.id,)).id)

    assert TUESDAY_9 not in [slot.start for slot in proposal.slots]
    (conflict,) = [slot for slot in proposal.conflicts if slot.start == TUESDAY_9]
    assert [(o.who, o.name) for o in conflict.obstacles] == [(oslo.key, "Oslo")]


def test_two_reps_cannot_hold_one_room_at_the_same_time(world, oslo):
    world.connect("U0DANA", "dana")
    world.connect("U0SAM", "sam")
    world.service.hold(DANA, world.filled(rooms=(oslo.id,)).id, TUESDAY_9)

    with pytest.raises(SlotTaken) as refusal:
        world.service.hold(SAM, world.filled(SAM, members=("U0SAM",), rooms=(oslo.id,)).id, TUESDAY_9)

    assert refusal.value.who == ("Oslo",)


def test_when_the_room_cannot_take_it_the_meeting_is_made_nowhere(world, oslo):
    danas = world.connect("U0DANA", "dana")
    world.accounts.calendars["oslo"].fail("create_event", Refused("quota"))

    draft = world.submitted(rooms=(oslo.id,))
    world.run()

    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.FAILED
    assert (danas.events, world.accounts.calendars["oslo"].events, world.transport.sent) == ({}, {}, [])


def test_when_the_organizers_calendar_refuses_the_rooms_event_is_taken_out_again(world, oslo):
    danas = world.connect("U0DANA", "dana")
    danas.fail("create_event", Refused("quota"))

    draft = world.submitted(rooms=(oslo.id,))
    world.run()

    slot = Interval(draft.form.slot, draft.form.slot + minutes(30))
    taken = world.store.read(lambda tx: claims.taken(tx, TEAM, (oslo.key,), slot, now=world.clock()))
    assert (danas.events, world.accounts.calendars["oslo"].events) == ({}, {})
    assert taken == {oslo.key: ()}


def test_a_room_that_was_removed_meanwhile_stops_the_booking_in_words(world, oslo):
    world.connect("U0DANA", "dana")
    draft = world.submitted(rooms=(oslo.id,))
    world.scheduling.office.remove_room(TEAM, oslo.id)

    world.run()

    assert world.service.outcome(DANA, draft.id).reason == "room_gone"
    assert world.service.connections(Rep(TEAM, oslo.key)) == ()


def test_only_connected_rooms_can_be_booked(world, oslo):
    bare = world.scheduling.office.add_room(TEAM, "Bergen")

    links = world.scheduling.office.room_links(TEAM, bare)
    before = world.scheduling.office.bookable_rooms(TEAM)
    token = links["caldav"].rpartition("/")[2]
    world.scheduling.connecting.connect(token, {"server": "", "user_name": "bergen", "password": "right"})

    assert [room.name for room in before] == ["Oslo"]
    assert [room.name for room in world.scheduling.office.bookable_rooms(TEAM)] == ["Bergen", "Oslo"]
    assert world.scheduling.office.rooms(TEAM)[0].connection.state is ConnectionState.OK
    world.run()
    assert world.notices.connected == []


# --- rooms that a provider invites ---


def with_rooms(world, *answers):
    """Dana's provider lists Oslo and invites it; the room answers one after the other."""
    calendar = FakeCalendar(others={"oslo@rooms.example": []}, capabilities=INVITING)
    calendar.rooms = (RoomInfo("oslo@rooms.example", "Oslo"),)
    calendar.room_answers = list(answers)
    world.accounts.calendars["dana"] = calendar
    world.connect("U0DANA", "dana")
    return world.scheduling.office.import_rooms(DANA)


def test_rooms_of_the_providers_list_are_added_once(world):
    (oslo,) = with_rooms(world)

    again = world.scheduling.office.import_rooms(DANA)

    assert (oslo.name, oslo.address, again) == ("Oslo", "oslo@rooms.example", ())
    assert world.scheduling.office.bookable_rooms(TEAM) == (oslo,)


def test_a_provider_without_rooms_adds_none(world):
    world.connect("U0DANA", "dana")

    assert world.scheduling.office.import_rooms(DANA) == ()


def test_a_room_that_declines_after_a_while_is_told_to_the_rep(world):
    (oslo,) = with_rooms(world, "none", "declined")

    world.submitted(rooms=(oslo.id,))
    world.run()

    assert world.notices.declined == [("Oslo",)]


def test_a_room_that_accepts_is_nothing_to_tell(world):
    (oslo,) = with_rooms(world, "none", "accepted")

    world.submitted(rooms=(oslo.id,))
    world.run()

    assert world.notices.declined == []

"""Rooms: each with a calendar of its own, free or not like anybody, booked by the same task as the meeting."""

import pytest

from scheduling.calendars.base import AttendeeRole, RoomInfo
from scheduling.domain import Busy, ConnectionState, EventSettings, Interval, Rep
from scheduling.errors import Refused, SlotTaken, Unavailable, Unsupported
from scheduling.office import RoomImport
from scheduling.ports import OutcomeKind
from scheduling.store import claims
from tests.scheduling.calendars.fake_calendar import WORK, FakeCalendar
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
    before = world.scheduling.office.bookable_rooms(DANA)
    token = links["caldav"].rpartition("/")[2]
    world.scheduling.connecting.connect(token, {"server": "", "user_name": "bergen", "password": "right"})

    assert [room.name for room in before] == ["Oslo"]
    assert [room.name for room in world.scheduling.office.bookable_rooms(DANA)] == ["Bergen", "Oslo"]
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
    return world.scheduling.office.import_rooms(DANA).added


def test_rooms_of_the_providers_list_are_added_once(world):
    (oslo,) = with_rooms(world)

    again = world.scheduling.office.import_rooms(DANA)

    assert (oslo.name, oslo.address, again) == ("Oslo", "oslo@rooms.example", RoomImport(()))
    assert world.scheduling.office.bookable_rooms(DANA) == (oslo,)


def test_one_account_that_does_not_list_its_rooms_takes_nothing_from_the_others(world):
    with_rooms(world)
    closed = world.accounts.calendars["closed"] = FakeCalendar(others={}, capabilities=INVITING)
    silent = world.accounts.calendars["silent"] = FakeCalendar(others={}, capabilities=INVITING)
    closed.fail("list_rooms", Unsupported("rooms_consent"))
    silent.fail("list_rooms", Unavailable("http_500"))
    world.connect("U0SAM", "closed")
    world.connect("U0SAM", "dana2")
    world.connect("U0SAM", "silent")
    world.accounts.calendars["dana2"].capabilities = INVITING
    world.accounts.calendars["dana2"].rooms = (RoomInfo("lima@rooms.example", "Lima"),)

    done = world.scheduling.office.import_rooms(SAM)

    assert [room.name for room in done.added] == ["Lima"]
    assert [account.account for account in done.withheld] == ["closed"]
    assert [account.account for account in done.unread] == ["silent"]


def test_a_providers_room_is_offered_only_where_the_reps_own_calendar_can_invite_it(world):
    with_rooms(world)
    world.connect("U0SAM", "sam")

    assert world.scheduling.office.bookable_rooms(SAM) == ()


def test_a_room_that_the_chosen_calendar_cannot_invite_is_not_booked_blindly(world):
    (room,) = with_rooms(world)
    world.connect("U0DANA", "private")
    chosen = EventSettings(connection_id="c-private", calendar_id=WORK.id)

    draft = world.submitted(rooms=(room.id,), settings=chosen)
    world.run()

    assert world.service.outcome(DANA, draft.id).reason == "room_elsewhere"
    assert world.accounts.calendars["private"].events == {}


def test_a_room_is_read_through_whichever_account_of_the_organizers_can_see_it(world):
    (room,) = with_rooms(world)
    world.accounts.calendars["another"] = FakeCalendar(others={}, capabilities=INVITING)
    world.connect("U0DANA", "another")  # comes before `dana`, and knows nobody

    proposal = world.service.propose(DANA, world.filled(rooms=(room.id,)).id)

    assert proposal.unread == ()
    assert proposal.slots


def test_a_provider_without_rooms_adds_none(world):
    world.connect("U0DANA", "dana")

    assert world.scheduling.office.import_rooms(DANA) == RoomImport(())


def test_a_room_that_declines_after_a_while_is_told_to_the_rep(world):
    (oslo,) = with_rooms(world, "none", "declined")

    world.submitted(rooms=(oslo.id,))
    world.run()

    assert world.notices.declined == [("Oslo", ())]


def test_a_room_that_accepts_is_nothing_to_tell(world):
    (oslo,) = with_rooms(world, "none", "accepted")

    world.submitted(rooms=(oslo.id,))
    world.run()

    assert world.notices.declined == []


def with_three_rooms(world, **busy):
    """Oslo declines; Bergen and Lima are there too, busy as told. Dana's calendar, and the three rooms."""
    names = ("Oslo", "Bergen", "Lima")
    others = {f"{name.lower()}@rooms.example": busy.get(name.lower(), []) for name in names}
    calendar = FakeCalendar(others=others, capabilities=INVITING)
    calendar.rooms = tuple(RoomInfo(f"{name.lower()}@rooms.example", name) for name in names)
    calendar.room_answers = ["declined", "accepted"]
    world.accounts.calendars["dana"] = calendar
    world.connect("U0DANA", "dana")
    added = {room.name: room for room in world.scheduling.office.import_rooms(DANA).added}
    return calendar, added["Oslo"], added["Bergen"], added["Lima"]


def test_a_room_that_declined_is_replaced_by_one_that_is_free_then(world):
    taken = [Busy(Interval(TUESDAY_9, TUESDAY_9 + minutes(60)))]
    calendar, oslo, bergen, lima = with_three_rooms(world, bergen=taken)
    draft = world.submitted(rooms=(oslo.id,))
    world.run()
    first = world.service.booking_of(DANA, draft.id)
    offered = list(world.notices.declined)

    pressed = [world.service.change_room(DANA, first.id, oslo.id, lima.id) for _ in range(2)]
    world.run()

    booking = world.service.booking_of(DANA, draft.id)
    (event,) = calendar.events.values()
    held = world.store.read(lambda tx: claims.taken(tx, TEAM, [oslo.key, lima.key], booking.interval, world.clock()))
    assert offered == [("Oslo", ("Lima",))]
    assert pressed == [True, True]
    assert world.notices.changed == [("Oslo", "Lima")]
    assert [room.name for room in booking.rooms] == ["Lima"]
    assert (booking.version, booking.sequence) == (2, 1)
    assert [a.address for a in event.spec.attendees if a.role is AttendeeRole.ROOM] == ["lima@rooms.example"]
    assert {key: len(spans) for key, spans in held.items()} == {oslo.key: 0, lima.key: 1}
    assert world.notices.declined == offered
    assert world.service.change_room(DANA, booking.id, oslo.id, lima.id) is False
    assert world.service.change_room(SAM, booking.id, lima.id, bergen.id) is False


def test_a_room_that_went_before_it_was_taken_brings_the_next_choices(world):
    calendar, oslo, _, lima = with_three_rooms(world)
    draft = world.submitted(rooms=(oslo.id,))
    world.run()
    booking = world.service.booking_of(DANA, draft.id)
    calendar.others["lima@rooms.example"].append(Busy(booking.interval))

    world.service.change_room(DANA, booking.id, oslo.id, lima.id)
    world.run()

    assert world.notices.declined == [("Oslo", ("Bergen", "Lima")), ("Oslo", ("Bergen",))]
    assert world.notices.changed == []


def test_an_event_that_was_moved_by_hand_is_not_moved_back_for_a_room(world):
    calendar, oslo, _, lima = with_three_rooms(world)
    draft = world.submitted(rooms=(oslo.id,))
    world.run()
    booking = world.service.booking_of(DANA, draft.id)
    moved = Interval(TUESDAY_9 + minutes(120), TUESDAY_9 + minutes(150))
    calendar.move(booking.event, moved)

    world.service.change_room(DANA, booking.id, oslo.id, lima.id)
    world.run()

    (event,) = calendar.events.values()
    assert event.spec.interval == moved
    assert world.notices.undone == [("room_change", "Lima", "moved")]

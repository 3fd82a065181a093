"""Events at Google: who is invited, what is said, the link that comes later, and nothing twice."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.calendars.base import Attendee, AttendeeRole, BookingKey, SendsInvitations
from scheduling.calendars.google import events
from scheduling.domain import Interval
from scheduling.errors import AccessDenied, Conflict, EventMissing, Refused
from tests.scheduling.calendars.conftest import MONDAY, soon, spec_for
from tests.scheduling.calendars.google_kit import GoogleAccount

HOUR = timedelta(hours=1)
ROOM = "room-a@resource.calendar.google.com"
BUYER = Attendee("buyer@acme.example", "Acme Buyer")
SAM = Attendee("Sam@Reps.Example", "Sam Okafor", AttendeeRole.OPTIONAL)
AACHEN = Attendee(ROOM, "Aachen 1", AttendeeRole.ROOM)


@pytest.fixture
def account(google):
    google.accounts.add_room(ROOM, "Aachen 1")
    return GoogleAccount(google)


def spec_of(account, **more):
    return spec_for(account.calendar_id, **more)


def stored(account, ref):
    return account.calendar.events[ref.event_id]


def sent(google):
    return [(mail.kind, mail.to) for mail in google.accounts.sent]


def test_the_event_says_what_was_decided(account, google):
    spec = spec_of(
        account,
        location="Room Aachen",
        url="https://schedule.example/m/1",
        private=True,
        shows_busy=False,
        reminder_minutes=10,
    )

    account.provider.create_event(spec, soon())

    (body,) = [
        json.loads(e.sent) for e in google.troubles.exchanges if e.method == "POST" and e.path.endswith("/events")
    ]
    (query,) = [dict(e.query) for e in google.troubles.exchanges if e.method == "POST" and e.path.endswith("/events")]
    properties = body.pop("extendedProperties")
    assert properties["private"].pop("bookingSeal")
    assert properties == {"private": {"bookingKey": f"{spec.key.booking_id}:1"}}
    assert body == {
        "id": events.event_id(spec.key),
        "summary": "Kick-off with Acme Buyer",
        "description": "With Priya Nair and Sam Okafor",
        "location": "Room Aachen",
        "start": {"dateTime": "2026-12-07T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-12-07T10:30:00+01:00", "timeZone": "Europe/Berlin"},
        "transparency": "transparent",
        "visibility": "private",
        "attendees": [],
        "guestsCanModify": False,
        "guestsCanInviteOthers": False,
        "source": {"title": "Kick-off with Acme Buyer", "url": "https://schedule.example/m/1"},
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 10}]},
    }
    assert query == {"sendUpdates": "all", "conferenceDataVersion": "1", "alt": "json"}


def test_the_events_id_is_of_googles_alphabet_and_of_the_booking_alone():
    first = events.event_id(BookingKey("b1", 1))

    assert re.fullmatch("bk[a-v0-9]{52}", first)
    assert events.event_id(BookingKey("b1", 1)) == first
    assert len({first, events.event_id(BookingKey("b1", 2)), events.event_id(BookingKey("b2", 1))}) == 3


def test_people_and_rooms_are_invited_by_google(account, google):
    ref = account.provider.create_event(spec_of(account, attendees=(BUYER, SAM, AACHEN)), soon())

    assert stored(account, ref)["attendees"] == [
        {"email": "buyer@acme.example", "displayName": "Acme Buyer", "responseStatus": "needsAction"},
        {"email": "Sam@Reps.Example", "displayName": "Sam Okafor", "optional": True, "responseStatus": "needsAction"},
        {"email": ROOM, "displayName": "Aachen 1", "resource": True, "responseStatus": "accepted"},
    ]
    assert sent(google) == [("invitation", a.address) for a in (BUYER, SAM, AACHEN)]
    assert account.provider.capabilities.sends_invitations is SendsInvitations.OPTIONAL


def test_what_everybody_answered_is_told_by_address(account):
    ref = account.provider.create_event(spec_of(account, attendees=(BUYER, SAM, AACHEN)), soon())
    stored(account, ref)["attendees"][0]["responseStatus"] = "declined"
    stored(account, ref)["attendees"][1]["responseStatus"] = "tentative"

    state = account.provider.get_event(ref, soon())

    assert state.responses == {"buyer@acme.example": "declined", "sam@reps.example": "tentative", ROOM: "accepted"}


def test_a_room_that_is_taken_declines(account, google):
    google.accounts.occupy(ROOM, MONDAY, MONDAY + HOUR)

    ref = account.provider.create_event(spec_of(account, attendees=(AACHEN,)), soon())

    assert account.provider.get_event(ref, soon()).responses == {ROOM: "declined"}


# --- the link ---


def test_a_meet_link_that_comes_later_is_told_when_it_is_there(account, google):
    google.changes.meet_after = 2

    ref = account.provider.create_event(spec_of(account, native_conference=True), soon())
    links = [account.provider.get_event(ref, soon()).ref.join_url for _ in range(3)]

    assert account.provider.capabilities.native_conference == "Google Meet"
    assert ref.join_url is None
    assert links[0] is None
    assert links[1] == links[2] == stored(account, ref)["hangoutLink"]
    assert links[1].startswith("https://meet.google.com/")


def test_no_link_is_asked_for_where_none_is_wanted(account):
    ref = account.provider.create_event(spec_of(account), soon())

    assert "conferenceData" not in stored(account, ref)


def test_where_there_may_be_no_meet_the_meeting_is_booked_without_its_link(account, google):
    google.changes.has_meet = False
    spec = spec_of(account, native_conference=True)

    ref = account.provider.create_event(spec, soon())

    assert ref.join_url is None
    assert account.count() == 1
    assert stored(account, ref)["summary"] == spec.title


def test_a_missing_link_is_asked_for_again_by_an_update_and_one_that_is_there_stays(account, google):
    google.changes.has_meet = False
    spec = spec_of(account, native_conference=True)
    ref = account.provider.create_event(spec, soon())
    google.changes.has_meet, google.changes.meet_after = True, 0

    with_link = account.provider.update_event(ref, replace(spec, sequence=1), soon())
    later = account.provider.update_event(with_link, replace(spec, title="New title", sequence=2), soon())

    assert with_link.join_url
    assert later.join_url == with_link.join_url


# --- never twice ---


def test_an_event_under_our_id_that_is_not_ours_is_left_alone(account):
    spec = spec_of(account)
    theirs = account.standin.accounts.occupy(
        account.calendar_id, MONDAY, MONDAY + HOUR, "Theirs", id=events.event_id(spec.key)
    )
    before = dict(theirs)

    with pytest.raises(Conflict, match="not_ours"):
        account.provider.create_event(spec, soon())

    assert theirs == before
    assert account.provider.find_event(spec, soon()) is None


def test_a_deleted_event_keeps_its_id_and_only_a_new_generation_makes_another(account):
    spec = spec_of(account)
    account.remove(account.provider.create_event(spec, soon()))

    with pytest.raises(Refused, match="deleted"):
        account.provider.create_event(spec, soon())
    again = account.provider.create_event(replace(spec, key=replace(spec.key, generation=2)), soon())

    assert account.count() == 1
    assert account.provider.find_event(spec, soon()) is None
    assert again.event_id in account.calendar.events


def test_an_event_that_somebody_copied_under_another_id_is_found_by_its_mark(account):
    spec = spec_of(account)
    private = {"private": {"bookingKey": f"{spec.key.booking_id}:1"}}
    moved = account.standin.accounts.occupy(
        account.calendar_id, MONDAY, MONDAY + HOUR, "Imported", extendedProperties=private
    )

    found = account.provider.find_event(spec, soon())

    assert found is not None
    assert (found.event_id, found.uid) == (moved["id"], moved["iCalUID"])


def test_a_calendar_that_may_only_be_read_takes_no_event(account, google):
    holidays = google.accounts.add_calendar(account.email, "Holidays", role="reader")

    with pytest.raises(AccessDenied, match="requiredAccessLevel"):
        account.provider.create_event(spec_for(holidays.id), soon())


# --- changes ---


def test_an_update_keeps_what_people_answered_and_tells_them(account, google):
    spec = spec_of(account, attendees=(BUYER, SAM))
    ref = account.provider.create_event(spec, soon())
    stored(account, ref)["attendees"][0]["responseStatus"] = "accepted"
    noa = Attendee("noa@acme.example", "Noa Levi")
    moved = replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), attendees=(BUYER, noa), sequence=1)

    account.provider.update_event(ref, moved, soon())

    answers = {a["email"]: a["responseStatus"] for a in stored(account, ref)["attendees"]}
    assert answers == {"buyer@acme.example": "accepted", "noa@acme.example": "needsAction"}
    assert sent(google)[2:] == [("update", "buyer@acme.example"), ("update", "noa@acme.example")]


def test_a_reply_or_a_late_link_does_not_stop_a_change(account, google):
    google.changes.meet_after = 1
    spec = spec_of(account, attendees=(BUYER,), native_conference=True)
    ref = account.provider.create_event(spec, soon())
    stored(account, ref)["attendees"][0]["responseStatus"] = "accepted"
    google.accounts.touch(stored(account, ref))
    assert account.provider.get_event(ref, soon()).ref.etag != ref.etag

    changed = account.provider.update_event(ref, replace(spec, title="New title", sequence=1), soon())

    assert stored(account, ref)["summary"] == "New title"
    assert stored(account, ref)["attendees"][0]["responseStatus"] == "accepted"
    assert changed.join_url


@pytest.mark.parametrize(
    "by_hand",
    [{"summary": "Mine"}, {"location": "Elsewhere"}, {"transparency": "transparent"}, {"visibility": "private"}],
)
def test_what_a_person_changed_is_not_overwritten(account, google, by_hand):
    spec = spec_of(account)
    ref = account.provider.create_event(spec, soon())
    stored(account, ref).update(by_hand)
    google.accounts.touch(stored(account, ref))

    with pytest.raises(Conflict, match="changed"):
        account.provider.update_event(ref, replace(spec, title="New title", sequence=1), soon())


def test_an_update_clears_what_is_empty_now(account):
    spec = spec_of(account, location="Room Aachen", attendees=(BUYER,))
    ref = account.provider.create_event(spec, soon())

    account.provider.update_event(ref, replace(spec, location="", description="", attendees=()), soon())

    assert {"location", "description", "attendees"}.isdisjoint(stored(account, ref))


def test_somebody_who_changes_it_between_our_look_and_our_update_wins(account, google):
    spec = spec_of(account)
    ref = account.provider.create_event(spec, soon())
    look = account.provider._get

    def and_then_somebody_moves_it(*args):
        event = look(*args)
        account.provider._get = look
        account.move(ref, Interval(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR))
        return event

    account.provider._get = and_then_somebody_moves_it

    with pytest.raises(Conflict):
        account.provider.update_event(ref, replace(spec, title="New title", sequence=1), soon())

    (patch,) = [e for e in google.troubles.exchanges if e.method == "PATCH"]
    assert (patch.status, patch.headers["if-match"]) == (412, ref.etag)
    assert stored(account, ref)["summary"] == spec.title


def test_an_event_that_somebody_made_a_whole_day_is_read_in_its_calendars_zone_and_can_be_moved_back(account):
    spec = spec_of(account)
    ref = account.provider.create_event(spec, soon())
    event = stored(account, ref)
    event["start"], event["end"] = {"date": "2026-12-08"}, {"date": "2026-12-09"}
    account.standin.accounts.touch(event)

    state = account.provider.get_event(ref, soon())
    account.provider.update_event(state.ref, spec, soon())

    day = datetime(2026, 12, 7, 23, tzinfo=UTC)
    assert state.interval == Interval(day, day + 24 * HOUR)
    assert account.provider.get_event(ref, soon()).interval == spec.interval
    assert "date" not in stored(account, ref)["start"]


def test_cancelling_tells_everybody_and_the_second_time_nobody(account, google):
    ref = account.provider.create_event(spec_of(account, attendees=(BUYER,)), soon())

    account.provider.cancel_event(ref, "Sorry", soon())
    account.provider.cancel_event(ref, "Sorry", soon())

    assert sent(google) == [("invitation", BUYER.address), ("cancellation", BUYER.address)]
    assert [e.status for e in google.troubles.exchanges if e.method == "DELETE"] == [204, 410]


def test_an_event_that_never_was_counts_as_cancelled(account):
    ref = account.provider.create_event(spec_of(account), soon())
    account.calendar.events.clear()

    account.provider.cancel_event(ref, None, soon())
    with pytest.raises(EventMissing):
        account.provider.get_event(ref, soon())

    assert account.count() == 0


def test_an_organizer_who_is_on_the_list_too_is_no_change_by_somebody_else(account):
    """Google marks them; the repetition of an update must still recognize its own work."""
    rep = Attendee(account.email, "Dana Reyes")
    spec = spec_of(account, attendees=(rep, BUYER))
    ref = account.provider.create_event(spec, soon())
    moved = replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), sequence=1)
    changed = account.provider.update_event(ref, moved, soon())

    again = account.provider.update_event(ref, moved, soon())

    assert again == changed
    assert account.provider.get_event(ref, soon()).responses == {BUYER.address: "none"}

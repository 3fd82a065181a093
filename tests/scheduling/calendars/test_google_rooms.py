"""Rooms of a Google Workspace: listed for who may see them, and read by their address."""

from datetime import timedelta

import pytest

from scheduling.calendars.base import OWN, CalendarRef, RoomInfo
from scheduling.calendars.google.sign_in import ASKED, ROOMS
from scheduling.domain import Busy, Interval
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon
from tests.scheduling.calendars.google_kit import GoogleAccount

HOUR = timedelta(hours=1)
NINE = Interval(MONDAY, MONDAY + HOUR)


@pytest.fixture
def account(google):
    google.accounts.add_person("sam@reps.example", "Sam Okafor", "Europe/London")
    return GoogleAccount(google)


def test_rooms_are_listed_for_who_may_see_the_directory(google):
    google.accounts.add_room("room-b@resource.calendar.google.com", "Berlin 2")
    google.accounts.add_room("room-a@resource.calendar.google.com", "Aachen 1")
    account = GoogleAccount(google, scopes=(*ASKED, ROOMS))
    google.accounts.follow(account.email, "room-a@resource.calendar.google.com")

    rooms = account.provider.list_rooms(soon())

    assert account.provider.capabilities.rooms
    assert rooms == (
        RoomInfo("room-a@resource.calendar.google.com", "Aachen 1"),
        RoomInfo("room-b@resource.calendar.google.com", "Berlin 2"),
    )


def test_without_that_permission_rooms_are_those_in_the_persons_own_list(account, google):
    google.accounts.add_room("room-b@resource.calendar.google.com", "Berlin 2")
    google.accounts.add_room("room-a@resource.calendar.google.com", "Aachen 1")
    google.accounts.follow(account.email, "room-a@resource.calendar.google.com")

    rooms = account.provider.list_rooms(soon())

    assert rooms == (RoomInfo("room-a@resource.calendar.google.com", "Aachen 1"),)
    assert [each.path for each in google.troubles.exchanges if "directory" in each.path] == []


def test_a_directory_that_is_closed_after_all_leaves_the_rooms_of_the_own_list(google):
    google.accounts.add_room("room-a@resource.calendar.google.com", "Aachen 1")
    account = GoogleAccount(google, scopes=(*ASKED, ROOMS))
    google.accounts.follow(account.email, "room-a@resource.calendar.google.com")
    google.troubles.fail(403, "forbidden", path="/admin/directory")

    rooms = account.provider.list_rooms(soon())

    assert [room.name for room in rooms] == ["Aachen 1"]


def test_a_room_in_the_own_list_is_no_calendar_to_book_into_and_nobodys_time(account, google):
    google.accounts.add_room("room-a@resource.calendar.google.com", "Aachen 1")
    google.accounts.follow(account.email, "room-a@resource.calendar.google.com", role="owner")
    google.accounts.occupy("room-a@resource.calendar.google.com", MONDAY, MONDAY + HOUR)

    calendars = account.provider.list_calendars(soon())
    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")

    assert [calendar.id for calendar in calendars] == [account.email]
    assert own.busy == ()


def test_a_rooms_time_is_read_by_its_address(account, google):
    google.accounts.add_room("room-a@resource.calendar.google.com", "Aachen 1")
    google.accounts.occupy("room-a@resource.calendar.google.com", MONDAY, MONDAY + HOUR)

    [room] = account.provider.availability(
        [CalendarRef("room-a@resource.calendar.google.com")], WEEK, soon(), default_zone="Europe/Berlin"
    )

    assert room.busy == (Busy(NINE),)

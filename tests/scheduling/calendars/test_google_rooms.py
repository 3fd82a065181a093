"""Rooms of a Google Workspace: listed for who may see them, and read by their address."""

from datetime import timedelta

import pytest

from scheduling.calendars.base import CalendarRef, RoomInfo
from scheduling.calendars.google.sign_in import ASKED, ROOMS
from scheduling.domain import Busy, Interval
from scheduling.errors import Unsupported
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

    rooms = account.provider.list_rooms(soon())

    assert account.provider.capabilities.rooms
    assert rooms == (
        RoomInfo("room-a@resource.calendar.google.com", "Aachen 1"),
        RoomInfo("room-b@resource.calendar.google.com", "Berlin 2"),
    )


def test_without_that_permission_rooms_are_unsupported_and_nobody_is_asked(account, google):
    with pytest.raises(Unsupported):
        account.provider.list_rooms(soon())

    assert not account.provider.capabilities.rooms
    assert google.troubles.exchanges == []


def test_a_rooms_time_is_read_by_its_address(account, google):
    google.accounts.add_room("room-a@resource.calendar.google.com", "Aachen 1")
    google.accounts.occupy("room-a@resource.calendar.google.com", MONDAY, MONDAY + HOUR)

    [room] = account.provider.availability(
        [CalendarRef("room-a@resource.calendar.google.com")], WEEK, soon(), default_zone="Europe/Berlin"
    )

    assert room.busy == (Busy(NINE),)

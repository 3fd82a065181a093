"""One meeting across calendar systems: each person's own is read, the organizer's holds it, nobody is asked twice."""

from collections import Counter

import pytest

from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    calendar_parts,
    find_times,
    mails,
    pick,
    starts_on,
    stored_event,
    to_notifications,
    words_of,
)
from tests.stories.test_more_options import add_room
from tests.stories.vendors.kit import BOOKED
from tests.stories.vendors.test_booking import LINK, scheduled, with_everything

SAM = "sam@demo.example"
EACH = [
    ("google", "http-sqlite"),
    ("google", "socket-postgres"),
    ("microsoft", "http-sqlite"),
    ("exchange", "http-sqlite"),
    ("icloud", "http-sqlite"),
]


@pytest.fixture
def other(vendor, started):
    """The system of a colleague: never the rep's own."""
    one = started("google" if vendor.provider == "microsoft" else "microsoft")
    one.reset()
    return one


@pytest.fixture
def settings(vendor, other):
    return {**vendor.environment, **other.environment}


@pytest.mark.parametrize(("vendor", "combination"), EACH, indirect=True)
def test_a_meeting_of_three_calendar_systems_a_room_and_a_link(desk, vendor, other):
    """A1, A3, 4c, 6a, 6c. What is busy in any of them is no slot; one event, one invitation for each person."""
    vendor.connect(desk)
    other.connect(desk, desk.rep("U0PRIYA"))
    desk.connect("U0SAM")
    add_room(desk, "Oslo", "U0NOA")
    vendor.occupy(DANA, at(30, 12, month=11), at(30, 13, month=11), "Lunch")
    vendor.occupy(DANA, at(1, 10), at(1, 10, 30), "Dentist")
    other.occupy(PRIYA, at(1, 10, 30), at(1, 11), "Stand-up")
    desk.calendar("U0SAM").add("Gym", at(1, 11), at(1, 11, 30))
    desk.calendar("U0NOA").add("Board", at(1, 11, 30), at(1, 12))

    dana, _ = with_everything(desk, vendor, f"{COMMAND} @priya @sam")
    times = find_times(dana)
    pick(dana, r"^12:00")
    to_notifications(dana)
    done = scheduled(desk, vendor, dana)

    event = vendor.booked(DANA)
    sent = mails(desk, 4)
    by_mail = [address for address, letters in sent.items() for letter in letters if calendar_parts(letter)]
    link = event.link if vendor.conference else LINK
    assert starts_on(times, "Tue 1 Dec")[0] == "12:00"
    assert event.start == at(1, 12)
    assert event.invited == (tuple(sorted((BUYER, PRIYA, SAM))) if vendor.invites else ())
    assert Counter([*vendor.invited, *by_mail]) == {BUYER: 1, PRIYA: 1, SAM: 1}
    assert {address: len(letters) for address, letters in sent.items()} == {BUYER: 1, DANA: 1, PRIYA: 1, SAM: 1}
    assert link
    assert all(link in words_of(letters[0].message) for letters in sent.values())
    assert "Scheduled" in done
    assert stored_event(desk, "U0NOA").start == at(1, 12)
    assert not [entry for entry in other.events(PRIYA) if entry.subject == BOOKED]

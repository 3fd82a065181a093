"""What CalDAV servers do differently, and how a booking ends there all the same: one event, everybody mailed once.

How much a server may answer, and how slowly, is in `test_caldav_reading`.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from scheduling.ports import OutcomeKind
from scheduling.store import Store
from tests.conftest import SettableClock
from tests.scheduling.calendars.booking_kit import CUT, MAILED, CalDav, Desk, a_desk
from tests.scheduling.calendars.odd_server import CALENDAR, OddServer, Reply
from tests.scheduling.service.conftest import DANA, TUESDAY_9, minutes


@pytest.fixture
def desk(request: pytest.FixtureRequest, sqlite_store: Store, clock: SettableClock) -> Iterator[Desk]:
    with a_desk(CalDav(request), sqlite_store, clock) as made:
        yield made


def booked_once(desk: Desk, draft) -> None:
    outcome = desk.world.service.outcome(DANA, draft.id)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BOOKED, None)
    assert (desk.vendor.count(), desk.world.transport.recipients) == (1, MAILED)


def moved_by_hand(server: OddServer) -> str:
    """The owner's program stores the one event anew under a name of its own."""
    [path] = server.objects
    server.objects[f"{CALENDAR}8F3C-22.ics"] = server.objects.pop(path)
    return f"{CALENDAR}8F3C-22.ics"


def test_one_that_overwrites_despite_the_condition_keeps_what_the_owner_changed(desk):
    draft = desk.picked()
    desk.vendor.server.overwrites = True
    desk.vendor.fail(CUT)
    desk.schedule(draft)
    [(path, (_, text))] = desk.vendor.server.objects.items()
    desk.vendor.server.objects[path] = ('"hand"', text.replace("Pricing call", "Pricing, moved"))

    desk.world.run()

    booked_once(desk, draft)
    assert "Pricing, moved" in desk.vendor.server.objects[path][1]


def test_one_that_tells_no_etag_gets_its_event(desk):
    draft = desk.picked()
    desk.vendor.server.etags = False

    desk.schedule(draft)
    desk.world.run()

    booked_once(desk, draft)


def test_one_that_takes_the_same_uid_twice_does_not_get_it_twice(desk):
    draft = desk.picked()
    desk.vendor.fail(CUT)
    desk.schedule(draft)
    path = moved_by_hand(desk.vendor.server)

    desk.world.run()

    booked_once(desk, draft)
    assert list(desk.vendor.server.objects) == [path]


def test_one_that_stores_under_names_of_its_own_has_one_event(desk):
    draft = desk.picked()
    desk.vendor.server.renames = True

    desk.schedule(draft)
    desk.world.run()

    booked_once(desk, draft)


def test_what_was_renamed_is_taken_out_as_well_when_the_booking_fails(desk):
    draft = desk.picked()
    desk.vendor.fail(CUT)
    desk.schedule(draft)
    moved_by_hand(desk.vendor.server)
    desk.vendor.server.script("GET", Reply(403))

    desk.world.run()

    outcome = desk.world.service.outcome(DANA, draft.id)
    assert outcome.kind is OutcomeKind.FAILED
    assert (desk.vendor.count(), desk.world.transport.recipients) == (0, [])


def test_nothing_is_asked_of_it_that_servers_lack_or_ignore(desk):
    """No free-busy-query (501 at some, 400 at others) and no `expand`: whole objects are unfolded here."""
    weekly = TUESDAY_9 - timedelta(days=70)
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//someone//else//EN", "BEGIN:VEVENT", "UID:weekly"),
        *("DTSTAMP:20260801T000000Z", f"DTSTART:{weekly:%Y%m%dT%H%M%SZ}", "DURATION:PT30M"),
        *("RRULE:FREQ=WEEKLY", "SUMMARY:Stand-up", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    desk.vendor.server.objects[f"{CALENDAR}weekly.ics"] = ('"1"', "\r\n".join(lines))

    slots = [slot.start for slot in desk.world.service.propose(DANA, desk.world.filled().id).slots]

    assert (TUESDAY_9 in slots, TUESDAY_9 + minutes(30) in slots) == (False, True)
    reports = [body for (method, _, _), body in zip(
        desk.vendor.server.requests, desk.vendor.server.bodies, strict=True
    ) if method == "REPORT"]  # fmt: skip
    assert reports != []
    assert not any(b"free-busy-query" in body or b"expand" in body for body in reports)

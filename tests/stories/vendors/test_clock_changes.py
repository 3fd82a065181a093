"""Both clock changes in each system: nine o'clock stays nine o'clock in the event that the system itself keeps.

Without Slack, to be fast: the service is real, and so are the clients of the systems.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.domain import Person, Prefill, Screen
from tests.scheduling.service.conftest import DANA, TEAM
from tests.stories.reading import DANA as REP
from tests.stories.vendors.kit.service import Service, a_service

BERLIN, CAIRO = ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Cairo")
MONDAYS = [(2026, 10, 19), (2026, 10, 26), (2027, 3, 22), (2027, 3, 29)]
"""Before and after Berlin's clocks go back, and before and after they go forward."""

BUYER = "buyer@acme.example"


@pytest.fixture
def service(vendor, sqlite_store, clock) -> Iterator[Service]:
    clock.set(datetime(2026, 10, 15, 6, tzinfo=UTC))
    with a_service(vendor, sqlite_store, clock) as made:
        yield made


def starts(service: Service, week_of: datetime, zone: ZoneInfo, **form: object) -> list[datetime]:
    """Every slot of a week, on this clock."""
    opened = service.scheduling.service.open_draft(DANA, Prefill()).draft
    wanted = opened.form.model_copy(update={"week_of": f"{week_of:%Y-%m-%d}", **form})
    draft = service.scheduling.service.save(DANA, opened.id, wanted, Screen.TIMES)
    return [slot.start.astimezone(zone) for slot in service.scheduling.service.propose(DANA, draft.id).slots]


def test_nine_stays_nine_before_and_after_both_clock_changes(service, clock):
    """7e. Ten is taken by an event made over there; nine is offered, and booked, at nine on that day's clock."""
    vendor, offsets = service.vendor, []
    for monday in MONDAYS:
        nine = datetime(*monday, 9, tzinfo=BERLIN)
        clock.set(nine.astimezone(UTC) - timedelta(days=3))
        vendor.occupy(REP, nine.replace(hour=10), nine.replace(hour=10, minute=30), "Dentist")
        offered = [f"{each:%H:%M}" for each in starts(service, nine, BERLIN) if each.date() == nine.date()]
        service.book(nine.astimezone(UTC), BUYER, members=(DANA.user_id,))
        (event,) = [e for e in vendor.events(REP) if e.start == nine.astimezone(UTC) and e.subject != "Dentist"]
        offsets.append(nine.utcoffset())

        assert offered[:3] == ["09:00", "09:30", "10:30"]
        assert f"{event.start.astimezone(BERLIN):%a %H:%M}" == "Mon 09:00"
        assert event.end - event.start == timedelta(minutes=30)
        assert event.zone in ("Europe/Berlin", None)

    assert [before != after for before, after in (offsets[:2], offsets[2:])] == [True, True]


def test_skipped_times_are_not_offered_and_a_repeated_one_is_stored_as_the_one_that_was_meant(service, clock):
    """7e. Cairo changes its clocks at midnight, while Los Angeles works: 23:30 comes twice, 00:30 never."""
    vendor = service.vendor
    service.directory.people_known["U0DANA"] = Person(TEAM, "U0DANA", "Dana Reyes", REP, "Africa/Cairo")
    service.directory.people_known["U0SAM"] = Person(
        TEAM, "U0SAM", "Sam Okafor", "sam@demo.example", "America/Los_Angeles"
    )
    if not vendor.sees_others:
        service.connect("U0SAM", "sam@demo.example")
    autumn = datetime(2026, 10, 29, tzinfo=CAIRO)
    first = datetime(2026, 10, 29, 23, 30, tzinfo=CAIRO)
    second = first.replace(fold=1)
    offered = starts(service, autumn, CAIRO, members=("U0SAM",))
    for each in (second, first):
        service.book(each.astimezone(UTC), f"buyer{each.fold}@acme.example", members=("U0SAM",))
    stored = [event.start for event in vendor.events(REP)]
    clock.set(datetime(2027, 4, 26, 6, tzinfo=UTC))
    spring = starts(service, datetime(2027, 4, 29, tzinfo=CAIRO), CAIRO, members=("U0SAM",))

    assert [each.fold for each in offered if f"{each:%d %H:%M}" == "29 23:30"] == [0, 1]
    assert stored == [first.astimezone(UTC), second.astimezone(UTC)]
    assert stored[1] - stored[0] == timedelta(hours=1)
    local = [f"{each:%a %d %H:%M}" for each in spring]
    assert "Thu 29 23:30" in local
    assert "Fri 30 00:30" not in local
    assert "Fri 30 01:00" in local

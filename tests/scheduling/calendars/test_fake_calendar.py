"""What the fake can do beyond the protocol: see others, fail on request, and take its time."""

import time
from datetime import timedelta

import pytest

from scheduling.calendars.base import OWN, CalendarProvider, CalendarRef, Deadline
from scheduling.domain import Busy, Interval
from scheduling.errors import Ambiguous, DeadlineExceeded, Unavailable
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon, spec_for
from tests.scheduling.calendars.fake_calendar import FakeCalendar

LUNCH = Interval(MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=4))


def test_it_is_a_calendar_provider() -> None:
    provider: CalendarProvider = FakeCalendar()

    assert provider.capabilities.others_free_busy is False


def test_it_can_see_others_where_the_account_may() -> None:
    fake = FakeCalendar(others={"sam@acme.example": [Busy(LUNCH)]})

    sam, noa = fake.availability(
        [CalendarRef("sam@acme.example"), CalendarRef("noa@acme.example")], WEEK, soon(), default_zone="UTC"
    )

    assert (fake.capabilities.others_free_busy, sam.busy, sam.error) == (True, (Busy(LUNCH),), None)
    assert noa.error is not None


def test_a_scripted_failure_happens_once() -> None:
    fake = FakeCalendar()
    fake.fail("availability", Unavailable("http_500"))

    [first] = fake.availability([OWN], WEEK, soon(), default_zone="UTC")
    [second] = fake.availability([OWN], WEEK, soon(), default_zone="UTC")

    assert ([type(a.error) for a in (first, second)], fake.calls["availability"]) == ([Unavailable, type(None)], 2)


def test_a_failure_may_come_after_the_effect() -> None:
    fake, spec = FakeCalendar(), spec_for("work")
    fake.fail("create_event", Ambiguous("cut"), happens_anyway=True)

    with pytest.raises(Ambiguous):
        fake.create_event(spec, soon())

    assert fake.find_event(spec, soon()) == fake.create_event(spec, soon())
    assert len(fake.events) == 1


def test_a_slow_account_ends_at_the_deadline() -> None:
    fake = FakeCalendar(delay=30)
    began = time.monotonic()

    [answer] = fake.availability([OWN], WEEK, Deadline.after(0.1), default_zone="UTC")

    assert isinstance(answer.error, DeadlineExceeded)
    assert time.monotonic() - began < 1

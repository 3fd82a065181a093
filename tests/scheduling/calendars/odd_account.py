"""An account on the misbehaving server, and how its answers are put for comparison."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.calendars.base import OWN, Availability, Deadline, EventSpec
from scheduling.calendars.caldav.account import CalDavCalendar
from scheduling.domain import Interval
from scheduling.errors import CalendarError
from tests.scheduling.calendars.odd_server import CALENDAR, HOME, OddServer, Reply

MONDAY = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
WEEK = Interval(MONDAY - timedelta(hours=9), MONDAY + timedelta(days=6))
HTML = Reply(200, b"<!doctype html><html><body>Please sign in</body></html>", {"Content-Type": "text/html"})


def secret_of(odd: OddServer) -> dict[str, str]:
    return {
        "server": odd.url,
        "username": odd.user,
        "password": odd.password,
        "home": odd.url.rstrip("/") + HOME,
        "calendar": "",
        "addresses": "dana@acme.example",
    }


def path_of(spec: EventSpec) -> str:
    return f"{CALENDAR}{spec.uid}.ics"


def own(provider: CalDavCalendar, deadline: Deadline | None = None) -> Availability:
    [answer] = provider.availability([OWN], WEEK, deadline or Deadline.after(20), default_zone="Europe/Berlin")
    return answer


def told(action: Callable[[], object]) -> tuple[type[CalendarError], str, float | None]:
    """The error an action ends in: its kind, its code and how long to wait."""
    with pytest.raises(CalendarError) as caught:
        action()
    return type(caught.value), caught.value.code, caught.value.retry_after


def unknown(answer: Availability) -> tuple[type[CalendarError], str]:
    assert answer.busy == ()
    assert answer.error is not None
    return type(answer.error), answer.error.code

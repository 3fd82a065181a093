"""Whatever JSON may come from Google, it is read or refused by kind, and nothing else."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduling.calendars.google import busy as times
from scheduling.domain import Busy
from scheduling.errors import CalendarError
from tests.scheduling.calendars.conftest import WEEK

HOUR = timedelta(hours=1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["start", "end", "status", "attendees", "summary", "eventType", "visibility", "iCalUID", "transparency"]
EVENT = st.dictionaries(st.sampled_from(NAMES), JSON | st.fixed_dictionaries({"dateTime": JSON, "date": JSON}))


@given(st.lists(EVENT, max_size=3))
def test_whatever_stands_in_an_event_it_is_read_or_refused_and_nothing_else(events):
    try:
        found = list(times.busy_of(events, WEEK, "Europe/Berlin"))
    except CalendarError:
        return

    assert all(isinstance(busy, Busy) for busy in found)


@given(st.dictionaries(st.sampled_from(["calendars", "kind"]), JSON | st.dictionaries(st.just("a@b.example"), JSON)))
def test_whatever_free_busy_answers_it_is_read_or_refused_and_nothing_else(answer):
    try:
        found = times.free_busy_of(answer, "a@b.example", WEEK)
    except CalendarError:
        return

    assert all(isinstance(busy, Busy) for busy in found)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "summary", "primary", "accessRole", "timeZone"]), JSON)))
def test_whatever_stands_in_the_list_of_calendars_it_is_read_or_refused_and_nothing_else(entries):
    try:
        found = times.calendars_of(entries)
    except CalendarError:
        return

    assert all(isinstance(calendar.name, str) and calendar.id for calendar in found)

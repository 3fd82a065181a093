"""The walk of `python app.py doctor --live`, through accounts that keep the protocol and accounts that do not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from doctor import Finding, Verdict
from live import TITLE, walk
from scheduling.calendars.base import CalendarInfo, Capabilities, Deadline, EventSpec, RoomInfo
from scheduling.domain import EventRef
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    Conflict,
    RateLimited,
    Unavailable,
    Unsupported,
)
from tests.scheduling.calendars.fake_calendar import WORK, FakeCalendar

NOW = datetime(2026, 11, 2, 8, 20, tzinfo=UTC)


def walked(calendar: FakeCalendar) -> list[Finding]:
    return [*walk(calendar, lambda: Deadline.after(5), lambda: NOW, lambda _: None)]


def troubles(found: list[Finding]) -> dict[str, str]:
    return {finding.about: finding.words for finding in found if finding.verdict is not Verdict.OK}


# --- the walk ---


def test_every_step_is_ok_and_nothing_is_left():
    calendar = FakeCalendar()
    calendar.occupy(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1), "Secret plans")

    found = walked(calendar)

    assert [str(finding) for finding in found] == [
        "OK     calendars      1 found, 1 for meetings",
        "OK     next 7 days    1 busy stretches",
        f"OK     create         '{TITLE}' on 2026-12-02 at 08:00 UTC",
        "OK     create again   the same event",
        "OK     find           by its key",
        "OK     read           at its time, nobody invited",
        "OK     update         an hour later",
        "OK     seen as busy   by our own reading",
        "OK     cancel         gone",
        "OK     cancel again   fine, it was gone already",
        "OK     find no more   not there",
        "OK     removed        nothing of it is left",
    ]
    assert calendar.events == {}


def test_rooms_are_listed_where_the_system_can():
    calendar = FakeCalendar(capabilities=Capabilities(rooms=True))
    calendar.rooms = (RoomInfo("oslo@acme.example", "Room Oslo"),)

    assert walked(calendar)[-1] == Finding(Verdict.OK, "rooms", "1 listed")


def test_rooms_that_no_administrator_allowed_are_worth_a_note_and_no_failure():
    calendar = FakeCalendar(capabilities=Capabilities(rooms=True))
    calendar.fail("list_rooms", Unsupported("rooms_consent"))

    words = "not listed for this account: Unsupported (rooms_consent)"
    assert walked(calendar)[-1] == Finding(Verdict.NOTE, "rooms", words)


@pytest.mark.parametrize(
    ("method", "error", "told"),
    [
        ("list_calendars", RateLimited("http_429", retry_after=30), {"calendars": "RateLimited (http_429), wait 30 s"}),
        ("availability", Unavailable("http_503"), {"next 7 days": "Unavailable (http_503)"}),
        ("create_event", AccessDenied("http_403"), {"create": "AccessDenied (http_403)"}),
        ("find_event", Unavailable("answer"), {"find": "Unavailable (answer)"}),
        ("get_event", Unavailable("connect"), {"read": "Unavailable (connect)"}),
        ("update_event", Conflict("etag"), {"update": "Conflict (etag)"}),
        ("cancel_event", Unavailable("http_500"), {"cancel": "Unavailable (http_500)"}),
    ],
)
def test_a_step_that_fails_is_named_with_class_and_code_and_the_event_is_removed(method, error, told):
    calendar = FakeCalendar()
    calendar.fail(method, error)

    assert troubles(walked(calendar)) == told
    assert calendar.events == {}


def test_an_event_whose_creation_was_not_answered_is_removed_too():
    calendar = FakeCalendar()
    calendar.fail("create_event", Ambiguous("cut"), happens_anyway=True)

    found = walked(calendar)

    assert troubles(found) == {"create": "Ambiguous (cut)"}
    assert [finding.about for finding in found] == ["calendars", "next 7 days", "create", "removed"]
    assert (calendar.calls["create_event"], calendar.events) == (1, {})


def test_what_cannot_be_removed_is_told_with_its_name_and_day():
    calendar = FakeCalendar()
    calendar.fail("cancel_event", *[AccessDenied("http_403")] * 8)

    found = {finding.about: finding for finding in walked(calendar)}

    words = f"AccessDenied (http_403): look for '{TITLE}' on 2026-12-02 and delete it by hand"
    assert found["removed"] == Finding(Verdict.TO_DO, "removed", words)


def test_the_event_is_removed_when_the_operator_stops_in_between():
    calendar = FakeCalendar()
    steps = walk(calendar, lambda: Deadline.after(5), lambda: NOW)
    while next(steps).about != "create":
        pass
    made = len(calendar.events)

    steps.close()

    assert (made, calendar.events) == (1, {})


def test_a_calendar_that_nobody_may_write_ends_before_an_event():
    calendar = FakeCalendar((replace(WORK, writable=False), CalendarInfo("b", "B", None, True, False, False)))

    found = walked(calendar)

    assert troubles(found) == {"calendars": "2 found, but none that can be written and counts as busy"}
    assert [finding.about for finding in found] == ["calendars", "next 7 days"]


class Forgetful(FakeCalendar):
    """Makes an event each time, whatever the key."""

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        if self.events:
            spec = replace(spec, uid=f"another-{spec.uid}", key=replace(spec.key, generation=2))
        return super().create_event(spec, deadline)


class Twice(FakeCalendar):
    """Makes a second event under the same key and answers with the first."""

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        ref = super().create_event(spec, deadline)
        present = self.events[ref.event_id]
        self.events["hidden"] = replace(present, spec=replace(present.spec, uid="hidden"))
        return ref

    def cancel_event(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        super().cancel_event(ref, message, deadline)
        if "/hidden" in ref.event_id:
            self.events.pop("hidden", None)


class Blind(FakeCalendar):
    """Does not see its own events as busy."""

    def _busy_of(self, ref):
        return []


class Stubborn(FakeCalendar):
    """Says that it changed an event, and did not."""

    def update_event(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        return ref


class Broken(FakeCalendar):
    """Has a fault that is in no table."""

    def find_event(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        if self.calls["get_event"] == 0:
            self.calls["get_event"] += 1
            raise KeyError("canary")
        return super().find_event(spec, deadline)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Forgetful, {"create again": "the same key made a second event"}),
        (Twice, {"find no more": "an event is still there under its key"}),
        (Blind, {"seen as busy": "its time reads as free"}),
        (Stubborn, {"update": "accepted, but it is where it was"}),
    ],
)
def test_a_provider_that_breaks_its_promises_is_caught_and_cleaned_up(kind, told):
    calendar = kind()

    assert troubles(walked(calendar)) == told
    assert calendar.events == {}


def test_a_fault_of_the_program_is_placed_without_its_text():
    calendar = Broken()

    (words,) = troubles(walked(calendar)).values()

    assert words.startswith("KeyError in test_live.py:")
    assert "canary" not in words
    assert calendar.events == {}

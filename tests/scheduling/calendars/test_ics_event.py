"""The object we store: what is in it, what can never be in it, and what survives an update."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from scheduling.calendars.caldav.ics_event import build, key_text, merged, state_of, stored_identity
from scheduling.calendars.caldav.ics_lines import UnreadableObject
from scheduling.domain import EventRef, Interval
from tests.scheduling.calendars.conftest import MONDAY, NOW, spec_for

FULL = replace(
    spec_for("work"),
    title="Kick-off",
    description="With Priya Nair\nDial 12; then, talk",
    location="Room 4, 2nd floor",
    url="https://meet.example/abc",
    private=True,
    reminder_minutes=10,
    sequence=3,
)


def lines(content: bytes) -> list[str]:
    return content.decode().replace("\r\n ", "").split("\r\n")


def test_the_object_says_everything_in_utc_and_invites_nobody() -> None:
    assert lines(build(FULL, NOW)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//schedule-for//schedule-for//EN",
        "BEGIN:VEVENT",
        "SUMMARY:Kick-off",
        "DTSTART:20261207T090000Z",
        "DTEND:20261207T093000Z",
        "DTSTAMP:20261120T080000Z",
        f"UID:{FULL.uid}",
        "SEQUENCE:3",
        "CLASS:PRIVATE",
        "DESCRIPTION:With Priya Nair\\nDial 12\\; then\\, talk",
        "LAST-MODIFIED:20261120T080000Z",
        "LOCATION:Room 4\\, 2nd floor",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "URL:https://meet.example/abc",
        f"X-BOOKING-KEY:{key_text(FULL.key)}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Kick-off",
        "TRIGGER:-PT10M",
        f"UID:reminder-{FULL.uid}",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_what_is_not_wanted_is_left_out() -> None:
    spec = replace(FULL, description="", location="", url=None, private=False, reminder_minutes=None, shows_busy=False)

    written = lines(build(spec, NOW))

    names = {line.partition(":")[0] for line in written}
    assert names.isdisjoint({"DESCRIPTION", "LOCATION", "URL", "ORGANIZER", "ATTENDEE", "METHOD", "TRIGGER"})
    assert {"CLASS:PUBLIC", "TRANSP:TRANSPARENT"} <= set(written)


NASTY = "Ü\x00\x07\x1b[31m\r\nATTENDEE:mailto:evil@evil.example\x0bX\u2028Y\x85Z\ud800"


def test_control_characters_and_line_ends_make_no_property_of_their_own() -> None:
    spec = replace(FULL, title=NASTY, location=NASTY, description=NASTY, reminder_minutes=5)

    content = build(spec, NOW)

    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert "ATTENDEE" not in event
    assert str(event["SUMMARY"]) == "Ü[31m ATTENDEE:mailto:evil@evil.exampleX Y Z"
    assert str(event["LOCATION"]) == str(event["SUMMARY"])
    assert str(event["DESCRIPTION"]) == "Ü[31m\nATTENDEE:mailto:evil@evil.exampleX\nY\nZ"


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_comes_back_as_one_event_that_is_ours(title: str, description: str) -> None:
    spec = replace(FULL, title=title, description=description)

    text = build(spec, NOW).decode()

    assert stored_identity(text) == (key_text(spec.key), spec.uid)
    assert [component.name for component in Calendar.from_ical(text).subcomponents] == ["VEVENT"]
    assert "ATTENDEE" not in Calendar.from_ical(text).walk("VEVENT")[0]


def test_no_line_is_longer_than_75_octets() -> None:
    spec = replace(FULL, title="Größe " * 60, description="日本語" * 200)

    assert max(len(line) for line in build(spec, NOW).split(b"\r\n")) <= 75


def test_an_update_replaces_our_part_and_keeps_the_rest() -> None:
    stored = build(FULL, NOW).decode()
    stored = stored.replace(
        "BEGIN:VALARM",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:sam@acme.example\r\nORGANIZER:mailto:dana@acme.example\r\n"
        "CATEGORIES:Sales,Acme\r\nX-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC\r\n"
        "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\nBEGIN:VALARM",
        1,
    ).replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:PUBLISH", 1)
    spec = replace(FULL, title="Moved", description="", reminder_minutes=None, sequence=4)

    written = lines(merged(stored, spec, NOW + timedelta(hours=1)))

    assert [
        line for line in written if line.startswith(("SUMMARY", "SEQUENCE", "DESCRIPTION", "METHOD", "TRIGGER"))
    ] == [
        "SUMMARY:Moved",
        "SEQUENCE:4",
        "TRIGGER:-PT1H",
    ]
    assert {
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:sam@acme.example",
        "ORGANIZER:mailto:dana@acme.example",
        "CATEGORIES:Sales,Acme",
        "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
        "DTSTAMP:20261120T090000Z",
    } <= set(written)


@pytest.mark.parametrize("stored", ["", "<html>", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"])
def test_what_is_no_event_is_neither_merged_nor_recognized(stored: str) -> None:
    with pytest.raises(UnreadableObject):
        merged(stored, FULL, NOW)
    with pytest.raises(UnreadableObject):
        stored_identity(stored)


def test_the_state_tells_what_people_made_of_it() -> None:
    text = build(FULL, NOW).decode()
    text = text.replace("DTSTART:20261207T090000Z", "DTSTART;VALUE=DATE:20261208")
    text = text.replace("DTEND:20261207T093000Z", "DTEND;VALUE=DATE:20261209")
    text = text.replace("STATUS:CONFIRMED", "STATUS:CANCELLED\r\nATTENDEE;PARTSTAT=DECLINED:mailto:Sam@Acme.example")
    ref = EventRef(calendar_id="work", event_id="work/1.ics", uid=FULL.uid)

    state = state_of(text, ref, ZoneInfo("UTC"))

    day = MONDAY.replace(day=8, hour=0)
    assert (state.interval, state.cancelled) == (Interval(day, day + timedelta(days=1)), True)
    assert state.responses == {"sam@acme.example": "declined"}


def test_a_time_in_a_zone_that_only_the_object_knows_is_told() -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    zone += "TZOFFSETFROM:+0530\r\nTZOFFSETTO:+0530\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    text = build(FULL, NOW).decode().replace("BEGIN:VEVENT", zone)
    text = text.replace("DTSTART:20261207T090000Z", "DTSTART;TZID=Ours:20261208T143000")
    text = text.replace("DTEND:20261207T093000Z", "DURATION:PT1H")

    state = state_of(text, EventRef(calendar_id="work", event_id="1", uid=FULL.uid), ZoneInfo("UTC"))

    start = MONDAY + timedelta(days=1)
    assert state.interval == Interval(start, start + timedelta(hours=1))


def test_the_heavy_libraries_are_not_loaded_before_an_account_is_opened() -> None:
    code = "import sys, scheduling.calendars as c; assert 'icalendar' not in sys.modules, 'loaded'; c.REGISTRY"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

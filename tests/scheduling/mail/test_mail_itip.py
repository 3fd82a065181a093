"""Our calendar parts, read back by icalendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from scheduling.domain import EventRef, Interval, InviteMode, Room
from scheduling.mail import itip
from scheduling.mail.letters import ManageLinks, event_description, letters_for
from scheduling.mail.text import clean_block, clean_line

BUYER = itip.Invitee("Acme Buyer", "buyer@acme.example")


def parsed(calendar: bytes) -> tuple[Calendar, dict[str, object]]:
    """The calendar and its one event's properties; values as text, times as they are."""
    whole = Calendar.from_ical(calendar)
    (event,) = whole.walk("VEVENT")
    assert [part.name for part in whole.walk()] == ["VCALENDAR", "VEVENT"]
    return whole, {name: getattr(value, "dt", value) for name, value in event.items()}


def test_request_says_what_a_client_needs(booked, sender, now) -> None:
    whole, event = parsed(itip.request(booked(sequence=3), BUYER, sender, "Words", now))

    assert (whole["VERSION"], whole["METHOD"], whole["CALSCALE"]) == ("2.0", "REQUEST", "GREGORIAN")
    attendee, organizer = event.pop("ATTENDEE"), event.pop("ORGANIZER")
    assert event == {
        "UID": "b1@bookings.example",
        "SEQUENCE": 3,
        "DTSTAMP": now,
        "DTSTART": datetime(2026, 11, 26, 14, tzinfo=UTC),
        "DTEND": datetime(2026, 11, 26, 14, 45, tzinfo=UTC),
        "SUMMARY": "Pricing call",
        "DESCRIPTION": "Words",
        "LOCATION": "12 Harbour Street, Oslo",
        "URL": "https://meet.bookings.example/dana",
        "STATUS": "CONFIRMED",
        "CLASS": "PUBLIC",
        "TRANSP": "OPAQUE",
    }
    assert (str(organizer), dict(organizer.params)) == ("mailto:meetings@bookings.example", {"CN": "Dana Reyes"})
    assert str(attendee) == "mailto:buyer@acme.example"
    assert dict(attendee.params) == {
        "CN": "Acme Buyer",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }


def test_cancel_takes_the_same_uid_back(booked, sender, now) -> None:
    whole, event = parsed(itip.cancel(booked(sequence=4), BUYER, sender, "", now))

    assert whole["METHOD"] == "CANCEL"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("b1@bookings.example", 4, "CANCELLED")


def test_lines_end_in_crlf_and_method_stands_before_the_event(booked, sender, now) -> None:
    calendar = itip.request(booked(subject="é" * 200), BUYER, sender, "Words", now)

    lines = calendar.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(len(line) for line in lines) <= 75
    assert lines.index(b"METHOD:REQUEST") < lines.index(b"BEGIN:VEVENT")
    assert lines.index(b"DTSTART:20261126T140000Z") > 0


@pytest.mark.parametrize(
    ("changes", "location", "url"),
    [
        pytest.param({}, "12 Harbour Street, Oslo", "https://meet.bookings.example/dana", id="place and room"),
        pytest.param({"location": ""}, "Oslo", "https://meet.bookings.example/dana", id="room"),
        pytest.param({"location": "", "rooms": ()}, *["https://meet.bookings.example/dana"] * 2, id="link"),
        pytest.param({"conferencing_text": "call me", "location": "", "rooms": ()}, None, None, id="neither"),
        pytest.param({"conferencing_text": "javascript:alert(1)"}, "12 Harbour Street, Oslo", None, id="not a link"),
        pytest.param({"conferencing": "none"}, "12 Harbour Street, Oslo", None, id="typed, then chosen none"),
    ],
)
def test_location_is_the_place_else_the_link(changes, location, url, booked, sender, now) -> None:
    _, event = parsed(itip.request(booked(**changes), BUYER, sender, "", now))

    assert (event.get("LOCATION"), event.get("URL")) == (location, url)


def test_link_made_by_the_provider_comes_first(booked, sender, now) -> None:
    made = EventRef(calendar_id="c", event_id="e", uid="u", join_url="https://meet.provider.example/x")

    _, event = parsed(itip.request(booked(event=made), BUYER, sender, "", now))

    assert event["URL"] == "https://meet.provider.example/x"


def test_description_stands_alone(booked) -> None:
    links = ManageLinks("https://bookings.example/m/1", "https://bookings.example/m/2")
    booking = booked(conferencing_text="https://meet.bookings.example/dana\nor +1 555 0100")

    assert event_description(booking, manage_links=links) == (
        "DESCRIPTION one\nDESCRIPTION two\n\n"
        "Join: https://meet.bookings.example/dana\nor +1 555 0100\n\n"
        "With: Dana Reyes, Priya Nair and Sam Okafor\nCustomer: Acme Buyer\n\n"
        "Reschedule: https://bookings.example/m/1\nCancel: https://bookings.example/m/2"
    )


def test_every_invited_person_is_the_only_attendee_of_their_part(booked, sender, now) -> None:
    letters = [letter for letter in letters_for(booked(invite_mode=InviteMode.BOT), sender, now) if letter.calendar]

    attendees = [str(parsed(letter.calendar)[1]["ATTENDEE"]) for letter in letters]
    assert attendees == [f"mailto:{letter.to_address}" for letter in letters]
    assert {str(parsed(letter.calendar)[1]["UID"]) for letter in letters} == {"b1@bookings.example"}


@pytest.mark.parametrize(
    "text",
    [
        "DTSTART:2031\nBEGIN:VALARM",
        'a;b,c\\d"e',
        "Hi\r\nATTENDEE:mailto:evil@example.com",
        "x\u2028METHOD:CANCEL",
        "\x0bDTEND:2031",
        "NUL\x00 and ESC\x1b",
        "\ud800 lone surrogate",
        "right\u202eto left",
        "مرحبا بكم",
        "👩‍👩‍👧‍👦" * 40,
        "e\u0301" * 60,
        "Z" + "\u0336" * 500,
        "\\n is not a line break",
    ],
)
def test_awkward_text_stays_text(text, booked, sender, now) -> None:
    booking = booked(subject=text, location=text, rooms=(Room(id="r", name=text),), customer_name=text)

    _, event = parsed(itip.request(booking, itip.Invitee(text, BUYER.address), sender, text, now))

    assert event["SUMMARY"] == clean_line(text)
    assert event["DESCRIPTION"] == clean_block(text)
    assert event["LOCATION"] == f"{clean_line(text)}, {clean_line(text)}"
    assert event["ATTENDEE"].params["CN"].replace("'", '"') == clean_line(text).replace("'", '"')
    assert event["DTSTART"] == datetime(2026, 11, 26, 14, tzinfo=UTC)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    subject=st.text(max_size=200),
    description=st.text(max_size=400),
    location=st.text(max_size=120),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001 - made aware below
    sequence=st.integers(0, 10_000),
)
def test_whatever_was_typed_comes_back(subject, description, location, start, sequence, booked, sender, now) -> None:
    begin = start.replace(microsecond=0, tzinfo=UTC)
    interval = Interval(begin, begin + timedelta(minutes=45))
    booking = booked(
        subject=subject, location=location, rooms=(), conferencing_text="", interval=interval, sequence=sequence
    )

    _, event = parsed(itip.request(booking, BUYER, sender, description, now))

    assert (event["SUMMARY"], event["DESCRIPTION"]) == (clean_line(subject), clean_block(description))
    assert event.get("LOCATION", "") == clean_line(location)
    assert (event["DTSTART"], event["DTEND"], event["SEQUENCE"]) == (interval.start, interval.end, sequence)

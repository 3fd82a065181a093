"""A meeting's time in words, on every awkward clock."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduling.domain import Interval
from scheduling.mail.letters import LetterKind, letters_for
from scheduling.mail.times import When, ZoneWords, same_clock, when


def span(start: str, minutes: int = 30) -> Interval:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return Interval(moment, moment + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("zone", "start", "start_words", "expected"),
    [
        pytest.param(
            "Asia/Kolkata", "2026-11-26T09:00", "14:30", ZoneWords("Kolkata", "IST", "UTC+5:30"), id="half hour"
        ),
        pytest.param(
            "Asia/Kathmandu", "2026-11-26T09:00", "14:45", ZoneWords("Kathmandu", None, "UTC+5:45"), id="no letters"
        ),
        pytest.param(
            "America/Vancouver", "2026-12-15T20:00", "13:00", ZoneWords("Vancouver", "MST", "UTC−7"), id="stays at −7"
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-12-15T00:00",
            "11:00",
            ZoneWords("Lord Howe Island", None, "UTC+11"),
            id="half-hour DST on",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-06-15T00:00",
            "10:30",
            ZoneWords("Lord Howe Island", None, "UTC+10:30"),
            id="half-hour DST off",
        ),
        pytest.param(
            "Europe/London", "2026-12-01T09:00", "09:00", ZoneWords("London", "GMT", "UTC+0"), id="offset zero"
        ),
        pytest.param(
            "Pacific/Kiritimati", "2026-12-01T09:00", "23:00", ZoneWords("Kiritimati", None, "UTC+14"), id="far ahead"
        ),
        pytest.param(
            "America/Sao_Paulo", "2026-12-01T09:00", "06:00", ZoneWords("São Paulo", None, "UTC−3"), id="accents"
        ),
        pytest.param("UTC", "2026-12-01T09:00", "09:00", ZoneWords(None, None, "UTC+0"), id="no place"),
        pytest.param(
            "Etc/GMT+5", "2026-12-01T09:00", "04:00", ZoneWords(None, None, "UTC−5"), id="name says the opposite"
        ),
        pytest.param(
            "Mars/Phobos", "2026-12-01T09:00", "09:00", ZoneWords(None, None, "UTC+0"), id="unknown: said in UTC"
        ),
        pytest.param("../../etc/passwd", "2026-12-01T09:00", "09:00", ZoneWords(None, None, "UTC+0"), id="a path: UTC"),
    ],
)
def test_zone_is_named_by_city_letters_and_offset(zone, start, start_words, expected) -> None:
    shown = when(span(start), zone)

    assert (shown.start, shown.zone) == (start_words, expected)


def test_all_parts_of_a_plain_time() -> None:
    assert when(span("2026-11-26T14:00"), "Europe/Berlin") == When(
        day="Thursday, 26 November 2026",
        short_day="Thu 26 Nov",
        weekday="Thu",
        month="Nov",
        date="26",
        start="15:00",
        end="15:30",
        zone=ZoneWords("Berlin", "CET", "UTC+1"),
        end_day=None,
        end_zone=None,
    )


def test_meeting_over_midnight_names_the_day_it_ends() -> None:
    shown = when(span("2026-11-26T22:45"), "Europe/Berlin")

    assert (shown.short_day, shown.start, shown.end, shown.end_day) == ("Thu 26 Nov", "23:45", "00:15", "Fri 27 Nov")


def test_meeting_over_a_clock_change_names_both_offsets() -> None:
    shown = when(span("2026-10-25T00:30", 60), "Europe/Berlin")

    assert (shown.start, shown.zone.offset) == ("02:30", "UTC+2")
    assert (shown.end, shown.end_zone) == ("02:30", ZoneWords("Berlin", "CET", "UTC+1"))


def test_clocks_are_the_same_by_what_they_show() -> None:
    interval = span("2026-11-26T14:00")

    assert same_clock(interval, "Europe/Berlin", "Europe/Paris")
    assert not same_clock(interval, "Europe/Berlin", "Europe/London")
    assert not same_clock(interval, "Pacific/Kiritimati", "Pacific/Honolulu")  # 24 hours apart


@pytest.mark.parametrize(
    ("zone", "lines", "subject_end"),
    [
        (
            "Asia/Kolkata",
            (
                "Thursday, 26 November 2026\n  19:30–20:15 (45 minutes)\n  Kolkata time (IST, UTC+5:30)\n"
                "  For Dana Reyes: 15:00–15:45, Berlin time (CET, UTC+1)\n"
            ),
            "Thu 26 Nov, 19:30 IST (UTC+5:30)",
        ),
        (
            "America/Vancouver",
            (
                "Thursday, 26 November 2026\n  07:00–07:45 (45 minutes)\n  Vancouver time (MST, UTC−7)\n"
                "  For Dana Reyes: 15:00–15:45, Berlin time (CET, UTC+1)\n"
            ),
            "Thu 26 Nov, 07:00 MST (UTC−7)",
        ),
        (
            "Australia/Lord_Howe",
            (
                "Friday, 27 November 2026\n  01:00–01:45 (45 minutes)\n  Lord Howe Island time (UTC+11)\n"
                "  For Dana Reyes: Thu 26 Nov, 15:00–15:45, Berlin time (CET, UTC+1)\n"
            ),
            "Fri 27 Nov, 01:00 UTC+11",
        ),
        (
            "Europe/Paris",
            "Thursday, 26 November 2026\n  15:00–15:45 (45 minutes)\n  Paris time (CET, UTC+1)\n\nHow to join\n",
            "Thu 26 Nov, 15:00 CET (UTC+1)",
        ),
        (
            None,
            (
                "Thursday, 26 November 2026\n  15:00–15:45 (45 minutes)\n  Berlin time (CET, UTC+1)\n"
                "  This is the time in Dana Reyes's zone: yours is not known.\n"
            ),
            "Thu 26 Nov, 15:00 CET (UTC+1)",
        ),
    ],
)
def test_customer_reads_their_own_time_first(zone, lines, subject_end, booked, sender, now) -> None:
    letter = letters_for(booked(customer_zone=zone), sender, now)[0]

    assert f"When\n  {lines}" in letter.text
    assert letter.subject == f"Confirmed: Pricing call with Dana Reyes, {subject_end}"


def test_member_reads_their_own_time_and_the_customers(booked, sender, now) -> None:
    letters = letters_for(booked(), sender, now)

    priya = next(letter for letter in letters if letter.to_address.startswith("priya"))
    assert priya.kind is LetterKind.TEAM_NOTICE
    assert priya.subject == "You’re on: Acme Buyer – Pricing call, Thu 26 Nov, 19:30 IST (UTC+5:30)"
    assert (
        "  19:30–20:15 (45 minutes)\n  Kolkata time (IST, UTC+5:30)\n"
        "  For Acme Buyer: 08:00–08:45, Chicago time (CST, UTC−6)\n"
    ) in priya.text


def test_team_is_told_when_the_customers_zone_is_only_assumed(booked, sender, now) -> None:
    letters = {letter.to_address: letter for letter in letters_for(booked(customer_zone=None), sender, now)}

    assert "Acme Buyer's zone was not chosen: their email shows your time." in letters["dana@bookings.example"].text
    assert (
        "Acme Buyer's zone was not chosen: their email shows Dana Reyes's time." in letters["sam@bookings.example"].text
    )
    assert "In the customer's email: 15:00–15:45, Berlin time (CET, UTC+1)" in letters["sam@bookings.example"].text

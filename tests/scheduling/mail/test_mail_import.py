"""Our customer's mail as an independent calendar server understands it: Xandikos, which files invitations from mail."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from scheduling.domain import Interval
from scheduling.mail import itip
from scheduling.mail.letters import customer_confirmation, event_description
from scheduling.mail.mime import to_bytes


@pytest.fixture
def deliver(tmp_path):
    """`deliver(raw)` files one mail; returns the events (UID, SEQUENCE, STATUS, start) of the calendar afterwards."""
    xandikos = shutil.which("xandikos", path=str(Path(sys.executable).parent)) or shutil.which("xandikos")
    assert xandikos, "xandikos is one of the development dependencies"
    command = [xandikos, "import-imip", "-d", str(tmp_path), "--principal", "/user2/", "--autocreate"]

    def run(raw: bytes) -> list[tuple[str, int, str, str]]:
        done = subprocess.run(command, input=raw, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        files = sorted((tmp_path / "user2" / "calendars").rglob("*.ics"))
        events = [event for file in files for event in Calendar.from_ical(file.read_bytes()).walk("VEVENT")]
        return [(str(e["UID"]), int(e["SEQUENCE"]), str(e["STATUS"]), e["DTSTART"].dt.isoformat()) for e in events]

    return run


def test_invitation_is_filed_exactly_once_however_often_it_arrives(deliver, booked, sender, now) -> None:
    raw = to_bytes(customer_confirmation(booked(), sender, now))

    once, twice = deliver(raw), deliver(raw)

    assert once == [("b1@bookings.example", 0, "CONFIRMED", "2026-11-26T14:00:00+00:00")]
    assert twice == once


def test_newer_request_moves_the_event_and_cancel_ends_it(deliver, booked, sender, now) -> None:
    booking = booked()
    later = Interval(booking.interval.start + timedelta(days=1), booking.interval.end + timedelta(days=1))
    moved = replace(booking, interval=later, sequence=1, version=2)
    gone = replace(moved, sequence=2, version=3)
    invitee = itip.Invitee("Acme Buyer", "buyer@acme.example")
    calendar = itip.cancel(gone, invitee, sender, event_description(gone), now)

    deliver(to_bytes(customer_confirmation(booking, sender, now)))
    after_move = deliver(to_bytes(customer_confirmation(moved, sender, now)))
    cancelled = replace(customer_confirmation(gone, sender, now), calendar=calendar, method="CANCEL")
    after_cancel = deliver(to_bytes(cancelled))

    assert after_move == [("b1@bookings.example", 1, "CONFIRMED", "2026-11-27T14:00:00+00:00")]
    assert [event for event in after_cancel if event[2] != "CANCELLED"] == []


def test_mail_without_a_calendar_part_files_nothing(deliver, booked, sender, now) -> None:
    raw = to_bytes(customer_confirmation(booked(on_event=False), sender, now))

    assert deliver(raw) == []

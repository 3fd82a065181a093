"""Letters as bytes, read back by the standard library."""

import base64
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from email.utils import parseaddr

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scheduling.mail.letters import customer_confirmation, letters_for, rep_receipt
from scheduling.mail.mime import _ASCII, to_bytes
from scheduling.mail.text import clean_header, clean_line, shorten

EVIL_LINES = [
    "Hi\r\nBcc: evil@example.com",
    "Hi\nBcc: evil@example.com",
    "Hi\x0bBcc: evil@example.com",
    "Hi\x85Bcc: evil@example.com",
    "Hi\u2028Bcc: evil@example.com",
    "Hi\x00\x1b",
    "=?utf-8?q?Bcc=3A?= x",
    "abc\u202egnp.exe",
    "\ud800",
    'a, "b" <c@d.example>; e@f.example',
]


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def display_name(raw: bytes) -> str:
    """The recipient's name by RFC 2047; the policy-driven parser adds blanks between encoded words."""
    name, _ = parseaddr(message_from_bytes(raw, policy=compat32)["To"])
    return str(make_header(decode_header(name)))


def test_invitation_has_the_shape_that_mail_clients_expect(booked, sender, now) -> None:
    letter = customer_confirmation(booked(), sender, now)

    message = read(to_bytes(letter))

    assert message.get_content_type() == "multipart/mixed"
    alternative, attachment = message.iter_parts()
    assert alternative.get_content_type() == "multipart/alternative"
    text, html, calendar = alternative.iter_parts()
    assert [str(part["Content-Type"]) for part in (text, html, calendar)] == [
        'text/plain; charset="utf-8"',
        'text/html; charset="utf-8"',
        'text/calendar; charset="utf-8"; method="REQUEST"',
    ]
    assert [part.get_content().replace("\r\n", "\n") for part in (text, html)] == [letter.text, letter.html]
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert calendar["Content-Disposition"] is None
    assert base64.b64decode(calendar.get_payload()) == letter.calendar
    assert b"\r\nMETHOD:REQUEST\r\n" in letter.calendar
    assert (attachment.get_content_type(), attachment["Content-Type"].params["name"]) == (
        "application/ics",
        "invite.ics",
    )
    assert (attachment.get_content_disposition(), attachment.get_filename()) == ("attachment", "invite.ics")
    assert attachment.get_content() == letter.calendar


def test_mail_without_a_calendar_part_is_plainly_alternative(booked, sender, now) -> None:
    message = read(to_bytes(rep_receipt(booked(), sender, now)))

    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_headers_say_who_and_that_nobody_typed_it(booked, sender, now) -> None:
    letter = customer_confirmation(booked(on_event=False), sender, now)

    message = read(to_bytes(letter))

    assert {name: str(message[name]) for name in message if not name.startswith(("Content", "MIME"))} == {
        "From": "Dana Reyes via Bookings Example <meetings@bookings.example>",
        "To": "Acme Buyer <buyer@acme.example>",
        "Reply-To": "Dana Reyes <dana@bookings.example>",
        "Subject": "Confirmed: Pricing call with Dana Reyes, Thu 26 Nov, 08:00 CST (UTC−6)",
        "Date": "Tue, 24 Nov 2026 08:30:00 +0000",
        "Message-ID": letter.message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "X-Booking-Ref": "SF-1",
    }


def test_invitation_is_not_marked_automatic_since_calendar_servers_drop_such_mail(booked, sender, now) -> None:
    message = read(to_bytes(customer_confirmation(booked(), sender, now)))

    assert (message["Auto-Submitted"], message["X-Auto-Response-Suppress"]) == (None, "OOF, AutoReply")


def test_later_mails_join_the_thread(booked, sender, now) -> None:
    first = customer_confirmation(booked(), sender, now)
    later = replace(customer_confirmation(booked(version=2), sender, now), references=(first.message_id,))

    message = read(to_bytes(later))

    assert (message["In-Reply-To"], message["References"]) == (first.message_id, first.message_id)
    assert message["Message-ID"] != first.message_id


def test_everything_is_seven_bit_with_short_crlf_lines(booked, sender, now) -> None:
    booking = booked(subject="مرحبا 👩‍👩‍👧‍👦 " * 9, description="é" * 3000, customer_name="Zoë " * 20)

    for letter in letters_for(booking, sender, now):
        raw = to_bytes(letter)
        lines = raw.split(b"\r\n")
        assert raw.isascii()
        assert b"\n" not in b"".join(lines)
        assert max(len(line) for line in lines) <= 998


@pytest.mark.parametrize("evil", EVIL_LINES)
def test_nothing_typed_becomes_a_header_or_a_recipient(evil, booked, sender, now) -> None:
    booking = booked(subject=evil, customer_name=evil, tracking_id=evil, location=evil)
    booking = replace(booking, organizer=replace(booking.organizer, name=evil))
    harmless = read(to_bytes(customer_confirmation(booked(), sender, now)))

    message = read(to_bytes(customer_confirmation(booking, sender, now)))

    assert message.keys() == harmless.keys()
    for name in ("From", "To", "Reply-To"):
        assert len(message[name].addresses) == 1
        assert message[name].addresses[0].addr_spec == harmless[name].addresses[0].addr_spec
    assert message["To"].addresses[0].display_name == clean_header(evil)
    assert str(message["Subject"]) == clean_header(
        f"Confirmed: {clean_line(evil)} with {clean_line(evil) or 'dana'}, Thu 26 Nov, 08:00 CST (UTC−6)"
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=80), subject=st.text(max_size=300))
@example(name="A" * 58 + ", é", subject="x " * 90)
@example(name="👩‍👩‍👧‍👦 " * 20, subject="(UTC−6)" * 20)
@example(name="é " * 30, subject='é ,;<>@" ' * 25)
def test_names_and_subjects_come_back_as_they_were(name, subject, booked, sender, now) -> None:
    letter = replace(customer_confirmation(booked(), sender, now), to_name=name, from_name=name, subject=subject)

    raw = to_bytes(letter)
    message = read(raw)

    assert display_name(raw) == shorten(clean_header(name), 60)
    assert message["From"].addresses[0].addr_spec == "meetings@bookings.example"
    assert [address.addr_spec for address in message["To"].addresses] == ["buyer@acme.example"]
    assert str(message["Subject"]) == shorten(clean_header(subject), 200)


def test_international_domain_goes_out_in_ascii(booked, sender, now) -> None:
    message = read(to_bytes(customer_confirmation(booked(customer_email="Buyer@exämple.com"), sender, now)))

    assert message["To"].addresses[0].addr_spec == "Buyer@xn--exmple-cua.com"


def test_address_outside_ascii_makes_a_utf8_message(booked, sender, now) -> None:
    raw = to_bytes(customer_confirmation(booked(customer_email="jörg@acme.example"), sender, now))

    assert "To: Acme Buyer <jörg@acme.example>\r\n".encode() in raw


def test_rep_whose_address_is_outside_ascii_costs_nobody_their_mail(booked, sender, now) -> None:
    booking = booked()
    booking = replace(booking, organizer=replace(booking.organizer, email="jörg@bookings.example"))

    letter = customer_confirmation(booking, sender, now)

    assert (letter.reply_to, to_bytes(letter).isascii()) == (None, True)


def test_a_subject_that_is_folded_begins_on_its_own_line():
    long = "Confirmed: Pricing call with Dana Reyes, Thu 26 Nov, 08:00 CST (UTC-6), and more"
    raw = _ASCII.fold_binary("Subject", long)

    assert raw.startswith(b"Subject: Confirmed: Pricing")
    assert str(message_from_bytes(raw + b"\r\n", policy=default)["Subject"]) == long

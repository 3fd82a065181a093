"""Who gets which mail, and what each may know: every invite mode with every pair of toggles."""

from dataclasses import replace

import pytest

from scheduling.domain import InviteMode, Person
from scheduling.errors import MailRefused
from scheduling.mail.letters import LetterKind, Sender, letters_for

CONFIRMATION, INVITATION = LetterKind.CUSTOMER_CONFIRMATION, LetterKind.CUSTOMER_INVITATION
RECEIPT, NOTICE = LetterKind.REP_RECEIPT, LetterKind.TEAM_NOTICE
BUYER, DANA, PRIYA, SAM = (
    f"{who}@{where}.example"
    for who, where in (("buyer", "acme"), ("dana", "bookings"), ("priya", "bookings"), ("sam", "bookings"))
)

CUSTOMERS_MAIL = [
    # mode, on the event, by mail -> kind, calendar method, may carry the description
    (InviteMode.BOT, True, True, (CONFIRMATION, "REQUEST", True)),
    (InviteMode.BOT, True, False, (INVITATION, "REQUEST", False)),
    (InviteMode.BOT, False, True, (CONFIRMATION, None, False)),
    (InviteMode.BOT, False, False, None),
    (InviteMode.PROVIDER, True, True, (CONFIRMATION, None, True)),
    (InviteMode.PROVIDER, True, False, None),
    (InviteMode.PROVIDER, False, True, (CONFIRMATION, None, False)),
    (InviteMode.PROVIDER, False, False, None),
]


@pytest.mark.parametrize(("mode", "on_event", "by_mail", "expected"), CUSTOMERS_MAIL)
def test_each_person_gets_what_mode_and_toggles_say(mode, on_event, by_mail, expected, booked, sender, now) -> None:
    booking = booked(invite_mode=mode, on_event=on_event, by_mail=by_mail)

    letters = letters_for(booking, sender, now)

    team_method = "REQUEST" if mode is InviteMode.BOT else None
    customers = [(BUYER, expected[0], expected[1])] if expected else []
    assert [(letter.to_address, letter.kind, letter.method) for letter in letters] == [
        *customers,
        (DANA, RECEIPT, None),
        (PRIYA, NOTICE, team_method),
        (SAM, NOTICE, team_method),
    ]
    for letter in letters:
        if letter.to_address == BUYER:
            assert ("DESCRIPTION one" in letter.text) == expected[2]
            assert ("DESCRIPTION one" in letter.html) == expected[2]


@pytest.mark.parametrize(("mode", "on_event", "by_mail", "expected"), CUSTOMERS_MAIL)
def test_customer_never_learns_the_team_note_or_the_conflict(
    mode, on_event, by_mail, expected, booked, sender, now
) -> None:
    booking = booked(invite_mode=mode, on_event=on_event, by_mail=by_mail)

    letters = letters_for(booking, sender, now)

    told = "".join(_everything(letter) for letter in letters if letter.to_address == BUYER)
    assert [secret for secret in ("TEAMNOTE", "Team sync", BUYER.upper()) if secret in told] == []
    assert (told == "") == (expected is None)


def test_team_note_is_in_no_calendar_part(booked, sender, now) -> None:
    letters = letters_for(booked(), sender, now)

    parts = [letter.calendar.decode().replace("\r\n ", "") for letter in letters if letter.calendar]
    assert len(parts) == 3
    assert [part for part in parts if "TEAMNOTE" in part] == []
    assert all("DESCRIPTION one\\nDESCRIPTION two" in part for part in parts)


def test_team_and_rep_learn_everything(booked, sender, now) -> None:
    letters = [letter for letter in letters_for(booked(), sender, now) if letter.to_address != BUYER]

    for letter in letters:
        for body in (letter.text, letter.html):
            for fact in ("DESCRIPTION one", "TEAMNOTE", "Sam Okafor: Team sync", BUYER, "SF-1", "Oslo", "Chicago time"):
                assert fact in body, (letter.kind, fact)
    assert ["Assigned by Dana Reyes" in letter.text for letter in letters] == [True, True, True]


@pytest.mark.parametrize(
    ("mode", "on_event", "by_mail", "words"),
    [
        (InviteMode.BOT, True, True, "One email: the confirmation with the calendar invitation."),
        (InviteMode.BOT, True, False, "One short email with the calendar invitation. No confirmation."),
        (InviteMode.BOT, False, True, "A confirmation email. No calendar invitation, and not the description."),
        (InviteMode.BOT, False, False, "Nothing. Please tell them yourself."),
        (
            InviteMode.PROVIDER,
            True,
            True,
            "A calendar invitation, sent by the calendar itself, and a confirmation email.",
        ),
        (
            InviteMode.PROVIDER,
            True,
            False,
            "A calendar invitation, sent by the calendar itself. No confirmation email.",
        ),
        (InviteMode.PROVIDER, False, True, "A confirmation email. No calendar invitation, and not the description."),
        (InviteMode.PROVIDER, False, False, "Nothing. Please tell them yourself."),
    ],
)
def test_rep_reads_what_the_customer_receives(mode, on_event, by_mail, words, booked, sender, now) -> None:
    letters = letters_for(booked(invite_mode=mode, on_event=on_event, by_mail=by_mail), sender, now)

    receipt = next(letter for letter in letters if letter.kind is RECEIPT)
    assert f"What Acme Buyer receives\n  {words}\n" in receipt.text
    assert words in receipt.html


def test_no_mail_claims_that_the_event_is_in_the_customers_calendar(booked, sender, now) -> None:
    for mode in InviteMode:
        for letter in letters_for(booked(invite_mode=mode), sender, now):
            assert "added to" not in (letter.text + letter.html).lower()


def test_only_members_whom_the_provider_cannot_invite_get_our_request(booked, sender, now) -> None:
    booking = booked(invite_mode=InviteMode.PROVIDER)

    letters = letters_for(booking, sender, now, invited_by_provider={"U2"})

    assert {letter.to_address: letter.method for letter in letters} == {
        BUYER: None,
        DANA: None,
        PRIYA: None,
        SAM: "REQUEST",
    }


def test_rep_who_is_not_a_member_gets_the_receipt_and_is_named_as_arranging(booked, sender, now) -> None:
    booking = booked()
    booking = replace(booking, members=booking.members[1:])

    letters = letters_for(booking, sender, now)

    assert [letter.kind for letter in letters] == [CONFIRMATION, RECEIPT, NOTICE, NOTICE]
    assert letters[0].subject.startswith("Confirmed: Pricing call with Priya Nair,")
    assert "Priya Nair and Sam Okafor, for Acme Buyer\n  Arranged by Dana Reyes" in letters[0].text


def test_two_members_with_one_mailbox_get_one_mail(booked, sender, now) -> None:
    twin = Person("T1", "U4", "Priya N.", "Priya@Bookings.example", "Asia/Kolkata")
    booking = booked()

    letters = letters_for(replace(booking, members=(*booking.members, twin)), sender, now)

    assert [letter.to_address for letter in letters] == [BUYER, DANA, PRIYA, SAM]


def test_customer_who_is_a_member_gets_one_mail(booked, sender, now) -> None:
    letters = letters_for(booked(customer_email="SAM@bookings.example"), sender, now)

    assert [(letter.kind, letter.to_address) for letter in letters] == [(RECEIPT, DANA), (NOTICE, PRIYA), (NOTICE, SAM)]


def test_rep_who_booked_themself_sees_what_a_customer_gets(booked, sender, now) -> None:
    letters = letters_for(booked(customer_email=DANA), sender, now)

    assert [(letter.kind, letter.method) for letter in letters if letter.to_address == DANA] == [
        (CONFIRMATION, "REQUEST"),
        (RECEIPT, None),
    ]


@pytest.mark.parametrize("address", ["", "nobody", "a b@bookings.example", "a@b.example, c@d.example"])
def test_colleagues_without_a_usable_address_are_left_out(address, booked, sender, now) -> None:
    booking = booked()
    sam, dana = replace(booking.members[2], email=address), replace(booking.organizer, email=address)
    booking = replace(booking, organizer=dana, members=(dana, booking.members[1], sam))

    letters = letters_for(booking, sender, now)

    assert [(letter.to_address, letter.reply_to) for letter in letters] == [(BUYER, None), (PRIYA, None)]
    assert "Reply to this email" not in letters[0].text


def test_customer_without_a_usable_address_is_an_error(booked, sender, now) -> None:
    with pytest.raises(MailRefused) as refused:
        letters_for(booked(customer_email="a@b.example, c@d.example"), sender, now)

    assert refused.value.code == "address"


def test_mails_come_from_our_mailbox_in_the_reps_name_and_are_answered_to_the_rep(booked, sender, now) -> None:
    letters = letters_for(booked(), sender, now)

    rep = ("Dana Reyes", DANA)
    assert [(letter.from_name, letter.from_address, letter.reply_to) for letter in letters] == [
        ("Dana Reyes via Bookings Example", "meetings@bookings.example", rep),
        ("Bookings Example", "meetings@bookings.example", None),
        ("Dana Reyes via Bookings Example", "meetings@bookings.example", rep),
        ("Dana Reyes via Bookings Example", "meetings@bookings.example", rep),
    ]


def test_a_letter_has_the_same_message_id_whenever_it_is_rendered(booked, sender, now) -> None:
    first = letters_for(booked(), sender, now)
    again = letters_for(booked(), sender, now.replace(hour=9))
    moved = letters_for(booked(version=2), sender, now)

    ids = [letter.message_id for letter in first]
    assert [letter.message_id for letter in again] == ids
    assert len(set(ids) | {letter.message_id for letter in moved}) == 8
    assert all(each.endswith("@bookings.example>") for each in ids)


@pytest.mark.parametrize(
    ("mail_from", "expected"),
    [
        ("bot@Bookings.example", Sender("bot@bookings.example", "bookings.example")),
        ("Acme Meetings <bot@acme.example>", Sender("bot@acme.example", "Acme Meetings")),
        ('"Meetings, Acme" <bot@bücher.example>', Sender("bot@xn--bcher-kva.example", "Meetings, Acme")),
    ],
)
def test_sender_is_read_from_mail_from(mail_from, expected) -> None:
    assert Sender.parse(mail_from) == expected


@pytest.mark.parametrize("mail_from", ["", "bot", "bot@", "@bookings.example", "a b@bookings.example"])
def test_sender_without_an_address_is_refused(mail_from) -> None:
    with pytest.raises(MailRefused):
        Sender.parse(mail_from)


def _everything(letter) -> str:
    calendar = (letter.calendar or b"").decode().replace("\r\n ", "")
    return letter.subject + letter.text + letter.html + calendar

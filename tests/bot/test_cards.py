"""What messages say, field by field, and that everything stays in sight however long or odd it is."""

import json
from dataclasses import replace

import pytest

from bot import cards
from bot.modals.outcome import told_words
from sandbox.workspace.rules import validate_message
from scheduling.domain import ConferencingKind, ConnectionState, Customer, EventRef, Form, Room, WorkspaceChoices
from scheduling.ports import Outcome, OutcomeKind
from tests.bot.in_memory import CONNECTION, DANA, LINKS, PRIYA, SAM, at, booking_with, draft_with

CHICAGO = Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago")
FORM = Form(
    customer=CHICAGO,
    subject="Pricing call",
    members=("U0DANA", "U0PRIYA"),
    slot=at(24, 14),
    description="Agenda",
    team_note="Ask for the budget",
    meeting_type="video",
    location="Second floor",
    obstacles=("Sam: Team sync",),
)
EVENT = EventRef(calendar_id="h", event_id="1", uid="u", join_url="https://meet.example/1")
BOOKING = booking_with(FORM, event=EVENT, rooms=(Room(id="r1", name="Oslo"), Room(id="r2", name="Rome")))
NOTHING_SAID = WorkspaceChoices()


def test_a_member_reads_all_of_it_in_the_text_alone():
    text = cards.member_message(BOOKING, PRIYA)["text"]

    assert text.split("\n") == [
        "Dana Reyes scheduled “Pricing call” with you",
        "When: Tue 24 Nov 19:30–20:00 IST · 08:00–08:30 CST for the customer",
        "Time zones: Kolkata (IST, UTC+5:30) for you; Chicago (CST, UTC−6) for the customer",
        "Meeting duration: 30 min",
        "Customer: Acme Buyer, buyer@acme.example",
        "Team: Dana Reyes and Priya Nair",
        "Assigned by: Dana Reyes",
        "Meeting type: video",
        "Location: Second floor",
        "Room: Oslo and Rome",
        "Conferencing: https://meet.example/1",
        "Description: Agenda",
        "Team note (never shown to the customer): Ask for the budget",
        f"Sent: {told_words(BOOKING)}",
        "Tracking ID: SF-7K2M",
        "🟠 You chose a time with a conflict. Sam: Team sync",
    ]


def test_nobody_is_said_to_get_an_email_who_has_no_address():
    dana, priya = replace(DANA, email=""), replace(PRIYA, email="")
    some = replace(BOOKING, members=(DANA, priya))
    none = replace(BOOKING, organizer=dana, members=(dana, priya))
    alone = replace(BOOKING, members=(DANA,))

    assert told_words(some).endswith("a message here. No email goes to Priya Nair: no address is known.")
    assert told_words(none).endswith("The team gets a message here, and no email: Slack tells no address of theirs.")
    assert told_words(alone).endswith("You get an email and a message here.")


def test_an_unknown_zone_of_the_customer_is_said_to_be_unknown():
    booking = booking_with(FORM, customer=CHICAGO.model_copy(update={"zone": None}))

    text = cards.member_message(booking, DANA)["text"]

    assert "Time zones: Berlin (CET, UTC+1) for you; the customer's is not known" in text


def test_a_link_that_the_calendar_has_not_made_is_said_to_be_missing():
    form = FORM.model_copy(update={"conferencing": ConferencingKind.NATIVE})
    missing = cards.member_message(booking_with(form), DANA)
    there = cards.member_message(booking_with(form, event=EVENT), DANA)

    assert "Conferencing: No link yet" in missing["text"]
    assert "Conferencing: https://meet.example/1" in there["text"]


@pytest.mark.parametrize("sign", ["word ", "株", "&"])
def test_words_that_a_button_cannot_carry_are_shown_beside_it(sign):
    text = (sign * 8000)[:8000]

    message = cards.open_again(text)

    left = "".join(block["text"]["text"] for block in message["blocks"][3:])
    assert len(message["blocks"][1]["elements"][0]["value"]) == 2000
    assert left.strip().startswith(text[1999:2100].strip())
    assert validate_message(json.loads(json.dumps(message))) == []


def test_words_that_fit_stand_in_the_button_alone():
    message = cards.open_again("Acme Buyer 30m")

    assert message["text"] == "Slack did not open the form in time. Press the button to open it."
    assert len(message["blocks"]) == 2


def test_a_link_that_came_later_is_told_with_its_button():
    message = cards.link_message(BOOKING)

    assert "Conferencing: https://meet.example/1" in message["text"]
    assert [each["text"]["text"] for each in message["blocks"][-1]["elements"]] == ["Join"]


@pytest.mark.parametrize("sign", ["w ", "&", "<", "👍🏽", "株", "\n"])
def test_the_longest_meeting_keeps_every_line_in_sight(sign):
    long = sign * 3000
    form = FORM.model_copy(
        update={
            "subject": long[:150],
            "description": long,
            "team_note": long,
            "location": long,
            "meeting_type": long,
            "obstacles": tuple(f"{n} {long}" for n in range(12)),
        }
    )
    customer = Customer(name=long[:150], email="buyer@acme.example", zone="Pacific/Honolulu")
    members = tuple(replace(SAM, user_id=f"U0M{n}", name=long[:80]) for n in range(50))
    rooms = tuple(Room(id=f"r{n}", name=long[:100]) for n in range(20))
    organizer = replace(DANA, name=long[:80])
    booking = booking_with(form, customer=customer, members=members, rooms=rooms, event=EVENT, organizer=organizer)
    everything = WorkspaceChoices(card_shows_address=True, card_shows_description=True)

    for message in (cards.member_message(booking, PRIYA), cards.channel_card(booking, everything)):
        assert validate_message(json.loads(json.dumps(message))) == []
        assert len(message["text"]) <= 4000
    text = cards.member_message(booking, PRIYA)["text"]
    for label in ("When: ", "Customer: ", "Team: ", "Description: ", "Team note", "Sent: ", "Tracking ID: SF-7K2M"):
        assert label in text
    assert text.endswith("🟠 And 7 more conflicts.")


@pytest.mark.parametrize(
    "text", ["<!channel>", "<!here|x>", "<@U0SAM>", "<#C1>", "<https://evil.example|bank.example>"]
)
def test_no_field_of_any_message_brings_markup_to_life(text):
    form = FORM.model_copy(
        update={
            "subject": text,
            "description": text,
            "team_note": text,
            "location": text,
            "meeting_type": text,
            "conferencing_text": text,
            "obstacles": (text,),
        }
    )
    organizer, member = replace(DANA, name=text), replace(PRIYA, name=text)
    customer = Customer(name=text, email=f"{text}@acme.example", zone="America/Chicago")
    rooms = (Room(id="r1", name=text),)
    booking = booking_with(form, organizer=organizer, members=(member,), customer=customer, rooms=rooms)
    connection = replace(CONNECTION, account=text, state=ConnectionState.NEEDS_RECONNECT)
    draft = draft_with(form.model_copy(update={"customer": customer}))
    everything = WorkspaceChoices(card_shows_address=True, card_shows_description=True)
    card = cards.channel_card(booking, everything)

    messages = [
        cards.member_message(booking, DANA),
        cards.member_message(booking, member),
        card,
        cards.undeliverable_card(card, text, text),
        cards.problem_message(Outcome(OutcomeKind.TAKEN, draft, DANA.zone, who=(text,))),
        cards.problem_message(Outcome(OutcomeKind.FAILED, draft, DANA.zone, connection=connection)),
        cards.reconnect_message(connection, LINKS),
        cards.connected_message(connection),
        cards.undelivered_message(booking, text, text),
        cards.link_message(booking),
        cards.overlap_message(booking, (text,)),
        cards.plain_message(text),
    ]

    for message in messages:
        leaves = json.dumps(message["blocks"])
        assert text not in message["text"]
        assert leaves.count("mrkdwn") == leaves.count("<!date^")
        # E24 says that mark-up in plain text is shown as it stands: that is what we want.
        assert [each.rule for each in validate_message(json.loads(json.dumps(message))) if each.rule != "E24"] == []


def test_the_card_tells_more_only_where_administrators_say_so():
    shown = cards.channel_card(BOOKING, NOTHING_SAID.model_copy(update={"card_shows_description": True}))
    named = cards.channel_card(BOOKING, NOTHING_SAID.model_copy(update={"card_shows_address": True}))
    plain = cards.channel_card(BOOKING, NOTHING_SAID)

    assert ("Agenda" in shown["text"], "buyer@acme.example" in shown["text"]) == (True, False)
    assert ("Agenda" in named["text"], "buyer@acme.example" in named["text"]) == (False, True)
    assert "Agenda" not in json.dumps(plain)
    assert "budget" not in json.dumps([shown, named, plain])
    when = "<!date^1795528800^{date_short_pretty} {time}|Tue 24 Nov 15:00–15:30 CET>"
    assert plain["text"].split("\n") == [
        "Dana Reyes scheduled a meeting with Acme Buyer",
        f"When: {when} your time · Tue 24 Nov 15:00–15:30 CET",
        "Subject: Pricing call",
        "Meeting duration: 30 min",
        "Team: Dana Reyes and Priya Nair",
        "Room: Oslo and Rome",
    ]


def test_a_card_that_its_channel_refused_says_so_in_both_forms():
    message = cards.undeliverable_card(cards.channel_card(BOOKING, NOTHING_SAID), "C0GONE", "is_archived")

    words = "This card could not be posted in the channel C0GONE (is_archived)."
    assert message["text"].startswith(f"{words}\nDana Reyes scheduled a meeting")
    assert words in json.dumps(message["blocks"])


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("app_password", "the app-specific password is no longer accepted"),
        ("invalid_grant", "the permission was taken back or has expired"),
        ("scope", "a permission is missing"),
        ("never heard of", "it no longer accepts our sign-in"),
        (None, "it no longer accepts our sign-in"),
    ],
)
def test_a_lost_calendar_is_named_with_the_reason_and_two_ways_back(reason, words):
    message = cards.reconnect_message(replace(CONNECTION, reason=reason), LINKS)

    buttons = message["blocks"][-1]["elements"]
    assert f"Your calendar iCloud (dana@example.com) no longer lets us in: {words}." in message["text"]
    assert [each["text"]["text"] for each in buttons] == ["iCloud", "Connect again"]
    assert [each.get("url") for each in buttons] == [LINKS["icloud"], None]


def test_a_lost_calendar_without_a_public_address_has_the_button_that_asks_again():
    message = cards.reconnect_message(CONNECTION, {})

    assert [each["text"]["text"] for each in message["blocks"][-1]["elements"]] == ["Connect again"]


def test_a_room_that_declined_is_named_and_what_to_do_is_said():
    oslo, lima = Room(id="r1", name="Oslo"), Room(id="r2", name="Lima")
    alone = cards.room_declined_message(booking_with(FORM), oslo, ())["text"]
    message = cards.room_declined_message(booking_with(FORM), oslo, (lima,))

    (choices,) = [block for block in message["blocks"] if block.get("block_id") == "booking.rooms"]
    (choice,) = choices["elements"]
    assert alone.startswith("Oslo did not take your meeting")
    assert "Choose another room" in alone
    assert choice["text"]["text"] == "Book Lima instead"
    assert cards.rooms_in(choice["value"]) == (booking_with(FORM).id, "r1", "r2")
    assert "Lima is invited" in cards.room_changed_message(booking_with(FORM), "Oslo", "Lima")["text"]


@pytest.mark.parametrize(
    ("code", "title", "reason"),
    [
        ("550", "A mail about your meeting was refused", "the mail server answered 550"),
        ("451", "A mail about your meeting could not be sent", "the mail server answered 451"),
        ("expired", "A mail about your meeting could not be sent", "did not take it before the meeting began"),
    ],
)
def test_a_refused_mail_and_one_that_never_got_out_are_told_apart(code, title, reason):
    text = cards.undelivered_message(booking_with(FORM), "buyer@acme.example", code)["text"]

    assert (text.startswith(title), reason in text) == (True, True)

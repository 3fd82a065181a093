"""Reading forms: `parse` validates for the next step, `read` takes what is there."""

import pytest

from bot.modals import details, notifications, slots, who
from scheduling.domain import ConferencingKind, Customer, Form
from tests.bot.in_memory import at


def who_view(name="Acme Buyer", email="buyer@acme.example", zone=None, suffix=""):
    option = {"text": {"type": "plain_text", "text": "x"}, "value": zone} if zone else None
    values = {
        f"who.name{suffix}": {"who.name": {"type": "plain_text_input", "value": name}},
        f"who.email{suffix}": {"who.email": {"type": "email_text_input", "value": email}},
        f"who.zone{suffix}": {"who.zone": {"type": "external_select", "selected_option": option}},
    }
    return {"state": {"values": values}}


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("", "nothing"),
        (None, "untouched"),
        ("   ", "blanks"),
        ("a@b", "no dot"),
        ("a@x..example", "two dots"),
        ("a@[127.0.0.1]", "an address of a machine"),
        ('"q s"@example.com', "quotes"),
        ("a@example.com, b@example.com", "two"),
        ("<a@example.com>", "brackets"),
        (f"{'x' * 65}@example.com", "local part too long"),
        (f"a@{'x' * 255}.example", "too long"),
        ("a@example.com\r\nRCPT TO:<z@z>", "a second line"),
        ("a b@example.com", "a blank"),
    ],
)
def test_an_address_that_cannot_be_written_to_is_named_under_its_field(email, reason):
    entered = who.parse(who_view(email=email))

    assert set(entered.errors) == {"who.email"}, reason


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("buyer@acme.example", "buyer@acme.example"),
        ("  buyer@ACME.example ", "buyer@acme.example"),
        ("user@exämple.com", "user@exämple.com"),
        ("first.last+tag@acme.test", "first.last+tag@acme.test"),
    ],
)
def test_addresses_that_work(email, kept):
    assert who.parse(who_view(email=email)) == who.Entered(Customer(name="Acme Buyer", email=kept), {})


@pytest.mark.parametrize("name", ["", None, "   ", "\u200b\u200d", "\n\t", "\x00", "N" * 151])
def test_a_name_that_is_none_is_named_under_its_field(name):
    assert set(who.parse(who_view(name=name)).errors) == {"who.name"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("  Acme \n Buyer ", "Acme Buyer"),
        ("a\x00b\ud800c", "a b c"),
        ("<!channel>", "<!channel>"),
        ("Hi\r\nBcc: evil@example.com", "Hi Bcc: evil@example.com"),
        ("'; DROP TABLE booking;--", "'; DROP TABLE booking;--"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_names_are_kept_as_one_line(name, kept):
    assert who.parse(who_view(name=name)).customer.name == kept


@pytest.mark.parametrize(
    ("zone", "kept"), [("America/Chicago", "America/Chicago"), ("../../etc/passwd", None), ("Mars/Phobos", None)]
)
def test_only_zones_of_the_database_are_taken(zone, kept):
    assert who.parse(who_view(zone=zone)).customer.zone == kept


def test_errors_name_the_blocks_of_the_view_at_hand():
    assert set(who.parse(who_view("", "", suffix=".7")).errors) == {"who.name.7", "who.email.7"}


def test_a_view_of_an_older_version_gets_errors_and_no_crash():
    assert set(who.parse({"state": {}}).errors) == {"who.name", "who.email"}


def details_view(**changes):
    fields = {
        "subject": {"details.subject": {"value": "Pricing"}},
        "length": {"details.length": {"selected_option": {"value": "45"}}},
        "members": {"details.members": {"selected_users": ["U0DANA", "U0SAM"]}},
    } | changes
    return {"state": {"values": {f"details.{name}": value for name, value in fields.items() if value is not None}}}


def length(value):
    return {"details.length": {"selected_option": {"value": value} if value else None}}


def minutes(value):
    return {"details.minutes": {"value": value}}


@pytest.mark.parametrize(
    ("changes", "block", "reason"),
    [
        ({"subject": {"details.subject": {"value": "  "}}}, "details.subject", "blank subject"),
        ({"subject": {"details.subject": {"value": None}}}, "details.subject", "untouched"),
        ({"subject": {"details.subject": {"value": "x" * 151}}}, "details.subject", "too long"),
        ({"subject": {"details.subject": {"value": "\u200b"}}}, "details.subject", "invisible"),
        ({"members": {"details.members": {"selected_users": []}}}, "details.members", "nobody"),
        (
            {"members": {"details.members": {"selected_users": [f"U{n}" for n in range(51)]}}},
            "details.members",
            "too many",
        ),
        ({"length": length(None)}, "details.length", "no length"),
        ({"length": length("custom")}, "details.length", "custom before Minutes appeared"),
        ({"length": length("custom"), "minutes": minutes("4")}, "details.minutes", "too short"),
        ({"length": length("custom"), "minutes": minutes("481")}, "details.minutes", "too long"),
        ({"length": length("custom"), "minutes": minutes("-30")}, "details.minutes", "negative"),
        ({"length": length("custom"), "minutes": minutes("7.5")}, "details.minutes", "a fraction"),
        ({"length": length("custom"), "minutes": minutes("１０")}, "details.minutes", "full width"),
        ({"length": length("custom"), "minutes": minutes(None)}, "details.minutes", "empty"),
        (
            {"description": {"details.description": {"value": "x" * 3001}}},
            "details.description",
            "a description that is too long",
        ),
    ],
)
def test_details_that_are_wrong_are_named_under_their_field(changes, block, reason):
    assert set(details.parse(details_view(**changes), Form()).errors) == {block}, reason


@pytest.mark.parametrize("value", ["5", "25", "480"])
def test_custom_minutes_within_range_are_taken(value):
    entered = details.parse(details_view(length=length("custom"), minutes=minutes(value)), Form())

    assert (entered.errors, entered.form.minutes) == ({}, int(value))


def test_a_preset_wins_over_minutes_that_are_still_in_sight():
    entered = details.parse(details_view(length=length("45"), minutes=minutes("7")), Form(opened=("minutes",)))

    assert (entered.errors, entered.form.minutes, entered.form.opened) == ({}, 45, ())


def test_a_picked_time_is_dropped_with_the_meeting_it_was_for():
    form = Form(subject="Pricing", minutes=30, members=("U0DANA", "U0SAM"), slot=at(24, 9), obstacles=("x",))

    kept = details.read(details_view(length=length("30")), form)
    longer = details.read(details_view(length=length("45")), form)

    assert (kept.slot, kept.obstacles) == (at(24, 9), ("x",))
    assert (longer.slot, longer.obstacles) == (None, ())


def test_what_the_view_does_not_say_stays():
    form = Form(subject="Pricing", description="d", members=("U0DANA",))

    assert details.read({"state": {"values": {}}}, form) == form


@pytest.mark.parametrize(
    ("ticked", "choice"),
    [
        (["event", "mail"], notifications.Choice(on_event=True, by_mail=True)),
        (["event"], notifications.Choice(on_event=True, by_mail=False)),
        (["mail"], notifications.Choice(on_event=False, by_mail=True)),
        ([], notifications.Choice(on_event=False, by_mail=False)),
        (None, notifications.Choice(on_event=True, by_mail=True)),
    ],
)
def test_the_boxes(ticked, choice):
    options = [{"value": value} for value in ticked] if ticked is not None else []
    values = {"notifications.toggles": {"notifications.toggles": {"selected_options": options}}}

    view = {"state": {"values": values if ticked is not None else {}}}

    assert notifications.parse(view) == choice


@pytest.mark.parametrize(
    ("value", "start"),
    [
        ("1795528800", at(24, 14)),
        ("", None),
        (None, None),
        ("tomorrow", None),
        ("-5", None),
        ("9" * 40, None),
        ("1e9", None),
        ("１２３", None),
        ("253402300800", None),
    ],
)
def test_a_slot_buttons_value(value, start):
    assert slots.start_of(value) == start


def text(name, value):
    return {name.removeprefix("details."): {name: {"value": value}}}


@pytest.mark.parametrize(
    ("changes", "block", "reason"),
    [
        (text("details.subject", "a\x00b"), "details.subject", "NUL"),
        (text("details.subject", "a\ud800b"), "details.subject", "half a surrogate pair"),
        (text("details.subject", "\u200b\u200d"), "details.subject", "zero-width only"),
        (text("details.subject", "x" * 1_000_000), "details.subject", "a megabyte"),
        (text("details.note", "x" * 3001), "details.note", "too long"),
        (text("details.note", "\u2060"), "details.note", "zero-width only"),
        (text("details.location", "x" * 251), "details.location", "too long"),
        (text("details.location", "a\x00"), "details.location", "NUL"),
        (text("details.link", "x" * 501), "details.link", "too long"),
        (
            {"conferencing": {"details.conferencing": {"selected_option": {"value": "custom"}}}},
            "details.conferencing",
            "custom before its field appeared",
        ),
        (
            {"rooms": {"details.rooms": {"selected_options": [{"value": f"r{n}"} for n in range(11)]}}},
            "details.rooms",
            "too many rooms",
        ),
    ],
)
def test_more_that_is_wrong_is_named_under_its_field(changes, block, reason):
    assert set(details.parse(details_view(**changes), Form()).errors) == {block}, reason


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Hi\r\nBcc: evil@example.com", "Hi Bcc: evil@example.com"),
        ("\x0bBcc: x", "Bcc: x"),
        ("a\u2028b\x85c", "a b c"),
        ("<!channel>", "<!channel>"),
        ("{{7*7}} ${7*7} %s%n", "{{7*7}} ${7*7} %s%n"),
        ("e\u0301" * 75, "e\u0301" * 75),
        ("👩‍👩‍👧" * 30, "👩‍👩‍👧" * 30),
    ],
)
def test_a_subject_is_kept_as_one_line(typed, kept):
    entered = details.parse(details_view(**text("details.subject", typed)), Form())

    assert (entered.form.subject, entered.errors) == (kept, {})


def test_choosing_none_forgets_the_link():
    none = {"conferencing": {"details.conferencing": {"selected_option": {"value": "none"}}}}
    form = Form(conferencing=ConferencingKind.CUSTOM, conferencing_text="https://meet.example")

    read = details.read(details_view(**none, **text("details.link", "https://meet.example")), form)

    assert (read.conferencing, read.conferencing_text) == (ConferencingKind.NONE, "")


def test_another_room_is_another_meeting():
    rooms = {"rooms": {"details.rooms": {"selected_options": [{"value": "r1"}, {"value": "r1"}]}}}
    form = Form(subject="Pricing", minutes=45, members=("U0DANA", "U0SAM"), slot=at(24, 9))

    read = details.read(details_view(**rooms), form)

    assert (read.rooms, read.slot) == (("r1",), None)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("buyer@acme.example", ""),
        ("büyer@exämple.example", ""),
        ("аdmin@acme.example", "Check the email address: “а” is no Latin letter."),
    ],
    ids=["plain", "latin with marks", "a cyrillic look-alike"],
)
def test_letters_that_look_alike_are_pointed_out(address, words):
    assert details.foreign_words(address) == words

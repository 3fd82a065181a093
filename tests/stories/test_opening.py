"""From the command to the details: opening the form, who the meeting is with, Continue and Back."""

from tests.stories.conftest import onward
from tests.stories.reading import COMMAND, find_times, pick, schedule, to_details, to_notifications


def test_the_command_opens_the_form_wherever_it_is_typed(desk):
    """1a. Typed anywhere, the command opens the modal."""
    for channel in ("sales", "general", "dm"):
        desk.dana.command("/schedule-for", channel=channel)

        screen = desk.dana.wait_for("External participant name")

        assert (screen.title, screen.headers) == ("Schedule on behalf", ("Who is the meeting with?",))
        assert [words for words in screen.buttons if words in ("Continue", "Cancel")] == ["Continue", "Cancel"]
        desk.dana.close()


PREFILLED = {
    "buyer@acme.example Acme Buyer 30m Pricing call @priya": (
        ("Acme Buyer", "buyer@acme.example"),
        ("Pricing call", "30 min", "Dana Reyes, Priya Nair"),
    ),
    "<mailto:buyer@acme.example|buyer@acme.example> Acme Buyer, Pricing call": (
        ("Acme Buyer", "buyer@acme.example"),
        ("Pricing call", "30 min", "Dana Reyes"),
    ),
    "Acme Buyer 1h Pricing call buyer@acme.example": (
        ("Acme Buyer", "buyer@acme.example"),
        ("Pricing call", "60 min", "Dana Reyes"),
    ),
    "Acme Buyer and sons buyer@acme.example": (
        ("Acme Buyer and sons", "buyer@acme.example"),
        ("", "30 min", "Dana Reyes"),
    ),
}


def test_the_words_after_the_command_fill_the_form_and_none_is_dropped(desk):
    """1b. Text after the command prefills mail, length, members, name and subject."""
    for text, (who, details) in PREFILLED.items():
        dana = to_details(desk, text)
        second = dana.screen()
        dana.press("Back")
        first = dana.wait_for("Who is the meeting with?")

        assert (first.inputs["External participant name"], first.inputs["Email address"]) == who
        assert tuple(second.inputs[label] for label in ("Subject", "Meeting duration", "Team members")) == details
        dana.close()


def test_shortcuts_and_the_button_on_app_home_open_the_same_form(desk):
    """1c. Shortcuts and the App Home button open the same form; a message brings its address along."""
    dana = desk.dana
    dana.command("/schedule-for")
    by_command = dana.wait_for("External participant name")
    dana.close()
    dana.shortcut("Schedule on behalf")
    by_shortcut = dana.wait_for("External participant name")
    dana.close()
    dana.say("New lead: buyer@acme.example wants a call")
    dana.message_shortcut("Schedule on behalf", "New lead")
    by_message = dana.wait_for("External participant name")
    dana.close()
    dana.open_home()
    dana.press("Schedule on behalf")
    by_button = dana.wait_for("External participant name")

    empty = {"External participant name": "", "Email address": "", "Customer's time zone": ""}
    assert (by_command.title, by_command.inputs) == ("Schedule on behalf", empty)
    assert (by_shortcut.title, by_shortcut.inputs) == (by_command.title, empty)
    assert (by_button.title, by_button.inputs) == (by_command.title, empty)
    assert (by_message.title, by_message.inputs) == (by_command.title, empty | {"Email address": "buyer@acme.example"})


def test_a_missing_name_and_a_malformed_mail_are_said_under_their_fields_and_the_rest_stays(desk):
    """2a. Name and mail are required; a malformed mail gives an error under that field, other input stays."""
    dana = desk.dana
    dana.command("/schedule-for")
    dana.wait_for("External participant name")

    dana.press("Continue")
    nothing = dana.screen()
    dana.fill("External participant name", "Acme Buyer")
    dana.fill("Email address", "buyer@acme..example")
    dana.press("Continue")
    malformed = dana.screen()
    dana.fill("Email address", "buyer@acme.example")
    dana.press("Continue")

    assert sorted(nothing.errors) == ["Email address", "External participant name"]
    assert malformed.errors == {"Email address": "Enter one complete email address, such as name@company.com."}
    assert malformed.inputs["External participant name"] == "Acme Buyer"
    assert "Acme Buyer · buyer@acme.example" in dana.wait_for("Step 1: Set your meeting details")


def test_a_known_customer_comes_back_with_name_zone_and_the_last_meeting_for_that_rep_only(desk):
    """2c. A known mail prefills empty fields (name, zone) and mentions the last meeting; that rep's data only."""
    desk.connect("U0DANA", "U0SAM")
    dana, sam = desk.dana, desk.rep("U0SAM")
    dana.command("/schedule-for", COMMAND)
    dana.wait_for("External participant name")
    dana.choose("Customer's time zone", "Chicago", search="chicago")
    onward(dana, "Continue", "Step 1: Set your meeting details")
    find_times(dana)
    pick(dana, r"^10:30")
    to_notifications(dana)
    dana.press("Schedule")
    dana.wait_for("Tracking ID", timeout=20)
    dana.close()

    dana.command("/schedule-for", "buyer@acme.example")
    known = dana.wait_for("You meet on")
    sam.command("/schedule-for", "buyer@acme.example")
    unknown = sam.wait_for("External participant name")

    assert "You meet on Mon 30 Nov · Pricing call" in known
    assert known.inputs == {
        "External participant name": "Acme Buyer",
        "Email address": "buyer@acme.example",
        "Customer's time zone": "Chicago (CST, UTC−6)",
    }
    assert "You meet" not in unknown
    assert unknown.inputs["External participant name"] == ""


def test_a_known_customer_is_also_found_by_enter_in_the_address_field(desk):
    """2c. Without an address in the command, Enter in the mail field fills what is empty and keeps what is not."""
    desk.connect("U0DANA")
    desk.book(COMMAND).close()
    dana = desk.dana
    dana.command("/schedule-for")
    dana.wait_for("External participant name")
    dana.fill("External participant name", "Ms Buyer")

    dana.fill("Email address", "buyer@acme.example", enter=True)
    screen = dana.wait_for("You meet on Mon 30 Nov · Pricing call")

    assert screen.inputs["External participant name"] == "Ms Buyer"
    assert screen.inputs["Email address"] == "buyer@acme.example"


def test_the_address_of_a_colleague_or_of_the_rep_is_a_warning_and_no_block(desk):
    """2b. The rep's own or a colleague's mail: a warning, not a block."""
    desk.connect("U0DANA")
    dana = to_details(desk, "priya@demo.example Priya 30m Rehearsal")
    colleagues = dana.wait_for("the address of Priya Nair, a colleague")
    dana.close()
    dana = to_details(desk, "DANA@demo.example Me 30m Rehearsal")
    own = dana.wait_for("your own address")
    find_times(dana)
    pick(dana, r"^11:00")
    to_notifications(dana)
    done = schedule(dana)

    assert "You can go on, or press Back to change it." in colleagues.text.replace("\n", " ")
    assert own.inputs["Subject"] == "Rehearsal"
    assert "Scheduled" in done.headers


def test_the_details_open_in_the_same_modal_and_back_keeps_every_value_on_every_screen(desk):
    """3. Details open in the same modal; Back keeps every value on every screen."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = to_details(desk)
    dana.fill("Subject", "Pricing call, part two")
    dana.choose("Meeting duration", "45 min")
    dana.choose("Team members", "Priya Nair")
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    find_times(dana)
    picked = dana.press_matching(r"^11:00")
    dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    dana.untick("Send confirmation email")

    depth = dana.screen().depth
    dana.press("Back")
    confirm = dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    unticked = dana.screen()
    dana.press("Back")
    dana.wait_for("Confirm your meeting details")
    dana.press("Back")
    times = dana.wait_for("Step 2: Select an available time slot", "11:30")
    dana.press("Back")
    details = dana.wait_for("Step 1: Set your meeting details")
    dana.press("Back")
    who = dana.wait_for("Who is the meeting with?")

    assert depth == 1
    assert "Mon 30 Nov 11:00–11:45 CET" in confirm
    assert "[ ] Send confirmation email" in unticked
    chosen = [c.words for c in times.controls if c.element.get("style") == "primary"]
    assert chosen == [picked]
    assert {k: v for k, v in details.inputs.items() if k in DETAILS} == DETAILS
    assert (who.inputs["External participant name"], who.inputs["Email address"]) == (
        "Acme Buyer",
        "buyer@acme.example",
    )


DETAILS = {
    "Subject": "Pricing call, part two",
    "Meeting duration": "45 min",
    "Team members": "Dana Reyes, Priya Nair",
    "Description": "Bring the numbers",
}

"""The rep's story: a customer on the line, five clicks, a meeting."""

from datetime import datetime

from icalendar import Calendar

from tests.stories.conftest import BERLIN

COMMAND = "buyer@acme.example Acme Buyer 30m Pricing call"


def monday(rep) -> list[str]:
    """The starts offered on Monday 30 November."""
    lines = rep.screen().text.split("Tue 1 Dec")[0].splitlines()
    return [line.strip("[ ]") for line in lines if line[2:4].isdecimal()]


def test_the_command_books_in_five_clicks_and_no_more_typing(desk):
    desk.connect("U0DANA")
    dana = desk.dana
    dana.clicks, dana.typed = 0, 0

    desk.book(COMMAND)

    assert dana.clicks == 5
    assert dana.typed == len(f"/schedule-for {COMMAND}")
    assert "Scheduled" in dana.screen()


def test_the_booking_is_one_event_the_mails_and_the_notices(desk):
    desk.connect("U0DANA", "U0PRIYA")

    desk.book(f"{COMMAND} @priya", slot=r"^10:30")

    mails = desk.mailbox.wait_for(3, 15)
    (stored,) = desk.calendar("U0DANA").titled("Pricing call")
    (event,) = Calendar.from_ical(stored).walk("VEVENT")
    assert event.start == datetime(2026, 11, 30, 10, 30, tzinfo=BERLIN)
    assert event.end == datetime(2026, 11, 30, 11, 0, tzinfo=BERLIN)
    assert desk.calendar("U0PRIYA").stored() == ()
    assert sorted(mail.recipients for mail in mails) == [
        ("buyer@acme.example",),
        ("dana@demo.example",),
        ("priya@demo.example",),
    ]
    card = desk.dana.wait_for_message("Pricing call", "sales", timeout=10)
    assert "Acme Buyer" in card
    assert "buyer@acme.example" not in str(card)
    desk.dana.wait_for_message("buyer@acme.example", "dm", timeout=10)
    desk.rep("U0PRIYA").wait_for_message("buyer@acme.example", "dm", timeout=10)


def test_the_customers_mail_is_the_invitation_to_the_event_in_the_calendar(desk):
    desk.connect("U0DANA")

    desk.book(COMMAND, slot=r"^10:30")

    (mail,) = [m for m in desk.mailbox.wait_for(2, 15) if m.recipients == ("buyer@acme.example",)]
    parts = [part.get_content_type() for part in mail.message.walk()]
    assert parts == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    part = next(part for part in mail.message.walk() if part.get_content_type() == "text/calendar")
    invitation = Calendar.from_ical(part.get_payload(decode=True))
    (invited,) = invitation.walk("VEVENT")
    (stored,) = Calendar.from_ical(desk.calendar("U0DANA").titled("Pricing call")[0]).walk("VEVENT")
    assert (part.get_param("method"), str(invitation["method"])) == ("REQUEST", "REQUEST")
    assert (invited["uid"], invited.start, invited.end) == (stored["uid"], stored.start, stored.end)
    assert str(mail.message["Reply-To"].addresses[0].addr_spec) == "dana@demo.example"


def test_a_busy_event_on_the_calendar_server_hides_its_slot_at_the_next_listing(desk):
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    free = monday(dana)
    eleven = datetime(2026, 11, 30, 11, 0, tzinfo=BERLIN)

    event = desk.calendar("U0DANA").add("Dentist", eleven, eleven.replace(minute=30))
    desk.list_again(dana)
    with_dentist = monday(dana)
    desk.calendar("U0DANA").remove(event)
    desk.list_again(dana)

    assert "11:00" in free
    assert with_dentist == [start for start in free if start != "11:00"]
    assert monday(dana) == free


def test_a_malformed_address_is_said_under_its_field_and_the_rest_stays(desk):
    desk.connect("U0DANA")
    desk.dana.command("/schedule-for")
    desk.dana.wait_for("External participant name")
    desk.dana.fill("External participant name", "Acme Buyer")
    desk.dana.fill("Email address", "buyer@acme..example")

    desk.dana.press("Continue")

    screen = desk.dana.screen()
    assert list(screen.errors) == ["Email address"]
    assert screen.inputs["External participant name"] == "Acme Buyer"


def test_back_keeps_every_value_on_every_screen(desk):
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    dana.press_matching(r"^\d\d:\d\d")
    dana.wait_for("Confirm your meeting details")
    dana.press("Next")
    dana.wait_for("Step 3: External participant notifications")
    dana.untick("Send confirmation email")

    dana.press("Back")
    dana.wait_for("Confirm your meeting details")
    dana.press("Back")
    dana.wait_for("Step 2: Select an available time slot", "10:30")
    dana.press("Back")
    details = dana.wait_for("Step 1: Set your meeting details")
    dana.press("Back")
    who = dana.wait_for("External participant name")

    assert details.inputs["Subject"] == "Pricing call"
    assert (who.inputs["External participant name"], who.inputs["Email address"]) == (
        "Acme Buyer",
        "buyer@acme.example",
    )

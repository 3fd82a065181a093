"""Advanced settings in each system: what was chosen on the screen is what the system's own event says."""

from tests.stories.conftest import onward
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    find_times,
    invitation,
    mails,
    pick,
    schedule,
    to_notifications,
    words_of,
)
from tests.stories.vendors.kit import BOOKED

LINK = "Show advanced settings…"
WORDS = "Bring the numbers"


def to_settings(desk, text: str, slot: str, description: str = ""):
    """To the pushed settings, for a customer in Chicago."""
    dana = desk.dana
    dana.command("/schedule-for", text)
    dana.wait_for("External participant name")
    dana.choose("Customer's time zone", "Chicago", search="chicago")
    onward(dana, "Continue", "Step 1: Set your meeting details")
    if description:
        dana.press("Add description")
        dana.wait_for("Description")
        dana.fill("Description", description)
    find_times(dana)
    pick(dana, slot)
    before = to_notifications(dana)
    dana.press(LINK)
    return before, dana.wait_for("Time zone conversion")


def test_the_event_stands_where_and_how_the_settings_say_and_later_meetings_follow(desk, vendor):
    """12a, 12b, 12c, 12d, A1. Where, zone, free, private, reminder, description; kept; then a member off the event."""
    vendor.add_calendar(DANA, "Sales")
    vendor.add_calendar(DANA, "Holidays", writable=False)
    vendor.connect(desk)
    if not vendor.sees_others:
        vendor.connect(desk, desk.rep("U0PRIYA"))
    dana = desk.dana
    before, _ = to_settings(desk, COMMAND, r"^11:00", WORDS)
    usual = dana.screen().inputs["Calendar"]
    offered = dana.offered("Calendar")
    other = next((words for words in offered if words != usual), usual)
    if other != usual:
        dana.choose("Calendar", other)
    dana.choose("Show as", "Free")
    dana.choose("Reminder", "10 min before")
    dana.tick("Private")
    dana.untick("Put the description on the event")
    dana.tick("Also use these as my defaults")
    dana.press("Save")
    dana.wait_for("Step 3: External participant notifications", "The description is left out.", "in Chicago time")
    schedule(dana)
    first, (mail,) = vendor.booked(DANA), mails(desk, 2)[BUYER]
    dana.close()

    _, later = to_settings(desk, "other@acme.example Other 30m Demo @priya", r"^11:30")
    dana.choose("Time zone conversion", "Keep mine", search="keep mine")
    dana.choose("Reminder", "None")
    dana.untick("Put the team members on the event")
    dana.press("Save")
    dana.wait_for("Step 3: External participant notifications", "in your time zone")
    schedule(dana)
    second = vendor.booked(DANA, "Demo")
    letters = mails(desk, 5)
    words = words_of(letters["other@acme.example"][0].message)

    assert "Time zone conversion" not in before
    assert len(offered) == (1 if vendor.provider == "exchange" else 2)
    assert not any("Holidays" in words for words in offered)
    assert first.calendar in other or vendor.provider == "icloud"
    assert (first.start, first.zone) == (at(30, 11, month=11), vendor.zone_kept("America/Chicago"))
    assert (first.shows_busy, first.private, first.reminder) == (False, True, 10)
    assert WORDS not in first.description
    assert WORDS not in words_of(mail.message)
    assert WORDS in dana.wait_for_message(BOOKED, "dm")
    assert "04:00–04:30 (30 minutes)" in words_of(mail.message)
    assert "[x] Private" in later.lines
    assert (later.inputs["Reminder"], later.inputs["Show as"]) == ("10 min before", "Free")
    assert (second.shows_busy, second.private, second.reminder) == (False, True, None)
    assert second.zone == vendor.zone_kept("Europe/Berlin")
    assert (second.calendar, second.start) == (first.calendar, at(30, 11, 30, month=11))
    assert "11:30–12:00 (30 minutes)" in words
    assert PRIYA not in second.invited
    assert str(invitation(letters[PRIYA][0])["uid"]) == second.uid

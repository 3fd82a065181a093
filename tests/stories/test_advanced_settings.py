"""Advanced settings: whose clock the customer's mail goes by, and how the event stands in the calendar."""

import pytest

from sandbox.calendar_app import CalendarApp
from sandbox.nearby import request
from tests.stories.conftest import onward
from tests.stories.reading import (
    BUYER,
    COMMAND,
    calendar_parts,
    find_times,
    invitation,
    mails,
    pick,
    schedule,
    stored_event,
    to_details,
    to_notifications,
    words_of,
)

LINK = "Show advanced settings…"


def to_settings(desk, zone="Chicago", text=COMMAND, description="", slot=r"^11:00"):
    """To the pushed settings, with a customer's zone and perhaps a description."""
    dana = desk.dana
    dana.command("/schedule-for", text)
    dana.wait_for("External participant name")
    if zone:
        dana.choose("Customer's time zone", zone, search=zone.lower())
    onward(dana, "Continue", "Step 1: Set your meeting details")
    if description:
        dana.press("Add description")
        dana.wait_for("Description")
        dana.fill("Description", description)
    find_times(dana)
    pick(dana, slot)
    to_notifications(dana)
    dana.press(LINK)
    dana.wait_for("Time zone conversion")
    return dana


def saved(dana, words="gets a calendar invitation"):
    """Back on the last screen, once it says what the settings changed."""
    dana.press("Save")
    return dana.wait_for("Step 3: External participant notifications", words)


def test_settings_are_out_of_sight_until_asked_for_and_back_discards_them(desk):
    """12a, 9. Hidden until asked for; closing the pushed settings discards them and does not end the hold."""
    desk.connect("U0DANA", "U0SAM")
    dana = to_details(desk)
    find_times(dana)
    pick(dana, r"^11:00")
    before = to_notifications(dana)

    dana.press(LINK)
    settings = dana.wait_for("Time zone conversion")
    dana.tick("Private")
    dana.close()
    after = dana.wait_for("Step 3: External participant notifications")
    dana.press(LINK)
    again = dana.wait_for("Time zone conversion")
    saved(dana)
    sam = desk.to_times("other@acme.example Other 30m Demo @dana", desk.rep("U0SAM"))
    schedule(dana)

    assert "Time zone conversion" not in before
    assert settings.depth == 2
    assert after.depth == 1
    assert "[ ] Private" in again.lines
    monday = sam.screen().text.split("Tue 1 Dec")[0]
    assert "[ 10:00 ]" not in monday  # 11:00 in Berlin is still Dana's
    assert str(stored_event(desk, "U0DANA")["class"]) == "PUBLIC"


@pytest.mark.parametrize(
    ("combination", "choice", "span", "zone"),
    [
        ("http-sqlite", "Convert to the customer's time zone", "04:00–04:30", "Chicago time (CST, UTC−6)"),
        ("socket-postgres", "Keep mine", "11:00–11:30", "Berlin time (CET, UTC+1)"),
        ("http-sqlite", "Tokyo", "19:00–19:30", "Tokyo time (JST, UTC+9)"),
    ],
    ids=["converted", "kept", "another"],
)
def test_the_customers_mail_goes_by_the_clock_that_was_chosen_and_the_ics_stays_utc(desk, choice, span, zone):
    """12b. Convert to the customer's zone or keep the organizer's; the mail's words follow, ICS times stay UTC."""
    desk.connect("U0DANA")
    dana = to_settings(desk)
    dana.choose("Time zone conversion", choice, search=choice.lower())
    saved(dana, "in your time zone" if choice == "Keep mine" else f"in {zone.split()[0]} time")
    schedule(dana)

    (mail,) = mails(desk, 2)[BUYER]
    words = words_of(mail.message)
    assert f"{span} (30 minutes)" in words
    assert zone in words
    assert invitation(mail)["dtstart"].to_ical() == b"20261130T100000Z"


@pytest.fixture
def second_calendar(calendar_server):
    """Another calendar in Dana's account, there before she connects."""
    login = ("dana", calendar_server.users["dana"])
    url = f"{calendar_server.url_of('dana')}sales/"
    request("MKCALENDAR", url, auth=login).raise_for_status()
    yield CalendarApp(url, login)
    request("DELETE", url, auth=login).raise_for_status()


def test_the_event_stands_where_and_how_the_settings_say(desk, second_calendar):
    """12c. Target calendar (writable ones, own by default), busy or free, private, reminder, description or not."""
    desk.connect("U0DANA")
    dana = to_settings(desk, description="Bring the numbers")
    default = dana.screen().inputs["Calendar"]
    offered = dana.offered("Calendar")
    other = next(words for words in offered if words != default)
    dana.choose("Calendar", other)
    dana.choose("Show as", "Free")
    dana.choose("Reminder", "10 min before")
    dana.tick("Private")
    dana.untick("Put the description on the event")
    saved(dana, "The description is left out.")
    schedule(dana)

    (mail,) = mails(desk, 2)[BUYER]
    here, there = desk.calendar("U0DANA").titled("Pricing call"), second_calendar.titled("Pricing call")
    assert len(offered) == 2
    assert sorted((len(here), len(there))) == [0, 1]
    (event,) = [text.replace("\n ", "").replace("\r", "") for text in (*here, *there)]
    assert "TRANSP:TRANSPARENT" in event
    assert "CLASS:PRIVATE" in event
    assert "TRIGGER:-PT10M" in event
    assert "Bring the numbers" not in event
    assert "Bring the numbers" not in words_of(mail.message)
    assert "Bring the numbers" not in str(calendar_parts(mail)[0].to_ical())
    assert "Bring the numbers" in dana.wait_for_message("Pricing call", "dm")


def test_settings_are_for_this_meeting_only_unless_kept_as_defaults(desk):
    """12d. For this meeting only, unless Also use these as my defaults."""
    desk.connect("U0DANA")
    ticked = {}
    dana = to_settings(desk, zone="")
    dana.tick("Private")
    saved(dana)
    schedule(dana)
    dana.close()
    dana = to_settings(desk, zone="", text="other@acme.example Other 30m Demo", slot=r"^11:30")
    ticked["after one meeting"] = "[x] Private" in dana.screen().lines
    dana.tick("Private")
    dana.choose("Reminder", "15 min before")
    dana.tick("Also use these as my defaults")
    saved(dana)
    schedule(dana)
    dana.close()
    dana = to_settings(desk, zone="", text="third@acme.example Third 30m Talk", slot=r"^12:00")
    ticked["after keeping"] = "[x] Private" in dana.screen().lines
    reminder = dana.screen().inputs["Reminder"]
    saved(dana)
    schedule(dana)

    assert ticked == {"after one meeting": False, "after keeping": True}
    assert reminder == "15 min before"
    for title in ("Pricing call", "Demo", "Talk"):
        assert str(stored_event(desk, "U0DANA", title)["class"]) == "PRIVATE"

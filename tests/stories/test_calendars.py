"""Connecting a calendar in the middle of the form, and calendars that fail: unknown is never free."""

import time

import pytest

from bot.screens import ONCE_MORE
from tests.stories.conftest import onward
from tests.stories.reading import (
    COMMAND,
    at,
    days_on,
    find_times,
    mails,
    pick,
    press_first,
    rows_with,
    schedule,
    starts_on,
    to_details,
    to_notifications,
    words_of,
)

IMPATIENT = {"patience": 2.0}
PRIYAS_HOURS = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00"]
UNKNOWN = "a colleague's calendar could not be read (Priya Nair)"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {
            "GOOGLE_CLIENT_ID": "google-app",
            "GOOGLE_CLIENT_SECRET": "shh",
            "MICROSOFT_CLIENT_ID": "microsoft-app",
            "MICROSOFT_CLIENT_SECRET": "shh",
        },
    ],
)
def test_a_rep_without_a_calendar_is_offered_every_system_at_once(desk):
    """P1. Within three seconds the modal offers the four systems, set up or not, and any other CalDAV server."""
    started = time.monotonic()
    desk.dana.command("/schedule-for")
    screen = desk.dana.wait_for("Connect a calendar to see available times.")

    assert time.monotonic() - started < 3
    assert screen.buttons == (
        "Google Calendar",
        "Office 365",
        "Exchange/Outlook (on-premises)",
        "iCloud",
        "Other CalDAV",
        "Continue",
        "Cancel",
    )
    for system in screen.buttons[:5]:
        assert desk.link(desk.dana, system).startswith(desk.environment["PUBLIC_URL"])


def test_a_rep_without_a_calendar_connects_one_and_finds_everything_typed_still_there(desk, capfd, caplog):
    """P1. Without a calendar the modal offers the systems at once, and after connecting nothing typed is lost."""
    dana = desk.dana
    started = time.monotonic()
    dana.command("/schedule-for", COMMAND)
    first = dana.wait_for("Connect a calendar to see available times.")
    opened_after = time.monotonic() - started
    onward(dana, "Continue", "Step 1: Set your meeting details")
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    offer = find_times(dana)
    link = desk.link(dana, "Other CalDAV")

    desk.proxy.fail("dana", 401)
    refused = desk.sign_in(link, "U0DANA", password="correct horse battery")
    desk.proxy.heal()
    connected = desk.sign_in(link, "U0DANA")
    again = desk.sign_in(link, "U0DANA")
    told = dana.wait_for("calendar is connected")
    dana.press("Show times")
    times = dana.wait_for("Tue 1 Dec")
    pick(dana, r"^11:00")
    to_notifications(dana)
    schedule(dana)

    assert opened_after < 3
    assert "Other CalDAV" in first.buttons
    assert "Connect a calendar first" in offer
    assert (refused.status_code, connected.status_code) == (422, 200)
    assert again.status_code >= 400  # a link works once
    assert "Everything you typed is still here." in told
    assert "11:00" in starts_on(times, "Mon 30 Nov")
    assert "Bring the numbers" in str(desk.calendar("U0DANA").titled("Pricing call"))
    said = "".join([*capfd.readouterr(), caplog.text, *(str(c.arguments) for c in desk.workspace.workspace.calls)])
    assert "correct horse" not in said


@pytest.mark.parametrize("combination", ["http-sqlite"])
def test_the_news_that_a_calendar_is_connected_stays_on_the_screen(desk):
    """P1. However fast somebody signs in, the screen shown once more after the ack does not cover the news."""
    dana = to_details(desk)
    find_times(dana)

    desk.sign_in(desk.link(dana, "Other CalDAV"), "U0DANA")
    dana.wait_for("calendar is connected")
    desk.settle(ONCE_MORE + 0.5)

    assert "calendar is connected" in dana.screen()
    assert "Show times" in dana.screen().buttons


def test_a_revoked_password_is_told_with_the_calendars_name_and_a_way_to_reconnect(desk):
    """P2. A revoked grant is reported at next use: which calendar, why, a reconnect button; then all is well again."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.proxy.fail("priya", 401)

    dana = desk.to_times(f"{COMMAND} @priya")
    shut_out = dana.screen()
    told = desk.rep("U0PRIYA").wait_for_message("A calendar needs you", "dm")
    desk.proxy.heal()
    desk.rep("U0PRIYA").press_in_message("Connect again", "A calendar needs you")
    answer = desk.rep("U0PRIYA").wait_for_message("Connect a calendar. These links work for a few minutes", "dm")
    link = next(c.element["url"] for c in answer.controls if c.words == "Other CalDAV")
    connected = desk.sign_in(link, "U0PRIYA")
    dana.press("Try again")
    dana.wait_until_gone("is not checked")

    assert "Priya Nair has a calendar that no longer lets us in: Priya Nair is not checked." in shut_out
    assert starts_on(shut_out, "Tue 1 Dec") == []
    assert "Other CalDAV (priya@127.0.0.1)" in told
    assert connected.status_code == 200
    assert starts_on(dana.screen(), "Tue 1 Dec") == PRIYAS_HOURS


def test_an_event_made_in_the_calendar_hides_its_slot_and_a_booking_appears_there(desk):
    """P2. A busy event made there hides its slot at the next listing, and a booking appears there."""
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    free = starts_on(dana.screen(), "Tue 1 Dec")

    desk.calendar("U0DANA").add("Dentist", at(1, 11), at(1, 11, 30))
    desk.list_again(dana)
    hidden = starts_on(dana.screen(), "Tue 1 Dec")
    pick(dana, r"^11:30")
    to_notifications(dana)
    schedule(dana)

    assert [start for start in free if start not in hidden] == ["11:00"]
    assert len(desk.calendar("U0DANA").titled("Pricing call")) == 1


@pytest.mark.parametrize("operator", [IMPATIENT])
@pytest.mark.parametrize(
    ("combination", "how"),
    [
        ("http-sqlite", "hang"),
        ("socket-postgres", "hang"),
        ("http-sqlite", "drip"),
        ("socket-postgres", "cut"),
        ("http-sqlite", 500),
    ],
)
def test_a_colleague_whose_calendar_fails_is_unknown_never_free_and_may_be_chosen_anyway(desk, how):
    """P3, N2. Unknown is never free: no ordinary button, listed like conflicts, repeated in confirm, DM and mail."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.proxy.fail("priya", how, "REPORT")

    dana = desk.to_times(f"{COMMAND} @priya")
    unknown = dana.screen()
    press_first(dana, "Choose anyway", near="10:30–11:00 CET")
    confirm = dana.wait_for("Confirm your meeting details", timeout=15)
    to_notifications(dana)
    done = schedule(dana)

    assert [day for day in days_on(unknown) if starts_on(unknown, day)] == []
    assert "Priya Nair is not checked." in unknown
    assert "Try again" in unknown.buttons
    assert rows_with(unknown, "❔")[0] == f"❔ 10:30–11:00 CET · {UNKNOWN}"
    for shown in (confirm, done):
        assert f"❔ You chose a time that could not be checked: {UNKNOWN}" in shown.text.replace("\n", " ")
    for user in ("U0DANA", "U0PRIYA"):
        assert UNKNOWN in desk.rep(user).wait_for_message("Pricing call", "dm")
    for address, (mail,) in mails(desk, 3).items():
        assert (UNKNOWN in words_of(mail.message)) is (address != "buyer@acme.example")
    ((who, line),) = desk.audit("U0DANA")
    assert (who, line["act"], line["overrides"]) == ("U0DANA", "book", [UNKNOWN])


@pytest.mark.parametrize("operator", [IMPATIENT])
def test_with_every_calendar_hanging_each_screen_answers_in_time_and_in_words(desk):
    """P3. Every calendar hanging: every click is answered at once, and what is not known is said."""
    desk.connect("U0DANA", "U0PRIYA")
    for user in ("dana", "priya"):
        desk.proxy.fail(user, "hang")
    desk.workspace.workspace.deliveries.clear()

    dana = desk.to_times(f"{COMMAND} @priya")
    unknown = dana.screen()
    dana.press_matching("^Later ▶$")
    dana.wait_for("❔ 09:00–09:30 CET", "Mon 7 Dec", timeout=15)
    dana.press("Back")
    dana.wait_for("Step 1")
    dana.press("Back")
    dana.wait_for("Who is the meeting with?")
    dana.open_home()

    for name in ("Dana Reyes", "Priya Nair"):
        assert f"{name} has a calendar that did not answer in time: {name} is not checked." in unknown
    assert "is sure to be free: not every calendar could be read." in unknown
    slowest = max(each.seconds for each in desk.workspace.workspace.deliveries)
    assert slowest < 3
    assert {each.trouble for each in desk.workspace.workspace.deliveries} == {""}


@pytest.mark.parametrize("operator", [IMPATIENT])
def test_a_calendar_that_falls_silent_before_schedule_is_no_reason_to_book_blindly(desk):
    """P3, 13a. An accepted unknown may stay unknown; a new one is treated like a slot that went."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = desk.to_times(f"{COMMAND} @priya")
    pick(dana, r"^10:30")
    to_notifications(dana)
    desk.proxy.fail("priya", "hang")

    dana.press("Schedule")
    refused = dana.wait_for("Nothing was booked, and nobody was told.", timeout=20)

    assert refused.headers == ("This time could not be checked",)
    assert "Not every calendar could be read just now: Priya Nair." in refused
    assert "no longer free" not in refused
    assert "Other times" in refused.buttons
    assert desk.calendar("U0DANA").stored() == ()
    assert desk.mailbox.messages == ()


def test_a_member_without_a_calendar_is_unknown_and_can_be_chosen_anyway(desk):
    """4b, P3. A member without a calendar, and no sharing, is unknown (B78); with an offer to ask them to connect."""
    desk.connect("U0DANA")

    dana = desk.to_times(f"{COMMAND} @priya")
    screen = dana.screen()
    dana.press("Ask Priya Nair to connect")
    asked = desk.rep("U0PRIYA").wait_for_message("Dana Reyes", "dm")
    press_first(dana, "Choose anyway", near="10:30–11:00")
    dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    schedule(dana)

    assert "Priya Nair has not connected a calendar: Priya Nair is not checked." in screen
    assert starts_on(screen, "Tue 1 Dec") == []
    letters = mails(desk, 3)
    assert "priya@demo.example" in letters
    assert "calendar" in asked
    assert asked.buttons != ()


def test_a_times_screen_open_when_the_own_calendar_shut_us_out_offers_to_connect_it_again(desk):
    """P2. The rep's own calendar shut us out: said on the screen they look at, with the way to connect again."""
    desk.connect("U0DANA")
    desk.proxy.fail("dana", 401)

    dana = desk.to_times(COMMAND)
    first = dana.screen()
    dana.wait_for_message("A calendar needs you", "dm")
    desk.list_again(dana)
    second = dana.screen()

    assert starts_on(first, "Tue 1 Dec") == []
    assert "Other CalDAV (dana@127.0.0.1) no longer lets us in: the password is no longer accepted." in first
    assert "Other CalDAV" in first.buttons
    assert "Connect a calendar" in second
    assert "Other CalDAV" in second.buttons

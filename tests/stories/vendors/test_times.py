"""Step 2 over each system: what is offered, in which zone, week by week, what is in the way, and a colleague's time."""

import time

from tests.stories.conftest import onward
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    days_on,
    mails,
    press_first,
    rows_with,
    schedule,
    starts_on,
    to_details,
    to_notifications,
    words_of,
)
from tests.stories.vendors.kit import BOOKED, Vendor, only

TUESDAY = "Tue 1 Dec"


def a_week(vendor: Vendor) -> None:
    """On Tuesday Dana and Priya have something open and something private each; a week later Dana is away."""
    vendor.occupy(PRIYA, at(1, 9), at(1, 9, 30), "Team sync")
    vendor.occupy(DANA, at(1, 10), at(1, 10, 30), "Board")
    vendor.occupy(DANA, at(1, 11), at(1, 11, 30), "Doctor", private=True)
    vendor.occupy(PRIYA, at(1, 12), at(1, 12, 30), "Interview", private=True)
    vendor.occupy(DANA, at(7, 0), at(12, 0), "Trade fair")


def test_a_rep_looks_through_the_weeks_and_takes_a_time_that_clashes_with_open_eyes(desk, vendor):
    """4b, 7a, 7b, 7c, 7d, 7f, 8a, 8b, 8c, 8d. Priya never connected: she is read by sharing where that works."""
    a_week(vendor)
    vendor.connect(desk)
    if not vendor.sees_others:
        vendor.connect(desk, desk.rep("U0PRIYA"))
    dana = to_details(desk, f"{COMMAND} @priya")
    pressed = time.monotonic()
    loading = dana.press("Find times")
    loaded_after = time.monotonic() - pressed
    dana.wait_until_gone("Looking at", timeout=15)
    times = dana.screen()

    dana.overflow("Change time zone")
    dana.wait_for("Show the times in this time zone")
    dana.choose("Show the times in this time zone", "New York", search="new york")
    elsewhere = dana.wait_for("Your time: New York (EST, UTC−5)")
    dana.overflow("Change time zone")
    dana.wait_for("Show the times in this time zone")
    dana.choose("Show the times in this time zone", "Berlin", search="berlin")
    dana.wait_for("Your time: Berlin")
    dana.press("Later ▶")
    away = dana.wait_for("No common time from Mon 7 Dec")
    dana.fill("Jump to date", "2026-12-16")
    jumped = dana.wait_for("Wed 16 Dec")
    dana.press("◀ Earlier")
    dana.wait_until_gone("Wed 16 Dec")
    dana.fill("Jump to date", "2026-12-01")
    dana.wait_for(TUESDAY)
    dana.overflow("Show conflicts")
    clashes = dana.wait_for(f"Times with conflicts on {TUESDAY}")
    press_first(dana, "Choose anyway", near="10:00–10:30")
    confirm = dana.wait_for("Confirm your meeting details", timeout=15)
    to_notifications(dana)
    done = schedule(dana)

    sync = "Team sync" if vendor.tells_titles else "busy"
    sentence = "🟠 You chose a time with a conflict. Dana Reyes: Board"
    assert "Looking at 2 calendars…" in loading
    assert loaded_after < 3
    assert ("via sharing" in times) is vendor.sees_others
    assert "Your time: Berlin (CET, UTC+1)" in times.lines
    assert starts_on(times, TUESDAY) == ["09:30", "10:30", "11:30"]
    assert starts_on(elsewhere, TUESDAY) == ["03:30", "04:30", "05:30"]
    assert instants(elsewhere) == instants(times)
    assert "No common time on Mon 7 Dec to Fri 11 Dec: Dana Reyes is busy all day." in away
    assert "Show conflicts" in (*away.menu, *away.buttons)
    assert days_on(jumped)[0] == "Wed 16 Dec"
    assert rows_with(times, "🟠") == []
    assert rows_with(clashes, "🟠") == [
        f"🟠 09:00–09:30 · Priya Nair: {sync}",
        "🟠 10:00–10:30 · Dana Reyes: Board",
        "🟠 11:00–11:30 · Dana Reyes: busy",
        "🟠 12:00–12:30 · Priya Nair: busy",
    ]
    for shown in (confirm, done, dana.wait_for_message(BOOKED, "dm")):
        assert sentence in shown
        assert "Doctor" not in shown
    assert vendor.booked(DANA).start == at(1, 10)
    for address, (mail,) in mails(desk, 3).items():
        assert ("Dana Reyes: Board" in words_of(mail.message)) is (address != BUYER)


def instants(screen) -> list[str]:
    """What the slot buttons stand for."""
    buttons = [c.element for c in screen.controls if c.kind == "button"]
    return [each["value"] for each in buttons if each["action_id"].startswith("slot.")]


@only("icloud")
def test_a_colleague_whom_the_system_does_not_show_is_unknown_and_can_be_asked_to_connect(desk, vendor):
    """P3. iCloud shows nobody else's time: Priya is not checked, and there is no ordinary slot."""
    vendor.connect(desk)

    dana = to_details(desk, f"{COMMAND} @priya")
    onward(dana, "Find times", "Step 2: Select an available time slot")
    dana.wait_until_gone("Looking at", timeout=15)
    screen = dana.screen()
    dana.press("Ask Priya Nair to connect")
    asked = desk.rep("U0PRIYA").wait_for_message("Dana Reyes", "dm")

    assert starts_on(screen, TUESDAY) == []
    assert "Priya Nair has not connected a calendar: Priya Nair is not checked." in screen
    assert "via sharing" not in screen
    assert asked.buttons != ()

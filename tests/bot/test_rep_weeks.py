"""The list of times: other clocks and lengths, reasons for empty days, calendars that are not read."""

from dataclasses import replace
from datetime import date

from scheduling.domain import (
    ConnectionState,
    DayReason,
    Obstacle,
    ObstacleKind,
    Unread,
)
from tests.bot.in_memory import CONNECTION, at, slot
from tests.bot.test_rep_choices import form_of, to_details
from tests.bot.test_rep_story import COMMAND, to_times


def test_another_time_zone_changes_the_labels_and_never_the_times(running):
    rep = to_times(running)
    rep.overflow("Change time zone")
    rep.wait_for("Show the times in this time zone")
    rep.choose("Show the times in this time zone", "Honolulu (HST, UTC−10)", search="honolulu")
    screen = rep.wait_for("Your time: Honolulu (HST, UTC−10)")
    rep.press("04:00")
    confirm = rep.wait_for("Confirm your meeting details")

    assert [each for each in screen.buttons if ":" in each] == ["23:00", "04:00", "23:30"]
    assert "Tue 24 Nov 04:00–04:30 HST" in confirm
    assert running.scheduling.holds[0][0] == at(24, 14)


def test_a_date_is_jumped_to_on_the_clock_that_is_shown(running):
    rep = to_times(running)
    rep.overflow("Change time zone")
    rep.wait_for("Show the times in this time zone")
    rep.choose("Show the times in this time zone", "Kiritimati (UTC+14)", search="kiritimati")
    rep.wait_for("Your time: Kiritimati")

    rep.fill("Jump to date", "2026-11-26")

    assert rep.workspace.wait_until(lambda: form_of(running).week_of == "2026-11-25", 3)


def test_another_duration_looks_again_and_gives_up_the_picked_time(running):
    rep = to_times(running)
    rep.press("15:00")
    rep.wait_for("Confirm your meeting details")
    rep.press("Back")
    rep.wait_for("Step 2")

    rep.overflow("Change duration")
    rep.wait_for("Meeting duration")
    rep.choose("Meeting duration", "60 min")
    rep.wait_until_gone("Meeting duration")

    assert (form_of(running).minutes, form_of(running).slot) == (60, None)
    assert "Tue 24 Nov" in rep.screen()


def test_custom_in_the_menu_leads_to_the_field_for_it(running):
    rep = to_times(running)
    rep.overflow("Change duration")
    rep.wait_for("Meeting duration")
    rep.choose("Meeting duration", "Custom…")

    screen = rep.wait_for("Step 1: Set your meeting details")

    assert screen.inputs["Minutes"] == "30"


def test_days_without_a_time_say_why(running):
    off = (DayReason("U0DANA", "Dana Reyes", "off"), DayReason("U0PRIYA", "Priya Nair", "off"))
    running.scheduling.proposing = {
        "reasons": (
            (date(2026, 11, 26), (DayReason("room:r1", "Oslo", "all_day"), DayReason("U0PRIYA", "Priya Nair", "off"))),
            (date(2026, 11, 28), off),
            (date(2026, 11, 29), off),
        )
    }

    screen = to_times(running).screen()

    assert "No common time on Thu 26 Nov: Room Oslo is taken all day; Priya Nair is off." in screen
    assert "No common time on Sat 28 Nov and Sun 29 Nov: Dana Reyes and Priya Nair are off." in screen
    assert screen.text.index("Wed 25 Nov") < screen.text.index("Thu 26 Nov") < screen.text.index("Sat 28 Nov")


def test_a_week_without_a_time_says_why_and_shows_the_ways_on(running):
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", "Sam Okafor")
    running.scheduling.slots = ()
    running.scheduling.conflicts = (slot(at(24, 10), busy),)
    running.scheduling.proposing = {
        "reasons": tuple((date(2026, 11, day), (DayReason("U0SAM", "Sam Okafor", "busy"),)) for day in range(23, 30))
    }
    rep = to_details(running)
    rep.press("Find times")

    screen = rep.wait_for("No common time from Mon 23 Nov to Sun 29 Nov.")
    rep.press("Show conflicts")
    conflicts = rep.wait_for("🟠 11:00–11:30 · Sam Okafor: busy")

    assert "No common time on Mon 23 Nov to Sun 29 Nov: Sam Okafor is busy." in screen
    assert screen.buttons.count("Later ▶") == 2
    assert "Show conflicts" not in conflicts.buttons


def test_a_colleague_without_a_calendar_is_asked_once_and_the_rep_reads_it(running):
    running.scheduling.unread = (Unread("U0PRIYA", "Priya Nair", "not_connected"),)
    rep = to_details(running, f"{COMMAND} <@U0PRIYA>")
    rep.press("Find times")
    shown = rep.wait_for("Priya Nair has not connected a calendar: Priya Nair is not checked.")

    rep.press("Ask Priya Nair to connect")
    told = rep.wait_for("Priya Nair was asked to connect a calendar.")
    message = running.local.rep("U0PRIYA").wait_for_message("A colleague wants to schedule a meeting with you")
    rep.press("Ask Priya Nair to connect")
    rep.wait_for("Priya Nair was asked already.")
    rep.press("Try again")
    rep.wait_until_gone("Ask Priya Nair to connect")
    running.local.rep("U0PRIYA").press_in_message("Connect a calendar")
    links = running.local.rep("U0PRIYA").wait_for_message("Connect a calendar. These links work for a few minutes")

    assert "Ask Priya Nair to connect" in shown.buttons
    assert "Tue 24 Nov" in told
    assert "Asked by  @Dana Reyes" in message
    assert "iCloud" in links.buttons
    assert len([dm for dm in running.local.rep("U0PRIYA").dms() if "A colleague wants" in dm]) == 1


def test_when_slack_does_not_take_the_question_it_may_be_asked_again(running):
    running.scheduling.unread = (Unread("U0PRIYA", "Priya Nair", "not_connected"),)
    rep = to_details(running, f"{COMMAND} <@U0PRIYA>")
    rep.press("Find times")
    rep.wait_for("Priya Nair has not connected a calendar")
    running.local.workspace.faults.fail("chat.postMessage", status=200, error="internal_error")

    rep.press("Ask Priya Nair to connect")
    rep.wait_for("Slack did not take the message to Priya Nair.")
    rep.press("Ask Priya Nair to connect")

    assert "Press Try again" in rep.wait_for("Priya Nair was asked to connect a calendar.")


def test_who_is_read_through_the_reps_calendar_is_labelled(running):
    running.scheduling.proposing = {"via_sharing": ("Sam Okafor",)}

    screen = to_times(running).screen()

    assert "Sam Okafor via sharing: read through your own calendar." in screen


def test_a_calendar_that_shut_us_out_is_named_with_the_button_to_connect_it_again(running):
    broken = replace(CONNECTION, id="c2", account="old@example.com", state=ConnectionState.NEEDS_RECONNECT)
    running.scheduling.proposing = {"shut_out": (broken,)}

    screen = to_times(running).screen()

    assert "iCloud (old@example.com) no longer lets us in" in screen
    assert [each for each in screen.buttons if each in ("iCloud", "Other CalDAV")] == ["iCloud"]

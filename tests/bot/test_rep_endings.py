"""From the confirmation to the outcome: holds, advanced settings, and the ways back from a failure."""

from dataclasses import replace

from scheduling.domain import (
    EventSettings,
)
from scheduling.ports import Outcome, OutcomeKind
from tests.bot.in_memory import CONNECTION, DANA, NOW, SAM
from tests.bot.test_rep_choices import GOOGLE, REP, form_of
from tests.bot.test_rep_story import to_notifications, to_times


def test_a_hold_that_ran_out_while_reading_stops_nothing(running):
    rep = to_times(running)
    rep.press("15:00")
    rep.wait_for("Held for you until 09:10 CET")
    draft = running.scheduling.drafts["draft1"]
    running.scheduling.drafts["draft1"] = replace(draft, held_until=NOW)

    rep.press("Next")
    rep.wait_for("Step 3")
    rep.press("Back")
    screen = rep.wait_for("Was held for you until 09:00 CET.")
    rep.press("Next")
    rep.wait_for("Step 3")
    rep.press("Schedule")
    rep.wait_for("Scheduling…")

    assert "claimed again when you press Schedule" in screen
    assert running.scheduling.submissions == [("draft1", True, True)]


def test_the_words_name_the_system_that_invites(running):
    running.office.host_now = GOOGLE

    screen = to_notifications(running).wait_for("gets a calendar invitation from Google Calendar")

    assert "and a confirmation email, in your time zone" in screen


def test_advanced_settings_are_saved_for_this_meeting_and_the_words_follow(running):
    running.office.host_now = GOOGLE
    rep = to_notifications(running)
    rep.untick("Send confirmation email")
    rep.wait_for("no confirmation email")
    rep.press("Show advanced settings…")
    first = rep.wait_for("Advanced settings")
    rep.choose("Time zone conversion", "Chicago (CST, UTC−6)", search="chicago")
    rep.choose("Calendar", "Team · dana@example.com")
    rep.choose("Show as", "Free")
    rep.choose("Reminder", "15 min before")
    rep.tick("Private")
    rep.untick("Put the description on the event")
    rep.untick("Put the team members on the event")
    rep.press("Save")
    rep.wait_until_gone("Advanced settings")
    screen = rep.wait_for("Times are in Chicago time.")
    rep.tick("Send confirmation email")
    rep.wait_for("and a confirmation email, in Chicago time.")
    rep.press("Show advanced settings…")
    again = rep.wait_for("Advanced settings")

    assert (first.depth, first.title) == (2, "Schedule on behalf")
    assert first.inputs["Time zone conversion"] == "Convert to the customer's time zone"
    assert "no confirmation email" in screen
    assert form_of(running).settings == EventSettings(
        shown_zone="America/Chicago",
        connection_id="c1",
        calendar_id="team",
        shows_busy=False,
        private=True,
        reminder_minutes=15,
        description_on_event=False,
        members_on_event=False,
    )
    assert again.inputs["Calendar"] == "Team · dana@example.com"
    assert again.inputs["Reminder"] == "15 min before"
    assert running.office.kept == {}


def test_advanced_settings_become_defaults_when_asked(running):
    rep = to_notifications(running)
    rep.press("Show advanced settings…")
    screen = rep.wait_for("Advanced settings")
    rep.choose("Time zone conversion", "Keep mine")
    rep.tick("Also use these as my defaults")
    rep.press("Save")
    rep.wait_for("in your time zone")

    assert "Put the team members on the event" in screen
    assert running.office.kept == {REP: EventSettings(shown_zone="organizer")}


def test_back_from_the_advanced_settings_discards_and_keeps_the_hold(running):
    rep = to_notifications(running)
    rep.press("Show advanced settings…")
    screen = rep.wait_for("Advanced settings")
    rep.tick("Private")
    rep.press("Back")
    rep.wait_for("Step 3")
    rep.press("Schedule")
    rep.wait_for("Scheduling…")

    assert [each for each in screen.buttons if each in ("Save", "Back", "Cancel")] == ["Save", "Back"]
    assert form_of(running).settings == EventSettings()
    assert running.scheduling.closed == []
    assert running.scheduling.submissions == [("draft1", True, True)]


def test_closing_everything_from_the_advanced_settings_ends_the_hold(running):
    rep = to_notifications(running)
    rep.press("Show advanced settings…")
    rep.wait_for("Advanced settings")

    rep.close(everything=True)

    assert running.local.workspace.wait_until(lambda: "draft1" in running.scheduling.closed, 3)


def test_when_slack_does_not_open_the_settings_the_screen_says_so(running):
    rep = to_notifications(running)
    running.local.workspace.faults.fail("views.push", status=200, error="expired_trigger_id")

    rep.press("Show advanced settings…")
    rep.wait_for("Slack did not open it. Press Show advanced settings… again.")
    rep.press("Show advanced settings…")

    assert "Calendar event" in rep.wait_for("Advanced settings")


def given_back(running, kind, **more):
    rep = to_notifications(running)
    rep.press("Schedule")
    rep.wait_for("Scheduling…")
    became = Outcome(kind, running.scheduling.drafts["draft1"], DANA.zone, **more)
    running.scheduling.give_back("draft1", became)
    running.notices.show_outcome(became)
    return rep


def test_after_a_dead_password_the_outcome_has_the_buttons_to_connect_again(running):
    rep = given_back(running, OutcomeKind.FAILED, reason="auth", connection=CONNECTION)
    first = rep.wait_for("iCloud (dana@example.com) no longer lets us in")

    rep.press("Connect again")
    screen = rep.wait_for("Connect a calendar:")

    assert "Everything you typed is still here." in first
    assert [each for each in screen.buttons if each in ("iCloud", "Other CalDAV")] == ["iCloud", "Other CalDAV"]
    assert rep.screen().buttons[-1] == "Cancel"


def test_back_from_a_failure_keeps_everything(running):
    rep = given_back(running, OutcomeKind.FAILED, reason="room_gone")
    rep.wait_for("a room that you chose cannot be booked any more")

    rep.press("Back")
    screen = rep.wait_for("Step 1: Set your meeting details")

    assert screen.inputs["Subject"] == "Pricing call"


def test_trying_again_without_a_picked_time_leads_to_the_times(running):
    rep = given_back(running, OutcomeKind.FAILED, reason="unavailable")
    draft = running.scheduling.drafts["draft1"]
    without = draft.form.model_copy(update={"slot": None})
    running.scheduling.drafts["draft1"] = replace(draft, form=without)
    rep.wait_for("Not scheduled")

    rep.press("Try again")

    assert "Wed 25 Nov" in rep.wait_for("Step 2")


def test_a_member_who_left_is_named(running):
    rep = given_back(running, OutcomeKind.FAILED, reason="profile", who=(SAM.user_id,))

    screen = rep.wait_for("a team member cannot take part any more")

    assert "Who  @Sam Okafor" in screen

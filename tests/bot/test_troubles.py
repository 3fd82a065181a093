"""When something is slow or fails, the rep reads it on the screen and keeps what was typed."""

import time

from scheduling.domain import Rep
from scheduling.errors import NoticeDeferred, ProfileUnknown
from tests.bot.in_memory import CONNECTION, at, slow
from tests.bot.test_rep_story import COMMAND, to_notifications, to_times


def opened(running, text=COMMAND):
    rep = running.local.rep()
    rep.command("/schedule-for", text)
    rep.wait_for("Who is the meeting with?")
    return rep


def failing(*names, error=None):
    def fail(name):
        if name in names:
            raise error or RuntimeError("disk is full")

    return fail


def test_when_saving_takes_too_long_the_same_screen_says_press_again(running):
    rep = opened(running)
    running.scheduling.before = slow("save", seconds=1.3)

    began = time.monotonic()
    screen = rep.press("Continue")
    took = time.monotonic() - began
    running.scheduling.before = lambda _: None
    time.sleep(0.5)
    rep.press("Continue")

    assert "Not saved yet. Press Continue again." in screen
    assert screen.inputs["Email address"] == "buyer@acme.example"
    assert took < 1.3
    assert "Step 1" in rep.screen()


def test_when_schedule_is_not_stored_in_time_it_says_that_it_cannot_book_twice(running):
    rep = to_notifications(running)
    rep.untick("Send confirmation email")
    rep.wait_for("no confirmation email")
    running.scheduling.before = slow("submit", seconds=1.8)

    screen = rep.press("Schedule")
    running.scheduling.before = lambda _: None
    time.sleep(0.5)
    rep.press("Schedule")
    rep.wait_for("Scheduling…")

    assert "Not confirmed yet. Press Schedule again; it cannot book twice." in screen
    assert running.scheduling.submissions == [("draft1", True, False)]


def test_when_the_store_fails_the_rep_reads_it_and_everything_stays(running):
    rep = opened(running)
    rep.press("Continue")
    rep.fill("Subject", "Typed by hand")
    running.scheduling.before = failing("save")

    submitted = rep.press("Find times")
    rep.press("Back")
    pressed = rep.wait_for("Press Back again.")
    running.scheduling.before = lambda _: None
    rep.press("Back")
    rep.wait_for("Who is the meeting with?")
    rep.press("Continue")

    assert "Not saved yet. Press Find times again." in submitted
    assert pressed.inputs["Subject"] == "Typed by hand"
    assert rep.screen().inputs["Subject"] == "Typed by hand"


def test_when_the_calendars_cannot_be_asked_try_again_asks_again(running):
    running.scheduling.before = failing("propose")
    rep = opened(running)
    rep.press("Continue")
    rep.press("Find times")
    screen = rep.wait_for("Something went wrong on our side.")
    running.scheduling.before = lambda _: None

    rep.press("Try again")

    assert "Everything you typed is kept." in screen
    assert "Tue 24 Nov" in rep.wait_for("Tue 24 Nov")


def test_when_slack_does_not_know_a_member_the_screen_says_so(running):
    running.scheduling.before = failing("propose", error=ProfileUnknown(("U0BOT",)))
    rep = opened(running)
    rep.press("Continue")
    rep.press("Find times")

    assert "cannot take part" in rep.wait_for("One of the team members")


def test_when_slacks_directory_does_not_answer_the_screen_says_so(running):
    running.scheduling.before = failing("propose", error=NoticeDeferred("unreachable"))
    rep = opened(running)
    rep.press("Continue")
    rep.press("Find times")

    assert "Press Try again." in rep.wait_for("Slack did not tell who the team members are.")


def test_slow_calendars_hold_up_neither_the_answer_nor_back(running):
    running.scheduling.before = slow("propose", seconds=1.5)
    rep = opened(running)
    rep.press("Continue")
    began = time.monotonic()
    rep.press("Find times")
    loading = rep.wait_for("Looking at the calendar…")
    took = time.monotonic() - began
    rep.press("Back")
    rep.wait_for("Step 1: Set your meeting details")
    time.sleep(1.8)

    assert took < 1
    assert "Back" in loading.buttons
    assert "Step 1: Set your meeting details" in rep.screen()


def test_a_slow_week_announces_itself(running):
    rep = to_times(running)
    running.scheduling.before = slow("propose", seconds=1.2)

    rep.press("Later ▶")
    rep.wait_for("Looking at the calendar…")

    assert "Tue 24 Nov" in rep.wait_for("Tue 24 Nov")


def test_an_acknowledged_view_that_slack_applies_late_does_not_hide_the_times(running):
    rep = opened(running)
    rep.press("Continue")
    running.local.workspace.faults.apply_acks_late = 0.2
    rep.press("Find times")
    running.local.workspace.faults.apply_acks_late = 0.0

    rep.wait_for("Tue 24 Nov")
    time.sleep(0.5)

    assert "Tue 24 Nov" in rep.screen()


def test_the_form_opens_from_memory_when_our_rows_are_slow_and_loses_nothing(running):
    running.scheduling.before = slow("open_draft", seconds=1.0)
    rep = running.local.rep()
    began = time.monotonic()
    rep.command("/schedule-for", COMMAND)
    rep.wait_for("Who is the meeting with?")
    took = time.monotonic() - began
    time.sleep(1.2)
    rep.press("Continue")

    assert took < 0.9
    assert rep.wait_for("Step 1").inputs["Subject"] == "Pricing call"


def test_a_form_that_opened_without_rows_makes_its_draft_on_continue(running):
    running.scheduling.before = failing("open_draft")
    rep = opened(running)
    running.scheduling.before = lambda _: None
    time.sleep(0.3)

    rep.press("Continue")

    assert rep.wait_for("Step 1").inputs["Subject"] == "Pricing call"
    assert list(running.scheduling.drafts) == ["draft1"]


def test_an_expired_trigger_leaves_a_button_that_opens_the_form_with_every_word(running):
    running.local.workspace.faults.fail("views.open", status=200, error="expired_trigger_id")
    rep = running.local.rep()
    rep.command("/schedule-for", COMMAND)
    rep.wait_for_message("Slack did not open the form in time.", channel="sales")

    rep.press_in_message("Schedule on behalf", channel="sales")
    screen = rep.wait_for("Who is the meeting with?")

    assert screen.inputs["External participant name"] == "Acme Buyer"
    assert screen.inputs["Email address"] == "buyer@acme.example"


def test_a_shortcut_whose_form_did_not_open_is_answered_by_message(running):
    running.local.workspace.faults.fail("views.open", status=200, error="expired_trigger_id")
    rep = running.local.rep()
    rep.shortcut("Schedule on behalf")
    rep.wait_for_message("Slack did not open the form in time.")

    rep.press_in_message("Schedule on behalf")

    assert "Who is the meeting with?" in rep.wait_for("Who is the meeting with?")


def test_a_limited_update_is_repeated(running):
    rep = opened(running)
    rep.press("Continue")
    running.local.workspace.faults.rate_limit("views.update", times=1, retry_after=1)

    rep.press("Find times")

    assert "Tue 24 Nov" in rep.wait_for("Tue 24 Nov")


def test_closing_the_form_while_the_calendars_are_read_disturbs_nothing(running):
    running.scheduling.before = slow("propose", seconds=0.4)
    rep = opened(running)
    rep.press("Continue")
    rep.press("Find times")
    rep.close()
    time.sleep(1.0)
    running.scheduling.before = lambda _: None

    rep.command("/schedule-for", COMMAND)

    assert "Who is the meeting with?" in rep.wait_for("Who is the meeting with?")


def test_a_form_that_is_over_says_so(running):
    rep = to_times(running)
    running.scheduling.submit(Rep("T0DEMO", "U0DANA"), "draft1", on_event=True, by_mail=True)

    rep.press("15:00")

    assert "start again with /schedule-for" in rep.wait_for("This form is over")


def test_somebody_elses_draft_is_nobodys(running):
    rep = to_times(running)
    running.scheduling.drafts.clear()

    rep.press("Later ▶")

    assert "This form is over" in rep.wait_for("This form is over")


def test_schedule_pressed_twice_submits_once(running):
    rep = to_notifications(running)
    running.local.workspace.faults.duplicate("interactive")

    rep.press("Schedule")
    rep.wait_for("Scheduling…")
    time.sleep(0.5)

    assert running.scheduling.submissions == [("draft1", True, True)]


def test_a_command_delivered_twice_opens_one_form(running):
    running.local.workspace.faults.duplicate("slash_commands")

    rep = opened(running)
    time.sleep(0.5)

    assert len(running.scheduling.drafts) == 1
    assert len(rep.client.stack) == 1


def test_the_home_tab_stays_a_way_in_when_our_rows_fail(running):
    running.scheduling.before = failing("connections")
    rep = running.local.rep()

    home = rep.open_home()

    assert "could not be read just now" in home
    assert "Schedule on behalf" in home.buttons


def test_connect_again_says_when_it_cannot(running):
    running.notices.ask_reconnect(CONNECTION)
    running.office.before = failing("connect_links")
    rep = running.local.rep()

    rep.press_in_message("Connect again")

    assert "Press Connect again." in rep.wait_for_message("Something went wrong on our side.")


def test_news_of_a_taken_time_is_not_covered_by_the_second_showing_of_the_list(running):
    rep = to_times(running)
    running.scheduling.taken[at(24, 14)] = ()

    rep.press("15:00")
    rep.wait_for("That time has just been taken.")
    time.sleep(0.8)

    assert "That time has just been taken." in rep.screen()

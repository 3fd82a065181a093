"""The rep's story in the local workspace: the real app over HTTP, scheduling in memory."""

from dataclasses import replace

from scheduling.domain import Obstacle, ObstacleKind, Unread
from scheduling.ports import Outcome, OutcomeKind
from tests.bot.in_memory import CONNECTION, DANA, NOW, at, booking_with, slot

COMMAND = "buyer@acme.example Acme Buyer 30m Pricing call"


def to_times(running, text=COMMAND):
    rep = running.local.rep()
    rep.command("/schedule-for", text)
    rep.wait_for("Who is the meeting with?")
    rep.press("Continue")
    rep.press("Find times")
    rep.wait_for("Tue 24 Nov")
    return rep


def to_notifications(running):
    rep = to_times(running)
    rep.press("15:00")
    rep.wait_for("Confirm your meeting details")
    rep.press("Next")
    return rep


def test_a_rep_who_types_everything_books_in_five_clicks(running):
    rep = to_notifications(running)
    typed = rep.typed

    rep.press("Schedule")
    screen = rep.wait_for("Scheduling…")

    assert rep.clicks == 5
    assert rep.typed == typed == len(f"/schedule-for {COMMAND}")
    assert running.scheduling.submissions == [("draft1", True, True)]
    assert screen.buttons == ("Close",)


def test_the_outcome_replaces_the_open_form(running):
    rep = to_notifications(running)
    rep.press("Schedule")
    draft = running.scheduling.drafts["draft1"]
    booked = booking_with(draft.form)

    running.notices.show_outcome(Outcome(OutcomeKind.BOOKED, draft, DANA.zone, booking=booked))
    screen = rep.wait_for("Scheduled", "SF-7K2M")

    assert "Tue 24 Nov 15:00–15:30 CET" in screen
    assert "is being sent the invitation and the confirmation email" in screen
    assert screen.buttons == ("Done",)


def test_missing_and_malformed_fields_are_named_under_the_field_and_the_rest_stays(running):
    rep = running.local.rep()
    rep.command("/schedule-for")
    rep.wait_for("Who is the meeting with?")
    rep.fill("External participant name", "   ")
    rep.fill("Email address", "buyer@acme..example")

    screen = rep.press("Continue")

    assert screen.errors.keys() <= {"External participant name", "Email address"}
    assert screen.errors
    assert screen.inputs["Email address"] == "buyer@acme..example"


def test_a_form_without_subject_or_members_does_not_go_on(running):
    rep = running.local.rep()
    rep.command("/schedule-for", "Acme Buyer buyer@acme.example")
    rep.wait_for("Who is the meeting with?")
    rep.press("Continue")
    rep.fill("Subject", "  ")
    rep.unchoose("Team members", "Dana Reyes")

    screen = rep.press("Find times")

    assert "Step 1: Set your meeting details" in screen
    assert screen.errors


def test_every_value_survives_back_and_forth(running):
    rep = to_times(running)
    rep.press("Back")
    rep.wait_for("Step 1: Set your meeting details")
    rep.press("Add description")
    rep.wait_for("Description")
    rep.fill("Description", "Bring *numbers* & <!channel>")
    rep.fill("Subject", "Pricing, second call")
    rep.press("Back")
    first = rep.wait_for("Who is the meeting with?")
    rep.press("Continue")
    screen = rep.screen()

    assert first.inputs["External participant name"] == "Acme Buyer"
    assert first.inputs["Email address"] == "buyer@acme.example"
    assert screen.inputs["Subject"] == "Pricing, second call"
    assert screen.inputs["Description"] == "Bring *numbers* & <!channel>"


def test_what_is_typed_stays_when_a_field_comes_into_sight(running):
    rep = running.local.rep()
    rep.command("/schedule-for", "Acme Buyer buyer@acme.example")
    rep.wait_for("Who is the meeting with?")
    rep.press("Continue")
    rep.fill("Subject", "Typed before")
    rep.press("Add description")
    rep.wait_for("Description")
    rep.choose("Meeting duration", "Custom…")
    rep.wait_for("Minutes")
    rep.fill("Minutes", "25")
    screen = rep.screen()

    rep.press("Find times")
    rep.wait_for("Tue 24 Nov")

    assert screen.inputs["Subject"] == "Typed before"
    assert running.scheduling.drafts["draft1"].form.subject == "Typed before"
    assert running.scheduling.drafts["draft1"].form.minutes == 25


def test_a_chosen_customer_zone_puts_both_clocks_on_the_buttons(running):
    rep = running.local.rep()
    rep.command("/schedule-for", COMMAND)
    rep.wait_for("Who is the meeting with?")
    rep.choose("Customer's time zone", "Chicago (CST, UTC−6)", search="chicago")
    rep.press("Continue")
    rep.press("Find times")

    screen = rep.wait_for("15:00 · 08:00 CST")
    rep.press("15:00 · 08:00 CST")
    confirm = rep.wait_for("Confirm your meeting details")

    assert "Your time: Berlin (CET, UTC+1) · customer: Chicago (CST, UTC−6)" in screen
    assert "Tue 24 Nov 15:00–15:30 CET · 08:00–08:30 CST for the customer" in confirm
    assert "Held for you until 09:10 CET" in confirm


def test_back_from_the_confirmation_keeps_the_time(running):
    rep = to_times(running)
    rep.press("15:00")
    rep.wait_for("Confirm your meeting details")

    rep.press("Back")
    rep.wait_for("Tue 24 Nov")

    assert running.scheduling.drafts["draft1"].form.slot == at(24, 14)


def test_a_time_that_went_meanwhile_is_said_on_the_list(running):
    rep = to_times(running)
    running.scheduling.taken[at(24, 14)] = ("Sam Okafor",)
    running.scheduling.slots = (slot(at(24, 9)),)

    rep.press("15:00")
    screen = rep.wait_for("That time has just been taken (Sam Okafor). Choose another time.")
    rep.wait_until_gone("15:00")

    assert "Tue 24 Nov" in screen


def test_conflicts_appear_when_asked_for_and_may_be_chosen_with_eyes_open(running):
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", "Sam", "Team sync")
    running.scheduling.conflicts = (slot(at(24, 10), busy),)
    running.scheduling.proposing = {"read_at": NOW}
    rep = to_times(running)
    before = rep.screen()

    rep.overflow("Show conflicts")
    shown = rep.wait_for("🟠 11:00–11:30 · Sam: Team sync")
    rep.press("Choose anyway")
    confirm = rep.wait_for("Confirm your meeting details")

    assert "🟠" not in before
    assert shown.menu == ("Hide conflicts", "Change time zone", "Change duration")
    assert "🟠 You chose a time with a conflict. Sam: Team sync" in confirm
    assert running.scheduling.holds == [(at(24, 10), ("Sam: Team sync",), ("U0SAM",))]
    assert running.scheduling.seen_at == NOW


def test_an_unread_calendar_is_said_and_its_times_are_listed_like_conflicts(running):
    unknown = Obstacle(ObstacleKind.UNKNOWN, "U0PRIYA", "Priya Nair")
    running.scheduling.unread = (Unread("U0PRIYA", "Priya Nair", "failed"),)
    running.scheduling.conflicts = (slot(at(24, 9), unknown), slot(at(25, 9), unknown))
    running.scheduling.slots = ()
    rep = running.local.rep()
    rep.command("/schedule-for", COMMAND)
    rep.wait_for("Who is the meeting with?")
    rep.press("Continue")
    rep.press("Find times")

    screen = rep.wait_for("Priya Nair's calendar could not be read: Priya Nair is not checked.")
    rep.press("Wed 25 Nov")
    rep.wait_for("Times with conflicts on Wed 25 Nov")
    rep.press("Choose anyway")
    confirm = rep.wait_for("Confirm your meeting details")

    assert "❔ 10:00–10:30 CET · a colleague's calendar could not be read (Priya Nair)" in screen
    assert "a colleague's calendar could not be read (Priya Nair)" in confirm
    assert running.scheduling.holds[0][0] == at(25, 9)


def test_weeks_are_turned_and_jumped_to(running):
    rep = to_times(running)

    rep.press("Later ▶")
    rep.wait_for("◀ Earlier")
    later = running.scheduling.drafts["draft1"].form.week_of
    rep.fill("Jump to date", "2026-11-25")
    rep.workspace.wait_until(lambda: running.scheduling.drafts["draft1"].form.week_of == "2026-11-25", 3)
    jumped = running.scheduling.drafts["draft1"].form.week_of

    assert (later, jumped) == ("2026-11-30", "2026-11-25")


def test_without_a_calendar_the_four_ways_to_connect_are_offered_and_nothing_is_lost(running):
    running.scheduling.connected = ()
    rep = running.local.rep()
    rep.command("/schedule-for", COMMAND)
    first = rep.wait_for("Connect a calendar to see available times.")
    rep.press("Continue")
    rep.press("Find times")
    second = rep.wait_for("Connect a calendar first")
    running.scheduling.connected = (replace(CONNECTION, account="new"),)
    rep.press("Try again")
    rep.wait_for("Tue 24 Nov")

    assert [b for b in first.buttons if b in ("iCloud", "Other CalDAV")] == ["iCloud", "Other CalDAV"]
    assert [b for b in second.buttons if b in ("iCloud", "Other CalDAV")] == ["iCloud", "Other CalDAV"]
    assert running.scheduling.drafts["draft1"].form.subject == "Pricing call"


def test_once_a_calendar_is_connected_the_waiting_form_leads_to_the_times(running):
    running.scheduling.connected = ()
    rep = running.local.rep()
    rep.command("/schedule-for", COMMAND)
    rep.wait_for("Connect a calendar to see available times.")
    rep.press("Continue")
    rep.press("Find times")
    rep.wait_for("Connect a calendar first")
    running.scheduling.connected = (CONNECTION,)

    running.notices.tell_connected(CONNECTION, running.scheduling.drafts["draft1"])
    screen = rep.wait_for("Your iCloud calendar is connected (dana@example.com).")
    rep.press("Show times")
    times = rep.wait_for("Tue 24 Nov")

    assert "Everything you typed is still here." in screen
    assert "15:00" in times.buttons
    assert list(rep.dms()) == []


def test_without_a_public_address_the_reason_is_said(running):
    running.scheduling.connected = ()
    running.scheduling.links = {}
    rep = running.local.rep()
    rep.command("/schedule-for")

    screen = rep.wait_for("Connect a calendar to see available times.")

    assert "no public address" in screen
    assert "iCloud" not in screen.buttons


def test_the_words_follow_every_box(running):
    rep = to_notifications(running)
    both = rep.wait_for("a calendar invitation and a confirmation email")
    rep.untick("Add to calendar event")
    mail = rep.wait_for("but no calendar invitation")
    rep.untick("Send confirmation email")
    nothing = rep.wait_for("gets nothing from us")
    rep.press("Schedule")
    rep.wait_for("Scheduling…")

    assert "Acme Buyer" in both
    assert "The description is left out." in mail
    assert "no email" in nothing
    assert running.scheduling.submissions == [("draft1", False, False)]


def test_boxes_survive_back_and_next(running):
    rep = to_notifications(running)
    rep.untick("Send confirmation email")
    rep.wait_for("no confirmation email")

    rep.press("Back")
    rep.wait_for("Confirm your meeting details")
    rep.press("Next")
    screen = rep.wait_for("no confirmation email")

    assert "Step 3: External participant notifications" in screen


def test_when_the_slot_went_the_nearest_free_times_are_buttons(running):
    rep = to_notifications(running)
    rep.press("Schedule")
    rep.wait_for("Scheduling…")
    draft = running.scheduling.drafts["draft1"]
    taken = Outcome(
        OutcomeKind.TAKEN, draft, DANA.zone, who=("Sam",), alternatives=(slot(at(24, 9)), slot(at(25, 9, 30)))
    )
    running.scheduling.give_back("draft1", taken)
    running.notices.show_outcome(taken)

    screen = rep.wait_for("This time is taken")
    rep.press("Wed 25 Nov 10:30")
    confirm = rep.wait_for("Confirm your meeting details")

    assert "Sam is no longer free then." in screen
    assert "Nothing was booked, and nobody was told." in screen
    assert "Wed 25 Nov 10:30–11:00 CET" in confirm


def test_after_a_failure_schedule_can_be_pressed_again(running):
    rep = to_notifications(running)
    rep.press("Schedule")
    rep.wait_for("Scheduling…")
    failed = Outcome(OutcomeKind.FAILED, running.scheduling.drafts["draft1"], DANA.zone, reason="auth")
    running.scheduling.give_back("draft1", failed)
    running.notices.show_outcome(failed)
    screen = rep.wait_for("Not scheduled")

    rep.press("Try again")
    rep.wait_for("Step 3: External participant notifications")
    rep.press("Schedule")
    rep.wait_for("Scheduling…")

    assert "the calendar no longer lets us in" in screen
    assert len(running.scheduling.submissions) == 2


def test_closing_the_form_ends_the_hold_and_closing_the_outcome_does_not(running):
    rep = to_times(running)
    rep.close()
    running.local.workspace.wait_until(lambda: bool(running.scheduling.closed), 3)
    first = list(running.scheduling.closed)
    other = to_notifications(running)
    other.press("Schedule")
    other.wait_for("Scheduling…")
    other.close()

    assert first == ["draft1"]
    assert running.scheduling.closed == ["draft1"]


def test_an_unfinished_form_is_offered_and_resumed(running):
    rep = to_times(running)
    rep.close()

    rep.command("/schedule-for")
    offered = rep.wait_for("You have an unfinished form: Acme Buyer · Pricing call")
    rep.press("Resume")
    rep.wait_until_gone("You have an unfinished form")
    screen = rep.screen()
    rep.press("Continue")

    assert "Resume" in offered.buttons
    assert screen.inputs["Email address"] == "buyer@acme.example"
    assert rep.wait_for("Step 1").inputs["Subject"] == "Pricing call"

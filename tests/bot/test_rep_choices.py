"""What a rep may choose on the way: known customers, more options, other clocks, advanced settings, ways back."""

from dataclasses import replace
from datetime import date

import pytest

from scheduling import LastMeeting
from scheduling.domain import (
    ConferencingKind,
    ConnectionState,
    Customer,
    DayReason,
    EventSettings,
    Obstacle,
    ObstacleKind,
    Rep,
    Room,
    Unread,
)
from scheduling.office import Host
from scheduling.ports import Outcome, OutcomeKind
from tests.bot.in_memory import CONNECTION, DANA, NOW, PRIYA, SAM, at, slot
from tests.bot.test_rep_story import COMMAND, to_notifications, to_times

REP = Rep("T0DEMO", "U0DANA")
GOOGLE = Host("google", "dana@example.com", "Google Meet", invites=True)
MET = LastMeeting(
    Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago"),
    "Pricing call",
    at(3, 9),
    "Europe/Berlin",
)


def opened(running, text=""):
    rep = running.local.rep()
    rep.command("/schedule-for", text)
    rep.wait_for("Who is the meeting with?")
    return rep


def to_details(running, text=COMMAND):
    rep = opened(running, text)
    rep.press("Continue")
    rep.wait_for("Step 1: Set your meeting details")
    return rep


def form_of(running, draft="draft1"):
    return running.scheduling.drafts[draft].form


# --- 2 who ------------------------------------------------------------------------------------------------------------


def test_enter_in_the_address_field_brings_the_customer_of_the_last_meeting(running):
    running.scheduling.met_before = MET
    rep = opened(running)

    rep.fill("Email address", "buyer@acme.example", enter=True)
    screen = rep.wait_for("You last met on Tue 3 Nov · Pricing call")

    assert screen.inputs["External participant name"] == "Acme Buyer"
    assert screen.inputs["Email address"] == "buyer@acme.example"
    assert screen.inputs["Customer's time zone"] == "Chicago (CST, UTC−6)"


def test_what_is_typed_already_stays_when_the_customer_is_known(running):
    running.scheduling.met_before = MET
    rep = opened(running)
    rep.fill("External participant name", "A. Buyer")
    rep.choose("Customer's time zone", "Berlin (CET, UTC+1)", search="berlin")

    rep.fill("Email address", "buyer@acme.example", enter=True)
    rep.wait_for("You last met on Tue 3 Nov")
    rep.press("Continue")
    rep.wait_for("Step 1")

    assert form_of(running).customer == Customer(name="A. Buyer", email="buyer@acme.example", zone="Europe/Berlin")


def test_enter_with_an_unknown_address_changes_nothing_and_the_offer_to_resume_stays(running):
    to_times(running).close()
    rep = opened(running)
    rep.wait_for("You have an unfinished form")

    rep.fill("Email address", "someone@new.example", enter=True)
    rep.workspace.wait_until(lambda: form_of(running, "draft2").customer is not None, 3)
    rep.press("Resume")
    rep.wait_until_gone("You have an unfinished form")

    assert rep.screen().inputs["Email address"] == "buyer@acme.example"


def test_the_zones_at_hand_come_first_and_a_chosen_one_can_be_cleared(running):
    running.office.zones = ("Europe/Berlin", "Pacific/Honolulu")
    rep = opened(running, COMMAND)
    offered = rep.offered("Customer's time zone")
    rep.choose("Customer's time zone", "Honolulu (HST, UTC−10)", search="honolulu")
    rep.unchoose("Customer's time zone", "Honolulu (HST, UTC−10)")
    rep.press("Continue")
    rep.wait_for("Step 1")

    assert offered[:2] == ["Berlin (CET, UTC+1)", "Honolulu (HST, UTC−10)"]
    assert len(offered) == 100
    assert form_of(running).customer.zone is None


@pytest.mark.parametrize(
    ("address", "words"),
    [("dana@example.com", "is your own address"), ("Priya@Example.com", "is the address of Priya Nair, a colleague")],
)
def test_an_address_of_the_team_is_a_warning_and_costs_no_click(running, address, words):
    running.office.people.append(PRIYA)
    rep = to_details(running, f"{address} Acme Buyer 30m Pricing call")

    warning = rep.wait_for(words)
    rep.press("Find times")

    assert "You can go on" in warning
    assert "Tue 24 Nov" in rep.wait_for("Tue 24 Nov")


def test_a_colleague_whom_only_slack_knows_is_found_out_meanwhile(running):
    address = running.local.workspace.people["U0SAM"].email
    rep = to_details(running, f"{address} Sam 30m Pricing call")
    rep.fill("Subject", "Typed meanwhile")

    screen = rep.wait_for("is the address of Sam Okafor, a colleague")

    assert screen.inputs["Subject"] == "Typed meanwhile"
    assert [person.user_id for person in running.office.people] == ["U0DANA", "U0SAM"]


def test_when_slack_does_not_tell_whose_address_it_is_nothing_is_said(running):
    running.local.workspace.faults.fail("users.lookupByEmail", times=2)
    address = running.local.workspace.people["U0SAM"].email
    rep = to_details(running, f"{address} Sam 30m Pricing call")

    rep.press("Find times")

    assert "a colleague" not in rep.wait_for("Tue 24 Nov")


def test_enter_works_in_a_form_that_opened_without_our_rows(running):
    def failing(name):
        if name == "open_draft":
            raise RuntimeError("disk is full")

    running.scheduling.met_before = MET
    running.scheduling.before = failing
    rep = opened(running)
    running.scheduling.before = lambda _: None

    rep.fill("Email address", "buyer@acme.example", enter=True)
    rep.wait_for("You last met on Tue 3 Nov · Pricing call")
    rep.press("Continue")
    rep.wait_for("Acme Buyer · buyer@acme.example · Chicago")

    assert list(running.scheduling.drafts) == ["draft1"]


# --- 3 details --------------------------------------------------------------------------------------------------------


def test_everything_behind_the_buttons_is_kept_and_stays_in_sight(running):
    running.office.room_list = [Room(id="r1", name="Oslo"), Room(id="r2", name="Oslo"), Room(id="r3", name="Rome")]
    rep = to_details(running)
    rep.press("Add team note")
    rep.wait_for("Never shown to the customer")
    rep.fill("Team note", "Ask for the budget")
    rep.press("More options")
    rep.wait_for("Meeting type")
    offered = rep.offered("Rooms")
    rep.fill("Conferencing information", "https://meet.example/dana")
    rep.choose("Meeting type", "In person")
    rep.fill("Location", "Main street 1")
    rep.choose("Rooms", "Oslo (2)", search="oslo")
    rep.press("Find times")
    rep.wait_for("Tue 24 Nov")
    rep.press("15:00")
    confirm = rep.wait_for("Confirm your meeting details")
    rep.press("Back")
    rep.wait_for("Step 2")
    rep.press("Back")
    again = rep.wait_for("Step 1")

    form = form_of(running)
    assert offered == ["Oslo (1)", "Oslo (2)", "Rome"]
    assert (form.team_note, form.meeting_type, form.location) == ("Ask for the budget", "in person", "Main street 1")
    assert (form.conferencing, form.conferencing_text) == (ConferencingKind.CUSTOM, "https://meet.example/dana")
    assert form.rooms == ("r2",)
    for words in ("Room  Oslo (2)", "Conferencing  https://meet.example/dana", "Meeting type  In person"):
        assert words in confirm
    assert again.inputs["Team note"] == "Ask for the budget"
    assert again.inputs["Rooms"] == "Oslo (2)"
    assert again.inputs["Meeting type"] == "In person"
    assert not {"Add team note", "More options"} & set(again.buttons)


def test_without_rooms_there_is_no_field_for_them(running):
    rep = to_details(running)

    rep.press("More options")
    screen = rep.wait_for("Meeting type")

    assert "Rooms" not in screen.inputs


def test_links_of_the_calendar_and_of_zoom_are_offered_where_they_can_be_made(running):
    running.office.host_now = GOOGLE
    running.office.has_zoom = True
    rep = to_details(running)
    rep.press("More options")
    rep.wait_for("Meeting type")
    offered = rep.offered("Conferencing information")

    rep.choose("Conferencing information", "Custom text or link")
    rep.wait_for("A link, or words such as a telephone number")
    refused = rep.press("Find times")
    rep.choose("Conferencing information", "Google Meet")
    rep.wait_until_gone("A link, or words")
    rep.press("Find times")
    rep.wait_for("Tue 24 Nov")
    rep.press("15:00")
    confirm = rep.wait_for("Confirm your meeting details")

    assert offered == ["None", "Google Meet", "Zoom", "Custom text or link"]
    assert refused.errors == {"Custom text or link": "Enter a text or a link, or choose None."}
    assert "Conferencing  Google Meet" in confirm
    assert form_of(running).conferencing is ConferencingKind.NATIVE


# --- 4 times ----------------------------------------------------------------------------------------------------------


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


# --- 5 to 6 -----------------------------------------------------------------------------------------------------------


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

    assert "Put the team members on the event" not in screen
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

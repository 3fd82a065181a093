"""What a rep may say on the first two screens: known customers, the team's own addresses, more options."""

from dataclasses import replace

import pytest

from scheduling import LastMeeting
from scheduling.domain import (
    ConferencingKind,
    Customer,
    Rep,
    Room,
)
from scheduling.office import Host
from tests.bot.in_memory import PRIYA, at
from tests.bot.test_rep_story import COMMAND, to_times

REP = Rep("T0DEMO", "U0DANA")
GOOGLE = Host("google", "dana@example.com", "Google Meet", invites=True, carries_members=True)
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


def test_of_a_meeting_still_ahead_nobody_says_that_it_was(running):
    running.scheduling.met_before = replace(MET, start=at(24, 9))

    screen = opened(running, "buyer@acme.example").screen()

    assert "You meet on Tue 24 Nov · Pricing call" in screen


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

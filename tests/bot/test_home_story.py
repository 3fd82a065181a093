"""The Home tab and the settings behind it, in the local workspace: the real app over HTTP, the office in memory."""

from dataclasses import replace

import pytest

from bot.desk import REFUSED, UNKNOWN
from scheduling.domain import ConnectionState, Form, Rep, Room, WorkspaceChoices
from tests.bot.in_memory import CONNECTION, LINKS, booking_with


def make_admin(running, user, *, is_admin):
    people = running.local.workspace.people
    people[user] = replace(people[user], is_admin=is_admin)


def at_home(running, user="U0DANA"):
    rep = running.local.rep(user)
    rep.open_home()
    rep.wait_for("Calendars")
    return rep


def test_the_home_tab_shows_meetings_and_calendars_and_opens_the_form(running):
    running.scheduling.bookings["draft1"] = booking_with(Form(subject="Pricing call", team_note="Ask for the budget"))
    rep = at_home(running)

    home = rep.screen()
    rep.press("Schedule on behalf")
    screen = rep.wait_for("Who is the meeting with?")

    assert "Tue 24 Nov" in home.headers
    assert "15:00–15:30 CET · Pricing call · Acme Buyer · SF-7K2M" in home
    assert "Team note: Ask for the budget" in home
    assert "iCloud · dana@example.com · connected" in home
    assert "External participant name" in screen.inputs


def test_the_home_tab_without_a_calendar_offers_to_connect_one(running):
    running.scheduling.connected = ()

    home = at_home(running).screen()

    assert "Connect a calendar to see available times." in home
    assert "No meetings ahead yet." in home
    assert "Connect" in home.buttons


def test_the_home_tab_is_published_again_when_slack_limits_it(running, caplog):
    running.local.workspace.faults.fail("views.publish", status=200, error="internal_error")
    rep = running.local.rep(patience=0.3)
    rep.open_home()

    home = rep.open_home()

    assert "Schedule on behalf" in home.buttons
    assert any("home_not_published" in record.message for record in caplog.records)


def test_the_way_in_is_there_when_nothing_can_be_read(running):
    def broken(name):
        if name == "connections":
            raise RuntimeError(name)

    running.office.before = broken
    rep = running.local.rep()
    rep.open_home()

    home = rep.wait_for("could not be read just now")

    assert home.buttons == ("Schedule on behalf",)


def test_connect_brings_links_that_are_fresh(running):
    rep = at_home(running)
    running.office.links = {"icloud": "https://schedule.example/connect/fresh"}

    rep.press("Connect")
    window = rep.wait_for("Which calendar do you want to connect?")
    rep.press("iCloud")

    assert window.buttons == ("iCloud", "Done")
    assert rep.opened == ["https://schedule.example/connect/fresh"]


def test_a_lost_calendar_can_be_connected_again_from_the_home_tab(running):
    running.scheduling.connected = (replace(CONNECTION, state=ConnectionState.NEEDS_RECONNECT, reason="app_password"),)
    rep = at_home(running)
    home = rep.screen()

    rep.press("Connect again")
    window = rep.wait_for("Which calendar do you want to connect?")

    assert "needs to be connected again: the app-specific password is no longer accepted" in home
    assert set(LINKS) == {"icloud", "caldav"}
    assert window.buttons == ("iCloud", "Other CalDAV", "Done")


def test_disconnecting_asks_first_and_takes_the_calendar_off_the_page(running):
    rep = at_home(running)

    rep.press("Disconnect", confirm=False)
    kept = rep.screen()
    rep.press("Disconnect")
    home = rep.wait_until_gone("dana@example.com")

    assert "dana@example.com" in kept
    assert rep.confirmed[0].startswith("Disconnect this calendar?: iCloud (dana@example.com) is not read any more")
    assert running.office.disconnected == ["c1"]
    assert "Connect a calendar to see available times." in home


def test_a_window_that_comes_too_late_is_told_by_message(running):
    rep = at_home(running)
    running.local.workspace.faults.fail("views.open", status=200, error="expired_trigger_id")

    rep.press("Connect")

    rep.wait_for_message("Slack did not open the window in time. Press the button on the Home tab again.")


def test_administrators_choose_the_channel_and_what_its_card_shows(running):
    channel = running.local.workspace.channel_named("sales").id
    rep = at_home(running)

    rep.choose("Announce channel", "sales")
    rep.wait_for("Use the default")
    rep.tick("The description")
    rep.workspace.wait_until(lambda: running.office.chosen.card_shows_description, 5)
    rep.tick("The customer's email address")
    rep.workspace.wait_until(lambda: running.office.chosen.card_shows_address, 5)
    first = running.office.chosen
    rep.press("Use the default")
    rep.wait_until_gone("Use the default")
    rep.untick("The description")
    rep.workspace.wait_until(lambda: not running.office.chosen.card_shows_description, 5)

    assert first == WorkspaceChoices(announce_channel=channel, card_shows_description=True, card_shows_address=True)
    assert running.office.chosen == WorkspaceChoices(card_shows_address=True)


def test_a_room_is_added_and_leads_to_its_calendar(running):
    rep = at_home(running)

    rep.press("Add room")
    rep.wait_for("Room name")
    rep.press("Add room")
    empty = rep.screen()
    rep.fill("Room name", "  Oslo ")
    rep.press("Add room")
    window = rep.wait_for("Connect the calendar of Oslo")
    rep.close()
    home = rep.wait_for("Oslo · no calendar connected yet: it cannot be booked")

    assert empty.errors != {}
    assert window.buttons == ("iCloud", "Other CalDAV", "Done")
    assert [room.name for room in running.office.room_list] == ["Oslo"]
    assert {"Connect calendar", "Rename", "Remove"} <= set(home.buttons)


def test_two_rooms_cannot_have_the_same_name(running):
    running.office.room_list = [Room(id="r1", name="Oslo"), Room(id="r2", name="Rome")]
    rep = at_home(running)

    rep.press("Add room")
    rep.wait_for("Room name")
    rep.fill("Room name", "OSLO")
    screen = rep.press("Add room")

    assert screen.errors == {"Room name": "There is a room with this name already."}
    assert len(running.office.room_list) == 2


def test_a_room_is_renamed_and_removed(running):
    running.office.room_list = [Room(id="r1", name="Oslo"), Room(id="r2", name="Rome")]
    rep = at_home(running)

    rep.press("Rename", near="Rome")
    form = rep.wait_for("Room name")
    rep.fill("Room name", "Roma")
    rep.press("Save")
    rep.wait_for("The room is called Roma now.")
    rep.close()
    rep.wait_for("Roma ·")
    rep.press("Remove", near="Oslo")
    rep.wait_until_gone("Oslo")

    assert form.inputs == {"Room name": "Rome"}
    assert rep.confirmed[-1].startswith("Remove this room?: Oslo cannot be booked any more")
    assert [room.name for room in running.office.room_list] == ["Roma"]


def test_rooms_are_turned_over_and_stay_where_they_are_after_a_change(running):
    running.office.room_list = [Room(id=f"r{n}", name=f"Room {n:02}") for n in range(25)]
    rep = at_home(running)

    rep.press("More rooms ▶")
    rep.wait_for("Rooms 11 to 20 of 25")
    rep.press("Remove", near="Room 12")
    after = rep.wait_for("Rooms 11 to 20 of 24")
    rep.press("◀ Rooms before")
    rep.wait_for("Rooms 1 to 10 of 24")

    assert "Room 12" not in after


def test_a_room_that_went_meanwhile_is_said_to_be_gone(running):
    running.office.room_list = [Room(id="r1", name="Oslo")]
    rep = at_home(running)
    rep.press("Rename")
    rep.wait_for("Room name")
    running.office.room_list = []
    rep.fill("Room name", "Roma")

    rep.press("Save")

    rep.wait_for("This room is not there any more.")


def test_a_page_that_slack_refuses_leaves_the_way_in(running):
    running.local.workspace.faults.fail("views.publish", status=200, error="invalid_arguments")
    rep = running.local.rep()

    rep.open_home()

    assert rep.wait_for("could not be read just now").buttons == ("Schedule on behalf",)


def test_a_slow_word_from_slack_does_not_hold_the_page_up(running, monkeypatch):
    monkeypatch.setattr("bot.homepage.MEMBERSHIP_WITHIN", 0.1)
    running.local.workspace.faults.slow("users.info", seconds=2.0)

    home = at_home(running).screen()

    assert "iCloud · dana@example.com · connected" in home
    assert "Settings" not in home


def _choose_channel(rep):
    rep.choose("Announce channel", "sales")


def _tick(rep):
    rep.tick("The description")


def _add(rep):
    rep.press("Add room")


def _rename(rep):
    rep.press("Rename")


def _connect(rep):
    rep.press("Connect calendar")


def _remove(rep):
    rep.press("Remove")


ACTS = [_choose_channel, _tick, _add, _rename, _connect, _remove]


@pytest.mark.parametrize("act", ACTS)
def test_who_is_no_administrator_any_more_is_refused_in_words(running, act):
    make_admin(running, "U0PRIYA", is_admin=True)
    running.office.room_list = [Room(id="r1", name="Oslo")]
    rep = at_home(running, "U0PRIYA")
    rep.wait_for("Settings")
    make_admin(running, "U0PRIYA", is_admin=False)

    act(rep)
    rep.wait_for(REFUSED)
    rep.close()
    home = rep.wait_until_gone("Settings")

    assert "Announce channel" not in home
    assert running.office.chosen == WorkspaceChoices()
    assert running.office.room_list == [Room(id="r1", name="Oslo")]


@pytest.mark.parametrize("act", ACTS)
def test_administrators_are_not_refused(running, act):
    running.office.room_list = [Room(id="r1", name="Oslo")]
    rep = at_home(running)
    asked = []
    running.office.before = asked.append

    act(rep)
    rep.workspace.wait_until(lambda: "connections" in asked, 5)  # the page is published again

    assert all(REFUSED not in str(message) for message in rep.dms())
    assert REFUSED not in rep.screen()


def test_a_form_that_was_open_when_the_right_went_is_refused(running):
    make_admin(running, "U0PRIYA", is_admin=True)
    rep = at_home(running, "U0PRIYA")
    rep.press("Add room")
    rep.wait_for("Room name")
    rep.fill("Room name", "Oslo")
    make_admin(running, "U0PRIYA", is_admin=False)

    rep.press("Add room")
    rep.wait_for(REFUSED)

    assert running.office.room_list == []


def test_when_slack_does_not_tell_who_somebody_is_nothing_changes(running):
    rep = at_home(running)
    running.local.workspace.faults.fail("users.info", times=5, status=200, error="internal_error")

    rep.tick("The description")
    rep.wait_for(UNKNOWN)

    assert running.office.chosen == WorkspaceChoices()


def test_members_see_no_settings(running):
    home = at_home(running, "U0SAM").screen()

    assert "Settings" not in home
    assert "Add room" not in home.buttons


def test_what_fails_behind_the_settings_ends_in_words(running, caplog):
    rep = at_home(running)

    def broken(name):
        if name == "choose":
            raise RuntimeError(name)

    running.office.before = broken
    rep.tick("The description")
    rep.wait_for("Something went wrong on our side.")

    assert any("not_done" in record.message for record in caplog.records)


def test_only_ones_own_calendar_is_disconnected(running):
    asked = []
    original = running.office.disconnect
    running.office.disconnect = lambda rep, connection: (asked.append((rep, connection)), original(rep, connection))
    rep = at_home(running, "U0SAM")

    rep.press("Disconnect")
    rep.wait_until_gone("dana@example.com")

    assert asked == [(Rep("T0DEMO", "U0SAM"), "c1")]


def test_an_administrator_adds_the_rooms_of_the_calendar_system(running):
    running.office.importable = [Room(id="oslo", name="Oslo", address="oslo@rooms.example")]
    make_admin(running, "U0DANA", is_admin=True)
    rep = at_home(running)

    rep.press("Add rooms from my calendar")
    told = rep.wait_for("Added: Oslo")

    assert "They can be booked now." in told
    assert [room.name for room in running.office.room_list] == ["Oslo"]


def test_a_calendar_system_that_lists_no_rooms_says_who_can_allow_it(running):
    running.office.withheld = (replace(CONNECTION, provider="microsoft"),)
    running.office.importable = [Room(id="r1", name="Oslo", address="oslo@demo.example")]
    make_admin(running, "U0DANA", is_admin=True)
    rep = at_home(running)

    rep.press("Add rooms from my calendar")

    told = rep.wait_for("list its rooms")
    assert "Added: Oslo. They can be booked now." in told
    assert "Office 365 (dana@example.com) does not let this app list its rooms" in told
    assert "an administrator there has to allow it first" in told


def test_the_rep_decides_whether_the_calendar_or_our_mail_invites(running):
    running.office.inviting_accounts = {CONNECTION.id}
    rep = at_home(running)

    rep.press("Invite by our mail")

    assert running.local.workspace.wait_until(lambda: running.office.inviters == {CONNECTION.id: True}, 5)

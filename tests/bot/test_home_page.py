"""App Home as a pure view: what it says, and that it fits whatever there is."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import homepage
from bot.home_meetings import Sought
from bot.homepage import Page
from bot.workspace_settings import ROOMS_SHOWN, Settings
from sandbox.workspace.rules import validate_view
from scheduling.domain import ConnectionState, EventRef, Form, Rep, Room, WorkspaceChoices
from scheduling.office import RoomState
from tests.bot.in_memory import CONNECTION, DANA, PRIYA, at, booking_with

VIEWER = Rep("T0DEMO", "U0PRIYA")
NASTY = ["<!channel> & co", "word " * 2000, "👩‍👩‍👧 👍🏽 🇩🇪 " * 60, "\u202eevil", "Z" + "\u0334" * 500, "株" * 4000]
STATUS = "Status: Dana Reyes organizes, Priya Nair invited, Acme Buyer invited"
EVENT = EventRef(calendar_id="h", event_id="1", uid="u", join_url="https://meet.example/1")


def no_findings(view):
    found = [each for each in validate_view(json.loads(json.dumps(view)), "home") if each.rule != "E24"]
    assert found == []
    return view


def texts(view):
    return [b["text"]["text"] for b in view["blocks"] if b["type"] in ("header", "section")]


def buttons_in(view):
    calendars = [b for b in view["blocks"] if b["type"] == "actions" and b["block_id"].startswith("home.calendar.")]
    return {b["block_id"]: [e["text"]["text"] for e in b["elements"]] for b in calendars}


def words(view):
    return json.dumps(view, ensure_ascii=False)


def meeting(start, subject="Pricing call", **more):
    return booking_with(Form(subject=subject, slot=start, minutes=30), **more)


def many(count, **more):
    return tuple(meeting(at(24, 9) + timedelta(days=n // 3, minutes=40 * (n % 3)), **more) for n in range(count))


def halls(count, name="Room"):
    lost = replace(CONNECTION, state=ConnectionState.NEEDS_RECONNECT, reason="app_password")
    states = (None, CONNECTION, lost)
    return tuple(RoomState(Room(id=f"r{n}", name=f"{name} {n:03}"), states[n % 3]) for n in range(count))


def test_meetings_are_grouped_by_the_viewers_days_with_all_that_a_member_may_know():
    late = meeting(at(24, 19), subject="Late", rooms=(Room(id="r", name="Oslo"),), event=EVENT)
    form = Form(subject="Early", slot=at(24, 18), minutes=30, team_note="Ask for the budget", location="Second floor")
    early = booking_with(form)

    view = no_findings(homepage.build(Page(VIEWER, meetings=(early, late), zone="Asia/Kolkata")))

    assert texts(view)[:5] == [
        "Meetings",
        "Tue 24 Nov",
        (
            "23:30–Wed 25 Nov 00:00 IST · Early · Acme Buyer · SF-7K2M\nTeam: Dana Reyes and Priya Nair\n"
            f"Organized by Dana Reyes\n{STATUS}\nLocation: Second floor\nTeam note: Ask for the budget"
        ),
        "Wed 25 Nov",
        (
            "00:30–01:00 IST · Late · Acme Buyer · SF-7K2M\nTeam: Dana Reyes and Priya Nair\n"
            f"Organized by Dana Reyes\n{STATUS}\nRoom: Oslo"
        ),
    ]
    assert next(b["accessory"]["url"] for b in view["blocks"] if "accessory" in b) == "https://meet.example/1"


def test_without_slacks_word_times_go_by_the_zone_known_for_the_viewer():
    mine = homepage.build(Page(VIEWER, meetings=(meeting(at(24, 14)),)))
    stranger = homepage.build(Page(Rep("T0DEMO", "U0X"), meetings=(meeting(at(24, 14)),)))

    assert "19:30–20:00 IST" in words(mine)
    assert "15:00–15:30 CET" in words(stranger)


def test_every_calendar_has_its_health_in_words_and_the_buttons_that_fit_it():
    lost = replace(CONNECTION, id="c2", state=ConnectionState.NEEDS_RECONNECT, reason="invalid_grant")

    view = no_findings(homepage.build(Page(VIEWER, (CONNECTION, lost))))

    assert "iCloud · dana@example.com · connected" in texts(view)
    assert (
        "iCloud · dana@example.com · needs to be connected again: the permission was taken back or has expired"
        in texts(view)
    )
    buttons = buttons_in(view)
    assert buttons["home.calendar.c1"] == ["Disconnect"]
    assert buttons["home.calendar.c2"] == ["Connect again", "Disconnect"]
    assert texts(view)[-1] == "Connect another calendar"


def test_who_invites_customers_is_said_and_can_be_changed_where_the_calendar_could():
    other = replace(CONNECTION, id="c2", provider="google", mails_invite=True)
    third = replace(CONNECTION, id="c3", provider="exchange")

    view = no_findings(homepage.build(Page(VIEWER, (CONNECTION, other, third), inviting=frozenset({"c2", "c3"}))))

    said = [each for each in texts(view) if "Customers are invited by" in each]
    buttons = buttons_in(view)
    assert [each.rpartition("\n")[2] for each in said] == [
        "Customers are invited by our mail.",
        "Customers are invited by this calendar.",
    ]
    assert buttons["home.calendar.c1"] == ["Disconnect"]
    assert buttons["home.calendar.c2"] == ["Invite by this calendar", "Disconnect"]
    assert buttons["home.calendar.c3"] == ["Invite by our mail", "Disconnect"]


def test_rooms_that_the_calendar_invites_need_no_account_of_their_own():
    halls = (RoomState(Room(id="r1", name="Oslo", address="oslo@demo.example"), None),)

    view = no_findings(homepage.build(Page(VIEWER, settings=Settings(WorkspaceChoices(), halls))))

    (buttons,) = [b["elements"] for b in view["blocks"] if b.get("block_id") == "settings.room.r1"]
    assert [each["text"]["text"] for each in buttons] == ["Rename", "Remove"]


def test_only_administrators_have_settings():
    member = homepage.build(Page(VIEWER))
    admin = no_findings(homepage.build(Page(VIEWER, settings=Settings(WorkspaceChoices(), ()))))

    assert "Settings" not in texts(member)
    assert "Settings" in texts(admin)
    assert (
        "No rooms yet. Rooms of your calendar, or with an account of their own, can be booked with a meeting."
        in texts(admin)
    )


@pytest.mark.parametrize(
    ("chosen", "default", "said"),
    [
        (None, None, "Default: no card is posted. It is used now."),
        ("C0SALES", None, "Default: no card is posted."),
        (None, "C0ALL", ", set by the operator. It is used now."),
        ("C0SALES", "C0ALL", ", set by the operator."),
        (None, "#all by name", "#all by name"),
    ],
)
def test_the_default_channel_is_said_in_words(chosen, default, said):
    settings = Settings(WorkspaceChoices(announce_channel=chosen), (), default)

    view = no_findings(homepage.build(Page(VIEWER, settings=settings)))

    assert said in words(view)
    assert ("Use the default" in words(view)) == (chosen is not None)


def test_rooms_have_their_health_in_words():
    view = no_findings(homepage.build(Page(VIEWER, settings=Settings(WorkspaceChoices(), halls(3)))))

    assert texts(view)[-3:] == [
        "Room 000 · no calendar connected yet: it cannot be booked",
        "Room 001 · iCloud (dana@example.com) · connected",
        (
            "Room 002 · iCloud (dana@example.com) · needs to be connected again: "
            "the app-specific password is no longer accepted"
        ),
    ]


@pytest.mark.parametrize("rooms_from", [0, 10, 190, 195, 5000])
def test_two_hundred_rooms_and_sixty_meetings_fit_and_what_is_left_out_is_said(rooms_from):
    connections = tuple(replace(CONNECTION, id=f"c{n}", state=ConnectionState.NEEDS_RECONNECT) for n in range(12))
    settings = Settings(WorkspaceChoices(announce_channel="C0SALES"), halls(200), "C0ALL", rooms_from)

    view = no_findings(homepage.build(Page(VIEWER, connections, many(60), "Asia/Kolkata", settings)))

    assert len(view["blocks"]) <= 100
    assert "more meetings follow" in words(view)
    assert "4 more calendars are connected." in words(view)
    first = min(rooms_from, 190)
    assert f"Rooms {first + 1} to {first + ROOMS_SHOWN} of 200" in words(view)
    assert ("More rooms ▶" in words(view), "◀ Rooms before" in words(view)) == (first < 190, first > 0)


def test_every_room_is_on_one_of_the_pages():
    shown = []
    for first in range(0, 200, ROOMS_SHOWN):
        view = homepage.build(Page(VIEWER, settings=Settings(WorkspaceChoices(), halls(200), rooms_from=first)))
        shown += [text.split(" ·")[0] for text in texts(view) if text.startswith(("Room 0", "Room 1"))]

    assert shown == [f"Room {n:03}" for n in range(200)]


def status_of(**more):
    view = no_findings(homepage.build(Page(VIEWER, meetings=(meeting(at(24, 9), **more),))))
    return next(line for text in texts(view) for line in text.split("\n") if line.startswith("Status: "))


def test_the_status_of_each_person_claims_no_more_than_was_done():
    form = Form(subject="Pricing call", slot=at(24, 9), minutes=30, on_event=False)
    unmailed = replace(PRIYA, email="")
    told = homepage.build(Page(VIEWER, meetings=(booking_with(form),)))
    silent = homepage.build(Page(VIEWER, meetings=(booking_with(form.model_copy(update={"by_mail": False})),)))

    assert status_of() == STATUS
    assert "Priya Nair told in Slack" in status_of(members=(DANA, unmailed))
    assert "Acme Buyer told by email, not invited" in words(told)
    assert "Acme Buyer not told" in words(silent)


def test_words_are_looked_for_in_whatever_a_rep_remembers_of_a_meeting():
    pricing, demo = meeting(at(24, 9)), meeting(at(25, 9), "Demo", rooms=(Room(id="r", name="Oslo"),))

    def found(search):
        view = no_findings(homepage.build(Page(VIEWER, meetings=(pricing, demo), sought=Sought(words=search))))
        return [name for name in ("Pricing call", "Demo") if f" · {name} · " in words(view)]

    assert found("PRICING") == ["Pricing call"]
    assert found("oslo demo") == ["Demo"]
    assert found("buyer@acme.example") == ["Pricing call", "Demo"]
    assert found("SF-7K2M priya") == ["Pricing call", "Demo"]
    assert found("nobody") == []


def test_how_much_was_found_is_said():
    week = Sought(at(1, 0).date(), at(30, 0).date(), "demo")

    none = homepage.build(Page(VIEWER, meetings=many(3), sought=week))
    one = homepage.build(Page(VIEWER, meetings=(meeting(at(24, 9), "Demo"),), sought=week))

    assert "No meetings from Sunday 1 Nov 2026 to Monday 30 Nov 2026 with “demo”." in words(none)
    assert "1 meeting from Sunday 1 Nov 2026 to Monday 30 Nov 2026 with “demo”." in words(one)


def test_how_many_meetings_follow_is_counted():
    view = homepage.build(Page(VIEWER, meetings=many(60)))

    assert "35 more meetings follow; they appear here when these are over." in words(view)


@pytest.mark.parametrize("text", NASTY)
def test_any_text_fits(text):
    form = Form(subject=text, slot=at(24, 9), team_note=text, location=text)
    organizer, member = replace(DANA, name=text), replace(PRIYA, name=text)
    meetings = (booking_with(form, organizer=organizer, members=(member,) * 50, rooms=(Room(id="r", name=text),) * 9),)
    connection = replace(CONNECTION, account=text, state=ConnectionState.NEEDS_RECONNECT, reason=text)
    rooms = (RoomState(Room(id="r1", name=text), connection), RoomState(Room(id="r2", name="x", address=text), None))
    settings = Settings(WorkspaceChoices(card_shows_address=True, card_shows_description=True), rooms, text)

    no_findings(homepage.build(Page(VIEWER, (connection,), meetings * 30, "Europe/Berlin", settings)))

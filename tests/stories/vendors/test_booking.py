"""The whole meeting in each system: its members, its room and its link, and who hears of it from whom."""

from scheduling.domain import Room
from scheduling.store import rooms
from tests.stories.conftest import onward
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    calendar_parts,
    find_times,
    invitation,
    mails,
    minutes,
    pick,
    press_first,
    rows_with,
    schedule,
    starts_on,
    to_details,
    to_notifications,
    words_of,
)
from tests.stories.vendors.kit import BOOKED, INVITING, only

MONDAY_11 = at(30, 11, month=11)
WORDS = "Bring the numbers"
LINK = "https://meet.acme.example/42"


def with_everything(desk, vendor, text=f"{COMMAND} @priya"):
    """On the details with a description, the room Oslo, and a link: the system's own where it makes one."""
    dana = to_details(desk, text)
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", WORDS)
    dana.press("More options")
    dana.wait_for("Conferencing information", "Rooms")
    if vendor.conference:
        dana.choose("Conferencing information", vendor.conference)
    else:
        dana.fill("Conferencing information", LINK)
    offered = dana.offered("Rooms", "")
    dana.choose("Rooms", "Oslo")
    return dana, offered


def scheduled(desk, vendor, dana):
    """Press Schedule; a link that the system makes comes a little later, and the mails wait for it."""
    dana.press("Schedule")
    if vendor.conference:
        assert desk.workspace.workspace.wait_until(lambda: bool(vendor.invited), 20)
        desk.later(seconds=4)
    return dana.wait_for("Tracking ID", timeout=20)


def test_a_meeting_with_a_colleague_a_room_and_a_link_is_one_event_and_one_invitation_each(desk, vendor):
    """6a, 6c, A1, A3, C1, C2. The room must be free and holds the meeting; everybody hears of it once."""
    vendor.link_comes_late()
    vendor.connect(desk)
    if not vendor.sees_others:
        vendor.connect(desk, desk.rep("U0PRIYA"))
    room = vendor.add_room(desk, "Oslo")
    vendor.occupy(room, at(1, 10), at(1, 11), "Board meeting")
    dana, offered = with_everything(desk, vendor)
    times = find_times(dana)
    dana.overflow("Show conflicts")
    clashes = dana.wait_for("Times with conflicts on Tue 1 Dec")
    confirm = pick(dana, r"^11:00")
    to_notifications(dana)
    done = scheduled(desk, vendor, dana)
    letters = mails(desk, 3)
    desk.later(seconds=6)  # the room has answered

    event = vendor.booked(DANA)
    held = vendor.booked(room)
    assert offered == ["Oslo"]
    assert [start for start in ("09:30", "10:00", "10:30", "11:00") if start in starts_on(times, "Tue 1 Dec")] == [
        "09:30",
        "11:00",
    ]
    assert rows_with(clashes, "🟠")[0].startswith("🟠 10:00–10:30 · Oslo: ")
    for shown in (confirm, done):
        assert "Room  Oslo" in shown.lines
    assert (event.start, event.end) == (held.start, held.end) == (MONDAY_11, MONDAY_11 + minutes(30))
    assert WORDS in event.description
    everybody = sorted([BUYER, PRIYA, room]) if vendor.invites else []
    assert (list(event.invited), vendor.invited) == (everybody, everybody)
    assert event.rooms == ((room,) if vendor.invites else ())
    assert BUYER not in held.description or vendor.invites
    assert {address: len(sent) for address, sent in letters.items()} == {BUYER: 1, DANA: 1, PRIYA: 1}
    assert WORDS in words_of(letters[PRIYA][0].message)
    assert WORDS in desk.rep("U0PRIYA").wait_for_message(BOOKED, "dm")
    for address in (BUYER, PRIYA):
        (mail,) = letters[address]
        if vendor.invites:
            assert calendar_parts(mail) == []
        else:
            assert str(invitation(mail)["uid"]) == event.uid
    link = event.link if vendor.conference else LINK
    assert link is not None
    assert vendor.conference is not None or link in event.location
    assert all(link in words_of(sent[0].message) for sent in letters.values())
    assert [message for message in dana.dms() if "did not take your meeting" in message] == []


@only(*INVITING)
def test_a_room_that_declines_is_told_to_the_rep_with_the_rooms_that_are_free_instead(desk, vendor):
    """6c. Dana takes Oslo against its calendar; it declines, and Lima takes the meeting at a click."""
    vendor.connect(desk)
    oslo, lima = vendor.add_room(desk, "Oslo"), vendor.add_room(desk, "Lima")
    vendor.occupy(oslo, at(1, 10), at(1, 11), "Board meeting")
    dana = to_details(desk)
    dana.press("More options")
    dana.wait_for("Rooms")
    dana.choose("Rooms", "Oslo")
    find_times(dana)
    dana.overflow("Show conflicts")
    dana.wait_for("Times with conflicts on Tue 1 Dec")
    press_first(dana, "Choose anyway", near="10:00–10:30")
    dana.wait_for("Confirm your meeting details", timeout=15)
    to_notifications(dana)
    schedule(dana)
    mails(desk, 2)
    desk.later(seconds=6)
    told = dana.wait_for_message("Oslo did not take your meeting", "dm", timeout=20)

    dana.press_in_message("Book Lima instead", "Oslo did not take your meeting")
    moved = dana.wait_for_message("Lima is invited to your meeting", "dm", timeout=20)

    event = vendor.booked(DANA)
    assert "Book Lima instead" in told.buttons
    assert "Lima" in moved
    assert event.rooms == (lima,)
    assert vendor.booked(lima).start == at(1, 10)
    assert [entry.subject for entry in vendor.events(oslo)] == ["Board meeting"]
    assert vendor.invited.count(BUYER) >= 1


@only("microsoft")
def test_without_the_administrators_consent_the_screens_work_and_say_what_is_missing(desk, vendor):
    """6c. Places are listed only with an administrator's consent; everything else goes on without rooms."""
    vendor.standin.add_room("oslo@demo.example", "Oslo")
    vendor.connect(desk)
    dana = desk.dana
    dana.open_home()
    dana.press("Add rooms from my calendar")
    told = dana.wait_for("list its rooms")
    dana.close()
    dana.leave_home()
    to_details(desk)
    dana.press("More options")
    more = dana.wait_for("Conferencing information")
    onward(dana, "Find times", "Step 2: Select an available time slot")
    dana.wait_until_gone("Looking at", timeout=15)

    assert f"{vendor.account_of(DANA)} does not let this app list its rooms: an administrator there has to" in told
    assert "Rooms" not in more.inputs
    assert starts_on(dana.screen(), "Tue 1 Dec") != []


@only("icloud")
def test_a_room_that_another_system_invites_is_not_offered_where_nobody_could_invite_it(desk, vendor):
    """6a, 6c. iCloud invites no rooms and makes no links: neither is offered, only a text for a link."""
    vendor.connect(desk)
    app, team_id = desk.runner.app, desk.workspace.workspace.team.id
    oslo = Room(id="oslo", name="Oslo", address="oslo@another.example")
    app.store.transact(lambda tx: rooms.add(tx, team_id, oslo))

    dana = to_details(desk)
    dana.press("More options")
    more = dana.wait_for("Conferencing information")

    assert [state.room.name for state in app.scheduling.office.rooms(team_id)] == ["Oslo"]
    assert "Rooms" not in more.inputs
    assert more.inputs["Conferencing information"] == ""

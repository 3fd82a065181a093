"""What stands under More options, and the note that only the team reads."""

from tests.stories.conftest import Desk
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    everything_in,
    find_times,
    invitation,
    mails,
    pick,
    rows_with,
    schedule,
    starts_on,
    stored_event,
    to_details,
    to_notifications,
    words_of,
)

LINK = "https://meet.acme.example/room/42"
NOTE = "They asked for a discount last year"


def with_more(desk: Desk, text=COMMAND):
    """On the details, with More options open."""
    dana = to_details(desk, text)
    dana.press("More options")
    dana.wait_for("Conferencing information", "Location")
    return dana


def to_done(dana, slot=r"^11:00"):
    find_times(dana)
    confirm = pick(dana, slot)
    to_notifications(dana)
    return confirm, schedule(dana)


def test_a_team_note_reaches_the_team_and_app_home_and_nobody_and_nothing_else(desk):
    """5c. The team note is in team mail, DM and on the Meetings page; never on event, ICS, customer's mail, channel."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = to_details(desk, f"{COMMAND} @priya")
    dana.press("Add team note")
    dana.wait_for("Never shown to the customer")
    dana.fill("Team note", NOTE)
    confirm, _ = to_done(dana)

    letters = mails(desk, 3)
    card = dana.wait_for_message("Pricing call", "sales")
    dms = [str(desk.rep(user).wait_for_message("Pricing call", "dm")) for user in ("U0DANA", "U0PRIYA")]
    dana.close()
    homes = []
    for user in ("U0DANA", "U0PRIYA"):
        desk.rep(user).open_home()
        homes.append(desk.rep(user).wait_for("Pricing call"))

    assert NOTE in confirm
    assert {to: NOTE in everything_in(mail) for to, (mail,) in letters.items()} == {
        BUYER: False,
        DANA: True,
        PRIYA: True,
    }
    assert [NOTE in text for text in dms] == [True, True]
    assert [NOTE in home for home in homes] == [True, True]
    assert NOTE not in str(invitation(letters[PRIYA][0]).to_ical())
    assert NOTE not in stored_event(desk, "U0DANA").to_ical().decode()
    assert NOTE not in str(card)


def test_a_link_of_ones_own_is_on_the_event_in_every_mail_and_notice(desk):
    """6a. Conferencing by a custom text or link."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = with_more(desk, f"{COMMAND} @priya")
    dana.fill("Conferencing information", LINK)
    confirm, done = to_done(dana)

    letters = mails(desk, 3)
    for shown in (confirm, done):
        assert f"Conferencing  {LINK}" in shown.lines
    assert LINK in stored_event(desk, "U0DANA").to_ical().decode().replace("\r\n ", "")
    for (mail,) in letters.values():
        assert LINK in words_of(mail.message)
    for user in ("U0DANA", "U0PRIYA"):
        assert LINK in desk.rep(user).wait_for_message("Pricing call", "dm")


def test_meeting_type_and_location_are_on_event_mails_and_notices(desk):
    """6b. Meeting type and location appear in event, mails and notices."""
    desk.connect("U0DANA")
    dana = with_more(desk)
    offered = dana.offered("Meeting type")
    dana.choose("Meeting type", "In person")
    dana.fill("Location", "Ringstrasse 1, Wien")
    confirm, done = to_done(dana)

    letters = mails(desk, 2)
    assert offered == ["In person", "Phone", "Video", "Other"]
    for shown in (confirm, done):
        assert "Meeting type  In person" in shown.lines
        assert "Location  Ringstrasse 1, Wien" in shown.lines
    assert str(stored_event(desk, "U0DANA")["location"]) == "Ringstrasse 1, Wien"
    assert str(invitation(letters[BUYER][0])["location"]) == "Ringstrasse 1, Wien"
    for (mail,) in letters.values():
        assert "In person" in words_of(mail.message)
        assert "Ringstrasse 1, Wien" in words_of(mail.message)
    message = dana.wait_for_message("Pricing call", "dm")
    assert "Ringstrasse 1, Wien" in message
    assert "in person" in str(message).lower()


def add_room(desk: Desk, name: str, account: str) -> None:
    """An administrator adds a room on App Home and connects the account that is the room's own."""
    dana = desk.dana
    dana.open_home()
    dana.press("Add room")
    dana.wait_for("Room name")
    dana.fill("Room name", name)
    dana.press("Add room")
    dana.wait_for("an account of the room's own")
    answer = desk.sign_in(desk.link(dana, "Other CalDAV"), account)
    assert answer.status_code == 200, answer.text
    dana.close()
    dana.leave_home()


def test_a_chosen_room_must_be_free_and_its_calendar_then_holds_the_meeting(desk):
    """6c. A chosen room must be free, and its calendar then holds the meeting."""
    desk.connect("U0DANA")
    add_room(desk, "Oslo", "U0NOA")
    desk.calendar("U0NOA").add("Board meeting", at(1, 10), at(1, 11))
    dana = with_more(desk)
    offered = dana.offered("Rooms", "")
    dana.choose("Rooms", "Oslo")
    find_times(dana)
    free = starts_on(dana.screen(), "Tue 1 Dec")
    dana.overflow("Show conflicts")
    taken = dana.wait_for("Times with conflicts on Tue 1 Dec")
    confirm = pick(dana, r"^11:00")
    to_notifications(dana)
    done = schedule(dana)

    letters = mails(desk, 2)
    own, rooms = stored_event(desk, "U0DANA"), stored_event(desk, "U0NOA")
    assert offered == ["Oslo"]
    assert [start for start in ("09:30", "10:00", "10:30", "11:00") if start in free] == ["09:30", "11:00"]
    assert rows_with(taken, "🟠")[0].startswith("🟠 10:00–10:30 · Oslo: ")
    for shown in (confirm, done):
        assert "Room  Oslo" in shown.lines
    assert (rooms.start, rooms.end) == (own.start, own.end)
    assert rooms["uid"] != own["uid"]
    assert "Oslo" in words_of(letters[BUYER][0].message)
    assert "buyer@acme.example" not in rooms.to_ical().decode()
    assert "Oslo" in dana.wait_for_message("Pricing call", "sales")


def test_a_room_that_two_reps_want_is_held_for_the_first(desk):
    """6c, 9. A held room is offered to nobody else."""
    desk.connect("U0DANA", "U0SAM")
    add_room(desk, "Oslo", "U0NOA")
    dana = with_more(desk)
    dana.choose("Rooms", "Oslo")
    find_times(dana)
    pick(dana, r"^11:00")

    sam = to_details(desk, "other@acme.example Other 30m Demo", desk.rep("U0SAM"))
    sam.press("More options")
    sam.wait_for("Rooms")
    sam.choose("Rooms", "Oslo")
    screen = find_times(sam)

    assert "09:30" in starts_on(screen, "Mon 30 Nov")
    assert "10:00" not in starts_on(screen, "Mon 30 Nov")  # 11:00 in Berlin

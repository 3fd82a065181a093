"""The confirmation, and what the customer receives by the two boxes."""

from tests.stories.conftest import onward
from tests.stories.reading import (
    BUYER,
    COMMAND,
    calendar_parts,
    find_times,
    invitation,
    mails,
    pick,
    schedule,
    stored_event,
    to_notifications,
    words_of,
)


def test_the_confirmation_shows_everything_that_was_said_on_both_clocks(desk):
    """10a. Customer, mail, subject, both local times with zones, duration, members, the hold's end."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = desk.dana
    dana.command("/schedule-for", f"{COMMAND} @priya")
    dana.wait_for("External participant name")
    dana.choose("Customer's time zone", "Chicago", search="chicago")
    onward(dana, "Continue", "Step 1: Set your meeting details")
    find_times(dana)

    screen = pick(dana, r"^10:30")

    assert screen.headers == ("Confirm your meeting details",)
    assert screen.lines[1:-1] == (
        "Customer  Acme Buyer, buyer@acme.example",
        "When  Mon 30 Nov 10:30–11:00 CET · 03:30–04:00 CST for the customer",
        "Subject  Pricing call",
        "Meeting duration  30 min",
        "Team members  @Dana Reyes, @Priya Nair",
        "Held for you until 09:10 CET",
    )
    assert screen.buttons == ("Back", "Next", "Cancel")


def test_next_goes_on_and_back_returns_with_the_slot_kept(desk):
    """10b. Next goes on; Back returns with the slot kept."""
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    confirm = pick(dana, r"^11:00")

    to_notifications(dana)
    dana.press("Back")
    again = dana.wait_for("Confirm your meeting details")
    dana.press("Back")
    times = dana.wait_for("Step 2: Select an available time slot", "11:00")
    labels = [c.element["accessibility_label"] for c in times.controls if c.words == "11:00"]
    dana.press_matching(r"^11:00")
    dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    done = schedule(dana)

    assert again.lines == confirm.lines
    assert labels[0] == "11:00, your choice, Monday 30 Nov in CET"
    assert "When  Mon 30 Nov 11:00–11:30 CET" in done.lines


BOXES = ("Add to calendar event", "Send confirmation email")
RECEIVES = {
    (True, True): "Acme Buyer gets a calendar invitation and a confirmation email, both in one message from us, ",
    (True, False): "Acme Buyer gets a calendar invitation from us and no confirmation email. ",
    (False, True): "Acme Buyer gets a confirmation email, ",
    (False, False): "Acme Buyer gets nothing from us: no calendar invitation and no email",
}


def test_both_boxes_are_ticked_and_each_change_says_what_the_customer_will_receive(desk):
    """11a. Both toggles on; each change redraws, in words, what the customer will receive."""
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    pick(dana)
    first = to_notifications(dana)

    said = {(True, True): first}
    dana.untick(BOXES[1])
    said[True, False] = dana.wait_for("no confirmation email")
    dana.untick(BOXES[0])
    said[False, False] = dana.wait_for("gets nothing from us")
    dana.tick(BOXES[1])
    said[False, True] = dana.wait_for("but no calendar invitation")
    dana.tick(BOXES[0])
    dana.wait_for("a calendar invitation and a confirmation email")

    for (on_event, by_mail), screen in said.items():
        assert f"[{'x' if on_event else ' '}] {BOXES[0]}" in screen.lines
        assert f"[{'x' if by_mail else ' '}] {BOXES[1]}" in screen.lines
        assert RECEIVES[on_event, by_mail] in screen
    boxes = [block for block in dana.client.top.blocks for e in block.get("elements", ()) if e["type"] == "checkboxes"]
    assert [block["type"] for block in boxes] == ["actions"]


def test_the_four_combinations_of_the_boxes_send_what_they_say_and_never_two_invitations(desk):
    """11b, 11c. One mail with the REQUEST, a short REQUEST, a confirmation without calendar part, nothing at all."""
    desk.connect("U0DANA")
    received = {}
    for (on_event, by_mail), receives in RECEIVES.items():
        desk.mailbox.clear()
        dana = desk.to_times(f"buyer@acme.example Acme Buyer 30m Call {on_event} {by_mail}")
        pick(dana)
        to_notifications(dana)
        for box, on in zip(BOXES, (on_event, by_mail), strict=True):
            if not on:
                dana.untick(box)
        dana.wait_for(receives)
        done = schedule(dana)
        letters = mails(desk, 1 + (on_event or by_mail))
        desk.settle()
        received[on_event, by_mail] = mails(desk, 1).get(BUYER, [])
        event = stored_event(desk, "U0DANA", f"Call {on_event} {by_mail}")
        assert "attendee" not in event  # 11c: our mail invites, so nobody stands on the event for the server to invite
        assert set(letters) <= {BUYER, "dana@demo.example"}
        for mail in received[on_event, by_mail]:
            for calendar in calendar_parts(mail):
                (invited,) = calendar.walk("VEVENT")
                assert (invited["uid"], invited.start, invited.end) == (event["uid"], event.start, event.end)
        assert ("is sent nothing" in done) is not (on_event or by_mail)
        dana.close()

    (both,) = received[True, True]
    (invitation_only,) = received[True, False]
    (mail_only,) = received[False, True]
    assert received[False, False] == []
    assert both.message["Subject"].strip().startswith("Confirmed: Call True True with Dana Reyes")
    attendee = str(invitation(both)["attendee"])
    assert attendee == "mailto:buyer@acme.example"
    assert str(invitation(invitation_only)["attendee"]) == attendee
    assert len(words_of(invitation_only.message)) < len(words_of(both.message))
    assert "Confirmed" not in words_of(invitation_only.message)
    assert calendar_parts(mail_only) == []
    assert "invite.ics" not in words_of(mail_only.message)

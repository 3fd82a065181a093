"""The two boxes on the last screen, over each system: what the customer gets, from whom, and who decides that."""

from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    calendar_parts,
    find_times,
    invitation,
    mails,
    pick,
    schedule,
    to_details,
    to_notifications,
)

EVENT, MAIL = "Add to calendar event", "Send confirmation email"


def test_the_screen_says_who_invites_and_the_rep_can_let_our_mail_do_it(desk, vendor):
    """11a, 11b, 11c. Each box redraws the words; invited by our mail, the customer has one REQUEST."""
    vendor.connect(desk)
    dana = to_details(desk, COMMAND)
    find_times(dana)
    pick(dana, r"^11:00")
    both = to_notifications(dana)
    dana.untick(MAIL)
    event_only = dana.wait_for("and no confirmation email")
    dana.untick(EVENT)
    nothing = dana.wait_for("gets nothing from us")
    dana.tick(MAIL)
    mail_only = dana.wait_for("but no calendar invitation")
    dana.close()
    dana.open_home()
    home = dana.wait_for("Calendars")
    if vendor.invites:
        dana.press("Invite by our mail")
        dana.wait_for("Customers are invited by our mail.")
    dana.leave_home()
    to_details(desk, COMMAND)
    find_times(dana)
    pick(dana, r"^11:00")
    to_notifications(dana)
    dana.untick(MAIL)
    by_mail = dana.wait_for("a calendar invitation from us and no confirmation email")
    schedule(dana)
    letters = mails(desk, 2)
    desk.settle()

    event = vendor.booked(DANA)
    sender = f"a calendar invitation from {vendor.button}" if vendor.invites else "both in one message from us"
    assert sender in both
    assert ("from us" in event_only) is not vendor.invites
    assert "is not on the event" in mail_only
    assert "no calendar invitation and no email, and is not on the event" in nothing
    assert ("Customers are invited by this calendar." in home) is vendor.invites
    assert vendor.button not in by_mail
    assert (event.invited, vendor.invited) == ((), [])
    assert {address: len(sent) for address, sent in letters.items()} == {BUYER: 1, DANA: 1}
    assert str(invitation(letters[BUYER][0])["uid"]) == event.uid
    assert calendar_parts(letters[DANA][0]) == []
    assert len(desk.mailbox.messages) == 2

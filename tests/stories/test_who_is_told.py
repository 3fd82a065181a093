"""After Schedule: the event, and what each reader hears by mail, in Slack, in the channel and on App Home."""

import re

from icalendar import Calendar

from tests.stories.conftest import onward
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
    minutes,
    pick,
    schedule,
    stored_event,
    to_details,
    to_notifications,
    words_of,
)


def booked_for_chicago(desk, text=f"{COMMAND} @priya"):
    """Monday 30 November, 16:00 in Berlin, 09:00 in Chicago; returns the last screen."""
    dana = desk.dana
    dana.command("/schedule-for", text)
    dana.wait_for("External participant name")
    dana.choose("Customer's time zone", "Chicago", search="chicago")
    onward(dana, "Continue", "Step 1: Set your meeting details")
    find_times(dana)
    pick(dana, r"^11:00 · 04:00 CST")
    to_notifications(dana)
    return schedule(dana)


def test_there_is_one_event_in_the_organizers_calendar_even_if_they_are_not_among_the_members(desk):
    """A1. One event in the organizer's calendar, right instant, stable UID; names in words, no copies elsewhere."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = to_details(desk, f"{COMMAND} @priya")
    dana.unchoose("Team members", "Dana Reyes")
    find_times(dana)
    pick(dana, r"^11:00")
    to_notifications(dana)
    schedule(dana)
    dana.close()

    letters = mails(desk, 3)
    event = stored_event(desk, "U0DANA")
    to_priya = invitation(letters[PRIYA][0])
    assert (event.start, event.end) == (at(30, 11, month=11), at(30, 11, month=11) + minutes(30))
    assert desk.calendar("U0PRIYA").stored() == ()
    assert [name for name in ("attendee", "organizer") if name in event] == []
    assert "Priya Nair" in event["description"]
    assert (to_priya["uid"], to_priya.start, to_priya.end) == (event["uid"], event.start, event.end)
    assert str(to_priya["attendee"]) == f"mailto:{PRIYA}"
    assert "Arranged by Dana Reyes" in words_of(letters[BUYER][0].message)
    assert "You arranged it and are not one of them." in words_of(letters[DANA][0].message)
    assert "Team: Priya Nair" in str(event["description"]).splitlines()
    for user in ("U0DANA", "U0PRIYA"):
        assert "Team  Priya Nair" in desk.rep(user).wait_for_message("Pricing call", "dm").lines
        desk.rep(user).open_home()
        assert "Team: Priya Nair" in desk.rep(user).wait_for("Organized by Dana Reyes").lines


def test_every_assigned_member_gets_a_mail_and_a_message_with_the_description(desk):
    """A3. Every assigned member gets mail and a DM, with the description."""
    desk.connect("U0DANA", "U0PRIYA", "U0SAM")
    dana = to_details(desk, f"{COMMAND} @priya @sam")
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    find_times(dana)
    pick(dana, r"^11:00")
    to_notifications(dana)
    schedule(dana)

    letters = mails(desk, 4)
    for address, user in ((DANA, "U0DANA"), (PRIYA, "U0PRIYA"), ("sam@demo.example", "U0SAM")):
        assert "Bring the numbers" in words_of(letters[address][0].message)
        assert "Description  Bring the numbers" in str(desk.rep(user).wait_for_message("Pricing call", "dm"))


def test_the_meeting_is_on_app_home_at_once_for_rep_and_member_and_for_nobody_else(desk):
    """B1. On App Home at once, with the tracking ID."""
    desk.connect("U0DANA", "U0PRIYA")
    done = booked_for_chicago(desk)
    tracking = re.search(r"SF-\w{6}", done.text).group()
    desk.dana.close()

    homes = {}
    for user in ("U0DANA", "U0PRIYA", "U0SAM"):
        desk.rep(user).open_home()
        homes[user] = desk.rep(user).wait_for("Meetings")

    assert f"11:00–11:30 CET · Pricing call · Acme Buyer · {tracking}" in homes["U0DANA"].lines
    assert f"15:30–16:00 IST · Pricing call · Acme Buyer · {tracking}" in homes["U0PRIYA"].lines
    for user in ("U0DANA", "U0PRIYA"):
        assert "Mon 30 Nov" in homes[user].headers
        assert "Team: Dana Reyes and Priya Nair" in homes[user].lines
    assert "Pricing call" not in homes["U0SAM"]
    assert "No meetings ahead yet." in homes["U0SAM"]


def test_meetings_are_found_by_day_and_by_words_on_app_home(desk):
    """B1. Status per person; a range of days, past ones too; a search; and back to what is ahead."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.book(f"{COMMAND} @priya", slot=r"^11:00").close()
    dana = desk.dana
    line = "11:00–11:30 CET · Pricing call · Acme Buyer"

    dana.open_home()
    first = dana.wait_for(line)
    dana.fill("From", "2026-12-01")
    dana.wait_for("No meetings from Tuesday 1 Dec 2026.")
    dana.fill("From", "2026-11-30")
    dana.wait_for("1 meeting from Monday 30 Nov 2026.", line)
    dana.fill("To", "2026-11-30")
    dana.wait_for("1 meeting from Monday 30 Nov 2026 to Monday 30 Nov 2026.", line)
    dana.fill("Search", "somebody else", enter=True)
    dana.wait_for("No meetings from Monday 30 Nov 2026 to Monday 30 Nov 2026 with “somebody else”.")
    dana.press("Show what is ahead")
    last = dana.wait_for(line)

    assert "Status: Dana Reyes organizes, Priya Nair invited, Acme Buyer invited" in first.lines
    assert "Show what is ahead" not in last.buttons


def test_the_customers_one_mail_has_everything_in_their_zone_and_the_invitation(desk):
    """C1, N1. One mail: subject, day, time with zone name and offset, length, whom they meet, reply-to, the ICS."""
    desk.connect("U0DANA", "U0PRIYA")
    booked_for_chicago(desk)

    letters = mails(desk, 3)
    desk.settle()
    (mail,) = mails(desk, 3)[BUYER]
    assert letters.keys() == {BUYER, DANA, PRIYA}
    words = [line.strip() for line in words_of(mail.message).splitlines() if line.strip()]
    assert mail.message["Subject"].strip() == ("Confirmed: Pricing call with Dana Reyes, Mon 30 Nov, 04:00 CST (UTC−6)")
    assert words[:9] == [
        "Confirmed: Pricing call with Dana Reyes",
        "When",
        "Monday, 30 November 2026",
        "04:00–04:30 (30 minutes)",
        "Chicago time (CST, UTC−6)",
        "For Dana Reyes: 11:00–11:30, Berlin time (CET, UTC+1)",
        "Who",
        "Dana Reyes and Priya Nair, for Acme Buyer",
        "Calendar",
    ]
    assert mail.message["From"].addresses[0].display_name == "Dana Reyes via demo.example"
    assert mail.message["Reply-To"].addresses[0].addr_spec == DANA
    event = invitation(mail)
    assert event.start == at(30, 11, month=11)
    assert str(event["attendee"]) == f"mailto:{BUYER}"
    assert str(event["organizer"]) == "mailto:meetings@demo.example"
    assert event["organizer"].params["CN"] == "Dana Reyes"
    assert re.search(r"DTSTART:20261130T100000Z", everything_in(mail))


def test_rep_and_team_are_told_everything_on_their_own_clock_first(desk):
    """N2. The same plus customer's mail, own-zone and customer-zone time, who assigned, tracking ID, what is sent."""
    desk.connect("U0DANA", "U0PRIYA")
    done = booked_for_chicago(desk)
    tracking = re.search(r"SF-\w{6}", done.text).group()

    letters = mails(desk, 3)
    when = {
        "U0DANA": "When  Mon 30 Nov 11:00–11:30 CET · 04:00–04:30 CST for the customer",
        "U0PRIYA": "When  Mon 30 Nov 15:30–16:00 IST · 04:00–04:30 CST for the customer",
    }
    for user, line in when.items():
        message = desk.rep(user).wait_for_message("Pricing call", "dm")
        assert line in message.lines
        assert "Customer  Acme Buyer, buyer@acme.example" in message.lines
        assert "Team  Dana Reyes and Priya Nair" in message.lines
        assert "Assigned by  Dana Reyes" in message.lines
        assert f"Tracking ID  {tracking}" in message.lines
        assert "is being sent the invitation and the confirmation email" in message
    clocks = {
        DANA: ("11:00–11:30 (30 minutes)", "Berlin time (CET, UTC+1)"),
        PRIYA: ("15:30–16:00 (30 minutes)", "Kolkata time (IST, UTC+5:30)"),
    }
    for address, (span, zone) in clocks.items():
        words = words_of(letters[address][0].message)
        for part in (span, zone, "For Acme Buyer: 04:00–04:30, Chicago time (CST, UTC−6)", BUYER, tracking):
            assert part in words, (address, part)
    assert "Assigned by Dana Reyes" in words_of(letters[PRIYA][0].message)


def test_the_channels_card_says_who_what_when_with_whom_and_no_address(desk):
    """N3. Channel card: who booked what, when, with whom; no customer mail address and no description."""
    desk.connect("U0DANA", "U0PRIYA")
    booked_for_chicago(desk)

    card = desk.dana.wait_for_message("Pricing call", "sales")
    sent = next(m for m in desk.posted() if m["channel"] == desk.environment["SLACK_ANNOUNCE_CHANNEL"])

    assert "Dana Reyes scheduled a meeting with Acme Buyer" in card
    assert "Subject  Pricing call" in card.lines
    assert "Team  Dana Reyes and Priya Nair" in card.lines
    assert "buyer@acme.example" not in str(sent)
    instant = int(at(30, 11, month=11).timestamp())
    assert f"<!date^{instant}^" in sent["text"]  # each reader's own zone, by Slack
    assert "Mon 30 Nov 11:00–11:30 CET" in sent["text"]  # and in words where it cannot be shown


def test_someone_who_is_rep_and_member_gets_one_notice_not_two(desk):
    """N5. Someone who is both rep and member gets one notice, not two."""
    desk.connect("U0DANA")
    desk.book(COMMAND)

    mails(desk, 2)
    desk.dana.wait_for_message("Pricing call", "sales")
    desk.settle()

    assert sorted(mail.recipients for mail in desk.mailbox.messages) == [(BUYER,), (DANA,)]
    assert len([m for m in desk.dana.dms() if "Pricing call" in m]) == 1


def test_a_customer_who_is_a_member_gets_one_mail(desk):
    """2b, N5. A colleague booked as the customer is allowed, and mailed once (B55)."""
    desk.connect("U0DANA", "U0PRIYA")

    desk.book("priya@demo.example Priya Nair 30m Rehearsal @priya", slot=r"^11:00")

    letters = mails(desk, 2)
    desk.settle()
    assert {address: len(sent) for address, sent in letters.items()} == {DANA: 1, PRIYA: 1}
    assert len(desk.mailbox.messages) == 2


def test_our_invitation_and_the_stored_event_are_the_same_event_for_a_mail_program(desk):
    """C1, A1. Same UID and sequence in the calendar and in every ICS, so that it imports once."""
    desk.connect("U0DANA", "U0PRIYA")
    booked_for_chicago(desk)

    letters = mails(desk, 3)
    stored = stored_event(desk, "U0DANA")
    for address in (BUYER, PRIYA):
        (mail,) = letters[address]
        attached = [p for p in mail.message.walk() if p.get_content_type() == "application/ics"]
        (copy,) = Calendar.from_ical(attached[0].get_payload(decode=True)).walk("VEVENT")
        event = invitation(mail)
        assert len(attached) == 1
        for each in (event, copy):
            assert (each["uid"], each["sequence"]) == (stored["uid"], stored["sequence"])
        assert "T" in event["dtstart"].to_ical().decode()
        assert event["dtstart"].to_ical().endswith(b"Z")

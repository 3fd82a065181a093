"""Each system connected in the middle of the form, read, booked in, shut out of and mended; and one that is silent."""

import time

import pytest

from tests.stories.conftest import onward
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
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
    to_notifications,
    words_of,
)
from tests.stories.vendors.kit import BOOKED, Vendor, fill_in, only

TUESDAY = "Tue 1 Dec"
MONDAY_11 = at(30, 11, month=11)


def mails_to_the_customer(desk, vendor: Vendor, uid: str) -> None:
    """One mail; the invitation is in it exactly where the calendar sends none, and is the stored event."""
    (mail,) = mails(desk, 2)[BUYER]
    if vendor.invites:
        assert calendar_parts(mail) == []
        assert vendor.invited == [BUYER]
    else:
        assert (str(invitation(mail)["uid"]), str(invitation(mail)["attendee"])) == (uid, f"mailto:{BUYER}")
        attached = [part for part in mail.message.walk() if part.get_content_type() == "application/ics"]
        assert len(attached) == 1
    words = words_of(mail.message)
    for part in ("Confirmed: Pricing call with Dana Reyes", "Monday, 30 November 2026", "11:00–11:30 (30 minutes)"):
        assert part in words
    assert "Berlin time (CET, UTC+1)" in words


@pytest.mark.parametrize("combination", ["http-sqlite", "socket-postgres"])
def test_a_rep_connects_in_the_middle_of_the_form_and_books_what_is_free_there(desk, vendor, capfd, caplog):
    """P1, P2, 7c, A1, C1, C2. Offered at once, nothing typed is lost; busy hides; no secret shows."""
    vendor.occupy(DANA, at(1, 10), at(1, 11), "Dentist")
    dana, started = desk.dana, time.monotonic()
    dana.command("/schedule-for", COMMAND)
    first = dana.wait_for("Connect a calendar to see available times.")
    opened_after = time.monotonic() - started
    onward(dana, "Continue", "Step 1: Set your meeting details")
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    offer = find_times(dana)
    page = vendor.sign_in(desk, desk.link(dana, vendor.button), DANA)
    told = dana.wait_for("calendar is connected")
    dana.press("Show times")
    times = dana.wait_for(TUESDAY)
    pick(dana, r"^11:00")
    to_notifications(dana)
    done = schedule(dana)

    event = vendor.booked(DANA)
    assert opened_after < 3
    assert vendor.button in first.buttons
    assert "Connect a calendar first" in offer
    assert DANA in page
    assert "Everything you typed is still here." in told
    assert [start for start in ("09:30", "10:00", "10:30", "11:00") if start in starts_on(times, TUESDAY)] == [
        "09:30",
        "11:00",
    ]
    assert "Scheduled" in done
    assert (event.start, event.end) == (MONDAY_11, MONDAY_11 + minutes(30))
    assert event.invited == ((BUYER,) if vendor.invites else ())
    assert event.zone in ("Europe/Berlin", None)
    assert "Bring the numbers" in event.description
    mails_to_the_customer(desk, vendor, event.uid)
    said = "".join([*capfd.readouterr(), caplog.text, *(str(c.arguments) for c in desk.workspace.workspace.calls)])
    assert [secret for secret in vendor.secrets if secret in said] == []


def test_a_calendar_that_shut_us_out_is_told_and_signing_in_again_mends_it(desk, vendor):
    """P2, P3. Which calendar and why, with a button; until then its times are unknown, and unknown is no slot."""
    vendor.connect(desk)
    vendor.revoke(DANA)

    shut_out = desk.to_times(COMMAND).screen()
    told = desk.dana.wait_for_message("A calendar needs you", "dm")
    link = next(control.element["url"] for control in told.controls if "url" in control.element)
    desk.dana.close()
    vendor.sign_in(desk, link, DANA)
    mended = desk.to_times(COMMAND).screen()

    assert starts_on(shut_out, TUESDAY) == []
    assert f"{vendor.account_of(DANA)} no longer lets us in" in told
    assert "10:00" in starts_on(mended, TUESDAY)


@pytest.mark.parametrize("operator", [{"patience": 1.5}])
def test_a_calendar_that_does_not_answer_is_unknown_and_may_be_chosen_with_open_eyes(desk, vendor):
    """P3, N2. No ordinary slot; listed like a conflict, repeated in the confirmation and in what the team is told."""
    vendor.connect(desk)
    vendor.fall_silent()
    dana = desk.to_times(COMMAND)
    unknown = dana.screen()
    press_first(dana, "Choose anyway", near="11:00–11:30 CET")
    confirm = dana.wait_for("Confirm your meeting details", timeout=15)
    vendor.heal()
    to_notifications(dana)
    done = schedule(dana)

    row = "a colleague's calendar could not be read (Dana Reyes)"
    assert starts_on(unknown, TUESDAY) == []
    assert "Dana Reyes has a calendar that did not answer in time: Dana Reyes is not checked." in unknown
    assert rows_with(unknown, "❔")[0] == f"❔ 10:30–11:00 CET · {row}"
    for shown in (confirm, done, dana.wait_for_message(BOOKED, "dm")):
        assert row in shown
    assert vendor.booked(DANA).start == MONDAY_11


@only("exchange")
def test_a_mistyped_password_is_said_beside_its_field_and_a_changed_one_is_tried_once(desk, vendor):
    """P2. Directories lock accounts: one wrong try is one try."""
    dana = desk.dana
    dana.command("/schedule-for")
    dana.wait_for("Connect a calendar")
    link = desk.link(dana, vendor.button)
    mistyped = fill_in(link, {"email": DANA, "user_name": "DEMO\\dana", "password": "wrong"})
    connected = vendor.sign_in(desk, link, DANA)
    before = vendor.standin.signing.refused
    dana.close()
    vendor.revoke(DANA)
    desk.to_times(COMMAND)
    told = dana.wait_for_message("A calendar needs you", "dm")

    assert 'id="password-error">The server did not accept this user name' in mistyped
    assert DANA in connected
    assert "the password is no longer accepted" in told
    assert vendor.standin.signing.refused == before + 1

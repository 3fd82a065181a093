"""The last click: read again, one meeting however often and by however many it is pressed, nothing half-made."""

from concurrent.futures import ThreadPoolExecutor

from tests.stories.reading import (
    COMMAND,
    DANA,
    at,
    find_times,
    mails,
    pick,
    schedule,
    stored_event,
    to_details,
    to_notifications,
)


def test_a_slot_that_went_meanwhile_is_not_booked_and_the_nearest_others_are_offered(desk):
    """13a. Read again; if the slot went, nothing is created, why and the nearest alternatives, all input kept."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = to_details(desk, f"{COMMAND} @priya")
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    find_times(dana)
    pick(dana, r"^10:30")
    to_notifications(dana)
    desk.calendar("U0PRIYA").add("Dentist", at(30, 10, 30, month=11), at(30, 11, month=11))

    dana.press("Schedule")
    taken = dana.wait_for("This time is taken", timeout=20)
    nothing = desk.calendar("U0DANA").titled("Pricing call")
    sent = desk.mailbox.messages
    alternatives = [words for words in taken.buttons if words.startswith(("Mon", "Tue"))]
    dana.press(alternatives[0])
    confirm = dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    done = schedule(dana)

    assert "Nothing was booked, and nobody was told." in taken
    assert "Priya Nair is no longer free then." in taken
    assert "The nearest free times, in your time: Berlin (CET, UTC+1)" in taken
    assert alternatives == ["Mon 30 Nov 11:00", "Mon 30 Nov 11:30", "Mon 30 Nov 12:00", "Tue 1 Dec 09:00"]
    assert (nothing, sent) == ((), ())
    assert "Description: Bring the numbers" in confirm.lines
    assert "Subject  Pricing call" in confirm.lines
    assert "When  Mon 30 Nov 11:00–11:30 CET" in done.lines


def test_two_reps_who_press_at_once_for_one_person_get_one_meeting_and_one_explanation(desk):
    """13b. Two reps at once for the same person: exactly one meeting; the other is told who and offered others."""
    desk.connect("U0DANA", "U0SAM", "U0PRIYA")
    dana = desk.to_times(f"{COMMAND} @priya")
    pick(dana, r"^10:30", near="Morning")
    to_notifications(dana)
    desk.clock.jump(minutes=11)  # the hold is over, and nobody told the rep
    sam = desk.to_times("other@acme.example Other Buyer 30m Demo @priya", desk.rep("U0SAM"))
    pick(sam, r"^09:30", near="Morning")
    to_notifications(sam)
    desk.clock.jump(minutes=11)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda rep: rep.press("Schedule"), (dana, sam)))
    for rep in (dana, sam):
        rep.wait_until_gone("Scheduling…", timeout=20)

    ends = {rep.user_id: rep.screen() for rep in (dana, sam)}
    won = [user for user, screen in ends.items() if "Tracking ID" in screen]
    lost = [user for user, screen in ends.items() if "This time is taken" in screen]
    assert len(won) == len(lost) == 1
    loser = ends[lost[0]]
    assert "Priya Nair is no longer free then." in loser
    assert len([words for words in loser.buttons if words.startswith(("Mon", "Tue"))]) == 4
    titles = {"U0DANA": "Pricing call", "U0SAM": "Demo"}
    assert len(desk.calendar(won[0]).titled(titles[won[0]])) == 1
    assert desk.calendar(lost[0]).stored() == ()
    letters = mails(desk, 3)
    desk.settle()
    assert len(desk.mailbox.messages) == 3
    assert [len(mail) for mail in letters.values()] == [1, 1, 1]


def test_a_double_click_and_a_redelivery_make_one_meeting_and_one_mail_each(desk):
    """13c. Double click or redelivery: one meeting, one mail."""
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    pick(dana, r"^10:30")
    to_notifications(dana)
    view = dana.client.top

    desk.workspace.workspace.faults.duplicate("interactive")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(dana.client.submit, (view, view)))
    dana.wait_for("Tracking ID", timeout=20)

    letters = mails(desk, 2)
    dana.wait_for_message("Pricing call", "sales")
    desk.settle()
    assert {to: len(sent) for to, sent in letters.items()} == {"buyer@acme.example": 1, DANA: 1}
    assert len(desk.mailbox.messages) == 2
    assert len(desk.calendar("U0DANA").titled("Pricing call")) == 1
    assert len([m for m in dana.messages("sales") if "Pricing call" in m]) == 1
    assert len([m for m in dana.dms() if "Pricing call" in m]) == 1


def test_a_calendar_that_fails_to_store_is_tried_again_and_the_meeting_is_made_once(desk):
    """13d. A later step fails: it is said, retried, and in the end there is one meeting."""
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    pick(dana, r"^10:30")
    to_notifications(dana)
    desk.proxy.fail("dana", "lose", "PUT", times=1)  # stored, and we do not hear of it

    dana.press("Schedule")
    waiting = dana.wait_for("It is tried again by itself", timeout=20)
    before = desk.mailbox.messages
    desk.later(minutes=2)
    done = dana.wait_for("Tracking ID", timeout=20)

    assert "It is not stored yet: Other CalDAV (dana@127.0.0.1) does not answer" in waiting
    assert before == ()
    assert "Mon 30 Nov 10:30–11:00 CET" in done
    mails(desk, 2)
    assert stored_event(desk, "U0DANA").start == at(30, 10, 30, month=11)
    assert len(desk.mailbox.messages) == 2


def test_a_calendar_that_refuses_to_store_leaves_nothing_and_the_form_as_it_was(desk):
    """13d. A step that can never succeed: nothing half-made is left, and the rep is told what to do."""
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    pick(dana, r"^10:30")
    to_notifications(dana)
    desk.proxy.fail("dana", 403, "PUT")

    dana.press("Schedule")
    failed = dana.wait_for("Not scheduled", timeout=20)
    dm = dana.wait_for_message("Not scheduled", "dm")
    desk.proxy.heal()
    dana.press("Try again")
    again = dana.wait_for("Step 3: External participant notifications")
    done = schedule(dana)

    for told in (str(failed), str(dm)):
        assert "Nothing was booked, and nobody was told." in told
        assert "The meeting could not be scheduled: Other CalDAV (dana@127.0.0.1)" in told
        assert "Mon 30 Nov 10:30–11:00 CET" in told
    assert "[x] Add to calendar event" in again
    assert "When  Mon 30 Nov 10:30–11:00 CET" in done.lines
    assert len(desk.calendar("U0DANA").titled("Pricing call")) == 1


def test_a_mail_that_the_server_refuses_leaves_the_meeting_and_is_told(desk):
    """13d. The meeting stands when a mail is refused; the notice says which address."""
    desk.connect("U0DANA")
    dana = desk.to_times(COMMAND)
    pick(dana, r"^10:30")
    to_notifications(dana)
    desk.mailbox.refuse_next(550, times=2)

    done = schedule(dana)
    told = dana.wait_for_message("buyer@acme.example\nReason", "dm")

    assert "Scheduled" in done
    assert "The meeting itself stands." in told
    assert len(desk.calendar("U0DANA").titled("Pricing call")) == 1

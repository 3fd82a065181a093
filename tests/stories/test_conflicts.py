"""Times that clash: shown on demand, chosen with eyes open; and the hold on what was picked."""

from tests.stories.reading import (
    COMMAND,
    at,
    pick,
    press_first,
    rows_with,
    schedule,
    starts_on,
    to_notifications,
    words_of,
)


def test_conflicts_are_off_until_asked_for_and_go_away_again(desk):
    """8a. Off by default."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.calendar("U0PRIYA").add("Team sync", at(1, 10), at(1, 11))

    dana = desk.to_times(f"{COMMAND} @priya")
    off = dana.screen()
    dana.overflow("Show conflicts")
    on = dana.wait_for("Times with conflicts on Tue 1 Dec")
    dana.overflow("Hide conflicts")
    again = dana.wait_until_gone("Times with conflicts")

    assert rows_with(off, "🟠") == []
    assert "Team sync" not in off
    assert rows_with(on, "🟠") == ["🟠 10:00–10:30 · Priya Nair: Team sync", "🟠 10:30–11:00 · Priya Nair: Team sync"]
    assert rows_with(again, "🟠") == []
    assert starts_on(again, "Tue 1 Dec") == starts_on(off, "Tue 1 Dec")


def test_a_conflicting_time_says_whose_event_it_is_and_a_private_one_only_that_they_are_busy(desk):
    """8b, 8c. Marked by sign and words, whose event and its title; private events never show titles."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.calendar("U0PRIYA").add("Team sync", at(1, 10), at(1, 10, 30))
    desk.calendar("U0PRIYA").add("Doctor", at(1, 11), at(1, 11, 30), {"CLASS": "PRIVATE"})
    desk.calendar("U0DANA").add("Board", at(1, 11), at(1, 11, 30), {"CLASS": "CONFIDENTIAL"})

    dana = desk.to_times(f"{COMMAND} @priya")
    dana.overflow("Show conflicts")
    screen = dana.wait_for("Times with conflicts on Tue 1 Dec")
    press_first(dana, "Choose anyway", near="11:00")
    confirm = dana.wait_for("Confirm your meeting details")

    assert rows_with(screen, "🟠") == [
        "🟠 10:00–10:30 · Priya Nair: Team sync",
        "🟠 11:00–11:30 · Dana Reyes: busy; Priya Nair: busy",
    ]
    for shown in (screen, confirm):
        assert "Doctor" not in shown
        assert "Board" not in shown


def test_a_meeting_booked_here_is_named_once_among_the_conflicts(desk):
    """8b. The event that was made for it, not also that the rep is busy with it."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.book(f"{COMMAND} @priya", slot=r"^11:00").close()

    dana = desk.to_times(f"{COMMAND} @priya")
    dana.overflow("Show conflicts")
    screen = dana.wait_for("Times with conflicts on Mon 30 Nov")

    assert rows_with(screen, "🟠") == ["🟠 11:00–11:30 · Dana Reyes: Pricing call; Priya Nair: busy"]


def test_a_conflict_chosen_with_open_eyes_is_repeated_and_told_to_the_team(desk):
    """8d, N2, X5. Choosing one is allowed, repeated in the confirmation, in DM and team mail, and put on record."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.calendar("U0PRIYA").add("Team sync", at(1, 10), at(1, 11))
    dana = desk.to_times(f"{COMMAND} @priya")
    dana.overflow("Show conflicts")
    dana.wait_for("Times with conflicts on Tue 1 Dec")

    press_first(dana, "Choose anyway", near="10:00–10:30")
    confirm = dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    done = schedule(dana)

    sentence = "🟠 You chose a time with a conflict. Priya Nair: Team sync"
    assert sentence in confirm.lines
    assert sentence in done.lines
    for mail in desk.mailbox.wait_for(3, 15):
        is_customers = mail.recipients == ("buyer@acme.example",)
        assert ("Priya Nair: Team sync" in words_of(mail.message)) is not is_customers
    for user in ("U0DANA", "U0PRIYA"):
        assert "Priya Nair: Team sync" in desk.rep(user).wait_for_message("Pricing call", "dm")
    ((who, line),) = desk.audit("U0DANA")
    assert (who, line["act"], line["overrides"]) == ("U0DANA", "book", ["Priya Nair: Team sync"])


def test_a_picked_slot_is_kept_for_one_rep_until_it_is_closed_or_runs_out(desk):
    """9. Held for this rep for some minutes; nobody else is offered it; it ends on close or time-out."""
    desk.connect("U0DANA", "U0SAM", "U0PRIYA")
    dana = desk.to_times(f"{COMMAND} @priya")
    sam = desk.to_times("other@acme.example Other 30m Demo @priya", desk.rep("U0SAM"))
    offered = starts_on(sam.screen(), "Tue 1 Dec")

    held = pick(dana, r"^10:30", near="Morning")
    sam.press_matching(r"^09:30")  # Priya at 10:30 in Berlin, on London's clock
    refused = sam.wait_for("has just been taken")
    sam.wait_until_gone("Looking at")
    without = starts_on(sam.screen(), "Mon 30 Nov")
    dana.close()
    desk.list_again(sam)
    after_close = starts_on(sam.screen(), "Mon 30 Nov")
    dana = desk.to_times(f"{COMMAND} @priya")
    pick(dana, r"^10:30", near="Morning")
    desk.list_again(sam)
    again = starts_on(sam.screen(), "Mon 30 Nov")
    desk.later(minutes=10.5)
    desk.list_again(sam)
    after_ten_minutes = starts_on(sam.screen(), "Mon 30 Nov")

    assert "Held for you until 09:10 CET" in held
    assert "That time has just been taken (Priya Nair). Choose another time." in refused
    assert offered[0] == "09:00"
    assert "09:30" not in without
    assert "09:30" in after_close
    assert "09:30" not in again
    assert after_ten_minutes == after_close

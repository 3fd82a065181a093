"""What the meeting is about and who comes; whom the description and the team note reach."""

from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    calendar_parts,
    everything_in,
    find_times,
    mails,
    pick,
    schedule,
    starts_on,
    stored_event,
    to_details,
    to_notifications,
)

SECRET = "Discount up to a fifth"


def test_subject_length_and_a_member_are_required_and_the_rep_may_step_back(desk):
    """4a. Subject required; presets or custom 5 to 480 min; at least one member, the rep preselected, removable."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = to_details(desk, "buyer@acme.example Acme Buyer")
    offered = dana.offered("Meeting duration")
    preselected = dana.screen().inputs["Team members"]

    dana.press("Find times")
    no_subject = dana.screen().errors
    dana.fill("Subject", "Pricing call")
    dana.choose("Meeting duration", "Custom…")
    dana.wait_for("Minutes")
    lengths = {}
    for typed in ("4", "481", "0"):
        dana.fill("Minutes", typed)
        dana.press("Find times")
        lengths[typed] = list(dana.screen().errors)
    dana.fill("Minutes", "5")
    dana.unchoose("Team members", "Dana Reyes")
    dana.press("Find times")
    nobody = dana.screen().errors
    dana.choose("Team members", "Priya Nair")
    find_times(dana)
    shown = pick(dana, r"^10:30")

    assert offered == ["15 min", "30 min", "45 min", "60 min", "90 min", "120 min", "Custom…"]
    assert preselected == "Dana Reyes"
    assert list(no_subject) == ["Subject"]
    assert lengths == {"4": ["Minutes"], "481": ["Minutes"], "0": ["Minutes"]}
    assert list(nobody) == ["Team members"]
    assert "Mon 30 Nov 10:30–10:35 CET" in shown
    assert "Team members  @Priya Nair" in shown


def test_only_times_that_are_free_for_all_members_are_offered(desk):
    """4c. Several required members: only times free for all."""
    desk.connect("U0DANA", "U0PRIYA", "U0SAM")
    tuesday = "Tue 1 Dec"
    desk.calendar("U0DANA").add("Own work", at(1, 10), at(1, 10, 30))
    desk.calendar("U0PRIYA").add("Team sync", at(1, 10, 30), at(1, 11))
    desk.calendar("U0SAM").add("Lunch", at(1, 12), at(1, 12, 30))

    alone = starts_on(desk.to_times(COMMAND).screen(), tuesday)
    desk.dana.press("Back")
    desk.dana.wait_for("Step 1")
    desk.dana.choose("Team members", "Priya Nair", "Sam Okafor")
    together = starts_on(find_times(desk.dana), tuesday)

    assert alone == [f"{h:02}:{m:02}" for h in range(9, 17) for m in (0, 30) if (h, m) != (10, 0)]
    assert together == ["11:00", "11:30"]  # Sam's London begins at 10:00 of Berlin, Priya's Kolkata ends at 12:30


def test_the_description_reaches_the_team_the_event_and_the_customer_on_it_but_never_the_channel(desk):
    """5a. The description is in team DMs and mails, on the event and in the customer's mail; not in the channel."""
    desk.connect("U0DANA", "U0PRIYA")

    dana = with_description(desk, f"{COMMAND} @priya")
    schedule(dana)

    letters = mails(desk, 3)
    assert {to: SECRET in everything_in(mail) for to, (mail,) in letters.items()} == {
        BUYER: True,
        DANA: True,
        PRIYA: True,
    }
    assert SECRET in str(calendar_parts(letters[BUYER][0])[0].walk("VEVENT")[0]["description"])
    assert SECRET in str(stored_event(desk, "U0DANA")["description"])
    for user in ("U0DANA", "U0PRIYA"):
        assert SECRET in desk.rep(user).wait_for_message("Pricing call", "dm")
    assert SECRET not in str(dana.wait_for_message("Pricing call", "sales"))


def test_the_channel_sees_the_description_only_where_an_administrator_says_so(desk):
    """5a, N3. In the channel only if an admin allows it; nobody else can."""
    desk.connect("U0DANA", "U0SAM")
    sam = desk.rep("U0SAM")
    sam.open_home()
    sams = sam.wait_for("Calendars")
    sam.leave_home()
    desk.dana.open_home()
    desk.dana.wait_for("The card in the channel also shows")
    desk.dana.tick("The description")
    desk.dana.leave_home()

    schedule(with_description(desk, COMMAND))

    card = desk.dana.wait_for_message("Pricing call", "sales")
    assert "Settings" not in sams.headers
    assert f"Description  {SECRET}" in card.lines
    assert BUYER not in str(card)


def test_with_the_customer_left_off_the_event_the_description_reaches_them_by_no_way(desk):
    """5b. With the customer left off the event, it reaches the customer by no channel."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = with_description(desk, f"{COMMAND} @priya")

    dana.untick("Add to calendar event")
    said = dana.wait_for("no calendar invitation")
    schedule(dana)

    letters = mails(desk, 3)
    assert "The description is left out." in said
    assert {to: SECRET in everything_in(mail) for to, (mail,) in letters.items()} == {
        BUYER: False,
        DANA: True,
        PRIYA: True,
    }
    assert calendar_parts(letters[BUYER][0]) == []
    assert SECRET in str(stored_event(desk, "U0DANA")["description"])


def with_description(desk, text):
    """To the last screen, with a description typed."""
    dana = to_details(desk, text)
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", SECRET)
    find_times(dana)
    pick(dana, r"^10:30")
    to_notifications(dana)
    return dana

"""A closed form is not lost."""

from tests.stories.reading import COMMAND, find_times, pick, schedule, to_details, to_notifications


def test_a_closed_form_is_offered_again_with_everything_typed(desk):
    """Resume. The draft survives a closed modal: the next bare command offers it."""
    desk.connect("U0DANA", "U0PRIYA")
    dana = to_details(desk, f"{COMMAND} @priya")
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    find_times(dana)
    pick(dana, r"^10:30")
    dana.close()

    dana.command("/schedule-for")
    offered = dana.wait_for("You have an unfinished form")
    dana.press("Resume")
    resumed = dana.wait_until_gone("unfinished form")
    dana.press("Continue")
    details = dana.wait_for("Step 1: Set your meeting details")
    find_times(dana)
    pick(dana, r"^11:00")
    to_notifications(dana)
    done = schedule(dana)

    assert "You have an unfinished form: Acme Buyer · Pricing call" in offered
    assert offered.inputs["External participant name"] == ""
    assert (resumed.inputs["External participant name"], resumed.inputs["Email address"]) == (
        "Acme Buyer",
        "buyer@acme.example",
    )
    assert details.inputs["Subject"] == "Pricing call"
    assert details.inputs["Team members"] == "Dana Reyes, Priya Nair"
    assert details.inputs["Description"] == "Bring the numbers"
    assert "Mon 30 Nov 11:00–11:30 CET" in done


def test_a_booked_form_and_somebody_elses_are_not_offered(desk):
    """Resume. Only one's own unfinished form."""
    desk.connect("U0DANA")
    desk.book(COMMAND)
    desk.dana.close()
    sam = to_details(desk, COMMAND, desk.rep("U0SAM"))
    sam.close()

    desk.dana.command("/schedule-for")
    danas = desk.dana.wait_for("External participant name")
    sam.command("/schedule-for")
    sams = sam.wait_for("You have an unfinished form")

    assert "Resume" not in danas.buttons
    assert "Resume" in sams.buttons

"""Slack may apply an acknowledged view after a faster update: the story still ends on the right screen."""

from tests.stories.conftest import onward
from tests.stories.reading import COMMAND, find_times, mails, pick, schedule, to_notifications


def test_with_acks_applied_late_every_screen_comes_in_the_end(desk):
    """7a, 13c. Loading and Scheduling are overwritten by what follows, however late Slack shows the ack."""
    desk.connect("U0DANA")
    desk.workspace.workspace.faults.apply_acks_late = 0.6  # later than our own first update
    dana = desk.dana
    dana.command("/schedule-for", COMMAND)
    dana.wait_for("External participant name")
    onward(dana, "Continue", "Step 1: Set your meeting details")

    times = find_times(dana)
    pick(dana, r"^10:30")
    to_notifications(dana)
    done = schedule(dana)
    desk.settle(0.2)

    assert "[ 10:30 ]" in times.lines
    assert "Scheduled" in done.headers
    assert "Scheduled" in dana.screen().headers
    assert len(mails(desk, 2)) == 2

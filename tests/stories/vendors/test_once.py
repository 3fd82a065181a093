"""The last click in each system: read again, one meeting however often it is pressed, nothing half-made."""

from concurrent.futures import ThreadPoolExecutor

from tests.stories.conftest import onward
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    find_times,
    mails,
    pick,
    schedule,
    to_details,
    to_notifications,
)
from tests.stories.vendors.kit import BOOKED

SLOT = r"^10:30"


def booked_titles(vendor, address: str = DANA) -> list[str]:
    return [event.subject for event in vendor.events(address)]


def test_a_slot_that_went_over_there_is_not_booked_and_another_one_is_booked_once(desk, vendor):
    """13a, 13c, 13d. Taken meanwhile: nothing is made; pressed twice, the answer lost: one meeting, one mail."""
    vendor.connect(desk)
    dana = to_details(desk)
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    find_times(dana)
    pick(dana, SLOT)
    to_notifications(dana)
    vendor.occupy(DANA, at(30, 10, 30, month=11), at(30, 11, month=11), "Dentist")
    dana.press("Schedule")
    taken = dana.wait_for("This time is taken", timeout=20)
    nothing, nobody = booked_titles(vendor), (vendor.invited, desk.mailbox.messages)
    alternatives = [words for words in taken.buttons if words.startswith(("Mon", "Tue"))]
    dana.press(alternatives[0])
    confirm = dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    view = dana.client.top
    vendor.lose_an_answer()
    desk.workspace.workspace.faults.duplicate("interactive")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(dana.client.submit, (view, view)))
    waited = desk.workspace.workspace.wait_until(
        lambda: "Tracking ID" in dana.screen() or "It is tried again by itself" in dana.screen(), 30
    )
    desk.later(minutes=2)
    dana.wait_for("Tracking ID", timeout=30)
    letters = mails(desk, 2)
    desk.settle()

    assert "Nothing was booked, and nobody was told." in taken
    assert "Dana Reyes is no longer free then." in taken
    assert (nothing, nobody) == (["Dentist"], ([], ()))
    assert alternatives[0] == "Mon 30 Nov 11:00"
    assert "Description: Bring the numbers" in confirm.lines
    assert waited
    assert booked_titles(vendor) == ["Dentist", BOOKED]
    assert vendor.booked(DANA).start == at(30, 11, month=11)
    assert vendor.invited == ([BUYER] if vendor.invites else [])
    assert {address: len(sent) for address, sent in letters.items()} == {BUYER: 1, DANA: 1}
    assert len(desk.mailbox.messages) == 2
    assert len([message for message in dana.dms() if BOOKED in message]) == 1


def test_a_system_that_refuses_to_store_leaves_nothing_and_the_form_as_it_was(desk, vendor):
    """13d. Nothing half-made is left and nobody is invited; once it takes events again, Try again books one."""
    vendor.connect(desk)
    dana = to_details(desk)
    find_times(dana)
    pick(dana, SLOT)
    to_notifications(dana)
    vendor.refuse_to_store()

    dana.press("Schedule")
    failed = dana.wait_for("Not scheduled", timeout=20)
    left = (booked_titles(vendor), vendor.invited, desk.mailbox.messages)
    vendor.heal()
    dana.press("Try again")
    dana.wait_for("Step 3: External participant notifications")
    done = schedule(dana)

    assert "Nothing was booked, and nobody was told." in failed
    assert f"The meeting could not be scheduled: {vendor.account_of(DANA)}" in failed
    assert left == ([], [], ())
    assert "When  Mon 30 Nov 10:30–11:00 CET" in done.lines
    assert booked_titles(vendor) == [BOOKED]


def test_two_reps_who_press_at_once_for_one_colleague_get_one_meeting(desk, vendor):
    """13b. Both calendars are in this system; the other rep is told who is taken, and nothing is left of theirs."""
    for user_id in ("U0DANA", "U0SAM", "U0PRIYA"):
        vendor.connect(desk, desk.rep(user_id))
    dana = desk.to_times(f"{COMMAND} @priya")
    pick(dana, SLOT, near="Morning")
    to_notifications(dana)
    desk.clock.jump(minutes=11)  # the hold is over, and nobody told the rep
    sam = desk.to_times("other@acme.example Other Buyer 30m Demo @priya", desk.rep("U0SAM"))
    pick(sam, r"^09:30", near="Morning")  # the same moment in London
    onward(sam, "Next", "Step 3: External participant notifications")
    desk.clock.jump(minutes=11)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda rep: rep.press("Schedule"), (dana, sam)))
    for rep in (dana, sam):
        rep.wait_until_gone("Scheduling…", timeout=30)
    ends = {rep.user_id: rep.screen() for rep in (dana, sam)}

    won = [user for user, screen in ends.items() if "Tracking ID" in screen]
    [lost] = [screen for screen in ends.values() if "This time is taken" in screen]
    mine = {"U0DANA": (DANA, BOOKED), "U0SAM": ("sam@demo.example", "Demo")}
    assert len(won) == 1
    assert "Priya Nair is no longer free then." in lost
    for user_id, (address, title) in mine.items():
        assert booked_titles(vendor, address).count(title) == (1 if user_id in won else 0)
    assert vendor.invited.count(PRIYA) == (1 if vendor.invites else 0)

"""What people type, paste and tamper with: the table of `bad_inputs.py`, entered on the running product.

One desk serves the whole file (Slack by HTTP, SQLite); the rows are independent of each other.
"""

import ast
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from sandbox.workspace import payloads
from sandbox.workspace.records import Person
from sandbox.workspace.values import STATE_KEYS
from tests.stories import bad_inputs
from tests.stories.bad_inputs import (
    DESCRIPTION,
    ELSEWHERE,
    EMAIL,
    KEPT,
    MINUTES,
    NAME,
    NO_SURFACE,
    REFUSED,
    SUBJECT,
    TAMPERED,
    ZALGO,
    ZONE,
)
from tests.stories.conftest import DEMO_PEOPLE, Desk, onward, opened_desk
from tests.stories.reading import (
    COMMAND,
    everything_in,
    find_times,
    invitation,
    pick,
    schedule,
    to_details,
    to_notifications,
)

STRANGERS = (
    Person("U0ROBOT", "robot", "Robo Caller", "Europe/London", "", is_bot=True),
    Person("U0GONE", "gone", "Gone Fishing", "Europe/London", "gone@demo.example", deleted=True),
)


@pytest.fixture(scope="module")
def opened(migrated_file, tmp_path_factory, calendar_server, proxy):
    file = tmp_path_factory.mktemp("bad-inputs") / "schedule-for.db"
    shutil.copyfile(migrated_file, file)
    with opened_desk(
        "http-sqlite", f"sqlite:///{file}", calendar_server, proxy, people=(*DEMO_PEOPLE, *STRANGERS)
    ) as made:
        made.connect("U0DANA")
        yield made


@pytest.fixture
def desk(opened) -> Desk:
    """The shared desk with nothing open on it."""
    opened.workspace.workspace.stacks["U0DANA"].clear()
    opened.dana.leave_home()
    return opened


def submitted(desk: Desk, label: str, value: Any) -> tuple[dict[str, str], str]:
    """Submit the screen with this value, past Slack's own checks; the errors by label, and any trouble."""
    dana = desk.dana
    inputs = [c for c in dana.screen().controls if c.kind == "input"]
    field = next(c for c in inputs if c.words == label)
    with desk.workspace.workspace.lock:
        payload = payloads.view_submission(desk.workspace.workspace, dana.user_id, dana.client.top)
    state = payload["view"]["state"]["values"][field.block["block_id"]][field.element["action_id"]]
    state[STATE_KEYS[field.element["type"]][0]] = value
    reply = dana.client.courier.send("interactive", payload)
    labels = {c.block["block_id"]: c.words for c in inputs}
    answer = reply.body if isinstance(reply.body, dict) else {}
    return {labels[block]: words for block, words in answer.get("errors", {}).items()}, reply.trouble


def on_screen_with(desk: Desk, label: str) -> None:
    """Open the form up to the screen that has this field."""
    if label in (NAME, EMAIL, ZONE):
        desk.dana.command("/schedule-for", COMMAND)
        desk.dana.wait_for(NAME)
        return
    dana = to_details(desk)
    if label == MINUTES:
        dana.choose("Meeting duration", "Custom…")
        dana.wait_for(MINUTES)
    if label == DESCRIPTION:
        dana.press("Add description")
        dana.wait_for(DESCRIPTION)


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: f"{row.number} {row.where} {str(row.value)[:20]!a}")
def test_what_cannot_be_right_is_a_polite_error_under_its_field(desk, row):
    """2a, 4a. A value that cannot be right is named under its field; nothing else is complained of."""
    on_screen_with(desk, row.where)

    started = time.monotonic()
    errors, trouble = submitted(desk, row.where, row.value)

    assert (list(errors), trouble) == ([row.where], "")
    assert all(words.endswith(".") and "rror" not in words for words in errors.values())
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("row", KEPT, ids=lambda row: f"{row.number} {row.where} {row.value[:20]!a}")
def test_odd_but_right_values_are_shown_as_they_are(desk, row):
    """2a, 4a. Mark-up, code and far-off letters are only words."""
    on_screen_with(desk, row.where)
    dana = desk.dana
    dana.fill(row.where, row.value)
    onward(dana, *(("Continue", "Step 1") if row.where in (NAME, EMAIL) else ("Find times", "Step 2")))

    if row.where in (NAME, EMAIL):
        assert row.shown in dana.screen()
        return
    dana.wait_until_gone("Looking at", timeout=15)
    confirm = pick(dana)
    assert f"Subject  {row.shown}" in confirm.lines


def tampered(desk: Desk, where: str, value: str) -> None:
    """Send a value that we never offered."""
    dana = desk.dana
    if where == ZONE:
        field = next(c for c in dana.screen().controls if c.words == ZONE)
        option = {"text": {"type": "plain_text", "text": "x", "emoji": False}, "value": value}
        dana.client.set_value(dana.surface(), field.block, field.element, option)
        onward(dana, "Continue", "Step 1")
        return
    if where == "slot":
        if value == "-1 minute":
            value = str(int((desk.clock() - timedelta(minutes=1)).timestamp()))
        slot = next(c for c in dana.screen().controls if c.element.get("action_id", "").startswith("slot."))
        forged = {"value": value} | ({"action_id": f"slot.{value}"[:255]} if value.isdecimal() else {})
        if value == "one byte off":  # of an ordinary button
            forged = {"value": slot.element["value"][:-2] + "6" + slot.element["value"][-1]}
        dana.client.click(dana.surface(), slot.block, {**slot.element, **forged})
        return
    field = next(c for c in dana.screen().controls if c.words == where)
    dana.client.set_value(dana.surface(), field.block, field.element, value)


@pytest.mark.parametrize("row", TAMPERED, ids=lambda row: f"{row.number} {row.where} {row.value[:12]}")
def test_values_that_we_never_gave_out_change_nothing(desk, row):
    """7d, 9. Bad days, epochs and zones: the screen stays, and works on."""
    if row.where == ZONE:
        desk.dana.command("/schedule-for", COMMAND)
        desk.dana.wait_for(NAME)
    else:
        desk.to_times(COMMAND)
    already = len(desk.workspace.workspace.deliveries)

    tampered(desk, row.where, row.value)
    desk.settle(0.1)

    dana = desk.dana
    assert {each.trouble for each in desk.workspace.workspace.deliveries[already:]} == {""}
    if row.where == ZONE:
        assert "Acme Buyer · buyer@acme.example" in dana.screen().lines
        return
    if row.where == "slot":
        assert "Choose another time" in dana.wait_for("has just been taken")
    dana.wait_for("Step 2: Select an available time slot", "Your time: Berlin (CET, UTC+1)")
    dana.press_matching(r"^\d\d:\d\d")
    dana.wait_for("Confirm your meeting details")


def test_a_start_that_no_screen_offered_is_booked_by_nobody(desk):
    """13a, 9. A button value changed by one byte, to a time outside of all hours: refused at the latest at Schedule."""
    night = desk.clock().replace(hour=2, minute=7, second=0, microsecond=0) + timedelta(days=1)
    dana = desk.to_times("night@acme.example Owl 30m Night talk")
    tampered(desk, "slot", str(int(night.timestamp())))
    dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    dana.press("Schedule")
    dana.wait_for("Nothing was booked, and nobody was told.", timeout=20)

    assert desk.calendar("U0DANA").titled("Night talk") == ()


def test_hostile_words_are_only_words_in_slack_in_mails_and_in_the_calendar(desk):
    """5a, N1. A name, a subject and a description full of mark-up, headers and calendar lines, booked."""
    subject = "\u202e<!channel> {{7*7}} Hi\r\nBcc: evil@example.com"
    description = 'DTSTART:20310101T000000Z\nBEGIN:VALARM\na;b,c\\d"e <@U0DANA> </script><b>&lt; =SUM(1)'
    desk.mailbox.clear()
    dana = to_details(desk, "hostile@acme.example Hostile")
    dana.press("Back")
    dana.wait_for("Who is the meeting with?")
    dana.fill(NAME, "<!here> <script>alert(1)</script>")
    onward(dana, "Continue", "Step 1")
    dana.fill(SUBJECT, subject)
    dana.press("Add description")
    dana.wait_for(DESCRIPTION)
    dana.fill(DESCRIPTION, description)
    find_times(dana)
    pick(dana)
    to_notifications(dana)
    schedule(dana)

    letters = {mail.recipients[0]: mail for mail in desk.mailbox.wait_for(2, 15)}
    event = invitation(letters["hostile@acme.example"])
    for mail in letters.values():
        assert mail.message["Bcc"] is None
        assert "\u202e" not in str(mail.message["Subject"])
        assert "{{7*7}} Hi Bcc: evil@example.com" in " ".join(str(mail.message["Subject"]).split())
        html = mail.message.get_body(("html",)).get_content()
        assert "<script>" not in html
        assert "<b>&lt;" not in html
    assert "BEGIN:VALARM" in str(event["description"])
    assert [part.name for part in Calendar.from_ical(event.to_ical()).walk()] == ["VEVENT"]
    stored = next(e for e in desk.calendar("U0DANA").stored() if "evil@example.com" in e.replace("\n ", ""))
    (kept,) = Calendar.from_ical(stored).walk("VEVENT")
    assert 'a;b,c\\d"e' in str(kept["description"])
    dana.wait_for_message("evil@example.com", "sales")
    for message in desk.posted()[-2:]:
        assert "<!channel>" not in message["text"]
        assert "<!here>" not in message["text"]
    assert "BEGIN:VALARM" in everything_in(letters["dana@demo.example"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", ""),
        ("\"Acme\" 'Buyer' buyer@acme.example", "\"Acme\" 'Buyer'"),
        ("@dana @priya @nobody Acme", "@nobody Acme"),
        (f"{ZALGO} 30m Call", None),
        ("buyer@acme.example " + "word " * 1600, None),
        ("anna@payloadcms.com payload Anna", "payload Anna"),
    ],
    ids=["empty", "quoted", "mentions", "marks", "8000 signs", "payload"],
)
def test_a_command_of_any_length_and_shape_opens_the_form(desk, text, name):
    """1b. Whatever is typed after the command, the form opens; what a field cannot take is shown beside it."""
    desk.dana.command("/schedule-for", text)

    screen = desk.dana.wait_for(NAME)

    if name is None:
        assert "Left out" in screen
        assert len(screen.inputs[NAME]) <= 150
    else:
        assert screen.inputs[NAME] == name


def test_an_address_with_letters_that_look_alike_is_shown_as_it_is(desk):
    """2a. A Cyrillic letter in an address: taken, and shown (B52)."""
    desk.dana.command("/schedule-for")
    desk.dana.wait_for(NAME)
    desk.dana.fill(NAME, "Admin")
    desk.dana.fill(EMAIL, "аdmin@example.com")

    onward(desk.dana, "Continue", "Step 1")

    assert "аdmin@example.com" in desk.dana.screen()


def test_a_form_of_an_older_version_is_answered_in_words(desk):
    """2a, 4a. A view state without the blocks we expect: errors or the screen again, never a crash."""
    ws = desk.workspace.workspace
    for screen in ("who", "details"):
        if screen == "who":
            desk.dana.command("/schedule-for", COMMAND)
            desk.dana.wait_for(NAME)
        else:
            onward(desk.dana, "Continue", "Step 1")
        with ws.lock:
            payload = payloads.view_submission(ws, "U0DANA", desk.dana.client.top)
        payload["view"]["state"]["values"] = {}
        reply = desk.dana.client.courier.send("interactive", payload)

        assert reply.trouble == ""
        assert reply.body["response_action"] in ("errors", "update")


def test_a_member_who_cannot_take_part_is_said_in_words(desk):
    """4a. A bot or a colleague who left: said on the screen, Back works (B73)."""
    for user in ("U0ROBOT", "U0GONE"):
        dana = to_details(desk)
        field = next(c for c in dana.screen().controls if c.words == "Team members")
        dana.client.set_value(dana.surface(), field.block, field.element, ["U0DANA", user])
        onward(dana, "Find times", "Step 2")
        screen = dana.wait_for("cannot take part", timeout=15)
        dana.press("Back")
        dana.wait_for("Step 1: Set your meeting details")

        assert "Press Back and choose others." in screen.text.replace("\n", " ")
        desk.workspace.workspace.stacks["U0DANA"].clear()


def test_a_search_answers_at_most_what_slack_takes(desk):
    """7b. All the world's zones are more than 100 options (B75)."""
    desk.dana.command("/schedule-for")
    desk.dana.wait_for(NAME)

    everything = desk.dana.offered(ZONE, "")
    letter = desk.dana.offered(ZONE, "a")
    nowhere = desk.dana.offered(ZONE, "Mars/Phobos")

    assert 10 < len(everything) <= 100
    assert 10 < len(letter) <= 100
    assert nowhere == []


def test_a_view_carries_an_id_and_nothing_else(desk):
    """3, X4. private_metadata is one draft's id, however much was typed (B76)."""
    dana = to_details(desk)
    dana.press("Add description")
    dana.wait_for(DESCRIPTION)
    dana.fill(DESCRIPTION, "x" * 3000)
    find_times(dana)
    pick(dana)

    assert len(dana.client.top.definition["private_metadata"]) == 32


def test_two_rooms_cannot_be_named_alike(desk):
    """6c. Two rooms of one name could not be told apart (B77)."""
    dana = desk.dana
    for name in ("Oslo", "oslo "):
        dana.open_home()
        dana.press("Add room")
        dana.wait_for("Room name")
        dana.fill("Room name", name)
        dana.press("Add room")
        if name == "Oslo":
            dana.wait_for("an account of the room's own")
            dana.close()
            dana.leave_home()

    assert dana.wait_for("There is a room with this name already.").errors == {
        "Room name": "There is a room with this name already."
    }


def test_a_card_whose_channel_is_gone_goes_to_the_rep(desk):
    """N3. An archived announce channel must not swallow the card (B72)."""
    channel = desk.workspace.workspace.channel_named("sales")
    channel.is_archived = True
    try:
        desk.book("archived@acme.example Archie 30m Archive talk")
        told = desk.dana.wait_for_message("could not be posted", "dm")
    finally:
        channel.is_archived = False

    assert "Archive talk" in told


# --- the table itself ---


def test_every_number_of_the_list_is_in_the_table_with_an_outcome_or_a_reason():
    """2a. B1 to B57 and B70 to B78, each met, told elsewhere, or with the reason why no surface meets it."""
    rows = (*REFUSED, *KEPT, *TAMPERED, *ELSEWHERE, *NO_SURFACE)
    wanted = {f"B{n}" for n in (*range(1, 58), *range(70, 79))}

    assert wanted - {row.number for row in rows} == set()
    assert [row.number for row in NO_SURFACE if len(row.reason) < 30] == []


def test_the_stories_that_the_table_points_to_exist():
    """2a. A row may point to a story of its own."""
    here = Path(bad_inputs.__file__).parent
    missing = []
    for row in ELSEWHERE:
        file, _, name = row.story.partition("::")
        tree = ast.parse((here / file).read_text(encoding="utf-8"))
        if name not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}:
            missing.append(row.story)

    assert missing == []

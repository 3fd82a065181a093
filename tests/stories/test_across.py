"""What holds on every screen: zones, labels, scopes, the audit line."""

import json
import re

from tests.stories.conftest import ROOT, onward
from tests.stories.reading import (
    COMMAND,
    at,
    find_times,
    mails,
    minutes,
    pick,
    press_first,
    schedule,
    to_details,
    to_notifications,
    words_of,
)

CLOCK = re.compile(r"\b\d{2}:\d{2}\b")
ZONED = re.compile(r"\d{2}:\d{2}(–\d{2}:\d{2})?,? ?(\(\d+ minutes\))?( [A-Z]{3,4}\b| \(?UTC)")


def all_screens(desk):
    """A story past every screen of the flow, with a known zone, a conflict and an unread calendar; the raw views."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.calendar("U0PRIYA").add("Team sync", at(1, 10), at(1, 11))
    dana = desk.dana
    views = []

    def look():
        with desk.workspace.workspace.lock:
            views.append((json.loads(json.dumps(dana.surface().definition)), dana.screen()))

    dana.command("/schedule-for", f"{COMMAND} @priya")
    dana.wait_for("External participant name")
    look()
    dana.choose("Customer's time zone", "Chicago", search="chicago")
    onward(dana, "Continue", "Step 1: Set your meeting details")
    look()
    dana.press("Add description")
    dana.wait_for("Description")
    dana.fill("Description", "Bring the numbers")
    look()
    find_times(dana)
    look()
    pick(dana, r"^11:00")
    look()
    dana.press("Back")
    dana.wait_for("Step 2", "11:00 · 04:00 CST")
    look()
    dana.overflow("Show conflicts")
    dana.wait_for("Times with conflicts on Tue 1 Dec")
    look()
    press_first(dana, "Choose anyway", near="10:00–10:30")
    dana.wait_for("Confirm your meeting details")
    look()
    to_notifications(dana)
    look()
    schedule(dana)
    look()
    dana.close()
    dana.open_home()
    dana.wait_for("Pricing call")
    look()
    return views


def elements_of(view):
    for block in view["blocks"]:
        for element in (*block.get("elements", ()), block.get("element"), block.get("accessory")):
            if element is not None and element["type"] not in {"rich_text_section", "plain_text", "mrkdwn"}:
                yield block, element


def without_zone(screen):
    """Lines with a time that carries no zone, on a screen whose heading names none either."""
    if any(line.startswith("Your time: ") for line in screen.lines):
        return []
    return [line for line in screen.lines if CLOCK.search(line) and not ZONED.search(line)]


def without_words(view):
    """Controls that say nothing to somebody who cannot see them, or that say something by colour alone."""
    found = []
    for block, element in elements_of(view):
        words = element.get("text", {}).get("text") or block.get("label", {}).get("text")
        words = words or element.get("placeholder", {}).get("text") or element.get("options")
        spoken = element.get("accessibility_label", "")
        is_slot = element["action_id"].startswith("slot.")
        enough = bool(words) and (
            not is_slot or re.search(rf"^{re.escape(str(words))}.*, \w+day \d+ \w+ in [A-Z]+", spoken)
        )
        if words == "Choose anyway":
            enough = re.search(r"\d\d:\d\d CET", spoken)
        if element.get("style"):
            enough = re.search(r"your choice|Schedule on behalf|Show the conflicts of", f"{spoken} {words}")
        says_what_is_seen = not spoken or str(words).strip("◀▶ ") in spoken  # so does who speaks to the computer
        if not enough or not says_what_is_seen:
            found.append(element)
    return found


def test_every_time_has_its_zone_every_control_its_words_and_colour_is_never_alone(desk):
    """X1, X2. Each time shown has its zone, on it or in its screen's heading; labels on every control."""
    views = all_screens(desk)

    assert [line for _, screen in views for line in without_zone(screen)] == []
    assert [element for view, _ in views for element in without_words(view)] == []
    for mail in desk.mailbox.wait_for(3, 15):
        for span in re.findall(r"For .+?: (\d\d:\d\d.*)", words_of(mail.message)):
            assert "UTC" in span
    for user in ("U0DANA", "U0PRIYA"):
        (when,) = [ln for ln in desk.rep(user).wait_for_message("Pricing call").lines if ln.startswith("When")]
        assert re.fullmatch(r"When  .+ (CET|IST) · .+ CST for the customer", when)


def test_the_story_needs_no_scope_that_reads_channels(desk):
    """X4. Least scopes: no channel history; every call the story made is covered by what the manifest asks for."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.dana.open_home()
    desk.book(f"{COMMAND} @priya", slot=r"^11:00")
    mails(desk, 3)
    desk.dana.wait_for_message("Pricing call", "sales")

    scopes = json.loads((ROOT / "manifest.json").read_text())["oauth_config"]["scopes"]["bot"]
    called = {call.method for call in desk.workspace.workspace.calls}
    assert sorted(scopes) == ["chat:write", "commands", "users:read", "users:read.email"]
    assert called <= {
        "apps.connections.open",
        "chat.postMessage",
        "users.info",
        "users.lookupByEmail",
        "views.open",
        "views.publish",
        "views.update",
    }


def test_each_booking_leaves_a_line_of_who_booked_when_and_with_which_overrides(desk):
    """X5. An audit line: who booked whom, when, with which overrides."""
    desk.connect("U0DANA", "U0PRIYA")
    desk.calendar("U0PRIYA").add("Team sync", at(1, 10), at(1, 10) + minutes(30))
    desk.book(f"{COMMAND} @priya", slot=r"^11:00").close()
    dana = to_details(desk, "other@acme.example Other 30m Demo @priya")
    find_times(dana)
    dana.overflow("Show conflicts")
    dana.wait_for("Times with conflicts on Mon 30 Nov")
    dana.press("Tue 1 Dec")
    dana.wait_for("Priya Nair: Team sync")
    press_first(dana, "Choose anyway", near="Team sync")
    dana.wait_for("Confirm your meeting details")
    to_notifications(dana)
    schedule(dana)

    facts = {"act": "book", "members": ["U0DANA", "U0PRIYA"]}
    first = {"customer": "buyer@acme.example", "start": "2026-11-30T10:00:00+00:00", "overrides": []}
    second = {"customer": "other@acme.example", "overrides": ["Priya Nair: Team sync"]}
    assert desk.audit("U0DANA") == [
        ("U0DANA", facts | first),
        ("U0DANA", facts | second | {"start": "2026-12-01T09:00:00+00:00"}),
    ]

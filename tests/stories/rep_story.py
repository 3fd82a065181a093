"""A rep's moves on a stage whose app is a process of its own."""

from urllib.parse import urlsplit

from sandbox.nearby import request
from sandbox.stage import Stage
from sandbox.workspace.scripted_rep import ScriptedRep
from tests.stories.conftest import onward

COMMAND = "buyer@acme.example Acme Buyer 30m Pricing call"


def connect(stage: Stage, rep: ScriptedRep, user: str) -> None:
    """From the first screen's link to a connected calendar, as a browser would."""
    rep.command("/schedule-for")
    screen = rep.wait_for("Connect a calendar")
    address = next(c for c in screen.controls if c.words == "Other CalDAV").element["url"]
    fields = {"server": stage.calendars.url_of(user), "user_name": user, "password": stage.calendars.users[user]}
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    request("POST", address, data=fields, headers={"Origin": origin}).raise_for_status()
    rep.close()


def to_schedule(rep: ScriptedRep, text: str = COMMAND, slot: str = r"^\d\d:\d\d") -> None:
    """Everything before the last click."""
    rep.command("/schedule-for", text)
    rep.wait_for("External participant name")
    onward(rep, "Continue", "Step 1: Set your meeting details")
    onward(rep, "Find times", "Step 2: Select an available time slot")
    rep.wait_until_gone("Looking at")
    rep.press_matching(slot)
    rep.wait_for("Confirm your meeting details")
    onward(rep, "Next", "Step 3: External participant notifications")

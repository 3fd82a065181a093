"""`python app.py sandbox --story`: the product on this computer, played by a scripted rep in the terminal.

Dana, a sales rep, has a customer on the line. Everything is real but the people: the app runs as a process of its own,
Radicale keeps the calendars, mails go over SMTP, and the local workspace holds the app to Slack's published limits.
"""

import json
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.calendar_app import CalendarApp
from sandbox.calendar_server import CalendarServerFailed, is_installed
from sandbox.nearby import request
from sandbox.stage import HERE, AppDidNotStart, Stage
from sandbox.workspace.scripted_rep import ScriptedRep

COMMAND, TEXT = "/schedule-for", "buyer@acme.example Acme Buyer 30m Pricing call @priya"
BERLIN = ZoneInfo("Europe/Berlin")
MAILS = 3


def main() -> None:
    """Play the story once and stop; exit code 1 when it does not end as told."""
    if not is_installed():
        print("Radicale is missing: install requirements/sandbox.txt, or run this through `make try`.")
        raise SystemExit(1)
    began = time.monotonic()
    folder = HERE / ".sandbox" / "story"
    shutil.rmtree(folder, ignore_errors=True)
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    try:
        with Stage.start(folder, manifest) as stage:
            app = stage.run_app()
            print(f"Ready in {time.monotonic() - began:.1f} s. Nothing leaves this computer.")
            print(f"  the app     {app.url}")
            print(f"  workspace   {stage.workspace.url}   (a local stand-in; not affiliated with Slack)")
            print(f"  calendars   {stage.calendars.url}")
            print(f"  mail        {stage.mailbox.url}")
            play(stage)
    except (CalendarServerFailed, AppDidNotStart) as failed:
        print(failed, file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("\nStopped.")
        raise SystemExit(130) from None


def play(stage: Stage) -> None:
    """The rep's story, printed screen by screen."""
    fill_calendars(stage)
    dana = stage.workspace.rep("U0DANA")
    step("Priya and Dana each connect a calendar, on the app's own page, once")
    connect(stage, stage.workspace.rep("U0PRIYA"), "priya")
    dana.command(COMMAND)
    print(dana.wait_for("External participant name"))
    connect(stage, dana, "dana", is_open=True)

    before = dana.clicks
    step(f"A customer is on the line. Dana types  {COMMAND} {TEXT}")
    dana.command(COMMAND, TEXT)
    print(dana.wait_for("External participant name"))
    step("Click 1: Continue")
    dana.press("Continue")
    print(dana.wait_for("Step 1: Set your meeting details"))
    step("Click 2: Find times. What is busy in Dana's or Priya's calendar is not offered")
    dana.press("Find times")
    dana.wait_for("Step 2: Select an available time slot")
    dana.wait_for("Morning")
    print(dana.screen())
    slot = dana.press_matching(r"^\d\d:\d\d")
    step(f"Click 3: the slot {slot}")
    print(dana.wait_for("Confirm your meeting details"))
    step("Click 4: Next")
    dana.press("Next")
    print(dana.wait_for("Step 3: External participant notifications"))
    step("Click 5: Schedule")
    dana.press("Schedule")
    print(dana.wait_for("Tracking ID", timeout=30))
    clicks = dana.clicks - before

    show_results(stage, dana)
    dana.press("Done")
    print(f"\n{clicks} clicks from the command to the meeting.")
    if stage.workspace.workspace.refusals:
        print("The workspace refused something:", *stage.workspace.workspace.refusals, sep="\n  ")
        raise SystemExit(1)
    print("Stopping. To run it with your own Slack, see README.md.")


def show_results(stage: Stage, dana: ScriptedRep) -> None:
    """The event, the mails and the notices."""
    step("The event, as Dana's calendar server stores it")
    (event,) = CalendarApp.of(stage.calendars, "dana").titled("Pricing call")
    print(indented(event))
    for number, mail in enumerate(stage.mailbox.wait_for(MAILS, 15), 1):
        step(f"Mail {number} of {MAILS}, to {', '.join(mail.recipients)}")
        for name in ("From", "Reply-To", "Subject"):
            if mail.message[name]:
                print(f"    {name}: {mail.message[name]}")
        body = mail.message.get_body(("plain",))
        print()
        print(indented(body.get_content() if body else ""))
        print(f"    [parts: {', '.join(part.get_content_type() for part in mail.message.walk())}]")
    step("The notice in #sales")
    print(indented(str(dana.wait_for_message("Pricing call", "sales", timeout=15))))
    step("Priya's direct message")
    priya = stage.workspace.rep("U0PRIYA")
    print(indented(str(priya.wait_for_message("Pricing call", timeout=15))))


def fill_calendars(stage: Stage) -> None:
    """A believable week, so that some times are visibly missing."""
    today = datetime.now(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    meetings = (
        ("dana", "Pipeline review", 9, 60),
        ("dana", "Lunch", 12, 60),
        ("dana", "Forecast call", 15, 90),
        ("priya", "Team sync", 10, 30),
    )
    for day in range(9):
        for user, title, hour, minutes in meetings:
            start = (today + timedelta(days=day)).replace(hour=hour)
            CalendarApp.of(stage.calendars, user).add(
                title, start.astimezone(UTC), (start + timedelta(minutes=minutes)).astimezone(UTC)
            )


def connect(stage: Stage, person: ScriptedRep, user: str, *, is_open: bool = False) -> None:
    """Follow the person's own link from the first screen and sign in on the app's page, as a browser would."""
    if not is_open:
        person.command(COMMAND)
    button = next(c for c in person.wait_for("Other CalDAV").controls if c.words == "Other CalDAV")
    address = button.element["url"]
    fields = {
        "server": stage.calendars.url_of(user),
        "user_name": user,
        "password": stage.calendars.users[user],
    }
    origin = address.split("/connect/")[0]
    request("GET", address).raise_for_status()
    answer = request("POST", address, data=fields, headers={"Origin": origin})
    answer.raise_for_status()
    print(f"    {user} connects {fields['server']} as {user}: the page answers {answer.status_code}")
    person.close()


def step(words: str) -> None:
    """A heading between screens."""
    print(f"\n── {words}\n")


def indented(text: str) -> str:
    """Printed a little to the right, so that it reads as shown rather than said."""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())

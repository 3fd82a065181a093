"""What stories read on screens, in mails and in calendars."""

from datetime import datetime, timedelta
from email.message import EmailMessage

from icalendar import Calendar
from icalendar.cal import Component

from sandbox.mailbox import Received
from sandbox.workspace.screens import ScreenText
from sandbox.workspace.scripted_rep import ScriptedRep
from tests.stories.conftest import BERLIN, Desk, onward

COMMAND = "buyer@acme.example Acme Buyer 30m Pricing call"
BUYER, DANA, PRIYA = "buyer@acme.example", "dana@demo.example", "priya@demo.example"


def at(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    """A moment of December 2026 on Berlin's clock."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


# --- screens ---


def starts_on(screen: ScreenText, day: str) -> list[str]:
    """The words of the slot buttons under the heading `Tue 1 Dec`, in order; conflicts are not among them."""
    found: list[str] = []
    here = False
    for line in screen.lines:
        if line.startswith("Times with conflicts"):
            break
        if line[:3] in {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} and line[3] == " ":
            here = line == day
        elif here and line.startswith("[ ") and line[2:4].isdecimal():
            found.append(line.strip("[ ]"))
    return found


def days_on(screen: ScreenText) -> list[str]:
    """The headings of the days that have slots or conflicts."""
    return [line for line in screen.lines if line[:4] in {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "}]


def rows_with(screen: ScreenText, mark: str) -> list[str]:
    """The lines that begin with this sign."""
    return [line for line in screen.lines if line.startswith(mark)]


def press_first(rep: ScriptedRep, words: str, near: str) -> None:
    """Press the first of several buttons with the same words that stand by this text."""
    rep.press_matching(f"^{words}$", near)


# --- the way there ---


def to_details(desk: Desk, text: str = COMMAND, rep: ScriptedRep | None = None) -> ScriptedRep:
    person = rep or desk.dana
    person.command("/schedule-for", text)
    person.wait_for("External participant name")
    onward(person, "Continue", "Step 1: Set your meeting details")
    return person


def find_times(rep: ScriptedRep) -> ScreenText:
    onward(rep, "Find times", "Step 2: Select an available time slot")
    return rep.wait_until_gone("Looking at", timeout=15)


def pick(rep: ScriptedRep, slot: str = r"^\d\d:\d\d", near: str = "") -> ScreenText:
    rep.press_matching(slot, near)
    return rep.wait_for("Confirm your meeting details")


def to_notifications(rep: ScriptedRep) -> ScreenText:
    return onward(rep, "Next", "Step 3: External participant notifications")


def schedule(rep: ScriptedRep) -> ScreenText:
    return onward(rep, "Schedule", "Tracking ID")


# --- mails and calendars ---


def mails(desk: Desk, count: int) -> dict[str, list[Received]]:
    """All mails by recipient, once there are at least `count`."""
    found: dict[str, list[Received]] = {}
    for mail in desk.mailbox.wait_for(count, 15):
        for recipient in mail.recipients:
            found.setdefault(recipient, []).append(mail)
    return found


def words_of(message: EmailMessage) -> str:
    """The plain text of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def everything_in(mail: Received) -> str:
    """Every part of a mail, decoded: what a reader could find in it by any means."""
    parts = [part for part in mail.message.walk() if not part.is_multipart()]
    texts = [part.get_payload(decode=True).decode(errors="replace") for part in parts]
    unfolded = [text.replace("\r\n ", "").replace("\n ", "") for text in texts]
    return "\n".join([str(mail.message["Subject"]), *texts, *unfolded])


def calendar_parts(mail: Received) -> list[Component]:
    """The calendars in a mail that mail programs act on."""
    return [
        Calendar.from_ical(part.get_payload(decode=True))
        for part in mail.message.walk()
        if part.get_content_type() == "text/calendar"
    ]


def invitation(mail: Received) -> Component:
    """The one event that a mail invites to."""
    (calendar,) = calendar_parts(mail)
    assert str(calendar["method"]) == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    return event


def stored_event(desk: Desk, user_id: str, title: str = "Pricing call") -> Component:
    """The one event of this title in somebody's calendar."""
    (text,) = desk.calendar(user_id).titled(title)
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event

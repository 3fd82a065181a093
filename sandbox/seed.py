"""What is there when one starts to try: believable weeks, connected calendars, and a channel in which people talk.

Everybody is made up. Times are on each person's own clock, so that working hours meet and miss as they do in life.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx2
from icalendar import Calendar, Event

from sandbox.calendar_server import CalendarServer
from sandbox.nearby import client, request
from sandbox.workspace.records import Message
from sandbox.workspace.scripted_rep import ScriptedRep
from sandbox.workspace.server import LocalWorkspace
from sandbox.workspace.state import Workspace

WEEKS = range(-1, 6)
"""Filled from the start, in weeks from now; after a jump of the clock its week and MORE_WEEKS further ones."""

MORE_WEEKS = 3
SEEDED = "-seeded.ics"
"""How the address of every event made here ends: whatever has another was put in by somebody."""
CONNECTED = {"U0DANA": "dana", "U0PRIYA": "priya", "U0SAM": "sam"}
"""Noa stays unconnected: a colleague whose calendar nobody can see is unknown, never free."""
ROOMS = {"lisbon": "Lisbon", "nairobi": "Nairobi"}
"""Meeting rooms in Dana's office: the account of each, and its name. An account's password is its name."""
ROOMS_ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Habit:
    """A meeting of every week. `days` counts from Monday as 0; `every` 2 means every other week."""

    title: str
    days: tuple[int, ...]
    at: str
    minutes: int
    private: bool = False
    every: int = 1


@dataclass(frozen=True, slots=True)
class WholeDay:
    """A day, in weeks from now; `free` days are notes that block nobody."""

    title: str
    week: int
    day: int
    free: bool = False
    days: int = 1


WEEKLY = {
    "dana": (
        Habit("Pipeline review", (0,), "09:30", 60),
        Habit("Lunch", (0, 1, 2, 3, 4), "12:15", 45),
        Habit("Demo: Northwind Traders", (1,), "14:00", 60),
        Habit("1:1 with Sam", (2,), "10:00", 30),
        Habit("Proposal work (focus)", (2,), "13:30", 120),
        Habit("Forecast call", (3,), "15:00", 90),
        Habit("Renewal: Blue Harbor", (4,), "09:00", 45, every=2),
        Habit("Physiotherapy", (4,), "15:30", 60, private=True),
    ),
    "priya": (
        Habit("Stand-up", (0, 1, 2, 3, 4), "14:00", 15),
        Habit("Architecture review", (1,), "15:30", 60),
        Habit("Onboarding: Brightside Clinics", (2,), "14:30", 60),
        Habit("School run", (0, 3), "16:30", 30, private=True),
        Habit("Interview panel", (3,), "13:30", 60, every=2),
        Habit("Release planning", (4,), "15:00", 60),
    ),
    "sam": (
        Habit("Team sync", (0,), "10:00", 45),
        Habit("Gym", (1, 3), "12:00", 60, private=True),
        Habit("1:1 with Dana", (2,), "09:00", 30),
        Habit("Security questionnaire: Acme", (3,), "14:00", 60),
        Habit("Partner call", (4,), "11:00", 60),
    ),
    "noa": (
        Habit("Team sync", (0,), "09:15", 45),
        Habit("Design critique", (2,), "13:00", 60),
        Habit("Customer council", (4,), "11:00", 90, every=2),
    ),
    "lisbon": (
        Habit("Hiring interviews", (1, 3), "10:00", 90),
        Habit("Pipeline review", (0,), "09:30", 60),
        Habit("Board preparation", (2,), "14:00", 120, private=True, every=2),
    ),
    "nairobi": (
        Habit("Support hand-over", (0, 1, 2, 3, 4), "09:00", 30),
        Habit("Training: new colleagues", (1,), "13:00", 180),
        Habit("Partner call", (4,), "12:00", 60),
    ),
}
WHOLE_DAYS = {
    "dana": (WholeDay("Quarter starts", 1, 0, free=True), WholeDay("Trade fair Cologne", 3, 2, days=2)),
    "priya": (WholeDay("Out of office: public holiday", 1, 4),),
    "sam": (WholeDay("Noa in London", 1, 1, free=True), WholeDay("Moving house", 2, 0)),
    "noa": (WholeDay("Out of office", 0, 4),),
    "lisbon": (),
    "nairobi": (WholeDay("Painters", 2, 3),),
}


def fill_calendars(server: CalendarServer, workspace: Workspace) -> None:
    """The weeks of everybody and of the rooms around today, one request each."""
    for user in server.users:
        calendar = weeks_of(user, zone_of(workspace, user), workspace.clock())
        request(
            "PUT",
            server.calendar_of(user),
            content=calendar.to_ical(),
            headers={"Content-Type": "text/calendar; charset=utf-8"},
            auth=(user, server.users[user]),
        ).raise_for_status()


def zone_of(workspace: Workspace, user: str) -> ZoneInfo:
    """Whose clock a calendar account goes by: a person's own, or the office's."""
    zones = {person.name: person.tz for person in workspace.people.values()} | dict.fromkeys(ROOMS, ROOMS_ZONE)
    return ZoneInfo(zones[user])


def weeks_of(user: str, zone: ZoneInfo, now: datetime) -> Calendar:
    """One person's calendar."""
    meetings = (
        (title, start, end, {"class": "PRIVATE"} if private else {})
        for title, start, end, private in meetings_of(user, zone, now)
    )
    return _calendar(_event(user, now, *wanted) for wanted in (*meetings, *_whole_days(user, _monday(now, zone))))


def fill_further_weeks(server: CalendarServer, workspace: Workspace, filled_until: date) -> date:
    """After a jump: everybody's weeks ahead that begin after `filled_until`, rooms too; answers the new last Monday.

    Event by event, so that what is there keeps its address. Raises httpx2.HTTPError.
    """
    zones = {user: zone_of(workspace, user) for user in server.users}
    now = workspace.clock()

    def fill(user: str) -> None:
        login, weeks = (user, server.users[user]), range(MORE_WEEKS + 1)
        with client(auth=login) as calling:
            for title, start, end, private in meetings_of(user, zones[user], now, weeks):
                if _monday(start, zones[user]) <= filled_until:
                    continue
                event = _event(user, now, title, start, end, {"class": "PRIVATE"} if private else {})
                url = f"{server.calendar_of(user)}{event['uid']}.ics"
                headers = {"Content-Type": "text/calendar; charset=utf-8"}
                calling.put(url, content=_calendar([event]).to_ical(), headers=headers).raise_for_status()

    with ThreadPoolExecutor(len(zones)) as people:
        for done in [people.submit(fill, user) for user in zones]:
            done.result()
    return max(filled_until, *(_monday(now, zone) + timedelta(weeks=MORE_WEEKS) for zone in zones.values()))


def last_filled(workspace: Workspace) -> date:
    """The Monday of the last week that `fill_calendars` fills for everybody."""
    return min(_monday(workspace.clock(), ZoneInfo(p.tz)) for p in workspace.people.values()) + timedelta(
        weeks=WEEKS[-1]
    )


def _monday(moment: datetime, zone: ZoneInfo) -> date:
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def _calendar(events: Iterable[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//demo calendar app//EN")
    calendar.add("version", "2.0")
    for event in events:
        calendar.add_component(event)
    return calendar


def _event(
    user: str, now: datetime, title: str, start: date | datetime, end: date | datetime, extra: Mapping[str, str]
) -> Event:
    event = Event()
    uid = hashlib.sha256(f"{user} {title} {start}".encode()).hexdigest()[:32] + SEEDED.removesuffix(".ics")
    event.add("uid", uid)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", title)
    for name, value in extra.items():
        event.add(name, value)
    return event


Wanted = tuple[str, date | datetime, date | datetime, dict[str, str]]


def meetings_of(
    user: str, zone: ZoneInfo, now: datetime, weeks: range = WEEKS
) -> Iterator[tuple[str, datetime, datetime, bool]]:
    """Title, start and end in UTC, and whether it is private: one person's habits in `weeks` from `now`'s."""
    monday = _monday(now, zone)
    for week in weeks:
        for habit in WEEKLY[user]:
            if (monday.toordinal() // 7 + week) % habit.every:
                continue
            for day in habit.days:
                local = datetime.combine(monday + timedelta(weeks=week, days=day), time.fromisoformat(habit.at), zone)
                start = local.astimezone(UTC)
                yield habit.title, start, start + timedelta(minutes=habit.minutes), habit.private


def _whole_days(user: str, monday: date) -> Iterator[Wanted]:
    for entry in WHOLE_DAYS[user]:
        first = monday + timedelta(weeks=entry.week, days=entry.day)
        extra = {"transp": "TRANSPARENT" if entry.free else "OPAQUE"}
        yield entry.title, first, first + timedelta(days=entry.days), extra


def talk(workspace: Workspace) -> None:
    """A few messages, among them a lead from which the form can be opened."""
    said = (
        ("general", "U0SAM", "Good morning all. The new price list is in the shared folder."),
        ("general", "U0NOA", "Thanks Sam! I am in New York until Friday, so ping me after 15:00 Berlin time."),
        ("sales", "U0NOA", "Northwind signed. Thanks for the quick demo, Dana."),
        ("sales", "U0SAM", "New lead from the web form: *Acme Buyer*, buyer@acme.example, 30 minutes on pricing."),
    )
    with workspace.changing():
        for channel, user, text in said:
            message = Message(workspace.next_ts(), workspace.channel_named(channel).id, user, text)
            workspace.messages[message.channel].append(message)
        answer = "I can join that one, mornings Berlin time suit me best."
        workspace.messages[message.channel].append(
            Message(workspace.next_ts(), message.channel, "U0PRIYA", answer, thread_ts=message.ts)
        )


def connect_calendars(local: LocalWorkspace, calendars: CalendarServer, address: str) -> None:
    """Everybody but Noa connects, as people do: by the link on their first screen, on the app's own page.

    `address` is where the app reaches the calendar server. Raises RuntimeError where the page does not say yes.
    """
    with ThreadPoolExecutor(len(CONNECTED)) as people:
        tries = [
            people.submit(_connect, local.rep(user_id), user, calendars.users[user], f"{address}/{user}/")
            for user_id, user in CONNECTED.items()
        ]
        for each in tries:
            each.result()


def add_rooms(local: LocalWorkspace, calendars: CalendarServer, address: str) -> None:
    """Dana, who looks after the workspace, adds the rooms on App Home, each with its own account; as above."""
    dana = local.rep("U0DANA")
    dana.open_home()
    for user, name in ROOMS.items():
        dana.press("Add room")
        dana.wait_for("Room name")
        dana.fill("Room name", name)
        dana.press("Add room")
        dana.wait_for("an account of the room's own")
        _sign_in(dana, user, calendars.users[user], f"{address}/{user}/")
    dana.leave_home()


def _connect(person: ScriptedRep, user: str, password: str, server: str) -> None:
    person.command("/schedule-for")
    _sign_in(person, user, password, server)


def _sign_in(person: ScriptedRep, user: str, password: str, server: str) -> None:
    """By the link on the screen, which is closed then."""
    button = next(c for c in person.wait_for("Other CalDAV").controls if c.words == "Other CalDAV")
    address = str(button.element["url"])
    fields = {"server": server, "user_name": user, "password": password}
    headers = {"Origin": address.split("/connect/", maxsplit=1)[0]}
    answer = request("POST", address, data=fields, headers=headers)
    if answer.status_code != httpx2.codes.OK:
        raise RuntimeError(f"{user} could not connect a calendar: the page answered {answer.status_code}")
    person.close()

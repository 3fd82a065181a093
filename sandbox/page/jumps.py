"""The clock control: what time it is in the try-out, and the jumps ahead that the page offers."""

import threading
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.calendar_server import CalendarServer
from sandbox.clock import MovableClock
from sandbox.seed import fill_further_weeks, last_filled
from sandbox.workspace.state import Workspace

Json = dict[str, Any]
STEPS = {
    "minutes": ("10 minutes later", timedelta(minutes=10)),
    "hour": ("An hour later", timedelta(hours=1)),
    "day": ("A day later", timedelta(days=1)),
    "week": ("A week later", timedelta(weeks=1)),
}
CHANGE = "change"
DAYS_BEFORE_A_CHANGE = 2
"""Clocks change on Sundays: on the Friday before, both weeks are worth a look."""


class Jumps:
    """Sets the clock ahead, and lets people's habits go on in the weeks that it leads to."""

    def __init__(self, clock: MovableClock, workspace: Workspace, calendars: CalendarServer) -> None:
        self._clock = clock
        self._workspace = workspace
        self._calendars = calendars
        self._filled_until = last_filled(workspace)
        self._one = threading.Lock()

    def jump(self, name: str, user_id: str) -> None:
        """Take one of the steps on offer for this person.

        Raises KeyError for an unknown one, ValueError where it leads too far, httpx2.HTTPError where the calendar
        server does not answer: then the clock has jumped, and the weeks stay empty.
        """
        with self._one:
            now = self._clock()
            by = before_change(now, self._workspace.zone_of(user_id)) - now if name == CHANGE else STEPS[name][1]
            self._clock.jump(by)
            with self._workspace.changing():
                pass  # wakes whoever shows the time
            self._filled_until = fill_further_weeks(self._calendars, self._workspace, self._filled_until)

    def seen(self, user_id: str) -> Json:
        """What the page shows one person."""
        now, zone = self._clock(), self._workspace.zone_of(user_id)
        here = now.astimezone(zone)
        steps = [{"name": name, "label": label} for name, (label, _) in STEPS.items()]
        friday = before_change(now, zone)
        if friday > now:
            steps.append({"name": CHANGE, "label": f"To {friday:%a %d %b %Y}, before the clocks change"})
        ahead = round(self._clock.ahead.total_seconds() / 60)
        return {"now": f"{here:%a %d %b, %H:%M %Z}", "today": f"{here:%Y-%m-%d}", "ahead": ahead_words(ahead)} | {
            "steps": steps
        }


def before_change(now: datetime, zone: ZoneInfo) -> datetime:
    """09:00 on the Friday before the zone's next clock change; `now` where none comes within a year."""
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=n) for n in range(DAYS_BEFORE_A_CHANGE + 1, 366))
    found = next((day for day in days if _offset(day, zone) != _offset(day + timedelta(days=1), zone)), None)
    if found is None:
        return now
    return datetime.combine(found - timedelta(days=DAYS_BEFORE_A_CHANGE), time(9), zone)


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime.combine(day, time(), zone).utcoffset()


def ahead_words(minutes: int) -> str:
    """`1 d 2 h 10 min`; empty where the clock is right."""
    days, rest = divmod(minutes, 24 * 60)
    parts = ((days, "d"), (rest // 60, "h"), (rest % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)

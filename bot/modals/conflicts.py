"""Starts with something in their way, one day at a time, on the times screen."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from bot.modals.blocks import Block, actions, button, fit, heading, section
from bot.modals.slots import by_day, value_of
from bot.words import day_words
from scheduling.domain import Obstacle, ObstacleKind, Slot
from scheduling.zones import abbreviation, local

DAY, ANYWAY = "times.day", "times.anyway"
UNREAD = "a colleague's calendar could not be read"
MOST_DAYS = 25
MOST_ROWS = 48
"""Of one day at once; whoever wants the rest presses the button below."""
MOST_OBSTACLES = 3
"""Named for one start; a view may have 250 KB."""


def wanted(conflicts: Sequence[Slot], all_of_them: bool) -> list[Slot]:
    """All when asked for; without asking, those that stand only for calendars that could not be read (P3)."""
    return [slot for slot in conflicts if all_of_them or all(o.kind is ObstacleKind.UNKNOWN for o in slot.obstacles)]


def build(
    conflicts: Sequence[Slot], zone: str, day: date | None, since: datetime | None = None, most: int = MOST_ROWS
) -> list[Block]:
    """A button per day, and for the shown day a section with its own button for each start, from `since` on."""
    days = by_day(conflicts, zone)
    if not days:
        return []
    shown = day if day in days else next(iter(days))
    choices = [
        button(
            f"{DAY}.{each.isoformat()}",
            day_words(each),
            each.isoformat(),
            label=f"Show the conflicts of {day_words(each)}",
            style="primary" if each == shown else None,
        )
        for each in days
    ]
    starts = [slot for slot in days[shown] if since is None or slot.start >= since]
    twice = {clock for clock, times in Counter(_clock(slot.start, zone) for slot in days[shown]).items() if times > 1}
    rows = [
        section(
            conflict_words(slot, zone, with_zone=_clock(slot.start, zone) in twice),
            button(ANYWAY, "Choose anyway", value_of(slot.start), label=_anyway_label(slot, zone)),
        )
        for slot in starts[:most]
    ]
    rest = [_later_that_day(shown, starts[most], zone)] if len(starts) > most else []
    title = f"Times with conflicts on {day_words(shown)}"
    return [heading(title), actions("times.days", choices[:MOST_DAYS]), *rows, *rest]


def _later_that_day(day: date, first: Slot, zone: str) -> Block:
    words = f"From {_clock(first.start, zone)} on ▶"
    value = f"{day.isoformat()} {value_of(first.start)}"
    more = button(
        f"{DAY}.{day.isoformat()}-{value_of(first.start)}",
        words,
        value,
        label=f"Show conflicts of {day_words(day)} {words}",
    )
    return actions("times.days.more", [more])


def _clock(moment: datetime, zone: str) -> str:
    return f"{local(moment, zone):%H:%M}"


def _anyway_label(slot: Slot, zone: str) -> str:
    start = local(slot.start, zone)
    return f"Choose anyway: {day_words(start.date())} {start:%H:%M} {abbreviation(slot.start, zone)}"


def conflict_words(slot: Slot, zone: str, *, with_zone: bool = False) -> str:
    """`🟠 10:00–10:30 · Sam: Team sync`, `❔ 10:00–10:30 CET · a colleague's calendar could not be read (Priya)`."""
    unknown = all(obstacle.kind is ObstacleKind.UNKNOWN for obstacle in slot.obstacles)
    span = f"{_clock(slot.interval.start, zone)}–{_clock(slot.interval.end, zone)}"
    if unknown or with_zone:
        span += f" {abbreviation(slot.start, zone)}"
    reasons = [obstacle_words(obstacle) for obstacle in slot.obstacles[:MOST_OBSTACLES]]
    if len(slot.obstacles) > MOST_OBSTACLES:
        reasons.append(f"and {len(slot.obstacles) - MOST_OBSTACLES} more")
    return f"{'❔' if unknown else '🟠'} {span} · {'; '.join(reasons)}"


def obstacle_words(obstacle: Obstacle) -> str:
    """Whose calendar stands in the way, and with what, as far as the rep may see it."""
    if obstacle.kind is ObstacleKind.UNKNOWN:
        return f"{UNREAD} ({fit(obstacle.name, 80)})"
    return f"{fit(obstacle.name, 80)}: {fit(obstacle.title or 'busy', 80)}"

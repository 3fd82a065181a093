"""Words about time, length and people, said the same way on every screen and in every message.

Knows no Slack. Every time that is put into words here carries its zone or stands under a heading that names it.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from scheduling.domain import Interval
from scheduling.zones import abbreviation, local, offset_words

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(day: date) -> str:
    """`Tue 24 Nov`."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def full_day_words(day: date) -> str:
    """`Tuesday 24 Nov 2026`."""
    return f"{_LONG_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def clock_words(moment: datetime, zone: str) -> str:
    """`15:00` on the wall clock of `zone`."""
    return f"{local(moment, zone):%H:%M}"


def city(zone: str) -> str:
    """`Chicago` of `America/Chicago`, `North Dakota, Center` of three parts."""
    return ", ".join(part.replace("_", " ") for part in zone.split("/")[1:]) or zone


def zone_words(moment: datetime, zone: str) -> str:
    """`Berlin (CET, UTC+1)`; the offset once where there are no letters."""
    letters, offset = abbreviation(moment, zone), offset_words(moment, zone)
    return f"{city(zone)} ({offset})" if letters == offset else f"{city(zone)} ({letters}, {offset})"


def span_words(interval: Interval, zone: str) -> str:
    """`Tue 24 Nov 15:00–15:30 CET`; an end on another day carries its day, one at another offset its own letters."""
    start, end = local(interval.start, zone), local(interval.end, zone)
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{day_words(end.date())} {end:%H:%M}"
    first, last = abbreviation(interval.start, zone), abbreviation(interval.end, zone)
    opening = f"{day_words(start.date())} {start:%H:%M}"
    return f"{opening}–{until} {first}" if first == last else f"{opening} {first}–{until} {last}"


def both_clocks(interval: Interval, zone: str, customer_zone: str | None) -> str:
    """`Tue 24 Nov 15:00–15:30 CET · 09:00–09:30 CST for the customer`."""
    mine = span_words(interval, zone)
    if customer_zone is None or customer_zone == zone:
        return mine
    theirs = span_words(interval, customer_zone)
    day = day_words(local(interval.start, zone).date())
    same_day = local(interval.start, zone).date() == local(interval.start, customer_zone).date()
    return f"{mine} · {theirs.removeprefix(day + ' ') if same_day else theirs} for the customer"


def minutes_words(minutes: int) -> str:
    return f"{minutes} min"


def interval_of(start: datetime, minutes: int) -> Interval:
    return Interval(start, start + timedelta(minutes=minutes))


def listed(names: Sequence[str]) -> str:
    """`Sam`, `Sam and Priya`, `Sam, Priya and Noa`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"

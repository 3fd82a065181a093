"""Slot buttons: a start as a button, in both clocks. Used by the times screen and by the alternatives of an outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.modals.blocks import MAX_BUTTONS, Block, actions, button
from bot.words import day_words, full_day_words
from scheduling.domain import Slot
from scheduling.zones import abbreviation, local

SLOT = "slot"
"""Slot buttons are called `slot.<epoch seconds>`: ids must differ within a block."""

FAR_FUTURE = 253_402_300_799


def start_of(value: str | None) -> datetime | None:
    """The start a button's value stands for; None for anything that is not a time."""
    if value is None or not value.isascii() or not value.isdecimal() or not 0 < int(value[:15]) < FAR_FUTURE:
        return None
    return datetime.fromtimestamp(int(value), UTC)


def picked(action: Mapping[str, Any]) -> datetime | None:
    """The start that a pressed slot button stands for; None where its value is not the one it was made with."""
    value = action.get("value")
    return start_of(value) if action.get("action_id") == f"{SLOT}.{value}" else None


def value_of(start: datetime) -> str:
    return str(int(start.timestamp()))


def by_day(slots: Iterable[Slot], zone: str) -> dict[date, list[Slot]]:
    days: dict[date, list[Slot]] = {}
    for slot in slots:
        days.setdefault(local(slot.start, zone).date(), []).append(slot)
    return days


def slot_buttons(
    block_id: str,
    slots: Sequence[Slot],
    zone: str,
    customer_zone: str | None,
    *,
    chosen: datetime | None = None,
    with_day: bool = False,
) -> list[Block]:
    """Actions blocks of at most 25 buttons each. A wall-clock time that comes twice that day names its offset."""
    repeated = Counter(f"{local(slot.start, zone):%d %H:%M}" for slot in slots)
    texts = [
        _text(slot.start, zone, customer_zone, with_day, repeated[f"{local(slot.start, zone):%d %H:%M}"] > 1)
        for slot in slots
    ]
    buttons = [
        button(
            f"{SLOT}.{value_of(slot.start)}",
            text,
            value_of(slot.start),
            label=_spoken(text, slot.start, zone, customer_zone, slot.start == chosen, with_day),
            style="primary" if slot.start == chosen else None,
        )
        for slot, text in zip(slots, texts, strict=True)
    ]
    parts = range(0, len(buttons), MAX_BUTTONS)
    return [actions(f"{block_id}.{at // MAX_BUTTONS}", buttons[at : at + MAX_BUTTONS]) for at in parts]


def _text(start: datetime, zone: str, customer_zone: str | None, with_day: bool, twice: bool) -> str:
    """`15:00 · 09:00 CST`, `15:00 · Mon 23:00 HST`, `15:00`: Slack shows about 30 signs."""
    mine = local(start, zone)
    text = f"{mine:%H:%M} {abbreviation(start, zone)}" if twice else f"{mine:%H:%M}"
    if with_day:
        text = f"{day_words(mine.date())} {text}"
    theirs = _theirs(start, zone, customer_zone)
    return f"{text} · {theirs}" if theirs else text


def _theirs(start: datetime, zone: str, customer_zone: str | None) -> str:
    if customer_zone is None or customer_zone == zone:
        return ""
    mine, theirs = local(start, zone), local(start, customer_zone)
    day = "" if mine.date() == theirs.date() else f"{day_words(theirs.date())[:3]} "
    return f"{day}{theirs:%H:%M} {abbreviation(start, customer_zone)}"


def _spoken(text: str, start: datetime, zone: str, customer_zone: str | None, is_chosen: bool, with_day: bool) -> str:
    """The whole sentence for a screen reader, within Slack's 75 signs.

    It begins with what is seen: who speaks to the computer says that to press the button (WCAG 2.5.3).
    """
    sentence = f"{text} for the customer" if _theirs(start, zone, customer_zone) else text
    if is_chosen:
        sentence += ", your choice"
    day = "" if with_day else f"{full_day_words(local(start, zone).date()).rpartition(' ')[0]} "
    return f"{sentence}, {day}in {abbreviation(start, zone)}"

"""Screen 3: the times at which everybody can, a week at a time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.modals import conflicts, connecting, week_notes
from bot.modals.blocks import (
    MAX_BLOCKS,
    Block,
    View,
    actions,
    alert,
    button,
    context,
    header,
    heading,
    modal,
    option,
    plain,
    resent,
    section,
)
from bot.modals.details import CUSTOM, PRESETS
from bot.modals.slots import by_day, slot_buttons
from bot.words import day_words, full_day_words, minutes_words, zone_words
from scheduling.domain import Connection, Draft, Form, Proposal, Screen, Slot
from scheduling.zones import local

CALLBACK = "times"
EARLIER, LATER, JUMP, BACK = "times.earlier", "times.later", "times.jump", "times.back"
MENU, SHOW, HIDE, SHOW_BUTTON = "times.menu", "show", "hide", "times.show_conflicts"
CHANGE_ZONE, CHANGE_LENGTH, ZONE, LENGTH = "zone", "length", "times.zone", "times.length"
AGAIN = "times.again"
HEADER = "Step 2: Select an available time slot"
NOON = time(12)
MOST_BYTES, BUTTON_BYTES = 235_000, 450
"""A view may have 250 KB, and a slot button takes up to 450 bytes."""

_FOOT = 3  # blocks kept for what follows the slots
_ZONES = "times.zones"


def loading(draft: Draft) -> View:
    count = len(draft.form.members) + len(draft.form.rooms)
    what = f"Looking at {count} calendars…" if count > 1 else "Looking at the calendar…"
    return modal(CALLBACK, draft.id, [header(HEADER), section(what), _buttons(button(BACK, "Back"))])


def trouble(draft: Draft, words: str) -> View:
    """The screen could not be drawn; everything typed is in the draft."""
    buttons = _buttons(button(AGAIN, "Try again"), button(BACK, "Back"))
    step = HEADER if draft.screen is Screen.TIMES else "That did not work"
    return modal(CALLBACK, draft.id, [alert(words, "error"), header(step), buttons])


def not_connected(draft: Draft, links: Mapping[str, str], broken: Sequence[Connection] = ()) -> View:
    """P1: no calendar of the rep's can be read. `broken` are those that no longer let us in."""
    words = "Connect a calendar first"
    if broken:
        words += f". {week_notes.shut_out_words(broken)}"
    offer = connecting.offer("times.connect", words, links)
    hint = context("Come back here afterwards; everything you typed stays.")
    buttons = _buttons(button(AGAIN, "Try again", label="Try again: look for times"), button(BACK, "Back"))
    return modal(CALLBACK, draft.id, [header(HEADER), *offer, hint, buttons])


def _buttons(*buttons: Block) -> Block:
    return actions("times.buttons", buttons)


def build(
    proposal: Proposal,
    draft: Draft,
    *,
    notice: str | None = None,
    conflict_day: date | None = None,
    conflicts_from: datetime | None = None,
    links: Mapping[str, str] | None = None,
) -> View:
    """The shown week. `conflict_day` is the day whose conflicting starts are listed; the first one by default.

    `links` connect a calendar that shut us out.
    """
    zone, form = proposal.zone, draft.form
    shown = conflicts.wanted(proposal.conflicts, form.show_conflicts)
    blocks = [
        *([alert(notice)] if notice else []),
        header(HEADER),
        section(_zones(proposal), _menu(form.show_conflicts), _ZONES),
        _navigation(proposal, draft),
        *_out_of_reach(proposal, form),
        *week_notes.shut_out(proposal.shut_out, links or {}),
        *week_notes.via_sharing(proposal.via_sharing),
        *week_notes.unread(proposal.unread),
    ]
    if proposal.unread:
        again = button(AGAIN, "Try again", label="Try again: read the calendars")
        blocks.append(actions("times.retry", [again, *week_notes.ask_buttons(proposal, draft)]))
    if not proposal.slots:
        blocks += _nothing(proposal, form.show_conflicts)
    listed = conflicts.build(shown, zone, conflict_day, conflicts_from)
    if form.show_conflicts and not listed:
        listed = [context("There are no times with conflicts in these days.")]
    bytes_left = MOST_BYTES - len(json.dumps([*blocks, *listed]))
    room = _Room(MAX_BLOCKS - _FOOT - len(blocks) - len(listed), bytes_left // BUTTON_BYTES)
    return modal(CALLBACK, draft.id, [*blocks, *_days(proposal, form.slot, room), *listed])


def with_picker(view: Mapping[str, Any], kind: str, draft: Draft, now: datetime) -> View:
    """The screen as it is, with a choice of the display zone or of the length below its menu; no calendar is read."""
    kept = [block for block in view.get("blocks", ()) if not str(block.get("block_id")).startswith("times.picker.")]
    at = next((n + 1 for n, block in enumerate(kept) if block.get("block_id") == _ZONES), 0)
    block_id = f"times.picker.{draft.revision}"
    if kind == CHANGE_ZONE:
        picker = section("Show the times in this time zone", _zone_picker(draft.form, now), block_id)
    else:
        picker = section("Meeting duration", _length_picker(draft.form), block_id)
    return resent(view, [*kept[:at], picker, *kept[at:]])


def _zone_picker(form: Form, now: datetime) -> Block:
    return {
        "type": "external_select",
        "action_id": ZONE,
        "placeholder": plain("City or time zone"),
        "min_query_length": 0,
        "initial_option": option(zone_words(now, form.zone), form.zone) if form.zone else None,
    }


def _length_picker(form: Form) -> Block:
    lengths = sorted({*PRESETS, form.minutes})
    options = [*(option(minutes_words(minutes), str(minutes)) for minutes in lengths), option("Custom…", CUSTOM)]
    return {
        "type": "static_select",
        "action_id": LENGTH,
        "options": options,
        "initial_option": next(each for each in options if each["value"] == str(form.minutes)),
    }


def _out_of_reach(proposal: Proposal, form: Form) -> list[Block]:
    """Why other days are shown than those jumped to."""
    if form.week_of is None:
        return []
    wanted = date.fromisoformat(form.week_of)
    first = local(proposal.week.start, proposal.grid_zone or proposal.zone).date()
    if wanted > first:
        return [
            context(f"{full_day_words(wanted)} is further ahead than meetings can be booked: these are the last days.")
        ]
    if first - wanted >= timedelta(days=7):  # Earlier may step a few days too far
        return [context(f"{full_day_words(wanted)} is over: these are the next days.")]
    return []


def _zones(proposal: Proposal) -> str:
    moment = proposal.week.start
    mine = f"Your time: {zone_words(moment, proposal.zone)}"
    if proposal.customer_zone is None:
        return mine
    return f"{mine} · customer: {zone_words(moment, proposal.customer_zone)}"


def _menu(conflicts_shown: bool) -> Block:
    entry = option("Hide conflicts", HIDE) if conflicts_shown else option("Show conflicts", SHOW)
    options = [entry, option("Change time zone", CHANGE_ZONE), option("Change duration", CHANGE_LENGTH)]
    return {"type": "overflow", "action_id": MENU, "options": options}


def _navigation(proposal: Proposal, draft: Draft) -> Block:
    """The block's id changes with the revision: otherwise a date jumped to earlier would stay on the picker."""
    first = local(proposal.week.start, _grid(proposal)).date()
    elements = []
    if proposal.has_earlier:
        target = (first - timedelta(days=7)).isoformat()
        elements.append(button(EARLIER, "◀ Earlier", target, label="Earlier: the week before"))
    if proposal.has_later:
        elements.append(_later(_after(proposal)))
    elements += [
        {"type": "datepicker", "action_id": JUMP, "placeholder": plain("Jump to date")},
        button(BACK, "Back", label="Back to the meeting details"),
    ]
    return actions(f"times.navigation.{draft.revision}", elements)


def _grid(proposal: Proposal) -> str:
    """Weeks are cut in the rep's own zone, whatever zone labels the times."""
    return proposal.grid_zone or proposal.zone


def _after(proposal: Proposal) -> date:
    return local(proposal.week.end, _grid(proposal)).date()


def _later(first: date) -> Block:
    return button(LATER, "Later ▶", first.isoformat(), label=f"Later: the days from {day_words(first)} on")


def _nothing(proposal: Proposal, conflicts_shown: bool) -> list[Block]:
    last = local(proposal.week.end - timedelta(seconds=1), _grid(proposal)).date()
    span = f"{day_words(local(proposal.week.start, _grid(proposal)).date())} to {day_words(last)}"
    buttons = []
    if proposal.conflicts and not conflicts_shown:
        buttons.append(button(SHOW_BUTTON, "Show conflicts", SHOW))
    if proposal.has_later:
        buttons.append(_later(_after(proposal)))
    return [week_notes.nothing(proposal, span), *([actions("times.nothing", buttons)] if buttons else [])]


@dataclass(frozen=True, slots=True)
class _Room:
    """What is left of a view."""

    blocks: int
    buttons: int


def _days(proposal: Proposal, chosen: datetime | None, room: _Room) -> list[Block]:
    """A heading per day, then morning and afternoon; a line for days without a time. What does not fit is said."""
    days = by_day(proposal.slots, proposal.zone)
    reasons = [(day, [line]) for day, line in week_notes.empty_days(proposal) if day not in days]
    parts = sorted([*reasons, *((day, _day(day, slots, proposal, chosen)) for day, slots in days.items())], key=_date)
    blocks: list[Block] = []
    buttons = 0
    for day, part in parts:
        buttons += len(days.get(day, ()))
        if len(blocks) + len(part) > room.blocks or buttons > room.buttons:
            return [*blocks, *_cut(day, days, proposal)]
        blocks += part
    return blocks


def _date(part: tuple[date, list[Block]]) -> date:
    return part[0]


def _cut(day: date, days: Mapping[date, Sequence[Slot]], proposal: Proposal) -> list[Block]:
    first = local(days[day][0].start, _grid(proposal)).date() if day in days else day
    words = f"There are more times than fit here. Press Later ▶ for {day_words(day)} and the days after it."
    return [context(words), actions("times.cut", [_later(first)])]


def _day(day: date, slots: Sequence[Slot], proposal: Proposal, chosen: datetime | None) -> list[Block]:
    blocks = [heading(day_words(day))]
    halves: dict[str, list[Slot]] = {}
    for slot in slots:
        half = "Morning" if local(slot.start, proposal.zone).time() < NOON else "Afternoon"
        halves.setdefault(half, []).append(slot)
    for half, starts in halves.items():
        block_id = f"times.{day.isoformat()}.{half.lower()}"
        blocks.append(context(half))
        blocks += slot_buttons(block_id, starts, proposal.zone, proposal.customer_zone, chosen=chosen)
    return blocks

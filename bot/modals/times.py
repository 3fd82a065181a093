"""Screen 3: the times at which everybody can, a week at a time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from bot.modals import connecting
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
    section,
)
from bot.modals.slots import by_day, slot_buttons, value_of
from bot.words import day_words, zone_words
from scheduling.domain import Draft, Obstacle, ObstacleKind, Proposal, Screen, Slot, Unread
from scheduling.zones import abbreviation, local

CALLBACK = "times"
EARLIER, LATER, JUMP, BACK = "times.earlier", "times.later", "times.jump", "times.back"
MENU, SHOW, HIDE, SHOW_BUTTON = "times.menu", "show", "hide", "times.show_conflicts"
DAY, ANYWAY, AGAIN = "times.day", "times.anyway", "times.again"
HEADER = "Step 2: Select an available time slot"
NOON = time(12)
MOST_BUTTONS = 450
"""A view may have 250 KB, and a slot button takes about 350 bytes."""

_FOOT = 6  # blocks kept for what follows the slots
_UNREAD = {
    "not_connected": "has not connected a calendar",
    "auth": "has a calendar that no longer lets us in",
    "deadline": "has a calendar that did not answer in time",
}


def loading(draft: Draft) -> View:
    count = len(draft.form.members)
    what = f"Looking at {count} calendars…" if count > 1 else "Looking at the calendar…"
    return modal(CALLBACK, draft.id, [header(HEADER), section(what), _buttons(button(BACK, "Back"))])


def trouble(draft: Draft, words: str) -> View:
    """The screen could not be drawn; everything typed is in the draft."""
    buttons = _buttons(button(AGAIN, "Try again"), button(BACK, "Back"))
    step = HEADER if draft.screen is Screen.TIMES else "That did not work"
    return modal(CALLBACK, draft.id, [alert(words, "error"), header(step), buttons])


def not_connected(draft: Draft, links: Mapping[str, str]) -> View:
    offer = connecting.offer("times.connect", "Connect a calendar first", links)
    hint = context("Come back here afterwards; everything you typed stays.")
    buttons = _buttons(button(AGAIN, "Try again", label="Look for times again"), button(BACK, "Back"))
    return modal(CALLBACK, draft.id, [header(HEADER), *offer, hint, buttons])


def _buttons(*buttons: Block) -> Block:
    return actions("times.buttons", buttons)


def build(proposal: Proposal, draft: Draft, *, notice: str | None = None, conflict_day: date | None = None) -> View:
    """The shown week. `conflict_day` is the day whose conflicting starts are listed; the first one by default."""
    zone, form = proposal.zone, draft.form
    shown = _shown_conflicts(proposal.conflicts, form.show_conflicts)
    blocks = [
        *([alert(notice)] if notice else []),
        header(HEADER),
        section(_zones(proposal), _menu(form.show_conflicts), "times.zones"),
        _navigation(proposal, draft),
    ]
    blocks += [block for unread in proposal.unread for block in _unread(unread)][:12]
    if proposal.unread:
        blocks.append(actions("times.retry", [button(AGAIN, "Try again", label="Read the calendars again")]))
    if not proposal.slots:
        blocks += _nothing(proposal, form.show_conflicts)
    conflicts = _conflicts(shown, zone, conflict_day)
    if form.show_conflicts and not conflicts:
        conflicts = [context("There are no times with conflicts in these days.")]
    blocks += _slots(proposal, form.slot, room=MAX_BLOCKS - _FOOT - len(blocks) - min(len(conflicts), 52))
    blocks += conflicts[: MAX_BLOCKS - len(blocks)]
    return modal(CALLBACK, draft.id, blocks)


def _zones(proposal: Proposal) -> str:
    moment = proposal.week.start
    mine = f"Your time: {zone_words(moment, proposal.zone)}"
    if proposal.customer_zone is None:
        return mine
    return f"{mine} · customer: {zone_words(moment, proposal.customer_zone)}"


def _menu(conflicts_shown: bool) -> Block:
    entry = option("Hide conflicts", HIDE) if conflicts_shown else option("Show conflicts", SHOW)
    return {"type": "overflow", "action_id": MENU, "options": [entry]}


def _navigation(proposal: Proposal, draft: Draft) -> Block:
    """The block's id changes with the revision: otherwise a date jumped to earlier would stay on the picker."""
    first = local(proposal.week.start, proposal.zone).date()
    after = local(proposal.week.end, proposal.zone).date()
    elements = []
    if proposal.has_earlier:
        target = (first - timedelta(days=7)).isoformat()
        elements.append(button(EARLIER, "◀ Earlier", target, label="Show the week before"))
    if proposal.has_later:
        elements.append(_later(after))
    elements += [
        {"type": "datepicker", "action_id": JUMP, "placeholder": plain("Jump to date")},
        button(BACK, "Back", label="Back to the meeting details"),
    ]
    return actions(f"times.navigation.{draft.revision}", elements)


def _later(after: date) -> Block:
    return button(LATER, "Later ▶", after.isoformat(), label="Show the week after")


def _unread(unread: Unread) -> list[Block]:
    why = _UNREAD.get(unread.why)
    if why is not None:
        return [context(f"{unread.name} {why}: {unread.name} is not checked.")]
    return [context(f"{unread.name}'s calendar could not be read: {unread.name} is not checked.")]


def _nothing(proposal: Proposal, conflicts_shown: bool) -> list[Block]:
    last = local(proposal.week.end - timedelta(seconds=1), proposal.zone).date()
    span = f"{day_words(local(proposal.week.start, proposal.zone).date())} to {day_words(last)}"
    if proposal.unread:
        words = f"No time from {span} is sure to be free: not every calendar could be read."
    else:
        words = f"No common time from {span}: at least one team member is busy or off at each of them."
    buttons = []
    if proposal.conflicts and not conflicts_shown:
        buttons.append(button(SHOW_BUTTON, "Show conflicts", SHOW))
    if proposal.has_later:
        buttons.append(_later(local(proposal.week.end, proposal.zone).date()))
    return [section(words), *([actions("times.nothing", buttons)] if buttons else [])]


def _slots(proposal: Proposal, chosen: datetime | None, room: int) -> list[Block]:
    """A heading per day, then morning and afternoon; what does not fit is said."""
    blocks: list[Block] = []
    buttons = 0
    for day, slots in by_day(proposal.slots, proposal.zone).items():
        part = _day(day, slots, proposal, chosen)
        buttons += len(slots)
        if len(blocks) + len(part) > room or buttons > MOST_BUTTONS:
            blocks.append(context("There are more times than fit here: use Jump to date for the later days."))
            break
        blocks += part
    return blocks


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


# --- conflicts ------------------------------------------------------------------------------------------------------


def _shown_conflicts(conflicts: Sequence[Slot], wanted: bool) -> list[Slot]:
    """All of them when asked for; without asking, those that stand only for calendars that could not be read (P3)."""
    return [slot for slot in conflicts if wanted or all(o.kind is ObstacleKind.UNKNOWN for o in slot.obstacles)]


def _conflicts(conflicts: Sequence[Slot], zone: str, day: date | None) -> list[Block]:
    """One day at a time: a section with its own button for each start."""
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
    rows = [
        section(
            conflict_words(slot, zone),
            button(ANYWAY, "Choose anyway", value_of(slot.start), label=_anyway_label(slot, zone)),
        )
        for slot in days[shown]
    ]
    return [heading(f"Times with conflicts on {day_words(shown)}"), actions("times.days", choices[:25]), *rows]


def _anyway_label(slot: Slot, zone: str) -> str:
    start = local(slot.start, zone)
    return f"Choose {day_words(start.date())} {start:%H:%M} {abbreviation(slot.start, zone)} although it conflicts"


def conflict_words(slot: Slot, zone: str) -> str:
    """`🟠 10:00–10:30 · Sam: Team sync`, `❔ 10:00–10:30 CET · a colleague's calendar could not be read (Priya)`."""
    start, end = local(slot.interval.start, zone), local(slot.interval.end, zone)
    span = f"{start:%H:%M}–{end:%H:%M}"
    reasons = "; ".join(obstacle_words(obstacle) for obstacle in slot.obstacles)
    if all(obstacle.kind is ObstacleKind.UNKNOWN for obstacle in slot.obstacles):
        return f"❔ {span} {abbreviation(slot.start, zone)} · {reasons}"
    return f"🟠 {span} · {reasons}"


def obstacle_words(obstacle: Obstacle) -> str:
    """Whose calendar stands in the way, and with what, as far as the rep may see it."""
    if obstacle.kind is ObstacleKind.UNKNOWN:
        return f"a colleague's calendar could not be read ({obstacle.name})"
    return f"{obstacle.name}: {obstacle.title or 'busy'}"

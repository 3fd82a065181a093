"""Screen 5a, pushed: how the event stands in the calendar, and whose clock the customer's mail goes by."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.modals.blocks import Block, View, chosen, context, field, fit, header, modal, option, plain, typed
from bot.words import minutes_words, zone_words
from scheduling.domain import Draft, EventSettings, ShownZone
from scheduling.office import TargetCalendar
from scheduling.zones import is_zone, search_zones

CALLBACK = "advanced"
SHOWN_ZONE, CALENDAR, SHOW_AS = "advanced.zone", "advanced.calendar", "advanced.show_as"
REMINDER, EVENT, DEFAULTS = "advanced.reminder", "advanced.event", "advanced.defaults"
PRIVATE, DESCRIPTION, MEMBERS, KEEP = "private", "description", "members", "keep"
BUSY, FREE = "busy", "free"
NO_REMINDER = "none"
REMINDERS = {5: "5 min", 10: "10 min", 15: "15 min", 30: "30 min", 60: "60 min", 1440: "1 day"}
MOST_CALENDARS = 100


@dataclass(frozen=True, slots=True)
class Entered:
    settings: EventSettings
    as_defaults: bool


def build(draft: Draft, targets: Sequence[TargetCalendar], now: datetime) -> View:
    """`targets` are the rep's writable calendars, the default one first."""
    settings = draft.form.settings
    zone: Block = {
        "type": "external_select",
        "action_id": SHOWN_ZONE,
        "placeholder": plain("Search for a city or time zone"),
        "min_query_length": 0,
        "initial_option": shown_zone_option(settings.shown_zone, now),
    }
    show_as = [option("Busy", BUSY), option("Free", FREE)]
    blocks = [
        header("Advanced settings"),
        field(SHOWN_ZONE, "Time zone conversion", zone, hint="For the times in the customer's mail and on the event"),
        header("Calendar event"),
        *_calendar(settings, targets),
        field(SHOW_AS, "Show as", _select(SHOW_AS, show_as, BUSY if settings.shows_busy else FREE)),
        field(REMINDER, "Reminder", _reminder(settings.reminder_minutes)),
        field(EVENT, "On the event", _boxes(EVENT, _event_boxes(settings)), optional=True),
        field(DEFAULTS, "For later meetings", _boxes(DEFAULTS, [(KEEP, _KEEP_WORDS, False)]), optional=True),
    ]
    return modal(CALLBACK, draft.id, blocks, submit="Save", close="Back")


_KEEP_WORDS = "Also use these as my defaults"


def _event_boxes(settings: EventSettings) -> list[tuple[str, str, bool]]:
    """Value, words and whether it is ticked."""
    return [
        (PRIVATE, "Private", settings.private),
        (DESCRIPTION, "Put the description on the event", settings.description_on_event),
        (MEMBERS, "Put the team members on the event", settings.members_on_event),
    ]


def _boxes(action_id: str, boxes: Sequence[tuple[str, str, bool]]) -> Block:
    options = {value: option(words, value) for value, words, _ in boxes}
    ticked = [options[value] for value, _, is_ticked in boxes if is_ticked]
    return {
        "type": "checkboxes",
        "action_id": action_id,
        "options": list(options.values()),
        "initial_options": ticked or None,  # Slack refuses an empty list
    }


def _select(action_id: str, options: Sequence[Block], value: str) -> Block:
    return {
        "type": "static_select",
        "action_id": action_id,
        "options": list(options),
        "initial_option": next((each for each in options if each["value"] == value), options[0]),
    }


def _reminder(minutes: int | None) -> Block:
    known = dict(REMINDERS)
    if minutes is not None:
        known.setdefault(minutes, minutes_words(minutes))
    options = [option("None", NO_REMINDER), *(option(f"{words} before", str(n)) for n, words in sorted(known.items()))]
    return _select(REMINDER, options, NO_REMINDER if minutes is None else str(minutes))


def _calendar(settings: EventSettings, targets: Sequence[TargetCalendar]) -> list[Block]:
    if not targets:
        return [context("None of your connected calendars can be written to.")]
    offered = targets[:MOST_CALENDARS]
    options = [option(_calendar_words(target), value_of(target)) for target in offered]
    current = _in_use(settings, offered)
    return [field(CALENDAR, "Calendar", _select(CALENDAR, options, value_of(current)))]


def _in_use(settings: EventSettings, targets: Sequence[TargetCalendar]) -> TargetCalendar:
    """The calendar chosen earlier while it is still there, else the default one."""
    wanted = (settings.connection_id, settings.calendar_id)
    return next((each for each in targets if (each.connection_id, each.calendar_id) == wanted), targets[0])


def _calendar_words(target: TargetCalendar) -> str:
    """`Home · dana@example.com`: two calendars of one name differ by their account."""
    return f"{fit(target.name, 36)} · {fit(target.account, 36)}"


def value_of(target: TargetCalendar) -> str:
    """Ids of calendars may be longer than an option's value."""
    return hashlib.sha256(f"{target.connection_id} {target.calendar_id}".encode()).hexdigest()[:40]


# --- whose clock ----------------------------------------------------------------------------------------------------

_FIXED = {ShownZone.CUSTOMER: "Convert to the customer's time zone", ShownZone.ORGANIZER: "Keep mine"}


def shown_zone_option(shown: str, now: datetime) -> Block:
    fixed = next((words for choice, words in _FIXED.items() if choice == shown), None)
    if fixed is None and not is_zone(shown):  # a zone that the database has dropped meanwhile
        shown, fixed = ShownZone.CUSTOMER, _FIXED[ShownZone.CUSTOMER]
    return option(fixed or zone_words(now, shown), str(shown))


def zones_offered(query: str, first: tuple[str, ...], now: datetime) -> list[Block]:
    """The two usual answers, then the zones, as far as they match; at most Slack's 100."""
    fixed = [choice for choice, words in _FIXED.items() if query.strip().casefold() in words.casefold()]
    names = search_zones(query, first, 100 - len(fixed))
    return [*(shown_zone_option(choice, now) for choice in fixed), *(shown_zone_option(name, now) for name in names)]


# --- reading --------------------------------------------------------------------------------------------------------


def parse(view: Mapping[str, Any], settings: EventSettings, targets: Sequence[TargetCalendar]) -> Entered:
    """The settings with what was chosen; what the view does not show, or what is not on offer, stays as it was."""
    changes: dict[str, Any] = {}
    shown = chosen(view, SHOWN_ZONE, SHOWN_ZONE)
    if shown is not None and (shown in list(ShownZone) or is_zone(shown)):
        changes["shown_zone"] = shown
    target = next((each for each in targets if value_of(each) == chosen(view, CALENDAR, CALENDAR)), None)
    if target is not None and target != _in_use(settings, targets):
        changes |= {"connection_id": target.connection_id, "calendar_id": target.calendar_id}
    show_as = chosen(view, SHOW_AS, SHOW_AS)
    if show_as in (BUSY, FREE):
        changes["shows_busy"] = show_as == BUSY
    reminder = chosen(view, REMINDER, REMINDER)
    if reminder == NO_REMINDER:
        changes["reminder_minutes"] = None
    elif reminder is not None and reminder.isascii() and reminder.isdecimal():
        changes["reminder_minutes"] = int(reminder)
    ticked = _ticked(view, EVENT)
    if ticked is not None:
        changes |= {"private": PRIVATE in ticked, "description_on_event": DESCRIPTION in ticked}
        if MEMBERS in _offered(view):
            changes["members_on_event"] = MEMBERS in ticked
    return Entered(settings.model_copy(update=changes), KEEP in (_ticked(view, DEFAULTS) or ()))


def _ticked(view: Mapping[str, Any], block_id: str) -> set[str] | None:
    state = typed(view, block_id, block_id)
    return None if state is None else {each.get("value") for each in state.get("selected_options") or ()}


def _offered(view: Mapping[str, Any]) -> set[str]:
    """The boxes that this view shows."""
    shown = [block["element"] for block in view.get("blocks", ()) if block.get("block_id") == EVENT]
    return {each.get("value") for boxes in shown for each in boxes.get("options", ())}

"""Screen 2: what the meeting is about, how long it is and who comes; more of it once asked for."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.command import LONGEST, SHORTEST
from bot.modals import more
from bot.modals.blocks import (
    Block,
    View,
    actions,
    alert,
    button,
    chosen,
    context,
    field,
    fit,
    header,
    is_visible,
    left_out,
    modal,
    one_line,
    option,
    text_input,
    typed,
    typed_text,
)
from bot.modals.checks import complaint
from bot.modals.surroundings import NOTHING, Surroundings
from bot.words import minutes_words, zone_words
from scheduling.domain import Customer, Draft, Form, Person

CALLBACK = "details"
SUBJECT, LENGTH, MINUTES = "details.subject", "details.length", "details.minutes"
MEMBERS, DESCRIPTION, NOTE = "details.members", "details.description", "details.note"
ADD_DESCRIPTION, ADD_NOTE, MORE = "details.add_description", "details.add_note", "details.more"
BACK = "details.back"
PRESETS = (15, 30, 45, 60, 90, 120)
CUSTOM = "custom"
SUBJECT_LIMIT = 150
DESCRIPTION_LIMIT = 3000
NOTE_LIMIT = 3000
MOST_MEMBERS = 50


@dataclass(frozen=True, slots=True)
class Entered:
    """The form with what is on the screen, and what is wrong with it in words by block_id."""

    form: Form
    errors: dict[str, str]


def build(draft: Draft, now: datetime, around: Surroundings = NOTHING) -> View:
    form = draft.form
    custom = "minutes" in form.opened or form.minutes not in PRESETS
    blocks: list[Block] = [
        *([alert(colleague_words(around.colleague, draft.user_id))] if around.colleague else []),
        *([alert(strange)] if form.customer and (strange := foreign_words(form.customer.email)) else []),
        header("Step 1: Set your meeting details"),
        *([context(customer_words(form.customer, now))] if form.customer else []),
        field(SUBJECT, "Subject", text_input(SUBJECT, form.subject, SUBJECT_LIMIT)),
        *left_out(form.subject, SUBJECT_LIMIT),
        field(LENGTH, "Meeting duration", _lengths(CUSTOM if custom else str(form.minutes)), dispatches=True),
        *([field(MINUTES, "Minutes", _minutes(form.minutes), hint=_RANGE)] if custom else []),
        field(MEMBERS, "Team members", _members(form.members)),
    ]
    buttons = []
    if "description" in form.opened or form.description:
        words = text_input(DESCRIPTION, form.description, DESCRIPTION_LIMIT, multiline=True)
        hint = "Goes to every team member, and on the calendar event"
        blocks.append(field(DESCRIPTION, "Description", words, hint=hint, optional=True))
    else:
        buttons.append(button(ADD_DESCRIPTION, "Add description", "description"))
    if "note" in form.opened or form.team_note:
        words = text_input(NOTE, form.team_note, NOTE_LIMIT, multiline=True)
        blocks.append(field(NOTE, "Team note", words, hint="Never shown to the customer", optional=True))
    else:
        buttons.append(button(ADD_NOTE, "Add team note", "note"))
    if more.is_open(form):
        blocks += more.build(form, around)
    else:
        buttons.append(button(MORE, "More options", more.OPENED))
    buttons.append(button(BACK, "Back", label="Back to the customer"))
    return modal(CALLBACK, draft.id, [*blocks, actions("details.buttons", buttons)], submit="Find times")


def foreign_words(address: str) -> str:
    """A warning that stops nothing: letters of another alphabet may be look-alikes. Empty where there are none."""
    letters = dict.fromkeys(c for c in address if not c.isascii() and not unicodedata.name(c, "").startswith("LATIN"))
    if not letters:
        return ""
    return fit(f"Check the email address: {', '.join(f'“{letter}”' for letter in letters)} is no Latin letter.", 200)


def colleague_words(colleague: Person, rep_id: str) -> str:
    """A warning that stops nothing: the customer's address is the rep's own or a colleague's (2b)."""
    whose = (
        "your own address" if colleague.user_id == rep_id else f"the address of {fit(colleague.name, 60)}, a colleague"
    )
    return f"The customer's email address is {whose}. You can go on, or press Back to change it."


_RANGE = f"{SHORTEST} to {LONGEST}"


def _lengths(value: str) -> Block:
    options = [*(option(minutes_words(minutes), str(minutes)) for minutes in PRESETS), option("Custom…", CUSTOM)]
    return {
        "type": "static_select",
        "action_id": LENGTH,
        "options": options,
        "initial_option": next(each for each in options if each["value"] == value),
    }


def _minutes(minutes: int) -> Block:
    return {
        "type": "number_input",
        "action_id": MINUTES,
        "is_decimal_allowed": False,
        "initial_value": str(min(max(minutes, SHORTEST), LONGEST)),
        "min_value": str(SHORTEST),
        "max_value": str(LONGEST),
    }


def _members(user_ids: tuple[str, ...]) -> Block:
    return {
        "type": "multi_users_select",
        "action_id": MEMBERS,
        "initial_users": list(user_ids[:MOST_MEMBERS]) or None,
        "max_selected_items": MOST_MEMBERS,
        "placeholder": {"type": "plain_text", "text": "Colleagues who take part", "emoji": False},
    }


def customer_words(customer: Customer, now: datetime) -> str:
    """`Acme Buyer · buyer@acme.example · Chicago (CST, UTC−6)`."""
    zone = [zone_words(now, customer.zone)] if customer.zone else []
    return " · ".join([part for part in (customer.name, customer.email) if part] + zone)


def parse(view: Mapping[str, Any], form: Form) -> Entered:
    """Validate for Find times; `form` is the draft's, whose other fields stay."""
    entered = read(view, form)
    texts = {
        SUBJECT: complaint(view, SUBJECT, SUBJECT, SUBJECT_LIMIT, "Enter a subject."),
        DESCRIPTION: complaint(view, DESCRIPTION, DESCRIPTION, DESCRIPTION_LIMIT),
        NOTE: complaint(view, NOTE, NOTE, NOTE_LIMIT),
    }
    errors = {block_id: words for block_id, words in texts.items() if words} | more.errors(view)
    if chosen(view, LENGTH, LENGTH) == CUSTOM and typed(view, MINUTES, MINUTES) is None:
        errors[LENGTH] = "Choose a length from the list, or wait until Minutes appears."
    elif typed(view, MINUTES, MINUTES) is not None and chosen(view, LENGTH, LENGTH) in (CUSTOM, None):
        if _number(typed_text(view, MINUTES, MINUTES)) is None:
            errors[MINUTES] = f"Enter whole minutes, {_RANGE}."
    elif chosen(view, LENGTH, LENGTH) is None:
        errors[LENGTH] = "Choose a length."
    if not entered.members:
        errors[MEMBERS] = "Choose at least one team member."
    elif len(entered.members) > MOST_MEMBERS:
        errors[MEMBERS] = f"Choose at most {MOST_MEMBERS} team members."
    return Entered(entered, errors)


def read(view: Mapping[str, Any], form: Form) -> Form:
    """The draft's form with what is typed so far; values that cannot be right leave the earlier ones."""
    changes: dict[str, Any] = {}
    subject = typed_text(view, SUBJECT, SUBJECT)
    if subject is not None:
        changes["subject"] = one_line(subject)
    picked = chosen(view, LENGTH, LENGTH)
    opened = set(form.opened) - {"minutes"}
    if picked == CUSTOM:
        opened.add("minutes")
        changes["minutes"] = _number(typed_text(view, MINUTES, MINUTES)) or form.minutes
    elif picked is not None and picked.isdecimal():
        changes["minutes"] = int(picked)
    members = typed(view, MEMBERS, MEMBERS)
    if members is not None:
        changes["members"] = tuple(dict.fromkeys(members.get("selected_users") or ()))
    for name, block_id, sight in (("description", DESCRIPTION, "description"), ("team_note", NOTE, "note")):
        text = typed_text(view, block_id, block_id)
        if text is not None:
            changes[name] = text if is_visible(text) else ""
            opened.add(sight)
    read_ = form.model_copy(update={**changes, **more.read(view), "opened": tuple(sorted(opened))})
    return without_slot(read_) if _needs(read_) != _needs(form) else read_


def with_length(form: Form, value: str) -> Form:
    """Another length from a list; one that is none changes nothing."""
    minutes = _number(value)
    if minutes is None or minutes == form.minutes:
        return form
    opened = tuple(each for each in form.opened if each != "minutes")
    return without_slot(form.model_copy(update={"minutes": minutes, "opened": opened}))


def without_slot(form: Form) -> Form:
    """The picked time was for another meeting."""
    return form.without_slot()


def _needs(form: Form) -> tuple[object, ...]:
    """What a time is looked for."""
    return form.minutes, form.members, form.rooms


def _number(text: str | None) -> int | None:
    """Whole minutes in range; number inputs send strings."""
    if text is None or not re.fullmatch(r"[0-9]{1,3}", text):
        return None
    return int(text) if SHORTEST <= int(text) <= LONGEST else None

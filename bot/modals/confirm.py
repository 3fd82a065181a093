"""Screen 4: the picked time and everything said so far, before it is sent on."""

from collections.abc import Sequence
from datetime import datetime

from bot.modals.blocks import Block, View, actions, button, context, header, lines, modal, people, section
from bot.modals.conflicts import UNREAD
from bot.modals.more import TYPES
from bot.modals.surroundings import NOTHING, Surroundings
from bot.words import both_clocks, clock_words, interval_of, listed, minutes_words
from scheduling.domain import Draft, Form
from scheduling.zones import abbreviation

CALLBACK = "confirm"
BACK = "confirm.back"

Rows = list[tuple[str, str | Sequence[Block]]]


def build(draft: Draft, zone: str, now: datetime, around: Surroundings = NOTHING) -> View:
    """`zone` is the one the rep reads times in. The draft has a slot."""
    form = draft.form
    blocks = [header("Confirm your meeting details"), lines(summary(form, zone, around))]
    if form.customer is not None and form.customer.zone is None:
        blocks.append(context("The customer's time zone is assumed to be yours."))
    if form.description:
        blocks.append(section(f"Description: {form.description}"))
    if form.team_note:
        blocks.append(section(f"Team note (never shown to the customer): {form.team_note}"))
    blocks += [section(words) for words in accepted_words(form.obstacles)]
    if draft.held_until is not None:
        blocks.append(context(_held_words(draft.held_until, now, zone)))
    blocks.append(actions("confirm.buttons", [button(BACK, "Back", label="Back to the list of times")]))
    return modal(CALLBACK, draft.id, blocks, submit="Next")


def _held_words(until: datetime, now: datetime, zone: str) -> str:
    clock = f"{clock_words(until, zone)} {abbreviation(until, zone)}"
    if until > now:
        return f"Held for you until {clock}"
    return f"Was held for you until {clock}. You can go on: the time is claimed again when you press Schedule."


def summary(form: Form, zone: str, around: Surroundings = NOTHING) -> Rows:
    """The meeting in labelled lines, as the confirmation and the outcome show it."""
    rows: Rows = []
    if form.customer is not None:
        rows.append(("Customer", f"{form.customer.name}, {form.customer.email}"))
    if form.slot is not None:
        rows.append(("When", when(form, form.slot, zone)))
    rows += [("Subject", form.subject), ("Meeting duration", minutes_words(form.minutes))]
    rows.append(("Team members", people(form.members)))
    rooms = around.rooms_of(form)
    optional = [
        ("Room" if len(rooms) == 1 else "Rooms", listed(rooms)),
        ("Conferencing", around.conferencing_of(form)),
        ("Meeting type", TYPES.get(form.meeting_type, form.meeting_type)),
        ("Location", form.location),
    ]
    return [*rows, *((label, value) for label, value in optional if value)]


def when(form: Form, start: datetime, zone: str) -> str:
    return both_clocks(interval_of(start, form.minutes), zone, form.customer.zone if form.customer else None)


def accepted_words(obstacles: Sequence[str]) -> list[str]:
    """What the rep accepted, with the mark and in words; what could not be checked is not called a conflict."""
    return [
        f"❔ You chose a time that could not be checked: {words}"
        if words.startswith(UNREAD)
        else f"🟠 You chose a time with a conflict. {words}"
        for words in obstacles
    ]

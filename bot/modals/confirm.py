"""Screen 4: the picked time and everything said so far, before it is sent on."""

from collections.abc import Sequence
from datetime import datetime

from bot.modals.blocks import Block, View, actions, button, context, header, lines, modal, people, section
from bot.words import both_clocks, clock_words, interval_of, minutes_words
from scheduling.domain import Draft, Form
from scheduling.zones import abbreviation

CALLBACK = "confirm"
BACK = "confirm.back"


def build(draft: Draft, zone: str) -> View:
    """`zone` is the rep's. The draft has a slot."""
    form = draft.form
    blocks = [header("Confirm your meeting details"), lines(summary(form, zone))]
    if form.description:
        blocks.append(section(f"Description: {form.description}"))
    blocks += [section(words) for words in accepted_words(form.obstacles)]
    if draft.held_until is not None:
        until = f"{clock_words(draft.held_until, zone)} {abbreviation(draft.held_until, zone)}"
        blocks.append(context(f"Held for you until {until}"))
    blocks.append(actions("confirm.buttons", [button(BACK, "Back", label="Back to the list of times")]))
    return modal(CALLBACK, draft.id, blocks, submit="Next")


def summary(form: Form, zone: str) -> list[tuple[str, str | Sequence[Block]]]:
    """The meeting in labelled lines, as the confirmation and the outcome show it."""
    rows: list[tuple[str, str | Sequence[Block]]] = []
    if form.customer is not None:
        rows.append(("Customer", f"{form.customer.name}, {form.customer.email}"))
    if form.slot is not None:
        rows.append(("When", when(form, form.slot, zone)))
    rows += [("Subject", form.subject), ("Meeting duration", minutes_words(form.minutes))]
    rows.append(("Team members", people(form.members)))
    if form.conferencing_text:
        rows.append(("Conferencing", form.conferencing_text))
    if form.location:
        rows.append(("Location", form.location))
    return rows


def when(form: Form, start: datetime, zone: str) -> str:
    return both_clocks(interval_of(start, form.minutes), zone, form.customer.zone if form.customer else None)


def accepted_words(obstacles: Sequence[str]) -> list[str]:
    """The conflicts the rep accepted, with the mark and in words."""
    return [f"🟠 You chose a time with a conflict. {words}" for words in obstacles]

"""Messages in Slack as pure builders: what a DM or the channel card says, as blocks and as text.

`text` carries all of it, because screen readers read the text and not the blocks. Slack parses `text`, so user words
are escaped there; in blocks they stand in plain text or rich text leaves, which Slack does not parse.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.modals.blocks import Block, actions, button, context, fit, heading, lines, message, section
from bot.modals.confirm import accepted_words
from bot.modals.connecting import account_words, connected_words, offer
from bot.modals.outcome import link_buttons, reason_words, told_words
from bot.slack_text import escaped
from bot.words import both_clocks, interval_of, listed, minutes_words, span_words
from scheduling.choices import WorkspaceChoices
from scheduling.domain import Booking, Connection, Person
from scheduling.ports import Outcome, OutcomeKind

OPEN = "open"
RECONNECT = "calendars.reconnect"

Message = dict[str, Any]
Row = tuple[str, str]

LONGEST_NOTE = 2500
MOST_JSON = 7000
"""Slack refuses a message whose blocks come to some 13 000 characters as JSON; the rest of a message needs 4 000."""


def _said(title: str, rows: Sequence[Row], extra: Sequence[Block] = (), closing: Sequence[str] = ()) -> Message:
    """A title, labelled lines and closing sentences, in both forms."""
    rows = _within_limit(rows)
    parts = [title, *(f"{label}: {value}" for label, value in rows), *closing]
    blocks = [heading(title), *([lines(rows)] if rows else []), *(section(words) for words in closing), *extra]
    return message(escaped("\n".join(parts)), blocks)


def _within_limit(rows: Sequence[Row]) -> list[Row]:
    """The longest values cut until Slack takes the message (it counts the blocks as JSON)."""
    cut = list(rows)
    while len(json.dumps(cut, ensure_ascii=False).encode()) > MOST_JSON:
        longest = max(range(len(cut)), key=lambda at: len(cut[at][1].encode()))
        label, value = cut[longest]
        cut[longest] = (label, fit(value, len(value) * 2 // 3))
    return cut


def open_again(text: str) -> Message:
    """The form did not open; a click on this button brings a fresh trigger. `text` is what was typed."""
    words = "Slack did not open the form in time. Press the button to open it."
    return message(words, [section(words), actions("open", [button(OPEN, "Schedule on behalf", text)])])


def member_message(booking: Booking, person: Person) -> Message:
    """N2: everything the rep and the team need, times on the reader's own clock first."""
    form = booking.form
    organizer = booking.organizer
    by_reader = person.user_id == organizer.user_id
    subject = fit(form.subject, 150)
    customer = booking.customer
    title = f"You scheduled “{subject}”" if by_reader else f"{organizer.name} scheduled “{subject}” with you"
    rows: list[Row] = [
        ("When", both_clocks(booking.interval, person.zone, customer.zone)),
        ("Meeting duration", minutes_words(form.minutes)),
        ("Customer", f"{customer.name}, {customer.email}"),
        ("Team", listed([each.name for each in booking.team])),
        ("Assigned by", organizer.name),
        *_place(booking),
    ]
    if form.description:
        rows.append(("Description", fit(form.description, LONGEST_NOTE)))
    if form.team_note:
        rows.append(("Team note (never shown to the customer)", fit(form.team_note, LONGEST_NOTE)))
    rows += [("Sent", told_words(booking)), ("Tracking ID", booking.tracking_id)]
    links = link_buttons(booking)
    extra = [actions("booking.links", links)] if links else []
    return _said(title, rows, extra, [fit(words, 300) for words in accepted_words(form.obstacles)[:10]])


def _place(booking: Booking) -> list[Row]:
    form = booking.form
    rows = [
        ("Meeting type", form.meeting_type),
        ("Location", form.location),
        ("Room", listed([room.name for room in booking.rooms])),
        ("Conferencing", (booking.event.join_url if booking.event else None) or form.conferencing_text),
    ]
    return [(label, fit(value, 500)) for label, value in rows if value]


def channel_card(booking: Booking, choices: WorkspaceChoices) -> Message:
    """N3: who booked what, when and with whom. The time is each reader's own.

    The customer's address and the description are there only where administrators chose so.
    """
    title = f"{booking.organizer.name} scheduled a meeting with {booking.customer.name}"
    rows: list[Row] = [
        ("Subject", fit(booking.form.subject, 150)),
        ("Meeting duration", minutes_words(booking.form.minutes)),
        ("Team", fit(listed([person.name for person in booking.team]), 600)),
    ]
    if booking.rooms:
        rows.append(("Room", listed([room.name for room in booking.rooms])))
    if choices.card_shows_address:
        rows.append(("Customer's email address", booking.customer.email))
    if choices.card_shows_description and booking.form.description:
        rows.append(("Description", fit(booking.form.description, 600)))
    token = date_token(booking.interval.start, span_words(booking.interval, booking.organizer.zone))
    text = "\n".join([escaped(title), f"When: {token}", *(escaped(f"{label}: {value}") for label, value in rows)])
    when: Block = {"type": "section", "text": {"type": "mrkdwn", "text": token, "verbatim": True}}
    return message(text, [heading(title), when, lines(rows)])


def date_token(moment: datetime, fallback: str) -> str:
    """Slack shows it in the reader's zone: https://docs.slack.dev/messaging/formatting-message-text/#date-formatting"""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{escaped(fallback).replace('|', '/')}>"


def problem_message(outcome: Outcome) -> Message:
    """The rep's DM when nothing was booked, so that a closed form does not hide it."""
    form = outcome.draft.form
    if outcome.kind is OutcomeKind.TAKEN:
        who = listed(outcome.who) or "Somebody"
        why = f"That time went while you were scheduling: {who} {'are' if len(outcome.who) > 1 else 'is'} taken."
    else:
        why = reason_words(outcome)
    rows: list[Row] = []
    if form.customer is not None:
        rows.append(("Customer", form.customer.name))
    if form.slot is not None:
        customer_zone = form.customer.zone if form.customer else None
        rows.append(("When", _when(outcome, form.slot, customer_zone)))
    title = f"Not scheduled: “{fit(form.subject, 150)}”"
    again = actions("problem.open", [button(OPEN, "Schedule on behalf")])
    return _said(title, rows, [again], [fit(why, 1000), "Nothing was booked, and nobody was told."])


def _when(outcome: Outcome, start: datetime, customer_zone: str | None) -> str:
    return both_clocks(interval_of(start, outcome.draft.form.minutes), outcome.zone, customer_zone)


def reconnect_message(connection: Connection) -> Message:
    """A calendar shut us out. The links live for minutes only, so the button fetches them when it is pressed."""
    name = account_words(connection)
    words = [
        f"Your calendar {name} no longer lets us in, so its times count as unknown.",
        "Connect it again to go on scheduling.",
    ]
    button_ = button(RECONNECT, "Connect again", connection.provider, label=f"Connect {name} again"[:75])
    return _said("A calendar needs you", [], [actions("calendars", [button_])], words)


def connected_message(connection: Connection) -> Message:
    """A calendar was connected while no form of the owner's waited for it."""
    words = connected_words(connection)
    return message(escaped(words), [section(words), actions("connected", [button(OPEN, "Schedule on behalf")])])


def connect_message(links: dict[str, str]) -> Message:
    """Fresh links, for the one who pressed Connect again."""
    words = "Connect a calendar. These links work for a few minutes and only for you."
    return message(words, offer("connect", words, links))


def plain_message(words: str) -> Message:
    return message(escaped(words), [section(words)])


def undelivered_message(booking: Booking, address: str, code: str) -> Message:
    rows: list[Row] = [
        ("Address", address),
        ("Reason", code),
        ("Meeting", f"{fit(booking.form.subject, 150)}, {span_words(booking.interval, booking.organizer.zone)}"),
        ("Tracking ID", booking.tracking_id),
    ]
    words = ["The meeting itself stands. Check the address and tell this person yourself."]
    return _said("A mail about your meeting was refused", rows, (), words)


def overlap_message(booking: Booking, who: tuple[str, ...]) -> Message:
    names = listed(who) or "Somebody in the team"
    rows: list[Row] = [
        ("Meeting", f"{fit(booking.form.subject, 150)}, {span_words(booking.interval, booking.organizer.zone)}"),
        ("Also busy then", names),
        ("Tracking ID", booking.tracking_id),
    ]
    words = ["Something else appeared in the calendar at the same moment. The meeting stands; please settle it."]
    return _said("Your meeting overlaps another one", rows, (), words)


def undeliverable_card(channel: str, code: str) -> list[Block]:
    """Said above a card that goes to the rep because its channel does not take it."""
    return [context(f"This card could not be posted in the channel {channel} ({code}).")]

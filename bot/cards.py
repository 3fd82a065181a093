"""Messages in Slack as pure builders: what a DM or the channel card says, as blocks and as text.

`text` carries all of it, because screen readers read the text and not the blocks. Slack parses `text`, so user words
are escaped there; in blocks they stand in plain text or rich text leaves, which Slack does not parse.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.modals.blocks import Block, actions, button, context, fit, heading, lines, message, section
from bot.modals.confirm import accepted_words
from bot.modals.connecting import account_words, connected_words, link_elements, offer, why_words
from bot.modals.outcome import link_buttons, reason_words, told_words
from bot.slack_text import escaped
from bot.words import both_clocks, interval_of, listed, minutes_words, span_words, zone_words
from scheduling.domain import Booking, Connection, Person, Room, WorkspaceChoices
from scheduling.ports import Outcome, OutcomeKind, Undone

OPEN = "open"
RETRY_LINK = "booking.retry_link"
MAKE_LINK = "Make the link"
CHANGE_ROOM = "booking.change_room"
NO_LINK = "The link to meet by is missing: it could not be made. The meeting itself stands."
RECONNECT = "calendars.reconnect"

Message = dict[str, Any]
Row = tuple[str, str]

LONGEST_NOTE = 3000
MOST_JSON = 7000
"""Slack refuses a message whose blocks come to some 13 000 characters as JSON; the rest of a message needs 4 000."""

MOST_TEXT = 3950
"""The text should have at most 4 000 signs; what is too long is cut in the longest value, not at the end."""

MOST_CONFLICTS = 5
LONGEST_VALUE = 2000
"""What a button can carry: https://docs.slack.dev/reference/block-kit/block-elements/button-element"""


def _said(
    title: str,
    rows: Sequence[Row],
    extra: Sequence[Block] = (),
    closing: Sequence[str] = (),
    when: str | None = None,
) -> Message:
    """A title, labelled lines and closing sentences, in both forms. `when` is mrkdwn for the second line."""
    shown = _shortened(rows, lambda cut: len(json.dumps(cut, ensure_ascii=False).encode()) <= MOST_JSON)
    spoken = _shortened(rows, lambda cut: len(_text(title, cut, closing, when)) <= MOST_TEXT)
    blocks = [
        heading(title),
        *([{"type": "section", "text": {"type": "mrkdwn", "text": when, "verbatim": True}}] if when else []),
        *([lines(shown)] if shown else []),
        *(section(words) for words in closing),
        *extra,
    ]
    return message(_text(title, spoken, closing, when), blocks)


def _text(title: str, rows: Sequence[Row], closing: Sequence[str], when: str | None) -> str:
    said = [f"{label}: {value}" for label, value in rows]
    return "\n".join([escaped(title), *([f"When: {when}"] if when else []), *map(escaped, [*said, *closing])])


def _bounded(text: str, most: int) -> str:
    """`text` cut to `most` bytes as Slack counts messages: escaped."""
    while len(escaped(text).encode()) > most:
        text = fit(text, len(text) * 2 // 3)
    return text


def _shortened(rows: Sequence[Row], is_short: Callable[[Sequence[Row]], bool]) -> list[Row]:
    """The rows with the longest values cut until they are short enough."""
    cut = list(rows)
    while cut and not is_short(cut):
        longest = max(range(len(cut)), key=lambda at: len(escaped(cut[at][1]).encode()))
        label, value = cut[longest]
        if len(value) < 2:  # nothing left to cut
            break
        cut[longest] = (label, fit(value, len(value) * 2 // 3))
    return cut


def open_again(text: str) -> Message:
    """The form did not open; a click on this button brings a fresh trigger. `text` is what was typed."""
    words = "Slack did not open the form in time. Press the button to open it."
    rest = _bounded(text[LONGEST_VALUE - 1 :], MOST_JSON) if len(text) > LONGEST_VALUE else ""
    blocks = [section(words), actions("open", [button(OPEN, "Schedule on behalf", text)])]
    if rest:
        words += " It carries the beginning of what you typed. Left out:"
        blocks += [section("The button carries the beginning of what you typed. Left out:")]
        blocks += [section(rest[at : at + 2900]) for at in range(0, len(rest), 2900)]
    return message(f"{words} {escaped(_bounded(rest, MOST_TEXT - 200))}".strip(), blocks)


def member_message(booking: Booking, person: Person) -> Message:
    """N2: everything the rep and the team need, times on the reader's own clock first."""
    form = booking.form
    organizer = booking.organizer
    by_reader = person.user_id == organizer.user_id
    subject, name = _bounded(form.subject, 500), _bounded(organizer.name, 200)
    title = f"You scheduled “{subject}”" if by_reader else f"{name} scheduled “{subject}” with you"
    rows: list[Row] = [
        ("When", both_clocks(booking.interval, person.zone, booking.customer.zone)),
        ("Time zones", _zones(booking, person)),
        ("Meeting duration", minutes_words(form.minutes)),
        ("Customer", f"{booking.customer.name}, {booking.customer.email}"),
        ("Team", listed([each.name for each in booking.hosts])),
        ("Assigned by", organizer.name),
        *_place(booking),
    ]
    if form.description:
        rows.append(("Description", fit(form.description, LONGEST_NOTE)))
    if form.team_note:
        rows.append(("Team note (never shown to the customer)", fit(form.team_note, LONGEST_NOTE)))
    rows += [("Sent", told_words(booking)), ("Tracking ID", booking.tracking_id)]
    closing = _conflicts(form.obstacles)
    if booking.lacks_link:
        closing.append(NO_LINK)
    return _said(title, rows, _buttons(booking, mine=by_reader), closing)


def _buttons(booking: Booking, *, mine: bool) -> list[Block]:
    """Links to follow, and for the rep the way to a link that is missing (6a)."""
    buttons = link_buttons(booking)
    if mine and booking.lacks_link:
        buttons.append(button(RETRY_LINK, MAKE_LINK, booking.id))
    return [actions("booking.links", buttons)] if buttons else []


def _zones(booking: Booking, person: Person) -> str:
    """The names of the zones that the two clocks go by."""
    mine = f"{zone_words(booking.interval.start, person.zone)} for you"
    if booking.customer.zone is None:
        return f"{mine}; the customer's is not known"
    return f"{mine}; {zone_words(booking.interval.start, booking.customer.zone)} for the customer"


def _conflicts(obstacles: Sequence[str]) -> list[str]:
    """The conflicts that were accepted, in words; how many more there are."""
    told = [_bounded(words, 250) for words in accepted_words(obstacles)]
    more = len(told) - MOST_CONFLICTS
    return [*told[:MOST_CONFLICTS], *([f"🟠 And {more} more conflicts."] if more > 0 else [])]


def _place(booking: Booking) -> list[Row]:
    form = booking.form
    link = booking.event.join_url if booking.event else None
    if booking.lacks_link:
        link = "No link yet"
    rows = [
        ("Meeting type", form.meeting_type),
        ("Location", form.location),
        ("Room", listed([room.name for room in booking.rooms])),
        ("Conferencing", link or form.conferencing_text),
    ]
    return [(label, fit(value, 500)) for label, value in rows if value]


def channel_card(booking: Booking, choices: WorkspaceChoices) -> Message:
    """N3: who booked what, when and with whom. The time is each reader's own, then the organizer's with its zone.

    The customer's address and the description are there only where administrators chose so.
    """
    title = f"{_bounded(booking.organizer.name, 200)} scheduled a meeting with {_bounded(booking.customer.name, 500)}"
    rows: list[Row] = [
        ("Subject", fit(booking.form.subject, 150)),
        ("Meeting duration", minutes_words(booking.form.minutes)),
        ("Team", fit(listed([person.name for person in booking.hosts]), 600)),
    ]
    if booking.rooms:
        rows.append(("Room", fit(listed([room.name for room in booking.rooms]), 500)))
    if choices.card_shows_address:
        rows.append(("Customer's email address", booking.customer.email))
    if choices.card_shows_description and booking.form.description:
        rows.append(("Description", fit(booking.form.description, 600)))
    organizers = span_words(booking.interval, booking.organizer.zone)
    token = date_token(booking.interval.start, organizers)
    return _said(title, rows, when=f"{token} your time · {escaped(organizers)}")


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
    title = f"Not scheduled: “{_bounded(form.subject, 500)}”"
    again = actions("problem.open", [button(OPEN, "Schedule on behalf")])
    return _said(title, rows, [again], [_bounded(why, 1000), "Nothing was booked, and nobody was told."])


def _when(outcome: Outcome, start: datetime, customer_zone: str | None) -> str:
    return both_clocks(interval_of(start, outcome.draft.form.minutes), outcome.zone, customer_zone)


def reconnect_message(connection: Connection, links: Mapping[str, str]) -> Message:
    """A calendar shut us out: which, why, and the way back.

    `links` lead to the connect page at once but live for minutes only; "Connect again" fetches fresh ones any time.
    """
    name = account_words(connection)
    words = [
        f"Your calendar {name} no longer lets us in: {why_words(connection)}. Its times count as unknown until then.",
        "Connect it again to go on scheduling.",
    ]
    again = button(RECONNECT, "Connect again", connection.provider, label=f"Connect again: {name}, with a fresh link")
    same = {provider: link for provider, link in links.items() if provider == connection.provider}
    if not same:
        return _said("A calendar needs you", [], [actions("calendars", [again])], words)
    words.append("The first button works for a few minutes; later, Connect again brings a fresh one.")
    return _said("A calendar needs you", [], [actions("calendars", [*link_elements(same), again])], words)


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


_UNSENT = {
    "expired": "the mail server did not take it before the meeting began",
    "attempts": "the mail server did not take it",
    "timeout": "the mail server did not answer",
    "connection": "the mail server could not be reached",
}


def undelivered_message(booking: Booking, address: str, code: str) -> Message:
    """A mail that was refused, or that no server took in all the time there was."""
    unsent = code in _UNSENT or code.startswith("4")
    answered = f"the mail server answered {code}" if code[:1].isdigit() else fit(code, 200).replace("_", " ")
    rows: list[Row] = [
        ("Address", address),
        ("Reason", _UNSENT.get(code, answered)),
        ("Meeting", f"{fit(booking.form.subject, 150)}, {span_words(booking.interval, booking.organizer.zone)}"),
        ("Tracking ID", booking.tracking_id),
    ]
    if unsent:
        words = ["The meeting itself stands. Tell this person yourself."]
        return _said("A mail about your meeting could not be sent", rows, (), words)
    words = ["The meeting itself stands. Check the address and tell this person yourself."]
    return _said("A mail about your meeting was refused", rows, (), words)


def link_message(booking: Booking) -> Message:
    """The link that was missing when the meeting was booked; or that it is missing still."""
    link = (booking.event.join_url if booking.event else None) or booking.form.conferencing_text
    rows: list[Row] = [
        ("Meeting", f"{fit(booking.form.subject, 150)}, {span_words(booking.interval, booking.organizer.zone)}"),
        ("Conferencing", fit(link, 500) or "No link yet"),
        ("Tracking ID", booking.tracking_id),
    ]
    if booking.lacks_link:
        return _said("The link for your meeting could not be made", rows, _buttons(booking, mine=True), [NO_LINK])
    words = ["It was sent to everybody who was mailed before."]
    return _said("The link for your meeting is made", rows, _buttons(booking, mine=True), words)


def room_declined_message(booking: Booking, room: Room, instead: Sequence[Room]) -> Message:
    """A room that was invited did not take the meeting; `instead` are some that are free then."""
    choices = [
        button(
            f"{CHANGE_ROOM}.{place}",
            f"Book {fit(each.name, 50)} instead",
            f"{booking.id}:{room.id}:{each.id}",
        )
        for place, each in enumerate(instead)
    ]
    here = "Book another room here, choose one" if choices else "Choose another room"
    words = f"The meeting itself stands. {here} in your calendar, or tell the others where you meet."
    extra = [*([actions("booking.rooms", choices)] if choices else []), *_buttons(booking, mine=True)]
    return _said(f"{fit(room.name, 300)} did not take your meeting", _which(booking), extra, [words])


def room_changed_message(booking: Booking, left: str, taken: str) -> Message:
    """Another room is invited; whether it takes the meeting is its own answer."""
    words = f"It takes the place of {fit(left, 300)}. The event and new mails say so; the room answers by itself."
    title = f"{fit(taken, 300)} is invited to your meeting"
    return _said(title, _which(booking), _buttons(booking, mine=True), [words])


def rooms_in(value: object) -> tuple[str, str, str]:
    """What a button of `room_declined_message` stands for: booking, the room that declined, the one to take."""
    booking_id, _, rest = str(value or "").partition(":")
    left, _, wanted = rest.partition(":")
    return booking_id, left, wanted


def _which(booking: Booking) -> list[Row]:
    return [
        ("Meeting", f"{fit(booking.form.subject, 150)}, {span_words(booking.interval, booking.organizer.zone)}"),
        ("Tracking ID", booking.tracking_id),
    ]


def overlap_message(booking: Booking, who: tuple[str, ...]) -> Message:
    names = listed(who) or "Somebody in the team"
    rows: list[Row] = [
        ("Meeting", f"{fit(booking.form.subject, 150)}, {span_words(booking.interval, booking.organizer.zone)}"),
        ("Also busy then", names),
        ("Tracking ID", booking.tracking_id),
    ]
    words = ["Something else appeared in the calendar at the same moment. The meeting stands; please settle it."]
    return _said("Your meeting overlaps another one", rows, (), words)


_UNDONE = {
    Undone.MEMBER: ("{name} was not told in Slack", "The mail to {name} was sent all the same, where it could be."),
    Undone.CARD: ("The channel got no card", "The meeting itself stands. Tell the channel {name} yourself."),
    Undone.LAST_LOOK: (
        "Your meeting was not checked once more",
        "The meeting itself stands. Look into the team's calendars whether something else appeared at the same time.",
    ),
    Undone.ROOM_ANSWER: (
        "Nobody knows whether the room took your meeting",
        "The meeting itself stands. Look in your calendar what {name} answered.",
    ),
    Undone.ROOM_CHANGE: (
        "{name} was not invited to your meeting",
        "The meeting itself stands, without that room. Choose one in your calendar, or tell the others where you meet.",
    ),
    Undone.EVENT_LEFT: (
        "An event may be left in a calendar",
        "Nothing was booked, and nobody was told. Look in {name} and delete the event if it is there.",
    ),
}


def undone_message(booking: Booking, what: Undone, name: str, code: str) -> Message:
    """Something around a meeting was given up for good."""
    title, words = _UNDONE[what]
    called = fit(name, 300) or "your calendar"
    rows: list[Row] = [
        ("Meeting", f"{fit(booking.form.subject, 150)}, {span_words(booking.interval, booking.organizer.zone)}"),
        ("Reason", fit(code, 200).replace("_", " ")),
        ("Tracking ID", booking.tracking_id),
    ]
    return _said(title.format(name=called), rows, (), [words.format(name=called)])


def undeliverable_card(card: Message, channel: str, code: str) -> Message:
    """The card as it goes to the rep because its channel does not take it."""
    words = f"This card could not be posted in the channel {channel} ({code})."
    return message(f"{escaped(words)}\n{card['text']}", [context(words), *card["blocks"]])

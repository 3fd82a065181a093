"""Screen 6: what became of the meeting."""

from collections.abc import Sequence

from bot.modals.blocks import Block, View, actions, alert, button, context, header, lines, modal, section
from bot.modals.confirm import accepted_words, summary
from bot.modals.connecting import provider_name
from bot.modals.slots import slot_buttons
from bot.words import listed, zone_words
from scheduling.domain import Booking, Draft
from scheduling.ports import Outcome, OutcomeKind

CALLBACK = "outcome"
OTHER_TIMES, AGAIN, JOIN, CALENDAR = "outcome.other_times", "outcome.again", "outcome.join", "outcome.calendar"

_ASKED_TO_CONNECT = "Connect it again with the button in the message you got"
_REASONS = {
    "auth": ("the calendar no longer lets us in", _ASKED_TO_CONNECT),
    "not_connected": ("no calendar of yours is connected", "Connect one on the Home tab of this app"),
    "refused": ("the calendar refused to store the event", "Choose another time, or ask whoever runs the calendar"),
    "profile": ("a team member cannot take part any more", "Choose other times, go Back and change the team"),
    "mail": ("the mail system does not answer", "Try again in a few minutes"),
    "unavailable": ("the calendar system does not answer", "Try again in a few minutes"),
}
_UNKNOWN = ("an outside system failed", "Try again in a few minutes")


def scheduling(draft: Draft) -> View:
    """Shown at once when the rep presses Schedule."""
    words = "Scheduling… You may close this window: you will get a message with the result."
    return modal(CALLBACK, draft.id, [header("Scheduling…"), section(words)], close="Close")


def build(outcome: Outcome) -> View:
    if outcome.kind is OutcomeKind.BOOKED and outcome.booking is not None:
        return _done(outcome, outcome.booking)
    if outcome.kind is OutcomeKind.TAKEN:
        return _taken(outcome)
    if outcome.kind is OutcomeKind.FAILED:
        return _failed(outcome)
    if outcome.kind is OutcomeKind.WAITING:
        return _waiting(outcome)
    return scheduling(outcome.draft)


def _done(outcome: Outcome, booking: Booking) -> View:
    blocks = [header("Scheduled"), lines(summary(booking.form, outcome.zone))]
    blocks += [section(words) for words in accepted_words(booking.form.obstacles)]
    blocks.append(section(told_words(booking)))
    links = link_buttons(booking)
    if links:
        blocks.append(actions("outcome.links", links))
    blocks.append(context(f"Tracking ID {booking.tracking_id}"))
    return modal(CALLBACK, outcome.draft.id, blocks, close="Done")


def link_buttons(booking: Booking) -> list[Block]:
    """Join and the calendar's own page, as far as the provider gave them; only web addresses become links."""
    event = booking.event
    found = [
        (JOIN, "Join", event.join_url if event else None),
        (CALENDAR, "Open in calendar", event.web_url if event else None),
    ]
    return [button(action_id, text, url=url) for action_id, text, url in found if url and is_web(url)]


def is_web(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= 3000


def told_words(booking: Booking) -> str:
    """Who hears of it and how; never more than has happened: *invited*, not *added*."""
    name = booking.customer.name
    form = booking.form
    if form.on_event and form.by_mail:
        customer = f"{name} is being sent the invitation and the confirmation email."
    elif form.on_event:
        customer = f"{name} is being sent the invitation, and no confirmation email."
    elif form.by_mail:
        customer = f"{name} is being sent the confirmation email, and no invitation."
    else:
        customer = f"{name} is sent nothing."
    return f"{customer} The team gets an email and a message here."


def _taken(outcome: Outcome) -> View:
    who = (
        f"{listed(outcome.who)} {'is' if len(outcome.who) == 1 else 'are'} no longer free then." if outcome.who else ""
    )
    words = f"That time went while you were scheduling. {who}".strip()
    blocks = [
        alert("Nothing was booked, and nobody was told."),
        header("This time is taken"),
        section(words),
        lines(summary(outcome.draft.form, outcome.zone)),
    ]
    if outcome.alternatives:
        form = outcome.draft.form
        customer_zone = form.customer.zone if form.customer else None
        zone = zone_words(outcome.alternatives[0].start, outcome.zone)
        blocks.append(section(f"The nearest free times, in your time: {zone}"))
        blocks += slot_buttons("outcome.alternatives", outcome.alternatives, outcome.zone, customer_zone, with_day=True)
    blocks.append(_ways_on(button(OTHER_TIMES, "Other times")))
    return modal(CALLBACK, outcome.draft.id, blocks)


def _failed(outcome: Outcome) -> View:
    blocks = [
        alert("Nothing was booked, and nobody was told. Everything you typed is still here.", "error"),
        header("Not scheduled"),
        section(reason_words(outcome)),
        lines(summary(outcome.draft.form, outcome.zone)),
        _ways_on(button(AGAIN, "Try again"), button(OTHER_TIMES, "Other times")),
    ]
    return modal(CALLBACK, outcome.draft.id, blocks)


def _waiting(outcome: Outcome) -> View:
    fact, remedy = reason(outcome)
    also = f" {remedy}." if remedy == _ASKED_TO_CONNECT else ""
    words = (
        f"It is not stored yet: {fact}.{also} It is tried again by itself, and you get a message when it is done. "
        "You may close this window."
    )
    blocks: Sequence[Block] = [
        header("Scheduling…"),
        section(words),
        lines(summary(outcome.draft.form, outcome.zone)),
    ]
    return modal(CALLBACK, outcome.draft.id, blocks, close="Close")


def _ways_on(*buttons: Block) -> Block:
    return actions("outcome.buttons", buttons)


def reason_words(outcome: Outcome) -> str:
    """Which calendar, what happened and what to do."""
    fact, remedy = reason(outcome)
    return f"The meeting could not be scheduled: {fact}. {remedy}."


def reason(outcome: Outcome) -> tuple[str, str]:
    """What happened, with the calendar's name where one failed, and what to do about it."""
    fact, remedy = _REASONS.get(outcome.reason or "", _UNKNOWN)
    if outcome.connection is None:
        return fact, remedy
    name = f"{provider_name(outcome.connection.provider)} ({outcome.connection.account})"
    if (fact, remedy) == _UNKNOWN:
        return f"{name} does not answer as it should", remedy
    return fact.replace("the calendar system", name, 1).replace("the calendar", name, 1), remedy

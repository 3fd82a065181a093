"""Screen 6: what became of the meeting."""

from collections.abc import Mapping, Sequence

from bot.modals import connecting
from bot.modals.blocks import Block, View, actions, alert, button, context, header, lines, modal, people, section
from bot.modals.confirm import accepted_words, summary
from bot.modals.connecting import account_words
from bot.modals.slots import slot_buttons
from bot.modals.surroundings import Surroundings
from bot.words import listed, zone_words
from scheduling.domain import Booking, Draft
from scheduling.ports import Outcome, OutcomeKind

CALLBACK = "outcome"
OTHER_TIMES, AGAIN, JOIN, CALENDAR = "outcome.other_times", "outcome.again", "outcome.join", "outcome.calendar"
BACK, CONNECT_AGAIN = "outcome.back", "outcome.connect_again"

_SHUT_OUT = (
    "the calendar no longer lets us in",
    "Connect it again, here or on the Home tab of this app",
)
_NO_ANSWER = ("the calendar system does not answer", "Try again in a few minutes")
_REFUSED = ("the calendar refused to store the event", "Choose another time, or ask whoever runs the calendar")
_MISSING = ("the calendar is not there any more", "Choose another one in the advanced settings, or connect it again")
_MAIL = ("the mail system does not answer", "Try again in a few minutes")
_CONNECTED_ELSEWHERE = ("no calendar of yours is connected", "Connect one, here or on the Home tab of this app")
_REASONS = {
    **dict.fromkeys(
        ("auth", "AuthExpired", "ConsentMissing", "disconnected", "scope", "invalid_grant", "http_401", "revoked"),
        _SHUT_OUT,
    ),
    **dict.fromkeys(("not_connected", "no_account"), _CONNECTED_ELSEWHERE),
    **dict.fromkeys(("refused", "Refused", "malformed", "Unsupported", "unreadable_event"), _REFUSED),
    **dict.fromkeys(("quota",), ("the calendar is full", "Make room in it, then try again")),
    **dict.fromkeys(
        ("AccessDenied", "forbidden", "http_403"),
        ("the calendar does not allow us to write to it", "Choose another one in the advanced settings"),
    ),
    **dict.fromkeys(("EventMissing", "gone", "no_calendar", "missing"), _MISSING),
    **dict.fromkeys(
        ("RateLimited", "throttled", "server_busy"),
        ("the calendar system is too busy just now", "Try again in a few minutes"),
    ),
    **dict.fromkeys(("unavailable", "Unavailable", "deadline", "DeadlineExceeded", "dns", "tls"), _NO_ANSWER),
    **dict.fromkeys(
        ("Ambiguous", "Conflict", "etag", "unverified"),
        ("the calendar did not say whether it stored the event", "Look into the calendar before you try again"),
    ),
    **dict.fromkeys(("mail", "MailDeferred", "MailRefused", "MailUncertain"), _MAIL),
    **dict.fromkeys(
        ("NoticeDeferred", "NoticeParked", "NoticeRefused", "unreachable", "ratelimited"),
        ("Slack did not tell who the team members are", "Try again in a few minutes"),
    ),
    "profile": ("a team member cannot take part any more", "Press Back and change the team"),
    "room_gone": ("a room that you chose cannot be booked any more", "Press Back and choose another room"),
    "room_elsewhere": (
        "the calendar that holds the event cannot invite a room that you chose",
        "Choose another calendar in the advanced settings, or press Back and choose another room",
    ),
    "expired": ("the time began before the calendar could be reached", "Choose another time"),
    "attempts": ("it failed too many times", "Try again, or choose another time"),
}
_UNKNOWN = ("an outside system failed", "Try again in a few minutes")


def scheduling(draft: Draft) -> View:
    """Shown at once when the rep presses Schedule."""
    words = "Scheduling… You may close this window: you will get a message with the result."
    return modal(CALLBACK, draft.id, [header("Scheduling…"), section(words)], close="Close")


def build(outcome: Outcome, links: Mapping[str, str] | None = None) -> View:
    """`links` connect a calendar, for outcomes that ask for it; without them a button fetches them."""
    if outcome.kind is OutcomeKind.BOOKED and outcome.booking is not None:
        return _done(outcome, outcome.booking)
    if outcome.kind is OutcomeKind.TAKEN:
        return _taken(outcome)
    if outcome.kind is OutcomeKind.FAILED:
        return _failed(outcome, links)
    if outcome.kind is OutcomeKind.WAITING:
        return _waiting(outcome, links)
    return scheduling(outcome.draft)


def asks_to_connect(outcome: Outcome) -> bool:
    """Whether connecting a calendar is what helps."""
    known = _REASONS.get(outcome.reason or "")
    return outcome.kind in (OutcomeKind.FAILED, OutcomeKind.WAITING) and known in (_SHUT_OUT, _CONNECTED_ELSEWHERE)


def _connecting(outcome: Outcome, links: Mapping[str, str] | None) -> list[Block]:
    if not asks_to_connect(outcome):
        return []
    if links is None:
        again = button(CONNECT_AGAIN, "Connect again", label="Connect a calendar again, shows the ways to do it")
        return [actions("outcome.connect_again", [again])]
    return connecting.offer("outcome.connect", "Connect a calendar:", links)


def _done(outcome: Outcome, booking: Booking) -> View:
    rooms = Surroundings(rooms=booking.rooms)
    blocks = [header("Scheduled"), lines(summary(booking.form, outcome.zone, rooms))]
    blocks += [section(words) for words in accepted_words(booking.form.obstacles)]
    blocks.append(section(told_words(booking)))
    links = link_buttons(booking)
    if booking.lacks_link:
        blocks.append(context("The link to meet by is missing: it could not be made. The meeting itself stands."))
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
    unmailed = [person.name for person in booking.team if not person.email]
    alone = len(booking.team) == 1
    who, whose = ("You get", "yours") if alone else ("The team gets", "theirs")
    if len(unmailed) == len(booking.team):
        return f"{customer} {who} a message here, and no email: Slack tells no address of {whose}."
    missing = f" No email goes to {listed(unmailed)}: no address is known." if unmailed else ""
    return f"{customer} {who} an email and a message here.{missing}"


def _taken(outcome: Outcome) -> View:
    who = (
        f"{listed(outcome.who)} {'is' if len(outcome.who) == 1 else 'are'} no longer free then." if outcome.who else ""
    )
    title, words = "This time is taken", f"That time went while you were scheduling. {who}".strip()
    if outcome.reason == "unread":
        title = "This time could not be checked"
        words = f"Not every calendar could be read just now: {listed(outcome.who)}. Unknown does not count as free."
    blocks = [
        alert("Nothing was booked, and nobody was told."),
        header(title),
        section(words),
        lines(summary(outcome.draft.form, outcome.zone)),
    ]
    if outcome.alternatives:
        form = outcome.draft.form
        customer_zone = form.customer.zone if form.customer else None
        zone = zone_words(outcome.alternatives[0].start, outcome.zone)
        blocks.append(section(f"The nearest free times, in your time: {zone}"))
        blocks += slot_buttons("outcome.alternatives", outcome.alternatives, outcome.zone, customer_zone, with_day=True)
    blocks.append(_ways_on(button(OTHER_TIMES, "Other times"), _BACK))
    return modal(CALLBACK, outcome.draft.id, blocks)


def _failed(outcome: Outcome, links: Mapping[str, str] | None) -> View:
    blocks = [
        alert("Nothing was booked, and nobody was told. Everything you typed is still here.", "error"),
        header("Not scheduled"),
        section(reason_words(outcome)),
        *_connecting(outcome, links),
        *([lines([("Who", people(outcome.who))])] if outcome.reason == "profile" and outcome.who else []),
        lines(summary(outcome.draft.form, outcome.zone)),
        _ways_on(button(AGAIN, "Try again"), button(OTHER_TIMES, "Other times"), _BACK),
    ]
    return modal(CALLBACK, outcome.draft.id, blocks)


def _waiting(outcome: Outcome, links: Mapping[str, str] | None) -> View:
    fact, remedy = reason(outcome)
    also = f" {remedy}." if asks_to_connect(outcome) else ""
    words = (
        f"It is not stored yet: {fact}.{also} It is tried again by itself, and you get a message when it is done. "
        "You may close this window."
    )
    blocks: Sequence[Block] = [
        header("Scheduling…"),
        section(words),
        *_connecting(outcome, links),
        lines(summary(outcome.draft.form, outcome.zone)),
    ]
    return modal(CALLBACK, outcome.draft.id, blocks, close="Close")


_BACK = button(BACK, "Back", label="Back to the meeting details")


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
    name = account_words(outcome.connection)
    if (fact, remedy) == _UNKNOWN:
        return f"{name} does not answer as it should", remedy
    return fact.replace("the calendar system", name, 1).replace("the calendar", name, 1), remedy

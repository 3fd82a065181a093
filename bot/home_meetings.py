"""The meetings on App Home: those ahead, or those of some days or with some words in them (B1)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.modals import outcome
from bot.modals.blocks import (
    Block,
    actions,
    block_id_in,
    button,
    context,
    field,
    fit,
    header,
    plain,
    section,
    typed,
    typed_text,
)
from bot.words import day_words, full_day_words, listed, span_words
from scheduling.domain import Booking, Person, Rep
from scheduling.zones import day_bounds, local

SINCE, UNTIL, SEARCH, CLEAR = "home.since", "home.until", "home.search", "home.clear"
RANGE = "home.range"
MOST_MEETINGS = 25
LOOKED_AT, SEARCHED = 100, 1000
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Sought:
    """Days on the viewer's own clock, both included, and words in any order. Nothing: what is ahead."""

    since: date | None = None
    until: date | None = None
    words: str = ""

    @property
    def is_anything(self) -> bool:
        return self != AHEAD

    @property
    def most(self) -> int:
        """How many meetings are read; words are looked for in them."""
        return SEARCHED if self.words else LOOKED_AT

    def instants(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """From when and until when; None is from now on, and without an end."""
        start = day_bounds(self.since, zone).start if self.since else None
        return start, day_bounds(self.until, zone).end if self.until else None

    def matches(self, booking: Booking) -> bool:
        form, people = booking.form, [booking.organizer.name, *(member.name for member in booking.members)]
        told = [form.subject, booking.customer.name, booking.customer.email, booking.tracking_id, form.location]
        within = "\n".join([*told, *people, *(room.name for room in booking.rooms)]).casefold()
        return all(word in within for word in self.words.casefold().split())


AHEAD = Sought()


def parse(view: Mapping[str, Any]) -> Sought:
    """What the fields on the page say; nonsense counts as nothing."""
    days, search = block_id_in(view, RANGE), block_id_in(view, SEARCH)
    words = " ".join((typed_text(view, search, SEARCH) or "").split())[:LONGEST_SEARCH]
    return Sought(_day(typed(view, days, SINCE)), _day(typed(view, days, UNTIL)), words)


def _day(state: Mapping[str, Any] | None) -> date | None:
    try:
        found = date.fromisoformat(str((state or {}).get("selected_date") or ""))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 9000 else None  # no calendar of ours reaches further


def build(rep: Rep, meetings: Sequence[Booking], zone: str | None, sought: Sought, room: int) -> list[Block]:
    """The fields, then a heading per day and a section per meeting, in at most `room` blocks and one more.

    `zone` is the viewer's; without one, each meeting goes by the zone known for it.
    """
    found = [booking for booking in meetings if sought.matches(booking)]
    blocks = _fields(sought)
    if sought.is_anything:
        blocks.append(context(_sought_words(sought, len(found))))
    elif not found:
        return [*blocks, section("No meetings ahead yet.")]
    days = _days(rep, found, zone, room - len(blocks), complete=len(meetings) < sought.most)
    return [*blocks, *days]


def _fields(sought: Sought) -> list[Block]:
    """Named anew for each search: Slack keeps what is typed in a field of the same name."""
    mark = f".{hashlib.sha256(repr(sought).encode()).hexdigest()[:8]}" if sought.is_anything else ""
    days: list[Block] = [_date_picker(SINCE, "From", sought.since), _date_picker(UNTIL, "To", sought.until)]
    if sought.is_anything:
        days.append(button(CLEAR, "Show what is ahead"))
    search: Block = {
        "type": "plain_text_input",
        "action_id": SEARCH,
        "placeholder": plain("Customer, subject, colleague or tracking ID, then Enter"),
        "initial_value": sought.words or None,
        "max_length": LONGEST_SEARCH,
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    return [actions(f"{RANGE}{mark}", days), field(f"{SEARCH}{mark}", "Search", search, optional=True, dispatches=True)]


def _date_picker(action_id: str, words: str, day: date | None) -> Block:
    return {
        "type": "datepicker",
        "action_id": action_id,
        "placeholder": plain(words),
        "initial_date": day.isoformat() if day else None,
    }


def _sought_words(sought: Sought, count: int) -> str:
    """`2 meetings from Sunday 1 Nov 2026 with “acme”.`"""
    parts = ["1 meeting" if count == 1 else f"{count or 'No'} meetings"]
    parts.append(f"from {full_day_words(sought.since)}" if sought.since else "from now on")
    if sought.until:
        parts.append(f"to {full_day_words(sought.until)}")
    if sought.words:
        parts.append(f"with “{sought.words}”")
    return " ".join(parts) + "."


def _days(rep: Rep, meetings: Sequence[Booking], zone: str | None, room: int, *, complete: bool) -> list[Block]:
    blocks: list[Block] = []
    last_day = ""
    for shown, booking in enumerate(meetings):
        clock = zone or _zone_of(booking, rep)
        day = day_words(local(booking.interval.start, clock).date())
        part = [*([header(day)] if day != last_day else []), _meeting(booking, clock, day)]
        if shown == MOST_MEETINGS or len(blocks) + len(part) > room:
            left = len(meetings) - shown
            more = "more" if complete else "or more"
            return [*blocks, context(f"{left} {more} meetings follow; they appear here when these are over.")]
        blocks += part
        last_day = day
    return blocks


def _zone_of(booking: Booking, rep: Rep) -> str:
    return next((person.zone for person in booking.team if person.user_id == rep.user_id), booking.organizer.zone)


def _meeting(booking: Booking, zone: str, day: str) -> Block:
    """Times under the day's heading, on the viewer's clock; the team note is for the team, who alone see this."""
    form = booking.form
    hours = span_words(booking.interval, zone).removeprefix(f"{day} ")
    rows = [
        f"{hours} · {fit(form.subject, 150)} · {fit(booking.customer.name, 150)} · {booking.tracking_id}",
        f"Team: {fit(listed([person.name for person in booking.hosts]), 300)}",
        f"Organized by {fit(booking.organizer.name, 100)}",
        f"Status: {fit(_status(booking), 500)}",
    ]
    if booking.rooms:
        rows.append(f"Room: {fit(listed([each.name for each in booking.rooms]), 200)}")
    if form.location:
        rows.append(f"Location: {fit(form.location, 200)}")
    if form.team_note:
        rows.append(f"Team note: {fit(form.team_note, 500)}")
    join = booking.event.join_url if booking.event else None
    link = button(outcome.JOIN, "Join", url=join) if join and outcome.is_web(join) else None
    return section("\n".join(rows), link)


def _status(booking: Booking) -> str:
    """How each person was reached; never that they come, before they said so."""
    form = booking.form
    uninvited = "told by email, not invited" if form.by_mail else "not told"
    customer = "invited" if form.on_event else uninvited
    people = [(person.name, _reached(booking, person)) for person in booking.team]
    return ", ".join(f"{fit(name, 80)} {state}" for name, state in [*people, (booking.customer.name, customer)])


def _reached(booking: Booking, person: Person) -> str:
    if person.user_id == booking.organizer.user_id:
        return "organizes"
    return "invited" if person.email else "told in Slack"

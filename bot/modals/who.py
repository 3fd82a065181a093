"""Screen 1: who the meeting is with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email

from bot.modals import connecting
from bot.modals.blocks import (
    Block,
    View,
    actions,
    block_id_in,
    button,
    chosen,
    context,
    field,
    header,
    keeping,
    left_out,
    modal,
    one_line,
    option,
    section,
    text_input,
    typed_text,
)
from bot.modals.checks import complaint
from bot.modals.week_notes import shut_out_words
from bot.words import day_words, zone_words
from scheduling.domain import Connection, ConnectionState, Customer, Form
from scheduling.service import LastMeeting, Opening
from scheduling.zones import is_zone, local

CALLBACK = "who"
FIELDS = NAME, EMAIL, ZONE = "who.name", "who.email", "who.zone"
RESUME = "resume"
UNFINISHED = ("who.unfinished", "who.resume")
"""The blocks that offer an unfinished form."""

NAME_LIMIT = 150
OFFER = "Connect a calendar to see available times."


@dataclass(frozen=True, slots=True)
class Entered:
    """What the form says. `errors` are words by block_id; without any, `customer` is complete."""

    customer: Customer
    errors: dict[str, str]


def build(opening: Opening, now: datetime, *, fresh: int = 0) -> View:
    """`fresh` other than 0 makes new fields, so that another draft's values replace what is on the screen."""
    ids = {base: f"{base}.{fresh}" for base in FIELDS} if fresh else {}
    return _build(opening, now, ids)


def looked_up(opening: Opening, now: datetime, shown: Mapping[str, Any], gained: Collection[str]) -> View:
    """The shown form again, with the last meeting said. `gained` are the fields that get a value they did not have.

    Slack keeps what stands in a field as long as it has its block_id, so those fields are made anew.
    """
    renewed = {base: f"{base}.{opening.draft.revision}" for base in gained}
    view = _build(opening, now, {base: block_id_in(shown, base) for base in FIELDS} | renewed)
    offered = [block for block in shown.get("blocks", ()) if block.get("block_id") in UNFINISHED]
    return keeping({**view, "blocks": [*view["blocks"], *offered]}, shown)


def _build(opening: Opening, now: datetime, ids: Mapping[str, str]) -> View:
    extra: list[Block] = []
    if opening.resumable is not None:
        words, button_ = UNFINISHED
        about = f"You have an unfinished form: {_about(opening.resumable.form)}"
        resume = button(RESUME, "Resume", opening.resumable.id, label="Resume the unfinished form")
        extra += [section(about, block_id=words), actions(button_, [resume])]
    if opening.last_meeting is not None:
        extra.append(context(_meeting_words(opening.last_meeting, now)))
    if not any(connection.state is ConnectionState.OK for connection in opening.connections):
        extra += connecting.offer("who.connect", _offer(opening.connections), opening.connect_links)
    blocks = [*_fields(opening.draft.form, now, ids), *extra]
    return modal(CALLBACK, opening.draft.id, blocks, submit="Continue")


def build_bare(form: Form, now: datetime) -> View:
    """The same form when our rows do not answer in time; its draft is made on Continue."""
    return modal(CALLBACK, "", _fields(form, now, {}), submit="Continue")


def _fields(form: Form, now: datetime, ids: Mapping[str, str]) -> list[Block]:
    customer = form.customer or Customer(name="", email="")
    zone: Block = {
        "type": "external_select",
        "action_id": ZONE,
        "placeholder": {"type": "plain_text", "text": "City or time zone", "emoji": False},
        "min_query_length": 0,
        "initial_option": zone_option(customer.zone, now) if customer.zone else None,
    }
    email = text_input(EMAIL, customer.email, 320, kind="email_text_input")
    email["dispatch_action_config"] = {"trigger_actions_on": ["on_enter_pressed"]}
    hint = "Assumed to be yours until you choose"
    return [
        header("Who is the meeting with?"),
        field(ids.get(NAME, NAME), "External participant name", text_input(NAME, customer.name, NAME_LIMIT)),
        *left_out(customer.name, NAME_LIMIT),
        field(ids.get(EMAIL, EMAIL), "Email address", email, dispatches=True),
        field(ids.get(ZONE, ZONE), "Customer's time zone", zone, optional=True, hint=hint),
    ]


def zone_option(name: str, now: datetime) -> Block:
    """A choice of the zone field, with the offset in force now."""
    return option(zone_words(now, name), name)


def parse(view: Mapping[str, Any]) -> Entered:
    """Validate for Continue; the mail must be one that can be written to, as far as its spelling tells."""
    ids = {base: block_id_in(view, base) for base in (NAME, EMAIL)}
    customer = read(view)
    errors = {}
    wrong_name = complaint(view, ids[NAME], NAME, NAME_LIMIT, "Enter the customer's name.")
    if wrong_name:
        errors[ids[NAME]] = wrong_name
    if not customer.email:
        errors[ids[EMAIL]] = "Enter the customer's email address."
    else:
        try:
            # test_environment: addresses under .test are spelled well enough; whether mail arrives is told later.
            checked = validate_email(customer.email, check_deliverability=False, strict=True, test_environment=True)
        except EmailNotValidError:
            errors[ids[EMAIL]] = "Enter one complete email address, such as name@company.com."
        else:
            customer = customer.model_copy(update={"email": checked.normalized})
    return Entered(customer, errors)


def read(view: Mapping[str, Any]) -> Customer:
    """What is typed so far, right or wrong."""
    zone = chosen(view, block_id_in(view, ZONE), ZONE)
    return Customer(
        name=one_line(typed_text(view, block_id_in(view, NAME), NAME)),
        email=one_line(typed_text(view, block_id_in(view, EMAIL), EMAIL)),
        zone=zone if zone and is_zone(zone) else None,
    )


def filled(typed: Customer, known: Customer | None) -> tuple[Customer, tuple[str, ...]]:
    """Empty fields filled with what an earlier meeting knows (2c), and which those are."""
    if known is None:
        return typed, ()
    gained = {NAME: bool(known.name and not typed.name), ZONE: bool(known.zone and not typed.zone)}
    name, zone = typed.name or known.name, typed.zone or known.zone
    return Customer(name=name, email=typed.email, zone=zone), tuple(base for base, gains in gained.items() if gains)


def _offer(connections: Sequence[Connection]) -> str:
    """Words above the connect buttons: for a first calendar, or for one that no longer lets us in."""
    if not connections:
        return OFFER
    return f"{shut_out_words(connections)} Connect a calendar again to see available times."


def _about(form: Form) -> str:
    customer = form.customer.name or form.customer.email if form.customer else ""
    return " · ".join(part for part in (customer, form.subject) if part) or "nothing entered yet"


def _meeting_words(meeting: LastMeeting, now: datetime) -> str:
    """Of one that is still ahead nobody may say that it was."""
    verb = "meet" if meeting.start > now else "last met"
    words = f"You {verb} on {day_words(local(meeting.start, meeting.zone).date())}"
    return f"{words} · {meeting.subject}" if meeting.subject else words

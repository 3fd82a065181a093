"""Screen 1: who the meeting is with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email

from bot.modals import connecting
from bot.modals.blocks import (
    Block,
    View,
    actions,
    button,
    chosen,
    context,
    field,
    header,
    left_out,
    modal,
    one_line,
    option,
    section,
    text_input,
    typed_text,
)
from bot.words import day_words, listed, zone_words
from scheduling.domain import Connection, ConnectionState, Customer, Form
from scheduling.service import LastMeeting, Opening
from scheduling.zones import is_zone, local

CALLBACK = "who"
NAME, EMAIL, ZONE = "who.name", "who.email", "who.zone"
RESUME = "resume"
NAME_LIMIT = 150
OFFER = "Connect a calendar to see available times."


@dataclass(frozen=True, slots=True)
class Entered:
    """What the form says. `errors` are words by block_id; without any, `customer` is complete."""

    customer: Customer
    errors: dict[str, str]


def build(opening: Opening, now: datetime, *, fresh: int = 0) -> View:
    """`fresh` other than 0 makes new fields, so that another draft's values replace what is on the screen."""
    form = opening.draft.form
    extra: list[Block] = []
    if opening.resumable is not None:
        extra += [
            section(f"You have an unfinished form: {_about(opening.resumable.form)}"),
            actions("who.resume", [button(RESUME, "Resume", opening.resumable.id, label="Resume the unfinished form")]),
        ]
    if opening.last_meeting is not None:
        extra.append(context(_last_met(opening.last_meeting)))
    if not any(connection.state is ConnectionState.OK for connection in opening.connections):
        extra += connecting.offer("who.connect", _offer(opening.connections), opening.connect_links)
    return modal(CALLBACK, opening.draft.id, [*_fields(form, now, fresh), *extra], submit="Continue")


def build_bare(form: Form, now: datetime) -> View:
    """The same form when our rows do not answer in time; its draft is made on Continue."""
    return modal(CALLBACK, "", _fields(form, now, 0), submit="Continue")


def _fields(form: Form, now: datetime, fresh: int) -> list[Block]:
    customer = form.customer or Customer(name="", email="")
    suffix = f".{fresh}" if fresh else ""
    zone: Block = {
        "type": "external_select",
        "action_id": ZONE,
        "placeholder": {"type": "plain_text", "text": "City or time zone", "emoji": False},
        "min_query_length": 0,
        "initial_option": zone_option(customer.zone, now) if customer.zone else None,
    }
    return [
        header("Who is the meeting with?"),
        field(NAME + suffix, "External participant name", text_input(NAME, customer.name, NAME_LIMIT)),
        *left_out(customer.name, NAME_LIMIT),
        field(EMAIL + suffix, "Email address", text_input(EMAIL, customer.email, 320, kind="email_text_input")),
        field(ZONE + suffix, "Customer's time zone", zone, optional=True, hint="Assumed to be yours until you choose"),
    ]


def zone_option(name: str, now: datetime) -> Block:
    """A choice of the zone field, with the offset in force now."""
    return option(zone_words(now, name), name)


def parse(view: Mapping[str, Any]) -> Entered:
    """Validate for Continue; the mail must be one that can be written to, as far as its spelling tells."""
    ids = {base: _block_id(view, base) for base in (NAME, EMAIL)}
    customer = read(view)
    errors = {}
    if not customer.name:
        errors[ids[NAME]] = "Enter the customer's name."
    elif len(customer.name) > NAME_LIMIT:
        errors[ids[NAME]] = f"Use at most {NAME_LIMIT} characters."
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
    zone = chosen(view, _block_id(view, ZONE), ZONE)
    return Customer(
        name=one_line(typed_text(view, _block_id(view, NAME), NAME)),
        email=one_line(typed_text(view, _block_id(view, EMAIL), EMAIL)),
        zone=zone if zone and is_zone(zone) else None,
    )


def _block_id(view: Mapping[str, Any], base: str) -> str:
    """The field's block as this view calls it (`who.name` or `who.name.7`)."""
    values = view.get("state", {}).get("values", {})
    return next((block for block in values if block == base or block.startswith(f"{base}.")), base)


def _offer(connections: Sequence[Connection]) -> str:
    """Words above the connect buttons: for a first calendar, or for one that no longer lets us in."""
    if not connections:
        return OFFER
    names = listed([f"{connecting.provider_name(each.provider)} ({each.account})" for each in connections])
    return f"{names} no longer lets us in. Connect a calendar again to see available times."


def _about(form: Form) -> str:
    customer = form.customer.name or form.customer.email if form.customer else ""
    return " · ".join(part for part in (customer, form.subject) if part) or "nothing entered yet"


def _last_met(meeting: LastMeeting) -> str:
    day = day_words(local(meeting.start, meeting.zone).date())
    return f"You last met on {day} · {meeting.subject}" if meeting.subject else f"You last met on {day}"

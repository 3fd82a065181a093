"""Screen 5: what the customer receives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.modals.blocks import View, actions, block_id_in, button, header, modal, section, typed
from bot.modals.connecting import provider_name
from bot.words import city
from scheduling.domain import Draft, Form, ShownZone
from scheduling.office import Host

CALLBACK = "notifications"
BACK, ADVANCED = "notifications.back", "notifications.advanced"
TOGGLES = "notifications.toggles"
EVENT, MAIL = "event", "mail"
EVENT_LABEL, MAIL_LABEL = "Add to calendar event", "Send confirmation email"


@dataclass(frozen=True, slots=True)
class Choice:
    on_event: bool
    by_mail: bool


def build(draft: Draft, host: Host | None = None, *, fresh: int = 0) -> View:
    """`host` is the account that will hold the event. `fresh` other than 0 makes the boxes anew."""
    form = draft.form
    options = [_toggle(EVENT_LABEL, EVENT), _toggle(MAIL_LABEL, MAIL)]
    ticked = [each for each, on in zip(options, (form.on_event, form.by_mail), strict=True) if on]
    boxes = {
        "type": "checkboxes",
        "action_id": TOGGLES,
        "options": options,
        "initial_options": ticked or None,  # Slack refuses an empty list
    }
    buttons = [
        button(ADVANCED, "Show advanced settings…"),
        button(BACK, "Back", label="Back to the meeting details"),
    ]
    blocks = [
        header("Step 3: External participant notifications"),
        actions(f"{TOGGLES}.{fresh}" if fresh else TOGGLES, [boxes]),
        section(receives(form, host)),
        actions("notifications.buttons", buttons),
    ]
    return modal(CALLBACK, draft.id, blocks, submit="Schedule")


def generation(view: Mapping[str, Any]) -> int:
    """What `fresh` was when this view's boxes were made."""
    number = block_id_in(view, TOGGLES).removeprefix(f"{TOGGLES}.")
    return int(number) if number.isdecimal() else 0


def _toggle(label: str, value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": label, "emoji": False}, "value": value}


def receives(form: Form, host: Host | None = None) -> str:
    """In words, what the customer gets and from whom (11b)."""
    name = (form.customer.name if form.customer else "") or "The customer"
    if not form.on_event and not form.by_mail:
        return (
            f"{name} gets nothing from us: no calendar invitation and no email, and is not on the event. "
            "Nobody outside the team is told."
        )
    times = _times_words(form)
    if not form.on_event:
        return (
            f"{name} gets a confirmation email, {times}, but no calendar invitation, and is not on the event. "
            "The description is left out."
        )
    hidden = form.description and not form.settings.description_on_event
    rest = " The description is left out." if hidden else ""
    by_provider = host is not None and host.invites
    invitation = "a calendar invitation"
    if host is not None and by_provider:
        invitation += f" from {provider_name(host.provider)}"
    if form.by_mail:
        together = "" if by_provider else ", both in one message from us"
        return f"{name} gets {invitation} and a confirmation email{together}, {times}.{rest}"
    sender = "" if by_provider else " from us"
    return f"{name} gets {invitation}{sender} and no confirmation email. Times are {times}.{rest}"


def _times_words(form: Form) -> str:
    """Whose clock the customer's mail goes by (12b)."""
    zone = form.customer.zone if form.customer else None
    match form.settings.shown_zone:
        case ShownZone.ORGANIZER:
            return "in your time zone"
        case ShownZone.CUSTOMER:
            return f"in {city(zone)} time" if zone else "in your time zone, which is assumed to be the customer's too"
        case chosen:
            return f"in {city(chosen)} time"


def parse(view: Mapping[str, Any], form: Form | None = None) -> Choice:
    """The two boxes; where the view does not say, what the draft has."""
    state = typed(view, block_id_in(view, TOGGLES), TOGGLES)
    if state is None:
        return Choice(form.on_event, form.by_mail) if form else Choice(on_event=True, by_mail=True)
    ticked = {each.get("value") for each in state.get("selected_options") or ()}
    return Choice(EVENT in ticked, MAIL in ticked)

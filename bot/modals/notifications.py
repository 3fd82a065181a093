"""Screen 5: what the customer receives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.modals.blocks import View, actions, button, header, modal, section, typed
from bot.words import city
from scheduling.domain import Draft, Form

CALLBACK = "notifications"
BACK = "notifications.back"
TOGGLES = "notifications.toggles"
EVENT, MAIL = "event", "mail"
EVENT_LABEL, MAIL_LABEL = "Add to calendar event", "Send confirmation email"


@dataclass(frozen=True, slots=True)
class Choice:
    on_event: bool
    by_mail: bool


def build(draft: Draft) -> View:
    form = draft.form
    options = [_toggle(EVENT_LABEL, EVENT), _toggle(MAIL_LABEL, MAIL)]
    ticked = [each for each, on in zip(options, (form.on_event, form.by_mail), strict=True) if on]
    boxes = {
        "type": "checkboxes",
        "action_id": TOGGLES,
        "options": options,
        "initial_options": ticked or None,  # Slack refuses an empty list
    }
    blocks = [
        header("Step 3: External participant notifications"),
        actions(TOGGLES, [boxes]),
        section(receives(form)),
        actions("notifications.buttons", [button(BACK, "Back", label="Back to the meeting details")]),
    ]
    return modal(CALLBACK, draft.id, blocks, submit="Schedule")


def _toggle(label: str, value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": label, "emoji": False}, "value": value}


def receives(form: Form) -> str:
    """In words, what the customer gets (11b)."""
    name = (form.customer.name if form.customer else "") or "The customer"
    zone = form.customer.zone if form.customer else None
    times = f"in {city(zone)} time" if zone else "in your time zone, which is assumed to be the customer's too"
    if form.on_event and form.by_mail:
        return f"{name} gets a calendar invitation and a confirmation email, {times}."
    if form.on_event:
        return f"{name} gets a calendar invitation and no confirmation email. Times are {times}."
    if form.by_mail:
        return (
            f"{name} gets a confirmation email, {times}, but no calendar invitation, and is not on the event. "
            "The description is left out."
        )
    return f"{name} gets nothing from us: no calendar invitation and no email, and is not on the event."


def parse(view: Mapping[str, Any], form: Form | None = None) -> Choice:
    """The two boxes; where the view does not say, what the draft has."""
    state = typed(view, TOGGLES, TOGGLES)
    if state is None:
        return Choice(form.on_event, form.by_mail) if form else Choice(on_event=True, by_mail=True)
    ticked = {each.get("value") for each in state.get("selected_options") or ()}
    return Choice(EVENT in ticked, MAIL in ticked)

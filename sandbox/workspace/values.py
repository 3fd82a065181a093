"""What stands in a form: the state of every input, and which state survives when the app changes the view.

Shapes are those of `view.state.values` in Slack's documentation of interaction payloads. Pure functions.
"""

import copy
import re
import secrets
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.workspace.rule_elements import number
from sandbox.workspace.rules import elements_of

Values = dict[tuple[str, str], dict[str, Any]]

# element type: (key in the state, the element's initial_* field, value when untouched)
STATE_KEYS: dict[str, tuple[str, str, Any]] = {
    **dict.fromkeys(
        ("plain_text_input", "email_text_input", "url_text_input", "number_input"), ("value", "initial_value", None)
    ),
    "rich_text_input": ("rich_text_value", "initial_value", None),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
    **dict.fromkeys(("static_select", "external_select", "radio_buttons"), ("selected_option", "initial_option", None)),
    **dict.fromkeys(
        ("multi_static_select", "multi_external_select", "checkboxes"), ("selected_options", "initial_options", [])
    ),
    "users_select": ("selected_user", "initial_user", None),
    "channels_select": ("selected_channel", "initial_channel", None),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "multi_users_select": ("selected_users", "initial_users", []),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "file_input": ("files", "", []),
}
LISTED = frozenset({"static_select", "multi_static_select", "radio_buttons", "checkboxes"})


def fill_ids(definition: dict[str, Any]) -> dict[str, Any]:
    """A copy as Slack keeps it: ids for every block and element, `emoji` and `verbatim` written out."""
    filled: dict[str, Any] = copy.deepcopy(definition)
    for block in filled.get("blocks", []):
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for _, element in elements_of(block):
            if element.get("type") != "image":
                element.setdefault("action_id", secrets.token_urlsafe(4))
    _write_out(filled)
    return filled


def _write_out(node: Any) -> None:  # noqa: ANN401 - any part of a JSON payload
    if isinstance(node, dict):
        if node.get("type") == "plain_text":
            node.setdefault("emoji", True)
        elif node.get("type") == "mrkdwn":
            node.setdefault("verbatim", False)
        for inner in node.values():
            _write_out(inner)
    elif isinstance(node, list):
        for inner in node:
            _write_out(inner)


def stateful(blocks: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every (block, element) that holds a value."""
    for block in blocks:
        for _, element in elements_of(block):
            if element.get("type") in STATE_KEYS:
                yield block, element


def untouched(element: dict[str, Any]) -> dict[str, Any]:
    """The state of an element before anybody touched it."""
    key, initial, empty = STATE_KEYS[element["type"]]
    state = {"type": element["type"], key: copy.deepcopy(element.get(initial, empty))}
    if element["type"] == "timepicker" and "timezone" in element:
        state["timezone"] = element["timezone"]
    return state


def values_for(blocks: list[dict[str, Any]], before: Values | None = None) -> Values:
    """The form's state: kept where block_id and action_id stay, else the initial value."""
    kept = before or {}
    values: Values = {}
    for block, element in stateful(blocks):
        ids = (block["block_id"], element["action_id"])
        old = kept.get(ids)
        is_kept = old is not None and old["type"] == element["type"] and _still_listed(element, old)
        values[ids] = old if is_kept and old is not None else untouched(element)
    return values


def _still_listed(element: dict[str, Any], state: dict[str, Any]) -> bool:
    if element["type"] not in LISTED:
        return True
    chosen = state[STATE_KEYS[element["type"]][0]]
    values = {option["value"] for option in listed_options(element)}
    return all(
        option["value"] in values for option in (chosen if isinstance(chosen, list) else [chosen] if chosen else [])
    )


def listed_options(element: dict[str, Any]) -> list[dict[str, Any]]:
    """The element's own options, groups flattened."""
    groups: list[dict[str, Any]] = element.get("option_groups", [])
    own: list[dict[str, Any]] = element.get("options", [])
    return [option for group in groups for option in group["options"]] if groups else own


def as_payload(values: Values) -> dict[str, Any]:
    """`state.values` of a payload."""
    nested: dict[str, Any] = {}
    for (block_id, action_id), state in values.items():
        nested.setdefault(block_id, {})[action_id] = copy.deepcopy(state)
    return nested


def problems(blocks: list[dict[str, Any]], values: Values) -> dict[str, str]:
    """What Slack's own client says under inputs, by block_id, before anything is sent."""
    found: dict[str, str] = {}
    for block, element in stateful(blocks):
        if block["type"] != "input":
            continue
        value = values[block["block_id"], element["action_id"]][STATE_KEYS[element["type"]][0]]
        if value in (None, "", []):
            if not block.get("optional"):
                found[block["block_id"]] = "Please complete this required field."
        elif words := _wrong(element, value):
            found[block["block_id"]] = words
    return found


def _wrong(element: dict[str, Any], value: Any) -> str:  # noqa: ANN401 - the value's kind depends on the element
    kind = element["type"]
    if kind == "plain_text_input":
        return _wrong_length(element, value)
    if kind == "email_text_input" and not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+", value):
        return "This is not a valid email address."
    if kind == "url_text_input" and not re.fullmatch(r"https?://[^\s/]+\S*", value):
        return "This is not a valid URL."
    if kind == "number_input":
        return _wrong_number(element, value)
    if isinstance(value, list) and len(value) > element.get("max_selected_items", len(value)):
        return f"Choose {element['max_selected_items']} at most."
    return ""


def _wrong_length(element: dict[str, Any], value: str) -> str:
    if len(value) < element.get("min_length", 0):
        return f"Write at least {element['min_length']} characters."
    if len(value) > element.get("max_length", 3000):
        return f"Write {element.get('max_length', 3000)} characters at most."
    return ""


def _wrong_number(element: dict[str, Any], value: str) -> str:
    parsed = number(value)
    if parsed is None or (not element["is_decimal_allowed"] and parsed != parsed.to_integral_value()):
        return "This is not a valid number."
    if "min_value" in element and parsed < Decimal(element["min_value"]):
        return f"Must be {element['min_value']} or more."
    if "max_value" in element and parsed > Decimal(element["max_value"]):
        return f"Must be {element['max_value']} or less."
    return ""


def is_day(words: str) -> bool:
    """Whether a date picker takes these words."""
    try:
        return bool(date.fromisoformat(words))
    except ValueError:
        return False

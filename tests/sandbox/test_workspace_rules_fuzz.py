"""Whatever arrives as JSON is judged, never crashed on; and a good payload with one thing broken is still judged."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.workspace.rule_kit import Finding
from sandbox.workspace.rules import validate_ack, validate_message, validate_options, validate_view
from tests.sandbox.payloads_taken import GOOD

NAMES = st.sampled_from(
    (
        *("type", "text", "blocks", "elements", "element", "accessory", "options", "option_groups", "initial_option"),
        *(
            "initial_options",
            "value",
            "label",
            "fields",
            "block_id",
            "action_id",
            "style",
            "confirm",
            "title",
            "submit",
        ),
        *("rows", "url", "filter", "include", "trigger_actions_on", "timezone", "errors", "view", "response_action"),
        *("max_selected_items", "min_length", "max_length", "attachments", "image_url", "slack_file"),
    )
)
KINDS = st.sampled_from(
    (
        *("plain_text", "mrkdwn", "section", "actions", "input", "context", "rich_text", "table", "button", "modal"),
        *(
            "static_select",
            "checkboxes",
            "number_input",
            "rich_text_section",
            "timepicker",
            "image",
            "errors",
            "update",
        ),
    )
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | KINDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)


@settings(deadline=None, max_examples=300)
@given(ANY_JSON)
def test_no_json_crashes_the_validator(payload):
    wrapped = {"type": "modal", "blocks": [payload]}

    found: list[Finding] = [
        *validate_view(payload, "modal"),
        *validate_view(wrapped, "home"),
        *validate_message({"text": payload, "blocks": [payload], "attachments": [payload]}),
        *validate_options(payload),
        *validate_ack(payload, ["name"]),
        *validate_ack({"response_action": "errors", "errors": payload}, ["name"]),
    ]

    assert {f.level for f in found} <= {"R", "W"}
    assert any(f.level == "R" for f in validate_view(wrapped, "home"))


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a payload."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in inner for place in [(*path, key), *places(value, (*path, key))]]


def with_value(payload: Any, path: tuple[Any, ...], value: Any) -> Any:
    broken = copy.deepcopy(payload)
    at = broken
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return broken


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([case for case in GOOD if case[1] != "message"]), st.data())
def test_a_null_anywhere_in_a_good_view_is_refused(case, data):
    _, surface, _, payload = case
    path = data.draw(st.sampled_from(places(payload)))

    findings = validate_view(with_value(payload, path, None), surface)

    assert any(f.level == "R" for f in findings), path


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([case for case in GOOD if case[1] != "message"]), st.data(), ANY_JSON)
def test_junk_anywhere_in_a_good_view_is_judged_without_a_crash(case, data, junk):
    _, surface, _, payload = case
    path = data.draw(st.sampled_from(places(payload)))

    findings = validate_view(with_value(payload, path, junk), surface)

    assert all(f.pointer.startswith("/view") for f in findings)

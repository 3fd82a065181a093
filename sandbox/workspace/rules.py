"""The strict validator's front door: what Slack refuses, and what it shows badly, before a person ever sees it.

Pure functions over payloads as they arrive after JSON. They answer findings and change nothing; they must not know the
state of a workspace (rules about triggers, stacks and hashes live where that state is).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sandbox.workspace.rule_blocks import check_blocks
from sandbox.workspace.rule_kit import (
    Check,
    Finding,
    Json,
    Report,
    Shape,
    anything,
    boolean,
    json_size,
    kind_of,
    one_of,
    string,
)
from sandbox.workspace.rule_texts import option_groups, options, plain, warn_about_mrkdwn

VIEW_BYTES = 250_000
MESSAGE_CHARACTERS = 12_000
DEEPEST = 3

_COMMON: dict[str, Check] = {
    "blocks": anything,
    "private_metadata": string("V5", 0, 3000),
    "callback_id": string("V5", 0, 255),
    "external_id": string("V5", 0, 255),
}
MODAL = Shape(
    {
        **_COMMON,
        "type": one_of("V1", "modal"),
        "title": plain("V2", 24),
        "submit": plain("V2", 24),
        "close": plain("V2", 24),
        "clear_on_close": boolean("V1"),
        "notify_on_close": boolean("V1"),
    },
    ("type", "title", "blocks"),
    "V1",
)
HOME = Shape({**_COMMON, "type": one_of("V6", "home")}, ("type", "blocks"), "V6")
HOME_FOREIGN = frozenset({"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"})


def validate_view(view: Json, surface: Literal["modal", "home"], pointer: str = "/view") -> list[Finding]:
    """Findings for a view as given to views.open, push, update (modal) or publish (home)."""
    report = Report(surface)
    if not isinstance(view, dict):
        report.refuse("G2", pointer, "must provide an object")
        return report.findings
    if surface == "home":
        for name in sorted(HOME_FOREIGN & view.keys()):
            report.refuse("V6", pointer, f"invalid additional property: {name}")
        view = {name: content for name, content in view.items() if name not in HOME_FOREIGN}
    (MODAL if surface == "modal" else HOME)(report, view, pointer)
    blocks = view.get("blocks")
    if blocks is not None:
        check_blocks(report, blocks, f"{pointer}/blocks", "V4", 100)
    if surface == "modal":
        if any(kind_of(block) == "input" for block in _list(blocks)) and "submit" not in view:
            report.refuse("V3", pointer, "must define `submit` to use an `input` block in modals")
        if "submit" in view and "callback_id" not in view:
            report.warn("V9", pointer, "a submission without callback_id cannot be told apart")
    if json_size(view) > VIEW_BYTES:
        report.refuse("G8", pointer, "view is too large")
    return report.findings


def validate_message(message: Mapping[str, Any], *, allow_broadcast: bool = False, pointer: str = "") -> list[Finding]:
    """Findings for the blocks, attachments and text of a message."""
    report = Report("message", broadcasts_allowed=allow_broadcast)
    blocks = message.get("blocks")
    text = message.get("text")
    attachments = message.get("attachments")
    if blocks is not None:
        check_blocks(report, blocks, f"{pointer}/blocks", "M1", 50, low=0)
        _message_totals(report, _list(blocks), f"{pointer}/blocks")
    if attachments is not None:
        if not isinstance(attachments, list):
            report.refuse("M1", f"{pointer}/attachments", "must be an array")
        elif len(attachments) > 100:
            report.refuse("M1", f"{pointer}/attachments", "no more than 100 items allowed")
        for index, attachment in enumerate(_list(attachments)):
            if isinstance(attachment, dict) and "blocks" in attachment:
                check_blocks(report, attachment["blocks"], f"{pointer}/attachments/{index}/blocks", "M1", 50, low=0)
    if text is not None and not isinstance(text, str):
        report.refuse("M2", f"{pointer}/text", "must be a string")
    elif text:
        _message_text(report, text, f"{pointer}/text")
    elif blocks:
        report.warn("M2", f"{pointer}/text", "screen readers read the text and not the blocks")
    return report.findings


def validate_options(answer: Json) -> list[Finding]:
    """Findings for the answer to a block_suggestion; an empty list is a good answer."""
    report = Report("modal")
    if not isinstance(answer, dict) or ("options" in answer) == ("option_groups" in answer):
        report.refuse("A3", "", "must define either `options` or `option_groups`")
        return report.findings
    Shape({"options": options("A3", 100, 0), "option_groups": option_groups("A3", 100, 0)})(report, answer, "")
    return report.findings


def validate_ack(answer: Json, input_block_ids: Sequence[str] = (), depth: int = 1) -> list[Finding]:
    """Findings for the answer to a view_submission whose view has these input blocks and stands `depth` views deep."""
    report = Report("modal")
    if answer in (None, "", {}):
        return []
    action = answer.get("response_action") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or str(action) not in {"errors", "update", "push", "clear"}:
        report.refuse("A2", "/response_action", f"unknown response_action: {action}")
    elif action == "errors":
        _extra_keys(report, answer, {"errors"})
        _errors(report, answer.get("errors"), input_block_ids)
    elif action == "clear":
        _extra_keys(report, answer, set())
    else:
        _extra_keys(report, answer, {"view"})
        if action == "push" and depth >= DEEPEST:
            report.refuse("A2", "/view", "push_limit_reached")
        report.findings.extend(validate_view(answer.get("view"), "modal"))
    return report.findings


def warn_about_kept_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Finding]:
    """Fields whose ids are unchanged but whose initial value changed: the person keeps seeing the old value."""
    before = {ids: initial for ids, initial, _ in initial_values(old)}
    report = Report("modal")
    for ids, initial, pointer in initial_values(new):
        if ids in before and before[ids] != initial:
            report.warn(
                "A5", pointer, "same block_id and action_id with another initial value: the client keeps the old one"
            )
    return report.findings


def initial_values(view: Mapping[str, Any]) -> list[tuple[tuple[str, str], dict[str, Any], str]]:
    """Every element with both ids named: ((block_id, action_id), its initial_* fields, pointer)."""
    found: list[tuple[tuple[str, str], dict[str, Any], str]] = []
    for index, block in enumerate(_list(view.get("blocks"))):
        for place, element in elements_of(block):
            if block.get("block_id") and element.get("action_id"):
                initial = {name: value for name, value in element.items() if name.startswith("initial_")}
                found.append(((block["block_id"], element["action_id"]), initial, f"/view/blocks/{index}/{place}"))
    return found


def elements_of(block: Json) -> list[tuple[str, dict[str, Any]]]:
    """The interactive elements of a block with their place in it."""
    if not isinstance(block, dict):
        return []
    if kind_of(block) == "section" and isinstance(block.get("accessory"), dict):
        return [("accessory", block["accessory"])]
    if block.get("type") == "input" and isinstance(block.get("element"), dict):
        return [("element", block["element"])]
    if block.get("type") == "actions":
        return [
            (f"elements/{index}", element)
            for index, element in enumerate(_list(block.get("elements")))
            if isinstance(element, dict)
        ]
    return []


def _extra_keys(report: Report, answer: Mapping[str, Any], allowed: set[str]) -> None:
    for name in answer.keys() - allowed - {"response_action"}:
        report.refuse("G1", "", f"invalid additional property: {name}")


def _errors(report: Report, errors: Json, input_block_ids: Sequence[str]) -> None:
    if not isinstance(errors, dict) or not errors:
        report.refuse("A1", "/errors", "must provide an object with at least one error")
        return
    for block_id, words in errors.items():
        if block_id not in input_block_ids:
            report.refuse("A1", f"/errors/{block_id}", "is not the block_id of an input block in the submitted view")
        if not isinstance(words, str) or not words:
            report.refuse("A1", f"/errors/{block_id}", "must be a non-empty string")


def _message_totals(report: Report, blocks: list[Any], pointer: str) -> None:
    kinds = [kind_of(block) for block in blocks]
    if sum(kind in {"table", "data_table"} for kind in kinds) > 1:
        report.refuse("M3", pointer, "only one table is allowed")
    if kinds.count("data_visualization") > 2:
        report.refuse("M3", pointer, "no more than 2 data_visualization blocks allowed")
    markdown = sum(
        len(block["text"]) for block in blocks if kind_of(block) == "markdown" and isinstance(block.get("text"), str)
    )
    if markdown > 12_000:
        report.refuse("M3", pointer, "markdown text must be less than 12001 characters")
    if json_size(blocks) > MESSAGE_CHARACTERS:
        report.warn("G8", pointer, "Slack refuses long blocks with msg_blocks_too_long")


def _message_text(report: Report, text: str, pointer: str) -> None:
    if len(text) > 40_000:
        report.refuse("M2", pointer, "must be less than 40001 characters")
    elif len(text) > 4000:
        report.warn("M2", pointer, "a text over 4000 characters is hard to read")
    warn_about_mrkdwn(report, text, pointer)


def _list(value: Json) -> list[Any]:
    return value if isinstance(value, list) else []

"""The strict validator refuses what Slack refuses, by the right rule, and takes what Slack takes."""

import re
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from sandbox.workspace.rule_kit import Finding
from sandbox.workspace.rules import (
    validate_ack,
    validate_message,
    validate_options,
    validate_view,
    warn_about_kept_values,
)
from tests.sandbox.payload_kit import el, inp, opt, opts, plain, view
from tests.sandbox.payloads_refused import BAD_MESSAGES, BAD_VIEWS
from tests.sandbox.payloads_taken import GOOD, WARNED
from tests.sandbox.small_app import modal, section

ONLY_WARNED = {"E9"}
REFUSING = {
    f"{group}{number}"
    for group, last in (("G", 8), ("V", 8), ("M", 3), ("B", 10), ("E", 23))
    for number in range(1, last + 1)
} - ONLY_WARNED
WARNING = {"G7", "G8", "V9", "M2", "M4", "B10", "B11", "E8", "E9", "E21", "E24"}


def judge(surface: str, payload: Any) -> list[Finding]:
    return validate_message(payload) if surface == "message" else validate_view(payload, surface)


def named(case: tuple[str, str, str, Any]) -> str:
    return f"{case[0]} {case[2]}".strip()


@pytest.mark.parametrize("case", [*BAD_VIEWS, *BAD_MESSAGES], ids=named)
def test_a_bad_payload_is_refused_by_its_rule(case):
    rule, surface, _why, payload = case

    findings = judge(surface, payload)

    assert {f.rule for f in findings if f.level == "R"} == {rule}
    assert all(re.fullmatch(r"\[ERROR\] .+ \[json-pointer:(/[^\]]*)?\]", f.as_slack_says()) for f in findings)


@pytest.mark.parametrize("case", WARNED, ids=named)
def test_a_payload_that_shows_badly_is_only_warned_about(case):
    rule, surface, _why, payload = case

    assert {(f.rule, f.level) for f in judge(surface, payload)} == {(rule, "W")}


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_payload_has_no_finding(case):
    _, surface, _why, payload = case

    assert judge(surface, payload) == []


def test_every_rule_has_a_payload_that_breaks_it():
    assert {case[0] for case in [*BAD_VIEWS, *BAD_MESSAGES]} == REFUSING
    assert {case[0] for case in WARNED} == WARNING


def test_the_pointer_leads_to_the_broken_place():
    findings = validate_view(view(section("x"), inp(el("static_select", options=[opt(), opt("x" * 76, "2")]))), "modal")

    assert [f.as_slack_says() for f in findings] == [
        "[ERROR] must be less than 76 characters [json-pointer:/view/blocks/1/element/options/1/text/text]"
    ]


@pytest.mark.parametrize("case", [c for c in GOOD if c[1] != "message"], ids=named)
def test_slack_sdks_own_models_take_the_good_views_too(case):
    payload = {**case[3], "blocks": [b for b in case[3]["blocks"] if b["type"] != "alert"]}

    written = View(
        **{k: v for k, v in payload.items() if k != "blocks"}, blocks=Block.parse_all(payload["blocks"])
    ).to_dict()

    assert written["type"] == payload["type"]


@pytest.mark.parametrize(
    ("rule", "answer", "depth"),
    [
        ("A1", {"response_action": "errors", "errors": {}}, 1),
        ("A1", {"response_action": "errors"}, 1),
        ("A1", {"response_action": "errors", "errors": {"section": "no input"}}, 1),
        ("A1", {"response_action": "errors", "errors": {"name": ""}}, 1),
        ("A1", {"response_action": "errors", "errors": {"name": None}}, 1),
        ("A2", {"response_action": "close"}, 1),
        ("A2", "ok", 1),
        ("A2", {"response_action": "push", "view": modal(section("x"))}, 3),
        ("V2", {"response_action": "update", "view": modal(section("x"), title=plain("x" * 25))}, 1),
        ("G2", {"response_action": "update"}, 1),
        ("G1", {"response_action": "clear", "view": {}}, 1),
    ],
)
def test_a_bad_answer_to_a_submission_is_refused(rule, answer, depth):
    assert {f.rule for f in validate_ack(answer, ["name"], depth)} == {rule}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        {},
        {"response_action": "clear"},
        {"response_action": "errors", "errors": {"name": "Unknown"}},
        {"response_action": "update", "view": modal(section("x"))},
        {"response_action": "push", "view": modal(section("x"))},
    ],
)
def test_a_good_answer_to_a_submission_is_taken(answer):
    assert validate_ack(answer, ["name"], 2) == []


@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        ({"options": []}, set()),
        ({"options": opts(100)}, set()),
        ({"option_groups": [{"label": plain("A"), "options": opts(100)}]}, set()),
        ({"options": opts(101)}, {"A3"}),
        ({"option_groups": [{"label": plain("A"), "options": opts(1)}] * 100}, set()),
        ({"option_groups": [{"label": plain("A"), "options": opts(1)}] * 101}, {"A3"}),
        ({"options": [], "option_groups": []}, {"A3"}),
        ({}, {"A3"}),
        (None, {"A3"}),
        ({"options": [opt("x" * 76)]}, {"E7"}),
        ({"options": opts(1), "more": True}, {"G1"}),
    ],
)
def test_answers_to_a_search_are_judged(answer, rules):
    assert {f.rule for f in validate_options(answer)} == rules


@pytest.mark.parametrize("place", ["input", "actions", "section"])
def test_a_new_initial_value_under_old_ids_is_warned_about(place):
    def dated(day: str, block_id: str = "b") -> dict[str, Any]:
        picker = el("datepicker", initial_date=day)
        blocks = {
            "input": inp(picker, block_id),
            "actions": {"type": "actions", "block_id": block_id, "elements": [picker]},
            "section": section("Day", block_id=block_id, accessory=picker),
        }
        return view(blocks[place])

    old, same, changed = dated("2026-11-24"), dated("2026-11-24"), dated("2026-11-25")
    renamed = dated("2026-11-25", "other")
    where = {"input": "element", "actions": "elements/0", "section": "accessory"}[place]

    findings = [warn_about_kept_values(old, new) for new in (same, changed, renamed)]

    assert [[(f.rule, f.level, f.pointer) for f in found] for found in findings] == [
        [],
        [("A5", "W", f"/view/blocks/0/{where}")],
        [],
    ]

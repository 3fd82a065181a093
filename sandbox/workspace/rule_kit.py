"""The small language in which Slack's payload rules are written: findings, reports, shapes and field checks.

Source of the rules: Slack's Block Kit reference (docs.slack.dev/reference/block-kit) and the error texts Slack answers.
This module must not know any particular block, element or view.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

Json = Any  # a value as it arrives; every rule looks at it before trusting its kind
Surface = Literal["modal", "home", "message"]
Check = Callable[["Report", Json, str], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule. `level` R: Slack refuses the payload; W: Slack takes it but shows it badly."""

    rule: str
    level: Literal["R", "W"]
    message: str
    pointer: str

    def as_slack_says(self) -> str:
        """The line Slack puts into `response_metadata.messages`."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


@dataclass
class Report:
    """Collects findings while a payload for one surface is walked."""

    surface: Surface
    findings: list[Finding] = field(default_factory=list)
    focused: list[str] = field(default_factory=list)
    broadcasts_allowed: bool = False

    def refuse(self, rule: str, pointer: str, message: str) -> None:
        """Record that Slack refuses the payload here."""
        self.findings.append(Finding(rule, "R", message, pointer))

    def warn(self, rule: str, pointer: str, message: str) -> None:
        """Record that Slack takes the payload but a person sees something wrong."""
        self.findings.append(Finding(rule, "W", message, pointer))


@dataclass(frozen=True, slots=True)
class Shape:
    """An object's fields. A missing required field and an unknown one are refused, and so is any null."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()
    missing_rule: str = "G2"

    def __call__(self, report: Report, value: Json, pointer: str) -> None:
        """Walk the object's fields and check each."""
        if not isinstance(value, dict):
            report.refuse("G2", pointer, "must provide an object")
            return
        for name in self.required:
            if name not in value:
                report.refuse(self.missing_rule, pointer, f"missing required field: {name}")
        for name, content in value.items():
            here = f"{pointer}/{name}"
            if name not in self.fields:
                report.refuse("G1", pointer, f"invalid additional property: {name}")
            elif content is None:
                report.refuse("G2", here, "must provide an object" if name == "text" else "must not be null")
            else:
                self.fields[name](report, content, here)

    def plus(self, required: tuple[str, ...] = (), **fields: Check) -> "Shape":
        """The same shape with more fields."""
        return Shape({**self.fields, **fields}, (*self.required, *required), self.missing_rule)


def kind_of(value: Json) -> str:
    """The `type` of an object as text, whatever stands there."""
    return str(value.get("type")) if isinstance(value, dict) else "None"


def anything(_report: Report, _value: Json, _pointer: str) -> None:
    """A field whose content Slack documents but nobody here relies on."""


def string(rule: str, low: int = 0, high: int | None = None, pattern: str | None = None) -> Check:
    """Text of `low` to `high` code points, optionally matching a pattern from start to end."""

    def check(report: Report, value: Json, pointer: str) -> None:
        if not isinstance(value, str):
            report.refuse(rule, pointer, "must be a string")
        elif len(value) < low:
            report.refuse(rule, pointer, f"must be more than {low - 1} characters")
        elif high is not None and len(value) > high:
            report.refuse(rule, pointer, f"must be less than {high + 1} characters")
        elif pattern is not None and not re.fullmatch(pattern, value):
            report.refuse(rule, pointer, f"failed to match pattern: {pattern}")

    return check


def boolean(rule: str = "G2") -> Check:
    """True or false; Slack takes no 0, 1 or text for it."""

    def check(report: Report, value: Json, pointer: str) -> None:
        if not isinstance(value, bool):
            report.refuse(rule, pointer, "must be a boolean")

    return check


def integer(rule: str, low: int | None = None, high: int | None = None) -> Check:
    """A whole number between two bounds, both included."""

    def check(report: Report, value: Json, pointer: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            report.refuse(rule, pointer, "must be an integer")
        elif low is not None and value < low:
            report.refuse(rule, pointer, f"must be greater than or equal to {low}")
        elif high is not None and value > high:
            report.refuse(rule, pointer, f"must be less than or equal to {high}")

    return check


def one_of(rule: str, *choices: Json) -> Check:
    """One of a fixed list of values."""

    def check(report: Report, value: Json, pointer: str) -> None:
        if value not in choices:
            report.refuse(rule, pointer, f"must be a valid enum value: {', '.join(map(str, choices))}")

    return check


def array(rule: str, item: Check, low: int = 1, high: int | None = None) -> Check:
    """A list of `low` to `high` items of one kind."""

    def check(report: Report, value: Json, pointer: str) -> None:
        if not isinstance(value, list):
            report.refuse(rule, pointer, "must be an array")
            return
        if len(value) < low:
            report.refuse(rule, pointer, f"no fewer than {low} items allowed")
        if high is not None and len(value) > high:
            report.refuse(rule, pointer, f"no more than {high} items allowed")
        for index, content in enumerate(value):
            here = f"{pointer}/{index}"
            if content is None:
                report.refuse("G2", here, "must provide an object")
            else:
                item(report, content, here)

    return check


def url(high: int = 3000, rule: str = "G7") -> Check:
    """An absolute http or https address."""

    def check(report: Report, value: Json, pointer: str) -> None:
        if not isinstance(value, str) or not _is_web_address(value):
            report.refuse("G7", pointer, "must be a valid URL")
        elif len(value) > high:
            report.refuse(rule, pointer, f"must be less than {high + 1} characters")

    return check


def image_url(report: Report, value: Json, pointer: str) -> None:
    """An address from which Slack itself downloads, so one that only we can reach shows a broken picture."""
    url()(report, value, pointer)
    host = (urlsplit(value).hostname or "") if isinstance(value, str) and _is_web_address(value) else ""
    if re.fullmatch(
        r"localhost|127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|::1|.*\.(local|internal)", host
    ):
        report.warn("G7", pointer, "Slack downloads this image and cannot reach a private address")


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", value)


def identifier(prefixes: str) -> Check:
    """A Slack id: one of the prefix letters, then capitals and digits."""
    return string("E23", 1, None, rf"[{prefixes}][A-Z0-9]+")


def json_size(value: Json) -> int:
    """Bytes of the compact JSON, the measure of Slack's size limits."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

"""Google's own description of its Calendar API (google-calendar-openapi.json in CONTRACTS_DIR), as a check."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from sandbox.google_standin.calendar_api import BASE
from sandbox.google_standin.troubles import Exchange

FILE = "google-calendar-openapi.json"
WORDS = {"true": True, "false": False}


class GoogleContract:
    """`problems_of` names everything in an exchange that the description does not allow."""

    def __init__(self, folder: Path) -> None:
        self._whole = json.loads((folder / FILE).read_text(encoding="utf-8"))
        self._paths = [(self._pattern(path), operations) for path, operations in self._whole["paths"].items()]

    def problems_of(self, exchange: Exchange) -> list[str]:
        operation = self._operation(exchange)
        if operation is None:
            return [f"{exchange.method} {exchange.path} is not described"]
        found = [*self._of_query(operation, exchange)]
        sent = operation.get("requestBody")
        if exchange.sent or sent is not None:
            found += self._of_body("request", sent, exchange.sent)
        answer = operation["responses"].get(str(exchange.status))
        if answer is None:
            return [*found, f"{exchange.method} {exchange.path} does not answer with {exchange.status}"]
        if exchange.answered or answer.get("content"):
            found += self._of_body("answer", answer, exchange.answered)
        return found

    def _operation(self, exchange: Exchange) -> dict[str, Any] | None:
        path = exchange.path.removeprefix(BASE)
        for pattern, operations in self._paths:
            if pattern.fullmatch(path) and exchange.method.lower() in operations:
                operation: dict[str, Any] = operations[exchange.method.lower()]
                return operation
        return None

    def _of_query(self, operation: dict[str, Any], exchange: Exchange) -> list[str]:
        known = {p["name"]: p["schema"] for p in operation.get("parameters", ()) if p["in"] == "query"}
        found = []
        for name, text in exchange.query:
            if name not in known:
                found.append(f"the parameter {name} is not described")
                continue
            schema = known[name].get("items", known[name]) if known[name].get("type") == "array" else known[name]
            value: Any = WORDS.get(text, text) if schema.get("type") == "boolean" else text
            if schema.get("type") == "integer":
                value = int(text)
            found += [f"{name}: {error.message}" for error in self._validator(schema).iter_errors(value)]
        return found

    def _of_body(self, what: str, described: dict[str, Any] | None, content: bytes) -> list[str]:
        if described is None or "content" not in described:
            return [f"the {what} has a body that is not described"]
        schema = described["content"]["application/json"]["schema"]
        errors = self._validator(schema).iter_errors(json.loads(content))
        return [f"{what} {'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        return Draft202012Validator({**schema, "components": self._whole["components"]}, format_checker=FormatChecker())

    @staticmethod
    def _pattern(path: str) -> re.Pattern[str]:
        return re.compile(
            "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path))
        )

"""Microsoft's own description of Graph's calendar (graph-calendar-openapi.json in CONTRACTS_DIR), as a check.

It says what is wrong with one exchange: an unknown path, parameter, field or value, in the request or in the answer.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from sandbox.microsoft_standin.troubles import Exchange

FILE = "graph-calendar-openapi.json"


class GraphContract:
    """Knows every path of the contract."""

    def __init__(self, folder: Path) -> None:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
        self._components = _as_json_schema(document["components"])
        self._paths = [
            (re.compile(re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(path))), operations)
            for path, operations in document["paths"].items()
        ]

    def problems(self, exchange: Exchange) -> list[str]:
        """What the contract does not allow; empty when all is well."""
        operation = self._operation(exchange)
        if operation is None:
            return [f"no {exchange.method} {exchange.raw_path}"]
        return [*self._of_request(operation, exchange), *self._of_answer(operation, exchange)]

    def _operation(self, exchange: Exchange) -> Mapping[str, Any] | None:
        for pattern, operations in self._paths:
            if pattern.fullmatch(exchange.raw_path) and exchange.method.lower() in operations:
                found: Mapping[str, Any] = operations[exchange.method.lower()]
                return found
        return None

    def _of_request(self, operation: Mapping[str, Any], exchange: Exchange) -> Iterator[str]:
        known = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "query"}
        yield from (f"parameter {name}" for name in exchange.query if name not in known)
        missing = (name for name, p in known.items() if p.get("required") and name not in exchange.query)
        yield from (f"parameter {name} is missing" for name in missing)
        body = operation.get("requestBody")
        if body is not None and exchange.sent:
            yield from self._mismatches("request", body["content"], exchange.sent)
        elif exchange.sent:
            yield "a body where none is known"

    def _of_answer(self, operation: Mapping[str, Any], exchange: Exchange) -> Iterator[str]:
        known = operation["responses"].get(str(exchange.status))
        if known is None:
            yield f"status {exchange.status}"
        elif "content" in known:
            yield from self._mismatches("answer", known["content"], exchange.answered)
        elif exchange.answered:
            yield "an answer where none is known"

    def _mismatches(self, where: str, content: Mapping[str, Any], body: bytes) -> Iterator[str]:
        schema = {**_as_json_schema(content["application/json"]["schema"]), "components": self._components}
        for error in Draft202012Validator(schema).iter_errors(json.loads(body)):
            yield f"{where} {error.json_path}: {error.message}"


def _as_json_schema(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [_as_json_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {name: _as_json_schema(part) for name, part in schema.items() if name != "nullable"}
    if schema.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, converted]}
    return converted

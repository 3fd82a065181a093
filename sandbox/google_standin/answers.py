"""Google's way of saying no, and of leaving out what was not asked for."""

from typing import Any

from starlette.responses import JSONResponse


class Refusal(Exception):
    """An error of the API's."""

    def __init__(self, status: int, reason: str, message: str = "The request was refused.") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message

    def answer(self) -> JSONResponse:
        return JSONResponse(error_body(self.status, self.reason, self.message), self.status)


def error_body(status: int, reason: str, message: str = "The request was refused.") -> dict[str, Any]:
    """As `googleapis.com` writes errors."""
    one = {"domain": "calendar" if status == 412 else "global", "reason": reason, "message": message}
    return {"error": {"code": status, "message": message, "errors": [one]}}


Mask = dict[str, Any]


def mask_of(fields: str) -> Mask:
    """`kind,items(id,start)` as nested names. Raises Refusal for what is no mask."""
    root: Mask = {}
    stack, name, last = [root], "", root
    for letter in f"{fields},":
        if letter in ",()":
            if name.strip():
                last = stack[-1].setdefault(name.strip(), {})
            if letter == "(":
                stack.append(last)
            elif letter == ")" and len(stack) > 1:
                stack.pop()
            elif letter == ")":
                raise Refusal(400, "invalidParameter", f"Invalid field selection {fields}")
            name = ""
        else:
            name += letter
    return root


def masked(value: object, mask: Mask) -> object:
    """Only what the mask names; an empty mask names everything."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [masked(entry, mask) for entry in value]
    if isinstance(value, dict):
        return {name: masked(value[name], inner) for name, inner in mask.items() if name in value}
    return value

"""Short names from which the validator's tests build their payloads."""

from typing import Any

from tests.sandbox.small_app import modal, plain, section

Case = tuple[str, str, str, Any]  # rule, surface, why, payload


def md(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, **more}


def opt(text: str = "One", value: str = "1", **more: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": value, **more}


def opts(count: int) -> list[dict[str, Any]]:
    return [opt(f"Option {n}", str(n)) for n in range(count)]


def el(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "action_id": "a", **more}


def inp(element: dict[str, Any], block_id: str = "b", **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain("Label"), "element": element, **more}


def view(*blocks: Any, **more: Any) -> dict[str, Any]:
    return modal(*blocks, **more)


def v(rule: str, why: str, *blocks: Any, **more: Any) -> Case:
    return (rule, "modal", why, view(*blocks, **more))


def h(rule: str, why: str, *blocks: Any, **more: Any) -> Case:
    return (rule, "home", why, {"type": "home", "blocks": list(blocks), **more})


def m(rule: str, why: str, *blocks: Any, **more: Any) -> Case:
    return (rule, "message", why, {"text": "fallback", "blocks": list(blocks), **more})


def without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key not in names}


SELECT = el("static_select", options=opts(2))
CONFIRM = {"title": plain("Sure?"), "text": plain("Really?"), "confirm": plain("Yes"), "deny": plain("No")}
IMAGE = {"type": "image", "alt_text": "A picture", "image_url": "https://pictures.example/a.png"}
TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}
CHART = {"type": "data_visualization", "title": "T", "chart": {"type": "pie"}}
HELLO = section("Hello")
NUMBER = el("number_input", is_decimal_allowed=False)
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "Hi"}]}]}
GROUPED = el(
    "multi_static_select",
    option_groups=[
        {"label": plain("A"), "options": [opt("A", "a")]},
        {"label": plain("B"), "options": [opt("B", "b")]},
    ],
)


def rich(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}

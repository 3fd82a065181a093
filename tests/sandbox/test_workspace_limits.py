"""Every limit is met on both sides: the longest that Slack takes passes, one more is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.workspace.rules import validate_message, validate_view
from tests.sandbox.payload_kit import CONFIRM, HELLO, IMAGE, NUMBER, el, h, inp, m, md, opt, opts, rich, v, view
from tests.sandbox.small_app import actions, button, plain, section

VIDEO = {
    "type": "video",
    "title": plain("x"),
    "alt_text": "x",
    "video_url": "https://v.example/1",
    "thumbnail_url": "https://v.example/1.png",
}
CELL = {"type": "raw_text", "text": "a"}
Build = Callable[[int], Any]
URL = "https://a.example/"


def letters(count: int) -> str:
    return "é" * count


def web(count: int) -> str:
    return URL + "x" * (count - len(URL))


def select(kind: str = "static_select", **more: Any) -> dict[str, Any]:
    return view(actions(el(kind, **more)))


def group(label: str, count: int) -> dict[str, Any]:
    return {"label": plain(label), "options": opts(count)}


def boxed(kind: str, count: int) -> dict[str, Any]:
    return actions(el(kind, options=opts(count)))


MODAL: list[tuple[str, int, Build]] = [
    ("title", 24, lambda n: view(HELLO, title=plain(letters(n)))),
    ("submit", 24, lambda n: view(HELLO, submit=plain(letters(n)))),
    ("close", 24, lambda n: view(HELLO, close=plain(letters(n)))),
    ("private_metadata", 3000, lambda n: view(HELLO, private_metadata=letters(n))),
    ("callback_id", 255, lambda n: view(HELLO, callback_id=letters(n))),
    ("external_id", 255, lambda n: view(HELLO, external_id=letters(n))),
    ("blocks of a view", 100, lambda n: view(*[{"type": "divider"}] * n)),
    ("block_id", 255, lambda n: view(section("x", block_id=letters(n)))),
    ("action_id", 255, lambda n: view(actions(button("x", letters(n))))),
    ("section text", 3000, lambda n: view(section(letters(n)))),
    ("mrkdwn text", 3000, lambda n: view({"type": "section", "text": md(letters(n))})),
    ("fields", 10, lambda n: view({"type": "section", "fields": [plain("x")] * n})),
    ("field", 2000, lambda n: view({"type": "section", "fields": [plain(letters(n))]})),
    ("actions", 25, lambda n: view(actions(*[button("x", f"a{i}") for i in range(n)]))),
    ("context", 10, lambda n: view({"type": "context", "elements": [md("x")] * n})),
    ("context text", 3000, lambda n: view({"type": "context", "elements": [md(letters(n))]})),
    ("border of a quote", 1, lambda n: view(rich({"type": "rich_text_quote", "elements": [], "border": n}))),
    ("header", 150, lambda n: view({"type": "header", "text": plain(letters(n))})),
    ("header level", 4, lambda n: view({"type": "header", "text": plain("x"), "level": n})),
    ("alt_text", 2000, lambda n: view({**IMAGE, "alt_text": letters(n)})),
    ("image title", 2000, lambda n: view({**IMAGE, "title": plain(letters(n))})),
    ("image_url", 3000, lambda n: view({**IMAGE, "image_url": web(n)})),
    ("label", 2000, lambda n: view({**inp(el("plain_text_input")), "label": plain(letters(n))})),
    ("hint", 2000, lambda n: view(inp(el("plain_text_input"), hint=plain(letters(n))))),
    ("alert", 200, lambda n: view({"type": "alert", "text": plain(letters(n))})),
    ("indent of a list", 8, lambda n: view(rich({"type": "rich_text_list", "style": "bullet", "indent": n,
        "elements": [{"type": "rich_text_section", "elements": []}]}))),
    ("placeholder", 150, lambda n: view(inp(el("plain_text_input", placeholder=plain(letters(n)))))),
    ("button text", 75, lambda n: view(actions(button(letters(n), "a")))),
    ("button value", 2000, lambda n: view(actions(button("x", "a", value=letters(n))))),
    ("button url", 3000, lambda n: view(actions(button("x", "a", url=web(n))))),
    ("accessibility_label", 75, lambda n: view(actions(button("x", "a", accessibility_label=letters(n))))),
    ("overflow entries", 5, lambda n: view(boxed("overflow", n))),
    ("overflow url", 3000, lambda n: view(actions(el("overflow", options=[opt(url=web(n))])))),
    ("radio buttons", 10, lambda n: view(boxed("radio_buttons", n))),
    ("checkboxes", 10, lambda n: view(boxed("checkboxes", n))),
    ("options", 100, lambda n: view(boxed("static_select", n))),
    ("groups", 100, lambda n: select(option_groups=[group("A", 1)] * n)),
    ("options of a group", 100,
     lambda n: select(option_groups=[group("A", n)])),
    ("group label", 75,
     lambda n: select(option_groups=[group(letters(n), 1)])),
    ("option text", 75, lambda n: view(actions(el("static_select", options=[opt(letters(n))])))),
    ("option value", 150, lambda n: view(actions(el("static_select", options=[opt("x", letters(n))])))),
    ("option description", 75, lambda n: select(options=[opt(description=plain(letters(n)))])),
    ("max_length", 3000, lambda n: view(inp(el("plain_text_input", max_length=n)))),
    ("initial value", 7, lambda n: view(inp(el("plain_text_input", max_length=7, initial_value=letters(n))))),
    ("min_length", 7, lambda n: view(inp(el("plain_text_input", max_length=7, min_length=n)))),
    ("number", 7, lambda n: view(inp({**NUMBER, "max_value": "7", "initial_value": str(n)}))),
    ("files", 10, lambda n: view(inp(el("file_input", max_files=n)))),
    ("lines", 100, lambda n: view(inp(el("rich_text_input", max_lines=n)))),
    ("initial users", 3,
     lambda n: select("multi_users_select", max_selected_items=3, initial_users=[f"U{i}" for i in range(n)])),
    ("moment", 9_999_999_999, lambda n: view(actions(el("datetimepicker", initial_date_time=n)))),
    ("confirm title", 100, lambda n: view(actions(button("x", "a", confirm={**CONFIRM, "title": plain(letters(n))})))),
    ("confirm text", 300, lambda n: view(actions(button("x", "a", confirm={**CONFIRM, "text": plain(letters(n))})))),
    ("confirm yes", 30, lambda n: view(actions(button("x", "a", confirm={**CONFIRM, "confirm": plain(letters(n))})))),
    ("confirm no", 30, lambda n: view(actions(button("x", "a", confirm={**CONFIRM, "deny": plain(letters(n))})))),
]  # fmt: skip
LEAST: list[tuple[str, int, Build]] = [
    ("header level", 1, lambda n: view({"type": "header", "text": plain("x"), "level": n})),
    ("max_length", 1, lambda n: view(inp(el("plain_text_input", max_length=n)))),
    ("min_length", 0, lambda n: view(inp(el("plain_text_input", min_length=n)))),
    ("max_selected_items", 1, lambda n: view(actions(el("multi_users_select", max_selected_items=n)))),
    ("min_query_length", 0, lambda n: view(actions(el("external_select", min_query_length=n)))),
    ("files", 1, lambda n: view(inp(el("file_input", max_files=n)))),
    ("number", 7, lambda n: view(inp({**NUMBER, "min_value": "7", "initial_value": str(n)}))),
    ("moment", 1_000_000_000, lambda n: view(actions(el("datetimepicker", initial_date_time=n)))),
    ("options", 1, lambda n: view(boxed("static_select", n))),
    ("overflow entries", 1, lambda n: view(boxed("overflow", n))),
    ("actions", 1, lambda n: view(actions(*[button("x", "a")] * n))),
    ("blocks", 1, lambda n: view(*[HELLO] * n)),
    ("text", 1, lambda n: view(section(letters(n)))),
]
MESSAGES: list[tuple[str, int, Build]] = [
    ("blocks", 50, lambda n: m("", "", *[{"type": "divider"}] * n)[3]),
    ("attachments", 100, lambda n: {"text": "x", "attachments": [{"text": "x"}] * n}),
    ("text", 40_000, lambda n: {"text": "x" * n}),
    ("markdown", 12_000, lambda n: m("", "", {"type": "markdown", "text": "x" * n})[3]),
    (
        "markdown in two blocks",
        12_000,
        lambda n: m("", "", {"type": "markdown", "text": "x" * 6000}, {"type": "markdown", "text": "x" * (n - 6000)})[
            3
        ],
    ),
    ("card subtext", 200, lambda n: m("", "", {"type": "card", "subtext": plain(letters(n))})[3]),
    ("card actions", 3, lambda n: m("", "", {"type": "card", "actions": [button("x", f"a{i}") for i in range(n)]})[3]),
    ("cards", 10, lambda n: m("", "", {"type": "carousel", "elements": [{"type": "card"}] * n})[3]),
    ("video title", 200, lambda n: m("", "", {**VIDEO, "title": plain(letters(n))})[3]),
    ("video description", 200, lambda n: m("", "", {**VIDEO, "description": plain(letters(n))})[3]),
    ("author of a video", 50, lambda n: m("", "", {**VIDEO, "author_name": letters(n)})[3]),
    ("chart title", 50, lambda n: m("", "", {"type": "data_visualization", "title": letters(n), "chart": {}})[3]),
    (
        "children of a container",
        10,
        lambda n: m("", "", {"type": "container", "child_blocks": [{"type": "divider"}] * n})[3],
    ),
    (
        "rows of a data table",
        201,
        lambda n: m("", "", {"type": "data_table", "caption": "c", "rows": [[{"type": "raw_text", "text": "a"}]] * n})[
            3
        ],
    ),
    ("tables", 1, lambda n: m("", "", *[{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}] * n)[3]),
    ("charts", 2, lambda n: m("", "", *[{"type": "data_visualization", "title": "T", "chart": {}}] * n)[3]),
    ("columns", 20, lambda n: m("", "", {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}] * n]})[3]),
    ("rows", 100, lambda n: m("", "", {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]] * n})[3]),
]


WARNED: list[tuple[str, int, Build]] = [
    ("text of a message", 4000, lambda n: {"text": "x" * n}),
    ("serialised blocks", 12_000, lambda n: {"text": "x", "blocks": sized(n)}),
]


def sized(characters: int) -> list[dict[str, Any]]:
    """Blocks whose JSON has this many characters."""
    blocks = [section("x" * 2900) for _ in range(4)]
    spare = characters - len(json.dumps(blocks, separators=(",", ":")))
    for block, more in zip(blocks, (spare // 2, spare - spare // 2), strict=False):
        block["text"]["text"] += "x" * more
    return blocks


@pytest.mark.parametrize("row", WARNED, ids=lambda row: row[0])
def test_a_warning_starts_right_above_its_bound(row):
    _, bound, build = row

    warned = [len(validate_message(build(count))) for count in (bound, bound + 1)]

    assert warned == [0, 1]


def named(row: tuple[str, int, Build]) -> str:
    return f"{row[0]} {row[1]}"


@pytest.mark.parametrize("row", MODAL, ids=named)
def test_the_most_a_view_may_hold(row):
    _, most, build = row

    refused = [[f for f in validate_view(build(count), "modal") if f.level == "R"] for count in (most, most + 1)]

    assert (refused[0], bool(refused[1])) == ([], True)


@pytest.mark.parametrize("row", LEAST, ids=named)
def test_the_least_a_view_must_hold(row):
    _, least, build = row

    refused = [[f for f in validate_view(build(count), "modal") if f.level == "R"] for count in (least, least - 1)]

    assert (refused[0], bool(refused[1])) == ([], True)


@pytest.mark.parametrize("row", MESSAGES, ids=named)
def test_the_most_a_message_may_hold(row):
    _, most, build = row

    refused = [[f for f in validate_message(build(count)) if f.level == "R"] for count in (most, most + 1)]

    assert (refused[0], bool(refused[1])) == ([], True)


@pytest.mark.parametrize(
    ("block", "surfaces"),
    [
        (HELLO, "modal home message"),
        (IMAGE, "modal home message"),
        ({"type": "divider"}, "modal home message"),
        ({"type": "header", "text": plain("x")}, "modal home message"),
        ({"type": "context", "elements": [plain("x")]}, "modal home message"),
        (inp(el("plain_text_input")), "modal home message"),
        (inp(el("email_text_input")), "modal"),
        (inp(el("url_text_input")), "modal"),
        (inp(NUMBER), "modal"),
        (inp(el("file_input")), "modal"),
        (inp(el("rich_text_input")), "modal home"),
        (actions(el("datetimepicker")), "modal message"),
        (actions(el("datepicker")), "modal home message"),
        (actions(el("workflow_button", text=plain("x"), workflow={})), "message"),
        ({"type": "alert", "text": plain("x")}, "modal"),
        ({"type": "markdown", "text": "x"}, "message"),
        ({"type": "card", "title": plain("x")}, "modal home message"),
        ({"type": "carousel", "elements": [{"type": "card", "title": plain("x")}]}, "home message"),
        ({"type": "file", "external_id": "x"}, ""),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.get("element", value)["type"]),
)
def test_each_block_stands_only_where_slack_shows_it(block, surfaces):
    found = {
        "modal": validate_view(v("", "", block)[3], "modal"),
        "home": validate_view(h("", "", block)[3], "home"),
        "message": validate_message(m("", "", block)[3]),
    }

    taken = [surface for surface, findings in found.items() if not any(f.level == "R" for f in findings)]

    assert taken == surfaces.split()

"""Rules for blocks: which surface takes which, what each holds, and what must be unique among them."""

from collections.abc import Callable
from typing import Any

from sandbox.workspace.rule_elements import IMAGE_FIELDS, element_in, picture_source
from sandbox.workspace.rule_kit import (
    Check,
    Json,
    Report,
    Shape,
    anything,
    array,
    boolean,
    image_url,
    integer,
    kind_of,
    one_of,
    string,
    url,
)
from sandbox.workspace.rule_texts import RICH_TEXT, plain, text

BASE = Shape({"type": anything, "block_id": string("V7", 1, 255)}, ("type",))
EVERYWHERE = frozenset({"modal", "home", "message"})
NOT_MODAL = frozenset({"home", "message"})
MESSAGE = frozenset({"message"})

SURFACES: dict[str, tuple[frozenset[str], str]] = {  # block: (surfaces, the rule broken elsewhere)
    **dict.fromkeys(
        ("section", "actions", "context", "header", "divider", "image", "input", "rich_text", "video", "card"),
        (EVERYWHERE, "G3"),
    ),
    "alert": (frozenset({"modal"}), "B7"),
    "file": (frozenset(), "B8"),
    **dict.fromkeys(("markdown", "plan", "task_card", "context_actions"), (MESSAGE, "B9")),
    **dict.fromkeys(("carousel", "container", "table", "data_table", "data_visualization"), (NOT_MODAL, "B10")),
}


def _section(report: Report, block: dict[str, Any], pointer: str) -> None:
    if "text" not in block and "fields" not in block:
        report.refuse("B1", pointer, "must define either `text` or `fields`")


def _actions(report: Report, block: dict[str, Any], pointer: str) -> None:
    seen: set[str] = set()
    elements = block.get("elements")
    for index, element in enumerate(elements if isinstance(elements, list) else []):
        name = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(name, str) and name in seen:
            report.refuse("B2", f"{pointer}/elements/{index}/action_id", "action_id needs to be unique in its block")
        seen.add(str(name))


def _input(report: Report, block: dict[str, Any], pointer: str) -> None:
    element = block.get("element")
    dispatches = block.get("dispatch_action") is True
    if isinstance(element, dict):
        element_in("input", dispatches=dispatches)(report, element, f"{pointer}/element")
        if element.get("type") == "file_input" and dispatches:
            report.refuse("B6", f"{pointer}/dispatch_action", "dispatch_action is not supported with file_input")


def _context_element(report: Report, value: Json, pointer: str) -> None:
    kind = kind_of(value)
    if kind == "image":
        element_in("context")(report, value, pointer)
    elif kind in {"plain_text", "mrkdwn"}:
        text("G4", 1, 3000)(report, value, pointer)
    else:
        report.refuse("B3", f"{pointer}/type", f"unsupported type: {kind}")


def _child(report: Report, value: Json, pointer: str) -> None:
    kind = kind_of(value)
    if kind == "container":
        report.refuse("G3", f"{pointer}/type", "unsupported type: container")
    else:
        check_block(report, value, pointer)


def _cells(report: Report, value: Json, pointer: str) -> None:
    array(
        "G5",
        Shape(
            {
                "type": one_of("G3", "raw_text", "raw_number", "rich_text"),
                "text": string("G4"),
                "value": anything,
                "elements": anything,
            },
            ("type",),
        ),
        1,
        20,
    )(report, value, pointer)


CARD_BUTTONS = array("G5", element_in("card"), 1, 3)
CARD = BASE.plus(
    title=text("G4", 1, 150),
    subtitle=text("G4", 1, 150),
    body=text("G4", 1, 200),
    subtext=text("G4", 1, 200),
    actions=CARD_BUTTONS,
    hero_image=anything,
    icon=anything,
    slack_icon=anything,
)

BLOCKS: dict[str, Shape] = {
    "section": BASE.plus(
        text=text("G4", 1, 3000),
        fields=array("B1", text("B1", 1, 2000), 1, 10),
        accessory=element_in("section"),
        expand=boolean("B1"),
    ),
    "actions": BASE.plus(("elements",), elements=array("B2", element_in("actions"), 1, 25)),
    "context": BASE.plus(("elements",), elements=array("B3", _context_element, 1, 10)),
    "header": BASE.plus(("text",), text=plain("B4", 150), level=integer("B4", 1, 4)),
    "divider": BASE,
    "image": Shape({**BASE.fields, **IMAGE_FIELDS, "title": plain("B5", 2000)}, ("type", "alt_text"), "B5"),
    "input": BASE.plus(
        ("label", "element"),
        label=plain("B6", 2000),
        hint=plain("B6", 2000),
        element=anything,
        optional=boolean("B6"),
        dispatch_action=boolean("B6"),
    ),
    "rich_text": RICH_TEXT,
    "video": BASE.plus(
        ("title", "video_url", "thumbnail_url", "alt_text"),
        title=plain("G4", 200),
        title_url=url(),
        description=plain("G4", 200),
        video_url=url(),
        thumbnail_url=image_url,
        alt_text=string("G4", 1, 2000),
        author_name=string("G4", 1, 50),
        provider_name=string("G4", 1),
        provider_icon_url=url(),
    ),
    "alert": BASE.plus(
        ("text",), text=text("B7", 1, 200), level=one_of("B7", "default", "info", "warning", "error", "success")
    ),
    "card": CARD,
    "carousel": BASE.plus(("elements",), elements=array("G5", CARD, 1, 10)),
    "container": BASE.plus(
        ("child_blocks",),
        title=anything,
        child_blocks=array("G5", _child, 1, 10),
        subtitle=anything,
        icon=anything,
        is_collapsible=boolean(),
        default_collapsed=boolean(),
        width=anything,
    ),
    "context_actions": BASE.plus(("elements",), elements=array("G5", element_in("context_actions"), 1, 5)),
    "markdown": BASE.plus(("text",), text=string("M3", 1, 12_000)),
    "table": BASE.plus(("rows",), rows=array("G5", _cells, 1, 100), column_settings=array("G5", anything, 0, 20)),
    "data_table": BASE.plus(
        ("rows", "caption"),
        rows=array("G5", _cells, 2, 201),
        caption=anything,
        page_size=integer("G5", 1, 100),
        row_header_column_index=integer("G5", 0),
    ),
    "data_visualization": BASE.plus(("title", "chart"), title=string("G4", 1, 50), chart=anything),
    "plan": BASE.plus(("title",), title=anything, tasks=anything),
    "task_card": BASE.plus(
        ("task_id", "title"),
        task_id=string("G4", 1),
        title=anything,
        details=anything,
        output=anything,
        sources=anything,
        status=one_of("G3", "pending", "in_progress", "complete", "error"),
    ),
}

EXTRAS: dict[str, tuple[Callable[[Report, dict[str, Any], str], None], ...]] = {
    "section": (_section,),
    "actions": (_actions,),
    "image": (picture_source,),
    "input": (_input,),
}


def check_block(report: Report, block: Json, pointer: str) -> None:
    """One block on the report's surface."""
    kind = kind_of(block)
    if kind not in SURFACES:
        report.refuse("G3", f"{pointer}/type", f"unsupported type: {kind}")
        return
    surfaces, rule = SURFACES[kind]
    if report.surface not in surfaces:
        report.refuse(rule, f"{pointer}/type", f"unsupported type: {kind}")
        return
    if kind == "card" and report.surface == "modal":
        report.warn("B11", pointer, "a card may not be shown in a modal")
    if rule == "B10" and report.surface == "home":
        report.warn("B10", pointer, f"a {kind} may not be shown on App Home")
    BLOCKS[kind](report, block, pointer)
    for extra in EXTRAS.get(kind, ()):
        extra(report, block, pointer)


def check_blocks(report: Report, blocks: Json, pointer: str, rule: str, high: int, low: int = 1) -> None:
    """The blocks of a view or message, with unique block_ids."""
    item: Check = check_block
    array(rule, item, low, high)(report, blocks, pointer)
    seen: set[str] = set()
    for index, block in enumerate(blocks if isinstance(blocks, list) else []):
        name = block.get("block_id") if isinstance(block, dict) else None
        if isinstance(name, str) and name in seen:
            report.refuse("V7", f"{pointer}/{index}/block_id", "Block ID needs to be unique")
        seen.add(str(name))

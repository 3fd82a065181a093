"""Small builders of Block Kit dicts: the one place that knows Slack's limits and drops None.

Slack refuses explicit nulls, unknown properties and texts that are too long, so every view and message passes
through `modal`, `home` or `message`. User text is only ever put into `plain_text` and rich text leaves, which Slack
does not parse. Limits: https://docs.slack.dev/reference/block-kit
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Block = dict[str, Any]
View = dict[str, Any]

TITLE = "Schedule on behalf"
ALERT = "alert"
"""block_id of the alert at the top of a view: putting up a second one replaces the first."""

MAX_BLOCKS = 100
MAX_BUTTONS = 25
MAX_ALERT = 200
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}
_SUBMITTABLE = ("type", "title", "blocks", "close", "submit", "private_metadata", "callback_id", "notify_on_close")


# --- text -----------------------------------------------------------------------------------------------------------


def fit(text: str, limit: int) -> str:
    """`text` cut to `limit` code points (Slack counts those) without splitting what a reader sees as one sign."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and _joins(text[end - 1], text[end]):
        end -= 1
    # A tower of marks longer than the limit has no seam: then a cut inside it is the lesser evil.
    return text[: end or limit - 1] + "…"


def _joins(left: str, right: str) -> bool:
    """Whether a cut between the two would split a sign: marks, joined emoji, skin tones, flags."""
    return (
        right in _JOINERS
        or left == "\u200d"
        or unicodedata.combining(right) != 0
        or unicodedata.category(right) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or ("\U0001f1e6" <= left <= "\U0001f1ff" and "\U0001f1e6" <= right <= "\U0001f1ff")
    )


def cleaned(text: str | None) -> str:
    """Typed text without what no store or mail can carry: NUL and other controls, lone surrogates; ends stripped."""
    return _CONTROLS.sub(" ", text or "").strip()


def one_line(text: str | None) -> str:
    """Typed text for a field of one line; invisible signs alone count as nothing."""
    line = " ".join(cleaned(text).split())
    return line if is_visible(line) else ""


def is_visible(text: str) -> bool:
    """Whether a reader sees anything at all: zero-width signs, blanks and marks alone are nothing."""
    return any(unicodedata.category(c) not in ("Cf", "Zs", "Zl", "Zp", "Mn", "Cc") for c in text)


def plain(text: str, limit: int = 3000) -> Block:
    """A text that Slack shows as it is; `emoji` off, or `:smile:` in a customer's name would turn into a picture."""
    return {"type": "plain_text", "text": fit(text, limit) or "–", "emoji": False}


# --- blocks ---------------------------------------------------------------------------------------------------------


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, accessory: Block | None = None, block_id: str | None = None) -> Block:
    return {"type": "section", "text": plain(text), "accessory": accessory, "block_id": block_id}


def context(text: str) -> Block:
    return {"type": "context", "elements": [plain(text)]}


def divider() -> Block:
    return {"type": "divider"}


def actions(block_id: str, elements: Sequence[Block]) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def alert(text: str, level: str = "warning") -> Block:
    """Modal only; what is longer than Slack's 200 signs belongs into a section."""
    return {"type": "alert", "block_id": ALERT, "level": level, "text": plain(text, MAX_ALERT)}


def lines(rows: Iterable[tuple[str, str | Sequence[Block]]]) -> Block:
    """`label  value` lines as rich text, whose leaves are never parsed; a value may be leaves, such as `user`s."""
    elements: list[Block] = []
    for label, value in rows:
        if elements:
            elements.append(leaf("\n"))
        elements.append(leaf(f"{label}  ", bold=True))
        elements.extend([leaf(value)] if isinstance(value, str) else value)
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def heading(text: str) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf(text, bold=True)]}]}


def leaf(text: str, *, bold: bool = False) -> Block:
    return {"type": "text", "text": fit(text, 3000) or "–", "style": {"bold": True} if bold else None}


def people(user_ids: Sequence[str]) -> list[Block]:
    """Rich text leaves that Slack shows as the members' names."""
    leaves: list[Block] = []
    for user in user_ids:
        if leaves:
            leaves.append(leaf(", "))
        leaves.append({"type": "user", "user_id": user})
    return leaves


# --- elements -------------------------------------------------------------------------------------------------------


def button(
    action_id: str,
    text: str,
    value: str | None = None,
    *,
    label: str | None = None,
    url: str | None = None,
    style: str | None = None,
) -> Block:
    """`label` is what a screen reader says instead of a terse text."""
    return {
        "type": "button",
        "action_id": action_id,
        "text": plain(text, 75),
        "value": fit(value, 2000) if value else None,
        "url": url,
        "style": style,
        "accessibility_label": fit(label, 75) if label else None,
    }


def option(text: str, value: str) -> Block:
    return {"text": plain(text, 75), "value": value}


def field(
    block_id: str,
    label: str,
    element: Block,
    *,
    hint: str | None = None,
    optional: bool = False,
    dispatches: bool = False,
) -> Block:
    """An input block. `dispatches`: Slack tells every choice, and Enter in a text, at once."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "hint": plain(hint, 2000) if hint else None,
        "optional": optional,
        "dispatch_action": dispatches,
        "element": element,
    }


def text_input(
    action_id: str, initial: str, limit: int, *, kind: str = "plain_text_input", multiline: bool | None = None
) -> Block:
    counted = kind == "plain_text_input"
    return {
        "type": kind,
        "action_id": action_id,
        "initial_value": fit(initial, limit) or None,
        "max_length": limit if counted else None,
        "multiline": multiline,
    }


def left_out(text: str, limit: int) -> list[Block]:
    """Says what a field of `limit` signs cannot take over from the command: nothing is dropped unseen."""
    if len(text) <= limit:
        return []
    rest = text[len(fit(text, limit)) - 1 :]
    parts = [rest[at : at + 2900] for at in range(0, len(rest), 2900)]
    return [context("Your text was longer than this field takes. Left out:"), *(section(part) for part in parts)]


# --- whole surfaces -------------------------------------------------------------------------------------------------


def modal(
    callback_id: str,
    draft_id: str,
    blocks: Sequence[Block],
    *,
    submit: str | None = None,
    close: str = "Cancel",
    title: str = TITLE,
) -> View:
    """A view of the flow. `private_metadata` carries the draft's id and nothing else."""
    view = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, 24),
        "close": plain(close, 24),
        "submit": plain(submit, 24) if submit else None,
        "private_metadata": draft_id,
        "notify_on_close": True,
        "blocks": list(blocks)[:MAX_BLOCKS],
    }
    return _without_nones(view)


def home(blocks: Sequence[Block]) -> View:
    return _without_nones({"type": "home", "blocks": list(blocks)[:MAX_BLOCKS]})


def message(text: str, blocks: Sequence[Block]) -> dict[str, Any]:
    """A message's `text` (which carries all of it, for screen readers) and `blocks`."""
    return _without_nones({"text": fit(text, 4000), "blocks": list(blocks)})


def with_alert(view: Mapping[str, Any], text: str, level: str = "warning") -> View:
    """The view as Slack sent it to us, an alert on top: the same inputs, so whatever was typed stays."""
    blocks = [block for block in view.get("blocks", ()) if block.get("block_id") != ALERT]
    return resent(view, [alert(text, level), *blocks])


def resent(view: Mapping[str, Any], blocks: Sequence[Block]) -> View:
    """The view as Slack sent it to us, with these blocks."""
    kept = {key: view[key] for key in _SUBMITTABLE if key in view}
    return _without_nones({**kept, "blocks": list(blocks)[:MAX_BLOCKS]})


def keeping(view: View, shown: Mapping[str, Any]) -> View:
    """`view` with the initial values that are on the screen already, block by block.

    Slack keeps what was typed as long as block and action ids stay, and ignores other initial values.
    """
    known = {block.get("block_id"): block for block in shown.get("blocks", ())}
    blocks = [
        _kept(block, known[block["block_id"]]) if block.get("block_id") in known else block for block in view["blocks"]
    ]
    return {**view, "blocks": blocks}


def _kept(block: Block, old: Mapping[str, Any]) -> Block:
    if "element" in block:
        return {**block, "element": _same_start(block["element"], [old.get("element", {})])}
    if "elements" in block and block["type"] == "actions":
        return {**block, "elements": [_same_start(element, old.get("elements", ())) for element in block["elements"]]}
    return block


def _same_start(element: Block, olds: Iterable[Mapping[str, Any]]) -> Block:
    for old in olds:
        if (old.get("action_id"), old.get("type")) == (element.get("action_id"), element["type"]):
            mine = {key: value for key, value in element.items() if not key.startswith("initial_")}
            return mine | {key: value for key, value in old.items() if key.startswith("initial_") and value}
    return element


def _without_nones(node: Mapping[str, Any]) -> Block:
    return {key: _kept_value(value) for key, value in node.items() if value is not None}


def _kept_value(value: object) -> object:
    if isinstance(value, dict):
        return _without_nones(value)
    if isinstance(value, list):
        return [_kept_value(item) for item in value]
    return value


# --- reading --------------------------------------------------------------------------------------------------------


def typed(view: Mapping[str, Any], block_id: str, action_id: str) -> dict[str, Any] | None:
    """What the view's state says of one element; None when the view has no such field."""
    found = view.get("state", {}).get("values", {}).get(block_id, {}).get(action_id)
    return found if isinstance(found, dict) else None


def block_id_in(view: Mapping[str, Any], base: str) -> str:
    """A field's block as this view calls it: `who.name`, or `who.name.7` where it was made anew."""
    values = view.get("state", {}).get("values", {})
    return next((block for block in values if block == base or block.startswith(f"{base}.")), base)


def typed_text(view: Mapping[str, Any], block_id: str, action_id: str) -> str | None:
    """Text of an input, untouched ones as ""; None when the view has no such field."""
    state = typed(view, block_id, action_id)
    return None if state is None else cleaned(state.get("value"))


def chosen(view: Mapping[str, Any], block_id: str, action_id: str) -> str | None:
    """Value of the selected option; None for nothing selected or no such field."""
    option_ = (typed(view, block_id, action_id) or {}).get("selected_option") or {}
    return option_.get("value")

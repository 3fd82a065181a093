"""What a person sees: blocks as lines of visible text, buttons and inputs, mark-up and dates resolved for the viewer.

Pure: reads a workspace's people and channels for names, changes nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.workspace.rules import elements_of
from sandbox.workspace.state import Workspace
from sandbox.workspace.values import STATE_KEYS, Values

Json = dict[str, Any]
CHOICES = frozenset({"checkboxes", "radio_buttons"})


@dataclass(frozen=True, slots=True)
class Control:
    """Something to press or fill. `near` is the text by which a person tells it from its twins."""

    kind: str
    words: str
    block: Json = field(default_factory=dict, repr=False)
    element: Json = field(default_factory=dict, repr=False)
    value: str = ""
    error: str = ""
    near: str = ""
    detail: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """The visible words of its own options (none for external and people selects)."""
        groups = self.element.get("option_groups", [])
        own = [option for group in groups for option in group["options"]] if groups else self.element.get("options", [])
        return tuple(option["text"]["text"] for option in own)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Blocks as seen: lines in reading order, headers among them, and the controls."""

    lines: tuple[str, ...]
    headers: tuple[str, ...]
    controls: tuple[Control, ...]


class Eye:
    """Reads blocks as one viewer."""

    def __init__(self, workspace: Workspace, viewer: str) -> None:
        self._workspace = workspace
        self._zone = workspace.zone_of(viewer)

    def read(self, blocks: list[Json], values: Values, errors: dict[str, str] | None = None) -> Drawn:
        """Draw blocks with what is typed in them."""
        lines: list[str] = []
        headers: list[str] = []
        controls: list[Control] = []
        near = ""
        for block in blocks:
            words = self.block_text(block)
            lines.extend(line for line in words.splitlines() if line.strip())
            if block["type"] == "header":
                headers.append(words)
            if block["type"] in {"header", "section", "context", "rich_text"}:
                near = words
            drawn = list(self._controls(block, values, (errors or {}).get(block["block_id"], ""), words or near))
            controls.extend(drawn)
            lines.extend(line for control in drawn for line in control_lines(control))
        return Drawn(tuple(lines), tuple(headers), tuple(controls))

    def _controls(self, block: Json, values: Values, error: str, near: str) -> Iterator[Control]:
        label = block["label"]["text"] if block["type"] == "input" else ""
        for _, element in elements_of(block):
            kind = element["type"]
            if kind in {"button", "workflow_button"}:
                yield Control(
                    "button", element["text"]["text"], block, element, near=near, detail=element.get("url", "")
                )
            elif kind == "overflow":
                yield Control("overflow", "⋯", block, element, near=near)
            elif kind in STATE_KEYS:
                state = values.get((block["block_id"], element["action_id"]), {})
                shown = self.value(element, state)
                words = (
                    label
                    or (near if block["type"] == "section" else "")
                    or element.get("placeholder", {}).get("text", "")
                )
                yield Control("input", words, block, element, shown, error, near, self.text(block.get("hint")))

    def value(self, element: Json, state: Json) -> str:
        """An input's value in visible words."""
        value = state.get(STATE_KEYS[element["type"]][0])
        if value in (None, "", []):
            return ""
        return ", ".join(self._one(element["type"], entry) for entry in (value if isinstance(value, list) else [value]))

    def _one(self, kind: str, value: Any) -> str:  # noqa: ANN401 - the value's kind depends on the element
        if isinstance(value, dict) and "text" in value:
            return self.text(value["text"])
        if kind == "rich_text_input":
            return self.rich(value)
        if "user" in kind or "conversation" in kind or "channel" in kind:
            return self.name_of(str(value))
        if kind == "datetimepicker":
            return f"{datetime.fromtimestamp(value, self._zone):%Y-%m-%d %H:%M}"
        return str(value)

    def name_of(self, some_id: str) -> str:
        """The visible name of a person or channel."""
        if some_id in self._workspace.people:
            return self._workspace.people[some_id].real_name
        if some_id in self._workspace.channels:
            return f"#{self._workspace.channels[some_id].name}"
        return some_id

    def block_text(self, block: Json) -> str:
        """The text of a block, its controls apart."""
        readers: dict[str, Callable[[Json], str]] = {
            "divider": lambda _block: "───",
            "rich_text": self.rich,
            "image": _picture,
            "context": lambda b: "  ".join(
                _picture(e) if e["type"] == "image" else self.text(e) for e in b["elements"]
            ),
            "markdown": lambda b: str(b["text"]),
            "table": self._table,
            "data_table": self._table,
        }
        return readers.get(block["type"], self._text_and_fields)(block)

    def _context(self, block: Json) -> str:
        return "  ".join(_picture(e) if e["type"] == "image" else self.text(e) for e in block["elements"])

    def _text_and_fields(self, block: Json) -> str:
        parts = [self.text(block["text"])] if isinstance(block.get("text"), dict) else []
        return "\n".join(parts + [self.text(entry) for entry in block.get("fields", [])])

    def _table(self, block: Json) -> str:
        return "\n".join(" | ".join(self._cell(cell) for cell in row) for row in block["rows"])

    def _cell(self, cell: Json) -> str:
        return self.rich(cell) if cell["type"] == "rich_text" else str(cell.get("text", cell.get("value", "")))

    def text(self, content: Json | None) -> str:
        """A text object as seen."""
        if not content:
            return ""
        return str(content["text"]) if content["type"] == "plain_text" else self.mrkdwn(content["text"])

    def mrkdwn(self, source: str) -> str:
        """Mark-up as seen: tokens resolved, emphasis marks gone, entities undone."""
        parts = re.split(r"(<[^<>\n]+>)", source)
        seen = [
            self._token(part[1:-1]) if part.startswith("<") and part.endswith(">") else _emphasis(part)
            for part in parts
        ]
        joined = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"\1", "".join(seen))
        return joined.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    def _token(self, token: str) -> str:
        target, _, label = token.partition("|")
        if target.startswith("!date^"):
            return self._date(target, label)
        if target.startswith(("@", "#")):
            name = label or self.name_of(target[1:]).lstrip("#")
            return f"{target[0]}{name}"
        if target.startswith("!subteam^"):
            return label or f"@{target[9:]}"
        if target.startswith("!"):
            return f"@{target[1:]}"
        return label or target.removeprefix("mailto:")

    def _date(self, target: str, fallback: str) -> str:
        parts = target.split("^")
        if len(parts) < 3 or not parts[1].isdigit():
            return fallback
        now = self._workspace.clock()
        return date_token(int(parts[1]), parts[2], self._zone, now)

    def rich(self, block: Json) -> str:
        """Rich text as seen; nothing in it is parsed."""
        return "\n".join(self._rich_part(part) for part in block.get("elements", []))

    def _rich_part(self, part: Json) -> str:
        if part["type"] == "rich_text_list":
            return "\n".join(f"• {self._rich_part(entry)}" for entry in part["elements"])
        return "".join(self._leaf(leaf) for leaf in part["elements"])

    def _leaf(self, leaf: Json) -> str:
        kind = leaf["type"]
        if kind == "link":
            return str(leaf.get("text") or leaf["url"])
        if kind in {"user", "channel"}:
            return f"{'@' if kind == 'user' else ''}{self.name_of(leaf[f'{kind}_id'])}"
        if kind == "emoji":
            return chr(int(leaf["unicode"].split("-")[0], 16)) if "unicode" in leaf else f":{leaf['name']}:"
        if kind == "date":
            return date_token(leaf["timestamp"], leaf["format"], self._zone, self._workspace.clock())
        return str(leaf.get("text", leaf.get("value", f"@{leaf.get('range', kind)}")))


def _picture(image: Json) -> str:
    return f"[image: {image['alt_text']}]"


def _emphasis(part: str) -> str:
    return re.sub(r"(?<!\w)([_~`])([^_~`\n]+)\1(?!\w)", r"\2", part)


def links_in(node: Json | list[Any]) -> dict[str, str]:
    """Visible words and address of every link in blocks: mark-up, rich text and link buttons."""
    found: dict[str, str] = {}
    if isinstance(node, list):
        for inner in node:
            found |= links_in(inner)
        return found
    if node.get("type") == "mrkdwn":
        source = node["text"].replace("&amp;", "&")
        found |= {label or url: url for url, label in re.findall(r"<((?:https?|mailto):[^|>]+)\|?([^>]*)>", source)}
    elif "url" in node:
        words = node.get("text", node["url"])
        found[str(words["text"] if isinstance(words, dict) else words)] = node["url"]
    for inner in node.values():
        if isinstance(inner, dict):
            found |= links_in(inner)
        elif isinstance(inner, list):
            found |= links_in([entry for entry in inner if isinstance(entry, dict)])
    return found


def date_token(moment: int, pattern: str, zone: ZoneInfo, now: datetime) -> str:
    """`<!date^...>` as the viewer reads it (docs.slack.dev/messaging/formatting-message-text#date-formatting)."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    day, today = local.date(), now.astimezone(zone).date()
    close = {today: "today", today - timedelta(days=1): "yesterday", today + timedelta(days=1): "tomorrow"}.get(day)
    suffix = "th" if 11 <= day.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    long = f"{local:%B} {day.day}{suffix}, {day.year}"
    short = f"{local:%b} {day.day}, {day.year}"
    tokens = {
        "date_num": f"{day:%Y-%m-%d}",
        "date_slash": f"{day:%d/%m/%Y}",
        "date_short": short,
        "date_short_pretty": close or short,
        "date_long": f"{local:%A}, {long}",
        "date_long_full": f"{local:%A}, {long}",
        "date_long_pretty": close or f"{local:%A}, {long}",
        "date": long,
        "date_pretty": close or long,
        "day_divider_pretty": close or f"{local:%A}, {local:%B} {day.day}{suffix}",
        "time": f"{local:%H:%M}",
        "time_secs": f"{local:%H:%M:%S}",
        "ago": f"{abs(int((now - local).total_seconds())) // 60} minutes {'ago' if now >= local else 'from now'}",
    }
    return re.sub(r"\{(\w+)\}", lambda match: tokens.get(match[1], match[0]), pattern)


def control_lines(control: Control) -> list[str]:
    """A control as lines of a printed screen."""
    if control.kind == "button":
        return [f"[ {control.words} ]"]
    if control.kind == "overflow":
        return [f"⋯ {' · '.join(control.options)}"]
    if control.element["type"] in CHOICES:
        chosen = control.value.split(", ")
        mark = "x" if control.element["type"] == "checkboxes" else "•"
        body = [f"[{mark if words in chosen else ' '}] {words}" for words in control.options]
        head = [control.words] if control.block["type"] == "input" else []
    else:
        head, body = [], [f"{control.words}: ⟨{control.value}⟩"]
    return [
        *head,
        *body,
        *([control.detail] if control.detail else []),
        *([f"! {control.error}"] if control.error else []),
    ]

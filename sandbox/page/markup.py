"""Slack's mark-up as spans that a page can draw: mentions, dates and links resolved for one viewer.

A span is a dict: `t` its text, and `b` bold, `i` italic, `s` struck, `c` code, `u` an address, `m` a mention.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.workspace.render import Eye, date_token
from sandbox.workspace.state import Workspace

Span = dict[str, Any]
_MARKS = {"*": "b", "_": "i", "~": "s"}
_TOKENS = re.compile(r"<([^<>\n]+)>|`([^`\n]+)`|(?<!\w)([*_~])(?=\S)(.+?)(?<=\S)\3(?!\w)")
_WEB = ("http://", "https://", "mailto:")


class Reader:
    """Reads text objects and rich text as one viewer."""

    def __init__(self, workspace: Workspace, viewer: str) -> None:
        self._eye = Eye(workspace, viewer)
        self._workspace = workspace
        self._zone = workspace.zone_of(viewer)

    def dressed(self, node: Any) -> Any:  # noqa: ANN401 - any part of a JSON payload
        """A copy in which every text object has `spans` and every rich text block has `parts`."""
        if isinstance(node, list):
            return [self.dressed(entry) for entry in node]
        if not isinstance(node, dict):
            return node
        kind = node.get("type")
        if kind in {"plain_text", "mrkdwn"} and isinstance(node.get("text"), str):
            return {"text": node["text"], "spans": self.spans(node)}
        if kind == "rich_text":
            parts = [part for element in node.get("elements", []) for part in self._parts(element, 0)]
            return {"type": kind, "block_id": node.get("block_id", ""), "parts": parts}
        return {name: self.dressed(value) for name, value in node.items()}

    def spans(self, text: dict[str, Any]) -> list[Span]:
        """The spans of a text object."""
        return [{"t": text["text"]}] if text["type"] == "plain_text" else list(self.mrkdwn(text["text"]))

    def mrkdwn(self, source: str, style: Span | None = None) -> Iterator[Span]:
        """Mark-up as spans; what is no mark-up stays as it is."""
        style = style or {}
        at = 0
        for found in _TOKENS.finditer(source):
            if found.start() > at:
                yield {"t": _undone(source[at : found.start()]), **style}
            token, code, mark, inner = found.groups()
            if token is not None:
                yield self._token(token, style)
            elif code is not None:
                yield {"t": _undone(code), **style, "c": 1}
            else:
                yield from self.mrkdwn(inner, {**style, _MARKS[mark]: 1})
            at = found.end()
        if at < len(source):
            yield {"t": _undone(source[at:]), **style}

    def _token(self, token: str, style: Span) -> Span:
        target, _, label = token.partition("|")
        seen = _undone(self._eye.mrkdwn(f"<{token}>"))
        if target.startswith(_WEB):
            return {"t": _undone(label) or seen, **style, "u": _undone(target)}
        return {"t": seen, **style, **({"m": 1} if target.startswith(("@", "#", "!subteam", "!here", "!ch")) else {})}

    def _parts(self, element: dict[str, Any], depth: int) -> Iterator[Span]:
        if element["type"] == "rich_text_list":
            for entry in element["elements"]:
                indent = element.get("indent", depth)
                yield {"kind": "item", "indent": indent, "ordered": element.get("style") == "ordered"} | {
                    "spans": [self._leaf(leaf) for leaf in entry["elements"]]
                }
            return
        kind = {"rich_text_quote": "quote", "rich_text_preformatted": "code"}.get(element["type"], "text")
        yield {"kind": kind, "spans": [self._leaf(leaf) for leaf in element["elements"]]}

    def _leaf(self, leaf: dict[str, Any]) -> Span:
        style = leaf.get("style", {})
        span: Span = {"t": self._words(leaf)}
        span |= {short: 1 for name, short in (("bold", "b"), ("italic", "i"), ("strike", "s")) if style.get(name)}
        if style.get("code"):
            span["c"] = 1
        if leaf["type"] == "link" and leaf["url"].startswith(_WEB):
            span["u"] = leaf["url"]
        if leaf["type"] in {"user", "channel", "usergroup", "broadcast"}:
            span["m"] = 1
        return span

    def _words(self, leaf: dict[str, Any]) -> str:
        section = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}
        return self._eye.rich(section)

    def moment(self, ts: str) -> str:
        """A time stamp as the viewer reads it: `14:05` today, else with its day."""
        now = self._workspace.clock().astimezone(self._zone)
        then = datetime.fromtimestamp(float(ts), self._zone)
        pattern = "{time}" if then.date() == now.date() else "{date_short_pretty} {time}"
        return date_token(int(float(ts)), pattern, self._zone, now)


def _undone(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

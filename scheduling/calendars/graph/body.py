"""The text of an event. Once Teams has written its own words below ours, they must survive every change of ours."""

import hashlib
import html
import re
from collections.abc import Mapping

from scheduling.calendars.base import EventSpec

_RULE = re.compile(r"<(?:div|p|span)\b[^>]*>[^<]*_{20,}", re.IGNORECASE)
"""The line above Teams' part (learn.microsoft.com/graph/outlook-calendar-online-meetings)."""

Body = Mapping[str, str]


def body_of(spec: EventSpec) -> Body:
    """The description, and the link to join by where the description does not have it."""
    texts = [spec.description]
    if spec.url and spec.url not in spec.description:
        texts.append(spec.url)
    return {"contentType": "text", "content": "\n\n".join(text for text in texts if text)}


def digest(body: Body) -> str:
    """By which a text of ours is known again; the server keeps it in other words."""
    return hashlib.sha256(body["content"].encode()).hexdigest()[:16]


def changed_body(event: Mapping[str, object], wanted: Body, written: object) -> dict[str, object]:
    """`body` for a change, or nothing when it says what was `written` last or Teams' part cannot be told apart."""
    if written == digest(wanted):
        return {}
    if event.get("isOnlineMeeting") is not True:
        return {"body": wanted}
    present = event.get("body")
    content = present.get("content") if isinstance(present, Mapping) else None
    found = _RULE.search(content) if isinstance(content, str) else None
    if found is None or not isinstance(content, str):
        return {}
    ours = html.escape(wanted["content"]).replace("\n", "<br>")
    return {"body": {"contentType": "html", "content": f"<div>{ours}</div><br>{content[found.start() :]}"}}

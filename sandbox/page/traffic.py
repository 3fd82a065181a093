"""The inspector's log: every request between the workspace and the app, in the order in which they were seen."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.workspace.records import Call, Delivered, Refusal
from sandbox.workspace.state import Workspace

Json = dict[str, Any]
LONGEST_DETAIL = 60_000
ORDINARY = {
    ("views.update", "not_found"): "closed meanwhile",
    ("users.lookupByEmail", "users_not_found"): "no member",
}
"""Answers that say no without anything being wrong: the person was faster, the customer is no colleague."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange. `line` is what the list shows; `sent` and `answered` are shown on demand."""

    line: Json
    sent: Any
    answered: Any


class Traffic:
    """Collects from the workspace's records. Call `collect` with its lock held."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.entries: list[Entry] = []
        self._seen = {"calls": 0, "deliveries": 0, "refusals": 0}

    def collect(self) -> None:
        """Take over what came since the last time."""
        for delivered in self._fresh("deliveries"):
            self._add(*_of_delivery(delivered))
        for call in self._fresh("calls"):
            self._add(*_of_call(call))
        for refusal in self._fresh("refusals"):
            self._add(*_of_refusal(refusal))

    def _fresh(self, name: str) -> list[Any]:
        records: list[Any] = getattr(self._workspace, name)
        fresh, self._seen[name] = records[self._seen[name] :], len(records)
        return fresh

    def _add(self, line: Json, sent: Any, answered: Any) -> None:  # noqa: ANN401 - JSON
        now: datetime = self._workspace.clock()
        self.entries.append(Entry({"n": len(self.entries), "at": f"{now:%H:%M:%S}", **line}, sent, answered))

    def lines(self, since: int) -> list[Json]:
        """The list from number `since` on."""
        return [entry.line for entry in self.entries[since:]]

    def detail(self, number: int) -> Json:
        """Request and answer as indented JSON."""
        entry = self.entries[number]
        return {"n": number, "sent": _pretty(entry.sent), "answered": _pretty(entry.answered)}


def _of_delivery(delivered: Delivered) -> tuple[Json, Any, Any]:
    payload = delivered.payload
    what = payload.get("command") or payload.get("type") or delivered.kind
    if delivered.kind == "events_api":
        what = payload.get("event", {}).get("type", what)
    about = ""
    if actions := payload.get("actions"):
        about = actions[0].get("action_id", "")
    elif isinstance(view := payload.get("view"), dict):
        about = view.get("callback_id", "")
    words = delivered.trouble or f"{delivered.seconds * 1000:.0f} ms"
    return (
        {"way": "in", "what": what, "about": about, "how": words, "bad": bool(delivered.trouble)},
        payload,
        (delivered.answer),
    )


def _of_call(call: Call) -> tuple[Json, Any, Any]:
    ok = bool(call.answer.get("ok"))
    how = "ok" if ok else str(call.answer.get("error", call.status))
    about = str(call.arguments.get("channel") or call.arguments.get("view_id") or call.arguments.get("user") or "")
    ordinary = ORDINARY.get((call.method, how))
    line = {"way": "out", "what": call.method, "about": about, "how": ordinary or how, "bad": not (ok or ordinary)}
    return line, call.arguments, call.answer


def _of_refusal(refusal: Refusal) -> tuple[Json, Any, Any]:
    findings = [f"{finding.rule}: {finding.message} [{finding.pointer}]" for finding in refusal.findings]
    return {"way": "no", "what": refusal.where, "about": findings[0], "how": "refused", "bad": True}, findings, None


def _pretty(content: Any) -> str:  # noqa: ANN401 - JSON
    if content in (None, ""):
        return "(empty)"
    return json.dumps(content, indent=2, ensure_ascii=False, default=str)[:LONGEST_DETAIL]

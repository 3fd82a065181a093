"""The screens a person reads: a modal, the home tab, a channel's notices, a message. Printed as a terminal box."""

import textwrap
from dataclasses import dataclass, field

from sandbox.workspace.records import Message, View
from sandbox.workspace.render import Control, Eye, links_in
from sandbox.workspace.state import Workspace

WIDTH = 78


@dataclass(frozen=True, slots=True)
class ScreenText:
    """Everything readable on one screen. `kind` is modal, home or channel; `"words" in screen` looks at all of it."""

    kind: str
    title: str = ""
    headers: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    notice: str = ""
    controls: tuple[Control, ...] = field(default=(), repr=False)
    depth: int = 0
    links: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """All visible text, a line each."""
        ends = [control.words for control in self.controls if control.kind in {"submit", "close"}]
        return "\n".join(part for part in (self.title, self.notice, *self.lines, *ends) if part)

    @property
    def buttons(self) -> tuple[str, ...]:
        """The words of all buttons, submit and close included."""
        return tuple(c.words for c in self.controls if c.kind in {"button", "submit", "close"})

    @property
    def menu(self) -> tuple[str, ...]:
        """The entries of the ⋯ menus."""
        return tuple(words for c in self.controls if c.kind == "overflow" for words in c.options)

    @property
    def inputs(self) -> dict[str, str]:
        """Label and current value of every input."""
        return {c.words: c.value for c in self.controls if c.kind == "input"}

    @property
    def errors(self) -> dict[str, str]:
        """Label and error of every input that has one."""
        return {c.words: c.error for c in self.controls if c.kind == "input" and c.error}

    def __contains__(self, words: object) -> bool:
        """Whether these words can be read."""
        return isinstance(words, str) and words in self.text

    def __str__(self) -> str:
        """The screen as a box."""
        ends = "   ".join(f"( {c.words} )" for c in reversed(self.controls) if c.kind in {"submit", "close"})
        body = [*([f"⚠ {self.notice}"] if self.notice else []), *self.lines, *(["", ends] if ends else [])]
        rows = [row for line in body for row in (textwrap.wrap(line, WIDTH - 4) or [""])]
        head = f"─ {self.title or self.kind} "
        top = f"┌{head}{'─' * max(0, WIDTH - 2 - len(head))}┐"
        return "\n".join([top, *(f"│ {row:<{WIDTH - 4}} │" for row in rows), f"└{'─' * (WIDTH - 2)}┘"])


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message as one person sees it."""

    ts: str
    sender: str
    text: str
    lines: tuple[str, ...]
    controls: tuple[Control, ...] = field(default=(), repr=False)
    is_ephemeral: bool = False
    is_edited: bool = False
    notice: str = ""
    links: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def buttons(self) -> tuple[str, ...]:
        """The words of its buttons."""
        return tuple(c.words for c in self.controls if c.kind == "button")

    def __contains__(self, words: object) -> bool:
        """Whether these words can be read in it."""
        return isinstance(words, str) and words in str(self)

    def __str__(self) -> str:
        """Sender and visible lines; the fallback text only where there are no blocks."""
        return "\n".join([f"{self.sender}:", *self.lines, *([self.notice] if self.notice else [])])


def draw_view(workspace: Workspace, viewer: str, view: View) -> ScreenText:
    """A modal or home tab."""
    drawn = Eye(workspace, viewer).read(view.blocks, view.values, view.errors)
    definition = view.definition
    controls = list(drawn.controls)
    if view.is_modal:
        if "submit" in definition:
            controls.append(Control("submit", definition["submit"]["text"]))
        controls.append(Control("close", definition["close"]["text"] if "close" in definition else "Cancel"))
    return ScreenText(
        "modal" if view.is_modal else "home",
        definition["title"]["text"] if view.is_modal else workspace.app.name,
        drawn.headers,
        drawn.lines,
        view.notice,
        tuple(controls),
        len(workspace.stacks[viewer]) if view.is_modal else 0,
        links_in(view.blocks),
    )


def channel_screen(notices: list[str]) -> ScreenText:
    """No modal and no home tab: only Slack's own words, if any."""
    return ScreenText("channel", "", (), tuple(notices))


def draw_message(workspace: Workspace, viewer: str, message: Message) -> SeenMessage:
    """A message with its blocks, else with its text."""
    eye = Eye(workspace, viewer)
    drawn = eye.read(message.blocks, message.values)
    lines = drawn.lines if message.blocks else tuple(eye.mrkdwn(message.text).splitlines())
    return SeenMessage(
        message.ts,
        eye.name_of(message.user),
        message.text,
        lines,
        drawn.controls,
        message.only_for is not None,
        message.edited is not None,
        message.notice,
        links_in(message.blocks or [{"type": "mrkdwn", "text": message.text}]),
    )

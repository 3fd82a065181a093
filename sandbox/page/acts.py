"""What the page asks for, done as the acting person by Slack's own client. Each act is a frame `{"act": name, …}`.

An act answers JSON, or raises ActRefused with words for the person. Acts block while the app answers, for three seconds
at most: run them in a thread.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.page.seen import find_element
from sandbox.workspace.client import SlackClient, Surface
from sandbox.workspace.records import Channel, Message, View
from sandbox.workspace.values import LISTED, STATE_KEYS, listed_options

Json = dict[str, Any]


class ActRefused(Exception):
    """The act makes no sense now; the text says why, to the person."""


class Acting:
    """One person at the page."""

    def __init__(self, client: SlackClient) -> None:
        self.client = client
        self.workspace = client.workspace
        self.user_id = client.user_id
        self.acts: dict[str, Callable[[Json], Any]] = {
            "write": self.write,
            "shortcut": lambda frame: self.client.shortcut(frame["name"]),
            "message_shortcut": self.message_shortcut,
            "home": lambda _frame: self.client.open_home(),
            "set": self.set_value,
            "enter": self.press_enter,
            "click": self.click,
            "suggest": self.suggest,
            "submit": self.submit,
            "close": self.close,
            "dismiss": self.dismiss,
        }

    def do(self, frame: Json) -> Any:  # noqa: ANN401 - JSON
        """Carry out one frame. Raises ActRefused."""
        try:
            return self.acts[frame["act"]](frame)
        except (KeyError, TypeError, ValueError) as odd:
            raise ActRefused(f"The page asked for something odd ({type(odd).__name__}).") from odd
        except LookupError as gone:
            raise ActRefused(str(gone)) from gone

    # --- in a channel ---

    def write(self, frame: Json) -> None:
        """Send what stands in the composer: a slash command, or a message of one's own."""
        text, channel = str(frame["text"]).strip(), self._channel(frame["channel"])
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            self.client.command(command, rest.strip(), channel)
        elif text:
            escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            with self.workspace.changing():
                message = Message(self.workspace.next_ts(), channel.id, self.user_id, escaped)
                self.workspace.messages[channel.id].append(message)

    def message_shortcut(self, frame: Json) -> None:
        """Choose a shortcut from a message's menu."""
        self.client.message_shortcut(frame["name"], self._message(frame["message"]))

    def dismiss(self, _frame: Json) -> None:
        """Take Slack's own words away."""
        with self.workspace.changing():
            self.client.notices.clear()

    def _channel(self, channel_id: str) -> Channel:
        channel = self.workspace.channels.get(channel_id)
        if channel is None or self.user_id not in channel.members:
            raise LookupError("You are not in this channel.")
        return channel

    def _message(self, message_id: str) -> Message:
        channel, _, ts = message_id.partition(":")
        message = self.workspace.find_message(self._channel(channel).id, ts)
        if message is None:
            raise LookupError("This message is gone.")
        return message

    # --- on a surface: a modal, App Home, a message with buttons ---

    def _surface(self, surface_id: str) -> Surface:
        if ":" in surface_id:
            return self._message(surface_id)
        with self.workspace.lock:
            home = self.workspace.homes.get(self.user_id)
            for view in (*self.client.stack, *([home] if home else [])):
                if view.id == surface_id:
                    return view
        raise LookupError("This window is closed already.")

    def _element(self, frame: Json) -> tuple[Surface, Json, Json]:
        surface = self._surface(frame["on"])
        with self.workspace.lock:
            block, element = find_element(surface.blocks, frame["block"], frame["action"])
        return surface, block, element

    def set_value(self, frame: Json) -> None:
        """Change an input; `value` as `seen.values_seen` gives it."""
        surface, block, element = self._element(frame)
        self.client.set_value(surface, block, element, self._state(element, frame["value"]))

    def _state(self, element: Json, value: Any) -> Any:  # noqa: ANN401 - the value's kind depends on the element
        kind = element["type"]
        if kind in LISTED:
            known = {option["value"]: option for option in listed_options(element)}
            value = [known[each] for each in value if each in known]
        if kind in LISTED or kind.endswith("_select"):
            is_many = isinstance(STATE_KEYS[kind][2], list)
            return list(value) if is_many else (value[-1] if value else None)
        if kind == "datetimepicker" and value:
            local = datetime.fromisoformat(value).replace(tzinfo=self.workspace.zone_of(self.user_id))
            return int(local.timestamp())
        if kind == "rich_text_input" and value:
            section = {"type": "rich_text_section", "elements": [{"type": "text", "text": str(value)}]}
            return {"type": "rich_text", "elements": [section]}
        return str(value) if value else None

    def press_enter(self, frame: Json) -> None:
        """Press Enter in a text input."""
        self.client.press_enter(*self._element(frame))

    def click(self, frame: Json) -> None:
        """Press a button, or choose an entry of a ⋯ menu by its place."""
        surface, block, element = self._element(frame)
        option = element["options"][int(frame["option"])] if element["type"] == "overflow" else None
        self.client.click(surface, block, element, option)

    def suggest(self, frame: Json) -> list[Json]:
        """What an external select offers for the words typed."""
        surface, block, element = self._element(frame)
        return self.client.suggestions(surface, block, element, str(frame["query"]))

    def submit(self, frame: Json) -> None:
        """Press the submit button of a modal."""
        view = self._surface(frame["on"])
        if not isinstance(view, View) or view.is_busy:
            return
        self.client.submit(view)

    def close(self, frame: Json) -> None:
        """Close the visible modal, or all of them."""
        everything = bool(frame.get("everything"))
        self.client.close_if_open(None if everything else frame["on"], everything=everything)

"""A person in front of Slack, played by a script: finds controls by their visible words, counts clicks and key strokes.

Synchronous. Where a control is missing it looks again for `patience` seconds, as people do, then says what is there.
"""

import re
from typing import Any

from sandbox.workspace.client import SlackClient
from sandbox.workspace.onlooker import NotOnScreen, Onlooker
from sandbox.workspace.records import Message
from sandbox.workspace.render import Control
from sandbox.workspace.screens import ScreenText, draw_message
from sandbox.workspace.values import STATE_KEYS, is_day

TYPED = {
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "datepicker",
    "timepicker",
    "rich_text_input",
    "datetimepicker",
}


class ScriptedRep(Onlooker):
    """One person. `clicks` and `typed` count; `confirmed` are dialogs read, `opened` addresses that buttons led to."""

    def __init__(self, client: SlackClient, patience: float = 3.0) -> None:
        super().__init__(client, patience)
        self.clicks = 0
        self.typed = 0
        self.confirmed: list[str] = []
        self.opened: list[str] = []

    # ways in

    def command(self, command: str, text: str = "", channel: str = "sales") -> ScreenText:
        """Type a slash command in a channel, or in the app's direct message with channel="dm"."""
        self.typed += len(f"{command} {text}".strip())
        self.client.command(command, text, self._channel(channel))
        return self.screen()

    def shortcut(self, name: str) -> ScreenText:
        """Choose a global shortcut."""
        self.clicks += 2
        self.client.shortcut(name)
        return self.screen()

    def message_shortcut(self, name: str, containing: str, channel: str = "sales") -> ScreenText:
        """Choose a shortcut from the menu of the newest message with these words."""
        self.clicks += 2
        self.client.message_shortcut(name, self._message(channel, lambda m: containing in str(m)))
        return self.screen()

    def say(self, text: str, channel: str = "sales") -> str:
        """Write a message of one's own; answers its time stamp."""
        self.typed += len(text)
        with self.workspace.changing():
            message = Message(self.workspace.next_ts(), self._channel(channel).id, self.user_id, text)
            self.workspace.messages[message.channel].append(message)
        return message.ts

    def open_home(self) -> ScreenText:
        """Open the app's home tab."""
        self.clicks += 1
        self._is_home_open = True
        self.client.open_home()
        self.workspace.wait_until(lambda: self.user_id in self.workspace.homes, self.patience)
        return self.screen()

    def leave_home(self) -> None:
        """Go back to a channel."""
        self.clicks += 1
        self._is_home_open = False

    # acting

    def press(self, text: str, near: str = "", *, confirm: bool = True) -> ScreenText:
        """Press the button with exactly these words; `near` tells twins apart by the text above or beside them."""
        control = self._one(
            f"the button {text!r}",
            lambda c: c.kind in {"button", "submit", "close"} and c.words == text and near in c.near,
        )
        return self._press(control, confirm=confirm)

    def press_matching(self, pattern: str, near: str = "") -> str:
        """Press the first button, in reading order, whose words match; answers its words."""
        control = self._found(
            f"a button like {pattern!r}",
            lambda c: c.kind in {"button", "submit", "close"} and bool(re.search(pattern, c.words)) and near in c.near,
        )[0]
        self._press(control, confirm=True)
        return control.words

    def overflow(self, text: str, near: str = "", *, confirm: bool = True) -> ScreenText:
        """Open a ⋯ menu and choose an entry."""
        control = self._one(
            f"the ⋯ entry {text!r}", lambda c: c.kind == "overflow" and text in c.options and near in c.near
        )
        self.clicks += 2
        option = next(option for option in control.element["options"] if option["text"]["text"] == text)
        if self._agrees(control.element, confirm):
            self._follow(option)
            self.client.click(self._surface(), control.block, control.element, option)
        return self.screen()

    def fill(self, label: str, value: str, *, enter: bool = False) -> ScreenText:
        """Type into a text, address, number, date (YYYY-MM-DD) or time (HH:MM) input."""
        control = self._one(f"the input {label!r}", lambda c: self._is_input(c, label) and c.element["type"] in TYPED)
        self.clicks += 1
        self.typed += len(value)
        surface = self._surface()
        self.client.set_value(surface, control.block, control.element, self._typed_value(control, value))
        if enter:
            self.client.press_enter(surface, control.block, control.element)
        return self.screen()

    def _typed_value(self, control: Control, value: str) -> Any:  # noqa: ANN401 - the state's kind depends on the element
        kind = control.element["type"]
        if kind == "datepicker" and value and not is_day(value):
            raise NotOnScreen(f"a date picker has no day {value!r}", self.screen())
        if kind == "timepicker" and value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise NotOnScreen(f"a time picker has no time {value!r}", self.screen())
        if kind == "datetimepicker":
            return int(value)
        if kind == "rich_text_input" and value:
            section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
            return {"type": "rich_text", "elements": [section]}
        return value or None

    def choose(self, label: str, *words: str, search: str | None = None) -> ScreenText:
        """Choose in a select, radio group, checkboxes or people picker; a multi-select keeps what it had and adds."""
        control = self._one(
            f"the choice {label!r}", lambda c: self._is_input(c, label) and c.element["type"] not in TYPED
        )
        for word in words:
            fresh = self._same(control)
            self.clicks += 2
            self._set(fresh, self._option(fresh, word, search), adds=True)
        return self.screen()

    def unchoose(self, label: str, *words: str) -> ScreenText:
        """Take chosen entries out of a multi-select, or clear a single one."""
        control = self._one(
            f"the choice {label!r}", lambda c: self._is_input(c, label) and c.element["type"] not in TYPED
        )
        for word in words:
            fresh = self._same(control)
            self.clicks += 1
            gone = next((c for c in self._chosen(fresh) if self._words(c) == word), None)
            if gone is None:
                raise NotOnScreen(f"{word!r} is not chosen in {label!r}", self.screen())
            self._set(fresh, gone, adds=False)
        return self.screen()

    def offered(self, label: str, search: str = "") -> list[str]:
        """The words a select offers, for an external one those the app answers to the search."""
        control = self._one(f"the choice {label!r}", lambda c: self._is_input(c, label))
        if "external" not in control.element["type"]:
            return list(control.options)
        self.typed += len(search)
        found = self.client.suggestions(self._surface(), control.block, control.element, search)
        return [option["text"]["text"] for option in found]

    def tick(self, words: str) -> ScreenText:
        """Tick the box, or the round button, with these words."""
        return self._toggle(words, wanted=True)

    def untick(self, words: str) -> ScreenText:
        """Take the tick away."""
        return self._toggle(words, wanted=False)

    def close(self, *, everything: bool = False) -> ScreenText:
        """Press the modal's close button; `everything` is the x that drops all of its views."""
        self.clicks += 1
        self.client.close(everything=everything)
        return self.screen()

    def press_in_message(
        self, text: str, containing: str = "", channel: str = "dm", *, confirm: bool = True
    ) -> ScreenText:
        """Press a button of the newest message that has it (and these words)."""
        message = self._message(channel, lambda m: containing in m and text in m.buttons)
        seen = draw_message(self.workspace, self.user_id, message)
        control = next(c for c in seen.controls if c.kind == "button" and c.words == text)
        self.clicks += 1
        if self._agrees(control.element, confirm):
            self._follow(control.element)
            self.client.click(message, control.block, control.element)
        return self.screen()

    def _press(self, control: Control, *, confirm: bool) -> ScreenText:
        if control.kind == "close":
            return self.close()
        self.clicks += 1
        view = self.surface()
        if control.kind == "submit" and view is not None:
            self.client.submit(view)
        elif self._agrees(control.element, confirm):
            self._follow(control.element)
            self.client.click(self._surface(), control.block, control.element)
        return self.screen()

    def _follow(self, element: dict[str, Any]) -> None:
        """A button or entry with an address opens it, and tells the app as well."""
        if "url" in element:
            self.opened.append(element["url"])

    def _agrees(self, element: dict[str, Any], confirm: bool) -> bool:
        """Answer the confirm dialog where the element has one."""
        if "confirm" not in element:
            return True
        self.clicks += 1
        dialog = element["confirm"]
        self.confirmed.append(f"{dialog['title']['text']}: {dialog['text']['text']}")
        return confirm

    def _option(self, control: Control, word: str, search: str | None) -> Any:  # noqa: ANN401 - an option or an id
        kind = control.element["type"]
        if "users" in kind or "conversations" in kind or "channels" in kind:
            return self._who(kind, word)
        if "external" in kind:
            query = word if search is None else search
            self.typed += len(query)
            offered = self.client.suggestions(self._surface(), control.block, control.element, query)
        else:
            groups = control.element.get("option_groups", [])
            offered = [o for g in groups for o in g["options"]] if groups else control.element.get("options", [])
        exact = [option for option in offered if option["text"]["text"] == word]
        close = exact or [option for option in offered if word in option["text"]["text"]]
        if len(close) != 1:
            names = [option["text"]["text"] for option in offered]
            raise NotOnScreen(f"{control.words!r} offers {word!r} {len(close)} times; it offers {names}", self.screen())
        return close[0]

    def _who(self, kind: str, word: str) -> str:
        self.typed += len(word)
        team = self.workspace.home_team[self.user_id]
        if "channels" not in kind:
            for person in self.workspace.people.values():
                is_here = self.workspace.home_team[person.id] == team and not person.deleted
                if is_here and word.lstrip("@") in {person.real_name, person.name, person.id}:
                    return person.id
        if "users" not in kind:
            return self._channel(word).id
        raise NotOnScreen(f"there is nobody called {word!r}", self.screen())

    def _chosen(self, control: Control) -> list[Any]:
        ids = (control.block["block_id"], control.element["action_id"])
        value = self._surface().values[ids][STATE_KEYS[control.element["type"]][0]]
        return value if isinstance(value, list) else [value] if value is not None else []

    def _set(self, control: Control, entry: Any, *, adds: bool) -> None:  # noqa: ANN401 - an option or an id
        """Choose an entry, or take it away; a single choice is replaced, several are kept in the order chosen."""
        kind, most = control.element["type"], control.element.get("max_selected_items")
        chosen = self._chosen(control)
        rest = [c for c in chosen if c != entry]
        if isinstance(STATE_KEYS[kind][2], list):
            value: Any = (chosen if entry in chosen else [*chosen, entry]) if adds else rest
            if most is not None and len(value) > most:
                raise NotOnScreen(f"{control.words!r} takes {most} at most", self.screen())
        else:
            value = entry if adds else None
        if self._agrees(control.element, confirm=True):
            self.client.set_value(self._surface(), control.block, control.element, value)

    def _words(self, chosen: Any) -> str:  # noqa: ANN401 - an option or an id
        if isinstance(chosen, dict):
            return str(chosen["text"]["text"])
        people, channels = self.workspace.people, self.workspace.channels
        return people[chosen].real_name if chosen in people else f"#{channels[chosen].name}"

    def _toggle(self, words: str, *, wanted: bool) -> ScreenText:
        kinds = {"checkboxes", "radio_buttons"}
        control = self._one(
            f"the box {words!r}", lambda c: c.kind == "input" and c.element["type"] in kinds and words in c.options
        )
        option = next(o for o in control.element["options"] if o["text"]["text"] == words)
        chosen = words in control.value.split(", ")
        if chosen == wanted:
            raise NotOnScreen(f"{words!r} is {'ticked' if chosen else 'not ticked'} already", self.screen())
        self.clicks += 1
        self._set(control, option, adds=wanted)
        return self.screen()

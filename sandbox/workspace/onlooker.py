"""A person's eyes: the screen in front of them, the messages they see, and the search for a control by its words."""

import time
from collections.abc import Callable

from sandbox.workspace.client import SlackClient, Surface
from sandbox.workspace.records import Channel, Message, View
from sandbox.workspace.render import Control
from sandbox.workspace.screens import ScreenText, SeenMessage, channel_screen, draw_message, draw_view


class NotOnScreen(AssertionError):
    """What the script looked for is not there, or is there more than once; carries the screen."""

    def __init__(self, what: str, screen: ScreenText) -> None:
        super().__init__(f"{what}. On screen:\n{screen}")
        self.screen = screen


class Onlooker:
    """One person looking. `patience`: seconds for which a missing control is looked for again."""

    def __init__(self, client: SlackClient, patience: float = 3.0) -> None:
        self.client = client
        self.workspace = client.workspace
        self.user_id = client.user_id
        self.patience = patience
        self._is_home_open = False

    def surface(self) -> View | None:
        """The modal on top, else the home tab where it is open."""
        return self.client.top or (self.workspace.homes.get(self.user_id) if self._is_home_open else None)

    def screen(self) -> ScreenText:
        """What the person sees now."""
        with self.workspace.lock:
            view = self.surface()
            if view is None:
                return channel_screen(self.client.notices)
            return draw_view(self.workspace, self.user_id, view)

    def wait_for(self, *words: str, timeout: float = 10.0) -> ScreenText:
        """Wait until the screen shows all these words."""
        if not self.workspace.wait_until(lambda: all(w in self.screen() for w in words), timeout):
            raise NotOnScreen(f"{words!r} did not appear within {timeout:g} s", self.screen())
        return self.screen()

    def wait_until_gone(self, words: str, timeout: float = 10.0) -> ScreenText:
        """Wait until the screen shows these words no longer."""
        if not self.workspace.wait_until(lambda: words not in self.screen(), timeout):
            raise NotOnScreen(f"{words!r} is still there after {timeout:g} s", self.screen())
        return self.screen()

    def messages(self, channel: str = "sales") -> list[SeenMessage]:
        """The messages of a channel that this person sees, oldest first."""
        with self.workspace.lock:
            found = self.workspace.messages[self._channel(channel).id]
            return [draw_message(self.workspace, self.user_id, m) for m in found if m.only_for in (None, self.user_id)]

    def dms(self) -> list[SeenMessage]:
        """The app's direct messages to this person."""
        return self.messages("dm")

    def wait_for_message(self, words: str, channel: str = "dm", timeout: float = 10.0) -> SeenMessage:
        """Wait until a message of the channel shows these words; answers the newest."""
        hits: list[SeenMessage] = []

        def arrived() -> bool:
            hits[:] = [m for m in self.messages(channel) if words in m]
            return bool(hits)

        if not self.workspace.wait_until(arrived, timeout):
            seen = "\n".join(map(str, self.messages(channel)))
            raise NotOnScreen(
                f"no message with {words!r} in {channel} within {timeout:g} s; there is\n{seen}", self.screen()
            )
        return hits[-1]

    def _found(self, what: str, wanted: Callable[[Control], bool]) -> list[Control]:
        deadline = time.monotonic() + self.patience
        hits: list[Control] = []

        def there() -> bool:
            hits[:] = [control for control in self.screen().controls if wanted(control)]
            return bool(hits)

        if not self.workspace.wait_until(there, max(0.0, deadline - time.monotonic())):
            raise NotOnScreen(f"{what} is not there", self.screen())
        return hits

    def _one(self, what: str, wanted: Callable[[Control], bool]) -> Control:
        hits = self._found(what, wanted)
        if len(hits) > 1:
            raise NotOnScreen(f"{what} is there {len(hits)} times", self.screen())
        return hits[0]

    @staticmethod
    def _is_input(control: Control, label: str) -> bool:
        return control.kind == "input" and control.words == label

    def _same(self, control: Control) -> Control:
        ids = (control.block["block_id"], control.element["action_id"])
        return self._one(
            f"the choice {control.words!r}",
            lambda c: c.kind == "input" and (c.block["block_id"], c.element["action_id"]) == ids,
        )

    def _surface(self) -> Surface:
        view = self.surface()
        if view is None:
            raise NotOnScreen("nothing is open", self.screen())
        return view

    def _message(self, channel: str, wanted: Callable[[SeenMessage], bool]) -> Message:
        place = self._channel(channel).id
        hits: list[str] = []

        def there() -> bool:
            hits[:] = [m.ts for m in self.messages(channel) if wanted(m)]
            return bool(hits)

        if not self.workspace.wait_until(there, self.patience):
            seen = "\n".join(map(str, self.messages(channel)))
            raise NotOnScreen(f"no such message in {channel}; there is\n{seen}", self.screen())
        message = self.workspace.find_message(place, hits[-1])
        if message is None:
            raise NotOnScreen("the message has just gone", self.screen())
        return message

    def _channel(self, name: str) -> Channel:
        team = self.workspace.home_team[self.user_id]
        if name == "dm":
            return self.workspace.direct_message(self.user_id, team)
        return self.workspace.channel_named(name, team)

"""Slack's own client for one person: what a command, a click, a submission and a close do, and what Slack says then.

It works on blocks and ids; finding controls by their visible words is `scripted_rep.py`'s task.
"""

import re
import time
from typing import Any

from sandbox.workspace import payloads
from sandbox.workspace.api_chat import put_message
from sandbox.workspace.api_views import push_view, replace_view
from sandbox.workspace.delivery import Courier, Reply
from sandbox.workspace.records import Channel, Message, Shortcut, View
from sandbox.workspace.rule_kit import Finding
from sandbox.workspace.rules import validate_ack, validate_message, validate_options
from sandbox.workspace.state import Workspace
from sandbox.workspace.values import STATE_KEYS, problems, stateful

TROUBLE = "We had some trouble connecting. Try again?"
NO_OPTIONS = "Could not load options."
TYPED_INPUTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"})
Surface = View | Message


class SlackClient:
    """One person in front of Slack. `notices` holds Slack's own words that only this person sees outside of modals."""

    def __init__(self, workspace: Workspace, courier: Courier, user_id: str) -> None:
        self.workspace = workspace
        self.courier = courier
        self.user_id = user_id
        self.notices: list[str] = []

    @property
    def stack(self) -> list[View]:
        """The person's open modals, the visible one last."""
        return self.workspace.stacks[self.user_id]

    @property
    def top(self) -> View | None:
        """The visible modal."""
        with self.workspace.lock:
            return self.stack[-1] if self.stack else None

    def command(self, command: str, text: str, channel: Channel) -> None:
        """Type a slash command in a channel."""
        known = self.workspace.app.commands
        if known is not None and command not in known:
            self._notice(f"{command} is not a valid command.")
            return
        if known is not None and known[command]:
            text = self._escaped(text)
        payload = payloads.slash_command(self.workspace, self.user_id, channel, command, text)
        reply = self.courier.send("slash_commands", payload)
        if reply.trouble:
            word = {"late": "operation_timeout", "unreachable": "dispatch_failed"}.get(
                reply.trouble, "http_service_error"
            )
            self._notice(f'{command} failed with the error "{word}"')
        elif reply.body not in (None, "", {}):
            self._show_answer(command, reply, channel)

    def _escaped(self, text: str) -> str:
        """With should_escape Slack writes mentions as ids, and addresses as links."""
        team = self.workspace.home_team[self.user_id]
        for person in self.workspace.people.values():
            if self.workspace.home_team[person.id] == team:
                text = re.sub(rf"(?<!\S)@{re.escape(person.name)}\b", f"<@{person.id}|{person.name}>", text)
        for channel in self.workspace.channels.values():
            if self.workspace.channel_team[channel.id] == team and not channel.with_user:
                text = re.sub(rf"(?<!\S)#{re.escape(channel.name)}\b", f"<#{channel.id}|{channel.name}>", text)
        return re.sub(r"(?<![\w|:.+-])([\w.+-]+@[\w-]+(?:\.[\w-]+)+)", r"<mailto:\1|\1>", text)

    def _show_answer(self, command: str, reply: Reply, channel: Channel) -> None:
        body = reply.body if isinstance(reply.body, dict) else {"text": str(reply.body)}
        if self.workspace.note_findings(command, validate_message(body)):
            self._notice(f'{command} failed with the error "invalid_blocks"')
            return
        installation = self.workspace.installation_of(self.workspace.home_team[self.user_id])
        only_for = None if body.get("response_type") == "in_channel" else self.user_id
        put_message(self.workspace, channel.id, installation, body, only_for=only_for)

    def shortcut(self, name: str) -> None:
        """Choose a global shortcut by its name."""
        found = self._shortcut(name, "global")
        self._expect(
            self.courier.send("interactive", payloads.shortcut(self.workspace, self.user_id, found.callback_id))
        )

    def message_shortcut(self, name: str, message: Message) -> None:
        """Choose a shortcut from a message's menu."""
        found = self._shortcut(name, "message")
        payload = payloads.message_action(self.workspace, self.user_id, found.callback_id, message)
        self._expect(self.courier.send("interactive", payload))

    def _shortcut(self, name: str, kind: str) -> Shortcut:
        for shortcut in self.workspace.app.shortcuts:
            if (shortcut.name, shortcut.kind) == (name, kind):
                return shortcut
        raise LookupError(f"the app has no {kind} shortcut {name!r}; it has {self.workspace.app.shortcuts}")

    def _expect(self, reply: Reply) -> None:
        if reply.trouble:
            self._notice(TROUBLE)

    def open_home(self) -> None:
        """Open the app's home tab; the app is told where it subscribed to it."""
        events = self.workspace.app.events
        if events is None or "app_home_opened" in events:
            self.courier.send_event(payloads.app_home_opened(self.workspace, self.user_id))

    def set_value(self, surface: Surface, block: dict[str, Any], element: dict[str, Any], value: Any) -> None:  # noqa: ANN401
        """Change an input; the app is told at once where Slack tells it (value kinds: see values.STATE_KEYS)."""
        key = STATE_KEYS[element["type"]][0]
        ids = (block["block_id"], element["action_id"])
        with self.workspace.changing():
            if ids not in surface.values:
                raise LookupError(f"the app changed the screen; {ids} is not on it any more")
            state = {**surface.values[ids], key: value}
            surface.values[ids] = state
            if isinstance(surface, View):
                surface.errors.pop(block["block_id"], None)
        if block["type"] == "input" and (not block.get("dispatch_action") or not self._dispatches(element)):
            return
        self._act(surface, {**state, "block_id": ids[0], "action_id": ids[1]})

    @staticmethod
    def _dispatches(element: dict[str, Any]) -> bool:
        if element["type"] not in TYPED_INPUTS:
            return True
        config = element.get("dispatch_action_config", {}).get("trigger_actions_on", ["on_enter_pressed"])
        return "on_character_entered" in config

    def press_enter(self, surface: Surface, block: dict[str, Any], element: dict[str, Any]) -> None:
        """Press Enter in a text input with dispatch_action."""
        config = element.get("dispatch_action_config", {}).get("trigger_actions_on", ["on_enter_pressed"])
        if block.get("dispatch_action") and "on_enter_pressed" in config:
            ids = (block["block_id"], element["action_id"])
            self._act(surface, {**surface.values[ids], "block_id": ids[0], "action_id": ids[1]})

    def click(
        self, surface: Surface, block: dict[str, Any], element: dict[str, Any], option: dict[str, Any] | None = None
    ) -> None:
        """Press a button, or choose an entry of an overflow menu."""
        action = {"type": element["type"], "block_id": block["block_id"], "action_id": element["action_id"]}
        if option is not None:
            action["selected_option"] = option
        else:
            action["text"] = element["text"]
            for name in ("value", "style"):
                if name in element:
                    action[name] = element[name]
        self._act(surface, action)

    def _act(self, surface: Surface, action: dict[str, Any]) -> None:
        with self.workspace.lock:
            payload = payloads.block_actions(self.workspace, self.user_id, surface, action)
        reply = self.courier.send("interactive", payload)
        if isinstance(reply.body, dict) and "response_action" in reply.body:
            why = "response_action is no answer to block_actions; Slack ignores it"
            self.workspace.note_findings("block_actions", [Finding("A1", "W", why, "/response_action")])
        with self.workspace.changing():
            surface.notice = TROUBLE if reply.trouble else ""

    def suggestions(
        self, surface: Surface, block: dict[str, Any], element: dict[str, Any], query: str
    ) -> list[dict[str, Any]]:
        """The options the app offers for what was typed."""
        if len(query) < element.get("min_query_length", 3):
            return []
        ids = (block["block_id"], element["action_id"])
        with self.workspace.lock:
            payload = payloads.block_suggestion(self.workspace, self.user_id, surface, ids, query)
        reply = self.courier.send("interactive", payload)
        is_bad = reply.trouble or self.workspace.note_findings("block_suggestion", validate_options(reply.body))
        with self.workspace.changing():
            surface.notice = NO_OPTIONS if is_bad else ""
        if is_bad:
            return []
        groups = reply.body.get("option_groups")
        return (
            [option for group in groups for option in group["options"]]
            if groups
            else list(reply.body.get("options", []))
        )

    def submit(self, view: View) -> None:
        """Press the submit button: Slack's own checks first, then the app's answer is applied."""
        with self.workspace.changing():
            view.errors = problems(view.blocks, view.values)
            view.notice = ""
            if view.errors:
                return
            payload = payloads.view_submission(self.workspace, self.user_id, view)
            inputs = [block["block_id"] for block, _ in stateful(view.blocks) if block["type"] == "input"]
            view.is_busy = True
        reply = self.courier.send("interactive", payload)
        if not reply.trouble and self.workspace.faults.apply_acks_late:
            time.sleep(self.workspace.faults.apply_acks_late)
        bad = [] if reply.trouble else validate_ack(reply.body, inputs, len(self.stack))
        with self.workspace.changing():
            view.is_busy = False
            if reply.trouble or self.workspace.note_findings("view_submission", bad):
                view.notice = TROUBLE
            elif view in self.stack:
                self._apply(view, reply.body or {})

    def _apply(self, view: View, answer: dict[str, Any]) -> None:
        action = answer.get("response_action")
        if action == "errors":
            view.errors = dict(answer["errors"])
        elif action == "update":
            replace_view(self.workspace, view, answer["view"], "view_submission")
        elif action == "push":
            push_view(self.workspace, self.user_id, answer["view"])
        elif action == "clear":
            self.stack.clear()
        else:
            self.stack.remove(view)

    def close(self, *, everything: bool = False) -> None:
        """Press the close button of the visible modal; `everything` is the x that drops the whole stack."""
        if not self.close_if_open(everything=everything):
            raise LookupError("there is no modal to close")

    def close_if_open(self, view_id: str | None = None, *, everything: bool = False) -> bool:
        """The same where a modal is open, or this one on top, and whether it was: the app may close it any time."""
        with self.workspace.changing():
            if not self.stack or view_id not in {None, self.stack[-1].id}:
                return False
            is_cleared = everything or bool(self.stack[-1].definition.get("clear_on_close"))
            gone = list(reversed(self.stack)) if is_cleared else [self.stack[-1]]
            closed = [payloads.view_closed(self.workspace, self.user_id, v, is_cleared=is_cleared) for v in gone]
            told = [p for p, v in zip(closed, gone, strict=True) if v.definition.get("notify_on_close")]
            for view in gone:
                self.stack.remove(view)
        for payload in told:
            self.courier.send("interactive", payload)
        return True

    def _notice(self, words: str) -> None:
        with self.workspace.changing():
            self.notices.append(words)

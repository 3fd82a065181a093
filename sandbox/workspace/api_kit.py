"""What every Web API method shares: the call, its arguments, its errors. Must not know any method."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.workspace.records import Channel, Installation, Person
from sandbox.workspace.rule_kit import Finding
from sandbox.workspace.state import Workspace

Answer = dict[str, Any]


class ApiError(Exception):
    """Slack's `{"ok": false, "error": ...}` with whatever else the envelope holds."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.envelope: Answer = {"ok": False, "error": error, **more}


def refusal(error: str, findings: Iterable[Finding], *, with_errors: bool = False) -> ApiError:
    """The envelope for payloads that break a rule."""
    lines = [finding.as_slack_says() for finding in findings]
    metadata = {"response_metadata": {"messages": lines}}
    if with_errors:
        return ApiError(error, errors=[line.removeprefix("[ERROR] ") for line in lines], **metadata)
    return ApiError(error, **metadata)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call: the workspace, the arguments as sent, and the installation whose token was used."""

    workspace: Workspace
    method: str
    arguments: dict[str, Any]
    caller: Installation | None
    basic: tuple[str, str] | None = None

    @property
    def installation(self) -> Installation:
        """The installation that calls. Raises not_authed for methods called without a bot's token."""
        if self.caller is None:
            raise ApiError("not_authed")
        return self.caller

    def text(self, name: str, default: str = "") -> str:
        """A text argument."""
        value = self.arguments.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def need(self, name: str) -> str:
        """A text argument that must be there."""
        if self.arguments.get(name) in (None, ""):
            raise ApiError(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] missing required field: {name} [json-pointer:/{name}]"]},
            )
        return self.text(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean argument; forms write it as text."""
        value = self.arguments.get(name, default)
        return value in (True, "true", "1", 1)

    def structure(self, name: str) -> Any:  # noqa: ANN401 - JSON as sent; the rules look at it
        """A JSON argument, which forms write as text. Absent is None."""
        value = self.arguments.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise ApiError(
                    "invalid_arguments",
                    response_metadata={"messages": [f"[ERROR] {name} is not valid JSON [json-pointer:/{name}]"]},
                ) from None
        return value

    def person(self, user_id: str) -> Person:
        """A member of the caller's team."""
        if self.workspace.home_team.get(user_id) != self.installation.team_id:
            raise ApiError("user_not_found")
        return self.workspace.people[user_id]

    def channel(self, channel_id: str) -> Channel:
        """A channel of the caller's team that its bot can see."""
        channel = self.workspace.channels.get(channel_id)
        is_ours = self.workspace.channel_team.get(channel_id) == self.installation.team_id
        if (
            channel is None
            or not is_ours
            or (channel.is_private and self.installation.bot_user_id not in channel.members)
        ):
            raise ApiError("channel_not_found")
        return channel

    def page(self, items: list[Any], default: int = 100) -> tuple[list[Any], Answer]:
        """The page that `limit` and `cursor` ask for, with its response_metadata."""
        asked, start = self.text("limit"), self.text("cursor")
        if asked and not asked.isdigit():
            raise ApiError("invalid_limit")
        if start and not start.isdigit():
            raise ApiError("invalid_cursor")
        limit = int(asked or 0) or default
        first = int(start or 0)
        after = first + limit
        return items[first:after], {"next_cursor": str(after) if after < len(items) else ""}


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API: its function, the scopes of which one is needed, and the kind of token."""

    run: Callable[[ApiCall], Answer]
    scopes: tuple[str, ...] = ()
    token: str = "bot"

"""The things a workspace remembers, as plain records: people, channels, messages, views, triggers, calls.

Must not know the workspace that holds them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.workspace.rule_kit import Finding


@dataclass(frozen=True, slots=True)
class Person:
    """A member of a workspace. `tz` is an IANA zone name."""

    id: str
    name: str
    real_name: str
    tz: str = "Europe/London"
    email: str = ""
    is_admin: bool = False
    is_bot: bool = False
    deleted: bool = False


@dataclass(slots=True)
class Channel:
    """A channel or a direct message. `with_user` is set for direct messages only."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    is_private: bool = False
    is_archived: bool = False
    with_user: str | None = None


@dataclass(slots=True)
class Message:
    """A message as everybody, or for an ephemeral one `only_for`, sees it."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    bot_id: str | None = None
    only_for: str | None = None
    thread_ts: str | None = None
    edited: str | None = None
    values: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    """A workspace of Slack's: id, name and the first label of its address."""

    id: str = "T0DEMO"
    name: str = "Demo Company"
    domain: str = "demo-company"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut of the app; `kind` is global or message."""

    name: str
    kind: str
    callback_id: str


DEFAULT_SCOPES = ("commands", "chat:write", "users:read", "users:read.email", "usergroups:read")


@dataclass(slots=True)
class SlackApp:
    """Slack's record of the app: credentials, manifest. `commands` maps a command to should_escape; None takes any."""

    id: str = "A0SANDBOX"
    name: str = "App"
    client_id: str = "1000.2000"
    client_secret: str = "local-client-secret"
    signing_secret: str = "local-signing-secret"
    verification_token: str = "local-verification-token"
    app_token: str = "xapp-1-A0SANDBOX-local"
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    commands: dict[str, bool] | None = None
    shortcuts: list[Shortcut] = field(default_factory=list)
    events: tuple[str, ...] | None = None

    def use_manifest(self, manifest: dict[str, Any]) -> None:
        """Take name, commands, shortcuts, scopes and events from an app manifest."""
        features = manifest.get("features", {})
        self.name = manifest.get("display_information", {}).get("name", self.name)
        self.commands = {c["command"]: bool(c.get("should_escape")) for c in features.get("slash_commands", [])}
        self.shortcuts = [Shortcut(s["name"], s["type"], s["callback_id"]) for s in features.get("shortcuts", [])]
        self.scopes = tuple(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ()))
        self.events = tuple(manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", ()))


@dataclass(slots=True)
class Installation:
    """The app in one team, with its bot's token. A revoked token answers token_revoked."""

    team_id: str
    bot_user_id: str
    bot_id: str
    token: str
    scopes: tuple[str, ...]
    revoked: bool = False
    expires_at: datetime | None = None


@dataclass(slots=True)
class Trigger:
    """Leave to open one view, for a few seconds, given to one user of one app."""

    id: str
    user_id: str
    team_id: str
    made_at: datetime
    view_id: str | None = None
    is_used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """An address under which the app may answer five times in half an hour."""

    code: str
    channel: str
    user_id: str
    made_at: datetime
    message_ts: str | None = None
    uses: int = 0


@dataclass(slots=True)
class View:
    """A modal or App Home as the user sees it, with what is typed in it."""

    id: str
    team_id: str
    user_id: str
    definition: dict[str, Any]
    hash: str
    root_id: str
    previous_id: str | None = None
    values: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    notice: str = ""
    is_busy: bool = False

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The view's blocks, all ids filled in."""
        blocks: list[dict[str, Any]] = self.definition["blocks"]
        return blocks

    @property
    def is_modal(self) -> bool:
        """Whether it stands in a modal stack."""
        return bool(self.definition["type"] == "modal")


@dataclass(frozen=True, slots=True)
class Call:
    """One Web API call of the app: method, arguments and answer."""

    method: str
    arguments: dict[str, Any]
    status: int
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One request to the app, and what came back. `trouble` is empty when the app answered well and in time."""

    kind: str
    payload: dict[str, Any]
    status: int | None
    answer: Any
    trouble: str
    seconds: float
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A payload that Slack would have refused, and why. `where` is the method or the kind of answer."""

    where: str
    findings: tuple[Finding, ...]


DEMO_PEOPLE = (
    Person("U0DANA", "dana", "Dana Reyes", "Europe/Berlin", "dana@demo.example", is_admin=True),
    Person("U0PRIYA", "priya", "Priya Nair", "Asia/Kolkata", "priya@demo.example"),
    Person("U0SAM", "sam", "Sam Okafor", "Europe/London", "sam@demo.example"),
    Person("U0NOA", "noa", "Noa Levi", "America/New_York", "noa@demo.example"),
)

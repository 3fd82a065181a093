"""What the local workspace remembers: people, channels, messages, modal stacks, triggers, installations and traffic.

Plain records behind one lock. It must not know HTTP, sockets or the rules of payloads.
"""

import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.workspace.faults import Faults
from sandbox.workspace.rule_kit import Finding

Clock = Callable[[], datetime]
TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 1800.0
RESPONSE_URL_USES = 5


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


class Workspace:
    """Slack's memory. Every reader and writer holds `lock`; `changing()` also wakes those who wait for a change."""

    def __init__(
        self,
        people: Iterable[Person] = DEMO_PEOPLE,
        channels: Iterable[Channel] | None = None,
        team: Team | None = None,
        app: SlackApp | None = None,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self.clock = clock
        self.app = app or SlackApp()
        self.lock = threading.Condition(threading.RLock())
        self.faults = Faults()
        self.teams: dict[str, Team] = {}
        self.people: dict[str, Person] = {}
        self.home_team: dict[str, str] = {}
        self.channels: dict[str, Channel] = {}
        self.channel_team: dict[str, str] = {}
        self.messages: dict[str, list[Message]] = defaultdict(list)
        self.stacks: dict[str, list[View]] = defaultdict(list)
        self.homes: dict[str, View] = {}
        self.usergroups: list[dict[str, Any]] = []
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.installations: dict[str, Installation] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.calls: list[Call] = []
        self.deliveries: list[Delivered] = []
        self.refusals: list[Refusal] = []
        self.warnings: list[Refusal] = []
        self.public_url = ""
        self._last_ts = 0
        self.team = self.add_team(team or Team(), people, channels)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock, and wake everybody who waits for a change afterwards."""
        with self.lock:
            try:
                yield
            finally:
                self.lock.notify_all()

    def wait_until(self, happened: Callable[[], bool], timeout: float) -> bool:
        """Wait, at most `timeout` seconds, until a change makes `happened` true."""
        with self.lock:
            return self.lock.wait_for(happened, timeout)

    def add_team(self, team: Team, people: Iterable[Person], channels: Iterable[Channel] | None = None) -> Team:
        """A further workspace with its people and channels, the app not installed yet."""
        with self.changing():
            self.teams[team.id] = team
            humans = list(people)
            for person in humans:
                self.people[person.id] = person
                self.home_team[person.id] = team.id
            ids = {person.id for person in humans if not person.deleted}
            given = (
                channels
                if channels is not None
                else [self._public("general", ids, team), self._public("sales", ids, team)]
            )
            for channel in given:
                self.channels[channel.id] = channel
                self.channel_team[channel.id] = team.id
        return team

    def _public(self, name: str, members: set[str], team: Team) -> Channel:
        return Channel(f"C{team.id[1:]}{name.upper()}", name, set(members))

    def install(
        self, team_id: str | None = None, token: str | None = None, scopes: Iterable[str] | None = None
    ) -> Installation:
        """Install the app into a team: a bot user that is in no channel yet, and a new token."""
        team = self.teams[team_id or self.team.id]
        with self.changing():
            bot = f"U{team.id[1:]}BOT"
            self.people[bot] = Person(bot, self.app.name.lower().replace(" ", "_"), self.app.name, "UTC", is_bot=True)
            self.home_team[bot] = team.id
            installation = Installation(
                team.id,
                bot,
                f"B{team.id[1:]}BOT",
                token or f"xoxb-{secrets.token_hex(12)}",
                tuple(scopes or self.app.scopes),
            )
            self.installations[installation.token] = installation
        return installation

    def installation_of(self, team_id: str) -> Installation:
        """The newest live installation in a team. Raises LookupError where the app is not installed."""
        live = [i for i in self.installations.values() if i.team_id == team_id and not i.revoked]
        if not live:
            raise LookupError(f"the app is not installed in {team_id}")
        return live[-1]

    def invite(self, channel_name: str, team_id: str | None = None) -> Channel:
        """Bring the app's bot into a channel, as a member does with /invite."""
        bot = self.installation_of(team_id or self.team.id).bot_user_id
        with self.changing():
            channel = self.channel_named(channel_name, team_id)
            channel.members.add(bot)
        return channel

    def channel_named(self, name: str, team_id: str | None = None) -> Channel:
        """The channel with that name. Raises LookupError where there is none."""
        for channel in self.channels.values():
            is_there = self.channel_team[channel.id] == (team_id or self.team.id)
            if is_there and name.lstrip("#") in {channel.name, channel.id}:
                return channel
        raise LookupError(f"there is no channel {name}")

    def next_ts(self) -> str:
        """A message time stamp, later than all before."""
        self._last_ts = max(self._last_ts + 1, int(self.clock().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_hash(self) -> str:
        """A view hash, new with every change of the view."""
        return f"{int(self.clock().timestamp())}.{secrets.token_hex(4)}"

    def new_id(self, prefix: str) -> str:
        """A Slack-like id."""
        return f"{prefix}{secrets.token_hex(5).upper()}"

    def new_trigger(self, user_id: str, view_id: str | None = None) -> Trigger:
        """A trigger for a click that happens now."""
        with self.changing():
            trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
            trigger = Trigger(trigger_id, user_id, self.home_team[user_id], self.clock(), view_id)
            self.triggers[trigger_id] = trigger
        return trigger

    def new_response_url(self, channel: str, user_id: str, message_ts: str | None = None) -> str:
        """An address for later answers to this interaction."""
        with self.changing():
            code = secrets.token_hex(12)
            self.response_urls[code] = ResponseUrl(code, channel, user_id, self.clock(), message_ts)
        return f"{self.public_url}/response/{code}"

    def direct_message(self, user_id: str, team_id: str) -> Channel:
        """The direct message between the app's bot and a person, opened if need be."""
        bot = self.installation_of(team_id).bot_user_id
        with self.changing():
            for channel in self.channels.values():
                if channel.with_user == user_id and bot in channel.members:
                    return channel
            channel = Channel(self.new_id("D"), "directmessage", {user_id, bot}, is_private=True, with_user=user_id)
            self.channels[channel.id] = channel
            self.channel_team[channel.id] = team_id
        return channel

    def find_message(self, channel: str, ts: str) -> Message | None:
        """The message with that time stamp."""
        return next((m for m in self.messages[channel] if m.ts == ts), None)

    def find_view(
        self, view_id: str | None = None, external_id: str | None = None, team_id: str | None = None
    ) -> View | None:
        """An open modal or published home, by id or by the app's external_id within the team."""
        views = [view for stack in self.stacks.values() for view in stack] + list(self.homes.values())
        if view_id:
            return next((view for view in views if view.id == view_id), None)
        return next((v for v in views if v.definition.get("external_id") == external_id and v.team_id == team_id), None)

    def note_findings(self, where: str, findings: Iterable[Finding]) -> list[Finding]:
        """Remember warnings and refusals; answers the refusals."""
        found = list(findings)
        bad = [f for f in found if f.level == "R"]
        with self.changing():
            if bad:
                self.refusals.append(Refusal(where, tuple(bad)))
            if len(bad) < len(found):
                self.warnings.append(Refusal(where, tuple(f for f in found if f.level == "W")))
        return bad

    def zone_of(self, user_id: str) -> ZoneInfo:
        """The zone of a person's Slack profile."""
        return ZoneInfo(self.people[user_id].tz)

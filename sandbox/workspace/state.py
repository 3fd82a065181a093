"""What the local workspace remembers: people, channels, messages, modal stacks, triggers, installations and traffic.

Behind one lock. It must not know HTTP, sockets or the rules of payloads.
"""

import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.workspace.faults import Faults
from sandbox.workspace.records import (
    DEMO_PEOPLE,
    Call,
    Channel,
    Delivered,
    Installation,
    Message,
    Person,
    Refusal,
    ResponseUrl,
    SlackApp,
    Team,
    Trigger,
    View,
)
from sandbox.workspace.rule_kit import Finding

Clock = Callable[[], datetime]
TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 1800.0
RESPONSE_URL_USES = 5

__all__ = ["Channel", "Person", "SlackApp", "Team", "Workspace"]


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
        """The newest installation in a team, a live one first. Raises LookupError where the app was never installed."""
        known = [i for i in self.installations.values() if i.team_id == team_id]
        if not known:
            raise LookupError(f"the app is not installed in {team_id}")
        return next((i for i in reversed(known) if not i.revoked), known[-1])

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
        with self.lock:
            for channel in self.channels.values():
                if channel.with_user == user_id and bot in channel.members:
                    return channel
            channel = Channel(self.new_id("D"), "directmessage", {user_id, bot}, is_private=True, with_user=user_id)
            self.channels[channel.id] = channel
            self.channel_team[channel.id] = team_id
            self.lock.notify_all()
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

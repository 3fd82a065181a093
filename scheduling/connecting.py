"""Connecting a calendar: personal single-use links, the check of what was typed, the stored account.

Knows no HTTP server; `web/connect.py` asks it. A link is bound to one Slack user and workspace and is used up only by
success, so a mistyped password costs nothing.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scheduling.accounts import Accounts
from scheduling.calendars.base import Account, CalendarInfo, Deadline
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.domain import Connection, ConnectionState, Rep
from scheduling.outbox import enqueue
from scheduling.store import Session, Store, connections, links, tasks

PURPOSE = "connect"
CONNECT_SECONDS = 20.0
"""Discovery may take more than 10 s on a first visit (calendars.md: iCloud)."""


@dataclass(frozen=True, slots=True)
class ConnectLink:
    """What the page may know before anything was typed."""

    provider: str


class Connecting:
    """Issues connect links and turns what was typed behind them into connections."""

    def __init__(
        self, store: Store, accounts: Accounts, config: SchedulingConfig, clock: Clock, poke: Callable[[], None]
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._config = config
        self._clock = clock
        self._poke = poke

    def issue_links(self, tx: Session, rep: Rep, draft_id: str | None) -> Mapping[str, str]:
        """A fresh address per connectable provider, in screen order; empty without a public address."""
        if self._config.public_url is None:
            return {}
        until = self._clock() + self._config.link_life
        return {
            provider: f"{self._config.public_url}/connect/"
            + links.issue(tx, rep=rep, purpose=PURPOSE, provider=provider, draft_id=draft_id, expires_at=until)
            for provider in self._config.connectable
        }

    def link(self, token: str) -> ConnectLink:
        """What the link is for; raises LinkRefused."""
        found = self._store.read(lambda tx: links.peek(tx, token, self._clock(), purpose=PURPOSE))
        return ConnectLink(found.provider)

    def connect(self, token: str, fields: Mapping[str, str]) -> str:
        """Check the account with its server and keep it; returns its label.

        Raises LinkRefused, HostRefused, AuthExpired (wrong password) and the other CalendarErrors; nothing is stored
        then, and the link stays good.
        """
        found = self._store.read(lambda tx: links.peek(tx, token, self._clock(), purpose=PURPOSE))
        account = self._accounts.check(found.provider, fields, Deadline.after(CONNECT_SECONDS))

        def keep(tx: Session) -> None:
            used = links.consume(tx, token, self._clock(), purpose=PURPOSE)
            keep_account(tx, used.rep, account, self._clock(), used.draft_id)

        self._store.transact(keep)
        self._poke()
        return account.label


def keep_account(tx: Session, rep: Rep, account: Account, now: datetime, draft_id: str | None = None) -> None:
    """Store an account that was just signed in to, go on with the work that waited for it, and tell its owner.

    `draft_id` is the form that the owner came from; rooms have an account but nobody to tell.
    """
    target = _first_writable(account.calendars)
    connection = Connection(
        id=secrets.token_hex(16),
        team_id=rep.team_id,
        user_id=rep.user_id,
        provider=account.provider,
        account=account.account_id,
        state=ConnectionState.OK,
        target_calendar=target.id if target else None,
    )
    saved = connections.save(tx, connection, account.secret, account.calendars)
    tasks.resume(tx, saved.id, now)
    if not rep.user_id.startswith("room:"):
        enqueue(
            tx,
            team_id=rep.team_id,
            kind="tell_connected",
            key=f"connected:{saved.id}:{now.isoformat()}",
            payload={"user_id": rep.user_id, "connection_id": saved.id},
            now=now,
            draft_id=draft_id,
        )


def _first_writable(calendars: tuple[CalendarInfo, ...]) -> CalendarInfo | None:
    """Where events go until the owner chooses: the primary calendar if it can be written, else the first that can."""
    writable = [calendar for calendar in calendars if calendar.writable]
    return next((calendar for calendar in writable if calendar.primary), writable[0] if writable else None)

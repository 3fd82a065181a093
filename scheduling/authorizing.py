"""Signing in at a calendar provider's own page (OAuth): a personal link leads there, the callback leads back.

Each time there is a `state` that works once, for ten minutes, for this provider and in this browser only; what must
come back with it (the PKCE verifier and the like) is kept sealed. Knows no HTTP server and no vendor; `web/oauth.py`
asks it.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from scheduling.calendars.base import Account, Deadline
from scheduling.calendars.systems import CalendarSystem, OAuthSystem
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.connecting import CONNECT_SECONDS, PURPOSE, keep_account
from scheduling.domain import Rep
from scheduling.errors import LinkRefused
from scheduling.store import Session, Store, links, people, sign_ins

STATE_LIFE = timedelta(minutes=10)
HINT_AGE = timedelta(days=30)
MOST_STATE = 200


@dataclass(frozen=True, slots=True)
class Connected:
    """What the last page says: the account's name, and the workspace to go back to."""

    label: str
    team_id: str


class Authorizing:
    """Begins and finishes sign-ins at those of the systems that have a page of their own."""

    def __init__(
        self,
        store: Store,
        systems: Mapping[str, CalendarSystem],
        config: SchedulingConfig,
        clock: Clock,
        poke: Callable[[], None],
    ) -> None:
        self._store = store
        self._systems = {
            name: cast("OAuthSystem", system) for name, system in systems.items() if hasattr(system, "begin")
        }
        self._public_url = config.public_url
        self._clock = clock
        self._poke = poke

    @property
    def providers(self) -> frozenset[str]:
        """Those that people sign in to this way."""
        return frozenset(self._systems)

    def redirect_uri(self, provider: str) -> str:
        """Where the provider sends the browser back to; registered there exactly like this."""
        return f"{self._public_url}/oauth/{provider}/callback"

    def begin(self, token: str, browser: str) -> str:
        """The provider's page for a personal connect link, which stays good; `browser` is the visitor's cookie.

        Raises LinkRefused and the CalendarErrors of a provider that is asked before.
        """
        now = self._clock()
        link, hint = self._store.read(lambda tx: self._read(tx, token, now))
        system = self._systems.get(link.provider)
        if system is None or not browser:
            raise LinkRefused
        state = secrets.token_urlsafe(32)
        there = system.begin(self.redirect_uri(link.provider), state, hint)
        flow = {"link": token, "began_at": now.isoformat(), **{f"flow.{k}": v for k, v in there.flow.items()}}
        self._store.transact(
            lambda tx: sign_ins.begin(
                tx,
                rep=link.rep,
                provider=link.provider,
                state=state,
                browser=browser,
                flow=flow,
                expires_at=now + STATE_LIFE,
            )
        )
        return there.url

    def finish(self, provider: str, params: Mapping[str, str], browser: str) -> Connected:
        """Take what the provider's page sent back, and keep the account; uses the personal link up.

        Raises LinkRefused (state unknown, used, expired, of another provider or browser; personal link used
        meanwhile), AccessDenied("denied"), ConsentMissing, AuthExpired and the other CalendarErrors. After those the
        personal link is still good.
        """
        state = params.get("state", "")
        system = self._systems.get(provider)
        if system is None or not state or len(state) > MOST_STATE or not browser:
            raise LinkRefused
        rep, kept = self._store.transact(
            lambda tx: sign_ins.take(tx, provider=provider, state=state, browser=browser, now=self._clock())
        )
        flow = {name.removeprefix("flow."): value for name, value in kept.items() if name.startswith("flow.")}
        account = system.finish(flow, params, self.redirect_uri(provider), Deadline.after(CONNECT_SECONDS))
        self._store.transact(lambda tx: self._keep(tx, rep, kept, account))
        self._poke()
        return Connected(account.label, rep.team_id)

    def _read(self, tx: Session, token: str, now: datetime) -> tuple[links.Link, str | None]:
        link = links.peek(tx, token, now, purpose=PURPOSE)
        known = people.known(tx, link.rep.team_id, (link.rep.user_id,), now - HINT_AGE)
        person = known.get(link.rep.user_id)
        return link, (person.email or None) if person else None

    def _keep(self, tx: Session, rep: Rep, kept: Mapping[str, str], account: Account) -> None:
        now = self._clock()
        began_at = datetime.fromisoformat(kept["began_at"])
        used = links.consume(tx, kept["link"], now, purpose=PURPOSE, began_at=began_at)
        keep_account(tx, rep, account, now, used.draft_id)

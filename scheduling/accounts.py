"""Connected accounts as the rest of the service meets them: checked when typed, opened when needed.

Stands between the calendar systems, which know no store, and the store, which knows no network.
"""

import contextlib
from collections.abc import Mapping
from typing import Protocol, cast

from scheduling.calendars.base import Account, CalendarProvider, Deadline
from scheduling.calendars.systems import CalendarSystem, PasswordSystem, Secret
from scheduling.domain import Connection
from scheduling.errors import Unsupported
from scheduling.store import Store, connections


class Accounts(Protocol):
    """Turns what was typed into an account, and a stored secret into a provider."""

    def check(self, provider: str, fields: Mapping[str, str], deadline: Deadline) -> Account:
        """Sign in with what was typed on /connect. Raises HostRefused and CalendarErrors."""
        ...

    def open(self, connection: Connection, secret: Secret) -> CalendarProvider:
        """The connected account behind a secret; calls nothing yet. Raises Unsupported."""
        ...

    def revoke(self, connection: Connection, secret: Secret, deadline: Deadline) -> None:
        """Give our access back where the system has a way. Raises CalendarErrors."""
        ...


class ConfiguredAccounts:
    """Accounts at the systems that the operator set up, by provider name."""

    def __init__(self, store: Store, systems: Mapping[str, CalendarSystem]) -> None:
        self._store = store
        self._systems = systems

    def check(self, provider: str, fields: Mapping[str, str], deadline: Deadline) -> Account:
        system = self._system(provider)
        if not hasattr(system, "connect"):
            raise Unsupported("password")
        return cast("PasswordSystem", system).connect(fields, deadline)

    def open(self, connection: Connection, secret: Secret) -> CalendarProvider:
        def keep(changed: Secret) -> None:
            with contextlib.suppress(LookupError):  # disconnected meanwhile: nothing is to be kept
                self._store.transact(
                    lambda tx: connections.replace_secret(tx, connection.team_id, connection.id, changed)
                )

        return self._system(connection.provider).open(secret, keep)

    def revoke(self, connection: Connection, secret: Secret, deadline: Deadline) -> None:
        self._system(connection.provider).revoke(secret, deadline)

    def _system(self, provider: str) -> CalendarSystem:
        if provider not in self._systems:
            raise Unsupported("provider")  # connected while the operator offered it, and not any more
        return self._systems[provider]

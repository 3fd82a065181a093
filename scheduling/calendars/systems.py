"""Calendar systems as the operator set them up: how people sign in, and how a stored account is opened again.

One object per entry of the registry, made once at start; each is safe to use from many threads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from scheduling.calendars.base import Account, CalendarProvider, Deadline

Secret = Mapping[str, str]
"""What an account needs to be opened again: stored sealed, never shown, never logged."""

KeepSecret = Callable[[Secret], None]
"""Stores a secret that changed while the account was used (a rotated token)."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The first half of signing in at the provider's own page: where to go, and what must come back with the answer.

    `flow` holds the PKCE verifier and the like; it is kept sealed on our side and never reaches the browser.
    """

    url: str
    flow: Mapping[str, str]


class CalendarSystem(Protocol):
    """What every system can do once an account is connected."""

    provider: str

    def open(self, secret: Secret, keep: KeepSecret) -> CalendarProvider:
        """The account behind a stored secret; calls nothing yet."""
        ...

    def revoke(self, secret: Secret, deadline: Deadline) -> None:
        """Give our access back, where the system has a way; an access that is gone already is fine."""
        ...


class PasswordSystem(CalendarSystem, Protocol):
    """Signs in by what is typed on our own page."""

    def connect(self, fields: Mapping[str, str], deadline: Deadline) -> Account:
        """Check what was typed with the server. Raises HostRefused, AuthExpired and the other CalendarErrors."""
        ...


class OAuthSystem(CalendarSystem, Protocol):
    """Signs in at the provider's page and comes back with a code."""

    def begin(self, redirect_uri: str, state: str, login_hint: str | None) -> SignIn:
        """Where to send the browser. May call the provider; raises CalendarErrors."""
        ...

    def finish(
        self, flow: Mapping[str, str], params: Mapping[str, str], redirect_uri: str, deadline: Deadline
    ) -> Account:
        """Turn the callback's parameters into an account.

        Raises AccessDenied("denied") when the person said no, ConsentMissing when a scope is missing or an
        administrator must agree, AuthExpired for a code that is no longer good, and the other CalendarErrors.
        """
        ...

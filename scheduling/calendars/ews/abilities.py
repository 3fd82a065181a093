"""What an Exchange account can do, told without the vendor's library; and an account that waits for it."""

import importlib
from datetime import timedelta
from functools import cached_property
from typing import Any

from scheduling.calendars.base import Capabilities, SendsInvitations
from scheduling.calendars.ews.http import Http
from scheduling.calendars.systems import Secret

MOST_MAILBOXES = 50
"""Exchange takes 100 at once; administrators may lower that."""

CAPABILITIES = Capabilities(
    others_free_busy=True,
    titles_of_others=True,
    rooms=True,
    sends_invitations=SendsInvitations.ALWAYS,
    max_refs_per_call=MOST_MAILBOXES,
    max_window=timedelta(days=366),
)


def library(name: str) -> Any:
    """One of the files beside this one that import exchangelib: a second and 50 MB, at first use."""
    return importlib.import_module(f"scheduling.calendars.ews.{name}")


class UnopenedCalendar:
    """An account whose capabilities an acknowledgement may ask for; its first call opens it."""

    provider = "exchange"
    capabilities = CAPABILITIES

    def __init__(self, secret: Secret, http: Http) -> None:
        self._secret = secret
        self._http = http

    @cached_property
    def _opened(self) -> Any:
        return library("account").ExchangeCalendar(self._secret, self._http)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)

"""Connected accounts as the rest of the service meets them: checked when typed, opened when needed."""

from collections.abc import Mapping
from typing import Protocol

from scheduling.calendars import connect_with_password, open_provider
from scheduling.calendars.base import Account, CalendarProvider, Deadline
from scheduling.calendars.caldav_http import Http
from scheduling.domain import Connection


class Accounts(Protocol):
    """Turns what was typed into an account, and a stored secret into a provider."""

    def check(self, provider: str, fields: Mapping[str, str], deadline: Deadline) -> Account:
        """Sign in with what was typed on /connect. Raises HostRefused and CalendarErrors."""
        ...

    def open(self, connection: Connection, secret: Mapping[str, str]) -> CalendarProvider:
        """The connected account behind a secret; calls nothing yet."""
        ...


class RealAccounts:
    """Accounts at the calendar systems of the registry; `http` is the one policy for servers that users name."""

    def __init__(self, http: Http, icloud_url: str) -> None:
        self._http = http
        self._icloud_url = icloud_url

    def check(self, provider: str, fields: Mapping[str, str], deadline: Deadline) -> Account:
        if provider == "icloud":
            server, user = self._icloud_url, fields["email"]
        else:
            server, user = fields["server"], fields["user_name"]
        return connect_with_password(provider, server, user, fields["password"], self._http, deadline)

    def open(self, connection: Connection, secret: Mapping[str, str]) -> CalendarProvider:
        return open_provider(connection.provider, secret, self._http)

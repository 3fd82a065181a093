"""A connected calendar account."""

from dataclasses import dataclass
from enum import StrEnum


class ConnectionState(StrEnum):
    OK = "ok"
    NEEDS_RECONNECT = "needs_reconnect"


@dataclass(frozen=True, slots=True)
class Connection:
    """One person's connected calendar account. Secrets never travel in it.

    `mails_invite`: customers are invited by our mail, although the calendar could do it.
    """

    id: str
    team_id: str
    user_id: str
    provider: str
    account: str
    state: ConnectionState
    reason: str | None = None
    target_calendar: str | None = None
    mails_invite: bool = False

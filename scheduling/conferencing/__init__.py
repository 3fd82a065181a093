"""Links to meet by that are made outside the calendar. Meet and Teams come with the calendar event instead."""

from datetime import datetime
from typing import Protocol

from scheduling.calendars.base import Deadline
from scheduling.domain import Conference


class ConferenceSystem(Protocol):
    """Makes and removes meetings at one conferencing provider. Raises CalendarError's siblings, the OutsideErrors."""

    def create(self, topic: str, start: datetime, minutes: int, host: str, deadline: Deadline) -> Conference:
        """A meeting whose host is the account with this address. The provider knows no idempotency key."""
        ...

    def delete(self, conference: Conference, deadline: Deadline) -> None:
        """Take it away again; one that is gone already is fine."""
        ...

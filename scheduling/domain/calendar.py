"""What is in a calendar, and where an event or a meeting link of ours lives."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from scheduling.domain.interval import Interval


class BusyStatus(StrEnum):
    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"
    OUT_OF_OFFICE = "oof"
    WORKING_ELSEWHERE = "working_elsewhere"
    UNKNOWN = "unknown"

    @property
    def blocks(self) -> bool:
        """Whether a slot may lie on it by default: unknown is never free."""
        return self not in (BusyStatus.FREE, BusyStatus.WORKING_ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Busy:
    """One stretch of a calendar. `title` is None when the reader may not see it; private ones never carry it.

    `uid` is the iCalendar UID where the provider tells it: our own event is left out of its own re-check by it.
    """

    interval: Interval
    status: BusyStatus = BusyStatus.BUSY
    title: str | None = None
    private: bool = False
    uid: str | None = None


class EventRef(BaseModel):
    """Where an event of ours lives at its provider. `event_id` is an id or, for CalDAV, the href."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    uid: str
    etag: str | None = None
    join_url: str | None = None
    web_url: str | None = None


class Conference(BaseModel):
    """A meeting at a conferencing provider."""

    model_config = ConfigDict(frozen=True)

    provider: str
    id: str
    url: str

"""Starts that were free when asked, and everything that must be said about those that were not."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from scheduling.domain.connection import Connection
from scheduling.domain.interval import Interval


class ObstacleKind(StrEnum):
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a start is not simply free: whose calendar, and what may be said about it.

    `who` is the participant's key (a Slack user id or `room:<id>`), `name` what people call them.
    """

    kind: ObstacleKind
    who: str
    name: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A start that was free when asked; with obstacles, one that may be chosen with eyes open."""

    interval: Interval
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def start(self) -> datetime:
        return self.interval.start


@dataclass(frozen=True, slots=True)
class Unread:
    """A required calendar that could not be read, and why (`not_connected`, `auth`, `deadline`, `failed`)."""

    who: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class DayReason:
    """Why a day has no slot: a participant's name and a stable code (`all_day`, `off`, `busy`, `unread`)."""

    who: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the times screen shows: one week of slots in the rep's zone, and everything that must be said about it.

    `week` is the shown stretch; `slots` are free for all; `conflicts` are starts with obstacles, both ascending.
    """

    draft_id: str
    revision: int
    zone: str
    customer_zone: str | None
    week: Interval
    slots: tuple[Slot, ...]
    conflicts: tuple[Slot, ...]
    unread: tuple[Unread, ...]
    has_earlier: bool
    has_later: bool
    connected: bool = True
    reasons: tuple[tuple[date, tuple[DayReason, ...]], ...] = ()  # for each shown day without a slot, where known
    shut_out: tuple[Connection, ...] = ()  # the rep's own calendars that no longer let us in
    via_sharing: tuple[str, ...] = ()  # names of those read through the rep's calendar (4b)
    grid_zone: str | None = None  # the zone that cuts the week into days; None: `zone`
    read_at: datetime | None = None  # before the calendars were asked: what came later is not shown

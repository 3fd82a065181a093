"""People and rooms."""

from dataclasses import dataclass
from datetime import time

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Rep:
    """Who is clicking: a Slack user in a workspace. Every draft and every query is scoped by it."""

    team_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """A workspace member as Slack describes them. `email` may be empty (a profile may hide it)."""

    team_id: str
    user_id: str
    name: str
    email: str
    zone: str


class Customer(BaseModel):
    """The external participant. `zone` is None while it is only assumed to be the rep's."""

    model_config = ConfigDict(frozen=True)

    name: str
    email: str
    zone: str | None = None


class Room(BaseModel):
    """A resource: either with a calendar connection of its own, or invited by its provider's `address`."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    address: str | None = None

    @property
    def key(self) -> str:
        """What its claims and its connection are found by."""
        return f"room:{self.id}"


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Wall-clock hours per weekday (Monday 0) in an IANA zone; converted day by day, never by adding hours."""

    zone: str
    spans: tuple[tuple[int, time, time], ...] = tuple((day, time(9), time(17)) for day in range(5))

"""Half-open stretches of time in UTC: what all slot arithmetic is made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta


def require_utc(moment: datetime) -> datetime:
    """Return `moment` when it is aware and in UTC, else raise ValueError."""
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"not an aware UTC time: {moment!r}")
    return moment


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """`[start, end)` in aware UTC; never empty, never reversed (raises ValueError)."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_utc(self.start)
        require_utc(self.end)
        if self.start >= self.end:
            raise ValueError(f"empty or reversed interval: {self.start} .. {self.end}")

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: "Interval") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval") -> bool:
        return self.start <= other.start and other.end <= self.end

    def widened(self, before: timedelta, after: timedelta) -> "Interval":
        return Interval(self.start - before, self.end + after)

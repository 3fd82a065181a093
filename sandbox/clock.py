"""The try-out's clock: the host's time plus what somebody jumped ahead at the page.

Workspace, seeds, page and the app's process go by it. What must not jump has clocks of its own: signatures and leases
go by the host's time, deadlines and access tokens by durations.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

FARTHEST = timedelta(days=3 * 365)


class MovableClock:
    """A clock as the app takes it. The seconds ahead stand in a file: every process with its path reads the same."""

    def __init__(self, file: Path) -> None:
        """`file` need not exist: then nobody jumped yet."""
        self.file = file

    def __call__(self) -> datetime:
        """Aware and in UTC."""
        return datetime.now(UTC) + self.ahead

    @property
    def ahead(self) -> timedelta:
        """By how much it is ahead of the host's time."""
        try:
            return timedelta(seconds=float(self.file.read_text(encoding="ascii")))
        except FileNotFoundError:
            return timedelta()

    def jump(self, by: timedelta) -> None:
        """Set it ahead. Raises ValueError for a step back, or one to a time too far away."""
        ahead = self.ahead + by
        if by < timedelta() or ahead > FARTHEST:
            raise ValueError(f"the clock goes ahead only, by {FARTHEST.days} days at most")
        written = self.file.with_suffix(".new")
        written.write_text(str(ahead.total_seconds()), encoding="ascii")
        written.replace(self.file)

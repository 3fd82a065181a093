"""The one clock type, and the clock of production."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The host's time, aware and in UTC."""
    return datetime.now(UTC)

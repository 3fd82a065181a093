"""How long to wait before something is tried again."""

from datetime import timedelta
from random import uniform

from scheduling.errors import OutsideError

RETRY_AFTER_CAP = timedelta(minutes=15)
SHORTEST_WAIT = timedelta(seconds=5)


def full_jitter(attempts: int) -> timedelta:
    """How long to wait after this many failures: random between 5 s and a bound that triples up to an hour."""
    bound = min(3600.0, 5.0 * 3.0 ** min(attempts, 10))
    return timedelta(seconds=uniform(5.0, bound))  # noqa: S311 - spreads retries, hides nothing


def asked_for(error: OutsideError) -> timedelta | None:
    """The pause that the other side asked for, within bounds; None where it named none."""
    if error.retry_after is None:
        return None
    return min(timedelta(seconds=max(1.0, min(error.retry_after, 1e6))), RETRY_AFTER_CAP)

"""Times on the settable clock, and what is claimed."""

from datetime import timedelta

import pytest

from scheduling.domain import Interval
from scheduling.store import claims


@pytest.fixture
def at(clock):
    """`at(60, 30)`: the half hour that begins in sixty minutes."""
    start = clock()

    def interval(begin: int, minutes: int = 30) -> Interval:
        return Interval(start + timedelta(minutes=begin), start + timedelta(minutes=begin + minutes))

    return interval


@pytest.fixture
def taken(store, clock, at):
    def taken(keys=("U1",), team_id="T1", **exceptions):
        return store.read(lambda tx: claims.taken(tx, team_id, keys, at(-600, 6000), clock(), **exceptions))

    return taken

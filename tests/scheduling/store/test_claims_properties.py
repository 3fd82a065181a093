"""Claims against a model: random holds, bookings, moves and pauses, judged after each step by a query of its own."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from scheduling.domain import Interval
from scheduling.errors import SlotTaken
from scheduling.store import claims

PEOPLE = ("U1", "U2", "room:blue")
STEPS = st.one_of(
    st.tuples(
        st.just("hold"),
        st.sampled_from(["d1", "d2", "d3"]),
        st.sets(st.sampled_from(PEOPLE), min_size=1),
        st.integers(0, 4),
        st.integers(1, 2),
    ),
    st.tuples(
        st.just("confirm"),
        st.sampled_from(["d1", "d2", "d3"]),
        st.sets(st.sampled_from(PEOPLE), min_size=1),
        st.integers(0, 4),
        st.integers(1, 2),
    ),
    st.tuples(st.just("release_draft"), st.sampled_from(["d1", "d2", "d3"])),
    st.tuples(st.just("release_booking"), st.sampled_from(["d1", "d2", "d3"])),
    st.tuples(st.just("wait"), st.integers(1, 7)),
)
DOUBLE = text(
    "SELECT count(*) FROM slot_claim a JOIN slot_claim b ON a.resource_key = b.resource_key AND a.id < b.id"
    " WHERE a.state <> 'released' AND b.state <> 'released' AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
)


class Model:
    """What should be claimed: per draft its hold and per booking its time, as plain numbers."""

    def __init__(self):
        self.now = 0
        self.holds = {}  # draft -> (people, begin, end, expires)
        self.booked = {}  # draft -> (people, begin, end)

    def free(self, draft, people, begin, end, *, moving):
        """Nobody else's live claim overlaps; a confirmed one of the same draft does, unless its booking moves."""
        others = [h[:3] for d, h in self.holds.items() if d != draft and h[3] > self.now]
        others += [b for d, b in self.booked.items() if d != draft or not moving]
        return not any(people & who and begin < other_end and start < end for who, start, other_end in others)

    def claimed(self):
        live = [h[:3] for h in self.holds.values() if h[3] > self.now] + list(self.booked.values())
        return {person: sorted((a, b) for who, a, b in live if person in who) for person in PEOPLE}


class Driver:
    """Takes each step on the database and in the model, and compares what came of it."""

    def __init__(self, tx, origin):
        self.tx = tx
        self.origin = origin
        self.model = Model()

    def at(self, minute):
        return self.origin + timedelta(minutes=minute)

    def take(self, step, *facts):
        match step:
            case "hold" | "confirm":
                self.claim(step, *facts)
            case "release_draft":
                claims.release_draft(self.tx, "T1", *facts)
                self.model.holds.pop(*facts, None)
            case "release_booking":
                claims.release_booking(self.tx, "T1", f"booking of {facts[0]}")
                self.model.booked.pop(*facts, None)
            case "wait":
                self.model.now += facts[0]

    def claim(self, step, draft, people, begin, length):
        now = self.at(self.model.now)
        common = {
            "team_id": "T1",
            "draft_id": draft,
            "resources": {person: person for person in people},
            "interval": Interval(self.at(begin), self.at(begin + length)),
            "now": now,
        }
        free = self.model.free(draft, people, begin, begin + length, moving=step == "confirm")
        try:
            if step == "hold":
                claims.hold(self.tx, expires_at=now + timedelta(minutes=5), **common)
            else:
                claims.confirm(self.tx, booking_id=f"booking of {draft}", **common)
        except SlotTaken:
            assert not free, "refused a free slot"
            return
        assert free, "gave a taken slot"
        self.model.holds.pop(draft, None)
        if step == "hold":
            self.model.holds[draft] = (people, begin, begin + length, self.model.now + 5)
        else:
            self.model.booked[draft] = (people, begin, begin + length)

    def claimed(self):
        """What the database says, as plain minutes."""
        window = Interval(self.at(-100), self.at(100))
        found = claims.taken(self.tx, "T1", PEOPLE, window, self.at(self.model.now))
        minute = timedelta(minutes=1)
        return {
            person: [((span.start - self.origin) // minute, (span.end - self.origin) // minute) for span in spans]
            for person, spans in found.items()
        }


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=8, max_size=20))
def test_claims_are_what_the_model_says_and_never_double(sqlite_store, clock, steps):
    with sqlite_store._write.connect() as connection, connection.begin() as undo:
        with Session(connection) as tx:
            driver = Driver(tx, clock())

            for step in steps:
                driver.take(*step)

                assert driver.claimed() == driver.model.claimed()
                assert tx.exec(DOUBLE).scalar_one() == 0
        undo.rollback()

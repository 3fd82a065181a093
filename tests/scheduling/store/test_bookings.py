"""Bookings: every fact survives, and each is found by draft, customer and person."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from scheduling.domain import (
    Booking,
    BookingState,
    Customer,
    EventRef,
    Form,
    Interval,
    InviteMode,
    Person,
    Rep,
    Room,
)
from scheduling.store import bookings

DANA = Person("T1", "U1", "Dana Reyes", "dana@reps.example", "Europe/Berlin")
PRIYA = Person("T1", "U2", "Priya Nair", "priya@reps.example", "Asia/Kolkata")
REP = Rep("T1", "U1")


@pytest.fixture
def booking(clock):
    def booking(booking_id="b1", hours=1, **more):
        start = clock() + timedelta(hours=hours)
        span = Interval(start, start + timedelta(minutes=30))
        facts = {
            "id": booking_id,
            "team_id": "T1",
            "tracking_id": f"SF-{booking_id}",
            "draft_id": f"draft of {booking_id}",
            "version": 1,
            "sequence": 0,
            "generation": 1,
            "state": BookingState.CONFIRMED,
            "interval": span,
            "organizer": DANA,
            "members": (DANA, PRIYA),
            "customer": Customer(name="Acme Buyer", email="Buyer@Acme.example", zone="America/Chicago"),
            "form": Form(subject="Pricing call", slot=start, members=("U1", "U2")),
            "uid": f"{booking_id}@schedule-for",
            "invite_mode": InviteMode.PROVIDER,
            "event": EventRef(calendar_id="cal", event_id="e1", uid="u", etag='"1"', join_url="https://meet.example/x"),
            "rooms": (Room(id="blue", name="Blue room"),),
            "problem": "link",
            "created_at": clock(),
        }
        return Booking(**facts | more)

    return booking


@pytest.fixture
def added(store):
    def add(*new):
        for one in new:
            store.transact(lambda tx, one=one: bookings.add(tx, one))

    return add


def test_a_booking_comes_back_with_every_fact(store, added, booking):
    made = booking()

    added(made)

    stored = store.read(lambda tx: bookings.get(tx, "T1", "b1"))
    assert stored == made
    assert [t.tzinfo for t in (stored.interval.start, stored.created_at, stored.form.slot)] == [UTC] * 3


def test_a_bare_booking_comes_back_too(store, added, booking):
    made = booking(members=(), rooms=(), event=None, problem=None, form=Form(), state=BookingState.PENDING)

    added(made)

    assert store.read(lambda tx: bookings.get(tx, "T1", "b1")) == made


def test_saving_replaces_facts_and_people(store, added, booking):
    added(booking())
    moved = replace(booking(hours=5), version=2, members=(), state=BookingState.PENDING)

    store.transact(lambda tx: bookings.save(tx, moved))

    assert store.read(lambda tx: bookings.get(tx, "T1", "b1")) == moved
    assert store.transact(lambda tx: bookings.lock(tx, "T1", "b1")) == moved
    assert store.read(lambda tx: bookings.upcoming(tx, "T1", "U2", store.clock(), 10)) == ()


def test_saving_an_unknown_booking_is_a_mistake(store, booking):
    with pytest.raises(LookupError):
        store.transact(lambda tx: bookings.save(tx, booking()))


def test_one_draft_makes_one_booking(store, added, booking):
    """The last net under double clicks and redeliveries."""
    added(booking("b1", draft_id="d1"))

    with pytest.raises(IntegrityError):
        added(booking("b2", draft_id="d1"))

    assert store.read(lambda tx: bookings.of_draft(tx, "T1", "d1")) == booking("b1", draft_id="d1")


def test_a_failed_booking_leaves_its_draft_free(store, added, booking):
    added(booking("b1", draft_id="d1", state=BookingState.FAILED))
    none = store.read(lambda tx: bookings.of_draft(tx, "T1", "d1"))

    added(booking("b2", draft_id="d1"))

    assert none is None
    assert store.read(lambda tx: bookings.of_draft(tx, "T1", "d1")).id == "b2"


def test_the_last_meeting_with_a_customer_is_found_however_the_address_is_written(store, added, booking):
    added(
        booking("b1", hours=-48),
        booking("b2", hours=-24),
        booking("b3", hours=3, state=BookingState.CANCELLED),
        booking("b4", hours=4, state=BookingState.FAILED),
        booking("b5", hours=5, customer=Customer(name="Other", email="other@acme.example")),
        booking("b6", hours=6, organizer=PRIYA),
    )

    found = store.read(lambda tx: bookings.last_with_customer(tx, REP, " BUYER@acme.EXAMPLE "))

    assert found.id == "b2"
    assert store.read(lambda tx: bookings.last_with_customer(tx, REP, "nobody@acme.example")) is None


def test_upcoming_meetings_of_organizer_and_member_come_soonest_first(store, added, booking, clock):
    added(
        booking("late", hours=9),
        booking("soon", hours=1),
        booking("running", hours=-0.25),
        booking("over", hours=-0.5),
        booking("cancelled", hours=2, state=BookingState.CANCELLED),
        booking("pending", hours=3, state=BookingState.PENDING, members=(PRIYA,)),
        booking("priya's", hours=4, organizer=PRIYA, members=()),
    )

    def upcoming(user_id, limit=10, before=None):
        return [b.id for b in store.read(lambda tx: bookings.upcoming(tx, "T1", user_id, clock(), limit, before))]

    assert upcoming("U1") == ["running", "soon", "pending", "late"]
    assert upcoming("U2") == ["running", "soon", "pending", "priya's", "late"]
    assert upcoming("U1", limit=2) == ["running", "soon"]
    assert upcoming("U1", before=clock() + timedelta(hours=3)) == ["running", "soon"]
    assert upcoming("U3") == []

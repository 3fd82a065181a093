"""Claims: one person or room, one meeting at a time."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from scheduling.errors import SlotTaken
from scheduling.store import claims

NAMES = {"U1": "Dana Reyes", "U2": "Priya Nair", "room:blue": "Blue room"}
DANA = {"U1": "Dana Reyes"}


@pytest.fixture
def hold(store, clock):
    def hold(draft_id, interval, resources=DANA, *, team_id="T1", forced=False, seen_at=None, minutes=10):
        store.transact(
            lambda tx: claims.hold(
                tx,
                team_id=team_id,
                draft_id=draft_id,
                resources=resources,
                interval=interval,
                expires_at=clock() + timedelta(minutes=minutes),
                now=clock(),
                forced=forced,
                seen_at=seen_at,
            )
        )

    return hold


@pytest.fixture
def confirm(store, clock):
    def confirm(draft_id, booking_id, interval, resources=DANA, *, forced=False):
        store.transact(
            lambda tx: claims.confirm(
                tx,
                team_id="T1",
                draft_id=draft_id,
                booking_id=booking_id,
                resources=resources,
                interval=interval,
                now=clock(),
                forced=forced,
            )
        )

    return confirm


OVERLAPS = [
    pytest.param(60, 30, True, id="the same half hour"),
    pytest.param(45, 30, True, id="ends inside"),
    pytest.param(75, 30, True, id="begins inside"),
    pytest.param(65, 10, True, id="lies inside"),
    pytest.param(0, 240, True, id="covers it"),
    pytest.param(89, 30, True, id="one minute of overlap"),
    pytest.param(30, 30, False, id="ends when the other begins"),
    pytest.param(90, 30, False, id="begins when the other ends"),
]


@pytest.mark.parametrize(("begin", "minutes", "clash"), OVERLAPS)
def test_only_overlapping_times_clash(hold, taken, at, begin, minutes, clash):
    hold("d1", at(60))

    if clash:
        with pytest.raises(SlotTaken) as refused:
            hold("d2", at(begin, minutes))
        assert refused.value.who == ("Dana Reyes",)
        assert taken() == {"U1": (at(60),)}
    else:
        hold("d2", at(begin, minutes))
        assert taken() == {"U1": tuple(sorted([at(60), at(begin, minutes)]))}


@pytest.mark.parametrize(("begin", "minutes", "clash"), OVERLAPS)
def test_the_database_itself_refuses_what_bypasses_the_claims(store, hold, at, begin, minutes, clash):
    hold("d1", at(60))
    span = at(begin, minutes)
    row = {"a": sql_time(store, span.start), "b": sql_time(store, span.end), "forced": False}
    insert = text(
        "INSERT INTO slot_claim"
        " (id, team_id, resource_key, draft_id, starts_at, ends_at, state, forced, expires_at, claimed_at)"
        " VALUES ('raw', 'T1', 'U1', 'd9', :a, :b, 'held', :forced, :b, :a)"
    )

    if clash:
        with pytest.raises(IntegrityError, match="slot_no_overlap"):
            store.transact(lambda tx: tx.exec(insert, params=row))
    else:
        store.transact(lambda tx: tx.exec(insert, params=row))


def test_the_database_itself_refuses_a_move_onto_a_taken_time(store, hold, at):
    """Cal.com's guard was not asked when a row changed: an update must be caught like an insert."""
    hold("d1", at(60))
    hold("d2", at(120))
    move = text("UPDATE slot_claim SET starts_at = :a, ends_at = :b WHERE draft_id = 'd2'")

    with pytest.raises(IntegrityError, match="slot_no_overlap"):
        store.transact(
            lambda tx: tx.exec(move, params={"a": sql_time(store, at(75).start), "b": sql_time(store, at(75).end)})
        )


def sql_time(store, moment):
    return moment if store.dialect == "postgresql" else moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def test_the_names_of_all_who_are_taken_come_back(hold, at):
    hold("d1", at(60), {"U1": "Dana Reyes", "room:blue": "Blue room"})

    with pytest.raises(SlotTaken) as refused:
        hold("d2", at(60), NAMES)

    assert refused.value.who == ("Dana Reyes", "Blue room")


def test_a_refused_hold_leaves_no_half_of_it(hold, taken, at):
    hold("d1", at(60), {"room:blue": "Blue room"})

    with pytest.raises(SlotTaken):
        hold("d2", at(60), NAMES)

    assert taken(tuple(NAMES)) == {"U1": (), "U2": (), "room:blue": (at(60),)}


def test_another_workspace_is_not_in_the_way(hold, taken, at):
    hold("d1", at(60))

    hold("d2", at(60), team_id="T2")

    assert (taken(), taken(team_id="T2")) == ({"U1": (at(60),)}, {"U1": (at(60),)})


def test_picking_another_slot_lets_the_first_go(hold, taken, at):
    hold("d1", at(60))

    hold("d1", at(75))

    assert taken() == {"U1": (at(75),)}


def test_picking_a_taken_slot_keeps_the_hold_one_has(hold, taken, at):
    hold("d1", at(60))
    hold("d2", at(120))

    with pytest.raises(SlotTaken):
        hold("d1", at(120))

    assert taken(except_draft="d2") == {"U1": (at(60),)}


def test_an_expired_hold_is_free_for_the_next(hold, taken, at, clock):
    hold("d1", at(60), minutes=10)
    clock.advance(minutes=10)

    free = taken()
    hold("d2", at(60))

    assert free == {"U1": ()}
    assert taken(except_draft="d1") == {"U1": (at(60),)}


def test_a_hold_counts_until_its_last_second(hold, at, clock):
    hold("d1", at(60), minutes=10)
    clock.advance(minutes=9, seconds=59)

    with pytest.raises(SlotTaken):
        hold("d2", at(60))


def test_ones_own_hold_and_booking_are_not_in_ones_way(hold, confirm, taken, at):
    hold("d1", at(60))
    confirm("d2", "b2", at(120))

    assert taken(except_draft="d1", except_booking="b2") == {"U1": ()}
    assert taken(except_draft="d2") == {"U1": (at(60),)}


def test_taken_asks_only_about_the_window(store, hold, at, clock):
    hold("d1", at(60))

    beside = store.read(lambda tx: claims.taken(tx, "T1", ["U1"], at(90), clock()))

    assert beside == {"U1": ()}


def test_a_hold_becomes_the_booking(hold, confirm, taken, at, clock):
    hold("d1", at(60))

    confirm("d1", "b1", at(60))
    clock.advance(hours=1)

    assert taken() == {"U1": (at(60),)}


def test_an_expired_hold_is_claimed_anew_at_schedule(hold, confirm, taken, at, clock, store):
    hold("d1", at(60))
    clock.advance(minutes=11)
    store.transact(lambda tx: claims.expire(tx, clock()))

    confirm("d1", "b1", at(60))

    assert taken() == {"U1": (at(60),)}


def test_who_came_too_late_with_an_expired_hold_is_told(hold, confirm, taken, at, clock):
    hold("d1", at(60))
    clock.advance(minutes=11)
    hold("d2", at(60))

    with pytest.raises(SlotTaken) as refused:
        confirm("d1", "b1", at(60))

    assert refused.value.who == ("Dana Reyes",)
    assert taken(except_draft="d2") == {"U1": ()}


def test_confirming_twice_is_confirming_once(hold, confirm, taken, at):
    hold("d1", at(60))
    confirm("d1", "b1", at(60))

    confirm("d1", "b1", at(60))

    assert taken() == {"U1": (at(60),)}


def test_a_booking_moves_onto_its_own_time(hold, confirm, taken, at):
    confirm("d1", "b1", at(60))

    confirm("d2", "b1", at(75))

    assert taken() == {"U1": (at(75),)}


def test_a_booking_that_cannot_move_stays_where_it_is(confirm, taken, at):
    confirm("d1", "b1", at(60))
    confirm("d2", "b2", at(120))

    with pytest.raises(SlotTaken):
        confirm("d3", "b1", at(120))

    assert taken(except_booking="b2") == {"U1": (at(60),)}


def test_a_slot_may_be_forced_with_eyes_open_and_still_blocks_others(hold, confirm, at):
    confirm("d1", "b1", at(60))

    hold("d2", at(75), forced=True)
    confirm("d2", "b2", at(75), forced=True)

    with pytest.raises(SlotTaken):
        hold("d3", at(95, 10))


def test_only_the_accepted_peoples_conflicts_are_forced(hold, confirm, at):
    confirm("d1", "b1", at(60), NAMES)

    with pytest.raises(SlotTaken) as refused:
        hold("d2", at(60), NAMES, forced=["U2"])

    assert refused.value.who == ("Dana Reyes", "Blue room")


def test_two_who_accept_the_same_persons_calendar_conflict_do_not_both_get_the_slot(hold, confirm, at):
    """What both accepted stands in a calendar; neither was shown the other (13b)."""
    hold("d1", at(60), forced=["U1"])

    with pytest.raises(SlotTaken):
        hold("d2", at(60), forced=["U1"])
    confirm("d1", "b1", at(60), forced=["U1"])


def test_a_meeting_booked_after_the_conflicts_were_shown_was_not_accepted(hold, confirm, at, clock):
    shown = clock()
    clock.advance(seconds=30)
    confirm("d1", "b1", at(60))
    clock.advance(seconds=30)

    with pytest.raises(SlotTaken):
        hold("d2", at(60), forced=["U1"], seen_at=shown)
    hold("d2", at(60), forced=["U1"], seen_at=clock())


def test_a_meeting_booked_while_the_hold_had_expired_was_not_accepted_either(hold, confirm, at, clock):
    hold("d2", at(60), forced=["U1"])
    clock.advance(minutes=11)
    confirm("d1", "b1", at(60))

    with pytest.raises(SlotTaken) as refused:
        confirm("d2", "b2", at(60), forced=["U1"])

    assert refused.value.who == ("Dana Reyes",)


def test_accepting_a_conflict_that_is_no_claim_leaves_the_guard_on(store, hold, at):
    hold("d1", at(60), forced=True)

    assert store.read(lambda tx: tx.exec(text("SELECT forced FROM slot_claim")).scalars().all()) in ([0], [False])


def test_releasing_a_draft_leaves_its_booking(store, hold, confirm, taken, at):
    confirm("d1", "b1", at(60))
    hold("d1", at(120))

    store.transact(lambda tx: claims.release_draft(tx, "T1", "d1"))

    assert taken() == {"U1": (at(60),)}


def test_releasing_a_booking_frees_its_time(store, hold, confirm, taken, at):
    confirm("d1", "b1", at(60))

    store.transact(lambda tx: claims.release_booking(tx, "T1", "b1"))
    hold("d2", at(60))

    assert taken() == {"U1": (at(60),)}


def test_expiry_counts_what_it_lets_go(store, hold, confirm, at, clock):
    hold("d1", at(60), NAMES)
    hold("d2", at(120), minutes=30)
    confirm("d3", "b3", at(180))
    clock.advance(minutes=10)

    counts = [store.transact(lambda tx: claims.expire(tx, clock())) for _ in range(2)]

    assert counts == [3, 0]

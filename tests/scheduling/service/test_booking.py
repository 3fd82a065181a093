"""From Schedule to the event, the mails and the notices, on both engines, against a calendar in memory."""

from datetime import timedelta

import pytest

from scheduling.domain import BookingState, Busy, DraftState
from scheduling.errors import (
    AuthExpired,
    MailDeferred,
    MailRefused,
    MailUncertain,
    NoticeDeferred,
    Refused,
    SlotTaken,
    Unavailable,
)
from scheduling.ports import OutcomeKind
from scheduling.store import audit, connections
from tests.scheduling.service.conftest import DANA, SAM, TEAM, TUESDAY_9, minutes

TEN = TUESDAY_9 + minutes(60)
"""10:00 in Berlin, 09:00 in London: both are at work."""


def test_a_submitted_draft_becomes_one_event_three_mails_and_the_notices(world):
    calendar = world.connect("U0DANA", "dana")
    world.connect("U0PRIYA", "priya")

    draft = world.submitted(members=("U0DANA", "U0PRIYA"))
    world.run()

    booking = world.service.booking_of(DANA, draft.id)
    (event,) = calendar.events.values()
    assert (booking.state, booking.event) == (BookingState.CONFIRMED, event.ref)
    assert event.spec.interval.start == TUESDAY_9
    assert event.spec.title == "Pricing call"
    assert world.transport.recipients == ["buyer@acme.example", "dana@demo.example", "priya@demo.example"]
    assert sorted(world.notices.members) == [(booking.id, "U0DANA"), (booking.id, "U0PRIYA")]
    assert world.notices.cards == [(booking.id, "C0SALES")]
    assert set(world.notices.shown) == {OutcomeKind.BOOKED}
    assert world.service.draft(DANA, draft.id).state is DraftState.BOOKED


def test_a_double_click_on_schedule_books_once(world):
    calendar = world.connect("U0DANA", "dana")

    draft = world.submitted()
    again = world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
    world.run()
    world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
    world.run()

    assert again == draft
    assert len(calendar.events) == 1
    assert world.transport.recipients == ["buyer@acme.example", "dana@demo.example"]


def test_a_busy_event_made_after_the_slot_was_picked_stops_the_booking_and_names_the_person(world):
    calendar = world.connect("U0DANA", "dana")
    draft = world.submitted()
    calendar.occupy(TUESDAY_9, TUESDAY_9 + minutes(30), "Dentist")

    world.run()

    outcome = world.service.outcome(DANA, draft.id)
    assert (outcome.kind, outcome.who) == (OutcomeKind.TAKEN, ("Dana Reyes",))
    assert len(outcome.alternatives) == 4
    assert TUESDAY_9 not in [slot.start for slot in outcome.alternatives]
    assert calendar.events == {}
    assert world.transport.sent == []
    assert (outcome.draft.state, outcome.draft.form.subject) == (DraftState.OPEN, "Pricing call")


def test_after_a_taken_slot_another_one_is_picked_and_booked(world):
    calendar = world.connect("U0DANA", "dana")
    draft = world.submitted()
    calendar.occupy(TUESDAY_9, TUESDAY_9 + minutes(30))
    world.run()
    other = world.service.outcome(DANA, draft.id).alternatives[0].start

    world.service.hold(DANA, draft.id, other)
    world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
    world.run()

    assert [event.spec.interval.start for event in calendar.events.values()] == [other]
    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.BOOKED


def test_a_calendar_that_cannot_be_read_at_booking_is_not_taken_for_free(world):
    calendar = world.connect("U0DANA", "dana")
    draft = world.submitted()
    calendar.fail("availability", Unavailable("connect"))

    world.run()

    outcome = world.service.outcome(DANA, draft.id)
    assert (outcome.kind, outcome.who) == (OutcomeKind.TAKEN, ("Dana Reyes",))
    assert calendar.events == {}


def test_an_unknown_calendar_that_the_rep_accepted_may_stay_unknown(world):
    world.connect("U0DANA", "dana")
    filled = world.filled(members=("U0DANA", "U0SAM"))
    (first, *_), slots = (p := world.service.propose(DANA, filled.id)).conflicts, p.slots

    world.service.hold(DANA, filled.id, first.start, ("Sam's calendar could not be read",), first.obstacles)
    world.service.submit(DANA, filled.id, on_event=True, by_mail=True)
    world.run()

    assert slots == ()
    booking = world.service.booking_of(DANA, filled.id)
    assert (booking.state, booking.form.obstacles) == (BookingState.CONFIRMED, ("Sam's calendar could not be read",))
    entries = world.store.read(lambda tx: audit.of_booking(tx, TEAM, booking.id))
    assert [entry.what["overrides"] for entry in entries] == [["Sam's calendar could not be read"]]


def test_a_meeting_booked_while_the_calendars_were_read_was_not_among_the_accepted_conflicts(world):
    world.connect("U0DANA", "dana")
    sam = world.connect("U0SAM", "sam")
    ten = TEN
    sam.occupy(ten, ten + minutes(30))
    filled = world.filled(members=("U0DANA", "U0SAM"))
    seen = world.service.propose(DANA, filled.id)
    world.clock.advance(seconds=3)
    [conflict] = [slot for slot in seen.conflicts if slot.start == ten]
    sams = world.filled(SAM, members=("U0SAM",))
    world.service.hold(SAM, sams.id, ten, ("Sam Okafor: busy",), conflict.obstacles)
    world.service.submit(SAM, sams.id, on_event=True, by_mail=True)
    world.outbox.run_until_idle()

    with pytest.raises(SlotTaken) as refusal:
        world.service.hold(DANA, filled.id, ten, ("Sam Okafor: busy",), conflict.obstacles, seen.read_at)

    assert refusal.value.who == ("Sam Okafor",)
    again = world.service.propose(DANA, filled.id)
    world.service.hold(DANA, filled.id, ten, ("Sam Okafor: busy",), conflict.obstacles, again.read_at)


def chosen_anyway(world, members):
    """A slot of 10:00 in Berlin, chosen although Sam has a stand-up then; not scheduled yet."""
    filled = world.filled(members=members)
    [conflict] = [slot for slot in world.service.propose(DANA, filled.id).conflicts if slot.start == TEN]
    words = tuple(f"{obstacle.name}: {obstacle.title}" for obstacle in conflict.obstacles)
    world.service.hold(DANA, filled.id, TEN, words, conflict.obstacles)
    return filled


def test_a_conflict_that_was_accepted_stays_accepted(world):
    world.connect("U0DANA", "dana")
    world.connect("U0SAM", "sam").occupy(TEN, TEN + minutes(30), "Stand-up")
    draft = chosen_anyway(world, ("U0DANA", "U0SAM"))

    world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
    world.run()

    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.BOOKED
    assert world.notices.overlaps == []


def test_another_meeting_of_the_same_person_that_came_after_the_pick_is_asked_about_again(world):
    world.connect("U0DANA", "dana")
    sam = world.connect("U0SAM", "sam")
    sam.occupy(TEN, TEN + minutes(30), "Stand-up")
    draft = chosen_anyway(world, ("U0DANA", "U0SAM"))
    sam.occupy(TEN, TEN + minutes(60), "Board meeting")

    world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
    world.run()

    outcome = world.service.outcome(DANA, draft.id)
    assert (outcome.kind, outcome.who, outcome.draft.form.shown) == (OutcomeKind.TAKEN, ("Sam Okafor",), ())
    assert (world.transport.sent, world.notices.cards) == ([], [])


def test_another_meeting_of_the_same_person_that_came_right_after_booking_is_told(world):
    world.connect("U0DANA", "dana")
    sam = world.connect("U0SAM", "sam")
    sam.occupy(TEN, TEN + minutes(30), "Stand-up")
    draft = chosen_anyway(world, ("U0DANA", "U0SAM"))
    world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
    world.tick()
    sam.occupy(TEN, TEN + minutes(60), "Board meeting")

    world.run()

    assert world.notices.overlaps == [("Sam Okafor",)]


def test_two_reps_who_hold_the_same_person_at_the_same_time_get_one_hold(world):
    world.connect("U0DANA", "dana")
    world.connect("U0SAM", "sam")
    world.connect("U0PRIYA", "priya")
    danas = world.filled(DANA, members=("U0DANA", "U0PRIYA"))
    sams = world.filled(SAM, members=("U0SAM", "U0PRIYA"))
    world.service.propose(DANA, danas.id)
    world.service.hold(DANA, danas.id, TUESDAY_9)

    with pytest.raises(SlotTaken) as refusal:
        world.service.hold(SAM, sams.id, TUESDAY_9 + minutes(15))

    assert refusal.value.who == ("Priya Nair",)
    assert TUESDAY_9 not in [slot.start for slot in world.service.propose(SAM, sams.id).slots]


def test_a_hold_that_ran_out_is_claimed_again_at_schedule(world):
    calendar = world.connect("U0DANA", "dana")
    filled = world.filled()
    world.service.hold(DANA, filled.id, TUESDAY_9)
    world.clock.advance(minutes=30)

    world.service.submit(DANA, filled.id, on_event=True, by_mail=True)
    world.run()

    assert len(calendar.events) == 1


def test_closing_the_flow_ends_the_hold_and_keeps_what_was_typed(world):
    world.connect("U0DANA", "dana")
    world.connect("U0SAM", "sam")
    filled = world.filled()
    world.service.hold(DANA, filled.id, TUESDAY_9)
    others = world.filled(SAM, members=("U0SAM", "U0DANA"))

    world.service.close_draft(DANA, filled.id)

    assert world.service.hold(SAM, others.id, TUESDAY_9).held_until is not None
    assert world.service.draft(DANA, filled.id).form.subject == "Pricing call"


def test_an_answer_that_is_lost_after_the_event_was_stored_leaves_one_event(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", Unavailable("cut"), happens_anyway=True)

    draft = world.submitted()
    world.run()

    assert len(calendar.events) == 1
    assert OutcomeKind.WAITING in world.notices.shown
    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.BOOKED
    assert world.transport.recipients == ["buyer@acme.example", "dana@demo.example"]


def test_a_calendar_that_refuses_the_event_for_good_leaves_nothing_and_says_so(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", Refused("quota"))

    draft = world.submitted()
    world.run()

    outcome = world.service.outcome(DANA, draft.id)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.FAILED, "quota")
    assert (calendar.events, world.transport.sent, world.notices.cards) == ({}, [], [])
    assert [problem.reason for problem in world.notices.problems] == ["quota"]
    assert outcome.draft.form.slot == TUESDAY_9


def test_after_a_failure_schedule_can_be_pressed_again_with_everything_still_there(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", Refused("quota"))
    draft = world.submitted()
    world.run()

    world.service.submit(DANA, draft.id, on_event=True, by_mail=True)
    world.run()

    assert [event.spec.interval.start for event in calendar.events.values()] == [TUESDAY_9]
    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.BOOKED


def test_a_password_that_died_parks_the_booking_until_the_calendar_is_connected_again(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", AuthExpired("password"))
    draft = world.submitted()
    world.run()
    waiting = world.service.outcome(DANA, draft.id)

    opened = world.service.connect_links(DANA)
    world.scheduling.connecting.connect(
        opened["caldav"].rpartition("/")[2], {"server": "", "user_name": "dana", "password": "right"}
    )
    world.run()

    assert (waiting.kind, waiting.reason, waiting.connection.account) == (OutcomeKind.WAITING, "auth", "dana")
    assert [connection.account for connection in world.notices.reconnects] == ["dana"]
    assert len(calendar.events) == 1
    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.BOOKED


def test_a_rep_without_a_calendar_at_schedule_is_told_to_connect_one(world):
    world.connect("U0DANA", "dana")
    draft = world.submitted()
    world.store.transact(lambda tx: connections.remove(tx, TEAM, "c-dana"))

    world.run()

    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.TAKEN


def test_a_mail_that_is_refused_is_told_to_the_rep_and_the_others_still_go(world):
    world.connect("U0DANA", "dana")
    world.transport.errors = [(MailRefused("550"), False)]

    world.submitted()
    world.run()

    assert len(world.transport.sent) == 1
    assert [code for _, code in world.notices.undelivered] == ["550"]


def test_a_mail_that_is_put_off_is_sent_later_and_once(world):
    world.connect("U0DANA", "dana")
    world.transport.errors = [(MailDeferred("451"), False)]

    world.submitted()
    world.run()

    assert world.transport.recipients == ["buyer@acme.example", "dana@demo.example"]


def test_a_mail_cut_after_its_last_dot_is_sent_at_most_once_more(world):
    world.connect("U0DANA", "dana")
    cut = MailUncertain("cut")
    world.transport.errors = [(cut, True), (None, True), (cut, True), (cut, True)]

    world.submitted()
    world.run()

    copies = [recipient for recipient, _ in world.transport.sent]
    assert max(copies.count(recipient) for recipient in copies) == 2
    assert len({message["Message-ID"] for _, message in world.transport.sent}) == 2


def test_no_mail_is_queued_before_the_event_is_stored(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", *[Unavailable("connect")] * 3)

    world.submitted()
    world.tick()

    assert (calendar.events, world.transport.sent, world.notices.members) == ({}, [], [])


def test_slack_that_does_not_answer_at_booking_is_tried_again_with_words(world):
    calendar = world.connect("U0DANA", "dana")
    draft = world.submitted()
    world.clock.advance(hours=2)  # the profiles are stale by now, the hold is gone
    world.directory.failure = NoticeDeferred("ratelimited", retry_after=30)

    world.tick()
    world.directory.failure = None
    world.run()

    assert len(calendar.events) == 1
    assert world.service.outcome(DANA, draft.id).kind is OutcomeKind.BOOKED


def test_an_overlap_that_appears_right_after_booking_is_told_to_the_rep(world):
    calendar = world.connect("U0DANA", "dana")
    world.submitted()
    world.tick()
    calendar.occupy(TUESDAY_9 + minutes(15), TUESDAY_9 + minutes(45), "Dentist")

    world.run()

    assert world.notices.overlaps == [("Dana Reyes",)]


def test_our_own_event_is_no_overlap(world):
    calendar = world.connect("U0DANA", "dana")
    world.submitted()
    world.tick()
    (event,) = calendar.events.values()
    calendar.busy.append(Busy(event.spec.interval, title="Pricing call", uid=event.spec.uid))

    world.run()

    assert world.notices.overlaps == []


def test_the_event_names_people_that_the_provider_cannot_carry_and_never_the_team_note(world):
    calendar = world.connect("U0DANA", "dana")
    world.connect("U0PRIYA", "priya")

    world.submitted(members=("U0DANA", "U0PRIYA"), description="Bring the price list", team_note="Wants a discount")
    world.run()

    (event,) = calendar.events.values()
    assert "Bring the price list" in event.spec.description
    assert "Acme Buyer <buyer@acme.example>" in event.spec.description
    assert "Dana Reyes, Priya Nair" in event.spec.description
    assert "discount" not in repr(event.spec)


def test_a_slot_in_the_past_cannot_be_held(world):
    world.connect("U0DANA", "dana")
    filled = world.filled()

    with pytest.raises(SlotTaken):
        world.service.hold(DANA, filled.id, world.clock() - timedelta(minutes=1))


def test_a_slot_further_ahead_than_any_screen_goes_cannot_be_held(world):
    world.connect("U0DANA", "dana")
    filled = world.filled()

    with pytest.raises(SlotTaken):
        world.service.hold(DANA, filled.id, world.clock() + timedelta(days=400))

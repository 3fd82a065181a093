"""What every calendar system must keep, told once and held against each: real servers, stand-ins, and our own fake."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduling.calendars.base import OWN, CalendarRef, Deadline
from scheduling.domain import Busy, Interval
from scheduling.errors import CalendarError, Conflict, DeadlineExceeded, EventMissing
from tests.scheduling.calendars.conftest import MONDAY, WEEK, AnyAccount, soon, spec_for

HOUR = timedelta(hours=1)


def busy_times(account: AnyAccount, window: Interval = WEEK) -> list[Interval]:
    [own] = account.provider.availability([OWN], window, soon(), default_zone="Europe/Berlin")
    assert own.error is None
    return [busy.interval for busy in own.busy]


def test_the_first_calendar_is_the_primary_one_and_can_be_written(account: AnyAccount) -> None:
    calendars = account.provider.list_calendars(soon())

    assert [(c.primary, c.writable, c.counts_as_busy) for c in calendars] == [(True, True, True)]
    assert calendars[0].id == account.calendar_id


def test_an_empty_calendar_is_free(account: AnyAccount) -> None:
    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")

    assert (own.ref, own.window, own.busy, own.error) == (OWN, WEEK, (), None)


def test_busy_stretches_come_in_order_with_their_titles(account: AnyAccount) -> None:
    later, earlier = Interval(MONDAY + 3 * HOUR, MONDAY + 4 * HOUR), Interval(MONDAY, MONDAY + HOUR)
    account.occupy(later, "Dentist")
    account.occupy(earlier, "Stand-up")

    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")

    assert [(busy.interval, busy.title) for busy in own.busy] == [(earlier, "Stand-up"), (later, "Dentist")]


def test_what_only_touches_the_window_is_not_in_it(account: AnyAccount) -> None:
    account.occupy(Interval(MONDAY - HOUR, MONDAY), "before")
    account.occupy(Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), "after")

    assert busy_times(account, Interval(MONDAY, MONDAY + HOUR)) == []


def test_somebody_else_is_unknown_and_never_free(account: AnyAccount) -> None:
    stranger = CalendarRef("noa@acme.example")

    own, other = account.provider.availability([OWN, stranger], WEEK, soon(), default_zone="Europe/Berlin")

    assert own.error is None
    assert (other.ref, other.busy) == (stranger, ())
    assert isinstance(other.error, CalendarError)


def test_a_passed_deadline_makes_the_answer_unknown(account: AnyAccount) -> None:
    [own] = account.provider.availability([OWN], WEEK, Deadline.after(0), default_zone="Europe/Berlin")

    assert (own.busy, type(own.error)) == ((), DeadlineExceeded)


def test_a_created_event_is_there_and_busy_under_its_uid(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)

    ref = account.provider.create_event(spec, soon())

    state = account.provider.get_event(ref, soon())
    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")
    assert ref.calendar_id == account.calendar_id
    assert ref.uid
    assert (ref.uid == spec.uid) is account.keeps_uid
    assert ref.etag
    assert (state.ref, state.interval, state.cancelled, state.responses) == (ref, spec.interval, False, {})
    assert own.busy == (Busy(spec.interval, title=spec.title, uid=ref.uid),)


def test_creating_twice_makes_one_event(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)

    first = account.provider.create_event(spec, soon())
    second = account.provider.create_event(spec, soon())

    assert (second, account.count()) == (first, 1)


def test_a_new_generation_is_a_new_event(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)
    first = account.provider.create_event(spec, soon())
    account.provider.cancel_event(first, None, soon())
    again = replace(spec, key=replace(spec.key, generation=2), uid=spec.uid.replace("-1@", "-2@"))

    ref = account.provider.create_event(again, soon())

    assert ref.uid != first.uid
    assert account.count() == 1


def test_an_event_that_shows_as_free_blocks_nothing(account: AnyAccount) -> None:
    account.provider.create_event(spec_for(account.calendar_id, shows_busy=False), soon())

    assert (busy_times(account), account.count()) == ([], 1)


def test_a_private_event_blocks_without_its_title(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id, private=True)
    ref = account.provider.create_event(spec, soon())

    [own] = account.provider.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")

    assert own.busy == (Busy(spec.interval, private=True, uid=ref.uid),)


def test_an_event_is_found_by_its_key_only_once_it_exists(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)

    before = account.provider.find_event(spec, soon())
    ref = account.provider.create_event(spec, soon())

    assert (before, account.provider.find_event(spec, soon())) == (None, ref)


def test_another_bookings_event_is_not_found(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)
    account.provider.create_event(spec, soon())

    other = replace(spec, key=replace(spec.key, booking_id="another"))

    assert account.provider.find_event(other, soon()) is None


def test_a_name_taken_by_another_booking_is_never_overwritten(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)
    ref = account.provider.create_event(spec, soon())

    with pytest.raises(Conflict) if account.keeps_uid else nullcontext():
        account.provider.create_event(replace(spec, key=replace(spec.key, booking_id="another"), title="x"), soon())

    assert account.provider.get_event(ref, soon()).ref == ref


def test_a_calendar_that_is_not_there_takes_no_event(account: AnyAccount) -> None:
    missing = account.calendar_id.rstrip("/") + "-gone/"

    with pytest.raises(EventMissing):
        account.provider.create_event(spec_for(missing), soon())


def test_an_update_moves_the_event_and_gives_a_new_etag(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)
    ref = account.provider.create_event(spec, soon())
    moved = replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), sequence=1)

    changed = account.provider.update_event(ref, moved, soon())

    assert (changed.event_id, changed.uid) == (ref.event_id, ref.uid)
    assert changed.etag != ref.etag
    assert busy_times(account) == [moved.interval]


def test_repeating_an_update_whose_answer_was_lost_changes_nothing(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)
    ref = account.provider.create_event(spec, soon())
    moved = replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), sequence=1)
    changed = account.provider.update_event(ref, moved, soon())

    assert account.provider.update_event(ref, moved, soon()) == changed


def test_an_update_does_not_overwrite_what_the_owner_changed(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)
    ref = account.provider.create_event(spec, soon())
    by_hand = Interval(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR)
    account.move(ref, by_hand)

    with pytest.raises(Conflict):
        account.provider.update_event(ref, replace(spec, title="New title", sequence=1), soon())

    assert busy_times(account) == [by_hand]


def test_an_event_moved_by_hand_tells_its_new_time(account: AnyAccount) -> None:
    ref = account.provider.create_event(spec_for(account.calendar_id), soon())
    by_hand = Interval(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR)
    account.move(ref, by_hand)

    state = account.provider.get_event(ref, soon())

    assert state.interval == by_hand
    assert state.ref.etag != ref.etag


def test_a_deleted_event_is_missing_to_reads_and_updates(account: AnyAccount) -> None:
    spec = spec_for(account.calendar_id)
    ref = account.provider.create_event(spec, soon())
    account.remove(ref)

    with pytest.raises(EventMissing):
        account.provider.get_event(ref, soon())
    with pytest.raises(EventMissing):
        account.provider.update_event(ref, spec, soon())


def test_cancelling_removes_the_event_and_cancelling_again_is_fine(account: AnyAccount) -> None:
    ref = account.provider.create_event(spec_for(account.calendar_id), soon())

    account.provider.cancel_event(ref, "Sorry", soon())
    account.provider.cancel_event(ref, "Sorry", soon())

    assert (account.count(), busy_times(account)) == (0, [])


def test_cancelling_removes_an_event_its_owner_changed(account: AnyAccount) -> None:
    ref = account.provider.create_event(spec_for(account.calendar_id), soon())
    account.move(ref, Interval(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR))

    account.provider.cancel_event(ref, None, soon())

    assert account.count() == 0

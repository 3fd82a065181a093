"""Events of ours on an Exchange server: made once, whatever is lost on the way, and changed only if nobody else did."""

from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from sandbox.exchange_standin import ExchangeStandin, Fault, Sent
from scheduling.calendars.base import Attendee, AttendeeRole, Deadline, EventSpec
from scheduling.calendars.ews.events import LOOKS
from scheduling.domain import Interval
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    AuthExpired,
    CalendarError,
    Conflict,
    DeadlineExceeded,
    EventMissing,
    RateLimited,
    Refused,
    Unavailable,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, soon, spec_for
from tests.scheduling.calendars.ews_kit import ExchangeAccount

HOUR = timedelta(hours=1)
BUYER = Attendee("buyer@acme.example", "Acme Buyer")
SAM = Attendee("sam@acme.example", "Sam Okafor", AttendeeRole.OPTIONAL)
OSLO = Attendee("oslo@acme.example", "Room Oslo", AttendeeRole.ROOM)


@pytest.fixture
def dana(exchange: ExchangeStandin, http: Outbound) -> ExchangeAccount:
    return ExchangeAccount(exchange, http)


@pytest.fixture
def spec(dana: ExchangeAccount) -> EventSpec:
    return spec_for(dana.calendar_id, attendees=(BUYER, SAM, OSLO), location="Room Oslo")


def moved(spec: EventSpec) -> EventSpec:
    return replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), sequence=1)


def without_waiting(dana: ExchangeAccount) -> list[float]:
    """Dana's account with the pauses noted and not made."""
    pauses: list[float] = []
    dana.provider = dana.reopened(pause=pauses.append)
    return pauses


# --- content ----------------------------------------------------------------------------------------------------


def test_the_event_has_all_that_was_asked_for(dana: ExchangeAccount):
    spec = spec_for(
        dana.calendar_id,
        title="Pricing\x00 call",
        description="First line\r\nSecond <line> & more",
        location="Friedrichstraße 1",
        url="https://meet.example/abc",
        private=True,
        shows_busy=False,
        reminder_minutes=15,
    )

    ref = dana.provider.create_event(spec, soon())

    item = dana.mailbox.items[ref.event_id]
    names = (
        "Subject",
        "Location",
        "Sensitivity",
        "LegacyFreeBusyStatus",
        "ReminderIsSet",
        "ReminderMinutesBeforeStart",
    )
    assert [item.text(name) for name in names] == [
        "Pricing call",
        "Friedrichstraße 1",
        "Private",
        "Free",
        "1",
        "15",
    ]
    assert item.text("Body") == "First line\nSecond <line> & more\n\nhttps://meet.example/abc"
    assert (item.start, item.end, item.text("UID")) == (spec.interval.start, spec.interval.end, spec.uid)
    assert item.fields["StartTimeZone"].get("Id") == "W. Europe Standard Time"


def test_a_zone_that_windows_does_not_know_becomes_utc(dana: ExchangeAccount):
    ref = dana.provider.create_event(spec_for(dana.calendar_id, zone="Factory"), soon())

    assert dana.mailbox.items[ref.event_id].fields["StartTimeZone"].get("Id") == "UTC"


def test_longer_words_than_exchange_takes_are_cut(dana: ExchangeAccount):
    ref = dana.provider.create_event(spec_for(dana.calendar_id, title="x" * 300, location="y" * 300), soon())

    item = dana.mailbox.items[ref.event_id]
    assert (len(item.text("Subject")), len(item.text("Location"))) == (255, 255)


# --- invitations ------------------------------------------------------------------------------------------------


def test_whoever_is_on_it_is_invited_once_and_rooms_answer(dana: ExchangeAccount, spec: EventSpec):
    ref = dana.provider.create_event(spec, soon())

    state = dana.provider.get_event(ref, soon())
    assert {sent.to for sent in dana.standin.directory.sent} == {BUYER.address, SAM.address, OSLO.address}
    assert [sent.kind for sent in dana.standin.directory.sent] == ["request"] * 3
    assert state.responses == {BUYER.address: "none", SAM.address: "none", OSLO.address: "accepted"}
    assert [name for name, _ in dana.mailbox.items[ref.event_id].guests] == [
        "RequiredAttendees",
        "OptionalAttendees",
        "Resources",
    ]


def test_a_taken_room_declines(dana: ExchangeAccount, spec: EventSpec):
    dana.standin.directory.mailboxes[OSLO.address].add(MONDAY, MONDAY + HOUR, "Interview")

    ref = dana.provider.create_event(spec, soon())

    assert dana.provider.get_event(ref, soon()).responses[OSLO.address] == "declined"


def test_nobody_on_it_means_no_mail_at_all(dana: ExchangeAccount):
    spec = spec_for(dana.calendar_id)
    ref = dana.provider.create_event(spec, soon())
    ref = dana.provider.update_event(ref, moved(spec), soon())

    dana.provider.cancel_event(ref, "Sorry", soon())

    assert (dana.standin.directory.sent, dana.count()) == ([], 0)


def test_a_change_tells_those_who_left_and_a_cancellation_says_why(dana: ExchangeAccount, spec: EventSpec):
    ref = dana.provider.create_event(spec, soon())
    dana.standin.directory.sent.clear()

    ref = dana.provider.update_event(ref, moved(spec), soon())
    dana.provider.cancel_event(ref, "The buyer is ill", soon())

    cancelled = [sent for sent in dana.standin.directory.sent if sent.kind == "cancellation"]
    assert [sent.kind for sent in dana.standin.directory.sent] == ["update"] * 3 + ["cancellation"] * 3
    assert cancelled[0] == Sent("cancellation", BUYER.address, spec.title, "The buyer is ill")
    assert dana.standin.directory.mailboxes[OSLO.address].items == {}


# --- changes by others ------------------------------------------------------------------------------------------


def test_replies_are_no_conflict(dana: ExchangeAccount, spec: EventSpec):
    ref = dana.provider.create_event(spec, soon())
    dana.mailbox.items[ref.event_id].answer(SAM.address, "Decline")

    changed = dana.provider.update_event(ref, moved(spec), soon())

    assert dana.provider.get_event(changed, soon()).interval == moved(spec).interval


def test_after_a_reply_a_change_of_words_alone_is_still_written(dana: ExchangeAccount, spec: EventSpec):
    ref = dana.provider.create_event(spec, soon())
    dana.mailbox.items[ref.event_id].answer(SAM.address, "Accept")

    dana.provider.update_event(ref, replace(spec, description="Bring numbers"), soon())

    assert dana.mailbox.items[ref.event_id].text("Body") == "Bring numbers"


def test_a_change_by_hand_between_look_and_update_is_a_conflict(dana: ExchangeAccount, spec: EventSpec):
    ref = dana.provider.create_event(spec, soon())
    dana.standin.faults.append(Fault("UpdateItem", message="ErrorIrresolvableConflict"))

    with pytest.raises(Conflict, match="irresolvable_conflict"):
        dana.provider.update_event(ref, moved(spec), soon())


def test_somebody_elses_event_is_never_changed(dana: ExchangeAccount, spec: EventSpec):
    other = dana.occupy(Interval(MONDAY, MONDAY + HOUR), "Dentist")
    ref = dana.provider.create_event(spec, soon())

    with pytest.raises(Conflict, match="other_event"):
        dana.provider.update_event(ref.model_copy(update={"event_id": other.id}), spec, soon())

    assert other.text("Subject") == "Dentist"


# --- answers that are lost, and other faults (F5, F6) ------------------------------------------------------------


@pytest.mark.parametrize(
    "lost",
    [
        Fault("CreateItem", cut=True, after=True),
        Fault("CreateItem", status=500, body=b"<!doctype html>", after=True),
        Fault("CreateItem", status=200, body=b"{}", after=True),
        Fault("CreateItem", status=502, after=True),
        Fault("CreateItem", message="ErrorTimeoutExpired", after=True),
        Fault("GetItem", cut=True),
        Fault("GetItem", status=503),
    ],
    ids=["cut", "500 with a page", "200 with {}", "502", "time-out", "cut at the look", "503 at the look"],
)
def test_an_event_whose_answer_was_lost_is_adopted_at_once(lost: Fault, dana: ExchangeAccount, spec: EventSpec):
    lost.times = 1
    dana.standin.faults[:] = [lost]
    pauses = without_waiting(dana)

    ref = dana.provider.create_event(spec, soon())

    assert (ref.uid, dana.count(), pauses) == (spec.uid, 1, [])
    assert [sent.kind for sent in dana.standin.directory.sent] == ["request"] * 3


def test_what_is_found_late_is_adopted_too(dana: ExchangeAccount, spec: EventSpec):
    pauses = without_waiting(dana)
    find = dana.provider._events.find
    answers = iter([None] * 3)
    dana.provider._events.find = lambda *args: next(answers, find(*args))
    dana.standin.faults.append(Fault("CreateItem", cut=True, after=True))

    ref = dana.provider.create_event(spec, soon())

    assert (dana.count(), ref.uid, pauses) == (1, spec.uid, [LOOKS[1], LOOKS[2] - LOOKS[1]])


def test_what_is_never_found_stays_in_doubt_and_is_not_made_again(dana: ExchangeAccount, spec: EventSpec):
    pauses = without_waiting(dana)
    dana.standin.faults.append(Fault("CreateItem", cut=True))

    with pytest.raises(Ambiguous):
        dana.provider.create_event(spec, soon())

    assert (dana.standin.calls.count("CreateItem"), dana.standin.calls.count("FindItem")) == (1, 2 + len(LOOKS))
    assert sum(pauses) == LOOKS[-1]


def test_no_look_waits_beyond_the_deadline(dana: ExchangeAccount, spec: EventSpec):
    pauses = without_waiting(dana)
    dana.standin.faults.append(Fault("CreateItem", cut=True))

    with pytest.raises(Ambiguous):
        dana.provider.create_event(spec, Deadline.after(2))

    assert pauses == []


def test_a_create_that_hangs_is_in_doubt_when_the_deadline_ends_it(dana: ExchangeAccount, spec: EventSpec):
    dana.standin.faults.append(Fault("CreateItem", hang=Event()))

    with pytest.raises((Ambiguous, DeadlineExceeded)):
        dana.provider.create_event(spec, Deadline.after(1))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(code="ErrorServerBusy", back_off_ms=1500), (RateLimited, "server_busy", 1.5)),
        (Fault(status=503, headers={"retry-after": "7"}), (RateLimited, "http_503", 7.0)),
        (Fault(status=401), (AuthExpired, "password", None)),
        (Fault(status=403), (AccessDenied, "http_403", None)),
        (Fault(message="ErrorQuotaExceeded"), (Refused, "quota_exceeded", None)),
        (Fault(message="ErrorInvalidRecipients"), (Refused, "invalid_recipients", None)),
        (Fault(message="ErrorAccessDenied"), (AccessDenied, "access_denied", None)),
        (Fault(message="ErrorFolderNotFound"), (EventMissing, "folder_not_found", None)),
    ],
    ids=["busy", "503", "401", "403", "quota", "recipients", "denied", "no folder"],
)
def test_a_clear_refusal_is_no_doubt(fault: Fault, error, dana: ExchangeAccount, spec: EventSpec):
    fault.operation, fault.times = "CreateItem", 1
    dana.standin.faults[:] = [fault]
    before = dana.standin.calls.count("FindItem")

    with pytest.raises(CalendarError) as caught:
        dana.provider.create_event(spec, soon())

    assert (type(caught.value), caught.value.code, caught.value.retry_after) == error
    assert (dana.count(), dana.standin.calls.count("FindItem") - before) == (0, 2)


@pytest.mark.parametrize("operation", ["UpdateItem", "CreateItem", "DeleteItem"])
def test_changes_and_removals_whose_answer_was_lost_are_in_doubt_and_can_be_repeated(operation, dana, spec):
    if operation == "DeleteItem":
        spec = replace(spec, attendees=())
    ref = dana.provider.create_event(spec, soon())
    dana.standin.faults.append(Fault(operation, cut=True, after=True))

    def act():
        if operation == "UpdateItem":
            return dana.provider.update_event(ref, moved(spec), soon()).event_id
        return dana.provider.cancel_event(ref, None, soon())

    with pytest.raises(Ambiguous):
        act()

    assert act() == (ref.event_id if operation == "UpdateItem" else None)
    updates = [sent for sent in dana.standin.directory.sent if sent.kind != "request"]
    assert len(updates) == (0 if operation == "DeleteItem" else 3)


def test_reads_are_never_in_doubt(dana: ExchangeAccount, spec: EventSpec):
    ref = dana.provider.create_event(spec, soon())
    dana.standin.faults.append(Fault("GetItem", status=502))

    with pytest.raises(Unavailable, match="http_502"):
        dana.provider.get_event(ref, soon())


def test_an_event_that_its_owner_cancelled_says_so(dana: ExchangeAccount, spec: EventSpec):
    ref = dana.provider.create_event(spec, soon())
    dana.mailbox.items[ref.event_id].put("IsCancelled", "true")

    assert dana.provider.get_event(ref, soon()).cancelled

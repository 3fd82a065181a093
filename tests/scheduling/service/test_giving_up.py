"""What never succeeds comes to an end, and the rep is told of it."""

from datetime import timedelta

from scheduling.errors import AuthExpired, MailDeferred, NoticeRefused, RateLimited, Refused, Unavailable
from scheduling.ports import OutcomeKind
from tests.scheduling.service.conftest import DANA, TUESDAY_9


def forever(error):
    return [error] * 200


def test_a_calendar_that_says_later_for_a_whole_day_ends_the_booking_with_words(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", *forever(RateLimited("http_429", retry_after=999_999)))
    draft = world.submitted(TUESDAY_9 + timedelta(days=7))
    began = world.clock()

    world.run()

    outcome = world.service.outcome(DANA, draft.id)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.FAILED, "http_429")
    assert [problem.reason for problem in world.notices.problems] == ["http_429"]
    assert timedelta(days=1) <= world.clock() - began < timedelta(days=1, minutes=1)
    assert (calendar.events, world.transport.sent) == ({}, [])


def test_a_calendar_that_nobody_connects_again_ends_the_booking_when_the_meeting_would_begin(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", AuthExpired("password"))
    draft = world.submitted()
    world.run()
    waiting = world.service.outcome(DANA, draft.id)

    world.clock.set(TUESDAY_9)
    world.outbox.expire()
    world.outbox.run_until_idle()

    ended = world.service.outcome(DANA, draft.id)
    assert (waiting.kind, ended.kind, ended.reason) == (OutcomeKind.WAITING, OutcomeKind.FAILED, "expired")
    assert [problem.reason for problem in world.notices.problems] == ["expired"]
    assert (calendar.events, world.transport.sent) == ({}, [])


def test_an_event_that_cannot_be_taken_out_again_is_told_to_the_rep(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", Unavailable("cut"), happens_anyway=True)
    calendar.fail("create_event", Refused("quota"))
    calendar.fail("cancel_event", Refused("read_only"))

    world.submitted()
    world.run()

    assert len(calendar.events) == 1
    assert [problem.reason for problem in world.notices.problems] == ["quota"]
    assert world.notices.undone == [("event_left", "", "read_only")]
    assert world.transport.sent == []


def test_an_event_behind_a_dead_password_is_taken_out_once_the_calendar_is_connected_again(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("create_event", Unavailable("cut"), happens_anyway=True)
    calendar.fail("create_event", Refused("quota"))
    calendar.fail("cancel_event", AuthExpired("password"))
    world.submitted()
    world.run()
    left = len(calendar.events)

    link = world.service.connect_links(DANA)["caldav"].rpartition("/")[2]
    world.scheduling.connecting.connect(link, {"server": "", "user_name": "dana", "password": "right"})
    world.run()

    assert (left, calendar.events, world.notices.undone) == (1, {}, [])


def test_a_colleague_and_a_channel_that_cannot_be_told_are_named_to_the_rep(world, monkeypatch):
    world.connect("U0DANA", "dana")
    world.connect("U0PRIYA", "priya")
    told = world.notices.tell_member

    def tell_member(booking, person):
        if person.user_id == "U0PRIYA":
            raise NoticeRefused("account_inactive")
        told(booking, person)

    def post_card(booking, channel, choices):
        raise NoticeRefused("msg_blocks_too_long")

    monkeypatch.setattr(world.notices, "tell_member", tell_member)
    monkeypatch.setattr(world.notices, "post_card", post_card)

    world.submitted(members=("U0DANA", "U0PRIYA"))
    world.run()

    assert sorted(world.notices.undone) == [
        ("card", "C0SALES", "msg_blocks_too_long"),
        ("member", "Priya Nair", "account_inactive"),
    ]


def test_a_mail_that_no_server_takes_is_told_before_the_meeting_begins(world):
    world.connect("U0DANA", "dana")
    soon = world.clock() + timedelta(hours=1)
    world.transport.errors = [(MailDeferred("451"), False)] * 100

    world.submitted(soon)
    world.run()

    assert world.transport.sent == []
    assert sorted(world.notices.undelivered) == [("buyer@acme.example", "451"), ("dana@demo.example", "451")]
    assert world.clock() < soon


def test_a_last_look_that_never_succeeds_is_told(world, monkeypatch):
    world.connect("U0DANA", "dana")
    world.submitted()
    world.tick()

    def broken(*_args, **_more):
        raise Unavailable("dns")

    monkeypatch.setattr("scheduling.reading.CalendarReader.read", broken)
    world.run()

    assert world.notices.undone == [("last_look", "", "dns")]

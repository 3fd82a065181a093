"""Every screen and message over nasty input: Slack's rules must have nothing to say, and nothing may be lost."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import cards
from bot.modals import confirm, details, notifications, outcome, times, who
from bot.modals.blocks import fit, keeping, one_line, with_alert
from bot.slack_text import escaped
from sandbox.workspace.rules import validate_message, validate_view, warn_about_kept_values
from sandbox.workspace.values import fill_ids
from scheduling import LastMeeting, Opening
from scheduling.domain import (
    ConnectionState,
    Customer,
    EventRef,
    Form,
    Interval,
    Obstacle,
    ObstacleKind,
    Proposal,
    Room,
    Screen,
    Unread,
    WorkspaceChoices,
)
from scheduling.ports import Outcome, OutcomeKind, Undone
from tests.bot.in_memory import CONNECTION, DANA, LINKS, NOW, PRIYA, SAM, at, booking_with, draft_with, slot

NASTY = {
    "plain": "Acme Buyer",
    "eighty": "N" * 80,
    "endless": "word " * 2000,
    "broadcast": "Acme < channel & co",
    "mrkdwn": "a_b ~c~ `d` &amp; <x",
    "emoji": "👩‍👩‍👧 🏳️‍🌈 👍🏽 🇩🇪 " * 20,
    "rtl": "\u202eevil \u05e9\u05dc\u05d5\u05dd",
    "zalgo": "Z" + "\u0334\u0321" * 500,
    "quotes": "\"'<script>alert(1)</script>{{7*7}}%s",
    "other": "株式会社" * 40,
}
ZONES = ("Europe/Berlin", "America/Chicago", "Asia/Kathmandu", "Pacific/Honolulu", "Pacific/Kiritimati")


def form_of(text: str, **more: object) -> Form:
    base = Form(
        customer=Customer(name=one_line(text)[:400], email="buyer@acme.example", zone="Pacific/Honolulu"),
        subject=one_line(text),
        members=tuple(f"U0MEMBER{n:02}" for n in range(20)),
        description=text[:4000],
        slot=at(24, 14),
        obstacles=(f"{text[:80]}: {text[:100]}",),
    )
    return base.model_copy(update=more)


def no_findings(view, surface="modal"):
    payload = json.loads(json.dumps(view))
    assert validate_view(payload, surface) == []
    return payload


def crowded(zone: str, customer_zone: str | None, minutes: int, **more: object) -> Proposal:
    week = Interval(at(23, 0), at(23, 0) + timedelta(days=7))
    count = 7 * 24 * 60 // minutes
    starts = [week.start + timedelta(minutes=minutes * n) for n in range(count)]
    base = Proposal(
        draft_id="draft1",
        revision=3,
        zone=zone,
        customer_zone=customer_zone,
        week=week,
        slots=tuple(slot(start, minutes=minutes) for start in starts),
        conflicts=(),
        unread=(),
        has_earlier=True,
        has_later=True,
    )
    return replace(base, **more)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_the_first_screens_take_any_text(text):
    draft = draft_with(form_of(text))
    meeting = LastMeeting(Customer(name="A", email="a@b.example"), one_line(text), at(3, 9), "Europe/Berlin")
    opening = Opening(draft, (), LINKS, meeting, draft)

    no_findings(who.build(opening, NOW))
    no_findings(who.build(opening, NOW, fresh=7))
    no_findings(who.build_bare(draft.form, NOW))
    no_findings(details.build(draft, NOW))
    no_findings(details.build(draft_with(form_of(text, minutes=25, members=(), description="")), NOW))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_the_later_screens_take_any_text(text):
    draft = draft_with(form_of(text), held_until=NOW + timedelta(minutes=10))
    connection = replace(CONNECTION, account=text)
    kinds = [
        Outcome(OutcomeKind.WORKING, draft, "Europe/Berlin"),
        Outcome(OutcomeKind.WAITING, draft, "Europe/Berlin", reason="unavailable", connection=connection),
        Outcome(OutcomeKind.FAILED, draft, "Europe/Berlin", reason="auth", connection=connection),
        Outcome(OutcomeKind.FAILED, draft, "Europe/Berlin", reason="never heard of"),
        Outcome(OutcomeKind.TAKEN, draft, "Europe/Berlin", who=(text,) * 3, alternatives=(slot(at(24, 9)),) * 1),
        Outcome(OutcomeKind.TAKEN, draft, "Europe/Berlin"),
        Outcome(OutcomeKind.BOOKED, draft, "Europe/Berlin", booking=full_booking(text)),
    ]

    no_findings(confirm.build(draft, "Europe/Berlin", NOW))
    no_findings(times.loading(draft))
    no_findings(times.trouble(draft, text))
    no_findings(times.not_connected(draft, LINKS))
    no_findings(times.not_connected(draft, {}))
    for each in kinds:
        no_findings(outcome.build(each))
    for on_event, by_mail in itertools.product((True, False), repeat=2):
        no_findings(notifications.build(draft_with(form_of(text, on_event=on_event, by_mail=by_mail))))


def full_booking(text: str):
    form = form_of(text, team_note=text, meeting_type="video", location=text, conferencing_text=text)
    event = EventRef(
        calendar_id="home",
        event_id="1.ics",
        uid="u",
        join_url="https://meet.example/1",
        web_url="https://cal.example/1",
    )
    members = tuple(replace(SAM, user_id=f"U0M{n}", name=f"{text[:80]} {n}") for n in range(20))
    return booking_with(form, members=members, event=event, rooms=(Room(id="r1", name=text),))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_messages_take_any_text_and_say_all_of_it_in_their_text(text):
    booking = full_booking(text)
    draft = draft_with(form_of(text))
    messages = [
        cards.member_message(booking, DANA),
        cards.member_message(booking, PRIYA),
        cards.channel_card(booking, WorkspaceChoices()),
        cards.problem_message(Outcome(OutcomeKind.TAKEN, draft, "Europe/Berlin", who=(text,))),
        cards.problem_message(Outcome(OutcomeKind.FAILED, draft, "Europe/Berlin", reason="auth")),
        cards.reconnect_message(replace(CONNECTION, account=text), LINKS),
        cards.undelivered_message(booking, "buyer@acme.example", "550"),
        cards.overlap_message(booking, (text,) * 3),
        *(cards.undone_message(booking, what, text, "550") for what in Undone),
        cards.connect_message(LINKS),
        cards.connect_message({}),
        cards.open_again(text),
    ]

    for message in messages:
        assert validate_message(json.loads(json.dumps(message))) == []


@pytest.mark.parametrize("text", ["<!channel>", "<@U0SAM>", "<https://evil.example|bank.example>", "a <!here> b"])
def test_mentions_and_links_in_user_text_stay_words(text):
    booking = booking_with(form_of(text), customer=Customer(name=text, email="buyer@acme.example"))

    for message in (cards.member_message(booking, DANA), cards.channel_card(booking, WorkspaceChoices())):
        assert text not in message["text"]
        assert escaped(text) in message["text"]
        assert "mrkdwn" not in json.dumps([b for b in message["blocks"] if text in json.dumps(b, ensure_ascii=False)])


def test_the_channel_card_holds_no_address_and_no_description():
    form = form_of("Acme Buyer", description="the secret description", team_note="the secret note")

    card = json.dumps(cards.channel_card(booking_with(form), WorkspaceChoices()))

    assert "@" not in card
    assert "secret" not in card
    assert "<!date^1795528800^{date_short_pretty} {time}|Tue 24 Nov 15:00" in card


def test_the_message_to_a_member_has_their_own_clock_and_the_customers():
    form = form_of("Pricing", team_note="Ask for the budget", description="Agenda")
    customer = Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago")

    text = cards.member_message(booking_with(form, customer=customer), PRIYA)["text"]

    for words in (
        "Dana Reyes scheduled “Pricing” with you",
        "Tue 24 Nov 19:30–20:00 IST · 08:00–08:30 CST for the customer",
        "Acme Buyer, buyer@acme.example",
        "Team: Dana Reyes and Priya Nair",
        "Assigned by: Dana Reyes",
        "Description: Agenda",
        "Team note (never shown to the customer): Ask for the budget",
        "Tracking ID: SF-7K2M",
        "You chose a time with a conflict. Pricing: Pricing",
    ):
        assert words in text


@pytest.mark.parametrize("minutes", [24, 30, 5])
@pytest.mark.parametrize("customer_zone", [None, *ZONES])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_a_week_full_of_slots_fits(zone, customer_zone, minutes):
    proposal = crowded(zone, customer_zone, minutes)

    view = no_findings(times.build(proposal, draft_with(form_of("Acme"))))

    buttons = [e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"] if "slot." in e["action_id"]]
    assert len(buttons) == len(proposal.slots) or "There are more times than fit here" in json.dumps(view)
    assert all(len(button["text"]["text"]) <= 30 for button in buttons)


def test_a_week_full_of_conflicts_shows_one_day():
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", "S" * 80, "T" * 500)
    proposal = crowded("Europe/Berlin", "America/Chicago", 30)
    conflicts = tuple(replace(each, obstacles=(busy,) * 20) for each in proposal.slots)
    unread = tuple(Unread(f"U{n}", "N" * 80, why) for n, why in enumerate(["auth", "deadline", "x"] * 7))
    draft = draft_with(form_of("Acme", show_conflicts=True))

    view = no_findings(times.build(replace(proposal, slots=(), conflicts=conflicts, unread=unread), draft))
    other = no_findings(
        times.build(replace(proposal, conflicts=conflicts), draft, conflict_day=at(26, 0).date(), notice="N" * 300)
    )

    assert json.dumps(view).count('"Choose anyway"') == 48 - 2  # from 01:00 local
    assert "Times with conflicts on Thu 26 Nov" in json.dumps(other)


@pytest.mark.parametrize(
    ("customer_zone", "start", "text"),
    [
        (None, at(24, 14), "15:00"),
        ("Europe/Berlin", at(24, 14), "15:00"),
        ("America/Chicago", at(24, 14), "15:00 · 08:00 CST"),
        ("Pacific/Honolulu", at(24, 8), "09:00 · Mon 22:00 HST"),
        ("Asia/Kathmandu", at(24, 14), "15:00 · 19:45 UTC+5:45"),
        ("Pacific/Kiritimati", at(24, 14), "15:00 · Wed 04:00 UTC+14"),
    ],
)
def test_what_a_slot_button_says(customer_zone, start, text):
    proposal = crowded("Europe/Berlin", customer_zone, 30, slots=(slot(start),))

    view = times.build(proposal, draft_with(Form()))

    assert _slot_texts(view) == [text]


def _slot_texts(view):
    elements = [e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"]]
    return [e["text"]["text"] for e in elements if e["action_id"].startswith("slot.")]


@pytest.mark.parametrize(
    ("jumped_to", "words"),
    [
        ("2027-06-01", "Tuesday 1 Jun 2027 is further ahead than meetings can be booked: these are the last days."),
        ("1969-01-01", "Wednesday 1 Jan 1969 is over: these are the next days."),
        ("2026-11-24", None),
    ],
)
def test_a_day_out_of_reach_is_said_to_be(jumped_to, words):
    week = Interval(at(23, 23), at(30, 23))  # from Tue 24 Nov in Berlin

    view = times.build(crowded("Europe/Berlin", None, 30, week=week, slots=()), draft_with(Form(week_of=jumped_to)))

    said = [e["text"] for b in view["blocks"] if b["type"] == "context" for e in b["elements"]]
    assert [each for each in said if "these are" in each] == ([words] if words else [])


def test_an_hour_that_comes_twice_is_told_apart():
    night = datetime(2026, 10, 25, tzinfo=UTC)
    starts = (night, night + timedelta(hours=1), night + timedelta(hours=2))
    week = Interval(night - timedelta(hours=2), night + timedelta(days=6))

    view = times.build(
        crowded("Europe/Berlin", None, 30, week=week, slots=tuple(map(slot, starts))), draft_with(Form())
    )

    assert _slot_texts(view) == ["02:00 CEST", "02:00 CET", "03:00"]


def test_the_chosen_time_is_marked_in_words_and_colour():
    proposal = crowded("Europe/Berlin", "America/Chicago", 30, slots=(slot(at(24, 14)),))

    view = times.build(proposal, draft_with(Form(slot=at(24, 14))))

    [button] = [e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"] if "slot." in e["action_id"]]
    assert button["style"] == "primary"
    assert button["accessibility_label"] == "15:00 · 08:00 CST for the customer, your choice, Tuesday 24 Nov in CET"


def test_no_box_ticked_leaves_the_initial_options_out():
    view = notifications.build(draft_with(form_of("Acme", on_event=False, by_mail=False)))

    [boxes] = [e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"] if e["type"] == "checkboxes"]
    assert "initial_options" not in boxes


def test_a_redrawn_screen_keeps_what_stands_in_it():
    shown = fill_ids(details.build(draft_with(Form(subject="As it was")), NOW))
    typed = draft_with(Form(subject="As typed since", minutes=25, opened=("description", "minutes")))

    view = keeping(details.build(typed, NOW), shown)

    assert warn_about_kept_values(shown, view) == []
    assert "As typed since" not in json.dumps(view)
    no_findings(view)


def test_an_alert_goes_on_top_once_and_the_rest_stays():
    shown = fill_ids(details.build(draft_with(form_of("Acme")), NOW)) | {
        "id": "V1",
        "state": {"values": {}},
        "hash": "h",
    }

    once = with_alert(shown, "Not saved yet. Press Find times again.")
    twice = with_alert(once | {"id": "V1"}, "x" * 300)

    no_findings(once)
    no_findings(twice)
    assert [block["type"] for block in twice["blocks"]].count("alert") == 1
    assert once["blocks"][1:] == shown["blocks"]


def test_every_screen_says_when_it_is_closed_and_carries_only_the_drafts_id():
    draft = draft_with(form_of("Acme"), screen=Screen.TIMES)
    views = [
        who.build(Opening(draft, (), {}), NOW),
        details.build(draft, NOW),
        times.loading(draft),
        times.build(crowded("Europe/Berlin", None, 30), draft),
        confirm.build(draft, "Europe/Berlin", NOW),
        notifications.build(draft),
        outcome.scheduling(draft),
    ]

    assert {view["notify_on_close"] for view in views} == {True}
    assert {view["private_metadata"] for view in views} == {"draft1"}
    assert {view["title"]["text"] for view in views} == {"Schedule on behalf"}


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("exactly", 7, "exactly"),
        ("too long", 5, "too …"),
        ("ab👩‍👩‍👧cd", 6, "ab…"),
        ("a🇩🇪🇫🇷", 3, "a…"),
        ("ab👍🏽x", 4, "ab…"),
        ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
    ],
)
def test_cutting_never_splits_a_sign(text, limit, expected):
    assert fit(text, limit) == expected


def test_a_tower_of_marks_is_cut_all_the_same():
    assert len(fit("Z" + "\u0334" * 500, 75)) <= 75


def test_a_calendar_that_no_longer_lets_us_in_is_named_with_the_buttons_to_connect_again():
    broken = replace(CONNECTION, state=ConnectionState.NEEDS_RECONNECT)

    view = json.dumps(who.build(Opening(draft_with(Form()), (broken,), LINKS), NOW))

    assert "iCloud (dana@example.com) no longer lets us in: it no longer accepts our sign-in." in view
    assert "https://schedule.example/connect/one" in view
    assert "no longer lets us in" not in json.dumps(
        who.build(Opening(draft_with(Form()), (broken, CONNECTION), {}), NOW)
    )


def test_conflicts_that_were_asked_for_and_do_not_exist_are_said():
    proposal = crowded("Europe/Berlin", None, 30)

    asked = json.dumps(no_findings(times.build(proposal, draft_with(Form(show_conflicts=True)))))
    not_asked = json.dumps(times.build(proposal, draft_with(Form())))

    assert "There are no times with conflicts in these days." in asked
    assert "no times with conflicts" not in not_asked

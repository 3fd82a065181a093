"""The flow's later additions over nasty input and at their limits: Slack's rules must have nothing to say."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.colleagues import asking
from bot.modals import advanced, confirm, conflicts, details, more, notifications, outcome, times, week_notes, who
from bot.modals.blocks import block_id_in, keeping
from bot.modals.surroundings import Surroundings, room_labels
from sandbox.workspace.rules import validate_message, warn_about_kept_values
from sandbox.workspace.values import fill_ids
from scheduling import LastMeeting, Opening
from scheduling.domain import (
    ConferencingKind,
    ConnectionState,
    Customer,
    DayReason,
    EventSettings,
    Form,
    Interval,
    Obstacle,
    ObstacleKind,
    Rep,
    Room,
    Unread,
)
from scheduling.office import Host, TargetCalendar
from scheduling.ports import Outcome, OutcomeKind
from tests.bot.in_memory import CONNECTION, LINKS, NOW, SAM, at, booking_with, draft_with, slot
from tests.bot.in_memory_office import HOME, TEAM
from tests.bot.test_screens_pure import NASTY, crowded, form_of, no_findings

NASTY = NASTY | {"channel": "<!channel>", "eighty emoji": "👩‍👩‍👧" * 80}
EVERYTHING = {
    "opened": ("description", "minutes", "more", "note"),
    "meeting_type": "in person",
    "rooms": tuple(f"r{n}" for n in range(12)),
    "conferencing": ConferencingKind.CUSTOM,
}
GOOGLE = Host("google", "dana@example.com", "Google Meet", invites=True, carries_members=True)


def halls(text: str, count: int = 200) -> tuple[Room, ...]:
    """Every third of the same name, with an address or none."""
    return tuple(
        Room(id=f"r{n}", name=text[:120] or "-", address=f"room-{n}@{'x' * 60}.example" if n % 3 else None)
        for n in range(count)
    )


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_the_details_with_everything_open_take_any_text(text):
    rooms = halls(text)
    form = form_of(text, team_note=text[:3500], location=text, conferencing_text=text, minutes=7, **EVERYTHING)
    colleague = replace(SAM, name=text)
    host = replace(GOOGLE, native_conference=text[:75] or "x")

    for around in (Surroundings(rooms, host, colleague, has_zoom=True), Surroundings((), None, SAM), Surroundings()):
        no_findings(details.build(draft_with(form), NOW, around))
        no_findings(confirm.build(draft_with(form, held_until=NOW), "Europe/Berlin", NOW, around))
    for kind in ConferencingKind:
        changed = form.model_copy(update={"conferencing": kind})
        no_findings(details.build(draft_with(changed), NOW, Surroundings(rooms, GOOGLE)))


def test_two_rooms_of_one_name_can_be_told_apart():
    labels = room_labels(halls("N" * 80))

    assert len(set(labels.values())) == 200
    assert max(map(len, labels.values())) <= 75


def test_rooms_are_found_by_any_of_their_words_a_hundred_at_most():
    rooms = (Room(id="a", name="Oslo large"), Room(id="b", name="Rome"), *halls("Hall"))

    assert [each["value"] for each in more.rooms_offered(rooms, "LARGE os")] == ["a"]
    assert len(more.rooms_offered(rooms, "")) == 100


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_the_times_take_any_names_and_twenty_members(text):
    people = [(f"U0MEMBER{n:02}", f"{text[:76]} {n}") for n in range(20)]
    broken = replace(CONNECTION, account=text, state=ConnectionState.NEEDS_RECONNECT)
    off = tuple(DayReason(who_, name, "off") for who_, name in people)
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", text[:200], text)
    proposal = crowded("Europe/Berlin", "America/Chicago", 24)
    form = form_of(text, show_conflicts=True, zone="Europe/Berlin")
    full = replace(
        proposal,
        conflicts=tuple(replace(each, obstacles=(busy,) * 20) for each in proposal.slots),
        unread=tuple(Unread(who_, name, "not_connected") for who_, name in people),
        reasons=tuple((date(2026, 11, 23 + n), off[: n + 1]) for n in range(7)),
        shut_out=(broken,) * 3,
        via_sharing=tuple(name for _, name in people),
        grid_zone="Europe/Berlin",
    )

    for shown in (full, replace(full, slots=()), replace(full, slots=(), conflicts=())):
        view = no_findings(times.build(shown, draft_with(form), notice=text, links=LINKS))
        for kind in (times.CHANGE_ZONE, times.CHANGE_LENGTH):
            no_findings(times.with_picker(fill_ids(view) | {"id": "V1"}, kind, draft_with(form), NOW))
    no_findings(times.not_connected(draft_with(form), LINKS, (broken,) * 3))


def test_sixty_slots_a_day_are_shown_as_far_as_they_fit_with_the_way_to_the_rest():
    proposal = replace(crowded("Europe/Berlin", "America/Chicago", 24), grid_zone="Europe/Berlin")
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", "Sam", "Sync")
    both = replace(proposal, conflicts=tuple(replace(each, obstacles=(busy,)) for each in proposal.slots))

    view = no_findings(times.build(both, draft_with(Form(show_conflicts=True))))

    elements = [e for block in view["blocks"] if block["type"] == "actions" for e in block["elements"]]
    shown = [e for e in elements if e["action_id"].startswith("slot.")]
    later = [e["value"] for e in elements if e["action_id"] == times.LATER]
    assert len(view["blocks"]) <= 100
    assert 60 < len(shown) < len(proposal.slots)
    assert "There are more times than fit here. Press Later ▶ for" in json.dumps(view, ensure_ascii=False)
    assert later[0] == "2026-11-30"
    assert date(2026, 11, 24) < date.fromisoformat(later[1]) < date(2026, 11, 30)


def test_more_conflicts_than_fit_go_on_from_where_they_were_cut():
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", "Sam")
    starts = tuple(slot(at(24, 0) + timedelta(minutes=15 * n), busy) for n in range(80))

    first = conflicts.build(starts, "Europe/Berlin", None)
    more_ = first[-1]["elements"][0]
    rest = conflicts.build(starts, "Europe/Berlin", date(2026, 11, 24), starts[conflicts.MOST_ROWS].start)

    words = [block["text"]["text"] for block in (*first, *rest) if block["type"] == "section"]
    assert more_["text"]["text"] == "From 13:00 on ▶"
    assert more_["value"] == f"2026-11-24 {int(starts[48].start.timestamp())}"
    assert words == [conflicts.conflict_words(each, "Europe/Berlin") for each in starts]


def test_a_conflict_at_an_hour_that_comes_twice_names_its_offset():
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", "Sam")
    night = at(24, 0).replace(month=10, day=25)
    starts = tuple(slot(night + timedelta(hours=n), busy) for n in range(3))

    words = [b["text"]["text"] for b in conflicts.build(starts, "Europe/Berlin", None) if b["type"] == "section"]

    assert words == [
        "🟠 02:00–02:30 CEST · Sam: busy",
        "🟠 02:00–02:30 CET · Sam: busy",
        "🟠 03:00–03:30 · Sam: busy",
    ]


def test_weeks_are_cut_in_the_reps_zone_whatever_zone_labels_the_times():
    proposal = crowded("Pacific/Honolulu", None, 30, slots=(), grid_zone="Europe/Berlin")
    week = Interval(at(22, 23), at(29, 23))

    view = times.build(replace(proposal, week=week), draft_with(Form(zone="Pacific/Honolulu")))

    elements = [e for block in view["blocks"] if block["type"] == "actions" for e in block["elements"]]
    turns = {e["action_id"]: e["value"] for e in elements if e["action_id"] in (times.EARLIER, times.LATER)}
    assert turns == {times.EARLIER: "2026-11-16", times.LATER: "2026-11-30"}


@pytest.mark.parametrize(
    ("code", "who_", "words"),
    [
        ("off", "U0SAM", "Sam is off"),
        ("all_day", "U0SAM", "Sam is busy all day"),
        ("busy", "U0SAM", "Sam is busy"),
        ("unread", "U0SAM", "Sam could not be checked"),
        ("all_day", "room:r1", "Room Sam is taken all day"),
        ("busy", "room:r1", "Room Sam is taken"),
        ("a code of tomorrow", "U0SAM", "Sam is busy"),
    ],
)
def test_the_reasons_of_a_day_in_words(code, who_, words):
    proposal = crowded("Europe/Berlin", None, 30, reasons=((date(2026, 11, 26), (DayReason(who_, "Sam", code),)),))

    [(day, line)] = week_notes.empty_days(proposal)

    assert (day, line["elements"][0]["text"]) == (date(2026, 11, 26), f"No common time on Thu 26 Nov: {words}.")


def test_nobody_is_asked_twice_and_no_room_and_not_oneself():
    unread = tuple(
        Unread(who_, name, why)
        for who_, name, why in [
            ("U0DANA", "Dana", "auth"),
            ("U0SAM", "Sam", "not_connected"),
            ("U0PRIYA", "Priya", "not_connected"),
            ("U0NOA", "Noa", "deadline"),
            ("room:r1", "Oslo", "not_connected"),
        ]
    )
    proposal = crowded("Europe/Berlin", None, 30, unread=unread)
    form = Form(members=("U0DANA", "U0SAM", "U0PRIYA", "U0NOA"), asked=("U0SAM",))

    buttons = week_notes.ask_buttons(proposal, draft_with(form))

    assert [each["text"]["text"] for each in buttons] == ["Ask Priya to connect"]
    assert week_notes.asked(buttons[0]["value"]) == ("U0PRIYA", "Priya")


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_the_advanced_settings_take_any_names_and_many_calendars(text):
    targets = tuple(TargetCalendar(f"c{n}", "/" * 300 + str(n), text, text, is_default=n == 0) for n in range(150))
    odd = EventSettings(shown_zone="Mars/Phobos", connection_id="gone", calendar_id="gone", reminder_minutes=7)

    for settings in (EventSettings(), odd, EventSettings(private=True, description_on_event=False)):
        draft = draft_with(form_of(text, settings=settings))
        no_findings(advanced.build(draft, targets, NOW))
        no_findings(advanced.build(draft, (), NOW))
        no_findings(notifications.build(draft, replace(GOOGLE, account=text), fresh=7))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_outcomes_with_their_ways_out_take_any_text(text):
    form = form_of(text, location=text, **EVERYTHING)
    connection = replace(CONNECTION, account=text)
    for kind in (OutcomeKind.FAILED, OutcomeKind.WAITING, OutcomeKind.TAKEN):
        for reason in ("auth", "not_connected", "profile", "room_gone", "expired", None):
            became = Outcome(
                kind, draft_with(form), "Europe/Berlin", reason=reason, who=("U0SAM",), connection=connection
            )
            for links in (None, {}, LINKS):
                no_findings(outcome.build(became, links))
    native = form.model_copy(update={"conferencing": ConferencingKind.NATIVE})
    booked = Outcome(OutcomeKind.BOOKED, draft_with(form), "Europe/Berlin", booking=booking_with(native))
    assert "The link to meet by is missing" in json.dumps(no_findings(outcome.build(booked)))


def test_the_question_to_a_colleague_is_a_good_message():
    assert validate_message(json.loads(json.dumps(asking(Rep("T0DEMO", "U0DANA"))))) == []


@pytest.mark.parametrize(
    "code", ["AuthExpired", "quota", "forbidden", "gone", "throttled", "Unavailable", "Ambiguous", "MailDeferred"]
)
def test_every_kind_of_failure_has_words_of_its_own(code):
    became = Outcome(OutcomeKind.FAILED, draft_with(Form()), "Europe/Berlin", reason=code, connection=CONNECTION)

    fact, remedy = outcome.reason(became)

    assert remedy
    assert fact != "an outside system failed"
    assert "does not answer as it should" not in fact


@pytest.mark.parametrize(
    ("host", "changes", "words"),
    [
        (
            None,
            {},
            "gets a calendar invitation and a confirmation email, both in one message from us, in Honolulu time.",
        ),
        (GOOGLE, {}, "gets a calendar invitation from Google Calendar and a confirmation email, in Honolulu time."),
        (GOOGLE, {"by_mail": False}, "from Google Calendar and no confirmation email. Times are in Honolulu time."),
        (None, {"by_mail": False}, "gets a calendar invitation from us and no confirmation email."),
        (
            GOOGLE,
            {"on_event": False},
            "but no calendar invitation, and is not on the event. The description is left out.",
        ),
        (GOOGLE, {"on_event": False, "by_mail": False}, "Nobody outside the team is told."),
        (GOOGLE, {"settings": EventSettings(shown_zone="organizer")}, "a confirmation email, in your time zone."),
        (GOOGLE, {"settings": EventSettings(shown_zone="Asia/Kolkata")}, "in Kolkata time."),
        (GOOGLE, {"settings": EventSettings(description_on_event=False)}, "time. The description is left out."),
    ],
)
def test_what_the_customer_receives_in_words(host, changes, words):
    assert words in notifications.receives(form_of("Acme", **changes), host)


# --- redrawing --------------------------------------------------------------------------------------------------------


def test_more_options_come_into_sight_and_keep_what_stands_there():
    shown = fill_ids(details.build(draft_with(Form(subject="As it was")), NOW))
    form = Form(subject="As typed", opened=("more", "note"), rooms=("r1",), location="As typed")

    view = keeping(details.build(draft_with(form), NOW, Surroundings(halls("Oslo", 2), GOOGLE)), shown)

    assert warn_about_kept_values(shown, view) == []
    assert "As it was" in json.dumps(view)
    no_findings(view)


def test_only_fields_that_gain_a_value_are_made_anew():
    draft = draft_with(Form(customer=Customer(name="Acme Buyer", email="buyer@acme.example")))
    shown = fill_ids(who.build(Opening(draft_with(Form()), (CONNECTION,), {}), NOW))
    state = {"who.name": {"who.name": {"value": None}}, "who.email": {"who.email": {"value": "buyer@acme.example"}}}
    typed = {**shown, "state": {"values": state}}
    meeting = LastMeeting(draft.form.customer, "S", at(3, 9), "Europe/Berlin")

    view = who.looked_up(Opening(draft, (CONNECTION,), {}, meeting), NOW, typed, (who.NAME,))

    assert [b["block_id"] for b in view["blocks"] if b["type"] == "input"] == ["who.name.3", "who.email", "who.zone"]
    assert warn_about_kept_values(shown, view) == []
    no_findings(view)


# --- reading ----------------------------------------------------------------------------------------------------------


def advanced_view(**state):
    values = {f"advanced.{name}": {f"advanced.{name}": value} for name, value in state.items()}
    return {**fill_ids(advanced.build(draft_with(Form()), (HOME, TEAM), NOW)), "state": {"values": values}}


def option_of(value):
    return {"selected_option": {"value": value}}


def ticked(*values):
    return {"selected_options": [{"value": value} for value in values]}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, {}),
        ({"zone": option_of("organizer")}, {"shown_zone": "organizer"}),
        ({"zone": option_of("Mars/Phobos")}, {}),
        ({"zone": {"selected_option": None}}, {}),
        ({"calendar": option_of(advanced.value_of(HOME))}, {}),
        ({"calendar": option_of(advanced.value_of(TEAM))}, {"connection_id": "c1", "calendar_id": "team"}),
        ({"calendar": option_of("somebody else's")}, {}),
        ({"show_as": option_of("free")}, {"shows_busy": False}),
        ({"reminder": option_of("1440")}, {"reminder_minutes": 1440}),
        ({"reminder": option_of("none")}, {"reminder_minutes": None}),
        ({"reminder": option_of("-5")}, {}),
        ({"event": ticked()}, {"private": False, "description_on_event": False, "members_on_event": False}),
        ({"event": ticked("private", "description", "members")}, {"private": True}),
    ],
)
def test_the_advanced_settings_as_chosen(state, expected):
    entered = advanced.parse(advanced_view(**state), EventSettings(), (HOME, TEAM))

    assert entered == advanced.Entered(EventSettings().model_copy(update=expected), as_defaults=False)


def test_a_block_made_anew_is_found_by_its_first_name():
    view = {"state": {"values": {"who.named": {}, "who.name.12": {}}}}

    assert block_id_in(view, "who.name") == "who.name.12"
    assert block_id_in(view, "who.email") == "who.email"

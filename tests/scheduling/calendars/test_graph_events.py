"""Our events in Outlook: what is written, whom Microsoft invites, and the Teams link."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.directory import Event
from sandbox.microsoft_standin.events import RULE
from sandbox.microsoft_standin.troubles import Trouble
from scheduling.calendars.base import Attendee, AttendeeRole, EventSpec
from scheduling.errors import (
    CalendarError,
    Unavailable,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, soon, spec_for
from tests.scheduling.calendars.graph_kit import GraphAccount

HOUR = timedelta(hours=1)
SAM, NOA, ROOM = "sam@acme.example", "noa@acme.example", "boardroom@acme.example"
BUYER = Attendee("buyer@acme.example", "Acme Buyer")
EVENTS = "/events"


@pytest.fixture
def dana(microsoft: MicrosoftStandIn, http: Outbound) -> GraphAccount:
    microsoft.add_person(SAM, "Sam Okafor")
    microsoft.add_room(ROOM, "Board room")
    return GraphAccount(microsoft, http)


@pytest.fixture
def spec(dana: GraphAccount) -> EventSpec:
    return spec_for(dana.calendar_id)


def told(action: Callable[[], object]) -> tuple[type[CalendarError], str]:
    with pytest.raises(CalendarError) as caught:
        action()
    return type(caught.value), caught.value.code


def only_event(account: GraphAccount) -> Event:
    [event] = account.mailbox.events.values()
    return event


def sent(standin: MicrosoftStandIn, method: str) -> list[dict[str, object]]:
    asked = [e for e in standin.troubles.exchanges if e.method == method and e.path.startswith("/me")]
    return [e.sent_json() for e in asked]  # type: ignore[misc]  # requests of ours are objects


# --- what is written ---


def test_the_event_is_what_was_asked_for(dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec) -> None:
    whole = replace(spec, location="Main Street 1", url="https://meet.example/1", private=True, reminder_minutes=5)

    ref = dana.provider.create_event(whole, soon())

    event = only_event(dana)
    content = microsoft.office.told(dana.mailbox, event)
    assert (event.start, event.end) == (spec.interval.start, spec.interval.end)
    assert content["subject"] == spec.title
    assert content["body"] == {"contentType": "text", "content": f"{spec.description}\n\nhttps://meet.example/1"}
    assert content["location"]["displayName"] == "Main Street 1"
    assert (content["showAs"], content["sensitivity"], content["attendees"]) == ("busy", "private", [])
    assert (content["isReminderOn"], content["reminderMinutesBeforeStart"]) == (True, 5)
    assert (ref.event_id, ref.uid, ref.etag, ref.join_url) == (event.id, event.uid, event.etag, None)
    assert ref.web_url == content["webLink"]


@pytest.mark.parametrize(
    ("zone", "start", "name"),
    [
        pytest.param("Europe/Berlin", MONDAY, "W. Europe Standard Time", id="a Windows zone"),
        pytest.param("Asia/Kolkata", MONDAY, "India Standard Time", id="one that was renamed"),
        pytest.param("UTC", MONDAY, "UTC", id="UTC"),
        pytest.param("America/Vancouver", MONDAY, "UTC", id="one whose Windows zone is of 2026"),
        pytest.param("America/Scoresbysund", MONDAY, "UTC", id="one that left its Windows zone"),
        pytest.param("Antarctica/Troll", MONDAY, "UTC", id="one that Windows has not"),
        pytest.param("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "UTC", id="in the repeated hour"),
    ],
)
def test_the_instant_is_right_in_every_zone(
    dana: GraphAccount, microsoft: MicrosoftStandIn, zone: str, start: datetime, name: str
) -> None:
    dana.provider.create_event(spec_for(dana.calendar_id, start, zone=zone), soon())

    [content] = [each for each in sent(microsoft, "POST") if "start" in each]
    assert content["start"]["timeZone"] == name  # type: ignore[index]  # it is an object
    assert only_event(dana).start == start


def test_a_server_that_does_not_know_a_zone_gets_utc(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.office.zones = frozenset()

    dana.provider.create_event(spec, soon())

    assert only_event(dana).start == spec.interval.start


def test_a_server_whose_clock_of_a_zone_is_another_is_set_right(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.office.strange_zones["W. Europe Standard Time"] = "Europe/London"

    ref = dana.provider.create_event(spec, soon())

    event = only_event(dana)
    assert (event.start, event.end, event.etag) == (spec.interval.start, spec.interval.end, ref.etag)


# --- attendees and rooms ---


def test_microsoft_invites_everybody_and_the_room_answers(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    guests = (
        BUYER,
        Attendee(SAM, "Sam Okafor", AttendeeRole.OPTIONAL),
        Attendee(ROOM, "Board room", AttendeeRole.ROOM),
    )

    ref = dana.provider.create_event(replace(spec, attendees=guests), soon())

    content = microsoft.office.told(dana.mailbox, only_event(dana))
    assert [(a["emailAddress"]["address"], a["type"]) for a in content["attendees"]] == [
        (BUYER.address, "required"),
        (SAM, "optional"),
        (ROOM, "resource"),
    ]
    assert (content["location"]["displayName"], content["location"]["locationEmailAddress"]) == ("Board room", ROOM)
    assert [(m["kind"], m["to"]) for m in microsoft.directory.mails] == [
        ("REQUEST", sorted([BUYER.address, SAM, ROOM]))
    ]
    state = dana.provider.get_event(ref, soon())
    assert state.responses == {BUYER.address: "none", SAM: "none", ROOM: "accepted"}


def test_a_room_that_was_taken_declines_a_little_later(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.occupy(ROOM, spec.interval.start, spec.interval.end, "Board meeting")
    microsoft.office.rooms_late = 2

    ref = dana.provider.create_event(replace(spec, attendees=(Attendee(ROOM, "Room", AttendeeRole.ROOM),)), soon())

    answers = [dana.provider.get_event(ref, soon()).responses for _ in range(2)]
    assert answers == [{ROOM: "none"}, {ROOM: "declined"}]


@pytest.mark.parametrize(
    ("response", "word"), [("accepted", "accepted"), ("declined", "declined"), ("tentativelyAccepted", "tentative")]
)
def test_an_answer_is_told_and_does_not_stop_a_change(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec, response: str, word: str
) -> None:
    invited = replace(spec, attendees=(Attendee(SAM, "Sam Okafor"),))
    ref = dana.provider.create_event(invited, soon())
    microsoft.office.respond(dana.address, only_event(dana), SAM, response)

    assert dana.provider.get_event(ref, soon()).responses == {SAM: word}
    dana.provider.update_event(ref, replace(invited, title="New title", sequence=1), soon())

    assert only_event(dana).content["subject"] == "New title"


def test_a_change_of_attendees_tells_only_those_whom_it_concerns(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    invited = replace(spec, attendees=(BUYER, Attendee(SAM, "Sam Okafor")))
    ref = dana.provider.create_event(invited, soon())
    microsoft.directory.mails.clear()

    changed = replace(invited, attendees=(BUYER, Attendee(NOA, "Noa Levi")), sequence=1)
    dana.provider.update_event(ref, changed, soon())

    assert [(m["kind"], m["to"]) for m in microsoft.directory.mails] == [("REQUEST", [NOA]), ("CANCEL", [SAM])]
    [patch] = sent(microsoft, "PATCH")
    assert patch.keys() == {"attendees", "singleValueExtendedProperties"}


def test_who_was_added_by_hand_stays_invited(dana: GraphAccount, spec: EventSpec) -> None:
    invited = replace(spec, attendees=(BUYER, Attendee(SAM, "Sam Okafor")))
    ref = dana.provider.create_event(invited, soon())
    event = only_event(dana)
    event.content["attendees"].append({"emailAddress": {"address": NOA, "name": "Noa"}, "type": "optional"})

    dana.provider.update_event(ref, replace(invited, attendees=(BUYER,), sequence=1), soon())

    assert [a["emailAddress"]["address"] for a in event.content["attendees"]] == [BUYER.address, NOA]


def test_cancelling_tells_the_attendees_why(dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec) -> None:
    ref = dana.provider.create_event(replace(spec, attendees=(BUYER,)), soon())
    microsoft.directory.mails.clear()

    dana.provider.cancel_event(ref, "The buyer is ill.", soon())

    assert dana.count() == 0
    assert microsoft.directory.mails == [
        {"kind": "CANCEL", "uid": ref.uid, "to": [BUYER.address], "comment": "The buyer is ill."}
    ]
    assert sent(microsoft, "DELETE") == []


# --- Teams ---


def test_a_teams_link_comes_with_the_event_or_a_little_later(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.office.links_late = 2

    ref = dana.provider.create_event(replace(spec, native_conference=True), soon())

    links = [dana.provider.get_event(ref, soon()).ref.join_url for _ in range(2)]
    assert (ref.join_url, links) == (None, [None, only_event(dana).join_url])
    assert links[1]


def test_where_teams_is_not_allowed_the_event_is_made_without_it(dana: GraphAccount, spec: EventSpec) -> None:
    dana.mailbox.default.teams = False

    ref = dana.provider.create_event(replace(spec, native_conference=True), soon())

    assert (ref.join_url, dana.count()) == (None, 1)
    assert "isOnlineMeeting" not in only_event(dana).content


def test_a_missing_link_can_be_asked_for_again(dana: GraphAccount, spec: EventSpec) -> None:
    dana.mailbox.default.teams = False
    wanted = replace(spec, native_conference=True)
    ref = dana.provider.create_event(wanted, soon())
    dana.mailbox.default.teams = True

    again = dana.provider.update_event(ref, replace(wanted, sequence=1), soon())

    assert again.join_url == only_event(dana).join_url is not None


def test_a_new_description_keeps_the_teams_part(dana: GraphAccount, spec: EventSpec) -> None:
    wanted = replace(spec, native_conference=True)
    ref = dana.provider.create_event(wanted, soon())

    again = dana.provider.update_event(
        ref, replace(wanted, description="Bring <numbers>\nand cake", sequence=1), soon()
    )

    body = only_event(dana).content["body"]["content"]
    assert again.join_url == ref.join_url is not None
    assert body.startswith("<div>Bring &lt;numbers&gt;<br>and cake</div>")
    assert RULE in body
    assert spec.description not in body


def test_a_teams_part_in_unknown_words_is_left_alone(dana: GraphAccount, spec: EventSpec) -> None:
    wanted = replace(spec, native_conference=True)
    ref = dana.provider.create_event(wanted, soon())
    event = only_event(dana)
    event.content["body"] = {"contentType": "html", "content": "<b>Join here</b>"}

    again = dana.provider.update_event(ref, replace(wanted, description="Other", sequence=1), soon())

    assert (again.join_url, event.content["body"]["content"]) == (ref.join_url, "<b>Join here</b>")


def test_nonsense_about_an_event_is_no_event(dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec) -> None:
    ref = dana.provider.create_event(spec, soon())
    for body in (b"{}", b"<html>", b'{"id": "1"}'):
        microsoft.troubles.add(Trouble("GET", EVENTS, status=200, body=body))

        assert told(lambda: dana.provider.get_event(ref, soon()))[0] is Unavailable

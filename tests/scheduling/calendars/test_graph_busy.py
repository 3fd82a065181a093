"""Busy times from Microsoft Graph: what blocks, what it may be called, and that unknown is never free."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.troubles import Trouble
from scheduling.calendars.base import OWN, Availability, CalendarRef, RoomInfo
from scheduling.domain import Busy, BusyStatus, Interval
from scheduling.errors import (
    CalendarError,
    EventMissing,
    Unavailable,
    Unsupported,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon
from tests.scheduling.calendars.graph_kit import GraphAccount

HOUR = timedelta(hours=1)
NINE = Interval(MONDAY, MONDAY + HOUR)
SAM = "sam@acme.example"
READS = ("/v1.0/me/calendarView", "/v1.0/me/calendar/getSchedule")


@pytest.fixture
def dana(microsoft: MicrosoftStandIn, http: Outbound) -> GraphAccount:
    microsoft.add_person(SAM, "Sam Okafor")
    return GraphAccount(microsoft, http)


def own(account: GraphAccount) -> Availability:
    return account.provider.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")[0]


def of(account: GraphAccount, *addresses: str, window: Interval = WEEK) -> tuple[Availability, ...]:
    refs = [CalendarRef(address) for address in addresses]
    return account.provider.availability(refs, window, soon(), default_zone="Europe/Berlin")


def why(answer: Availability) -> tuple[type[CalendarError], str]:
    assert answer.busy == ()
    assert answer.error is not None
    return type(answer.error), answer.error.code


# --- the account's own ---


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"showAs": "busy"}, BusyStatus.BUSY),
        ({"showAs": "tentative"}, BusyStatus.TENTATIVE),
        ({"showAs": "oof"}, BusyStatus.OUT_OF_OFFICE),
        ({"showAs": "workingElsewhere"}, BusyStatus.WORKING_ELSEWHERE),
        ({"showAs": "unknown"}, BusyStatus.UNKNOWN),
        ({"showAs": "free"}, None),
    ],
)
def test_what_is_shown_as_decides_whether_it_blocks(
    dana: GraphAccount, content: dict[str, Any], status: BusyStatus | None
) -> None:
    dana.occupy(NINE, "Stand-up", **content)

    found = own(dana).busy

    assert [(busy.status, busy.title) for busy in found] == ([(status, "Stand-up")] if status else [])


def test_a_declined_and_a_cancelled_meeting_block_nothing(dana: GraphAccount) -> None:
    for name, value in (("response", "declined"), ("cancelled", True)):
        dana.occupy(NINE, "Not for me")
        setattr([*dana.mailbox.events.values()][-1], name, value)

    assert own(dana).busy == ()


@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_private_events_show_no_title(dana: GraphAccount, sensitivity: str) -> None:
    dana.occupy(NINE, "Doctor", sensitivity=sensitivity)

    [busy] = own(dana).busy

    assert (busy.interval, busy.title, busy.private) == (NINE, None, True)


def test_a_day_without_a_clock_is_the_owners_own_day(dana: GraphAccount) -> None:
    day = datetime(2026, 12, 8, tzinfo=UTC)
    dana.occupy(Interval(day, day + timedelta(days=1)), "Holiday", isAllDay=True, showAs="oof")

    [busy] = own(dana).busy

    assert busy.interval == Interval(day - HOUR, day + 23 * HOUR)  # Berlin is an hour ahead of UTC


def test_a_long_calendar_comes_in_pages(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    minutes = [Interval(MONDAY + timedelta(minutes=n), MONDAY + timedelta(minutes=n + 1)) for n in range(250)]
    for minute in minutes:
        dana.occupy(minute, "Call")

    found = [busy.interval for busy in own(dana).busy]

    assert found == minutes
    assert len([e for e in microsoft.troubles.exchanges if e.path == "/me/calendarView"]) == 3


def test_every_request_asks_for_lasting_ids_and_utc(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    own(dana)
    of(dana, SAM)

    asked = [e for e in microsoft.troubles.exchanges if e.path.startswith("/me")]
    assert {e.headers["prefer"] for e in asked} == {'IdType="ImmutableId", outlook.timezone="UTC"'}


def test_a_server_that_answers_in_its_own_zone_is_understood(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    stamps = {
        "start": {"dateTime": "2026-12-07T10:00:00.0000000", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": "2026-12-07T05:00:00.0000000", "timeZone": "America/New_York"},
    }
    microsoft.troubles.add(Trouble(path=READS[0], status=200, body=_json({"value": [{"showAs": "busy", **stamps}]})))

    assert own(dana).busy == (Busy(NINE),)


# --- others ---


def test_others_are_read_by_address_with_the_titles_they_share(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.occupy(SAM, NINE.start, NINE.end, "Stand-up")
    microsoft.occupy(SAM, NINE.end, NINE.end + HOUR, "Doctor", sensitivity="private", showAs="oof")

    [sam] = of(dana, SAM)

    assert sam.busy == (
        Busy(NINE, title="Stand-up"),
        Busy(Interval(NINE.end, NINE.end + HOUR), BusyStatus.OUT_OF_OFFICE, private=True),
    )


def test_titles_that_are_not_shared_are_not_shown(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.directory.mailboxes[SAM].shares_titles = False
    microsoft.occupy(SAM, NINE.start, NINE.end, "Stand-up")

    assert of(dana, SAM)[0].busy == (Busy(NINE),)


def test_an_error_for_one_calendar_inside_a_good_answer_makes_that_one_unknown(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    microsoft.add_person("noa@acme.example", "Noa Levi").readable = False
    microsoft.occupy(SAM, NINE.start, NINE.end, "Stand-up")

    sam, noa, nobody = of(dana, SAM, "noa@acme.example", "nobody@acme.example")

    assert (sam.busy, sam.error) == ((Busy(NINE, title="Stand-up"),), None)
    assert why(noa) == (Unavailable, "ErrorMailboxFailover")
    assert why(nobody) == (EventMissing, "ErrorMailRecipientNotFound")


@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param({"scheduleId": "another@acme.example", "scheduleItems": []}, id="of somebody else"),
        pytest.param({"scheduleId": SAM, "availabilityView": "000"}, id="without items"),
        pytest.param({"scheduleId": SAM, "scheduleItems": ["busy"]}, id="with something else"),
        pytest.param({"scheduleId": SAM, "scheduleItems": [{"status": "busy"}]}, id="without times"),
        pytest.param({"scheduleId": SAM, "scheduleItems": [], "error": {}}, id="with an empty error"),
    ],
)
def test_a_schedule_that_says_nothing_is_unknown(
    dana: GraphAccount, microsoft: MicrosoftStandIn, schedule: dict[str, Any]
) -> None:
    microsoft.troubles.add(Trouble(path=READS[1], status=200, body=_json({"value": [schedule]})))

    assert why(of(dana, SAM)[0])[0] is Unavailable


def test_many_people_are_asked_for_ten_at_a_time(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    addresses = [f"rep{n}@acme.example" for n in range(25)]
    for address in addresses:
        microsoft.add_person(address, address)
        microsoft.occupy(address, NINE.start, NINE.end, address)

    answers = of(dana, *addresses)

    assert [(a.ref.address, [b.title for b in a.busy]) for a in answers] == [(a, [a]) for a in addresses]
    asked = [e.sent_json() for e in microsoft.troubles.exchanges if e.path.endswith("getSchedule")]
    assert sorted(len(each["schedules"]) for each in asked) == [5, 10, 10]


def test_a_window_of_months_is_read_in_pieces(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    edge = WEEK.start + timedelta(days=61)
    across = Interval(edge - HOUR, edge + HOUR)
    microsoft.occupy(SAM, across.start, across.end, "Across")

    [sam] = of(dana, SAM, window=Interval(WEEK.start, WEEK.start + timedelta(days=200)))

    assert (sam.error, sam.busy) == (None, (Busy(across, title="Across"),))


def test_one_failing_chunk_leaves_the_others_known(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    addresses = [f"rep{n}@acme.example" for n in range(20)]
    for address in addresses:
        microsoft.add_person(address, address)
    microsoft.troubles.fail(500, "InternalServerError", path=READS[1])

    answers = of(dana, *addresses)

    assert sorted(type(answer.error).__name__ for answer in answers) == 10 * ["NoneType"] + 10 * ["Unavailable"]


def test_a_personal_account_reads_itself_and_nobody_else(microsoft: MicrosoftStandIn, http: Outbound) -> None:
    personal = GraphAccount(microsoft, http, personal=True)
    personal.occupy(NINE, "Stand-up")

    mine, other = personal.provider.availability([OWN, CalendarRef(SAM)], WEEK, soon(), default_zone="UTC")

    assert ([busy.title for busy in mine.busy], why(other)) == (["Stand-up"], (Unsupported, "others"))
    assert personal.provider.capabilities.others_free_busy is False
    with pytest.raises(Unsupported):
        personal.provider.list_rooms(soon())


# --- rooms ---


def test_rooms_are_listed_where_an_administrator_allowed_it(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    for n in range(120):
        microsoft.add_room(f"room{n}@acme.example", f"Room {n}")

    with pytest.raises(Unsupported) as caught:
        dana.provider.list_rooms(soon())
    microsoft.identity.granted.add("Place.Read.All")
    microsoft.identity.expire(dana.address)

    assert caught.value.code == "rooms_consent"
    assert dana.provider.list_rooms(soon()) == tuple(RoomInfo(f"room{n}@acme.example", f"Room {n}") for n in range(120))


def _json(content: object) -> bytes:
    return json.dumps(content).encode()

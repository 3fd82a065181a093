"""What Google says about time, read: the owner's own events with their meaning, everybody else as free or busy."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.base import OWN, CalendarRef, Deadline
from scheduling.calendars.google.sign_in import ASKED
from scheduling.domain import Busy, BusyStatus, Interval
from scheduling.errors import (
    AccessDenied,
    ConsentMissing,
    DeadlineExceeded,
    EventMissing,
    RateLimited,
    Unavailable,
)
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon
from tests.scheduling.calendars.google_kit import GoogleAccount

HOUR = timedelta(hours=1)
NINE = Interval(MONDAY, MONDAY + HOUR)
SAM = CalendarRef("sam@reps.example")
EVENTS = "/events"
FREE_BUSY = "/freeBusy"


@pytest.fixture
def account(google):
    google.accounts.add_person("sam@reps.example", "Sam Okafor", "Europe/London")
    return GoogleAccount(google)


def own(account, window=WEEK, zone="Europe/Berlin"):
    [answer] = account.provider.availability([OWN], window, soon(), default_zone=zone)
    return answer


def invited(answer: str) -> dict[str, Any]:
    """Content of an event that the account's owner was invited to and answered."""
    return {"attendees": [{"email": "owner", "responseStatus": answer}]}


# --- the owner's own time ---


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param({}, Busy(NINE, title="Stand-up"), id="an event is busy"),
        pytest.param({"transparency": "transparent"}, None, id="shown as free"),
        pytest.param({"transparency": "opaque"}, Busy(NINE, title="Stand-up"), id="shown as busy"),
        pytest.param({"status": "cancelled"}, None, id="cancelled"),
        pytest.param({"status": "tentative"}, Busy(NINE, BusyStatus.TENTATIVE, "Stand-up"), id="tentative"),
        pytest.param(invited("accepted"), Busy(NINE, title="Stand-up"), id="accepted"),
        pytest.param(invited("declined"), None, id="declined"),
        pytest.param(invited("needsAction"), Busy(NINE, BusyStatus.TENTATIVE, "Stand-up"), id="not answered"),
        pytest.param(invited("tentative"), Busy(NINE, BusyStatus.TENTATIVE, "Stand-up"), id="maybe"),
        pytest.param({"visibility": "private"}, Busy(NINE, private=True), id="private hides its title"),
        pytest.param({"visibility": "confidential"}, Busy(NINE, private=True), id="confidential hides its title"),
        pytest.param({"visibility": "public"}, Busy(NINE, title="Stand-up"), id="public"),
        pytest.param({"eventType": "outOfOffice"}, Busy(NINE, BusyStatus.OUT_OF_OFFICE, "Stand-up"), id="away"),
        pytest.param({"eventType": "focusTime"}, Busy(NINE, title="Stand-up"), id="focus time is busy"),
        pytest.param({"eventType": "workingLocation"}, None, id="working from somewhere is not busy"),
        pytest.param({"eventType": "birthday"}, None, id="a birthday takes no time"),
        pytest.param({"eventType": "fromGmail"}, Busy(NINE, title="Stand-up"), id="a flight from a mail is busy"),
        pytest.param({"title": ""}, Busy(NINE), id="no title"),
    ],
)
def test_what_an_event_means_for_its_owners_time(account, content, expected):
    if "attendees" in content:
        content = {"attendees": [{**content["attendees"][0], "email": account.email}, {"email": "noa@acme.example"}]}
    event = account.occupy(NINE, **{"title": "Stand-up", **content})

    answer = own(account)

    assert answer.error is None
    wanted = [] if expected is None else [(expected.interval, expected.status, expected.title, expected.private)]
    assert [(b.interval, b.status, b.title, b.private) for b in answer.busy] == wanted
    assert [b.uid for b in answer.busy] == [event["iCalUID"] for _ in wanted]


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Europe/Berlin", datetime(2026, 11, 24, 23, tzinfo=UTC), datetime(2026, 11, 25, 23, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 25, 5, tzinfo=UTC), datetime(2026, 11, 26, 5, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 11, 24, 10, tzinfo=UTC), datetime(2026, 11, 25, 10, tzinfo=UTC)),
    ],
)
def test_a_whole_day_is_a_day_of_the_calendar_and_not_of_the_reader(account, zone, start, end):
    account.calendar.zone = zone
    days = {"start": {"date": "2026-11-25"}, "end": {"date": "2026-11-26"}}
    account.standin.accounts.add_event(account.calendar, {"summary": "Offsite", **days})

    answer = own(account, Interval(start - 24 * HOUR, end + 24 * HOUR), zone="Asia/Kolkata")

    assert [busy.interval for busy in answer.busy] == [Interval(start, end)]


def test_a_day_with_a_clock_change_is_as_long_as_it_is(account):
    account.standin.accounts.add_event(
        account.calendar, {"start": {"date": "2026-10-25"}, "end": {"date": "2026-10-26"}}
    )
    window = Interval(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC))

    [busy] = own(account, window).busy

    assert busy.interval.duration == timedelta(hours=25)


def test_an_event_without_length_takes_no_time(account):
    moment = {"dateTime": MONDAY.isoformat()}
    account.standin.accounts.add_event(account.calendar, {"start": moment, "end": moment})

    assert own(account).busy == ()


def test_times_written_in_a_zone_of_their_own_are_understood(account):
    start, end = ({"dateTime": f"2026-11-25T{t}:00:00", "timeZone": "Asia/Kolkata"} for t in ("10", "11"))
    account.standin.accounts.add_event(account.calendar, {"start": start, "end": end})
    at = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)

    [busy] = own(account, Interval(at - HOUR, at + 2 * HOUR)).busy

    assert busy.interval == Interval(at, at + HOUR)


def test_an_event_that_cannot_be_read_makes_the_time_unknown_and_not_free(account):
    event = account.occupy(NINE, "Odd")
    answer = {"kind": "calendar#events", "items": [{**event, "start": {"dateTime": "soon"}}]}
    account.standin.troubles.add(Trouble("GET", EVENTS, 1, 200, json.dumps(answer).encode()))

    read = own(account)

    assert (read.busy, type(read.error)) == ((), Unavailable)


def test_other_calendars_that_the_owner_owns_and_shows_count_and_no_others(account, google):
    stretches = [Interval(MONDAY + n * HOUR, MONDAY + (n + 1) * HOUR) for n in range(5)]
    mine = google.accounts.add_calendar(account.email, "Side business")
    unseen = google.accounts.add_calendar(account.email, "Old", selected=False)
    holidays = google.accounts.add_calendar(account.email, "Holidays", role="reader")
    team = google.accounts.add_calendar(account.email, "Team", role="writer")
    for calendar_id, stretch in zip(
        (account.calendar_id, mine.id, unseen.id, holidays.id, team.id), stretches, strict=True
    ):
        google.accounts.occupy(calendar_id, stretch.start, stretch.end)

    answer = own(account)
    calendars = account.provider.list_calendars(soon())

    assert [busy.interval for busy in answer.busy] == stretches[:2]
    assert [(c.name, c.primary, c.writable, c.counts_as_busy) for c in calendars] == [
        (account.email, True, True, True),
        ("Side business", False, True, True),
        ("Old", False, True, False),
        ("Holidays", False, False, False),
        ("Team", False, True, False),
    ]


def test_one_calendar_that_fails_makes_the_whole_time_unknown(account, google):
    mine = google.accounts.add_calendar(account.email, "Side business")
    account.occupy(NINE, "Stand-up")
    google.troubles.fail(500, "backendError", path=mine.id)

    answer = own(account)

    assert (answer.busy, type(answer.error)) == ((), Unavailable)


def test_the_primary_calendar_comes_first_wherever_google_lists_it(account, google):
    person = google.accounts.people[account.email]
    google.accounts.add_calendar(account.email, "Side business")
    person.entries = dict(reversed(person.entries.items()))

    assert [c.primary for c in account.provider.list_calendars(soon())] == [True, False]


def test_long_lists_are_read_to_their_end(account, google):
    for number in range(260):
        google.accounts.add_calendar(account.email, f"Project {number}", role="reader")

    assert len(account.provider.list_calendars(soon())) == 261


def test_a_list_without_an_end_is_given_up(account, google):
    answer = {"kind": "calendar#events", "items": [], "nextPageToken": "again"}
    google.troubles.add(Trouble("GET", EVENTS, 99, 200, json.dumps(answer).encode()))

    assert own(account).error.code == "too_many_pages"


# --- everybody else ---


def test_others_are_read_as_free_or_busy_without_titles(account, google):
    google.accounts.occupy(SAM.address, MONDAY, MONDAY + HOUR, "Secret plan")
    google.accounts.occupy(SAM.address, MONDAY + HOUR, MONDAY + 2 * HOUR)

    [answer] = account.provider.availability([SAM], WEEK, soon(), default_zone="Europe/Berlin")

    assert answer.busy == (Busy(Interval(MONDAY, MONDAY + 2 * HOUR)),)
    assert account.provider.capabilities.others_free_busy
    assert not account.provider.capabilities.titles_of_others


def test_whoever_does_not_share_is_unknown_while_the_others_are_read(account, google):
    google.accounts.add_person("noa@acme.example", "Noa Levi", "America/New_York", shares=False)
    google.accounts.occupy(SAM.address, MONDAY, MONDAY + HOUR)
    refs = [CalendarRef("noa@acme.example"), SAM, CalendarRef("nobody@acme.example"), OWN]

    noa, sam, nobody, mine = account.provider.availability(refs, WEEK, soon(), default_zone="Europe/Berlin")

    assert [a.ref for a in (noa, sam, nobody, mine)] == refs
    assert [type(a.error) for a in (noa, sam, nobody, mine)] == [EventMissing, type(None), EventMissing, type(None)]
    assert [len(a.busy) for a in (noa, sam, nobody, mine)] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("calendar", "kind"),
    [
        ({"errors": [{"domain": "global", "reason": "notFound"}]}, EventMissing),
        ({"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}, EventMissing),
        ({"errors": [{"domain": "global", "reason": "forbidden"}], "busy": []}, AccessDenied),
        ({"errors": [{"domain": "global", "reason": "rateLimitExceeded"}], "busy": []}, RateLimited),
        ({"errors": [{"domain": "global", "reason": "internalError"}], "busy": []}, Unavailable),
        ({"errors": [{"domain": "global", "reason": "somethingNew"}], "busy": []}, Unavailable),
        ({"errors": ["odd"], "busy": []}, Unavailable),
        ({"errors": "odd", "busy": []}, Unavailable),
        ({}, Unavailable),
        ({"busy": None}, Unavailable),
        ({"busy": [{"start": "2026-11-25T10:00:00Z"}]}, Unavailable),
        ({"busy": [{"start": "soon", "end": "later"}]}, Unavailable),
        ({"busy": ["10:00"]}, Unavailable),
        (None, Unavailable),
        ("free", Unavailable),
    ],
)
def test_an_answer_that_does_not_say_busy_or_free_for_somebody_is_unknown(account, google, calendar, kind):
    answer = {"kind": "calendar#freeBusy", "calendars": {SAM.address: calendar}}
    google.troubles.add(Trouble("POST", FREE_BUSY, 1, 200, json.dumps(answer).encode()))

    [sam] = account.provider.availability([SAM], WEEK, soon(), default_zone="Europe/Berlin")

    assert (sam.busy, type(sam.error)) == ((), kind)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html></html>", b'{"calendars": []}', b'{"calendars": {}}', b"null"])
def test_an_answer_without_the_person_is_unknown(account, google, body):
    google.troubles.add(Trouble("POST", FREE_BUSY, 1, 200, body))

    [sam] = account.provider.availability([SAM], WEEK, soon(), default_zone="Europe/Berlin")

    assert (sam.busy, type(sam.error)) == ((), Unavailable)


def test_addresses_are_the_same_in_any_case(account, google):
    google.accounts.occupy(SAM.address, MONDAY, MONDAY + HOUR)
    answer = {
        "calendars": {"Sam@Reps.Example": {"busy": [{"start": "2026-11-23T09:00:00Z", "end": "2026-11-23T10:00:00Z"}]}}
    }
    google.troubles.add(Trouble("POST", FREE_BUSY, 1, 200, json.dumps(answer).encode()))

    [sam] = account.provider.availability(
        [SAM],
        Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
        soon(),
        default_zone="UTC",
    )

    assert (len(sam.busy), sam.error) == (1, None)


def test_many_people_and_long_windows_are_asked_in_pieces_that_google_takes(account, google):
    everybody = [f"person{n}@reps.example" for n in range(120)]
    for email in everybody:
        google.accounts.add_person(email, "Somebody", "Europe/Berlin")
    late = MONDAY + timedelta(days=100)
    google.accounts.occupy(everybody[119], late, late + HOUR)
    google.accounts.occupy(everybody[119], MONDAY, MONDAY + HOUR)
    border = MONDAY - HOUR + timedelta(days=60)
    google.accounts.occupy(everybody[0], border - HOUR, border + HOUR)
    window = Interval(MONDAY - HOUR, MONDAY - HOUR + timedelta(days=130))

    answers = account.provider.availability(
        [CalendarRef(email) for email in everybody], window, soon(), default_zone="Europe/Berlin"
    )

    asked = [json.loads(e.sent) for e in google.troubles.exchanges if e.path.endswith(FREE_BUSY)]
    assert sorted(len(body["items"]) for body in asked) == [20] * 3 + [50] * 6
    assert [a.error for a in answers] == [None] * 120
    assert [b.interval for b in answers[119].busy] == [Interval(MONDAY, MONDAY + HOUR), Interval(late, late + HOUR)]
    assert [b.interval for b in answers[0].busy] == [Interval(border - HOUR, border), Interval(border, border + HOUR)]


def test_one_piece_that_fails_makes_only_its_people_unknown(account, google):
    everybody = [f"person{n}@reps.example" for n in range(60)]
    for email in everybody:
        google.accounts.add_person(email, "Somebody", "Europe/Berlin")
    account.provider.list_calendars(soon())
    google.troubles.fail(500, "backendError", path=FREE_BUSY)

    answers = account.provider.availability(
        [CalendarRef(email) for email in everybody], WEEK, soon(), default_zone="Europe/Berlin"
    )

    unknown = sum(a.error is not None for a in answers)
    assert unknown in (50, 10)
    assert all(a.busy == () for a in answers)


def test_pieces_are_read_side_by_side(account, google):
    everybody = [CalendarRef(f"person{n}@reps.example") for n in range(200)]
    account.provider.list_calendars(soon())
    google.troubles.latency = 0.3

    answers = account.provider.availability(everybody, WEEK, soon(), default_zone="Europe/Berlin")

    assert google.troubles.most_at_once == 4
    assert {type(a.error) for a in answers} == {EventMissing}


def test_a_calendar_server_that_hangs_leaves_everybody_unknown_at_the_deadline(account, google):
    account.provider.list_calendars(soon())
    google.troubles.add(Trouble("POST", FREE_BUSY, hangs=True), Trouble("GET", EVENTS, hangs=True))
    deadline = Deadline.after(0.4)

    answers = account.provider.availability([OWN, SAM], WEEK, deadline, default_zone="Europe/Berlin")

    assert [(a.busy, type(a.error)) for a in answers] == [((), DeadlineExceeded)] * 2
    assert deadline.remaining() == 0


def test_a_missing_permission_is_said_and_not_taken_for_free(google):
    account = GoogleAccount(google, scopes=("openid", ASKED[2]))

    [mine, sam] = account.provider.availability([OWN, SAM], WEEK, soon(), default_zone="Europe/Berlin")

    assert [type(a.error) for a in (mine, sam)] == [ConsentMissing, ConsentMissing]


# --- servers that say less than Google does ---


def test_a_whole_day_without_a_zone_is_of_the_zone_that_the_list_tells_and_else_of_the_readers(account, google):
    days = {"start": {"date": "2026-12-08"}, "end": {"date": "2026-12-09"}}
    answer = {"kind": "calendar#events", "items": [{"id": "a", "status": "confirmed", **days}]}
    google.troubles.add(Trouble("GET", "/calendars/primary/events", 2, 200, json.dumps(answer).encode()))
    account.calendar.zone = "America/New_York"

    [told] = own(account, zone="Asia/Kolkata").busy
    account.calendar.zone = ""
    [untold] = own(account, zone="Asia/Kolkata").busy

    assert (told.interval.start, told.uid) == (datetime(2026, 12, 8, 5, tzinfo=UTC), "a@google.com")
    assert untold.interval.start == datetime(2026, 12, 7, 18, 30, tzinfo=UTC)


def test_a_primary_calendar_that_does_not_go_by_that_name_is_read_by_its_own(account, google):
    account.occupy(NINE, "Stand-up")
    google.troubles.fail(404, "notFound", path="/calendars/primary/events")

    assert [busy.title for busy in own(account).busy] == ["Stand-up"]


def test_an_account_of_which_no_calendar_could_be_found_is_unknown_and_not_free(account, google):
    google.troubles.fail(404, "notFound", path="/calendars/primary/events")
    entry = {"id": "holidays", "summary": "Holidays", "accessRole": "reader"}
    listing = {"kind": "calendar#calendarList", "items": [entry]}
    google.troubles.add(Trouble("GET", "/calendarList", 1, 200, json.dumps(listing).encode()))

    answer = own(account)

    assert (answer.busy, type(answer.error)) == ((), EventMissing)

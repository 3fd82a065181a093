"""Answers that Google's documents allow and that are not the usual ones."""

import json
from datetime import timedelta

import pytest

from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.base import OWN, CalendarRef
from scheduling.calendars.google.sign_in import ASKED, revoke_urls
from scheduling.domain import Interval
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon
from tests.scheduling.calendars.google_kit import CALLBACK, GoogleAccount, at_the_page, system_at

NINE = Interval(MONDAY, MONDAY + timedelta(hours=1))


def busy_of(account, *refs):
    return account.provider.availability(refs, WEEK, soon(), default_zone="Europe/Berlin")


def test_an_id_token_that_cannot_be_read_is_done_without(google):
    email = GoogleAccount(google).email
    system = system_at(google)
    there = system.begin(CALLBACK, "s", email)
    params = at_the_page(there.url, email)
    granted = google.identity.grant(email, ASKED)
    answer = {**granted, "scope": " ".join(reversed(granted["scope"].split())), "id_token": "no.token"}
    google.troubles.add(Trouble("POST", "/token", 1, 200, json.dumps(answer).encode()))

    account = system.finish(there.flow, params, CALLBACK, soon())

    assert (account.label, account.account_id) == (email, email)


@pytest.mark.parametrize(
    ("token_url", "asked"),
    [
        ("https://oauth2.googleapis.com/token", ("https://oauth2.googleapis.com/revoke",)),
        (
            "http://127.0.0.1:4000/oauth2/v4/token",
            ("http://127.0.0.1:4000/oauth2/v4/revoke", "http://127.0.0.1:4000/revoke"),
        ),
    ],
)
def test_access_is_given_back_beside_the_token_endpoint_or_at_its_root(token_url, asked):
    assert revoke_urls(token_url) == asked


def test_a_page_without_entries_is_no_end(google):
    account = GoogleAccount(google)
    account.occupy(NINE, "Stand-up")
    first = json.dumps({"kind": "calendar#events", "items": [], "nextPageToken": "0"}).encode()
    google.troubles.add(Trouble("GET", "/calendars/primary/events", 1, 200, first))

    (own,) = busy_of(account, OWN)

    assert [busy.interval for busy in own.busy] == [NINE]


def test_names_without_a_value_are_names_that_are_not_there(google):
    account = GoogleAccount(google)
    times = {
        "start": {"date": None, "dateTime": "2026-12-07T10:00:00.000+01:00", "timeZone": None},
        "end": {"date": None, "dateTime": "2026-12-07T10:00:00Z", "timeZone": None},
    }
    event = {"id": "a1", "status": "confirmed", "summary": None, "attendees": None, "transparency": None, **times}
    page = {"kind": "calendar#events", "items": [event], "nextPageToken": None}
    google.troubles.add(Trouble("GET", "/calendars/primary/events", 1, 200, json.dumps(page).encode()))

    (own,) = busy_of(account, OWN)

    assert [(busy.interval, busy.title) for busy in own.busy] == [(NINE, None)]


def test_two_spellings_of_an_address_are_answered_each_by_its_own(google):
    account = GoogleAccount(google)
    told = {
        "Sam@acme.example": {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []},
        "sam@acme.example": {"busy": [{"start": "2026-12-07T09:00:00Z", "end": "2026-12-07T15:30:00+05:30"}]},
    }
    google.troubles.add(Trouble("POST", "/freeBusy", 1, 200, json.dumps({"calendars": told}).encode()))

    loud, quiet = busy_of(account, CalendarRef("Sam@acme.example"), CalendarRef("sam@acme.example"))

    assert (loud.error.code, quiet.error, [busy.interval for busy in quiet.busy]) == ("notFound", None, [NINE])


def test_a_primary_calendar_with_an_id_of_its_own_is_called_by_its_name(google):
    email = GoogleAccount(google).email
    system = system_at(google)
    there = system.begin(CALLBACK, "s", email)
    params = at_the_page(there.url, email)
    google.troubles.add(
        Trouble("POST", "/token", 1, 200, json.dumps(google.identity.grant(email, ASKED)).encode()),
        Trouble("GET", "/calendarList", 1, 200, json.dumps(_list({"id": "primary", "summary": email})).encode()),
    )

    assert system.finish(there.flow, params, CALLBACK, soon()).label == email


def _list(*entries):
    return {"kind": "calendar#calendarList", "items": [{**e, "accessRole": "owner", "primary": True} for e in entries]}

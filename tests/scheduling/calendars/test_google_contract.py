"""What we ask of Google, and what the stand-in answers, held against Google's own description of it."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.google_standin import GoogleStandIn
from sandbox.google_standin.calendar_api import BASE
from sandbox.google_standin.troubles import Exchange
from scheduling.calendars.base import OWN, Attendee, AttendeeRole, CalendarRef
from scheduling.domain import Interval
from scheduling.errors import CalendarError
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon, spec_for
from tests.scheduling.calendars.google_contract import FILE, GoogleContract
from tests.scheduling.calendars.google_kit import GoogleAccount

pytestmark = pytest.mark.contract
HOUR = timedelta(hours=1)
ROOM = "room-a@resource.calendar.google.com"


@pytest.fixture(scope="module")
def contract() -> GoogleContract:
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip(f"CONTRACTS_DIR is not set: nothing to hold against Google's {FILE}")
    return GoogleContract(Path(folder))


@pytest.fixture
def exchanges(google: GoogleStandIn) -> list[Exchange]:
    """Everything that is ever asked of the Calendar API, once, and what was answered."""
    google.accounts.add_person("sam@reps.example", "Sam Okafor", "Europe/London")
    google.accounts.occupy("sam@reps.example", MONDAY, MONDAY + HOUR, "Doctor")
    google.accounts.add_room(ROOM, "Aachen 1")
    account = GoogleAccount(google)
    google.accounts.add_calendar(account.email, "Side business")
    google.accounts.add_event(account.calendar, {"start": {"date": "2026-12-08"}, "end": {"date": "2026-12-09"}})
    account.occupy(Interval(MONDAY, MONDAY + HOUR), "Doctor", visibility="private", transparency="opaque")
    guests = (
        Attendee("buyer@acme.example", "Acme Buyer"),
        Attendee("noa@acme.example", "Noa Levi", AttendeeRole.OPTIONAL),
        Attendee(ROOM, "Aachen 1", AttendeeRole.ROOM),
    )
    more = {"location": "Here", "url": "https://schedule.example/m/1", "reminder_minutes": 10, "private": True}
    spec = spec_for(account.calendar_id, attendees=guests, native_conference=True, **more)
    provider = account.provider

    provider.list_calendars(soon())
    provider.availability(
        [OWN, CalendarRef("sam@reps.example"), CalendarRef("x@y.example")], WEEK, soon(), default_zone="UTC"
    )
    ref = provider.create_event(spec, soon())
    provider.create_event(spec, soon())
    state = provider.get_event(ref, soon())
    provider.find_event(spec, soon())
    provider.find_event(replace(spec, key=replace(spec.key, generation=9)), soon())
    moved = replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), title="New", attendees=guests[:1])
    changed = provider.update_event(state.ref, moved, soon())
    provider.cancel_event(changed, "Sorry", soon())
    provider.cancel_event(changed, "Sorry", soon())
    with pytest.raises(CalendarError):
        provider.create_event(spec_for("gone@reps.example"), soon())
    google.identity.expire_access_tokens()
    provider.list_calendars(soon())
    return [exchange for exchange in google.troubles.exchanges if exchange.path.startswith(BASE)]


def test_everything_asked_and_answered_is_as_google_describes_it(contract, exchanges):
    problems = {f"{e.method} {e.path} {e.status}": contract.problems_of(e) for e in exchanges}

    assert {name: found for name, found in problems.items() if found} == {}
    assert {(e.method, e.status) for e in exchanges} >= {
        ("GET", 200), ("GET", 401), ("GET", 404), ("POST", 200), ("POST", 404), ("POST", 409), ("PATCH", 200),
        ("DELETE", 204), ("DELETE", 410),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"sent": b'{"summary": 7}'}, "request summary: 7 is not of type 'string'"),
        ({"sent": b'{"invitees": []}'}, "request : Additional properties are not allowed ('invitees' was unexpected)"),
        ({"query": (("sendUpdates", "maybe"),)}, "sendUpdates: 'maybe' is not one of ['all', 'externalOnly', 'none']"),
        ({"query": (("notify", "all"),)}, "the parameter notify is not described"),
        ({"answered": b'{"start": {"date": "soon"}}'}, "answer start/date: 'soon' is not a 'date'"),
        ({"status": 202}, "POST /calendar/v3/calendars/x/events does not answer with 202"),
        ({"path": f"{BASE}/calendars/x/happenings"}, "POST /calendar/v3/calendars/x/happenings is not described"),
    ],
)
def test_the_check_notices_what_google_does_not_describe(contract, change, problem):
    """Else the test above would prove nothing."""
    good = Exchange("POST", f"{BASE}/calendars/x/events", (("sendUpdates", "all"),), {}, b"{}", 200, b"{}")

    assert contract.problems_of(good) == []
    assert contract.problems_of(replace(good, **change)) == [problem]


def test_the_stand_in_answers_with_real_content(contract, exchanges):
    """An empty object fits every schema: these have what we read."""
    bodies = [json.loads(e.answered) for e in exchanges if e.status == 200]

    assert all(body.get("kind", "").startswith("calendar#") for body in bodies)

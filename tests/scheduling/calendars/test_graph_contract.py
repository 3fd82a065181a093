"""What we ask of Graph, and what the stand-in answers, held against Microsoft's own description of it."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.troubles import Exchange
from scheduling.calendars.base import OWN, Attendee, AttendeeRole, CalendarRef
from scheduling.domain import Interval
from scheduling.errors import CalendarError
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon, spec_for
from tests.scheduling.calendars.graph_contract import FILE, GraphContract
from tests.scheduling.calendars.graph_kit import GraphAccount

pytestmark = pytest.mark.contract
ROOM, SAM = "boardroom@acme.example", "sam@acme.example"


@pytest.fixture(scope="module")
def contract() -> GraphContract:
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip(f"CONTRACTS_DIR is not set: nothing to hold against Microsoft's {FILE}")
    return GraphContract(Path(folder))


@pytest.fixture
def exchanges(microsoft: MicrosoftStandIn, http: Outbound) -> list[Exchange]:
    """Everything that is ever asked of Graph, once, and what was answered."""
    microsoft.identity.granted.add("Place.Read.All")
    microsoft.add_person(SAM, "Sam Okafor")
    microsoft.occupy(SAM, MONDAY, MONDAY + timedelta(hours=1), "Doctor", sensitivity="private")
    microsoft.add_room(ROOM, "Board room")
    dana = GraphAccount(microsoft, http)
    dana.occupy(Interval(MONDAY, MONDAY + timedelta(days=1)), "Holiday", isAllDay=True, showAs="oof")
    provider = dana.provider
    guests = (Attendee("buyer@acme.example", "Acme Buyer"), Attendee(ROOM, "Board room", AttendeeRole.ROOM))
    spec = spec_for(dana.calendar_id, attendees=guests, native_conference=True, reminder_minutes=10, location="Here")
    bare = spec_for(dana.calendar_id, MONDAY + timedelta(days=1), zone="America/Vancouver")

    provider.list_rooms(soon())
    provider.availability([OWN, CalendarRef(SAM), CalendarRef("x@acme.example")], WEEK, soon(), default_zone="UTC")
    ref, other = provider.create_event(spec, soon()), provider.create_event(bare, soon())
    provider.find_event(spec, soon())
    provider.get_event(ref, soon())
    changed = replace(spec, description="New", attendees=guests[:1], title="New", location="There", sequence=1)
    moved = replace(changed, interval=bare.interval)
    provider.cancel_event(provider.update_event(ref, moved, soon()), "Sorry", soon())
    provider.cancel_event(other, None, soon())
    for refused in (lambda: provider.get_event(ref, soon()), lambda: provider.create_event(spec_for("gone"), soon())):
        with pytest.raises(CalendarError):
            refused()
    return [exchange for exchange in microsoft.troubles.exchanges if exchange.of_graph]


def test_every_request_and_every_answer_is_as_microsoft_describes_it(
    contract: GraphContract, exchanges: list[Exchange]
) -> None:
    problems = {f"{e.method} {e.path} {e.status}": found for e in exchanges if (found := contract.problems(e))}

    assert problems == {}
    assert {(e.method, e.status) for e in exchanges} == {
        ("GET", 200),
        ("POST", 200),
        ("POST", 201),
        ("PATCH", 200),
        ("POST", 202),
        ("POST", 400),
        ("DELETE", 204),
        ("GET", 404),
    }


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"raw_path": "/me/calender/events"}, "no POST /me/calender/events"),
        ({"query": {"$tpo": "5"}}, "parameter $tpo"),
        ({"sent": b'{"subjekt": "x"}'}, "request $: "),
        ({"sent": b'{"showAs": "bussy"}'}, "request $.showAs: "),
        ({"sent": b'{"attendees": {}}'}, "request $.attendees: "),
        ({"answered": b'{"start": "2026-12-07"}'}, "answer $.start: "),
        ({"status": 299}, "status 299"),
    ],
)
def test_the_check_finds_what_is_wrong(
    contract: GraphContract, exchanges: list[Exchange], change: dict[str, object], problem: str
) -> None:
    created = next(e for e in exchanges if e.status == 201)

    found = contract.problems(replace(created, **change))

    assert [each for each in found if each.startswith(problem)]

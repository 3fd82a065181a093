"""What goes over the wire is valid against Microsoft's own schemas of EWS: our requests and the stand-in's answers.

The schemas are not part of this repository: CONTRACTS_DIR names the folder that holds `ews/messages.xsd`.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from sandbox.exchange_standin import ExchangeStandin, Fault
from sandbox.exchange_standin.soap import M, S, T
from scheduling.calendars.base import OWN, Attendee, AttendeeRole, CalendarRef
from scheduling.domain import Interval
from scheduling.errors import CalendarError
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon, spec_for
from tests.scheduling.calendars.ews_kit import ExchangeAccount

pytestmark = pytest.mark.contract
HOUR = timedelta(hours=1)
SHOWS = ("Detailed", "FreeBusy", "MergedOnly", "None", "denied")


@pytest.fixture(scope="session")
def schema() -> etree.XMLSchema:
    folder = Path(os.environ.get("CONTRACTS_DIR", "")) / "ews"
    if not (folder / "messages.xsd").is_file():
        pytest.skip("CONTRACTS_DIR does not name a folder with ews/messages.xsd")
    return etree.XMLSchema(etree.parse(str(folder / "messages.xsd")))


@pytest.fixture(scope="session")
def types(schema: etree.XMLSchema) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(Path(os.environ["CONTRACTS_DIR"]) / "ews" / "types.xsd")))


def everything(standin: ExchangeStandin, http: Outbound) -> Iterator[str]:
    """Every call that the product makes, and every kind of answer; yields what was done."""
    dana = ExchangeAccount(standin, http)
    dana.occupy(Interval(MONDAY, MONDAY + HOUR), "Pricing", Sensitivity="Private", IsAllDayEvent="true")
    guests = (
        Attendee("sam@acme.example", "Sam Okafor"),
        Attendee("buyer@acme.example", "Acme Buyer", AttendeeRole.OPTIONAL),
        Attendee("oslo@acme.example", "", AttendeeRole.ROOM),
    )
    more = {"location": "Oslo", "reminder_minutes": 15, "private": True, "url": "https://meet.example/1"}
    full, plain = spec_for(dana.calendar_id, attendees=guests, **more), spec_for(dana.calendar_id)
    for spec in (full, plain):
        ref = dana.provider.create_event(spec, soon())
        changed = replace(spec, attendees=spec.attendees[:1], location="", title="Moved")
        ref = dana.provider.update_event(ref, changed, soon())
        dana.provider.get_event(ref, soon())
        dana.provider.availability([OWN], WEEK, soon(), default_zone="UTC")
        dana.provider.cancel_event(ref, "Sorry", soon())
        dana.provider.cancel_event(ref, "Sorry", soon())  # gone
    yield "events"
    sam = standin.directory.mailboxes["sam@acme.example"]
    sam.add(MONDAY, MONDAY + HOUR, "Team sync", LegacyFreeBusyStatus="OOF")
    refs = [CalendarRef("sam@acme.example"), CalendarRef("stranger@acme.example")]
    for sam.shows in SHOWS:
        dana.provider.availability(
            refs, Interval(WEEK.start, WEEK.start + timedelta(days=50)), soon(), default_zone="UTC"
        )
    yield "free/busy"
    dana.provider.list_rooms(soon())
    yield "rooms"
    missing = spec_for("AAMknothing")
    with pytest.raises(CalendarError):
        dana.provider.create_event(missing, soon())
    yield "refusals"


def problems(schema: etree.XMLSchema, body: bytes) -> list[str]:
    """Where the first element of a SOAP body is not as the schema says."""
    inner = etree.fromstring(body).find(f"{S}Body")[0]
    alone = etree.fromstring(etree.tostring(inner))
    return [] if schema.validate(alone) else [f"{alone.tag}: {error}" for error in schema.error_log]


def test_every_request_and_answer_is_valid(exchange: ExchangeStandin, http: Outbound, schema: etree.XMLSchema):
    done = list(everything(exchange, http))

    operations = {etree.fromstring(request).find(f"{S}Body")[0].tag for request, _ in exchange.exchanged}
    assert done == ["events", "free/busy", "rooms", "refusals"]
    assert operations == {
        f"{M}{name}"
        for name in (
            *("GetFolder", "FindItem", "GetItem", "CreateItem", "UpdateItem", "DeleteItem"),
            *("GetRoomLists", "GetRooms", "GetUserAvailabilityRequest"),
        )
    }
    found = [problem for pair in exchange.exchanged for body in pair for problem in problems(schema, body)]
    assert found == []


def test_headers_are_valid_too(exchange: ExchangeStandin, http: Outbound, types: etree.XMLSchema):
    list(everything(exchange, http))

    headers = [
        etree.tostring(part)
        for pair in exchange.exchanged
        for body in pair
        for part in etree.fromstring(body).iter(
            f"{T}RequestServerVersion", f"{T}ServerVersionInfo", f"{T}TimeZoneContext"
        )
    ]
    assert len(headers) > 50
    assert [header for header in set(headers) if not types.validate(etree.fromstring(header))] == []


def test_time_zones_are_told_as_the_schema_says(exchange: ExchangeStandin, http: Outbound, schema: etree.XMLSchema):
    """exchangelib's own way to free/busy asks for zones first; a client that does is answered properly."""
    from exchangelib.ewsdatetime import UTC, EWSDateTime

    from scheduling.calendars.ews.errors import calling

    dana = ExchangeAccount(exchange, http)
    protocol = dana.reopened()._account.protocol
    start = EWSDateTime(2026, 12, 7, tzinfo=UTC)
    with calling(soon()):
        [view] = list(
            protocol.get_free_busy_info([("sam@acme.example", "Required", False)], start, start + timedelta(days=1))
        )

    assert view.view_type == "DetailedMerged"
    assert "GetServerTimeZones" in exchange.calls
    assert [problem for pair in exchange.exchanged for body in pair for problem in problems(schema, body)] == []


def test_the_check_itself_can_fail(schema: etree.XMLSchema, exchange: ExchangeStandin, http: Outbound):
    ExchangeAccount(exchange, http)
    request, answer = exchange.exchanged[0]

    assert problems(schema, request.replace(b"BaseShape", b"BaseForm")) != []
    assert problems(schema, answer.replace(b"DisplayName", b"Label")) != []
    assert Fault().is_due("GetFolder")

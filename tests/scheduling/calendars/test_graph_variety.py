"""Answers that Microsoft's documents allow and that are not the usual ones."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.troubles import Trouble, error_body
from scheduling.calendars.base import OWN, Attendee, CalendarRef, EventSpec
from scheduling.domain import Busy, BusyStatus, Interval
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon, spec_for
from tests.scheduling.calendars.graph_kit import GraphAccount, signed_in, system_at

HOUR = timedelta(hours=1)
NINE = Interval(MONDAY, MONDAY + HOUR)
SAM = "sam@acme.example"
EVENTS = "/events"


@pytest.fixture
def dana(microsoft: MicrosoftStandIn, http: Outbound) -> GraphAccount:
    return GraphAccount(microsoft, http)


@pytest.fixture
def spec(dana: GraphAccount) -> EventSpec:
    return spec_for(dana.calendar_id)


def answer(content: Mapping[str, Any], path: str, method: str = "GET") -> Trouble:
    return Trouble(method, path, status=200, body=json.dumps(content).encode())


# --- lists ---


@pytest.mark.parametrize("address", [lambda standin: standin.graph_url, lambda _: "/v1.0"], ids=["whole", "relative"])
def test_a_page_without_entries_is_no_end(
    dana: GraphAccount, microsoft: MicrosoftStandIn, address: Callable[[MicrosoftStandIn], str]
) -> None:
    dana.occupy(NINE, "Stand-up")
    window = f"startDateTime={WEEK.start:%Y-%m-%dT%H:%M:%SZ}&endDateTime={WEEK.end:%Y-%m-%dT%H:%M:%SZ}"
    link = f"{address(microsoft)}/me/calendarView?{window}&$skip=0"
    microsoft.troubles.add(answer({"value": [], "@odata.nextLink": link}, "/me/calendarView"))

    (own,) = dana.provider.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")

    assert own.busy == (Busy(NINE, title="Stand-up", uid=own.busy[0].uid),)


def test_our_event_on_a_later_page_is_found(dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec) -> None:
    ref = dana.provider.create_event(spec, soon())
    wanted = f"$expand={quote(_ours(dana), safe='$')}"
    link = f"{microsoft.graph_url}/me/calendars/{quote(dana.calendar_id, safe='')}/events?{wanted}"
    microsoft.troubles.add(answer({"value": [], "@odata.nextLink": link}, EVENTS))

    found = dana.provider.find_event(spec, soon())

    assert (found, dana.count()) == (ref, 1)


def test_a_server_that_does_not_filter_gives_us_nobody_elses_event(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    dana.occupy(NINE, "Somebody else's")
    (other,) = dana.mailbox.events.values()
    everything = {"value": [microsoft.office.told(dana.mailbox, other)]}
    microsoft.troubles.add(answer(everything, EVENTS), answer(everything, EVENTS))

    assert dana.provider.find_event(spec, soon()) is None
    ref = dana.provider.create_event(spec, soon())

    assert ref.event_id != other.id
    assert dana.mailbox.events[ref.event_id].content["subject"] == spec.title


def test_where_events_cannot_be_searched_for_the_transaction_alone_makes_one(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    no_search = error_body("ErrorInvalidUrlQueryFilter")
    microsoft.troubles.add(Trouble("GET", EVENTS, 2, status=400, body=no_search))

    first, second = (dana.provider.create_event(spec, soon()) for _ in range(2))

    assert (first, dana.count()) == (second, 1)


def test_an_event_is_known_by_its_transaction_where_our_properties_are_not_told(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    ref = dana.provider.create_event(spec, soon())
    bare = microsoft.office.told(dana.mailbox, dana.mailbox.events[ref.event_id])
    microsoft.troubles.add(answer({"value": [bare]}, EVENTS))

    assert dana.provider.find_event(spec, soon()) == ref


def test_the_default_calendar_is_asked_for_where_the_list_does_not_mark_it(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    side = microsoft.directory.add_calendar(dana.address, "Side")
    listed = [{"id": c, "name": "x", "canEdit": True} for c in (side.id, dana.calendar_id)]
    microsoft.troubles.add(answer({"value": listed}, "/me/calendars"))

    first, second = dana.provider.list_calendars(soon())

    assert (first.id, first.primary, first.counts_as_busy) == (dana.calendar_id, True, True)
    assert (second.id, second.primary, second.counts_as_busy) == (side.id, False, False)


# --- schedules ---


def test_a_schedule_without_items_is_read_by_its_digits(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    window = Interval(MONDAY, MONDAY + 2 * HOUR)
    schedule = {"scheduleId": SAM, "availabilityView": "01234422", "workingHours": None}
    microsoft.troubles.add(answer({"value": [schedule]}, "/getSchedule", "POST"))

    (sam,) = dana.provider.availability([CalendarRef(SAM)], window, soon(), default_zone="Europe/Berlin")

    quarter = HOUR / 4
    told = [((b.interval.start - MONDAY) // quarter, b.interval.duration // quarter, b.status) for b in sam.busy]
    assert told == [
        (1, 1, BusyStatus.TENTATIVE),
        (2, 1, BusyStatus.BUSY),
        (3, 1, BusyStatus.OUT_OF_OFFICE),
        (4, 2, BusyStatus.WORKING_ELSEWHERE),
        (6, 2, BusyStatus.BUSY),
    ]


# --- events ---


@pytest.mark.parametrize("status", [400, 404, 405])
def test_what_cannot_be_cancelled_is_deleted(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec, status: int
) -> None:
    ref = dana.provider.create_event(replace(spec, attendees=(Attendee(SAM, "Sam Okafor"),)), soon())
    microsoft.troubles.add(Trouble("POST", "/cancel", status=status, body=error_body("ResourceNotFound")))

    dana.provider.cancel_event(ref, None, soon())

    assert dana.count() == 0


def test_a_meeting_that_may_not_be_held_by_teams_is_booked_without_its_link(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.troubles.add(Trouble("POST", EVENTS, status=400, body=error_body("ErrorInvalidArgument")))

    ref = dana.provider.create_event(replace(spec, native_conference=True), soon())

    assert (ref.join_url, dana.count()) == (None, 1)


def test_a_link_that_stands_on_the_event_before_it_stands_in_lists_is_found(
    dana: GraphAccount, microsoft: MicrosoftStandIn, spec: EventSpec
) -> None:
    microsoft.office.links_late = 1
    wanted = replace(spec, native_conference=True)
    ref = dana.provider.create_event(wanted, soon())
    listed = microsoft.office.told(dana.mailbox, dana.mailbox.events[ref.event_id])
    microsoft.troubles.add(answer({"value": [{**listed, "onlineMeeting": None}]}, EVENTS))

    again = dana.provider.create_event(wanted, soon())

    assert (ref.join_url, again.join_url) == (None, dana.mailbox.events[ref.event_id].join_url)


# --- signing in ---


def test_an_authority_without_a_discovery_document_is_taken_at_its_usual_addresses(
    microsoft: MicrosoftStandIn, http: Outbound
) -> None:
    microsoft.add_person("rae@acme.example", "Rae Quinn")
    missing = [Trouble("GET", "openid-configuration", 2, status=404, body=body) for body in (b"<html>", b"{}")]
    for trouble in missing:
        microsoft.troubles.add(trouble)
        system = system_at(microsoft, http)

        assert signed_in(system, "rae@acme.example").label == "rae@acme.example"
        microsoft.troubles.clear()


def test_an_identity_without_an_address_is_called_by_its_calendars_owner(
    microsoft: MicrosoftStandIn, http: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    microsoft.add_person("kai@acme.example", "Kai Moe")
    told = microsoft.identity._identity_of

    def nameless(*about: Any) -> str:
        head, claims, signature = told(*about).split(".")
        known = json.loads(base64.urlsafe_b64decode(claims + "=="))
        kept = {name: value for name, value in known.items() if name not in ("preferred_username", "email", "name")}
        return f"{head}.{base64.urlsafe_b64encode(json.dumps(kept).encode()).decode().rstrip('=')}.{signature}"

    monkeypatch.setattr(microsoft.identity, "_identity_of", nameless)

    account = signed_in(system_at(microsoft, http), "kai@acme.example")

    assert account.label == "kai@acme.example"
    assert account.account_id == account.secret["account"]


def _ours(account: GraphAccount) -> str:
    (event,) = account.mailbox.events.values()
    either = " or ".join(f"id eq '{name}'" for name in event.properties)
    return f"singleValueExtendedProperties($filter={either})"

"""One meeting across calendar systems: each person's own is read, the organizer's holds it, nobody is asked twice."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from sandbox import nearby
from sandbox.google_standin import GoogleStandIn
from sandbox.microsoft_standin import MicrosoftStandIn
from tests.scheduling.calendars.google_kit import back_from
from tests.scheduling.calendars.graph_kit import at_the_page
from tests.stories.conftest import Desk, opened_desk
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    calendar_parts,
    find_times,
    mails,
    pick,
    starts_on,
    stored_event,
    to_details,
    to_notifications,
    words_of,
)
from tests.stories.test_more_options import add_room

SAM = "sam@demo.example"


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    with GoogleStandIn.start() as standin:
        standin.accounts.add_person(DANA, "Dana Reyes", "Europe/Berlin")
        yield standin


@pytest.fixture
def microsoft() -> Iterator[MicrosoftStandIn]:
    with MicrosoftStandIn.start() as standin:
        standin.add_person(PRIYA, "Priya Nair")
        yield standin


@pytest.fixture
def desk(
    google: GoogleStandIn,
    microsoft: MicrosoftStandIn,
    monkeypatch: pytest.MonkeyPatch,
    combination: str,
    engine_url: str,
    calendar_server,
    proxy,
) -> Iterator[Desk]:
    settings = {
        "GOOGLE_CLIENT_ID": google.client_id,
        "GOOGLE_CLIENT_SECRET": google.client_secret,
        "GOOGLE_API_URL": google.api_url,
        "GOOGLE_AUTH_URL": google.auth_url,
        "GOOGLE_TOKEN_URL": google.token_url,
        "MICROSOFT_CLIENT_ID": microsoft.client_id,
        "MICROSOFT_CLIENT_SECRET": microsoft.client_secret,
        "MICROSOFT_AUTHORITY": microsoft.authority,
        "GRAPH_API_URL": microsoft.graph_url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with opened_desk(combination, engine_url, calendar_server, proxy) as desk:
        yield desk


def link_of(desk: Desk, user_id: str, system: str) -> str:
    """The person's own link behind a button of the first screen."""
    person = desk.rep(user_id)
    person.command("/schedule-for")
    person.wait_for("Connect a calendar")
    link = desk.link(person, system)
    person.close()
    return link


def connect_everybody(desk: Desk) -> None:
    """Dana by Google, Priya by Microsoft, Sam by CalDAV; each as a browser goes."""
    with nearby.client() as browser:
        there = browser.get(link_of(desk, "U0DANA", "Google Calendar"))
        browser.get(back_from(there.headers["location"], DANA)).raise_for_status()
    with nearby.client() as browser:
        there = browser.get(link_of(desk, "U0PRIYA", "Office 365"))
        form = at_the_page(there.headers["location"], PRIYA)
        callback = f"{desk.runner.url}/oauth/microsoft/callback"
        browser.post(callback, data=form, follow_redirects=True).raise_for_status()
    link = link_of(desk, "U0SAM", "Other CalDAV")
    assert urlsplit(link).path.startswith("/connect/")
    assert desk.sign_in(link, "U0SAM").status_code == 200


def test_a_meeting_of_three_calendar_systems_a_room_and_a_meet_link(
    desk: Desk, google: GoogleStandIn, microsoft: MicrosoftStandIn
) -> None:
    """A1, A3, 4c, 6a, 6c. What is busy in any of them is no slot; one event, one invitation for each person."""
    connect_everybody(desk)
    add_room(desk, "Oslo", "U0NOA")
    google.accounts.occupy(DANA, at(30, 12, month=11), at(30, 13, month=11), "Lunch")
    google.accounts.occupy(DANA, at(1, 10), at(1, 10, 30), "Dentist")
    microsoft.occupy(PRIYA, at(1, 10, 30), at(1, 11), "Stand-up")
    desk.calendar("U0SAM").add("Gym", at(1, 11), at(1, 11, 30))
    desk.calendar("U0NOA").add("Board", at(1, 11, 30), at(1, 12))

    rep = to_details(desk, f"{COMMAND} @priya @sam")
    rep.press("More options")
    rep.wait_for("Conferencing information", "Rooms")
    rep.choose("Conferencing information", "Google Meet")
    rep.choose("Rooms", "Oslo")
    times = find_times(rep)
    pick(rep, r"^12:00")
    to_notifications(rep)
    rep.press("Schedule")
    done = rep.wait_for("Tracking ID", timeout=30)

    [event] = [e for e in google.accounts.calendars[DANA].events.values() if e["summary"] == "Pricing call"]
    sent = mails(desk, 4)
    assert starts_on(times, "Tue 1 Dec")[0] == "12:00"
    assert sorted(attendee["email"] for attendee in event["attendees"]) == sorted([BUYER, PRIYA, SAM])
    assert sorted(mail.to for mail in google.accounts.sent if mail.kind == "invitation") == sorted([BUYER, PRIYA, SAM])
    assert {address: [calendar_parts(mail) for mail in letters] for address, letters in sent.items()} == {
        address: [[]] for address in (BUYER, DANA, PRIYA, SAM)
    }
    meet = event["hangoutLink"]
    assert all(meet in words_of(letters[0].message) for letters in sent.values())
    assert "Scheduled" in done
    assert stored_event(desk, "U0NOA").start == at(1, 12)
    assert not any(e.content["subject"] == "Pricing call" for e in microsoft.directory.mailboxes[PRIYA].events.values())

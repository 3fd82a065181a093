"""The rep's story with Office 365: signed in on Microsoft's page, read, booked and invited there, and shut out."""

from collections.abc import Iterator

import pytest

from sandbox import nearby
from sandbox.microsoft_standin import MicrosoftStandIn
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
    minutes,
    pick,
    starts_on,
    to_details,
    to_notifications,
    words_of,
)


@pytest.fixture(params=["http-sqlite"])
def combination(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def microsoft() -> Iterator[MicrosoftStandIn]:
    with MicrosoftStandIn.start() as standin:
        standin.add_person(DANA, "Dana Reyes")
        standin.add_person(PRIYA, "Priya Nair")
        yield standin


@pytest.fixture
def desk(
    microsoft: MicrosoftStandIn,
    monkeypatch: pytest.MonkeyPatch,
    combination: str,
    engine_url: str,
    calendar_server,
    proxy,
) -> Iterator[Desk]:
    monkeypatch.setenv("MICROSOFT_CLIENT_ID", microsoft.client_id)
    monkeypatch.setenv("MICROSOFT_CLIENT_SECRET", microsoft.client_secret)
    monkeypatch.setenv("MICROSOFT_AUTHORITY", microsoft.authority)
    monkeypatch.setenv("GRAPH_API_URL", microsoft.graph_url)
    with opened_desk(combination, engine_url, calendar_server, proxy) as desk:
        yield desk


def connect_office_365(desk: Desk) -> str:
    """From the button on the first screen to the last page; the page's words."""
    desk.dana.command("/schedule-for")
    desk.dana.wait_for("Connect a calendar")
    link = desk.link(desk.dana, "Office 365")
    desk.dana.close()
    return sign_in(desk, link)


def sign_in(desk: Desk, link: str) -> str:
    """As a browser goes: to Microsoft's page, Allow, and back with the form."""
    with nearby.client() as browser:
        there = browser.get(link)
        form = at_the_page(there.headers["location"], DANA)
        page = browser.post(f"{desk.runner.url}/oauth/microsoft/callback", data=form, follow_redirects=True)
    return page.text


def test_a_rep_connects_office_365_and_books_what_is_free_there(desk: Desk, microsoft: MicrosoftStandIn) -> None:
    """P2, A1, C1. The busy hour is no slot; the event is there with the customer on it; Microsoft alone invites."""
    microsoft.occupy(DANA, at(1, 10), at(1, 11), "Dentist")

    page = connect_office_365(desk)
    times = desk.to_times(COMMAND).wait_for("Tue 1 Dec")
    desk.dana.close()
    screen = desk.book(COMMAND, r"^11:00").screen()

    [event] = [e for e in microsoft.directory.mailboxes[DANA].events.values() if e.content["subject"] != "Dentist"]
    told = microsoft.office.told(microsoft.directory.mailboxes[DANA], event)
    sent = mails(desk, 2)
    assert DANA in page
    assert {"10:00", "10:30"}.isdisjoint(starts_on(times, "Tue 1 Dec"))
    assert "11:00" in starts_on(times, "Tue 1 Dec")
    assert any("Scheduled" in line for line in screen.lines)
    assert (event.content["subject"], event.end - event.start) == ("Pricing call", minutes(30))
    assert [(a["emailAddress"]["address"], a["type"]) for a in told["attendees"]] == [(BUYER, "required")]
    assert [(mail["kind"], mail["to"]) for mail in microsoft.directory.mails] == [("REQUEST", [BUYER])]
    assert [calendar_parts(mail) for mail in sent[BUYER]] == [[]]


def test_a_grant_that_was_taken_back_is_told_and_a_new_sign_in_mends_it(
    desk: Desk, microsoft: MicrosoftStandIn
) -> None:
    """P2, P3. Which calendar and why, with a button; until then its times are unknown and no slots."""
    connect_office_365(desk)
    microsoft.identity.revoke(DANA)

    shut_out = desk.to_times(COMMAND).screen()
    desk.workspace.workspace.wait_until(lambda: len(desk.posted()) > 1, 10)
    message = desk.posted()[-1]
    [link] = [e["url"] for block in message["blocks"] for e in block.get("elements", ()) if "url" in e]
    sign_in(desk, link)
    desk.dana.close()
    mended = desk.to_times(COMMAND).screen()

    assert starts_on(shut_out, "Tue 1 Dec") == []
    assert f"Your calendar Office 365 ({DANA}) no longer lets us in" in message["text"]
    assert "10:00" in starts_on(mended, "Tue 1 Dec")


def test_a_colleague_without_a_calendar_is_read_by_sharing(desk: Desk, microsoft: MicrosoftStandIn) -> None:
    """4b. Priya never connected anything; her office hours are seen through Dana's account."""
    microsoft.occupy(PRIYA, at(1, 9), at(1, 10), "Stand-up")
    connect_office_365(desk)

    screen = desk.to_times(f"{COMMAND} @priya").screen()

    starts = starts_on(screen, "Tue 1 Dec")
    assert {"09:00", "09:30"}.isdisjoint(starts)
    assert "10:00" in starts
    assert any("via sharing" in line for line in screen.lines)


def test_a_teams_meeting_is_made_with_the_event_and_its_late_link_is_in_the_mail(
    desk: Desk, microsoft: MicrosoftStandIn
) -> None:
    """6a, E2. Microsoft makes the link, and shows it only after a while; the mails wait for it."""
    microsoft.office.links_late = 1
    connect_office_365(desk)
    rep = to_details(desk)
    rep.press("More options")
    rep.wait_for("Conferencing information")
    rep.choose("Conferencing information", "Microsoft Teams")
    find_times(rep)
    pick(rep, r"^11:00")
    to_notifications(rep)
    rep.press("Schedule")
    desk.workspace.workspace.wait_until(lambda: bool(microsoft.directory.mails), 10)
    desk.later(seconds=4)
    rep.wait_for("Tracking ID", timeout=20)

    [event] = microsoft.directory.mailboxes[DANA].events.values()
    assert event.join_url
    assert all(event.join_url in words_of(mail.message) for mail in mails(desk, 2)[BUYER])

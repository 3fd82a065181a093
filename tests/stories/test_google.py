"""The rep's story with Google Calendar: signed in on Google's page, read, booked and invited there, and shut out."""

from collections.abc import Iterator
from datetime import UTC

import pytest

from sandbox import nearby
from sandbox.google_standin import GoogleStandIn
from sandbox.google_standin.troubles import Trouble
from scheduling.calendars.google.events import moment
from tests.scheduling.calendars.google_kit import back_from
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
def google() -> Iterator[GoogleStandIn]:
    with GoogleStandIn.start() as standin:
        standin.accounts.add_person(DANA, "Dana Reyes", "Europe/Berlin")
        standin.accounts.add_person(PRIYA, "Priya Nair", "Asia/Kolkata")
        yield standin


@pytest.fixture
def desk(
    google: GoogleStandIn,
    monkeypatch: pytest.MonkeyPatch,
    combination: str,
    engine_url: str,
    calendar_server,
    proxy,
) -> Iterator[Desk]:
    monkeypatch.setenv("GOOGLE_CLIENT_ID", google.client_id)
    monkeypatch.setenv("GOOGLE_CLIENT_SECRET", google.client_secret)
    monkeypatch.setenv("GOOGLE_API_URL", google.api_url)
    monkeypatch.setenv("GOOGLE_AUTH_URL", google.auth_url)
    monkeypatch.setenv("GOOGLE_TOKEN_URL", google.token_url)
    with opened_desk(combination, engine_url, calendar_server, proxy) as desk:
        yield desk


def connect_google(desk: Desk) -> str:
    """From the button on the first screen to the last page, as a browser goes; the page's words."""
    desk.dana.command("/schedule-for")
    desk.dana.wait_for("Connect a calendar")
    link = desk.link(desk.dana, "Google Calendar")
    with nearby.client() as browser:
        there = browser.get(link)
        page = browser.get(back_from(there.headers["location"], DANA))
    desk.dana.close()
    return page.text


def test_a_rep_connects_google_and_books_what_is_free_there(desk: Desk, google: GoogleStandIn) -> None:
    """P2, A1, C1. The busy hour is no slot; the event is there with the customer on it; Google alone invites."""
    google.accounts.occupy(DANA, at(1, 10), at(1, 11), "Dentist")

    page = connect_google(desk)
    times = desk.to_times(COMMAND).wait_for("Tue 1 Dec")
    desk.dana.close()
    screen = desk.book(COMMAND, r"^11:00").screen()

    [event] = [e for e in google.accounts.calendars[DANA].events.values() if e["summary"] != "Dentist"]
    start, end = (moment(event[name], "UTC") for name in ("start", "end"))
    sent = mails(desk, 2)
    assert DANA in page
    assert {"10:00", "10:30"}.isdisjoint(starts_on(times, "Tue 1 Dec"))
    assert "11:00" in starts_on(times, "Tue 1 Dec")
    assert any("Scheduled" in line for line in screen.lines)
    assert (event["summary"], end - start) == ("Pricing call", minutes(30))
    assert (start.tzinfo, event["start"]["timeZone"]) == (UTC, "Europe/Berlin")
    assert [attendee["email"] for attendee in event["attendees"]] == [BUYER]
    assert [(mail.kind, mail.to) for mail in google.accounts.sent] == [("invitation", BUYER)]
    assert [calendar_parts(mail) for mail in sent[BUYER]] == [[]]


def test_a_grant_that_was_taken_back_is_told_and_its_times_are_no_slots(desk: Desk, google: GoogleStandIn) -> None:
    """P2, P3. Which calendar, and why."""
    connect_google(desk)
    google.identity.revoke_all(DANA)

    screen = desk.to_times(COMMAND).screen()

    told = desk.workspace.workspace.wait_until(
        lambda: any("Google Calendar" in str(message) for message in desk.posted()), 10
    )
    assert starts_on(screen, "Tue 1 Dec") == []
    assert told


def test_a_colleague_without_a_calendar_is_read_by_sharing(desk: Desk, google: GoogleStandIn) -> None:
    """4b. Priya never connected anything; her hours are seen through Dana's account."""
    google.accounts.occupy(PRIYA, at(1, 9), at(1, 10), "Stand-up")
    connect_google(desk)

    screen = desk.to_times(f"{COMMAND} @priya").screen()

    starts = {start[:5] for start in starts_on(screen, "Tue 1 Dec")}
    assert {"09:00", "09:30"}.isdisjoint(starts)
    assert "10:00" in starts
    assert any("via sharing" in line for line in screen.lines)


def test_an_event_whose_answer_was_cut_is_adopted_and_nobody_is_invited_twice(
    desk: Desk, google: GoogleStandIn
) -> None:
    """F5, 13c."""
    connect_google(desk)
    google.troubles.add(Trouble("POST", "/events", cut=True))

    rep = desk.to_times(COMMAND)
    rep.press_matching(r"^11:00")
    rep.wait_for("Confirm your meeting details")
    rep.press("Next")
    rep.wait_for("Step 3: External participant notifications")
    rep.press("Schedule")
    for _ in range(40):
        if "Tracking ID" in str(rep.screen().lines):
            break
        desk.later(seconds=10)
        desk.settle(0.1)
    rep.wait_for("Tracking ID", timeout=10)

    assert len(google.accounts.calendars[DANA].events) == 1
    assert [(mail.kind, mail.to) for mail in google.accounts.sent] == [("invitation", BUYER)]


def test_a_meet_link_is_made_with_the_event_and_comes_late_into_the_mails(desk: Desk, google: GoogleStandIn) -> None:
    """6a, E2. Google shows the link only after a while; the mails wait for it."""
    google.changes.meet_after = 1
    connect_google(desk)
    rep = to_details(desk)
    rep.press("More options")
    rep.wait_for("Conferencing information")
    rep.choose("Conferencing information", "Google Meet")
    find_times(rep)
    pick(rep, r"^11:00")
    to_notifications(rep)
    rep.press("Schedule")
    desk.workspace.workspace.wait_until(lambda: bool(google.accounts.sent), 10)
    desk.later(seconds=4)
    rep.wait_for("Tracking ID", timeout=20)

    [event] = google.accounts.calendars[DANA].events.values()
    link = event["hangoutLink"]
    assert link.startswith("https://meet.google.com/")
    assert all(link in words_of(mail.message) for mail in mails(desk, 2)[BUYER])

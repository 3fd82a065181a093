"""The rep's story with a company's own Exchange server, and with iCloud: typed on our page, read, booked, shut out."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from sandbox.exchange_standin import Directory, ExchangeStandin, Mailbox
from sandbox.icloud_standin import AppleAccount, ICloudStandin
from sandbox.nearby import request
from tests.stories.conftest import Desk, opened_desk
from tests.stories.reading import (
    BUYER,
    COMMAND,
    DANA,
    PRIYA,
    at,
    calendar_parts,
    mails,
    minutes,
    starts_on,
    stored_event,
)

APP_PASSWORD = "abcd-efgh-ijkl-mnop"


@pytest.fixture(params=["http-sqlite"])
def combination(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def exchange() -> Iterator[ExchangeStandin]:
    people = [Mailbox(DANA, "Dana Reyes", "DEMO\\dana", "s3cret!"), Mailbox(PRIYA, "Priya Nair", "DEMO\\priya", "x")]
    with ExchangeStandin(Directory(people)) as standin:
        yield standin


@pytest.fixture
def icloud(calendar_server) -> Iterator[ICloudStandin]:
    account = AppleAccount(DANA, {APP_PASSWORD}, "1234567890", "dana", calendar_server.users["dana"])
    with ICloudStandin(calendar_server.url, [account], host="localhost", partition="localhost") as standin:
        yield standin


@pytest.fixture
def desk(exchange, icloud, monkeypatch, combination, engine_url, calendar_server, proxy) -> Iterator[Desk]:
    monkeypatch.setenv("EXCHANGE_EWS_URL", exchange.ews_url)
    monkeypatch.setenv("ICLOUD_CALDAV_URL", icloud.url)
    with opened_desk(combination, engine_url, calendar_server, proxy) as desk:
        yield desk


def connect(desk: Desk, provider: str, **typed: str) -> httpx2.Response:
    """From the button on the first screen to the page's answer."""
    desk.dana.command("/schedule-for")
    screen = desk.dana.wait_for("Connect a calendar")
    link = next(c.element["url"] for c in screen.controls if c.element.get("action_id") == f"connect.{provider}")
    desk.dana.close()
    return fill_in(link, **typed)


def fill_in(link: str, **typed: str) -> httpx2.Response:
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    return request("POST", link, data=typed, headers={"Origin": origin})


def connect_exchange(desk: Desk, password: str = "s3cret!") -> httpx2.Response:
    return connect(desk, "exchange", email=DANA, user_name="DEMO\\dana", password=password)


def test_a_rep_connects_exchange_and_books_what_is_free_there(desk: Desk, exchange: ExchangeStandin) -> None:
    """P2, A1, C1. The busy hour is no slot; the event is there with the customer on it; Exchange alone invites."""
    mailbox = exchange.directory.mailboxes[DANA]
    mailbox.add(at(1, 10), at(1, 11), "Dentist")

    page = connect_exchange(desk)
    times = desk.to_times(COMMAND).wait_for("Tue 1 Dec")
    desk.dana.close()
    screen = desk.book(COMMAND, r"^11:00").screen()

    [event] = [item for item in mailbox.items.values() if item.text("Subject") != "Dentist"]
    assert (page.status_code, DANA in page.text) == (200, True)
    assert {"10:00", "10:30"}.isdisjoint(starts_on(times, "Tue 1 Dec"))
    assert "11:00" in starts_on(times, "Tue 1 Dec")
    assert any("Scheduled" in line for line in screen.lines)
    assert (event.text("Subject"), event.end - event.start) == ("Pricing call", minutes(30))
    assert event.guests == [("RequiredAttendees", BUYER)]
    assert [(sent.kind, sent.to) for sent in exchange.directory.sent] == [("request", BUYER)]
    assert [calendar_parts(mail) for mail in mails(desk, 2)[BUYER]] == [[]]


def test_a_changed_exchange_password_is_tried_once_told_and_mended(desk: Desk, exchange: ExchangeStandin) -> None:
    """P2, P3. Which calendar and why, with a button; until then its times are unknown and no slots."""
    connect_exchange(desk)
    exchange.directory.mailboxes[DANA].password = "n3w!"

    shut_out = desk.to_times(COMMAND).screen()
    desk.workspace.workspace.wait_until(lambda: len(desk.posted()) > 1, 10)
    message = desk.posted()[-1]
    links = [e["url"] for block in message["blocks"] for e in block.get("elements", ()) if "url" in e]
    wrong_once = exchange.signing.refused
    mended_page = fill_in(links[0], email=DANA, user_name="DEMO\\dana", password="n3w!")
    desk.dana.close()
    mended = desk.to_times(COMMAND).screen()

    assert (starts_on(shut_out, "Tue 1 Dec"), wrong_once) == ([], 1)
    assert DANA in message["text"]
    assert "the password is no longer accepted" in message["text"]
    assert mended_page.status_code == 200
    assert "10:00" in starts_on(mended, "Tue 1 Dec")


def test_a_mistyped_exchange_password_is_said_beside_its_field_and_the_link_works_on(desk: Desk) -> None:
    page = connect_exchange(desk, password="wrong")

    assert page.status_code == 422
    assert 'id="password-error">The server did not accept this user name' in page.text


def test_a_colleague_without_a_calendar_is_read_through_exchange(desk: Desk, exchange: ExchangeStandin) -> None:
    """4b. Priya never connected anything; her office hours are seen through Dana's account."""
    exchange.directory.mailboxes[PRIYA].add(at(1, 9), at(1, 10), "Stand-up")
    connect_exchange(desk)

    screen = desk.to_times(f"{COMMAND} @priya").screen()

    starts = starts_on(screen, "Tue 1 Dec")
    assert {"09:00", "09:30"}.isdisjoint(starts)
    assert "10:00" in starts
    assert any("via sharing" in line for line in screen.lines)


def test_a_rep_connects_icloud_and_books_what_is_free_there(desk: Desk) -> None:
    """P2, A1. iCloud holds the event without attendees; the customer's one invitation is our mail."""
    desk.calendar("U0DANA").add("Dentist", at(1, 10), at(1, 11))

    page = connect(desk, "icloud", email=DANA, password=APP_PASSWORD)
    times = desk.to_times(COMMAND).wait_for("Tue 1 Dec")
    desk.dana.close()
    desk.book(COMMAND, r"^11:00")

    event = stored_event(desk, "U0DANA")
    assert page.status_code == 200
    assert {"10:00", "10:30"}.isdisjoint(starts_on(times, "Tue 1 Dec"))
    assert (event["SUMMARY"], event.get("ATTENDEE")) == ("Pricing call", None)
    assert [len(calendar_parts(mail)) for mail in mails(desk, 2)[BUYER]] == [1]

"""Connecting: from whatever address a person types to their calendars, and never a password to another site."""

import time
from urllib.parse import urlsplit

import pytest

from sandbox.calendar_server import CalendarServer
from scheduling.calendars import REGISTRY, system_class
from scheduling.calendars.base import Account, CalendarInfo, Deadline
from scheduling.calendars.caldav.account import CalDavCalendar, CalDavSystem, ICloudCalendar, ICloudSystem
from scheduling.calendars.caldav.http import same_site
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    CalendarError,
    DeadlineExceeded,
    EventMissing,
    HostRefused,
    Unavailable,
    Unsupported,
)
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import USERS, loopback, soon
from tests.scheduling.calendars.odd_server import (
    CALENDAR,
    HOME,
    INBOX,
    PRINCIPAL,
    OddServer,
    Reply,
    multistatus,
    response,
)


def connect(url: str, http: Outbound, password: str = USERS["dana"], deadline: Deadline | None = None) -> Account:
    return CalDavCalendar.connect(url, "dana", password, http, deadline or soon())


def refused(url: str, http: Outbound, password: str = USERS["dana"]) -> tuple[type[CalendarError], str]:
    with pytest.raises(CalendarError) as caught:
        connect(url, http, password)
    return type(caught.value), caught.value.code


# --- real servers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["", "dana/", "dana", "dana/calendar/", ".well-known/caldav"],
    ids=["the server", "the principal", "without a slash", "one calendar", "the well-known address"],
)
def test_any_address_of_a_radicale_leads_to_the_calendars(typed: str, radicale: CalendarServer, http: Outbound) -> None:
    account = connect(radicale.url + typed, http)

    expected = CalendarInfo(radicale.calendar_of("dana"), "Calendar", None, writable=True, primary=True)
    assert (account.provider, account.label, account.account_id) == ("caldav", "dana", "dana@127.0.0.1")
    assert account.calendars == (expected,)


@pytest.mark.parametrize(
    "typed",
    ["", "dana/", "dana/calendars/", "dana/calendars/calendar/", ".well-known/caldav"],
    ids=["the server", "the principal", "the calendar home", "one calendar", "the well-known address"],
)
def test_any_address_of_a_xandikos_leads_to_the_calendars(typed: str, xandikos: str, http: Outbound) -> None:
    account = connect(xandikos + typed, http)

    assert [calendar.id for calendar in account.calendars] == [f"{xandikos}dana/calendars/calendar/"]


def test_what_connecting_gave_opens_the_account_again(radicale: CalendarServer, http: Outbound) -> None:
    account = connect(radicale.url, http)

    opened = CalDavSystem(http).open(account.secret, never_changes)

    assert opened.list_calendars(soon()) == account.calendars


def test_a_wrong_password_is_told_as_such(xandikos: str, http: Outbound) -> None:
    assert refused(xandikos, http, "wrong") == (AuthExpired, "password")


def test_a_certificate_nobody_vouches_for_is_refused_by_name(xandikos: str) -> None:
    trusting_nobody = Outbound(frozenset({"localhost"}), resolver=loopback)

    assert refused(xandikos, trusting_nobody)[1] == "tls_certificate"


# --- a server like iCloud ---------------------------------------------------------------------------------------


def test_the_home_may_be_on_a_partition_host_of_the_same_domain(odd: OddServer, http: Outbound) -> None:
    port = urlsplit(odd.url).port
    odd.home_url = f"http://p07-caldav.cloud.example:{port}{HOME}"

    system = ICloudSystem(http, f"http://caldav.cloud.example:{port}")
    account = system.connect({"email": "dana@acme.example", "password": "app-pass"}, soon())

    hosts = [headers["Host"].partition(":")[0] for _, _, headers in odd.requests]
    assert hosts == ["caldav.cloud.example"] * 2 + ["p07-caldav.cloud.example"]
    # iCloud answers 400 to depth 1 at the principal.
    assert [(path, headers["Depth"]) for _, path, headers in odd.requests] == [
        ("/", "0"),
        (PRINCIPAL, "0"),
        (HOME, "1"),
    ]
    assert [calendar.id for calendar in account.calendars] == [f"http://p07-caldav.cloud.example:{port}{CALENDAR}"]
    assert account == Account(
        provider="icloud",
        account_id="dana@acme.example",
        label="dana@acme.example",
        secret={
            "server": f"http://caldav.cloud.example:{port}/",
            "username": "dana@acme.example",
            "password": "app-pass",
            "home": odd.home_url,
            "calendar": "",
            "addresses": "dana@acme.example",
        },
        calendars=account.calendars,
    )


def test_an_icloud_password_that_is_refused_is_an_app_password(odd: OddServer, http: Outbound) -> None:
    odd.script("PROPFIND", *[Reply(401)] * 3)

    with pytest.raises(AuthExpired) as caught:
        ICloudCalendar.connect(odd.url, "dana", "wrong", http, soon())

    assert (caught.value.code, len(odd.requests)) == ("app_password", 2)


def test_a_redirect_within_the_domain_is_followed_with_method_and_password(odd: OddServer, http: Outbound) -> None:
    port = urlsplit(odd.url).port
    moved = f"http://p07-caldav.cloud.example:{port}/"
    odd.script("PROPFIND", Reply(301, headers={"Location": moved}))

    account = connect(f"http://caldav.cloud.example:{port}/", http)

    second = odd.requests[1]
    assert (second[0], second[2]["Host"], "Authorization" in second[2]) == (
        "PROPFIND",
        f"p07-caldav.cloud.example:{port}",
        True,
    )
    assert [calendar.id for calendar in account.calendars] == [moved.rstrip("/") + CALENDAR]


def test_a_redirect_to_another_site_is_not_followed(odd: OddServer, http: Outbound) -> None:
    port = urlsplit(odd.url).port
    elsewhere = Reply(302, headers={"Location": f"http://caldav.elsewhere.example:{port}/"})
    odd.script("PROPFIND", elsewhere, elsewhere)

    answer = refused(f"http://caldav.cloud.example:{port}/", http)

    assert answer == (AccessDenied, "redirect")
    assert {headers["Host"].partition(":")[0] for _, _, headers in odd.requests} == {"caldav.cloud.example"}


def test_a_home_on_another_site_is_not_asked(odd: OddServer, http: Outbound) -> None:
    port = urlsplit(odd.url).port
    odd.home_url = f"http://caldav.elsewhere.example:{port}{HOME}"

    answer = refused(f"http://caldav.cloud.example:{port}/", http)

    assert answer == (AccessDenied, "foreign_host")
    assert {headers["Host"].partition(":")[0] for _, _, headers in odd.requests} == {"caldav.cloud.example"}


def test_a_stored_calendar_on_another_site_is_never_called(odd: OddServer, http: Outbound) -> None:
    account = connect(odd.url, http)
    before = len(odd.requests)

    with pytest.raises(AccessDenied):
        CalDavCalendar(account.secret | {"home": "https://caldav.elsewhere.example/"}, http).list_calendars(soon())

    assert len(odd.requests) == before


# --- addresses that are not simply right ------------------------------------------------------------------------


def test_a_server_whose_root_is_a_web_page_is_found_by_its_well_known_address(odd: OddServer, http: Outbound) -> None:
    odd.script("PROPFIND", Reply(405), path="/")

    assert [calendar.id for calendar in connect(odd.url, http).calendars] == [odd.url.rstrip("/") + CALENDAR]


def test_a_path_that_is_not_there_falls_back_to_the_well_known_address(odd: OddServer, http: Outbound) -> None:
    assert len(connect(odd.url + "nothing/here", http).calendars) == 1


def test_an_address_without_caldav_is_told_as_such(odd: OddServer, http: Outbound) -> None:
    odd.script("PROPFIND", Reply(404), Reply(404))

    assert refused(odd.url, http) == (EventMissing, "http_404")


def test_a_web_server_that_knows_only_pages_is_unsupported(odd: OddServer, http: Outbound) -> None:
    odd.script("PROPFIND", Reply(405), Reply(404))

    assert refused(odd.url, http) == (Unsupported, "http_405")


def test_an_anonymous_answer_is_no_login(odd: OddServer, http: Outbound) -> None:
    guest = "<current-user-principal><unauthenticated/></current-user-principal>"
    odd.script("PROPFIND", Reply(207, multistatus(response("/", guest))))

    assert refused(odd.url, http) == (AuthExpired, "password")


def test_a_server_without_principals_is_taken_as_a_calendar_home(odd: OddServer, http: Outbound) -> None:
    plain = Reply(207, multistatus(response(HOME, "<resourcetype><collection/></resourcetype>")))
    odd.script("PROPFIND", plain)

    account = connect(odd.url.rstrip("/") + HOME, http)

    assert account.secret["home"] == odd.url.rstrip("/") + HOME


def test_an_account_without_calendars_is_not_connected(odd: OddServer, http: Outbound) -> None:
    odd.calendars = ()

    assert refused(odd.url, http) == (EventMissing, "no_calendar")


def test_nobody_listening_is_unavailable(http: Outbound) -> None:
    assert refused("http://127.0.0.1:9/", http) == (Unavailable, "connect")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("http://10.0.0.7/dav/", "scheme"),
        ("https://10.0.0.7/dav/", "private"),
        ("10.0.0.7", "private"),
        ("https://dana:pw@127.0.0.1/", "userinfo"),
        ("file:///etc/passwd", "scheme"),
        ("https://169.254.169.254/latest", "private"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused_with_its_reason(typed: str, reason: str, http: Outbound) -> None:
    with pytest.raises(HostRefused) as caught:
        connect(typed, http)

    assert caught.value.reason == reason


def test_a_hanging_server_ends_at_the_deadline(odd: OddServer, http: Outbound) -> None:
    odd.script("PROPFIND", Reply(hangs=True))
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded):
        connect(odd.url, http, deadline=Deadline.after(0.5))

    assert time.monotonic() - began < 1.5


# --- calendars --------------------------------------------------------------------------------------------------

CALENDAR_TYPE = "<resourcetype><collection/><C:calendar/></resourcetype>"
BERLIN = (
    "BEGIN:VCALENDAR&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:W. Europe Standard Time&#13;\nEND:VTIMEZONE&#13;\nEND:VCALENDAR"
)


def rights(*names: str) -> str:
    inner = "".join(f"<privilege><{name}/></privilege>" for name in names)
    return f"<current-user-privilege-set>{inner}</current-user-privilege-set>"


def test_calendars_are_described_by_their_own_properties(odd: OddServer, http: Outbound) -> None:
    account = connect(odd.url, http)
    listing = (
        response(HOME, "<resourcetype><collection/></resourcetype>"),
        response(
            f"{HOME}first/",
            f"{CALENDAR_TYPE}<displayname>Fußball &amp; mehr</displayname>{rights('read')}"
            "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>",
        ),
        response(
            f"{HOME}work",
            f"{CALENDAR_TYPE}{rights('read', 'write-content')}<C:calendar-timezone>{BERLIN}</C:calendar-timezone>",
        ),
        response(
            f"{HOME}tasks/",
            f'{CALENDAR_TYPE}<C:supported-calendar-component-set><C:comp name="VTODO"/>'
            "</C:supported-calendar-component-set>",
        ),
        response(f"{HOME}notification/", "<resourcetype><collection/></resourcetype>"),
        response(f"{HOME}outbox/", "<resourcetype><collection/><C:schedule-outbox/></resourcetype>"),
        response(
            f"{HOME}trash/",
            '<resourcetype><collection/><C:calendar/><deleted-calendar xmlns="http://nextcloud.com/ns"/></resourcetype>',
        ),
        response(f"{HOME}tea/", f"{CALENDAR_TYPE}<C:calendar-timezone-id>Asia/Kolkata</C:calendar-timezone-id>"),
        response(
            INBOX,
            "<resourcetype><collection/><C:schedule-inbox/></resourcetype>"
            f"<C:schedule-default-calendar-URL><href>{HOME}work/</href></C:schedule-default-calendar-URL>",
        ),
    )
    odd.script("PROPFIND", Reply(207, multistatus(*listing)))

    calendars = CalDavSystem(http).open(account.secret, never_changes).list_calendars(soon())

    home = odd.url.rstrip("/") + HOME
    assert calendars == (
        CalendarInfo(f"{home}work", "work", "Europe/Berlin", writable=True, primary=True),
        CalendarInfo(f"{home}first/", "Fußball & mehr", None, writable=False, primary=False, counts_as_busy=False),
        CalendarInfo(f"{home}tea/", "tea", "Asia/Kolkata", writable=True, primary=False),
    )


def test_the_calendar_that_was_typed_becomes_the_primary_one(odd: OddServer, http: Outbound) -> None:
    odd.calendars = (f"{HOME}private/", CALENDAR)
    typed = response(
        CALENDAR, f"{CALENDAR_TYPE}<current-user-principal><href>{PRINCIPAL}</href></current-user-principal>"
    )
    odd.script("PROPFIND", Reply(207, multistatus(typed)))

    account = connect(odd.url.rstrip("/") + CALENDAR, http)

    assert [(c.name, c.primary) for c in account.calendars] == [("work", True), ("private", False)]


# --- where a password may go ------------------------------------------------------------------------------------

SITES = [
    ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com/1/", True),
    ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com:443/1/", True),
    ("https://cloud.example.com/", "https://cloud.example.com/dav", True),
    ("https://dav.example.co.uk/", "https://p1.example.co.uk/", True),
    ("https://dav.example.co.uk/", "https://evil.co.uk/", False),
    ("https://caldav.icloud.com/", "https://icloud.com.evil.example/", False),
    ("https://caldav.icloud.com/", "https://notcloud.com/", False),
    ("https://caldav.icloud.com/", "http://caldav.icloud.com/", False),
    ("https://caldav.icloud.com/", "https://caldav.icloud.com@evil.example/", False),
    ("https://caldav.icloud.com/", "https://dana@caldav.icloud.com/", False),
    ("https://203.0.113.7/", "https://198.51.113.7/", False),
    ("https://server/", "https://other/", False),
    ("http://127.0.0.1:1/", "http://127.0.0.1:2/", True),
    ("http://127.0.0.1:1/", "https://127.0.0.1:2/", True),
    ("http://127.0.0.1:1/", "http://localhost:2/", True),
    ("https://localhost:1/", "http://127.0.0.1:1/", False),
    ("https://example.com/", "http://localhost:2/", False),
    ("https://example.com/", "ftp://example.com/", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), SITES)
def test_a_password_stays_on_its_own_site(one: str, other: str, expected: bool) -> None:
    assert same_site(one, other) is expected


def test_both_systems_of_this_protocol_are_in_the_registry() -> None:
    assert [system_class(name) for name in ("icloud", "caldav")] == [ICloudSystem, CalDavSystem]
    assert [system_class(name).provider for name in REGISTRY] == list(REGISTRY)


def never_changes(_secret: object) -> None:
    raise AssertionError("a password was rotated")

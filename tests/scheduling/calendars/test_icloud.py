"""iCloud's documented peculiarities, met by the product and by a plain client, in front of a real CalDAV server."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.icloud_standin import ICloudStandin
from scheduling.calendars.base import OWN, CalendarInfo, CalendarProvider
from scheduling.calendars.caldav.account import ICloudCalendar, ICloudSystem
from scheduling.domain import Interval
from scheduling.errors import AuthExpired, CalendarError
from scheduling.outbound import Answer, Outbound
from tests.scheduling.calendars.conftest import MONDAY, WEEK, DavAccount, soon, spec_for
from tests.scheduling.calendars.icloud_kit import ADDRESS, APP_PASSWORD, HOST, PARTITION

HOUR = timedelta(hours=1)
EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//someone//else//EN\r
BEGIN:VEVENT\r
UID:made-elsewhere\r
DTSTAMP:20261101T000000Z\r
DTSTART:20261207T090000Z\r
DTEND:20261207T100000Z\r
SUMMARY:Dentist\r
END:VEVENT\r
END:VCALENDAR\r
"""
FREE_BUSY = '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"/>'
WHO = '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'


@pytest.fixture
def dana(icloud: ICloudStandin, http: Outbound) -> CalendarProvider:
    """Dana's account, empty."""
    account = DavAccount(icloud.url, http, (ADDRESS, APP_PASSWORD), ICloudCalendar)
    icloud.seen.clear()
    return account.provider


def ask(http: Outbound, method: str, url: str, text: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = {"Content-Type": "text/calendar" if method == "PUT" else "application/xml"}
    return http.request(
        method,
        url,
        headers=kind | named,
        content=text.encode() or None,
        auth=(ADDRESS, APP_PASSWORD),
        deadline=soon(),
        may_follow=None,
    )


def calendar_of(dana: CalendarProvider) -> str:
    return dana.list_calendars(soon())[0].id


# --- the product ------------------------------------------------------------------------------------------------


def test_the_calendars_are_found_on_the_partitions_host(icloud: ICloudStandin, http: Outbound):
    account = ICloudSystem(http, icloud.url).connect({"email": ADDRESS, "password": APP_PASSWORD}, soon())

    home = icloud.home_of(icloud.accounts[0])
    assert account.calendars == (CalendarInfo(f"{home}calendar/", "Calendar", None, writable=True, primary=True),)
    assert (account.provider, account.label, account.secret["home"]) == ("icloud", ADDRESS, home)
    assert [(method, host) for method, host, _ in icloud.seen] == [
        ("PROPFIND", HOST),
        ("PROPFIND", HOST),
        ("PROPFIND", PARTITION),
    ]


@pytest.mark.parametrize(
    "password", ["Correct horse 1!", "abcdefghijklmnop", "abcd-efgh-ijkl-zzzz"], ids=["Apple's", "unbroken", "wrong"]
)
def test_only_an_app_specific_password_opens_the_account(password: str, icloud: ICloudStandin, http: Outbound):
    with pytest.raises(AuthExpired, match="app_password"):
        ICloudSystem(http, icloud.url).connect({"email": ADDRESS, "password": password}, soon())


def test_passwords_that_apple_took_back_ask_to_reconnect(dana: CalendarProvider, icloud: ICloudStandin):
    icloud.accounts[0].app_passwords.clear()

    [own] = dana.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")

    assert (own.busy, type(own.error), own.error and own.error.code) == ((), AuthExpired, "app_password")


def test_everything_a_booking_does_works_and_asks_for_nothing_refused(dana: CalendarProvider, icloud: ICloudStandin):
    spec = spec_for(calendar_of(dana))
    ref = dana.create_event(spec, soon())
    ref = dana.update_event(ref, replace(spec, interval=Interval(MONDAY + HOUR, MONDAY + 2 * HOUR), sequence=1), soon())
    [own] = dana.availability([OWN], WEEK, soon(), default_zone="Europe/Berlin")
    dana.cancel_event(ref, None, soon())

    assert [busy.interval for busy in own.busy] == [Interval(MONDAY + HOUR, MONDAY + 2 * HOUR)]
    assert {host for _, host, _ in icloud.seen} == {PARTITION}


def test_an_event_that_is_in_another_calendar_is_not_made_again(dana: CalendarProvider, http: Outbound, icloud):
    spec = spec_for(calendar_of(dana))
    other = calendar_of(dana).removesuffix("calendar/") + "second/"
    icloud.accounts[0].uids[spec.uid] = f"/{other.split('/', 3)[3]}{spec.uid}.ics"

    with pytest.raises(CalendarError) as caught:
        dana.create_event(spec, soon())

    assert (caught.value.code, dana.find_event(spec, soon())) == ("uid_conflict", None)


# --- the stand-in itself ------------------------------------------------------------------------------------------


def test_without_a_login_it_offers_apples_own_way_first(icloud: ICloudStandin, http: Outbound):
    answer = http.request("PROPFIND", icloud.url + "/", content=WHO.encode(), deadline=soon())

    offered = answer.headers["www-authenticate"]
    assert (answer.status, offered) == (401, 'X-MobileMe-AuthToken realm="Newcastle", Basic realm="Newcastle"')


def test_what_icloud_refuses_is_refused(dana: CalendarProvider, icloud: ICloudStandin, http: Outbound):
    calendar, account = calendar_of(dana), icloud.accounts[0]
    stored = calendar + "made-elsewhere.ics"
    assert ask(http, "PUT", stored, EVENT, If_None_Match="*").status == 201

    assert ask(http, "REPORT", calendar, FREE_BUSY, Depth="1").status == 400
    assert ask(http, "PROPFIND", f"{icloud.url}/{account.dsid}/principal/", WHO, Depth="1").status == 400
    assert ask(http, "PROPFIND", f"{icloud.url}/{account.dsid}/principal/", WHO, Depth="0").status == 207
    assert ask(http, "PUT", stored, EVENT, If_Match="*").status == 412
    assert ask(http, "PUT", calendar + "x.ics", EVENT.replace("DTEND:20261207T100000Z\r\n", "")).status == 403
    assert ask(http, "PROPFIND", icloud.url + "/elsewhere/", WHO, Depth="0").status == 404


def test_one_uid_lives_in_one_calendar_until_it_is_removed(dana: CalendarProvider, http: Outbound):
    calendar = calendar_of(dana)
    second = calendar.removesuffix("calendar/") + "second/"
    stored = calendar + "made-elsewhere.ics"
    ask(http, "MKCALENDAR", second)
    assert ask(http, "PUT", stored, EVENT).status == 201

    refused = ask(http, "PUT", second + "made-elsewhere.ics", EVENT)
    assert ask(http, "DELETE", stored).status in (200, 204)
    taken = ask(http, "PUT", second + "made-elsewhere.ics", EVENT)
    ask(http, "DELETE", second)

    assert (refused.status, b"no-uid-conflict" in refused.body, taken.status) == (403, True, 201)


def test_answers_carry_an_etag_and_no_schedule_tag(dana: CalendarProvider, http: Outbound):
    stored = calendar_of(dana) + "made-elsewhere.ics"
    ask(http, "PUT", stored, EVENT)

    answer = ask(http, "GET", stored)

    assert (answer.status, "etag" in answer.headers, "schedule-tag" in answer.headers) == (200, True, False)


def test_the_main_host_sends_calendars_to_their_partition(
    dana: CalendarProvider, icloud: ICloudStandin, http: Outbound
):
    home = icloud.home_of(icloud.accounts[0])

    answer = ask(http, "PROPFIND", home.replace(PARTITION, HOST), WHO, Depth="0")

    assert (answer.status, answer.headers["location"]) == (301, home)

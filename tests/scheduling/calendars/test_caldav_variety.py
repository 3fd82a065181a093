"""Answers that the standards of CalDAV allow and that are not the usual ones."""

from dataclasses import replace

import pytest

from scheduling.calendars.base import OWN, Account
from scheduling.calendars.caldav.account import CalDavSystem
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import USERS, soon, spec_for
from tests.scheduling.calendars.odd_server import CALENDAR, HOME, PRINCIPAL, OddServer, Reply, multistatus, response


def connect(odd: OddServer, http: Outbound) -> Account:
    typed = {"server": odd.url, "user_name": "dana", "password": USERS["dana"]}
    return CalDavSystem(http).connect(typed, soon())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_well_known_address_may_lead_on_by_any_redirect(odd: OddServer, http: Outbound, status: int) -> None:
    odd.script("PROPFIND", Reply(405), path="/")
    odd.script("PROPFIND", Reply(status, headers={"Location": PRINCIPAL}), path="/.well-known/caldav")

    account = connect(odd, http)

    assert [calendar.id for calendar in account.calendars] == [odd.url.rstrip("/") + CALENDAR]
    assert set(odd.methods()) == {"PROPFIND"}


def test_of_several_homes_the_one_with_calendars_is_taken(odd: OddServer, http: Outbound) -> None:
    homes = "".join(f"<href>{home}</href>" for home in ("/4711/empty/", HOME))
    home_set = f"<C:calendar-home-set>{homes}</C:calendar-home-set>"
    odd.script("PROPFIND", Reply(207, multistatus(response(PRINCIPAL, home_set))), path=PRINCIPAL)
    odd.script("PROPFIND", Reply(207, multistatus(response("/4711/empty/", ""))), path="/4711/empty/")

    assert connect(odd, http).secret["home"] == odd.url.rstrip("/") + HOME


def test_collections_are_called_as_their_server_writes_them(odd: OddServer, http: Outbound) -> None:
    home, calendar = HOME.rstrip("/"), CALENDAR.rstrip("/")
    odd.home_url, odd.calendars = home, (calendar,)
    listed = Reply(207, multistatus(odd._listed(calendar)))
    odd.script("PROPFIND", listed, listed, path=home)
    account = connect(odd, http)
    provider = CalDavSystem(http).open(account.secret, lambda _: None)
    spec = spec_for(account.calendars[0].id)

    ref = provider.create_event(spec, soon())
    (own,) = provider.availability([OWN], spec.interval, soon(), default_zone="Europe/Berlin")

    assert [busy.uid for busy in own.busy] == [ref.uid]
    assert {path for method, path, _ in odd.requests if method == "REPORT"} == {calendar}
    assert list(odd.objects) == [f"{CALENDAR}{spec.uid}.ics"]


def test_a_server_that_means_its_weak_etags_gets_them_back(odd: OddServer, http: Outbound) -> None:
    odd.weak = True
    account = connect(odd, http)
    provider = CalDavSystem(http).open(account.secret, lambda _: None)
    spec = spec_for(account.calendars[0].id)
    ref = provider.create_event(spec, soon())

    changed = provider.update_event(ref, replace(spec, title="New title", sequence=1), soon())
    assert "New title" in odd.objects[f"{CALENDAR}{spec.uid}.ics"][1]
    provider.cancel_event(changed, None, soon())

    assert odd.objects == {}

"""Many threads and several people at one Exchange server: nobody waits for ever, shares a sign-in, or leaves traces."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from sandbox.exchange_standin import ExchangeStandin, Fault
from scheduling.calendars.base import OWN
from scheduling.domain import Interval
from scheduling.errors import DeadlineExceeded
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY
from tests.scheduling.calendars.ews_kit import PASSWORD, SAM, ExchangeAccount, errors, read

MEETING = Interval(MONDAY, MONDAY + timedelta(hours=1))


@pytest.fixture
def dana(exchange: ExchangeStandin, http: Outbound) -> ExchangeAccount:
    return ExchangeAccount(exchange, http)


@pytest.mark.parametrize("offers", [("Basic",), ("NTLM",)], ids=["basic", "ntlm"])
def test_eight_threads_at_once_all_get_their_answer(offers, exchange: ExchangeStandin, http: Outbound):
    before = exchange.signing.offers
    exchange.signing.offers = offers
    try:
        dana = ExchangeAccount(exchange, http)
        dana.occupy(MEETING, "Pricing")
        work: Callable[[int], int] = lambda _: len(read(dana, OWN, SAM)[0].busy)  # noqa: E731 - one line is enough

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(work, range(40)))
    finally:
        exchange.signing.offers = before

    assert answers == [1] * 40


def test_threads_that_get_no_session_end_with_their_deadline(dana: ExchangeAccount):
    release = Event()
    dana.standin.faults.append(Fault("FindItem", times=8, hang=release))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: errors(read(dana, seconds=0.8))[0], range(8)))
    release.set()

    assert {answer and answer[0] for answer in answers} == {DeadlineExceeded}


def test_two_people_never_share_a_signed_in_connection(exchange: ExchangeStandin, http: Outbound):
    before = exchange.signing.offers
    exchange.signing.offers = ("NTLM",)
    try:
        people = [ExchangeAccount(exchange, http) for _ in range(3)]
        for number, person in enumerate(people):
            person.occupy(MEETING, f"Of {number}")

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda number: read(people[number % 3])[0].busy[0].title, range(30)))
    finally:
        exchange.signing.offers = before

    assert answers == [f"Of {number % 3}" for number in range(30)]


@pytest.mark.parametrize("offers", [("Basic",), ("NTLM",)], ids=["basic", "ntlm"])
def test_nothing_of_a_person_is_logged_whatever_goes_wrong(offers, exchange: ExchangeStandin, http: Outbound, caplog):
    caplog.set_level(logging.DEBUG)
    before, exchange.signing.offers = exchange.signing.offers, offers
    try:
        dana = ExchangeAccount(exchange, http)
        for fault in (Fault(cut=True), Fault(status=500), Fault(status=200, body=b"{}"), Fault(code="ErrorServerBusy")):
            exchange.faults[:] = [fault]
            read(dana, OWN, SAM)
    finally:
        exchange.signing.offers = before

    words = caplog.text
    assert [
        w for w in (PASSWORD, dana.mailbox.address, "sam@acme.example", "Authorization", "NTLM step") if w in words
    ] == []


def test_no_password_stays_in_the_librarys_own_cache(dana: ExchangeAccount):
    from exchangelib.protocol import CachingProtocol

    read(dana)

    assert all(key[1] is None for key in CachingProtocol._protocol_cache)

"""What goes wrong between us and Microsoft Graph while reading: waited for, told apart, and never taken for free."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.calendar_server import free_port
from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.microsoft_standin.troubles import Trouble, error_body
from scheduling.calendars.base import OWN, Availability, Deadline
from scheduling.calendars.graph.account import MicrosoftSystem
from scheduling.domain import Interval
from scheduling.errors import AccessDenied, CalendarError, DeadlineExceeded, RateLimited, Refused, Unavailable
from scheduling.outbound import Outbound
from tests.scheduling.calendars.conftest import MONDAY, WEEK, soon, spec_for
from tests.scheduling.calendars.graph_kit import GraphAccount

NINE = Interval(MONDAY, MONDAY + timedelta(hours=1))
VIEW = "/v1.0/me/calendarView"


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def dana(microsoft: MicrosoftStandIn, http: Outbound, pauses: list[float]) -> GraphAccount:
    return GraphAccount(microsoft, http, pause=pauses.append)


def own(account: GraphAccount, deadline: Deadline | None = None) -> Availability:
    return account.provider.availability([OWN], WEEK, deadline or soon(), default_zone="Europe/Berlin")[0]


def why(answer: Availability) -> tuple[type[CalendarError], str]:
    assert answer.busy == ()
    assert answer.error is not None
    return type(answer.error), answer.error.code


def test_a_short_pause_that_graph_asks_for_is_kept(
    dana: GraphAccount, microsoft: MicrosoftStandIn, pauses: list[float]
) -> None:
    dana.occupy(NINE, "Stand-up")
    microsoft.troubles.throttle("2", path=VIEW, times=2)

    assert len(own(dana).busy) == 1
    assert pauses == [2.0, 2.0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param("Mon, 01 Jan 2120 00:00:00 GMT", 900.0, id="a date, far away"),
        pytest.param("999999", 900.0, id="capped"),
        pytest.param(None, None, id="not told"),
    ],
)
def test_a_longer_one_is_left_to_the_caller(
    dana: GraphAccount, microsoft: MicrosoftStandIn, pauses: list[float], header: str | None, seconds: float | None
) -> None:
    microsoft.troubles.throttle(header, path=VIEW)

    error = own(dana).error

    assert (type(error), error and error.retry_after) == (RateLimited, seconds)
    assert pauses == []


def test_a_graph_that_never_stops_throttling_is_given_up(
    dana: GraphAccount, microsoft: MicrosoftStandIn, pauses: list[float]
) -> None:
    microsoft.troubles.throttle("1", path=VIEW, times=9)

    assert why(own(dana)) == (RateLimited, "http_429")
    assert pauses == [1.0, 1.0]


def test_a_412_for_no_reason_is_tried_again_once(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.troubles.fail(412, "PreconditionFailed", path=VIEW)
    assert own(dana).error is None

    microsoft.troubles.fail(412, "PreconditionFailed", path=VIEW, times=2)
    assert own(dana).error is not None


NONSENSE = (Unavailable, "nonsense")
ELSEWHERE = b'{"value": [], "@odata.nextLink": "https://elsewhere.example/"}'
ODD_ANSWERS = {
    "HTML": (Trouble(status=200, body=b"<html>Sign in</html>", kind="text/html"), NONSENSE),
    "empty object": (Trouble(status=200, body=b"{}"), NONSENSE),
    "a list": (Trouble(status=200, body=b"[]"), NONSENSE),
    "a list of numbers": (Trouble(status=200, body=b'{"value": [1]}'), NONSENSE),
    "an event without times": (Trouble(status=200, body=b'{"value": [{}]}'), (Unavailable, "unreadable_time")),
    "too deep": (Trouble(status=200, body=b"[" * 100_000), NONSENSE),
    "an error called success": (Trouble(status=200, body=error_body("InternalServerError")), NONSENSE),
    "another success": (Trouble(status=204, body=b""), NONSENSE),
    "redirect": (Trouble(status=302, headers={"Location": "https://elsewhere.example/"}), NONSENSE),
    "next page elsewhere": (Trouble(status=200, body=ELSEWHERE), (Unavailable, "foreign_link")),
    "500 with a page": (Trouble(status=500, body=b"<html>sorry</html>"), (Unavailable, "http_500")),
    "504": (Trouble(status=504, body=error_body("GatewayTimeout")), (Unavailable, "GatewayTimeout")),
    "a code unfit for a log": (Trouble(status=500, body=error_body("x@acme.example said")), (Unavailable, "http_500")),
    "403": (Trouble(status=403, body=error_body("ErrorAccessDenied")), (AccessDenied, "ErrorAccessDenied")),
    "no mailbox": (Trouble(status=403, body=error_body("MailboxNotEnabledForRESTAPI")), (Refused, "use_exchange")),
    "cut": (Trouble(cut=True), (Unavailable, "cut")),
}


@pytest.mark.parametrize(("trouble", "error"), ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_an_answer_that_is_no_calendar_is_unknown(
    dana: GraphAccount, microsoft: MicrosoftStandIn, trouble: Trouble, error: tuple[type[CalendarError], str]
) -> None:
    microsoft.troubles.add(replace(trouble, path=VIEW))

    assert why(own(dana)) == error


def test_our_token_never_leaves_for_another_server(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    other = MicrosoftStandIn.start()
    page = {"value": [], "@odata.nextLink": f"{other.graph_url}/me/calendarView"}
    microsoft.troubles.add(Trouble(path=VIEW, status=200, body=json.dumps(page).encode()))

    answer = own(dana)
    other.stop()

    assert why(answer) == (Unavailable, "foreign_link")
    assert other.troubles.exchanges == []


def test_a_graph_that_is_not_there_is_told_apart(microsoft: MicrosoftStandIn, http: Outbound) -> None:
    dana = GraphAccount(microsoft, http)
    dead = f"http://127.0.0.1:{free_port()}/v1.0"
    system = MicrosoftSystem(http, microsoft.client_id, microsoft.client_secret, microsoft.authority, dead)
    dana.provider = system.open(dana.account.secret, dana.kept.append)

    assert why(own(dana)) == (Unavailable, "connect")
    with pytest.raises(Unavailable):
        dana.provider.create_event(spec_for(dana.calendar_id), soon())


@pytest.mark.parametrize("trouble", [Trouble(hangs=True), Trouble(drips=True)], ids=["no byte", "a byte at a time"])
def test_a_graph_that_hangs_is_left_at_the_deadline(
    dana: GraphAccount, microsoft: MicrosoftStandIn, trouble: Trouble
) -> None:
    microsoft.troubles.add(replace(trouble, path=VIEW))
    began = datetime.now(UTC)

    answer = own(dana, Deadline.after(0.6))

    assert why(answer)[0] is DeadlineExceeded
    assert datetime.now(UTC) - began < timedelta(seconds=3)


def test_eight_readers_of_one_account_take_turns_of_four_and_none_is_dropped(
    dana: GraphAccount, microsoft: MicrosoftStandIn
) -> None:
    dana.occupy(NINE, "Stand-up")
    microsoft.troubles.latency, microsoft.troubles.at_once = 0.02, 4
    start = threading.Barrier(8)

    def reads() -> list[int]:
        start.wait(5)
        return [len(own(dana).busy) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        counted = [future.result(30) for future in [pool.submit(reads) for _ in range(8)]]

    assert counted == 8 * [5 * [1]]
    assert microsoft.troubles.most_at_once == 4


def test_who_waits_too_long_for_a_turn_is_unknown(dana: GraphAccount, microsoft: MicrosoftStandIn) -> None:
    microsoft.troubles.add(Trouble(path=VIEW, times=4, seconds=1.0))
    with ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(own, dana) for _ in range(4)]
        while len([s for s in slow if s.running()]) < 4 or microsoft.troubles.waiting:
            threading.Event().wait(0.01)

        answer = own(dana, Deadline.after(0.2))

    assert why(answer) == (DeadlineExceeded, "deadline")
    assert [future.result().error for future in slow] == [None] * 4

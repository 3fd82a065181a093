"""What is new and what was taken in before: in one process, and in two that share a database."""

import asyncio
import logging
import threading
import time

import pytest

from bot.crossing import Crossing
from bot.deliveries import Deliveries, Seen
from scheduling.store import Store, inbox

EVENT = {"type": "event_callback", "team_id": "T0DEMO", "event_id": "Ev1", "event": {"type": "app_home_opened"}}
BUTTON = {"type": "block_actions", "team": {"id": "T0DEMO"}, "trigger_id": "1.1", "view": {"type": "home"}}
MESSAGE_BUTTON = {"type": "block_actions", "team": {"id": "T0DEMO"}, "trigger_id": "2.2", "message": {}}
IN_FORM = {"type": "block_actions", "team": {"id": "T0DEMO"}, "trigger_id": "3.3", "view": {"type": "modal"}}
COMMAND = {"command": "/schedule-for", "team_id": "T0DEMO", "trigger_id": "4.4"}
SHORTCUT = {"type": "shortcut", "team": {"id": "T0DEMO"}, "trigger_id": "5.5"}
SUBMISSION = {"type": "view_submission", "team": {"id": "T0DEMO"}, "trigger_id": "6.6", "view": {"type": "modal"}}


class Asked:
    """A database that notes what it is asked, and answers that all is new."""

    def __init__(self, answer=True):
        self.keys = []
        self.answer = answer

    def __call__(self, team_id, key):
        self.keys.append((team_id, key))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
async def crossing():
    opened = Crossing(local_threads=2, service_threads=1)
    yield opened
    await opened.close(1)


@pytest.fixture
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/shared.db")
    opened.migrate()
    yield opened
    opened.dispose()


def asking(store):
    return lambda team, key: store.transact(lambda tx: inbox.first_time(tx, key, store.clock(), team_id=team))


@pytest.mark.parametrize("body", [EVENT, BUTTON, MESSAGE_BUTTON], ids=["event", "button on home", "button in message"])
async def test_what_acts_by_itself_is_taken_in_once_by_all_processes(store, crossing, body):
    here, there = Deliveries(crossing, asking(store)), Deliveries(crossing, asking(store))

    answers = [await each.is_new(f"bytes:{n}", body) for n, each in enumerate((here, here, there, there))]

    assert answers == [True, False, False, False]


async def test_two_processes_that_get_it_at_the_same_moment_agree_on_one(store, crossing):
    processes = [Deliveries(crossing, asking(store)) for _ in range(8)]

    answers = await asyncio.gather(*(each.is_new("bytes", EVENT) for each in processes))

    assert sorted(answers) == [False] * 7 + [True]


async def test_the_same_id_in_another_workspace_is_another_delivery(store, crossing):
    deliveries = [Deliveries(crossing, asking(store)) for _ in range(2)]

    first = await deliveries[0].is_new("a", EVENT)
    other = await deliveries[1].is_new("b", {**EVENT, "team_id": "T0OTHER"})

    assert (first, other) == (True, True)


@pytest.mark.parametrize("body", [IN_FORM, COMMAND, SHORTCUT, SUBMISSION, {"type": "view_closed"}, {}])
async def test_the_database_is_not_asked_about_forms_and_what_opens_them(crossing, body):
    asked = Asked()

    assert await Deliveries(crossing, asked).is_new("bytes", body)
    assert asked.keys == []


async def test_keys_name_workspace_and_kind(crossing):
    asked = Asked()
    deliveries = Deliveries(crossing, asked)

    for number, body in enumerate((EVENT, BUTTON)):
        await deliveries.is_new(str(number), body)

    assert asked.keys == [("T0DEMO", "event:T0DEMO:Ev1"), ("T0DEMO", "trigger:1.1")]


@pytest.mark.parametrize("body", [EVENT, BUTTON, IN_FORM, COMMAND, SHORTCUT, SUBMISSION])
async def test_the_same_bytes_count_once_in_one_process(body):
    deliveries = Deliveries()

    assert [await deliveries.is_new("bytes", body), await deliveries.is_new("bytes", body)] == [True, False]


async def test_a_submission_is_told_apart_by_its_bytes_alone():
    deliveries = Deliveries()

    assert [await deliveries.is_new("a", SUBMISSION), await deliveries.is_new("b", SUBMISSION)] == [True, True]
    assert [await deliveries.is_new("c", IN_FORM), await deliveries.is_new("d", IN_FORM)] == [True, False]


async def test_a_database_that_answers_late_does_not_hold_a_delivery_up(crossing, monkeypatch, caplog):
    monkeypatch.setattr("bot.deliveries.ASK_WITHIN", 0.05)
    release = threading.Event()
    began = time.monotonic()

    is_new = await Deliveries(crossing, lambda *_: release.wait(5)).is_new("bytes", EVENT)
    took = time.monotonic() - began
    release.set()

    assert is_new
    assert took < 1.0
    assert "delivery_not_looked_up error=TooLate" in caplog.text


async def test_a_database_that_fails_does_not_cost_a_delivery(crossing, caplog):
    with caplog.at_level(logging.ERROR):
        is_new = await Deliveries(crossing, Asked(RuntimeError("gone"))).is_new("bytes", EVENT)

    assert is_new
    assert "delivery_not_looked_up" in caplog.text


async def test_the_event_loop_goes_on_while_the_database_is_asked(crossing):
    release = threading.Event()
    deliveries = Deliveries(crossing, lambda *_: release.wait(5))
    asking_ = asyncio.create_task(deliveries.is_new("bytes", EVENT))
    await asyncio.sleep(0.02)

    meanwhile = await deliveries.is_new("other", IN_FORM)
    release.set()

    assert meanwhile
    assert not asking_.done()
    assert await asking_


@pytest.mark.parametrize("body", [{**EVENT, "event_id": None}, {**BUTTON, "team": "T0DEMO", "trigger_id": 7}])
async def test_a_delivery_without_a_name_is_known_by_its_bytes(body):
    deliveries = Deliveries()

    assert [await deliveries.is_new("a", body), await deliveries.is_new("b", body)] == [True, True]


def test_seen_keys_are_forgotten_after_their_life_and_never_pile_up():
    now = [0.0]
    seen = Seen(life=10, most=3, clock=lambda: now[0])

    answers = [seen("a"), seen("a"), seen("b"), seen("c"), seen("d"), seen("a")]
    now[0] = 11.0
    later = seen("d")

    assert answers == [True, False, True, True, True, True]
    assert later is True


def test_seen_is_shared_by_nobody():
    assert Seen()("a")
    assert Seen()("a")


async def test_a_question_for_options_is_answered_each_time(crossing):
    deliveries = Deliveries()
    question = {"type": "block_suggestion", "value": "ber"}

    assert [await deliveries.is_new("same bytes", question) for _ in range(2)] == [True, True]

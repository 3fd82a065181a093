"""The crossing from async to sync: deadlines, bounded pools, background work."""

import asyncio
import threading
import time

import pytest

from bot.crossing import Crossing, TooLate, clicked_at


@pytest.fixture
async def crossing():
    opened = Crossing(local_threads=1, service_threads=1)
    yield opened
    await opened.close(within=1)


async def test_it_answers_what_the_function_answers(crossing):
    assert await crossing.local(lambda a, *, b: (a, b), 1, b=2) == (1, 2)


async def test_it_raises_what_the_function_raises(crossing):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await crossing.local(fail)


async def test_a_time_out_of_the_functions_own_is_not_taken_for_ours(crossing):
    def fail():
        raise TimeoutError("smtp")

    with pytest.raises(TimeoutError, match="smtp"):
        await crossing.local(fail)


async def test_a_slow_function_is_given_up_on_time(crossing):
    began = time.monotonic()

    with pytest.raises(TooLate):
        await crossing.local(time.sleep, 0.5, within=0.05)

    assert time.monotonic() - began < 0.4


async def test_what_expired_in_the_queue_never_runs(crossing):
    release, ran = threading.Event(), []
    blocker = asyncio.ensure_future(crossing.local(release.wait, 5, within=5))
    await asyncio.sleep(0.02)

    with pytest.raises(TooLate):
        await crossing.local(ran.append, "late", within=0.05)
    release.set()
    await blocker
    await crossing.local(ran.append, "next")

    assert ran == ["next"]


async def test_the_deadline_counts_from_the_click(crossing):
    clicked_at.set(time.monotonic() - 0.9)
    began = time.monotonic()

    with pytest.raises(TooLate):
        await crossing.local(time.sleep, 0.6, within=1.0)

    assert time.monotonic() - began < 0.4


async def test_work_in_the_background_has_a_clock_of_its_own(crossing):
    clicked_at.set(time.monotonic() - 100)
    seen = []

    async def work():
        seen.append(await crossing.local(lambda: "in time", within=1.0))

    crossing.background(work())
    await crossing.close(within=2)

    assert seen == ["in time"]


async def test_local_work_does_not_wait_for_slow_service_work(crossing):
    release = threading.Event()
    slow = asyncio.ensure_future(crossing.service(release.wait, 5, within=5))

    answer = await crossing.local(lambda: "at once", within=0.5)
    release.set()
    await slow

    assert answer == "at once"


async def test_an_exception_in_the_background_is_logged_with_its_name(crossing, caplog):
    async def breaks():
        raise ValueError("boom")

    crossing.background(breaks())
    await crossing.close(within=1)

    [record] = caplog.records
    assert "background_work_failed" in record.message
    assert "breaks" in record.message
    assert record.exc_info[0] is ValueError


async def test_closing_lets_work_finish_and_cancels_what_does_not(crossing, caplog):
    done = []

    async def quick():
        await asyncio.sleep(0.05)
        done.append("quick")

    async def endless():
        await asyncio.sleep(60)

    crossing.background(quick())
    crossing.background(endless())
    began = time.monotonic()
    await crossing.close(within=0.3)
    crossing.background(quick())

    assert done == ["quick"]
    assert crossing.unfinished == 0
    assert time.monotonic() - began < 2
    assert [r.message.split()[0] for r in caplog.records] == ["background_work_cancelled", "background_work_refused"]

"""The one crossing from async to sync: where Slack's event loop waits for scheduling's plain functions.

Two pools, because one shared pool starves itself: *local* for rows only (all that an acknowledgement may wait for) and
*service* for what calls calendars. Deadlines count from the click, queueing included; work that is still queued when
its time is up is dropped.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

clicked_at: ContextVar[float | None] = ContextVar("clicked_at", default=None)
"""time.monotonic() when the request at hand reached us; None in background work, which has clocks of its own."""


class TooLate(Exception):
    """The answer did not come within its deadline. The work may still finish if it had begun."""


class Crossing:
    """Runs synchronous functions in bounded pools, and coroutines in the background without losing their errors."""

    def __init__(self, *, local_threads: int = 4, service_threads: int = 16) -> None:
        self._local = ThreadPoolExecutor(local_threads, "local")
        self._service = ThreadPoolExecutor(service_threads, "service")
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    async def local(self, function: Callable[..., T], *args: object, within: float = 1.0, **kwargs: object) -> T:
        """Run a short function that touches rows only; raises TooLate after `within` seconds from the click."""
        return await self._run(self._local, function, args, kwargs, within)

    async def service(self, function: Callable[..., T], *args: object, within: float = 15.0, **kwargs: object) -> T:
        """Run a function that may call calendars or Slack; raises TooLate after `within` seconds from the click."""
        return await self._run(self._service, function, args, kwargs, within)

    async def _run(
        self,
        pool: ThreadPoolExecutor,
        function: Callable[..., T],
        args: tuple[object, ...],
        kwargs: dict[str, object],
        within: float,
    ) -> T:
        now = time.monotonic()
        deadline = (clicked_at.get() or now) + within

        def work() -> T:
            if time.monotonic() > deadline:
                raise TooLate
            return function(*args, **kwargs)

        waiting = asyncio.get_running_loop().run_in_executor(pool, work)
        try:
            return await asyncio.wait_for(waiting, max(0.0, deadline - now))
        except TimeoutError as error:
            if waiting.done() and not waiting.cancelled():  # the function's own time-out, not ours
                raise
            raise TooLate from error

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Start `work` and forget it; an exception that leaves it is logged, never lost."""
        name = getattr(work, "__qualname__", "work")
        if self._closing.is_set():
            work.close()
            logger.warning("background_work_refused name=%s", name)
            return
        context = copy_context()
        context.run(clicked_at.set, None)
        task = asyncio.get_running_loop().create_task(work, name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            logger.warning("background_work_cancelled name=%s", task.get_name())
            return
        error = task.exception()
        if error is not None:
            logger.error("background_work_failed name=%s", task.get_name(), exc_info=error)

    async def pause(self, seconds: float) -> bool:
        """Wait, in background work; False when it was cut short because we are closing: then leave out the rest."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return True
        return False

    @property
    def unfinished(self) -> int:
        return len(self._tasks)

    async def close(self, within: float = 10.0) -> None:
        """Let background work finish for `within` seconds, cancel the rest, and end both pools."""
        self._closing.set()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=within)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1.0)
        for pool in (self._local, self._service):
            pool.shutdown(wait=False, cancel_futures=True)

"""Is it alive, is it ready, what does it count: for the supervisor, the load balancer and Prometheus."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from web.protection import is_direct_private_peer

CHECK_SECONDS = 5.0


class Health:
    """Answers the three operator's addresses.

    `alive` and `ready` are asked in a thread and name what is wrong (empty: nothing); their words are short codes
    without personal data, because anybody may read them. `registry` holds every metric of this process.
    """

    def __init__(
        self, *, alive: Callable[[], list[str]], ready: Callable[[], list[str]], registry: CollectorRegistry
    ) -> None:
        self._alive = alive
        self._ready = ready
        self._registry = registry
        self._running: dict[Callable[[], list[str]], asyncio.Task[list[str]]] = {}
        self._answers = Histogram(
            "schedule_for_slack_ack_seconds",
            "Time from a request of Slack's to our answer",
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0),
        )
        self._connects = Counter(
            "schedule_for_connect_total",
            "Tries to connect a calendar",
            ["result"],
            registry=registry,
        )

    async def healthz(self, request: Request) -> Response:
        """Alive: the process answers and its clock ticks."""
        return await self._answer(self._alive)

    async def readyz(self, request: Request) -> Response:
        """Ready for traffic: the database answers, the schema is the newest, and we are not stopping."""
        return await self._answer(self._ready)

    async def metrics(self, request: Request) -> Response:
        """Only for direct peers on this machine or a private network."""
        if not is_direct_private_peer(request):
            return PlainTextResponse("metrics are for direct private peers only\n", status_code=403)
        text = await asyncio.to_thread(generate_latest, self._registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def timed(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """The same endpoint, with its answers timed."""

        async def slack_events(request: Request) -> Response:
            began = time.perf_counter()
            try:
                return await endpoint(request)
            finally:
                self._answers.observe(time.perf_counter() - began)

        return slack_events

    def connected(self, result: str) -> None:
        """Count one try to connect a calendar."""
        self._connects.labels(result=result).inc()

    async def _answer(self, check: Callable[[], list[str]]) -> Response:
        running = self._running.get(check)
        if running is None or running.done():  # a check that hangs is waited for again, not piled up
            running = self._running[check] = asyncio.create_task(asyncio.to_thread(check))
        try:
            problems = await asyncio.wait_for(asyncio.shield(running), CHECK_SECONDS)
        except TimeoutError:
            problems = ["slow"]
        return JSONResponse({"ok": not problems, "problems": problems}, status_code=503 if problems else 200)

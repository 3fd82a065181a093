"""What every answer carries, who may see the metrics, and the operator's three addresses."""

import asyncio
import threading
from collections.abc import Callable

import httpx2 as httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from web import Health, build_web_app


async def slack(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def broken(request: Request) -> Response:
    raise RuntimeError("secret detail")


def a_site(
    *,
    alive: Callable[[], list[str]] = list,
    ready: Callable[[], list[str]] = list,
    slack_events=slack,
    public_url: str | None = "https://meet.example.com",
) -> Starlette:
    health = Health(alive=alive, ready=ready, registry=CollectorRegistry())
    return build_web_app(slack_events=slack_events, connecting=None, health=health, public_url=public_url)


def a_visitor(site: Starlette, peer: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(site, client=(peer, 50_000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://meet.example.com")


async def test_every_answer_forbids_scripts_frames_referrers_sniffing_and_indexing():
    async with a_visitor(a_site(slack_events=broken)) as visitor:
        answers = [await visitor.get(path) for path in ("/", "/healthz", "/metrics", "/slack/events")]
        answers.append(await visitor.post("/slack/events", content=b"x"))
        answers.append(await visitor.post("/slack/events", content=b"x" * 1_048_577))

    assert [answer.status_code for answer in answers] == [404, 200, 200, 405, 500, 413]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
        assert "secret detail" not in answer.text


@pytest.mark.parametrize(
    ("public_url", "kept"), [("https://meet.example.com", True), ("http://127.0.0.1:3000", False), (None, False)]
)
async def test_browsers_are_told_to_stay_on_https_only_where_the_site_is_https(public_url, kept):
    async with a_visitor(a_site(public_url=public_url)) as visitor:
        answer = await visitor.get("/healthz")

    assert ("strict-transport-security" in answer.headers) == kept


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.8.9.1", {}, 200),
        ("10.1.2.3", {}, 200),
        ("172.31.0.9", {}, 200),
        ("192.168.4.4", {}, 200),
        ("::1", {}, 200),
        ("fd00::12", {}, 200),
        ("::ffff:10.0.0.1", {}, 200),
        ("203.0.113.9", {}, 403),
        ("172.32.0.1", {}, 403),
        ("8.8.8.8", {}, 403),
        ("2001:db8::1", {}, 403),
        ("::ffff:8.8.8.8", {}, 403),
        ("169.254.169.254", {}, 403),
        ("testclient", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("10.0.0.1", {"Forwarded": "for=10.0.0.2"}, 403),
        ("10.0.0.1", {"X-Real-IP": "10.0.0.2"}, 403),
    ],
)
async def test_metrics_are_for_direct_private_peers(peer, headers, status):
    async with a_visitor(a_site(), peer) as visitor:
        answer = await visitor.get("/metrics", headers=headers)

    assert answer.status_code == status
    assert ("schedule_for_slack_ack_seconds" in answer.text) == (status == 200)


async def test_each_answer_to_slack_is_timed_even_one_that_broke():
    async with a_visitor(a_site()) as visitor:
        await visitor.post("/slack/events", content=b"abc")
        counted = (await visitor.get("/metrics")).text
    async with a_visitor(a_site(slack_events=broken)) as visitor:
        await visitor.post("/slack/events", content=b"abc")
        counted_broken = (await visitor.get("/metrics")).text

    assert "schedule_for_slack_ack_seconds_count 1.0" in counted
    assert "schedule_for_slack_ack_seconds_count 1.0" in counted_broken


async def test_in_socket_mode_only_slacks_own_address_is_off():
    async with a_visitor(a_site(slack_events=None)) as visitor:
        statuses = [
            (await visitor.post("/slack/events", content=b"x")).status_code,
            (await visitor.get("/healthz")).status_code,
            (await visitor.get("/readyz")).status_code,
            (await visitor.get("/metrics")).status_code,
        ]

    assert statuses == [404, 200, 200, 200]


async def test_a_large_body_is_refused_whether_it_announces_its_length_or_not():
    async def in_pieces():
        for _ in range(12):
            yield b"x" * 100_000

    async with a_visitor(a_site()) as visitor:
        fits = await visitor.post("/slack/events", content=b"x" * 1_048_576)
        announced = await visitor.post("/slack/events", content=b"x" * 1_048_577)
        unannounced = await visitor.post("/slack/events", content=in_pieces())

    assert (fits.status_code, fits.text) == (200, "1048576")
    assert announced.status_code == 413
    assert unannounced.status_code == 413


async def test_ready_names_what_is_missing_and_alive_is_asked_apart():
    site = a_site(ready=lambda: ["draining"])

    async with a_visitor(site) as visitor:
        ready, alive = await visitor.get("/readyz"), await visitor.get("/healthz")

    assert (ready.status_code, ready.json()) == (503, {"ok": False, "problems": ["draining"]})
    assert (alive.status_code, alive.json()) == (200, {"ok": True, "problems": []})


async def test_a_check_that_hangs_is_asked_once_however_often_the_probe_comes(monkeypatch):
    go_on, asked = threading.Event(), []

    def hanging() -> list[str]:
        asked.append(1)
        go_on.wait(5)
        return []

    monkeypatch.setattr("web.health.CHECK_SECONDS", 0.05)
    async with a_visitor(a_site(ready=hanging)) as visitor:
        answers = [await visitor.get("/readyz") for _ in range(4)]
        go_on.set()
        await asyncio.sleep(0.1)
        after = await visitor.get("/readyz")

    assert [answer.json()["problems"] for answer in answers] == [["slow"]] * 4
    assert after.status_code == 200
    assert len(asked) == 2


async def test_unknown_addresses_get_a_page_for_people():
    async with a_visitor(a_site()) as visitor:
        answer = await visitor.get("/connect/anything")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text

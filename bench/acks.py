"""What an acknowledgement costs the event loop, against a bare AsyncApp of Bolt's: the same signed bytes to both.

Counted is the CPU of the loop's own thread while a request is answered: that thread is what all reps share. Rows are
read on other threads, and background work comes after the answer.
"""

import asyncio
import json
import logging
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from cryptography.fernet import Fernet
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from starlette.requests import Request
from starlette.responses import Response

from bench.side_by_side import row
from bench.views import slot_view
from bot import build_bolt_app
from bot.crossing import Crossing
from bot.http_adapter import slack_endpoint
from bot.slack_client import PooledClient
from sandbox.workspace.delivery import sign
from scheduling.assembly import Scheduling, assemble
from scheduling.clock import utc_now
from scheduling.config import SchedulingConfig
from scheduling.domain import Customer, Prefill, Rep, Screen
from scheduling.secrets import SecretBox
from scheduling.store import Store
from scheduling.zones import use_packaged_zones

SECRET = "bench"  # noqa: S105 - signs nothing but this run's own bytes
REP = Rep("T0BENCH", "U0BENCH")
ROUNDS = 400
NOBODY = "http://127.0.0.1:9/api/"

Endpoint = Callable[[Request], Awaitable[Response]]


def main() -> None:
    """Print the table."""
    use_packaged_zones()
    logging.disable(logging.CRITICAL)  # every form that opens in the background fails: there is no Slack here
    with TemporaryDirectory() as folder:
        scheduling = service(Path(folder))
        print("Event-loop CPU of one acknowledgement: ours, a bare AsyncApp, ratio")
        asyncio.run(measure(scheduling))
        scheduling.close()


def service(folder: Path) -> Scheduling:
    """The real service on SQLite; no calendar, mail server or directory is reached in this bench."""
    outside: Any = None
    store = Store.open(f"sqlite:///{folder}/bench.db", utc_now, SecretBox([Fernet.generate_key().decode()]))
    store.migrate()
    config = SchedulingConfig(mail_from="meetings@demo.example")
    return assemble(
        store=store,
        directory=outside,
        notices=outside,
        transport=outside,
        accounts=outside,
        config=config,
        clock=utc_now,
    )


async def measure(scheduling: Scheduling) -> None:
    """A command, then a click on a week of slot buttons."""
    crossing = Crossing()
    client = PooledClient("xoxb-bench", NOBODY, timeout=1)
    app = build_bolt_app(
        client=client,
        scheduling=scheduling.service,
        office=scheduling.office,
        crossing=crossing,
        after_ack=3600,
    )
    ours = slack_endpoint(app, SECRET)
    plain = AsyncSlackRequestHandler(bare_app()).handle
    view = slot_view(filled_draft(scheduling))
    button = next(
        e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"] if "slot" in e["action_id"]
    )
    click = {
        "type": "block_actions",
        "team": {"id": REP.team_id},
        "user": {"id": REP.user_id, "team_id": REP.team_id},
        "view": {**view, "id": "V0BENCH", "state": {"values": {}}},
        "actions": [{"type": "button", "action_id": button["action_id"], "value": button["value"], "block_id": "b"}],
    }
    cases: tuple[tuple[str, Callable[[str], bytes], str], ...] = (
        ("a command", lambda trigger: urlencode(command(trigger)).encode(), "budget 1.5 x"),
        (
            f"a click on a screen of {len(json.dumps(view)) // 1024} KB",
            lambda trigger: urlencode({"payload": json.dumps({**click, "trigger_id": trigger})}).encode(),
            "budget 0.5 x",
        ),
    )
    for words, body, budget in cases:
        print(row(words, await by_turns(ours, plain, body), budget))
    await crossing.close(1)
    await client.close()


async def by_turns(ours: Endpoint, plain: Endpoint, body: Callable[[str], bytes]) -> tuple[float, float, float]:
    """Milliseconds of each (the median of the quicker half), and their ratio."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for name, endpoint, times in (("ours", ours, taken[0]), ("plain", plain, taken[1])):
            asked = request(body(f"{name}.{number}"))
            began = time.thread_time()
            answer = await endpoint(asked)
            times.append((time.thread_time() - began) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"{name} answered {answer.status_code}: the figures would mean nothing")
            await asyncio.sleep(0)
    mine, theirs = (statistics.median(sorted(times)[: ROUNDS // 2]) for times in taken)
    return mine, theirs, mine / theirs


def bare_app() -> AsyncApp:
    """What the getting-started page builds: acknowledge and nothing else."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=REP.team_id, bot_token="xoxb-bench", bot_user_id="U0BOT")  # noqa: S106 - opens nothing

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    async def acknowledge(ack: Any) -> None:  # noqa: ANN401 - Bolt's own
        await ack()

    app.command("/schedule-for")(acknowledge)
    app.action(re.compile(".*"))(acknowledge)
    return app


def filled_draft(scheduling: Scheduling) -> Any:  # noqa: ANN401 - handed on to the view's builder
    """A form that is ready for its times."""
    draft = scheduling.service.open_draft(REP, Prefill()).draft
    customer = Customer(name="Acme Buyer", email="buyer@acme.example")
    form = draft.form.model_copy(update={"customer": customer, "subject": "Pricing call"})
    return scheduling.service.save(REP, draft.id, form, Screen.TIMES)


def command(trigger: str) -> dict[str, str]:
    """What Slack sends for a slash command."""
    return {
        "token": "t",
        "team_id": REP.team_id,
        "team_domain": "bench",
        "channel_id": "C0BENCH",
        "channel_name": "sales",
        "user_id": REP.user_id,
        "user_name": "bench",
        "command": "/schedule-for",
        "text": "buyer@acme.example Acme Buyer 30m Pricing call",
        "api_app_id": "A0BENCH",
        "is_enterprise_install": "false",
        "response_url": NOBODY,
        "trigger_id": trigger,
    }


def request(body: bytes) -> Request:
    """The signed request as the server hands it over."""
    stamp = str(int(time.time()))
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": sign(SECRET, stamp, body),
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/slack/events",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


if __name__ == "__main__":
    main()

"""The whole product for stories: app, local workspace, mail server and CalDAV server, all over real sockets.

A story asks for `desk` and runs twice: Slack by HTTP on SQLite, and Slack by Socket Mode on PostgreSQL. The app's clock
starts on Monday 30 November 2026, 09:00 in Berlin, and goes on from there, whatever day it really is.

A story may override by `parametrize`: `moment` (when the clock starts), `people` (who is in the workspace),
`operator` (what `SchedulingConfig` says otherwise), and `settings` (further environment). Calendars stand behind
`desk.proxy`, which can be told to fail.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx2
import pytest
import uvicorn
from cryptography.fernet import Fernet

from bot.crossing import Crossing
from composition import Application, compose
from sandbox.calendar_app import CalendarApp
from sandbox.calendar_server import CalendarServer, free_port
from sandbox.mailbox import Mailbox
from sandbox.nearby import request
from sandbox.stage import PEOPLE
from sandbox.workspace.records import DEMO_PEOPLE, Call, Person
from sandbox.workspace.screens import ScreenText
from sandbox.workspace.scripted_rep import ScriptedRep
from sandbox.workspace.server import LocalWorkspace
from sandbox.workspace.state import Workspace
from scheduling.config import SchedulingConfig
from scheduling.domain import Rep
from scheduling.store import audit
from settings import load_settings
from tests.stories.faulty_proxy import FaultyProxy

ROOT = Path(__file__).resolve().parents[2]
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 30, 9, tzinfo=BERLIN)
USERS = {"U0DANA": "dana", "U0PRIYA": "priya", "U0SAM": "sam", "U0NOA": "noa"}
COMBINATIONS = ["http-sqlite", "socket-postgres"]


class RunningClock:
    """Starts at a moment of the test's choosing and goes on at the usual speed; `jump` skips ahead."""

    def __init__(self, start: datetime) -> None:
        self._shift = start.astimezone(UTC) - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def jump(self, **by: float) -> None:
        self._shift += timedelta(**by)


T = TypeVar("T")


class PatientCrossing(Crossing):
    """Waits for rows as long as Slack's three seconds allow: here app, Slack, mail and tests share one busy process.

    That the product waits one second only, and says "Press again" then, is told in tests/bot.
    """

    async def local(self, function: Callable[..., T], *args: object, within: float = 1.0, **kwargs: object) -> T:
        return await super().local(function, *args, within=max(within, min(within * 2.5, 2.7)), **kwargs)


class AppThread:
    """The composed app, served by uvicorn in a thread of its own."""

    def __init__(self, app: Application, port: int) -> None:
        self.app = app
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._started = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="app", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(20), "the app did not start"

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(20)

    async def _serve(self) -> None:
        config = uvicorn.Config(
            self.app.web, host="127.0.0.1", port=self._port, log_level="warning", lifespan="off", ws="none"
        )
        self._server = server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        self.app.start()
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event for it
            await asyncio.sleep(0.005)
        self._started.set()
        await serving
        await self.app.stop(1)  # what is late by then is an update sent once more


def onward(rep: ScriptedRep, button: str, words: str) -> ScreenText:
    """Press a submit button and wait; press again where the screen asks for it, as it does on a busy computer."""
    again = f"Press {button} again"
    rep.press(button)
    rep.workspace.wait_until(lambda: words in rep.screen() or again in rep.screen(), 20)
    if again in rep.screen():
        rep.press(button)
    return rep.wait_for(words, timeout=20)


@dataclass
class Desk:
    """A rep's desk: everything a story touches."""

    clock: RunningClock
    workspace: LocalWorkspace
    mailbox: Mailbox
    calendars: CalendarServer
    runner: AppThread
    proxy: FaultyProxy
    environment: dict[str, str] = field(default_factory=dict)
    people: dict[str, ScriptedRep] = field(default_factory=dict)

    @property
    def dana(self) -> ScriptedRep:
        return self.rep("U0DANA")

    @property
    def refusals(self) -> list[object]:
        return list(self.workspace.workspace.refusals)

    def rep(self, user_id: str) -> ScriptedRep:
        """The same person each time: clicks are counted."""
        if user_id not in self.people:
            self.people[user_id] = self.workspace.rep(user_id, patience=8.0)
        return self.people[user_id]

    def calendar(self, user_id: str) -> CalendarApp:
        """The person's own calendar app."""
        return CalendarApp.of(self.calendars, USERS[user_id])

    def connect(self, *user_ids: str) -> None:
        """Each connects a calendar by the link on the first screen, on the app's own page."""
        for user_id in user_ids:
            person = self.rep(user_id)
            person.command("/schedule-for")
            person.wait_for("Connect a calendar")
            answer = self.sign_in(self.link(person, "Other CalDAV"), user_id)
            assert answer.status_code == 200, answer.text
            person.close()

    def link(self, person: ScriptedRep, words: str) -> str:
        """The address behind a link button on the person's screen."""
        control = next(c for c in person.screen().controls if c.words == words)
        return str(control.element["url"])

    def sign_in(self, address: str, user_id: str, password: str | None = None) -> httpx2.Response:
        """Fill in the /connect page as a browser would."""
        user = USERS[user_id]
        fields = {
            "server": f"{self.proxy.url}{user}/",
            "user_name": user,
            "password": self.calendars.users[user] if password is None else password,
        }
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        return request("POST", address, data=fields, headers={"Origin": origin})

    def to_times(self, text: str, person: ScriptedRep | None = None) -> ScriptedRep:
        """From the command to the list of times."""
        rep = person or self.dana
        rep.command("/schedule-for", text)
        rep.wait_for("External participant name")
        onward(rep, "Continue", "Step 1: Set your meeting details")
        onward(rep, "Find times", "Step 2: Select an available time slot")
        rep.wait_until_gone("Looking at", timeout=15)
        return rep

    def list_again(self, rep: ScriptedRep) -> None:
        """Back to the details, and the times anew."""
        rep.press("Back")
        rep.wait_for("Step 1: Set your meeting details")
        onward(rep, "Find times", "Step 2: Select an available time slot")
        rep.wait_until_gone("Looking at", timeout=15)

    def book(self, text: str, slot: str = r"^\d\d:\d\d", person: ScriptedRep | None = None) -> ScriptedRep:
        """The five clicks, to the screen that says Scheduled."""
        rep = self.to_times(text, person)
        rep.press_matching(slot)
        rep.wait_for("Confirm your meeting details")
        onward(rep, "Next", "Step 3: External participant notifications")
        onward(rep, "Schedule", "Tracking ID")
        return rep

    def later(self, **by: float) -> None:
        """Time passes, and the outbox looks at what is due."""
        self.clock.jump(**by)
        self.runner.app.scheduling.outbox.poke()

    def posted(self) -> list[Mapping[str, Any]]:
        """The arguments of every message that the app sent, oldest first."""
        return [call.arguments for call in self.calls("chat.postMessage") if call.answer.get("ok")]

    def calls(self, method: str) -> list[Call]:
        """The app's calls of one Web API method, oldest first."""
        return [call for call in self.workspace.workspace.calls if call.method == method]

    def audit(self, user_id: str) -> list[tuple[str, Mapping[str, object]]]:
        """Who did what, in every meeting ahead of this person; the newest meeting last."""
        app = self.runner.app
        rep = Rep(self.workspace.workspace.team.id, user_id)
        meetings = app.scheduling.service.upcoming(rep)
        lines = [app.store.read(partial(audit.of_booking, team_id=rep.team_id, booking_id=m.id)) for m in meetings]
        return [(entry.who, entry.what) for meeting in lines for entry in meeting]

    def settle(self, seconds: float = 0.3) -> None:
        """Give late work the chance to do something wrong."""
        time.sleep(seconds)


@pytest.fixture(scope="session")
def calendar_server(tmp_path_factory) -> Iterator[CalendarServer]:
    server = CalendarServer.start(tmp_path_factory.mktemp("radicale"), PEOPLE)
    yield server
    server.stop()


@pytest.fixture(params=COMBINATIONS)
def combination(request) -> str:
    return request.param


@pytest.fixture
def engine(combination) -> str:
    """Overrides the engine of the root fixtures by the combination's."""
    return combination.partition("-")[2]


@pytest.fixture(scope="session")
def proxy(calendar_server) -> Iterator[FaultyProxy]:
    with FaultyProxy.before(calendar_server.url) as started:
        yield started


@pytest.fixture
def moment() -> datetime:
    """When the app's clock starts."""
    return MONDAY


@pytest.fixture
def people() -> Sequence[Person]:
    """Who is in the workspace."""
    return DEMO_PEOPLE


@pytest.fixture
def operator() -> Mapping[str, object]:
    """What the operator's SchedulingConfig says otherwise."""
    return {}


@pytest.fixture
def settings() -> Mapping[str, str]:
    """Further environment of the app, by name."""
    return {}


@contextmanager
def opened_desk(
    combination: str,
    database_url: str,
    calendars: CalendarServer,
    proxy: FaultyProxy,
    *,
    moment: datetime = MONDAY,
    people: Sequence[Person] = DEMO_PEOPLE,
    operator: Mapping[str, object] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Desk]:
    """The product and everything around it; whatever Slack would have refused fails the story at the end."""
    proxy.heal()
    for user in PEOPLE:
        CalendarApp.of(calendars, user).clear()
    manifest = json.loads((ROOT / "manifest.json").read_text())
    workspace = LocalWorkspace.start(workspace=Workspace(people=people), manifest=manifest)
    mailbox = Mailbox.start()
    port = free_port()
    environment = {
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_SIGNING_SECRET": workspace.signing_secret,
        "SLACK_ANNOUNCE_CHANNEL": workspace.workspace.channel_named("sales").id,
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SMTP_URL": mailbox.url,
        "MAIL_FROM": "meetings@demo.example",
        "DATABASE_URL": database_url,
        "ALLOWED_PRIVATE_HOSTS": urlsplit(proxy.url).netloc,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
    } | dict(settings or {})
    if combination.startswith("socket"):
        environment["SLACK_APP_TOKEN"] = workspace.app_token
    clock = RunningClock(moment)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr("composition.Crossing", PatientCrossing)
        patch.setattr("composition.SchedulingConfig", partial(SchedulingConfig, **(operator or {})))
        runner = AppThread(compose(load_settings(env_file=None), clock), port)
    runner.start()
    if combination.startswith("socket"):
        workspace.connect_socket()
    else:
        workspace.connect_http(f"{runner.url}/slack/events")
    desk = Desk(clock, workspace, mailbox, calendars, runner, proxy, environment)
    yield desk
    refusals = desk.refusals
    proxy.heal()
    runner.stop()
    workspace.stop()
    mailbox.stop()
    assert refusals == []


@pytest.fixture
def desk(combination, engine_url, calendar_server, proxy, moment, people, operator, settings) -> Iterator[Desk]:
    with opened_desk(
        combination,
        engine_url,
        calendar_server,
        proxy,
        moment=moment,
        people=people,
        operator=operator,
        settings=settings,
    ) as desk:
        yield desk

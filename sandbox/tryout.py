"""`make try`: the whole product on this computer, with a page to use it from. Needs no accounts.

Everything is real but the people: the app runs as a process of its own, Radicale keeps the calendars, mails go over
SMTP, and the local workspace holds the app to Slack's published limits.
"""

import json
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from sandbox import seed
from sandbox.calendar_server import CalendarServer, CalendarServerFailed, is_installed
from sandbox.mailbox import Mailbox
from sandbox.page import Page
from sandbox.stage import HERE, PEOPLE, AppDidNotStart, AppProcess, Stage
from sandbox.workspace.onlooker import NotOnScreen
from sandbox.workspace.server import LocalWorkspace
from sandbox.workspace.state import Workspace

if TYPE_CHECKING:
    from sandbox.other_systems import OtherSystems

PORT = 8765
MISSING = "Radicale is missing: install requirements/sandbox.txt, or run this through `make try`."


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Everything that runs."""

    stage: Stage
    page: Page
    app: AppProcess
    systems: "OtherSystems"

    @property
    def url(self) -> str:
        """The page."""
        return self.stage.workspace.url


def main() -> None:
    """Start, say where to look, and wait for Ctrl-C or SIGTERM; exit code 1 where something did not start."""
    if not is_installed():
        print(MISSING)
        raise SystemExit(1)
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    began = time.monotonic()

    def greet(sandbox: Sandbox) -> None:
        print(greeting(sandbox, time.monotonic() - began), flush=True)

    try:
        with running(HERE / ".sandbox", PORT, greet):
            _wait(stopped)
    except KeyboardInterrupt:
        pass
    except (CalendarServerFailed, AppDidNotStart) as failed:
        print(failed, file=sys.stderr)
        raise SystemExit(1) from None
    print("\nStopped. Nothing is left running.")


def _wait(stopped: threading.Event) -> None:
    while not stopped.wait(60):
        pass


def greeting(sandbox: Sandbox, seconds: float) -> str:
    """What a newcomer sees."""
    url, stage = sandbox.url, sandbox.stage
    return f"""
  Ready in {seconds:.1f} s. Nothing leaves this computer.

  Workspace  {url}/          you are Dana, a sales rep
  Mailbox    {url}/mail      SMTP 127.0.0.1:{stage.mailbox.port}
  Calendar   {url}/calendar  CalDAV {url}/dana/ (dana / dana)
  The app    {sandbox.app.url}     log in {_near(sandbox.app.log)}

  Noa has no calendar yet. Besides CalDAV (noa / noa) she may connect, each a local stand-in:
  Google Calendar, Office 365   choose noa@demo.example on the sign-in page
  Exchange/Outlook              noa@demo.example, user name {sandbox.systems.user_name_of("noa")}, password noa
  iCloud                        noa@demo.example, password {sandbox.systems.app_password}

  Try: type /schedule-for in #sales.   Stop: Ctrl-C
  Local stand-ins, not affiliated with Slack, Google, Microsoft or Apple."""


def _near(path: Path) -> Path:
    return path.relative_to(HERE) if path.is_relative_to(HERE) else path


@contextmanager
def running(folder: Path, port: int = 0, usable: Callable[[Sandbox], None] = lambda _: None) -> Iterator[Sandbox]:
    """Everything, fresh, seeded and connected. Asks for `port` and takes a free one where it is taken.

    `usable` is called as soon as the page is, a second before the rooms are there too.
    Files go to `folder`, under the port's number: two may run at once. Raises CalendarServerFailed, AppDidNotStart.
    Leaving the block ends every process.
    """
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    with ExitStack() as ends, ThreadPoolExecutor(3) as pool:
        workspace = Workspace()
        accounts = PEOPLE | {room: room for room in seed.ROOMS}
        seed.talk(workspace)
        mailbox = ends.enter_context(Mailbox.start())
        page = Page(workspace, mailbox, list(accounts))
        ends.callback(page.stop)
        local = _first_that_works(
            lambda at: LocalWorkspace.start(at, workspace=workspace, manifest=manifest, routes=page.routes()), port
        )
        ends.callback(local.stop)
        folder = folder / local.url.rpartition(":")[2]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        begun = pool.submit(_other_systems, local.url, workspace)
        ends.callback(lambda: begun.result().stop())
        calendars = pool.submit(CalendarServer.start, folder / "calendars", accounts)
        stage = ends.enter_context(Stage(folder, local, mailbox, calendars))
        filled = pool.submit(lambda: seed.fill_calendars(stage.calendars, workspace))
        systems = begun.result()
        app = stage.run_app(
            connect=True, ALLOWED_PRIVATE_HOSTS=local.url.removeprefix("http://"), **systems.environment
        )
        filled.result()
        page.start(local, stage.calendars, stage.clock)
        seed.connect_calendars(local, stage.calendars, local.url)
        sandbox = Sandbox(stage, page, app, systems)
        usable(sandbox)
        with suppress(NotOnScreen):  # somebody was quicker and acts as Dana: then the rooms are theirs to add
            seed.add_rooms(local, stage.calendars, local.url)
        yield sandbox


def _other_systems(caldav_url: str, workspace: Workspace) -> "OtherSystems":
    from sandbox.other_systems import OtherSystems  # noqa: PLC0415 - takes a third of a second, beside the rest

    return OtherSystems.start(caldav_url, workspace)


def _first_that_works(start: Callable[[int], LocalWorkspace], port: int) -> LocalWorkspace:
    try:
        return start(port)
    except OSError:
        return start(0)

"""Everything the app needs around it, on this computer: workspace, mailbox, calendar server, and the app as a process.

The app is started as an operator's `python app.py` starts it (`child.py`), with an environment made here from nothing:
whatever real credentials the caller has stay out of it. Several app processes may share one stage.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2
from cryptography.fernet import Fernet

from sandbox.calendar_server import CalendarServer, free_port
from sandbox.clock import MovableClock
from sandbox.mailbox import Mailbox
from sandbox.nearby import request
from sandbox.workspace.server import LocalWorkspace
from sandbox.workspace.state import Workspace

HERE = Path(__file__).resolve().parent.parent
CHILD = Path(__file__).resolve().parent / "child.py"
PEOPLE = {"dana": "dana", "priya": "priya", "sam": "sam", "noa": "noa"}
"""Calendar accounts and their passwords; everybody on the stage is made up."""

START_SECONDS = 30.0
STOP_SECONDS = 30.0


class AppDidNotStart(RuntimeError):
    """The app ended or did not become ready; carries the end of its log."""


@dataclass
class AppProcess:
    """The app as a child. `kill` is kill -9; `stop` asks it to end and answers its exit code."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def wait_until_ready(self) -> None:
        """Until /readyz says yes; raises AppDidNotStart."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if request("GET", f"{self.url}/readyz", timeout=2).status_code == httpx2.codes.OK:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        self.kill()
        raise AppDidNotStart(self.log.read_text(errors="replace")[-4000:])

    def kill(self) -> None:
        """End it without warning, as a crash or a power cut would."""
        self.process.kill()
        self._ended(self.process.wait())

    def stop(self) -> int:
        """SIGTERM, and kill only if it does not end in time."""
        self.process.terminate()
        try:
            return self._ended(self.process.wait(STOP_SECONDS))
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def _ended(self, code: int) -> int:
        """Not before: the end of its stdin is a second request to stop, and then it stops at once."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code


class Stage:
    """The parts around the app. Use as a context manager; leaving it ends every process that it started."""

    def __init__(
        self, folder: Path, workspace: LocalWorkspace, mailbox: Mailbox, calendars: "Future[CalendarServer]"
    ) -> None:
        """The calendar server may still be starting, beside the app."""
        self.folder = folder
        self.workspace = workspace
        self.mailbox = mailbox
        self._calendars = calendars
        self.clock = MovableClock(folder / "ahead")
        self.secret_key = Fernet.generate_key().decode()
        self._apps: list[AppProcess] = []

    @classmethod
    def start(cls, folder: Path, manifest: Mapping[str, object], workspace: Workspace | None = None) -> Self:
        """Start the parts with their files in `folder`; the app itself is started by `run_app`."""
        folder.mkdir(parents=True, exist_ok=True)
        calendars: Future[CalendarServer] = Future()
        calendars.set_result(CalendarServer.start(folder / "calendars", PEOPLE))
        mailbox = Mailbox.start()
        return cls(folder, LocalWorkspace.start(manifest=dict(manifest), workspace=workspace), mailbox, calendars)

    @property
    def calendars(self) -> CalendarServer:
        """The calendar server, once it runs. Raises CalendarServerFailed."""
        return self._calendars.result()

    def environment(self, port: int, **more: str) -> dict[str, str]:
        """What an operator would have to set, and nothing inherited but what programs need to run at all."""
        if "ALLOWED_PRIVATE_HOSTS" not in more:
            more["ALLOWED_PRIVATE_HOSTS"] = urlsplit(self.calendars.url).netloc
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "SLACK_API_URL": self.workspace.api_url,
            "SLACK_BOT_TOKEN": self.workspace.bot_token,
            "SLACK_SIGNING_SECRET": self.workspace.signing_secret,
            "SLACK_ANNOUNCE_CHANNEL": self.workspace.workspace.channel_named("sales").id,
            "SECRET_KEYS": self.secret_key,
            "SMTP_URL": self.mailbox.url,
            "MAIL_FROM": "meetings@demo.example",
            "DATABASE_URL": f"sqlite:///{self.folder}/schedule-for.db",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "LOG_FORMAT": "console",
            **more,
        }

    def run_app(self, *, connect: bool = True, **more: str) -> AppProcess:
        """Start the app and wait until it is ready; with `connect`, the workspace's requests go to it from now on."""
        port = free_port()
        number = len(self._apps) + 1
        log = self.folder / f"app-{number}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, str(CHILD), str(self.clock.file)],
                cwd=self.folder,  # no .env of the caller's
                env=self.environment(port, **more),
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        app = AppProcess(f"http://127.0.0.1:{port}", log, process)
        self._apps.append(app)
        app.wait_until_ready()
        if connect and "SLACK_APP_TOKEN" in more:
            self.workspace.connect_socket()
        elif connect:
            self.workspace.connect_http(f"{app.url}/slack/events")
        return app

    def stop(self) -> None:
        """End everything; calling it again does nothing."""
        for app in self._apps:
            if app.process.poll() is None:
                app.stop()
        self.workspace.stop()
        self.mailbox.stop()
        if self._calendars.exception() is None:
            self.calendars.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

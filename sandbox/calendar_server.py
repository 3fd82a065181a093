"""A real CalDAV server for trying and testing without accounts: Radicale as a child process on a free loopback port.

Radicale is never imported here: it is GPL-3 and stays a program of its own. It ends with us: it has its own session, so
that Ctrl-C in a terminal reaches us first, and it exits when the pipe to us closes, even if we are killed.
"""

import base64
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree import ElementTree as ET

_RUN_UNTIL_PIPE_CLOSES = """
import os, runpy, sys, threading
def wait():
    os.read(0, 1)
    os._exit(0)
threading.Thread(target=wait, daemon=True).start()
sys.argv = ["radicale", "--config", sys.argv[1]]
runpy.run_module("radicale", run_name="__main__")
"""
_CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
max_connections = 100
timeout = 30

[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain

[rights]
type = owner_only

[storage]
filesystem_folder = {folder}/collections

[web]
type = none

[logging]
level = warning
"""
_CALENDAR = "calendar"
_START_SECONDS = 20.0


class CalendarServerFailed(RuntimeError):
    """Radicale is not installed, or it did not start; the text ends with what it said."""


class CalendarServer:
    """A running Radicale. `url` is its root; every user has one calendar from the start, see `calendar_of`."""

    def __init__(self, url: str, users: Mapping[str, str], process: "subprocess.Popen[bytes]") -> None:
        self.url = url
        self.users = dict(users)
        self._process = process

    @classmethod
    def start(cls, folder: Path, users: Mapping[str, str]) -> Self:
        """Start on `folder` (made when missing; calendars in it are kept) for users and their passwords.

        Raises CalendarServerFailed; what Radicale says is in `radicale.log` there.
        """
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        _write_private(folder / "users", "".join(f"{name}:{password}\n" for name, password in users.items()))
        problem = ""
        for _ in range(3):  # the free port may be taken in the moment between
            port = free_port()
            config = folder / "radicale.ini"
            config.write_text(_CONFIG.format(port=port, folder=folder))
            with (folder / "radicale.log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-c", _RUN_UNTIL_PIPE_CLOSES, str(config)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
            server = cls(f"http://127.0.0.1:{port}/", users, process)
            if server._answers(port):
                server._make_calendars(port)
                return server
            server.stop()
            problem = (folder / "radicale.log").read_text(errors="replace")[-2000:]
        raise CalendarServerFailed(f"Radicale did not start: {problem}")

    def url_of(self, user: str) -> str:
        """The user's principal, which is what a person types as server address."""
        return f"{self.url}{user}/"

    def calendar_of(self, user: str) -> str:
        """The calendar made for the user at first."""
        return f"{self.url_of(user)}{_CALENDAR}/"

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End the server; calling again does nothing."""
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answers(self, port: int) -> bool:
        """Wait until the port is open: a login with a wrong or missing password would be slowed down on purpose."""
        until = time.monotonic() + _START_SECONDS
        while self.running and time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    pass
            except OSError:
                time.sleep(0.02)
            else:
                return self.running
        return False

    def _make_calendars(self, port: int) -> None:
        for user, password in self.users.items():
            login = base64.b64encode(f"{user}:{password}".encode()).decode()
            headers = {
                "Authorization": f"Basic {login}",
                "Content-Type": "application/xml; charset=utf-8",
                "Depth": "0",
            }
            if _status(port, "PROPFIND", f"/{user}/{_CALENDAR}/", b"", headers) == 207:
                continue
            made = _status(port, "MKCALENDAR", f"/{user}/{_CALENDAR}/", _mkcalendar(), headers)
            if made != 201:
                self.stop()
                raise CalendarServerFailed(f"no calendar for {user}: HTTP {made}")


def is_installed() -> bool:
    """Whether there is a Radicale to start, without importing it."""
    return (
        shutil.which("radicale", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        is not None
    )


def _mkcalendar() -> bytes:
    dav, cal = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
    root = ET.Element(f"{cal}mkcalendar")
    prop = ET.SubElement(ET.SubElement(root, f"{dav}set"), f"{dav}prop")
    ET.SubElement(prop, f"{dav}displayname").text = "Calendar"
    ET.SubElement(ET.SubElement(prop, f"{cal}supported-calendar-component-set"), f"{cal}comp", name="VEVENT")
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _status(port: int, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def free_port() -> int:
    """A loopback port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_private(path: Path, text: str) -> None:
    """The file holds passwords: nobody else may read it, not even for a moment."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)

"""The sandbox's Radicale: starts on any folder, keeps what is in it, and never outlives its parent."""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.calendar_server import CalendarServer, CalendarServerFailed
from tests.scheduling.calendars.conftest import USERS

EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\n"
    b"DTSTART:20261207T090000Z\r\nDTEND:20261207T100000Z\r\nSUMMARY:Kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def ask(method: str, url: str, body: bytes | None = None, user: str = "dana") -> bytes:
    login = base64.b64encode(f"{user}:{USERS[user]}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "text/calendar"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10) as answer:
        return answer.read()


def wait_until(fact: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if fact():
            return True
        time.sleep(0.05)
    return False


def is_listening(url: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=1):
        return True
    return False


def test_calendars_are_kept_over_a_restart(tmp_path: Path) -> None:
    with CalendarServer.start(tmp_path, USERS) as first:
        ask("PUT", first.calendar_of("dana") + "1.ics", EVENT)

    with CalendarServer.start(tmp_path, USERS) as second:
        assert b"SUMMARY:Kept" in ask("GET", second.calendar_of("dana") + "1.ics")


def test_every_user_has_a_calendar_and_nobody_sees_anothers(radicale: CalendarServer) -> None:
    assert b"BEGIN:VCALENDAR" in ask("GET", radicale.calendar_of("sam"), user="sam")

    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask("GET", radicale.calendar_of("sam"), user="dana")


def test_stopping_ends_it_and_may_be_repeated(tmp_path: Path) -> None:
    server = CalendarServer.start(tmp_path, USERS)

    server.stop()
    server.stop()

    assert (server.running, is_listening(server.url)) == (False, False)


def test_the_password_file_is_for_its_owner_only(tmp_path: Path) -> None:
    with CalendarServer.start(tmp_path, USERS):
        assert (tmp_path / "users").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_used_is_told_with_radicales_words(tmp_path: Path) -> None:
    (tmp_path / "collections").write_text("a file where a folder should be")

    with pytest.raises(CalendarServerFailed):
        CalendarServer.start(tmp_path, USERS)


START = """
import sys, time
from pathlib import Path
from sandbox.calendar_server import CalendarServer
server = CalendarServer.start(Path(sys.argv[1]), {"dana": "correct horse"})
print(server.url, flush=True)
time.sleep(60)
"""


def test_it_survives_ctrl_c_in_the_terminal_and_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path)], stdout=subprocess.PIPE, text=True, process_group=0
    )
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()

    parent.send_signal(signal.SIGSTOP)  # so that the parent itself does not end at once
    os.killpg(parent.pid, signal.SIGINT)
    after_ctrl_c = is_listening(url)
    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert after_ctrl_c
    assert wait_until(lambda: not is_listening(url))

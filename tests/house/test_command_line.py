"""The app as an operator meets it: `python app.py …` as a process of its own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from cryptography.fernet import Fernet

from sandbox.nearby import client
from scheduling.domain import Connection, ConnectionState
from scheduling.secrets import SecretBox
from scheduling.store import Store, connections

APP = Path(__file__).parents[2] / "app.py"
NOBODY = "http://127.0.0.1:9/api/"  # the discard port: nothing answers there


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "SLACK_BOT_TOKEN": "xoxb-1-a",
        "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
        "SLACK_API_URL": NOBODY,
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SMTP_URL": "smtp://127.0.0.1:9?tls=none",
        "MAIL_FROM": "meetings@example.com",
        "PORT": str(free_port()),
    }


class Running:
    """A started app, its log, and its address."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.log = folder / "app.log"
        self.url = f"http://127.0.0.1:{environment['PORT']}"
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, APP], cwd=folder, env=environment, stdout=sink, stderr=sink, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines()]


@pytest.fixture
def start(tmp_path) -> Iterator[object]:
    running: list[Running] = []

    def start(environment: dict[str, str]) -> Running:
        running.append(Running(tmp_path, environment))
        return running[-1]

    yield start
    for app in running:
        if app.process.poll() is None:
            app.process.kill()
        app.process.wait()


def run(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, APP, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def first_refusal(app):
    """The first answer of /readyz that is not a yes; asked again and again, for it is given for a moment only."""
    with client() as calling:
        while (answer := calling.get(f"{app.url}/readyz")).status_code == httpx.codes.OK:
            time.sleep(0.01)
        return answer


def test_the_app_migrates_listens_and_ends_well_when_told_to(start, environment, tmp_path):
    app = start(environment)
    app.wait_until_ready()

    alive = httpx.get(f"{app.url}/healthz")
    metrics = httpx.get(f"{app.url}/metrics")
    forged = httpx.post(f"{app.url}/slack/events", content="command=%2Fschedule-for")
    app.process.send_signal(signal.SIGTERM)
    while_stopping = first_refusal(app)

    assert app.process.wait(30) == 0
    assert (alive.status_code, forged.status_code, while_stopping.status_code) == (200, 401, 503)
    assert while_stopping.json()["problems"] == ["draining"]
    assert "schedule_for_tick_age_seconds" in metrics.text
    assert app.events() == [
        "listening",
        "slack_request_refused status=401 code=invalid_signature",
        "stopping",
        "stopped",
    ]
    assert (tmp_path / "data" / "schedule-for.db").exists()


def test_a_start_with_a_new_key_in_front_makes_the_old_one_unneeded(start, environment, tmp_path):
    old, new = environment["SECRET_KEYS"], Fernet.generate_key().decode()
    address = f"sqlite:///{tmp_path / 'keys.db'}"
    dana = Connection("c1", "T1", "U1", "icloud", "dana@example.com", ConnectionState.OK)
    before = Store.open(address, box=SecretBox([old]))
    before.migrate()
    before.transact(lambda tx: connections.save(tx, dana, {"password": "abcd"}, []))
    before.dispose()

    app = start({**environment, "DATABASE_URL": address, "SECRET_KEYS": f"{new},{old}"})
    app.wait_until_ready()

    after = Store.open(address, box=SecretBox([new]))
    assert after.read(lambda tx: connections.secret(tx, "T1", "c1")) == {"password": "abcd"}
    after.dispose()
    assert "secrets_sealed_anew" in app.events()


def test_a_second_signal_ends_it_at_once(start, environment):
    app = start(environment)
    app.wait_until_ready()

    app.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    app.process.send_signal(signal.SIGTERM)

    assert app.process.wait(5) == -signal.SIGTERM
    assert app.events()[-1] == "stopped_at_once"


def test_in_socket_mode_it_listens_all_the_same_and_slack_being_away_does_not_end_it(start, environment):
    app = start({**environment, "SLACK_APP_TOKEN": "xapp-1-a", "SLACK_SIGNING_SECRET": ""})
    app.wait_until_ready()

    answers = [httpx.get(f"{app.url}/healthz"), httpx.post(f"{app.url}/slack/events", content="x")]
    app.process.send_signal(signal.SIGINT)

    assert [answer.status_code for answer in answers] == [200, 404]
    assert app.process.wait(30) == 0


def test_the_page_for_passwords_is_there_only_with_a_public_address(start, environment):
    public = {**environment, "PUBLIC_URL": f"http://127.0.0.1:{environment['PORT']}"}
    app = start(public)
    app.wait_until_ready()

    answer = httpx.get(f"{app.url}/connect/never-made")

    assert answer.status_code == 410
    assert "This link no longer works" in answer.text


def test_a_port_that_is_taken_is_said_and_the_app_ends(start, environment):
    with socket.create_server(("127.0.0.1", int(environment["PORT"]))):
        app = start(environment)

        assert app.process.wait(30) == 1
    assert app.events() == ["cannot_listen"]


def test_a_database_of_a_newer_program_is_left_alone(start, environment, tmp_path):
    assert run(tmp_path, environment, "migrate").returncode == 0
    with sqlite3.connect(tmp_path / "data" / "schedule-for.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    database.close()

    app = start(environment)

    assert app.process.wait(30) == 1
    assert app.events() == ["database_unfit"]


@pytest.mark.parametrize("command", [[], ["run"], ["migrate"], ["backup", "copy.db"]])
def test_missing_settings_are_listed_and_nothing_is_done(tmp_path, command):
    ran = run(tmp_path, {"PATH": os.environ["PATH"]}, *command)

    assert ran.returncode == 2
    names = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SECRET_KEYS", "SMTP_URL")
    assert [name for name in names if name not in ran.stderr] == []
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_a_database_of_its_own_and_replaces_nothing(tmp_path, environment):
    run(tmp_path, environment, "migrate")

    made = run(tmp_path, environment, "backup", "copies/monday.db")
    again = run(tmp_path, environment, "backup", "copies/monday.db")

    assert (made.returncode, again.returncode) == (0, 2)
    copy = sqlite3.connect(tmp_path / "copies" / "monday.db")
    assert copy.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    copy.close()


def test_the_manifest_is_printed_for_either_way_and_as_a_link(tmp_path, environment):
    socket_mode = json.loads(run(tmp_path, environment, "manifest").stdout)
    public = {**environment, "PUBLIC_URL": "https://schedule.example.com/"}
    http = json.loads(run(tmp_path, public, "manifest").stdout)
    link = urlsplit(run(tmp_path, public, "manifest", "--url").stdout.strip())

    assert socket_mode["settings"]["socket_mode_enabled"] is True
    assert http["features"]["slash_commands"][0]["url"] == "https://schedule.example.com/slack/events"
    assert link.hostname == "api.slack.com"
    assert json.loads(parse_qs(link.query)["manifest_json"][0]) == http


def test_every_mail_is_written_for_a_look_at_it(tmp_path, environment):
    ran = run(tmp_path, environment, "preview-emails", "mails")

    written = sorted(path.name for path in (tmp_path / "mails").iterdir())
    assert ran.returncode == 0
    for kind in ("customer_confirmation", "customer_invitation", "rep_receipt", "team_notice"):
        assert [f"{kind}.{ending}" for ending in ("eml", "html", "txt") if f"{kind}.{ending}" not in written] == []

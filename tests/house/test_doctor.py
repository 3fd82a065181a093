"""What `python app.py doctor` finds, asked of a real workspace stand-in, mail server and database."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from doctor import Finding, Verdict, examine
from sandbox.mailbox import Mailbox
from sandbox.workspace.server import LocalWorkspace
from scheduling.calendars.base import CalendarInfo
from scheduling.domain import Connection, ConnectionState
from scheduling.secrets import SecretBox
from scheduling.store import Store, connections
from settings import Settings

MANIFEST = json.loads((Path(__file__).parents[2] / "manifest.json").read_text(encoding="utf-8"))
KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace.start(manifest=MANIFEST) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox.start() as mailbox:
        yield mailbox


@pytest.fixture
def findings(workspace, mailbox, tmp_path, monkeypatch):
    """Examine an installation in which everything is right but for the changes given."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    database = f"sqlite:///{tmp_path / 'schedule-for.db'}"

    def findings(*, migrated: bool = True, **changes: str) -> dict[str, Finding]:
        if migrated:
            store = Store.open(database)
            store.migrate()
            store.dispose()
        names = {
            "SLACK_API_URL": workspace.api_url,
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_SIGNING_SECRET": workspace.signing_secret,
            "SECRET_KEYS": KEY,
            "SMTP_URL": mailbox.url,
            "MAIL_FROM": "meetings@example.com",
            "DATABASE_URL": database,
            "PUBLIC_URL": "https://schedule.example.com",
            **changes,
        }
        file = tmp_path / "env"
        file.write_text("".join(f"{name}={value}\n" for name, value in names.items()))
        return {finding.about: finding for finding in examine(file)}

    return findings


def to_do(found: dict[str, Finding]) -> list[str]:
    return [about for about, finding in found.items() if finding.verdict is Verdict.TO_DO]


def test_everything_that_is_right_is_ok(findings):
    found = findings()

    assert list(found) == ["settings", "database", "secret keys", "mail", "Slack", "scopes", "PUBLIC_URL"]
    assert to_do(found) == []


def test_in_socket_mode_slack_says_hello(findings, workspace):
    found = findings(SLACK_APP_TOKEN=workspace.app_token)

    assert found["Socket Mode"] == Finding(Verdict.OK, "Socket Mode", "connected")


def test_settings_that_are_missing_end_the_examination(findings):
    found = findings(SMTP_URL="")

    assert list(found) == ["settings"]
    assert found["settings"].verdict is Verdict.TO_DO
    assert "SMTP_URL" in found["settings"].words


@pytest.mark.parametrize(
    ("changes", "about", "words"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-never-made"}, "Slack", "SLACK_BOT_TOKEN"),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "Slack", "does not answer"),
        ({"SLACK_APP_TOKEN": "xapp-never-made"}, "Socket Mode", "SLACK_APP_TOKEN"),
        ({"SMTP_URL": "smtp://127.0.0.1:9?tls=none"}, "mail", "127.0.0.1:9"),
        ({"DATABASE_URL": "postgresql://nobody:canary@127.0.0.1:9/none"}, "database", "does not answer"),
    ],
)
def test_what_is_wrong_is_the_one_thing_to_do(findings, changes, about, words):
    found = findings(**changes)

    assert to_do(found) == [about]
    assert words in found[about].words
    assert "canary" not in str(found[about])


@pytest.fixture
def slack_that_grants() -> Iterator[Callable[[str], str]]:
    """A Web API that knows auth.test and says which scopes the token has; answers its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(scopes: str) -> str:
        class AuthTest(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.send_response(200)
                self.send_header("x-oauth-scopes", scopes)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(b'{"ok": true, "team": "Acme", "user": "schedule_for"}')

            def log_message(self, *_: object) -> None:
                """Nothing: the test's output stays readable."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), AuthTest))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/api/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_scopes_that_are_missing_are_named(findings, slack_that_grants):
    some = findings(SLACK_API_URL=slack_that_grants("commands,chat:write,users:read"))
    all_of_them = findings(
        SLACK_API_URL=slack_that_grants("commands, chat:write, users:read, users:read.email, im:read")
    )

    assert to_do(some) == ["scopes"]
    assert "add users:read.email and reinstall" in some["scopes"].words
    assert all_of_them["scopes"].verdict is Verdict.OK


def test_a_database_that_was_never_migrated_is_told_with_the_command(findings):
    found = findings(migrated=False)

    assert to_do(found) == ["database"]
    assert "app.py migrate" in found["database"].words


def test_a_key_that_was_lost_is_noticed_before_a_calendar_is_read(findings, tmp_path):
    older = Fernet.generate_key().decode()
    findings()
    store = Store.open(f"sqlite:///{tmp_path / 'schedule-for.db'}", box=SecretBox([older]))
    calendar = CalendarInfo("c", "Home", None, writable=True, primary=True)
    dana = Connection("c1", "T1", "U1", "icloud", "dana@example.com", ConnectionState.OK)
    store.transact(lambda tx: connections.save(tx, dana, {"password": "abcd"}, [calendar]))
    store.dispose()

    lost, kept = findings(), findings(SECRET_KEYS=f"{KEY},{older}")

    assert to_do(lost) == ["secret keys"]
    assert to_do(kept) == []
    with sqlite3.connect(tmp_path / "schedule-for.db") as database:
        (sealed,) = database.execute("SELECT secret FROM connection").fetchone()
    database.close()
    assert SecretBox([older]).open("T1|U1|c1", sealed) == {"password": "abcd"}  # examined, not sealed anew


def test_without_a_public_address_it_works_with_a_note(findings):
    found = findings(PUBLIC_URL="")

    assert found["PUBLIC_URL"].verdict is Verdict.NOTE
    assert to_do(found) == []

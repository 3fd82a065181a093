"""The vendors' libraries take up to a second to import: no start, no `/schedule-for` and no screen may pay for them."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).parents[3]
HEAVY = ("googleapiclient", "httplib2", "google.oauth2", "google_auth_httplib2", "msal", "exchangelib")
COLD = f"""
import contextlib
import sys
from pathlib import Path
from composition import calendar_systems, compose
from scheduling.calendars.base import Deadline
from scheduling.domain import Connection, ConnectionState, Prefill, Rep
from scheduling.errors import CalendarError
from scheduling.outbound import Outbound
from scheduling.store import connections
from settings import load_settings

settings = load_settings(Path(sys.argv[1]))
app = compose(settings)
app.store.migrate()
rep = Rep("T0ACME", "U0DANA")
secret = {{
    "google": {{"refresh_token": "x", "access_token": "", "scopes": ""}},
    "microsoft": {{"id": "1", "account": "a", "tenant": "t", "user": "u", "cache": "{{}}", "version": "1"}},
    "exchange": {{
        "email": "dana@acme.example", "user_name": "x", "password": "x", "auth": "basic",
        "endpoint": "https://127.0.0.1:1/EWS/Exchange.asmx",
    }},
}}[sys.argv[2]]
account = Connection(
    "c1", rep.team_id, rep.user_id, sys.argv[2], "dana@acme.example", ConnectionState.OK, target_calendar="1"
)
app.store.transact(lambda tx: connections.save(tx, account, secret, ()))
opening = app.scheduling.service.open_draft(rep, Prefill(email="buyer@acme.example"))
host = app.scheduling.office.host(rep)
cold = [name for name in {HEAVY!r} if name in sys.modules]
calendar = calendar_systems(settings, Outbound())[sys.argv[2]].open(secret, lambda _: None)
with contextlib.suppress(CalendarError):
    calendar.list_calendars(Deadline.after(1))
print(len(opening.connections), host.invites, cold, [name for name in {HEAVY!r} if name in sys.modules])
"""
WARM = {
    "google": ["googleapiclient", "httplib2", "google.oauth2", "google_auth_httplib2"],
    "microsoft": ["msal"],
    "exchange": ["exchangelib"],
}


@pytest.mark.parametrize("provider", WARM)
def test_neither_starting_nor_the_first_screens_import_a_vendors_libraries_and_the_first_call_does(provider, tmp_path):
    names = {
        "SLACK_BOT_TOKEN": "xoxb-1-a",
        "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SMTP_URL": "smtp://meetings%40example.com:x@127.0.0.1:1",
        "PUBLIC_URL": "https://schedule.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "GOOGLE_CLIENT_ID": "id",
        "GOOGLE_CLIENT_SECRET": "secret",
        "GOOGLE_TOKEN_URL": "http://127.0.0.1:1/token",
        "GOOGLE_API_URL": "http://127.0.0.1:1/calendar/v3/",
        "MICROSOFT_CLIENT_ID": "id",
        "MICROSOFT_CLIENT_SECRET": "secret",
        "MICROSOFT_AUTHORITY": "http://127.0.0.1:1/organizations",
        "GRAPH_API_URL": "http://127.0.0.1:1/v1.0",
    }
    file = tmp_path / "env"
    file.write_text("".join(f"{name}={value}\n" for name, value in names.items()))

    ran = subprocess.run(
        [sys.executable, "-c", COLD, str(file), provider],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ran.stdout.strip(), ran.returncode) == (f"1 True [] {WARM[provider]}", 0), ran.stderr

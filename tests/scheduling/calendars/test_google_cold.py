"""Google's libraries take half a second to import: no start and no first screen may pay for them."""

import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).parents[3]
HEAVY = ("googleapiclient", "httplib2", "google.oauth2", "google_auth_httplib2")
COLD = f"""
import sys
from pathlib import Path
from composition import compose
from scheduling.calendars import system_class
from settings import load_settings

compose(load_settings(Path(sys.argv[1])))
google = system_class("google")("id", "secret")
google.begin("https://schedule.example/oauth/google/callback", "state", "dana@reps.example")
calendar = google.open({{"refresh_token": "x"}}, lambda _: None)
assert calendar.capabilities.native_conference == "Google Meet"
cold = [name for name in {HEAVY!r} if name in sys.modules]
google.google
warm = [name for name in {HEAVY!r} if name in sys.modules]
print(cold, len(warm))
"""


def test_neither_starting_nor_opening_an_account_imports_googles_libraries_and_the_first_call_does(tmp_path):
    names = {
        "SLACK_BOT_TOKEN": "xoxb-1-a",
        "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SMTP_URL": "smtp://meetings%40example.com:x@127.0.0.1:1",
        "PUBLIC_URL": "https://schedule.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "GOOGLE_CLIENT_ID": "id",
        "GOOGLE_CLIENT_SECRET": "secret",
    }
    file = tmp_path / "env"
    file.write_text("".join(f"{name}={value}\n" for name, value in names.items()))

    ran = subprocess.run(
        [sys.executable, "-c", COLD, str(file)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.stdout.strip(), ran.returncode) == ("[] 4", 0), ran.stderr

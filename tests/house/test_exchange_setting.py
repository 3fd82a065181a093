"""EXCHANGE_EWS_URL: what it must look like, what follows from it, and what doctor says of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from composition import calendar_systems
from doctor import Verdict, check_exchange
from sandbox.exchange_standin import Directory, ExchangeStandin, Mailbox
from scheduling.calendars.base import Deadline
from scheduling.errors import HostRefused
from scheduling.outbound import Outbound
from settings import Settings, SettingsRefused, load_settings

ROOT = Path(__file__).parents[2]
DANA = {"email": "dana@acme.example", "user_name": "", "password": "x"}


def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> Settings:
    values = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "s",
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SMTP_URL": "smtp://meetings%40example.com:x@mail.example.com:587",
        "EXCHANGE_EWS_URL": url,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load_settings(tmp_path / "none")


@pytest.fixture
def standin():
    dana = Mailbox("dana@acme.example", "Dana Reyes", "dana@acme.example", "x")
    with ExchangeStandin(Directory([dana])) as running:
        yield running


def test_exchange_is_offered_without_any_setting(monkeypatch, tmp_path):
    read = settings(monkeypatch, tmp_path, "")

    assert read.exchange_ews_url is None
    assert list(calendar_systems(read, Outbound()))[-3:] == ["exchange", "icloud", "caldav"]


def test_the_vendors_library_waits_until_somebody_connects():
    """It takes a second and 50 MB."""
    ask = "import sys, composition, doctor; import scheduling.calendars.ews.system; print('exchangelib' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_what_is_no_address_is_told(monkeypatch, tmp_path):
    with pytest.raises(SettingsRefused) as refused:
        settings(monkeypatch, tmp_path, "mail.acme.example")

    assert refused.value.problems == {"EXCHANGE_EWS_URL": "must be an address such as https://schedule.example.com"}


def test_the_operators_own_server_may_be_private_and_no_other(monkeypatch, tmp_path, standin):
    read = settings(monkeypatch, tmp_path, standin.ews_url)
    strict = Outbound()

    account = calendar_systems(read, strict)["exchange"].connect(DANA, Deadline.after(10))

    assert account.secret["endpoint"] == standin.ews_url
    with pytest.raises(HostRefused):
        calendar_systems(settings(monkeypatch, tmp_path, ""), strict)["exchange"].connect(
            DANA | {"server": standin.origin}, Deadline.after(10)
        )


def test_doctor_knows_an_exchange_server_when_it_meets_one(monkeypatch, tmp_path, standin):
    good = list(check_exchange(settings(monkeypatch, tmp_path, standin.ews_url)))
    bad = list(check_exchange(settings(monkeypatch, tmp_path, f"{standin.origin}/wrong.asmx")))
    none = list(check_exchange(settings(monkeypatch, tmp_path, "")))

    assert [finding.verdict for finding in good] == [Verdict.OK]
    assert [(finding.verdict, "not_exchange" in finding.words) for finding in bad] == [(Verdict.TO_DO, True)]
    assert (none, standin.signing.refused) == ([], 0)

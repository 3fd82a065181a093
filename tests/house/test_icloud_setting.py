"""ICLOUD_CALDAV_URL: where an account's calendars may be, and who else may not be called because of it."""

import pytest
from cryptography.fernet import Fernet

from composition import allowed_private_hosts, calendar_systems
from scheduling.calendars.base import Deadline
from scheduling.errors import HostRefused
from scheduling.outbound import Outbound
from settings import load_settings
from tests.scheduling.calendars.odd_server import CALENDAR, HOME, odd_server


@pytest.fixture
def load(monkeypatch, tmp_path):
    values = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "s",
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SMTP_URL": "smtp://meetings%40example.com:x@mail.example.com:587",
    }

    def with_url(url):
        for name, value in {**values, "ICLOUD_CALDAV_URL": url}.items():
            monkeypatch.setenv(name, value)
        return load_settings(tmp_path / "none")

    return with_url


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_calendars_of_an_account_may_be_at_another_port_of_the_operators_host(load, name):
    with odd_server() as begins, odd_server() as holds:
        begins.home_url = holds.url.replace("127.0.0.1", name).rstrip("/") + HOME
        settings = load(begins.url)
        with_nothing_else = Outbound(allowed_private_hosts(settings))
        systems = calendar_systems(settings, with_nothing_else)
        soon = Deadline.after(20)

        account = systems["icloud"].connect({"email": "dana@acme.example", "password": "x"}, soon)

        assert [calendar.id for calendar in account.calendars] == [begins.home_url.removesuffix(HOME) + CALENDAR]
        typed = {"server": holds.url, "user_name": "dana", "password": "x"}
        with pytest.raises(HostRefused):
            systems["caldav"].connect(typed, soon)


def test_apples_own_servers_are_called_as_every_other(load):
    assert allowed_private_hosts(load("https://caldav.icloud.com")) == frozenset()

"""What an operator may write into the environment, and what is said about mistakes."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from scheduling.mail.letter import Sender
from settings import Settings, SettingsRefused, load_settings

KEY = Fernet.generate_key().decode()
ENOUGH = {
    "SLACK_BOT_TOKEN": "xoxb-1-abc",
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
    "SECRET_KEYS": KEY,
    "SMTP_URL": "smtp://meetings%40example.com:p%40ss%2Fword@mail.example.com",
}


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Load settings from exactly these names, through a real `.env` file."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def load(**changes: str | None) -> Settings:
        names = {**ENOUGH, **changes}
        file = tmp_path / ".env"
        file.write_text("".join(f"{name}={value}\n" for name, value in names.items() if value is not None))
        return load_settings(file)

    return load


def problems_of(load, **changes: str | None) -> dict[str, str]:
    with pytest.raises(SettingsRefused) as refused:
        load(**changes)
    return refused.value.problems


def test_the_required_names_are_enough_and_the_rest_has_the_documented_defaults(load):
    settings = load()

    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database_url.get_secret_value() == "sqlite:///data/schedule-for.db"
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 3000, None)
    assert settings.icloud_caldav_url == "https://caldav.icloud.com"
    assert settings.mail_from == "meetings@example.com"
    assert (settings.log_level, settings.log_format) == ("INFO", "json")
    assert not settings.uses_socket_mode
    assert settings.private_hosts == ()


def test_every_missing_name_is_told_at_once_with_what_to_do(load):
    problems = problems_of(load, **dict.fromkeys(ENOUGH))

    assert list(problems) == ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SECRET_KEYS", "SMTP_URL"]
    assert all(words.startswith("missing: ") for words in problems.values())
    assert "Fernet.generate_key" in problems["SECRET_KEYS"]


def test_missing_and_wrong_names_are_told_together(load):
    problems = problems_of(
        load,
        SLACK_SIGNING_SECRET=None,
        SECRET_KEYS="no-key",
        SMTP_URL="smtp://relay.example.com?tls=maybe",
        DATABASE_URL="mysql://db/x",
        PUBLIC_URL="http://schedule.example.com",
        PORT="http",
        EXTRA_CA_BUNDLE="/nowhere/ca.pem",
        ALLOWED_PRIVATE_HOSTS="https://calendar.internal/",
        LOG_FORMAT="xml",
    )

    assert set(problems) == {
        "SLACK_SIGNING_SECRET",
        "SECRET_KEYS",
        "SMTP_URL",
        "DATABASE_URL",
        "PUBLIC_URL",
        "PORT",
        "EXTRA_CA_BUNDLE",
        "ALLOWED_PRIVATE_HOSTS",
        "LOG_FORMAT",
    }


def test_an_app_token_stands_in_for_the_signing_secret(load):
    assert load(SLACK_SIGNING_SECRET=None, SLACK_APP_TOKEN="xapp-1-a").uses_socket_mode


@pytest.mark.parametrize(("name", "value"), [("SLACK_BOT_TOKEN", "xapp-1-a"), ("SLACK_APP_TOKEN", "xoxb-1-a")])
def test_swapped_tokens_are_noticed(load, name, value):
    assert list(problems_of(load, **{name: value})) == [name]


@pytest.mark.parametrize(
    "empty", ["SLACK_APP_TOKEN", "PUBLIC_URL", "DATABASE_URL", "EXTRA_CA_BUNDLE", "PORT", "MAIL_FROM"]
)
def test_an_empty_value_counts_as_not_set(load, empty):
    assert load(**{empty: ""}) == load()


def test_the_environment_wins_over_the_file(load, monkeypatch):
    monkeypatch.setenv("PORT", "4000")

    assert load(PORT="5000").port == 4000


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("https://slack.com/api/", "https://slack.com/api/"),
        ("https://slack.com/api", "https://slack.com/api/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/"),
        ("https://slack-gov.com/api//", "https://slack-gov.com/api/"),
    ],
)
def test_the_web_api_base_ends_in_api(load, written, used):
    assert load(SLACK_API_URL=written).slack_api_url == used


def test_the_operators_own_servers_may_be_private_and_this_computer_goes_by_both_its_names(load):
    settings = load(ALLOWED_PRIVATE_HOSTS="10.0.0.5:5232")

    assert settings.private_hosts_with() == {"10.0.0.5:5232"}
    assert settings.private_hosts_with("http://127.0.0.1:4000/common", "https://ews.acme.example/x") == {
        *("10.0.0.5:5232", "127.0.0.1:4000", "localhost:4000", "ews.acme.example")
    }


@pytest.mark.parametrize("name", ["google_auth_url", "google_token_url", "zoom_token_url"])
def test_an_address_that_nothing_is_appended_to_stays_as_written(load, name):
    assert getattr(load(**{name.upper(): " http://127.0.0.1:4000/oauth/ "}), name) == "http://127.0.0.1:4000/oauth/"


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("https://schedule.example.com/", "https://schedule.example.com"),
        ("https://example.com/schedule/", "https://example.com/schedule"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://schedule.internal:3000", "http://schedule.internal:3000"),
    ],
)
def test_the_public_address_is_https_or_on_this_machine_or_allowed(load, written, used):
    assert load(PUBLIC_URL=written, ALLOWED_PRIVATE_HOSTS="schedule.internal").public_url == used


@pytest.mark.parametrize(
    "written",
    [
        "schedule.example.com",
        "ftp://example.com",
        "http://example.com",
        "https://",
        "https://a.example/?x=1",
        "https://u:p@a.example",
    ],
)
def test_other_public_addresses_are_refused(load, written):
    assert list(problems_of(load, PUBLIC_URL=written)) == ["PUBLIC_URL"]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, "", "", "starttls")),
        ("smtp://mail.example.com?tls=tls", ("mail.example.com", 465, "", "", "tls")),
        ("smtp://127.0.0.1:8766?tls=none", ("127.0.0.1", 8766, "", "", "none")),
        ("smtp://u%40example.com:p%2F%3A%23@[::1]:25/?tls=none", ("::1", 25, "u@example.com", "p/:#", "none")),
    ],
)
def test_the_mail_servers_address_is_taken_apart(load, url, parts):
    smtp = load(SMTP_URL=url, MAIL_FROM="meetings@example.com").smtp

    assert (smtp.host, smtp.port, smtp.user, smtp.password, smtp.tls) == parts


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com:587",
        "https://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:port",
        "smtp://mail.example.com?ssl=1",
        "smtp://mail.example.com?tls=",
        "smtp://mail.example.com?tls=none&tls=tls",
        "smtp://mail.example.com/inbox",
        "smtp://u:pa#ss@mail.example.com",
    ],
)
def test_other_mail_servers_are_refused_without_repeating_the_password(load, url):
    problems = problems_of(load, SMTP_URL=url)

    assert list(problems) == ["SMTP_URL"]
    assert "pa#ss" not in str(problems)


def test_mails_need_an_address_to_come_from(load):
    relay = "smtp://apikey:x@relay.example.com"

    assert "no email address" in problems_of(load, SMTP_URL=relay)["MAIL_FROM"]
    assert "one email address" in problems_of(load, MAIL_FROM="Sales")["MAIL_FROM"]
    assert "one email address" in problems_of(load, MAIL_FROM="a@example.com, b@example.com")["MAIL_FROM"]
    assert load(SMTP_URL=relay, MAIL_FROM="meetings@example.com").mail_from == "meetings@example.com"


def test_the_address_mails_come_from_may_have_a_name(load):
    sender = Sender.parse(load(MAIL_FROM="Büro Süd <meetings@example.com>").mail_from)

    assert (sender.name, sender.address) == ("Büro Süd", "meetings@example.com")


def test_several_keys_are_newest_first(load):
    older = Fernet.generate_key().decode()

    assert load(SECRET_KEYS=f"{KEY}, {older}").fernet_keys == (KEY, older)


def test_private_hosts_are_a_list_of_hosts(load):
    hosts = load(ALLOWED_PRIVATE_HOSTS=" calendar.internal, 10.0.0.5:5232,,[fd00::1]:80").private_hosts

    assert hosts == ("calendar.internal", "10.0.0.5:5232", "[fd00::1]:80")


def test_nothing_secret_is_shown_when_settings_or_problems_are_printed(load):
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-canary",
        "SLACK_APP_TOKEN": "xapp-canary",
        "SLACK_SIGNING_SECRET": "canary",
        "SMTP_URL": "smtp://a@example.com:canary@mail.example.com".replace("a@", "a%40"),
        "DATABASE_URL": "postgresql://app:canary@db.example.com/schedule",
    }
    settings = load(**secrets)
    with pytest.raises(SettingsRefused) as refused:
        load(**secrets, PORT="x")

    shown = f"{settings!r} {settings} {settings.smtp!r} {refused.value}"

    assert "canary" not in shown
    assert KEY not in shown


def test_a_missing_env_file_is_no_error(load, monkeypatch, tmp_path: Path):
    for name, value in ENOUGH.items():
        monkeypatch.setenv(name, value)

    assert load_settings(tmp_path / "none").mail_from == "meetings@example.com"

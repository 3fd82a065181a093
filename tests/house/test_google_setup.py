"""What an operator sets for Google Calendar: the settings, the buttons that come of them, and what doctor says."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

import doctor
from composition import calendar_systems
from sandbox.google_standin import GoogleStandIn
from scheduling.outbound import Outbound
from settings import Settings, SettingsRefused, load_settings

ENOUGH = {
    "SLACK_BOT_TOKEN": "xoxb-1-abc",
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
    "SECRET_KEYS": Fernet.generate_key().decode(),
    "SMTP_URL": "smtp://meetings%40example.com:x@mail.example.com",
    "PUBLIC_URL": "https://schedule.example.com",
}
GOOGLE = {"GOOGLE_CLIENT_ID": "id-1", "GOOGLE_CLIENT_SECRET": "canary-secret"}


@pytest.fixture
def load(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def load(**names: str) -> Settings:
        file: Path = tmp_path / ".env"
        file.write_text("".join(f"{name}={value}\n" for name, value in {**ENOUGH, **names}.items()))
        return load_settings(file)

    return load


@pytest.fixture
def outbound():
    made = Outbound()
    yield made
    made.close()


def test_google_is_offered_first_and_only_where_it_is_set_up(load, outbound):
    without, with_google = (calendar_systems(load(**names), outbound) for names in ({}, GOOGLE))

    assert "google" not in without
    assert list(with_google) == ["google", *without]


def test_the_addresses_default_to_googles(load):
    settings = load(**GOOGLE)

    assert settings.google == ("id-1", "canary-secret")
    assert settings.google_api_url == "https://www.googleapis.com/calendar/v3/"
    assert settings.google_auth_url == "https://accounts.google.com/o/oauth2/v2/auth"
    assert settings.google_token_url == "https://oauth2.googleapis.com/token"
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    "written", ["http://127.0.0.1:8080", "http://127.0.0.1:8080/calendar/v3", "http://127.0.0.1:8080/calendar/v3/"]
)
def test_the_api_address_ends_as_google_wants_it(load, written):
    assert load(GOOGLE_API_URL=written).google_api_url == "http://127.0.0.1:8080/calendar/v3/"


@pytest.mark.parametrize("name", list(GOOGLE))
def test_client_id_and_secret_belong_together(load, name):
    with pytest.raises(SettingsRefused) as refused:
        load(**{name: GOOGLE[name]})

    assert refused.value.problems == {
        "GOOGLE_CLIENT_SECRET": "GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET belong together: set both or none"
    }


@pytest.mark.parametrize("name", ["GOOGLE_API_URL", "GOOGLE_AUTH_URL", "GOOGLE_TOKEN_URL"])
@pytest.mark.parametrize("written", ["http://google.example.com/x", "ftp://google.example.com", "google"])
def test_secrets_go_to_https_addresses_only(load, name, written):
    with pytest.raises(SettingsRefused) as refused:
        load(**{name: written})

    assert list(refused.value.problems) == [name]


# --- doctor ---


@pytest.fixture
def google():
    with GoogleStandIn.start() as standin:
        yield standin


def said(settings: Settings) -> list[tuple[str, str]]:
    return [(finding.verdict.value, finding.words) for finding in doctor.check_google(settings)]


def names_of(google: GoogleStandIn, secret: str) -> dict[str, str]:
    return {
        "GOOGLE_CLIENT_ID": google.client_id,
        "GOOGLE_CLIENT_SECRET": secret,
        "GOOGLE_API_URL": google.api_url,
        "GOOGLE_AUTH_URL": google.auth_url,
        "GOOGLE_TOKEN_URL": google.token_url,
    }


def test_doctor_tries_the_client_secret_and_names_the_redirect_uri(load, google):
    good = said(load(**names_of(google, google.client_secret)))
    wrong = said(load(**names_of(google, "canary-wrong")))

    back = "https://schedule.example.com/oauth/google/callback"
    assert good == [("OK", f"the client and its secret are good; redirect URI there: {back}")]
    assert wrong == [("TO DO", "Google does not take GOOGLE_CLIENT_ID with GOOGLE_CLIENT_SECRET: copy both again")]


def test_doctor_says_when_google_does_not_answer(load, google):
    names = {**names_of(google, "x"), "GOOGLE_TOKEN_URL": "http://127.0.0.1:1/token"}

    ((verdict, words),) = said(load(**names))

    assert (verdict, words) == (
        "TO DO",
        "http://127.0.0.1:1/token does not answer as it should (connect): check GOOGLE_TOKEN_URL",
    )


def test_doctor_is_silent_where_google_is_not_set_up(load):
    assert said(load()) == []

"""What an operator sets for Office 365, what is said about mistakes, and what the doctor sees."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from composition import calendar_systems
from doctor import Finding, Verdict, check_microsoft
from sandbox.microsoft_standin import MicrosoftStandIn
from scheduling.outbound import Outbound
from settings import Settings, SettingsRefused, load_settings

ENOUGH = {
    "SLACK_BOT_TOKEN": "xoxb-1-abc",
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
    "SECRET_KEYS": Fernet.generate_key().decode(),
    "SMTP_URL": "smtp://meetings%40example.com:x@mail.example.com",
}
PAIR = {"MICROSOFT_CLIENT_ID": "id", "MICROSOFT_CLIENT_SECRET": "a~secret"}

Load = Callable[..., Settings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def load(**names: str) -> Settings:
        file = tmp_path / ".env"
        file.write_text("".join(f"{name}={value}\n" for name, value in {**ENOUGH, **names}.items()))
        return load_settings(file)

    return load


def offered(settings: Settings) -> list[str]:
    outbound = Outbound()
    systems = calendar_systems(settings, outbound)
    outbound.close()
    return list(systems)


def test_office_365_is_offered_in_its_place_when_both_are_set(load: Load) -> None:
    without, with_it = offered(load()), offered(load(**PAIR))

    assert "microsoft" not in without
    assert with_it == ["microsoft", *without]
    assert load(**PAIR).microsoft == ("id", "a~secret")


def test_the_addresses_are_microsofts_until_set_otherwise(load: Load) -> None:
    settings = load(**PAIR)

    assert settings.microsoft_authority == "https://login.microsoftonline.com/organizations"
    assert settings.graph_api_url == "https://graph.microsoft.com/v1.0"


@pytest.mark.parametrize("name", PAIR)
def test_one_of_the_pair_alone_is_refused(load: Load, name: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load(**{name: PAIR[name]})

    assert list(refused.value.problems) == ["MICROSOFT_CLIENT_SECRET"]
    assert "belong together" in refused.value.problems["MICROSOFT_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("name", "value", "used"),
    [
        ("MICROSOFT_AUTHORITY", "https://login.microsoftonline.us/", "https://login.microsoftonline.us/organizations"),
        ("MICROSOFT_AUTHORITY", "http://127.0.0.1:8080/t", "http://127.0.0.1:8080/t"),
        ("GRAPH_API_URL", "https://graph.microsoft.us", "https://graph.microsoft.us/v1.0"),
        ("GRAPH_API_URL", "http://localhost:8080/v1.0/", "http://localhost:8080/v1.0"),
    ],
)
def test_an_address_is_completed(load: Load, name: str, value: str, used: str) -> None:
    assert getattr(load(**{name: value}), name.lower()) == used


@pytest.mark.parametrize("name", ["MICROSOFT_AUTHORITY", "GRAPH_API_URL"])
def test_secrets_go_to_no_plain_http_elsewhere_unless_it_is_allowed(load: Load, name: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load(**{name: "http://login.example/x"})

    assert refused.value.problems == {name: "must begin with https:// (secrets go there)"}
    assert load(**{name: "http://login.example/v1.0", "ALLOWED_PRIVATE_HOSTS": "login.example"})


def test_the_doctor_asks_the_authority_and_names_the_redirect_uri(load: Load) -> None:
    with MicrosoftStandIn.start() as standin:
        names = {**PAIR, "MICROSOFT_AUTHORITY": standin.authority, "PUBLIC_URL": "https://schedule.example"}
        good = [*check_microsoft(load(**names))]
        elsewhere = [*check_microsoft(load(**{**names, "MICROSOFT_AUTHORITY": f"{standin.url}/v1.0/x"}))]

    back = "https://schedule.example/oauth/microsoft/callback"
    assert good == [Finding(Verdict.OK, "Office 365", f"{standin.authority} answers; redirect URI there: {back}")]
    assert [(finding.verdict, "(sign_in_404)" in finding.words) for finding in elsewhere] == [(Verdict.TO_DO, True)]


def test_the_doctor_is_silent_where_it_is_not_set_up(load: Load) -> None:
    assert [*check_microsoft(load())] == []

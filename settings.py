"""Everything an operator sets, read from the environment and `.env`, with all problems told at once.

One field per name in `.env.sample`, in the same order. An empty value counts as not set. Secrets are masked wherever
the settings are shown; nothing here connects to anything.
"""

from dataclasses import replace
from email.utils import getaddresses
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from email_validator import validate_email
from pydantic import BeforeValidator, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from scheduling.mail.smtp import SmtpTransport
from scheduling.secrets import KeyUnfit, SecretBox

MAKE_A_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
DEFAULT_DATABASE = "sqlite:///data/schedule-for.db"

WHAT_TO_DO = {
    "SLACK_BOT_TOKEN": "the token of your app that begins with xoxb-: app settings, OAuth & Permissions",
    "SLACK_SIGNING_SECRET": "app settings, Basic Information; or set SLACK_APP_TOKEN to use Socket Mode",
    "SECRET_KEYS": f"make one with: {MAKE_A_KEY}",
    "SMTP_URL": "smtp://user:password@host:587",
}


class SettingsRefused(Exception):
    """Settings are missing or wrong. `problems` maps each name to a sentence; no value of a secret is in it."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        lines = [f"  {name:<22} {words}" for name, words in problems.items()]
        super().__init__("These settings need attention (environment or .env):\n" + "\n".join(lines))


def _bare_url(value: object) -> object:
    return value.strip().rstrip("/") if isinstance(value, str) else value


Url = Annotated[str, BeforeValidator(_bare_url)]
Endpoint = Annotated[str, BeforeValidator(lambda value: value.strip() if isinstance(value, str) else value)]
"""An address that nothing is appended to: a slash at its end may matter."""


class Settings(BaseSettings):
    """Build it with `load_settings`, which turns validation errors into one readable list."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    slack_bot_token: SecretStr
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_announce_channel: str | None = None
    slack_api_url: Url = "https://slack.com/api"
    secret_keys: SecretStr
    smtp_url: SecretStr
    mail_from: str = ""
    database_url: SecretStr = SecretStr(DEFAULT_DATABASE)
    allowed_private_hosts: str = ""
    public_url: Url | None = None
    host: str = "127.0.0.1"
    port: int = 3000
    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_api_url: Url = "https://www.googleapis.com/calendar/v3"
    google_auth_url: Endpoint = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token_url: Endpoint = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    microsoft_client_id: str | None = None
    microsoft_client_secret: SecretStr | None = None
    microsoft_authority: Url = "https://login.microsoftonline.com/organizations"
    graph_api_url: Url = "https://graph.microsoft.com/v1.0"
    exchange_ews_url: Url | None = None
    icloud_caldav_url: Url = "https://caldav.icloud.com"
    zoom_account_id: str | None = None
    zoom_client_id: str | None = None
    zoom_client_secret: SecretStr | None = None
    zoom_api_url: Url = "https://api.zoom.us/v2"
    zoom_token_url: Endpoint = "https://zoom.us/oauth/token"  # noqa: S105 - an address
    extra_ca_bundle: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _tokens_are_not_swapped(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        wrong = "xapp-" if info.field_name == "slack_bot_token" else "xoxb-"
        if token is not None and token.get_secret_value().startswith(wrong):
            raise ValueError(f"a token that begins with {wrong} belongs into the other of the two token settings")
        return token

    @field_validator("slack_signing_secret")
    @classmethod
    def _slack_can_reach_us(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is None and "slack_app_token" in info.data and info.data["slack_app_token"] is None:
            raise ValueError(f"missing: {WHAT_TO_DO['SLACK_SIGNING_SECRET']}")
        return secret

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_api(cls, url: str) -> str:
        """Slack's clients append method names, so the slash matters."""
        _web_address(url)
        return f"{url}/" if url.endswith("/api") else f"{url}/api/"

    @field_validator("secret_keys")
    @classmethod
    def _are_fernet_keys(cls, keys: SecretStr) -> SecretStr:
        try:
            SecretBox(split_list(keys.get_secret_value()))
        except KeyUnfit as unfit:
            raise ValueError(f"{unfit}; {WHAT_TO_DO['SECRET_KEYS']}") from None
        return keys

    @field_validator("smtp_url")
    @classmethod
    def _names_a_mail_server(cls, url: SecretStr) -> SecretStr:
        _smtp_transport(url.get_secret_value())
        return url

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, address: str, info: ValidationInfo) -> str:
        if not address and "smtp_url" in info.data:
            address = _smtp_transport(info.data["smtp_url"].get_secret_value()).user
            if "@" not in address:
                raise ValueError("missing: the user of SMTP_URL is no email address, so say which one mails come from")
        elif not address:
            return address  # SMTP_URL is reported already
        try:
            ((name, bare),) = getaddresses([address])
            bare = validate_email(bare, check_deliverability=False, globally_deliverable=False).normalized
        except ValueError:  # none, several, or (EmailNotValidError) not one
            raise ValueError("must be one email address, such as meetings@example.com") from None
        return address if name else bare

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, url: SecretStr) -> SecretStr:
        scheme, _, rest = url.get_secret_value().partition("://")
        if scheme not in ("sqlite", "postgresql", "postgres") or not rest.strip("/"):
            raise ValueError("must look like sqlite:///data/schedule-for.db or postgresql://user:password@host/name")
        return url

    @field_validator("allowed_private_hosts")
    @classmethod
    def _is_a_list_of_hosts(cls, hosts: str) -> str:
        for host in split_list(hosts):
            try:
                parts = urlsplit(f"//{host}")
                fits = bool(parts.hostname) and parts.netloc == host and (parts.port is None or parts.port > 0)
            except ValueError:
                fits = False
            if not fits or "@" in host:
                raise ValueError("must look like calendar.internal,10.0.0.5:5232")
        return hosts

    @field_validator("public_url")
    @classmethod
    def _is_safe_in_public(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None:
            return None
        parts = _web_address(url)
        if parts.query or parts.fragment:
            raise ValueError("must end with the host or a path, without ? and #")
        if _is_readable_on_the_way(parts, info):
            raise ValueError("must begin with https:// (people type passwords there)")
        return url

    @field_validator("port")
    @classmethod
    def _is_a_port(cls, port: int) -> int:
        if not 0 <= port <= 65535:
            raise ValueError("must be between 0 and 65535")
        return port

    @field_validator("google_client_secret", "microsoft_client_secret")
    @classmethod
    def _is_with_its_client(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        vendor = str(info.field_name).partition("_")[0]
        if (secret is None) != (info.data.get(f"{vendor}_client_id") is None):
            names = f"{vendor.upper()}_CLIENT_ID and {vendor.upper()}_CLIENT_SECRET"
            raise ValueError(f"{names} belong together: set both or none")
        return secret

    @field_validator("zoom_client_secret")
    @classmethod
    def _is_with_its_account(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        given = [info.data.get(name) is not None for name in ("zoom_account_id", "zoom_client_id")]
        if {*given, secret is not None} == {True, False}:
            raise ValueError("ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET belong together: set all or none")
        return secret

    @field_validator(
        "google_api_url",
        "google_auth_url",
        "google_token_url",
        "microsoft_authority",
        "graph_api_url",
        "zoom_api_url",
        "zoom_token_url",
    )
    @classmethod
    def _is_safe_for_secrets(cls, url: str, info: ValidationInfo) -> str:
        """The operator's secret and people's tokens go there."""
        parts = _web_address(url)
        if _is_readable_on_the_way(parts, info):
            raise ValueError("must begin with https:// (secrets go there)")
        match info.field_name:
            case "graph_api_url":
                return url if url.endswith("/v1.0") else f"{url}/v1.0"
            case "google_api_url":
                return f"{url}/" if url.endswith("/calendar/v3") else f"{url}/calendar/v3/"
            case "microsoft_authority":
                return url if parts.path.strip("/") else f"{url}/organizations"
            case _:
                return url

    @field_validator("icloud_caldav_url", "exchange_ews_url")
    @classmethod
    def _is_a_web_address(cls, url: str | None) -> str | None:
        if url is not None:
            _web_address(url)
        return url

    @field_validator("extra_ca_bundle")
    @classmethod
    def _is_there(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("there is no such file")
        return path

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @property
    def fernet_keys(self) -> tuple[str, ...]:
        """Newest first."""
        return split_list(self.secret_keys.get_secret_value())

    @property
    def smtp(self) -> SmtpTransport:
        return replace(_smtp_transport(self.smtp_url.get_secret_value()), extra_ca=self.extra_ca_bundle)

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """`host` or `host:port`, as the operator wrote them."""
        return split_list(self.allowed_private_hosts)

    def private_hosts_with(self, *urls: str) -> frozenset[str]:
        """Those of the list, and the hosts of addresses that the operator set.

        This computer counts by both its names: servers on it tell of themselves by either.
        """
        found = {urlsplit(url).netloc for url in urls}
        for name, other in (("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")):
            found |= {netloc.replace(name, other) for netloc in found if urlsplit(f"//{netloc}").hostname == name}
        return frozenset((*found, *self.private_hosts))

    @property
    def google(self) -> tuple[str, str] | None:
        """Client id and secret, where Google Calendar is set up."""
        if self.google_client_id is None or self.google_client_secret is None:
            return None
        return self.google_client_id, self.google_client_secret.get_secret_value()

    @property
    def microsoft(self) -> tuple[str, str] | None:
        """Client id and secret, where Office 365 is set up."""
        if self.microsoft_client_id is None or self.microsoft_client_secret is None:
            return None
        return self.microsoft_client_id, self.microsoft_client_secret.get_secret_value()

    @property
    def zoom(self) -> tuple[str, str, str] | None:
        """Account id, client id and secret, where Zoom is set up."""
        if self.zoom_account_id is None or self.zoom_client_id is None or self.zoom_client_secret is None:
            return None
        return self.zoom_account_id, self.zoom_client_id, self.zoom_client_secret.get_secret_value()

    @property
    def uses_socket_mode(self) -> bool:
        return self.slack_app_token is not None


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Settings from the environment, then from `env_file`. Raises SettingsRefused with every problem."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # every field comes from the environment
    except ValidationError as error:
        raise SettingsRefused({str(e["loc"][0]).upper(): _in_words(e) for e in error.errors()}) from None


def _in_words(error: ErrorDetails) -> str:
    name = str(error["loc"][0]).upper()
    if error["type"] == "missing":
        return f"missing: {WHAT_TO_DO[name]}"
    return str(error["msg"]).removeprefix("Value error, ")


def split_list(text: str) -> tuple[str, ...]:
    """The parts of a comma-separated list, without blanks."""
    return tuple(part for part in (part.strip() for part in text.split(",")) if part)


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address means this machine itself."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _web_address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.username is not None:
        raise ValueError("must be an address such as https://schedule.example.com")
    return parts


def _is_readable_on_the_way(parts: SplitResult, info: ValidationInfo) -> bool:
    """Whether it is plain http to another machine that the operator did not allow."""
    allowed = {*split_list(info.data.get("allowed_private_hosts", ""))}
    return parts.scheme == "http" and not is_loopback(parts.hostname) and not {parts.hostname, parts.netloc} & allowed


def _smtp_transport(url: str) -> SmtpTransport:
    try:
        return SmtpTransport.from_url(url)
    except ValueError as error:
        words = str(error).removeprefix("SMTP_URL: ")
        raise ValueError(f"{words}; special characters of the password are written as %XX") from None

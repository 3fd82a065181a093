"""Looks at everything an operator has to provide, and says for each either OK or what to do. Changes nothing."""

import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from scheduling.calendars.base import Deadline
from scheduling.calendars.ews.system import ExchangeSystem
from scheduling.calendars.google.account import GoogleSystem
from scheduling.calendars.graph.sign_in import SignIns
from scheduling.errors import CalendarError, HostRefused, MailError
from scheduling.outbound import Outbound
from scheduling.secrets import KeyUnfit, SecretBox
from scheduling.store import Store, StoreUnfit, connections
from settings import Settings, SettingsRefused, load_settings

SECONDS = 10
MANIFEST = Path(__file__).parent / "manifest.json"


class Verdict(StrEnum):
    OK = "OK"
    NOTE = "NOTE"  # works, with something missing that an operator may want
    TO_DO = "TO DO"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    verdict: Verdict
    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.verdict:<6} {self.about:<14} {self.words}"


def examine(env_file: Path | None = Path(".env")) -> Iterator[Finding]:
    """Every finding, as soon as it is known; settings that cannot be read end the examination."""
    try:
        settings = load_settings(env_file)
    except SettingsRefused as refused:
        for name, words in refused.problems.items():
            yield Finding(Verdict.TO_DO, "settings", f"{name}: {words}")
        return
    yield Finding(Verdict.OK, "settings", "complete")
    for check in CHECKS:
        yield from check(settings)


def check_database(settings: Settings) -> Iterator[Finding]:
    """Reachable, at this program's version, and every stored secret opens with the keys that are set."""
    url = settings.database_url.get_secret_value()
    try:
        store = Store.open(url, box=SecretBox(settings.fernet_keys))
    except StoreUnfit as unfit:
        yield Finding(Verdict.TO_DO, "database", str(unfit))
        return
    try:
        store.ping()
        store.check()
        yield Finding(Verdict.OK, "database", f"{store.dialect}, reachable and migrated")
        _undone(store, connections.rotate)
        yield Finding(Verdict.OK, "secret keys", "open every stored secret")
    except StoreUnfit as unfit:
        yield Finding(Verdict.TO_DO, "database", str(unfit))
    except KeyUnfit as unfit:
        yield Finding(Verdict.TO_DO, "secret keys", f"{unfit}; add the key that was used before to SECRET_KEYS")
    except (SQLAlchemyError, OSError) as error:
        yield Finding(Verdict.TO_DO, "database", f"does not answer ({type(error).__name__}): check DATABASE_URL")
    finally:
        store.dispose()


def check_mail(settings: Settings) -> Iterator[Finding]:
    """The mail server takes our login; no mail is sent."""
    smtp = settings.smtp
    try:
        smtp.check()
    except MailError as error:
        yield Finding(Verdict.TO_DO, "mail", f"{smtp.host}:{smtp.port} does not take us ({error.code}): check SMTP_URL")
    else:
        yield Finding(Verdict.OK, "mail", f"{smtp.host}:{smtp.port}, from {settings.mail_from}")


def check_slack(settings: Settings) -> Iterator[Finding]:
    """The bot token is good and has the scopes of the manifest."""
    try:
        answer = _slack(settings).auth_test(token=settings.slack_bot_token.get_secret_value())
    except SlackApiError as error:
        words = f"Slack does not take SLACK_BOT_TOKEN ({error.response['error']}): install the app and copy it again"
        yield Finding(Verdict.TO_DO, "Slack", words)
        return
    except (SlackClientError, OSError) as error:
        yield Finding(Verdict.TO_DO, "Slack", f"{settings.slack_api_url} does not answer ({type(error).__name__})")
        return
    yield Finding(Verdict.OK, "Slack", f"workspace {answer['team']}, bot {answer['user']}")
    granted = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")} - {""}
    missing = [scope for scope in wanted_scopes() if scope not in granted]
    if not granted:
        yield Finding(Verdict.NOTE, "scopes", "Slack did not say which scopes the token has")
    elif missing:
        yield Finding(Verdict.TO_DO, "scopes", f"add {', '.join(missing)} and reinstall the app")
    else:
        yield Finding(Verdict.OK, "scopes", ", ".join(wanted_scopes()))


def check_socket(settings: Settings) -> Iterator[Finding]:
    """In Socket Mode: Slack opens a connection and says hello on it."""
    if settings.slack_app_token is None:
        return
    try:
        answer = _slack(settings).apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
        with connect(str(answer["url"]), open_timeout=SECONDS, close_timeout=1) as socket:
            kind = json.loads(socket.recv(timeout=SECONDS)).get("type")
    except SlackApiError as error:
        words = f"Slack does not take SLACK_APP_TOKEN ({error.response['error']}): it needs the scope connections:write"
        yield Finding(Verdict.TO_DO, "Socket Mode", words)
    except (SlackClientError, WebSocketException, OSError, ValueError) as error:
        yield Finding(Verdict.TO_DO, "Socket Mode", f"no connection ({type(error).__name__})")
    else:
        fits = kind == "hello"
        words = "connected" if fits else f"connected, but Slack said {kind!r} and not hello"
        yield Finding(Verdict.OK if fits else Verdict.TO_DO, "Socket Mode", words)


def check_public_address(settings: Settings) -> Iterator[Finding]:
    """Only its form: whether browsers reach it cannot be seen from here."""
    if settings.public_url is None:
        yield Finding(Verdict.NOTE, "PUBLIC_URL", "not set: nobody can connect a calendar until it is")
    else:
        yield Finding(Verdict.OK, "PUBLIC_URL", f"{settings.public_url}: must lead to {settings.host}:{settings.port}")


def check_google(settings: Settings) -> Iterator[Finding]:
    """Google's token endpoint knows our client and its secret; nobody signs in."""
    if settings.google is None:
        return
    addresses = (settings.google_api_url, settings.google_auth_url, settings.google_token_url)
    back = f"{settings.public_url or 'PUBLIC_URL'}/oauth/google/callback"
    try:
        GoogleSystem(*settings.google, *addresses, extra_ca=settings.extra_ca_bundle).check(
            back, Deadline.after(SECONDS)
        )
    except CalendarError as error:
        ours = error.code == "misconfigured"
        words = (
            "Google does not take GOOGLE_CLIENT_ID with GOOGLE_CLIENT_SECRET: copy both again"
            if ours
            else (f"{settings.google_token_url} does not answer as it should ({error.code}): check GOOGLE_TOKEN_URL")
        )
        yield Finding(Verdict.TO_DO, "Google", words)
    else:
        yield Finding(Verdict.OK, "Google", f"the client and its secret are good; redirect URI there: {back}")


def check_microsoft(settings: Settings) -> Iterator[Finding]:
    """Microsoft's sign-in answers under MICROSOFT_AUTHORITY; the secret is tried when somebody signs in."""
    if settings.microsoft is None:
        return
    own = (settings.microsoft_authority, settings.graph_api_url)
    outbound = Outbound(settings.private_hosts_with(*own), settings.extra_ca_bundle)
    try:
        SignIns(outbound, *settings.microsoft, settings.microsoft_authority).check(Deadline.after(SECONDS))
    except CalendarError as error:
        words = f"{settings.microsoft_authority} does not answer as it should ({error.code}): check MICROSOFT_AUTHORITY"
        yield Finding(Verdict.TO_DO, "Office 365", words)
    else:
        back = f"{settings.public_url or 'PUBLIC_URL'}/oauth/microsoft/callback"
        yield Finding(Verdict.OK, "Office 365", f"{settings.microsoft_authority} answers; redirect URI there: {back}")
    finally:
        outbound.close()


def check_exchange(settings: Settings) -> Iterator[Finding]:
    """There is an Exchange server under EXCHANGE_EWS_URL; no password is sent."""
    url = settings.exchange_ews_url
    if url is None:
        return
    outbound = Outbound(settings.private_hosts_with(url), settings.extra_ca_bundle)
    try:
        ExchangeSystem(outbound, url).check(Deadline.after(SECONDS))
    except (CalendarError, HostRefused) as error:
        words = f"{url} is no Exchange server that we can call ({error}): check EXCHANGE_EWS_URL"
        yield Finding(Verdict.TO_DO, "Exchange", words)
    else:
        yield Finding(Verdict.OK, "Exchange", f"{url} answers and asks who we are")
    finally:
        outbound.close()


CHECKS = (
    check_database,
    check_mail,
    check_slack,
    check_socket,
    check_public_address,
    check_google,
    check_microsoft,
    check_exchange,
)


def wanted_scopes() -> list[str]:
    """The bot scopes of `manifest.json`."""
    scopes: list[str] = json.loads(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"]
    return scopes


def _slack(settings: Settings) -> WebClient:
    trusted = None
    if settings.extra_ca_bundle is not None:
        trusted = ssl.create_default_context()
        trusted.load_verify_locations(settings.extra_ca_bundle)
    return WebClient(base_url=settings.slack_api_url, timeout=SECONDS, ssl=trusted)


class _Undo(Exception):
    """Ends a transaction without keeping what it did."""


def _undone(store: Store, work: Callable[[Session], object]) -> None:
    """Run `work` in a transaction that is rolled back."""

    def and_undo(tx: Session) -> None:
        work(tx)
        raise _Undo

    try:
        store.transact(and_undo)
    except _Undo:
        return

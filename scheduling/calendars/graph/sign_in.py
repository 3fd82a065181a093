"""Signing in with Microsoft and keeping signed in: msal over our own door to the outside. Knows no Graph.

msal is imported when somebody's token is first needed, never for an ack. It takes https authorities only: a stand-in
over plain http on loopback is shown to it as https, and its calls are led back.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit

from scheduling.calendars.base import Deadline
from scheduling.calendars.graph.errors import sign_in_error
from scheduling.calendars.http import Answer, Http, header, retry_after
from scheduling.calendars.systems import KeepSecret, Secret
from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    DeadlineExceeded,
    HostRefused,
    OutsideError,
    RateLimited,
    Unavailable,
)

log = logging.getLogger(__name__)

SCOPES = ("Calendars.ReadWrite",)
"""The least that creates events; it covers getSchedule. What an administrator granted besides comes with the token."""

PERSONAL = "9188040d-6c67-4b5b-b112-36a304b66dad"
"""The tenant of personal Microsoft accounts (learn.microsoft.com/entra/identity-platform/id-token-claims-reference)."""

_DISCOVERY = "/v2.0/.well-known/openid-configuration"
_MOST_BYTES = 1024 * 1024
_DISCOVERY_SECONDS = 24 * 3600.0
_EARLY_SECONDS = 300.0
"""A token is renewed so long before its end; msal takes the same."""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """An answer in the shape that msal reads."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        """Nothing: what failed was raised already."""


class MsalCache(Protocol):
    """What is used of msal's token cache."""

    has_state_changed: bool

    def serialize(self) -> str: ...


class MsalApp(Protocol):
    """What is used of msal's application. Where it fails it returns a dict with `error`, or None."""

    def initiate_auth_code_flow(self, scopes: list[str], **options: str | None) -> dict[str, Any]: ...
    def acquire_token_by_auth_code_flow(self, flow: dict[str, Any], params: dict[str, str]) -> object: ...
    def get_accounts(self) -> list[dict[str, str]]: ...
    def acquire_token_silent_with_error(
        self, scopes: list[str], account: dict[str, str], *, force_refresh: bool, http_exceptions: tuple[type, ...]
    ) -> object: ...


class SignIns:
    """The operator's application at Microsoft's identity platform. Safe to use from many threads."""

    def __init__(self, http: Http, client_id: str, client_secret: str, authority: str) -> None:
        self.client_id = client_id
        self._secret = client_secret
        self._http = http
        parts = urlsplit(authority)
        self._plain = {parts.netloc} if parts.scheme == "http" else set()
        path = parts.path.strip("/") or "organizations"
        self._authority = urlunsplit(("https", parts.netloc, f"/{path}", "", ""))
        self._documents: dict[str, tuple[float, TokenAnswer]] = {}

    def app(self, cache: MsalCache, deadline: Deadline) -> MsalApp:
        """msal's application over one token cache, good for one call. Raises CalendarError."""
        import msal  # noqa: PLC0415 - a third of a second that no ack may wait for

        logging.getLogger("msal").setLevel(logging.WARNING)  # its debugging lines show parts of answers
        try:
            app: MsalApp = msal.ConfidentialClientApplication(
                self.client_id,
                client_credential=self._secret,
                authority=self._authority,
                instance_discovery=False,
                token_cache=cache,
                http_client=_Door(self, deadline),
            )
        except (ValueError, KeyError, TypeError) as error:  # not the document of an authority
            raise Unavailable("authority") from error
        return app

    def cache(self, content: str = "") -> MsalCache:
        """msal's token cache. Raises AuthExpired when what was stored is none."""
        import msal  # noqa: PLC0415 - see above

        cache = msal.SerializableTokenCache()
        if content:
            try:
                cache.deserialize(content)
            except ValueError as error:
                raise AuthExpired("stored") from error
        found: MsalCache = cache
        return found

    def admin_consent_url(self, redirect_uri: str) -> str:
        """Where an administrator agrees for the whole organization."""
        query = {
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(f"https://graph.microsoft.com/{scope}" for scope in SCOPES),
        }
        return self.public(f"{self._authority}/v2.0/adminconsent?{urlencode(query)}")

    def public(self, url: str) -> str:
        """An address as a browser and the door must call it."""
        parts = urlsplit(url)
        return parts._replace(scheme="http").geturl() if parts.netloc in self._plain else url

    def check(self, deadline: Deadline) -> None:
        """Whether the authority answers; says nothing about the secret. Raises CalendarError."""
        url = f"{self._authority}{_DISCOVERY}"
        if self.call("GET", url, None, {}, deadline).status_code != 200:
            raise Unavailable("authority")
        self.app(self.cache(), deadline)

    def call(
        self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str], deadline: Deadline
    ) -> TokenAnswer:
        """One exchange with the identity platform. Raises CalendarError for everything that is not its own answer."""
        content = None if form is None else urlencode(form).encode()
        kind = {} if content is None else {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = self._http.request(
                method,
                self.public(url),
                headers={**headers, **kind},
                content=content,
                auth=None,
                deadline=deadline,
                may_follow=lambda _url: False,
                max_bytes=_MOST_BYTES,
            )
        except HostRefused as error:
            raise AccessDenied(f"host_{error.reason}") from error
        return _usable(answer)

    def document(self, url: str, deadline: Deadline) -> TokenAnswer:
        """A discovery document, kept for a day."""
        known = self._documents.get(url)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        found = self._discovered(url, deadline)
        if urlsplit(url).netloc in self._plain:
            found = TokenAnswer(found.status_code, self._as_https(found.text), found.headers)
        if found.status_code == 200:
            self._documents[url] = (time.monotonic() + _DISCOVERY_SECONDS, found)
        return found

    def _discovered(self, url: str, deadline: Deadline) -> TokenAnswer:
        """The document at `url`; where there is none, what an authority's usually says."""
        try:
            found = self.call("GET", url, None, {"Accept": "application/json"}, deadline)
            missing = found.status_code == 404
        except Unavailable as error:
            if error.code != "sign_in_404":
                raise
            missing = True
        if not missing:
            return found
        usual = {
            "issuer": f"{self._authority}/v2.0",
            "authorization_endpoint": f"{self._authority}/oauth2/v2.0/authorize",
            "token_endpoint": f"{self._authority}/oauth2/v2.0/token",
        }
        return TokenAnswer(200, json.dumps(usual), {})

    def _as_https(self, document: str) -> str:
        """The document of a plain http authority with the addresses that msal would refuse, each led back later."""
        content = json.loads(document)
        for name, value in content.items():
            if isinstance(value, str) and urlsplit(value).scheme == "http":
                self._plain.add(urlsplit(value).netloc)
                content[name] = urlsplit(value)._replace(scheme="https").geturl()
        return json.dumps(content)


class _Door:
    """What msal calls, for as long as one deadline lasts."""

    def __init__(self, sign_ins: SignIns, deadline: Deadline) -> None:
        self._sign_ins = sign_ins
        self._deadline = deadline

    def get(self, url: str, **_: object) -> TokenAnswer:
        return self._sign_ins.document(url, self._deadline)

    def post(
        self, url: str, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> TokenAnswer:
        answer = self._sign_ins.call("POST", url, data or {}, headers or {}, self._deadline)
        content = json.loads(answer.text)
        if not content.keys() & {"access_token", "error"}:
            raise Unavailable("sign_in_nonsense")  # msal would take it for a lost grant
        if not isinstance(content.get("scope"), str):
            return answer
        # Scopes may come with their resource's address; msal would not know them again, and renew at every turn.
        scopes = " ".join(scope.rpartition("/")[2] for scope in content["scope"].split())
        return replace(answer, text=json.dumps({**content, "scope": scopes}))

    def close(self) -> None:
        """Nothing is held open for msal alone."""


class AccountTokens:
    """The tokens of one connected account, shared by everything that is opened on it in this process.

    `secret` holds id (of this sign-in), account (msal's), user (address), cache (msal's) and version (rises with every
    change, so that the newer of two copies is known).
    """

    def __init__(self, sign_ins: SignIns, secret: Secret) -> None:
        self._sign_ins = sign_ins
        self._secret = dict(secret)
        self._lock = threading.Lock()
        self._access = ""
        self._good_until = 0.0
        self._unkept = False
        self._seen = self._secret

    def learn(self, secret: Secret) -> None:
        """Take note of a stored copy; it is used from the next need on, if another process renewed it meanwhile."""
        self._seen = dict(secret)  # never waits: the lock may be held for as long as Microsoft takes

    def get(self, deadline: Deadline, keep: KeepSecret, refused: str | None) -> str:
        """An access token; a fresh one if the one at hand was `refused` or ends soon. Raises CalendarError."""
        with self._alone(deadline):
            if int(self._seen["version"]) > int(self._secret["version"]):
                self._secret, self._access = self._seen, ""
            if self._access and self._access != refused and time.monotonic() < self._good_until:
                return self._access
            token = self._renewed(deadline, force=refused is not None and self._access in ("", refused))
            if self._unkept:
                self._keep(keep)
            return token

    def _renewed(self, deadline: Deadline, *, force: bool) -> str:
        cache = self._sign_ins.cache(self._secret["cache"])
        app = self._sign_ins.app(cache, deadline)
        account = next((a for a in app.get_accounts() if a["home_account_id"] == self._secret["account"]), None)
        if account is None:
            raise AuthExpired("no_account")
        result = app.acquire_token_silent_with_error(
            list(SCOPES), account, force_refresh=force, http_exceptions=(OutsideError,)
        )
        if not isinstance(result, dict) or not isinstance(result.get("access_token"), str):
            raise sign_in_error(result, None)
        if cache.has_state_changed:
            self._secret |= {"cache": cache.serialize(), "version": str(time.time_ns())}
            self._unkept = True
        self._access = result["access_token"]
        self._good_until = time.monotonic() + float(result.get("expires_in") or 0) - _EARLY_SECONDS
        return self._access

    def _keep(self, keep: KeepSecret) -> None:
        """Store what was renewed; if that fails now, at the next need: the token at hand is good all the same."""
        try:
            keep(dict(self._secret))
        except Exception:
            log.exception("token not kept")
        else:
            self._unkept = False

    @contextlib.contextmanager
    def _alone(self, deadline: Deadline) -> Iterator[None]:
        if not self._lock.acquire(timeout=deadline.check()):
            raise DeadlineExceeded("deadline")
        try:
            yield
        finally:
            self._lock.release()


def _usable(answer: Answer) -> TokenAnswer:
    """An answer of the identity platform itself: JSON, and no trouble of its servers."""
    wait = retry_after(header(answer, "retry-after"), datetime.now(UTC))
    if answer.status == 429 or (answer.status >= 500 and wait is not None):
        raise RateLimited(f"sign_in_{answer.status}", retry_after=wait)
    try:
        is_object = isinstance(json.loads(answer.body), dict)
    except (ValueError, RecursionError):
        is_object = False
    if answer.status >= 500 or 300 <= answer.status < 400 or not is_object:
        raise Unavailable(f"sign_in_{answer.status}" if answer.status >= 300 else "sign_in_nonsense")
    return TokenAnswer(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)

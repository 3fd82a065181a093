"""Signing in with Google: the page to go to, what comes back, and tokens for an account that is connected.

Authorization code with PKCE (RFC 7636); developers.google.com/identity/protocols/oauth2/web-server. Knows no calendar.
"""

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode, urljoin
from weakref import WeakValueDictionary

from scheduling.calendars.base import Deadline
from scheduling.calendars.google.errors import refused_token
from scheduling.calendars.systems import KeepSecret, Secret, SignIn
from scheduling.errors import AccessDenied, AuthExpired, ConsentMissing, DeadlineExceeded, Unavailable

_API = "https://www.googleapis.com/auth/"
EVENTS = f"{_API}calendar.events"
CALENDARS = f"{_API}calendar.calendarlist.readonly"
FREE_BUSY = f"{_API}calendar.events.freebusy"
OWN_FREE_BUSY = f"{_API}calendar.freebusy"
ROOMS = f"{_API}admin.directory.resource.calendar.readonly"
ASKED = ("openid", "email", EVENTS, CALENDARS, FREE_BUSY, OWN_FREE_BUSY)

_ALL = f"{_API}calendar"
_ENOUGH: Mapping[str, frozenset[str]] = {
    "events": frozenset({EVENTS, _ALL}),
    "calendars": frozenset({CALENDARS, f"{_API}calendar.calendarlist", f"{_API}calendar.readonly", _ALL}),
    "free_busy": frozenset({FREE_BUSY, OWN_FREE_BUSY, f"{_API}calendar.readonly", _ALL}),
}
"""Which scopes do for what we need: people may untick any of them."""

FRESH = timedelta(seconds=60)
"""A token that ends sooner is renewed first."""


class TokenEndpoint(Protocol):
    """What is needed of `transport.Google`."""

    def post(self, url: str, form: bytes, deadline: Deadline) -> tuple[int, dict[str, Any]]: ...

    def refresh(self, client: tuple[str, str], refresh_token: str, deadline: Deadline) -> dict[str, str]: ...


def begin(auth_url: str, client_id: str, redirect_uri: str, state: str, login_hint: str | None) -> SignIn:
    """Where to send the browser. `prompt=consent` is what makes Google give a refresh token every time."""
    verifier, nonce = secrets.token_urlsafe(64), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(ASKED),
        "state": state,
        "nonce": nonce,
        "access_type": "offline",
        "prompt": "consent",
        "include_granted_scopes": "true",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if login_hint:
        query["login_hint"] = login_hint
    joint = "&" if "?" in auth_url else "?"
    return SignIn(f"{auth_url}{joint}{urlencode(query)}", {"verifier": verifier, "nonce": nonce})


def code_of(params: Mapping[str, str]) -> str:
    """The code that came back. Raises what the page says where there is none."""
    match params.get("error", ""):
        case "":
            pass
        case "access_denied":
            raise AccessDenied("denied")
        case "admin_policy_enforced" | "org_internal" as error:
            raise ConsentMissing(error)
        case "temporarily_unavailable" | "server_error":
            raise Unavailable("sign_in")
        case _:
            raise refused_token({"error": params["error"]})
    if not params.get("code"):
        raise AuthExpired("no_code")
    return params["code"]


def exchange(
    google: TokenEndpoint,
    token_url: str,
    client: tuple[str, str],
    flow: Mapping[str, str],
    code: str,
    redirect_uri: str,
    deadline: Deadline,
) -> dict[str, Any]:
    """Tokens for a code, as Google answers them. Raises ConsentMissing when something was unticked."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client[0],
        "client_secret": client[1],
        "code_verifier": flow["verifier"],
    }
    status, body = google.post(token_url, urlencode(form).encode(), deadline)
    if status != 200:
        raise refused_token(body)
    if not all(isinstance(body.get(name), str) and body[name] for name in ("access_token", "refresh_token")):
        raise Unavailable("answer")
    missing = missing_permissions(scopes_of(body))
    if missing:
        raise ConsentMissing("scope", missing=missing)
    return body


def scopes_of(tokens: Mapping[str, Any]) -> frozenset[str]:
    """What was granted; an answer that does not say granted all that was asked (RFC 6749 §5.1)."""
    scope = tokens.get("scope")
    return frozenset(scope.split()) if isinstance(scope, str) and scope else frozenset(ASKED)


def missing_permissions(granted: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name, enough in _ENOUGH.items() if not granted & enough)


def expires_at(tokens: Mapping[str, Any], now: datetime) -> str:
    """When the access token ends, as ISO text; soon, where the answer does not say."""
    seconds = tokens.get("expires_in")
    known = isinstance(seconds, int | float) or (isinstance(seconds, str) and seconds.isdigit())
    return (now + timedelta(seconds=min(float(seconds), 86400.0) if known and seconds else 300.0)).isoformat()


def revoke_urls(token_url: str) -> tuple[str, ...]:
    """Google's revocation endpoint stands beside its token endpoint, at the root of that host."""
    return tuple(dict.fromkeys((urljoin(token_url, "revoke"), urljoin(token_url, "/revoke"))))


@dataclass
class Grant:
    """What all users of one refresh token in this process share: one of them renews, the others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    newest: dict[str, str] = field(default_factory=dict)


class Grants:
    """The grants in use, by refresh token; forgotten when nobody uses them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._grants: WeakValueDictionary[str, Grant] = WeakValueDictionary()

    def of(self, refresh_token: str) -> Grant:
        key = hashlib.sha256(refresh_token.encode()).hexdigest()
        with self._lock:
            grant = self._grants.get(key)
            if grant is None:
                grant = self._grants[key] = Grant()
            return grant


class Tokens:
    """Access tokens of one account, renewed when they end and kept for the next time."""

    def __init__(
        self,
        secret: Secret,
        keep: KeepSecret,
        grant: Grant,
        refresh: Callable[[str, Deadline], Mapping[str, str]],
        now: Callable[[], datetime],
    ) -> None:
        self._secret = dict(secret)
        self._keep = keep
        self._grant = grant
        self._refresh = refresh
        self._now = now

    def current(self, deadline: Deadline) -> str:
        """A token that is good as far as we know. Raises AuthExpired when the grant is gone."""
        with self._alone(deadline):
            tokens = self._newest()
            return tokens["access_token"] if self._is_fresh(tokens) else self._renewed(deadline)

    def after(self, refused: str, deadline: Deadline) -> str:
        """Another one than that which was just refused; one that somebody else renewed meanwhile will do."""
        with self._alone(deadline):
            tokens = self._newest()
            if tokens.get("access_token") != refused and self._is_fresh(tokens):
                return tokens["access_token"]
            return self._renewed(deadline)

    def _newest(self) -> Mapping[str, str]:
        return self._grant.newest or self._secret

    def _is_fresh(self, tokens: Mapping[str, str]) -> bool:
        try:
            return bool(tokens["access_token"]) and datetime.fromisoformat(tokens["expires_at"]) > self._now() + FRESH
        except (KeyError, ValueError, TypeError):
            return False

    def _renewed(self, deadline: Deadline) -> str:
        fresh = self._refresh(self._newest().get("refresh_token", ""), deadline)
        self._secret.update(fresh)
        self._grant.newest = dict(fresh)
        self._keep(dict(self._secret))
        return fresh["access_token"]

    @contextmanager
    def _alone(self, deadline: Deadline) -> Iterator[None]:
        if not self._grant.lock.acquire(timeout=deadline.check()):
            raise DeadlineExceeded("deadline")
        try:
            yield
        finally:
            self._grant.lock.release()

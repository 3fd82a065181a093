"""Signing in: the page that says it is not Google's, codes with PKCE, tokens, refreshing and giving access back."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.google_standin.accounts import Accounts, Person
from sandbox.google_standin.answers import Refusal
from sandbox.standin_page import standin_page

AUTH = "/o/oauth2/v2/auth"
TOKEN = "/token"  # an address
REVOKE = "/revoke"
LIFE = timedelta(seconds=3599)
CODE_LIFE = timedelta(minutes=10)
PASSED_ON = ("client_id", "redirect_uri", "state", "nonce", "scope", "code_challenge", "access_type")

_TOLD_AS = {"email": "https://www.googleapis.com/auth/userinfo.email"}
"""Scopes that come back under another name, and in no order of ours."""


@dataclass
class Grant:
    """What somebody allowed; `refresh` is what it is renewed with."""

    email: str
    scopes: tuple[str, ...]
    refresh: str
    revoked: bool = False


@dataclass(frozen=True)
class Code:
    """A code that waits to be exchanged."""

    grant: Grant
    redirect_uri: str
    challenge: str
    nonce: str
    expires: datetime
    offline: bool


class Identity:
    """Google's accounts server. `refreshes` counts how often an access token was renewed."""

    def __init__(self, accounts: Accounts, client_id: str, client_secret: str, clock: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self.client_id = client_id
        self.client_secret = client_secret
        self._clock = clock
        self.codes: dict[str, Code] = {}
        self.grants: dict[str, Grant] = {}
        self.access: dict[str, tuple[Grant, datetime]] = {}
        self.refreshes = 0
        self.issuer = "https://accounts.google.com"

    def routes(self) -> list[Route]:
        return [
            Route(AUTH, self.page, methods=["GET"]),
            Route(AUTH, self.decide, methods=["POST"]),
            Route(TOKEN, self.token, methods=["POST"]),
            Route(REVOKE, self.revoke, methods=["POST"]),
        ]

    def check(self, header: str, scopes: tuple[str, ...]) -> str:
        """Who an access token speaks for. Raises Refusal."""
        grant, expires = self.access.get(header.removeprefix("Bearer "), (None, self._clock()))
        if grant is None or grant.revoked or expires <= self._clock():
            raise Refusal(401, "authError", "Invalid Credentials")
        if not set(scopes) & set(grant.scopes):
            raise Refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        return grant.email

    def expire_access_tokens(self) -> None:
        """As if an hour had passed."""
        self.access.clear()

    def revoke_all(self, email: str) -> None:
        """Somebody removes this app's access in their account's settings."""
        for grant in self.grants.values():
            if grant.email == email:
                grant.revoked = True

    def clear(self) -> None:
        """Forget every sign-in."""
        for kept in (self.codes, self.grants, self.access):
            kept.clear()
        self.refreshes = 0

    def grant(self, email: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        """Tokens without the page, for tests that begin after it."""
        return self._tokens(self._new_grant(email, scopes), refresh=True)

    # --- the page ---

    async def page(self, request: Request) -> Response:
        """Who is asking, for what; allow or not. Every permission can be unticked, as at Google."""
        asked = dict(request.query_params)
        problem = self._problem(asked)
        if problem:
            return standin_page("Google", "Error 400", f"<p>{escape(problem)}</p>", 400)
        hint = asked.get("login_hint", "")
        people = "".join(
            f'<option value="{escape(email)}"{" selected" if email == hint else ""}>{escape(person.name)} '
            f"({escape(email)})</option>"
            for email, person in self._accounts.people.items()
        )
        boxes = "".join(
            f'<p><label><input type="checkbox" name="granted" value="{escape(scope)}" checked> '
            f"{escape(scope)}</label></p>"
            for scope in asked["scope"].split()
        )
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">' for name in PASSED_ON
        )
        form = (
            f'<form method="post">{hidden}<p><label>Account <select name="email">{people}</select></label></p>{boxes}'
            '<p><button name="answer" value="allow">Allow</button> '
            '<button name="answer" value="deny">Deny</button></p></form>'
        )
        return standin_page("Google", "Schedule For wants access to a calendar", form)

    async def decide(self, request: Request) -> Response:
        """The person pressed Allow or Deny."""
        pairs = await _pairs(request)
        form = dict(pairs)
        asked = {name: form.get(name, "") for name in PASSED_ON}
        problem = self._problem({**asked, "response_type": "code", "code_challenge_method": "S256"})
        person = self._accounts.people.get(form.get("email", ""))
        if problem or person is None:
            return standin_page("Google", "Error 400", f"<p>{escape(problem or 'Nobody was chosen.')}</p>", 400)
        if form.get("answer") != "allow":
            return _back(asked, {"error": "access_denied"})
        scopes = tuple(value for name, value in pairs if name == "granted")
        code = f"4/{secrets.token_urlsafe(24)}"
        self.codes[code] = Code(
            self._new_grant(person.email, scopes),
            asked["redirect_uri"],
            asked["code_challenge"],
            asked["nonce"],
            self._clock() + CODE_LIFE,
            asked["access_type"] == "offline",
        )
        return _back(asked, {"code": code, "scope": " ".join(scopes), "iss": self.issuer})

    def _problem(self, asked: Mapping[str, str]) -> str:
        if asked.get("client_id") != self.client_id:
            return "invalid_client: The OAuth client was not found."
        if not asked.get("redirect_uri", "").endswith("/oauth/google/callback"):
            return "redirect_uri_mismatch"
        if asked.get("response_type") != "code" or not asked.get("scope"):
            return "invalid_request"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "invalid_request: this stand-in wants PKCE with S256"
        return ""

    # --- tokens ---

    async def token(self, request: Request) -> Response:
        form = dict(await _pairs(request))
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            return _refused(401, "invalid_client", "The provided client secret is invalid.")
        with self._accounts.lock:
            if form.get("grant_type") == "authorization_code":
                return self._exchange(form)
            if form.get("grant_type") == "refresh_token":
                return self._renew(form)
        return _refused(400, "unsupported_grant_type", "Invalid grant_type")

    def _exchange(self, form: Mapping[str, str]) -> Response:
        code = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            code is None
            or code.expires <= self._clock()
            or code.redirect_uri != form.get("redirect_uri")
            or not hmac.compare_digest(code.challenge, challenge)
        ):
            return _refused(400, "invalid_grant", "Malformed auth code.")
        tokens = self._tokens(code.grant, refresh=code.offline)
        if "openid" in code.grant.scopes:
            tokens["id_token"] = self._id_token(self._accounts.people[code.grant.email], code.nonce)
        return JSONResponse(tokens)

    def _renew(self, form: Mapping[str, str]) -> Response:
        self.refreshes += 1
        grant = self.grants.get(form.get("refresh_token", ""))
        if grant is None or grant.revoked:
            return _refused(400, "invalid_grant", "Token has been expired or revoked.")
        return JSONResponse(self._tokens(grant, refresh=False))

    async def revoke(self, request: Request) -> Response:
        token = dict(await _pairs(request)).get("token", "")
        held = self.access.get(token)
        grant = self.grants.get(token) or (held[0] if held else None)
        if grant is None or grant.revoked:
            return _refused(400, "invalid_token", "Token expired or revoked")
        grant.revoked = True
        return JSONResponse({})

    def _new_grant(self, email: str, scopes: tuple[str, ...]) -> Grant:
        grant = Grant(email, scopes, f"1//{secrets.token_urlsafe(32)}")
        self.grants[grant.refresh] = grant
        return grant

    def _tokens(self, grant: Grant, *, refresh: bool) -> dict[str, Any]:
        access = f"ya29.{secrets.token_urlsafe(32)}"
        self.access[access] = (grant, self._clock() + LIFE)
        found = {
            "access_token": access,
            "expires_in": int(LIFE.total_seconds()),
            "scope": " ".join(_TOLD_AS.get(scope, scope) for scope in reversed(grant.scopes)),
            "token_type": "Bearer",
        }
        return {**found, "refresh_token": grant.refresh} if refresh else found

    def _id_token(self, person: Person, nonce: str) -> str:
        now = int(self._clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "azp": self.client_id,
            "sub": person.sub,
            "email": person.email,
            "email_verified": True,
            "nonce": nonce,
            "iat": now,
            "exp": now + 3600,
        }
        signed = ".".join(_part(part) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        signature = hmac.new(self.client_secret.encode(), signed.encode(), "sha256").digest()
        return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


async def _pairs(request: Request) -> list[tuple[str, str]]:
    return parse_qsl((await request.body()).decode(), keep_blank_values=True)


def _part(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **answer})}", 302)


def _refused(status: int, error: str, words: str) -> Response:
    return JSONResponse({"error": error, "error_description": words}, status)

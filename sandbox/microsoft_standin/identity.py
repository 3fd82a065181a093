"""Microsoft's identity platform, stood in for: its documents, its page, its tokens, and its ways to refuse."""

import base64
import hashlib
import html
import json
import secrets
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.microsoft_standin.directory import Directory, Mailbox
from sandbox.microsoft_standin.events import Refusal
from sandbox.standin_page import standin_page

TOKEN_SECONDS = 3600
CODE_SECONDS = 600
_OPENID = frozenset({"openid", "profile", "offline_access", "email"})
_WORDS = {
    "65001": "The user or administrator has not consented to use the application.",
    "65004": "The user declined to consent to access the app.",
    "70000": "The provided value for the code is not valid.",
    "54005": "OAuth2 Authorization code was already redeemed.",
    "50173": "The provided grant has expired due to it being revoked. The user might have changed their password.",
    "50076": "Due to a configuration change made by your administrator you must use multi-factor authentication.",
    "90094": "Admin consent is required for the permissions requested by this application.",
    "501481": "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    "7000215": "Invalid client secret provided.",
    "700016": "Application was not found in the directory.",
    "70003": "The app requested an unsupported grant type.",
}


@dataclass
class Grant:
    """What one person agreed to, once."""

    mailbox: Mailbox
    scopes: tuple[str, ...]
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str = ""
    until: float = 0.0
    used: bool = False


@dataclass
class Identity:
    """One registered application and everybody's grants to it.

    `refuses` maps an address to the AADSTS number that its next refreshes get. `withheld` scopes are asked for in vain;
    `granted` ones an administrator gave to everybody. `rotates`: a refresh token works once.
    `resource` is written before the names of what was granted.
    """

    directory: Directory
    url: str
    client_id: str
    client_secret: str
    redirect_uri: str | None = None
    clock: Callable[[], float] = time.time
    rotates: bool = True
    resource: str = ""
    refuses: dict[str, str] = field(default_factory=dict)
    refuses_sign_in: dict[str, str] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    granted: set[str] = field(default_factory=set)
    codes: dict[str, Grant] = field(default_factory=dict)
    refreshes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        return [
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self.configuration),
            Route("/{tenant}/oauth2/v2.0/authorize", self.page, methods=["GET"]),
            Route("/{tenant}/oauth2/v2.0/authorize", self.decide, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
            Route("/{tenant}/discovery/v2.0/keys", self.keys),
            Route("/{tenant}/v2.0/adminconsent", self.admin_page, methods=["GET"]),
        ]

    def bearer(self, header: str) -> tuple[Mailbox, set[str]]:
        """Whose token this is and what it may. Raises Refusal."""
        grant = self.tokens.get(header.removeprefix("Bearer "))
        if grant is None or grant.until < self.clock():
            raise Refusal(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        return grant.mailbox, set(grant.scopes)

    def reset(self) -> None:
        """Nobody ever signed in, and nothing is refused."""
        for known in (self.refuses, self.refuses_sign_in, self.codes, self.refreshes, self.tokens):
            known.clear()
        self.withheld.clear()
        self.granted.clear()
        self.rotates, self.redirect_uri, self.resource = True, None, ""

    def revoke(self, address: str) -> None:
        """The person takes the app's access away, or changes the password."""
        self.refuses[address] = "50173"
        self.expire(address)

    def expire(self, address: str) -> None:
        """Graph no longer takes the access tokens at hand."""
        self.tokens = {token: grant for token, grant in self.tokens.items() if grant.mailbox.address != address}

    # --- documents ---

    async def configuration(self, request: Request) -> Response:
        base = f"{self.url}/{request.path_params['tenant']}"
        return JSONResponse(
            {
                "issuer": f"{self.url}/{{tenantid}}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
            }
        )

    async def keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": []})

    # --- the page ---

    async def page(self, request: Request) -> Response:
        """Who are you, and do you agree?"""
        query = request.query_params
        if query.get("client_id") != self.client_id:
            return _document(f"AADSTS700016: {_WORDS['700016']}", 400)
        if query.get("redirect_uri") != (self.redirect_uri or query.get("redirect_uri")):
            return _document("AADSTS50011: The redirect URI does not match those configured for the application.", 400)
        people = [mailbox for mailbox in self.directory.mailboxes.values() if not mailbox.room]
        hint = query.get("login_hint", "").lower()
        options = "".join(
            f'<p><label><input type="radio" name="address" value="{html.escape(m.address)}"'
            f"{' checked' if m.address == hint or (not hint and m is people[0]) else ''}> "
            f"{html.escape(m.name)} ({html.escape(m.address)})</label></p>"
            for m in people
        )
        kept = "".join(_hidden(name, value) for name, value in query.items())
        asked = "".join(f"<li>{html.escape(scope)}</li>" for scope in query.get("scope", "").split())
        return _document(
            f'<form method="post"><fieldset><legend>Pick an account</legend>{options}</fieldset>{kept}'
            f"<p>Schedule For asks for:</p><ul>{asked}</ul>"
            '<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form>'
        )

    async def decide(self, request: Request) -> Response:
        """The answer goes back to the app, by a form or in the address."""
        form = dict(urllib.parse.parse_qsl((await request.body()).decode(), keep_blank_values=True))
        mailbox = self.directory.mailboxes.get(form.get("address", ""))
        number = self.refuses_sign_in.get(form.get("address", ""))
        params = {"state": form.get("state", "")}
        if form.get("answer") != "allow" or mailbox is None:
            params |= {"error": "access_denied", "error_description": _described("65004"), "error_subcode": "cancel"}
        elif number is not None:
            params |= {"error": "access_denied", "error_description": _described(number)}
        else:
            code = secrets.token_urlsafe(24)
            self.codes[code] = Grant(
                mailbox,
                tuple(form.get("scope", "").split()),
                form.get("redirect_uri", ""),
                form.get("code_challenge", ""),
                form.get("nonce", ""),
                self.clock() + CODE_SECONDS,
            )
            params |= {"code": code, "session_state": secrets.token_hex(8)}
            if form.get("client_info") == "1":
                params["client_info"] = _client_info(mailbox)
        target = form.get("redirect_uri", "")
        if form.get("response_mode") == "form_post":
            fields = "".join(_hidden(name, value) for name, value in params.items())
            return _document(
                f'<form method="post" action="{html.escape(target)}">{fields}<button>Continue</button></form>'
                "<script>document.forms[0].submit()</script>"
            )
        return RedirectResponse(f"{target}?{urllib.parse.urlencode(params)}", 302)

    async def admin_page(self, request: Request) -> Response:
        """Where an administrator agrees for everybody."""
        return _document(
            f"<p>An administrator agrees here to {html.escape(request.query_params.get('scope', ''))}.</p>"
        )

    # --- tokens ---

    async def token(self, request: Request) -> Response:
        form = dict(urllib.parse.parse_qsl((await request.body()).decode(), keep_blank_values=True))
        client = (form.get("client_id"), form.get("client_secret"))
        basic = request.headers.get("authorization", "")
        if basic.startswith("Basic "):
            name, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
            client = (urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(secret))
        if client[0] != self.client_id:
            return _refused("unauthorized_client", "700016", 400)
        if client[1] != self.client_secret:
            return _refused("invalid_client", "7000215", 401)
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form)
            case "refresh_token":
                return self._by_refresh(form)
        return _refused("unsupported_grant_type", "70003", 400)

    def _by_code(self, form: Mapping[str, str]) -> Response:
        grant = self.codes.get(form.get("code", ""))
        if grant is None or grant.until < self.clock() or grant.redirect_uri != form.get("redirect_uri"):
            return _refused("invalid_grant", "70000", 400)
        if grant.used:
            return _refused("invalid_grant", "54005", 400)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(verifier).decode().rstrip("=") != grant.challenge:
            return _refused("invalid_grant", "501481", 400)
        grant.used = True
        self.refuses.pop(grant.mailbox.address, None)
        return self._issued(grant, form, nonce=grant.nonce)

    def _by_refresh(self, form: Mapping[str, str]) -> Response:
        grant = self.refreshes.get(form.get("refresh_token", ""))
        if grant is None:
            return _refused("invalid_grant", "70000", 400, suberror="bad_token")
        number = self.refuses.get(grant.mailbox.address)
        if number is not None:
            asks = number in ("50076", "65001")
            return _refused(
                "interaction_required" if asks else "invalid_grant", number, 400, suberror=_suberror(number)
            )
        if self.rotates:
            del self.refreshes[form["refresh_token"]]
        return self._issued(grant, form)

    def _issued(self, grant: Grant, form: Mapping[str, str], nonce: str = "") -> Response:
        asked = set(form.get("scope", "").split()) or set(grant.scopes)
        scopes = (asked - _OPENID - self.withheld) | self.granted
        access, refresh = (f"{kind}-{secrets.token_urlsafe(32)}" for kind in ("access", "refresh"))
        self.tokens[access] = Grant(grant.mailbox, tuple(scopes), until=self.clock() + TOKEN_SECONDS)
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": " ".join(sorted(f"{self.resource}{scope}" for scope in scopes)),
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "access_token": access,
            "id_token": self._identity_of(grant.mailbox, nonce),
        }
        if "offline_access" in set(grant.scopes) - self.withheld:
            self.refreshes[refresh] = Grant(grant.mailbox, grant.scopes)
            answer["refresh_token"] = refresh
        if form.get("client_info") == "1":
            answer["client_info"] = _client_info(grant.mailbox)
        return JSONResponse(answer)

    def _identity_of(self, mailbox: Mailbox, nonce: str) -> str:
        """A well-formed id_token with no signature: it is read off a connection that is trusted."""
        now = int(self.clock())
        claims: dict[str, Any] = {
            "aud": self.client_id,
            "iss": f"{self.url}/{mailbox.tenant}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_SECONDS,
            "name": mailbox.name,
            "oid": mailbox.id,
            "preferred_username": mailbox.address,
            "sub": hashlib.sha256(mailbox.id.encode()).hexdigest()[:32],
            "tid": mailbox.tenant,
            "ver": "2.0",
            **({"nonce": nonce} if nonce else {}),
        }
        return f"{_part({'typ': 'JWT', 'alg': 'none'})}.{_part(claims)}."


def _refused(error: str, number: str, status: int, suberror: str = "") -> Response:
    trace = "00000000-0000-0000-0000-000000000000"
    answer = {
        "error": error,
        "error_description": _described(number),
        "error_codes": [int(number)],
        "timestamp": "2026-11-22 10:00:00Z",
        "trace_id": trace,
        "correlation_id": trace,
        **({"suberror": suberror} if suberror else {}),
    }
    return JSONResponse(answer, status)


def _described(number: str) -> str:
    return f"AADSTS{number}: {_WORDS.get(number, 'Refused.')} Trace ID: 0 Correlation ID: 0"


def _suberror(number: str) -> str:
    return {"50173": "bad_token", "50076": "basic_action", "65001": "consent_required"}.get(number, "")


def _client_info(mailbox: Mailbox) -> str:
    return _part({"uid": mailbox.id, "utid": mailbox.tenant})


def _part(content: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'


def _document(content: str, status: int = 200) -> HTMLResponse:
    return standin_page("Microsoft", "Sign in", content, status)

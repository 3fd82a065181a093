"""The page on which a member of a workspace allows or denies the app: Slack's /oauth/v2/authorize."""

import html
import secrets
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.standin_page import standin_page
from sandbox.workspace.state import Workspace


class AuthorizePage:
    """GET shows the page; with `decision=allow|deny` (and optionally `user`) it sends the browser back to the app."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def route(self) -> Route:
        """The route for a Starlette application."""
        return Route("/oauth/v2/authorize", self.answer, methods=["GET"])

    async def answer(self, request: Request) -> Response:
        """The page, or the way back."""
        asked = dict(request.query_params)
        target = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.workspace.app.client_id:
            return PlainTextResponse("invalid_client_id", 400)
        if urlsplit(target).scheme not in {"http", "https"}:
            return PlainTextResponse("bad_redirect_uri", 400)
        decision = asked.pop("decision", "")
        if decision == "deny":
            return self._back(target, {"error": "access_denied", "state": asked.get("state", "")})
        if decision == "allow":
            return self._back(target, {"code": self._code(asked), "state": asked.get("state", "")})
        return self._page(asked)

    def _code(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        user_id = asked.get("user") or next(iter(self.workspace.people))
        self.workspace.codes[code] = {
            "team_id": self.workspace.home_team[user_id],
            "user_id": user_id,
            "scope": asked.get("scope", ""),
            "redirect_uri": asked["redirect_uri"],
        }
        return code

    def _page(self, asked: dict[str, str]) -> Response:
        links = [
            f'<a class="button" href="?{html.escape(urlencode({**asked, "decision": word}))}">{word.title()}</a> '
            for word in ("allow", "deny")
        ]
        scopes = html.escape(asked.get("scope", ""))
        return standin_page(
            "Slack", f"{self.workspace.app.name} asks for access", f"<p>{scopes}</p><p>{''.join(links)}</p>"
        )

    @staticmethod
    def _back(target: str, answer: dict[str, str]) -> Response:
        joint = "&" if "?" in target else "?"
        return RedirectResponse(f"{target}{joint}{urlencode(answer)}", 302)

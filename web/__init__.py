"""The part of the app that answers HTTP: Slack's endpoint, the page for calendar passwords, health and metrics.

Knows no booking, no SQL and no Slack payload: what it needs is handed in, and every page it shows is in `web/pages`.
"""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan

from web.connect import Connecting, ConnectPages
from web.connect_form import FORMS, ConnectForm, forms
from web.health import Health
from web.oauth import FORM_POST, Authorizing, OAuthPages
from web.protection import Apology, BodyLimit, SecurityHeaders
from web.rendering import notice_page

__all__ = ["Authorizing", "ConnectPages", "Connecting", "Endpoint", "Health", "build_web_app", "forms"]

Endpoint = Callable[[Request], Awaitable[Response]]

SLACK_BODY_LIMIT = 1024 * 1024
PAGE_BODY_LIMIT = 16 * 1024


def build_web_app(
    *,
    slack_events: Endpoint | None,
    connecting: Connecting | None,
    health: Health,
    authorizing: Authorizing | None = None,
    public_url: str | None = None,
    forms: Mapping[str, ConnectForm] = FORMS,
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """The whole HTTP surface.

    `slack_events` is None in Socket Mode, `connecting` is None where there is no PUBLIC_URL: their routes are then
    absent. `authorizing` belongs to `connecting`, for systems with a sign-in page of their own. `public_url` is the
    origin that browsers see. `forms` are the pages for passwords by provider.
    """
    routes = [
        Route("/healthz", health.healthz, methods=["GET"]),
        Route("/readyz", health.readyz, methods=["GET"]),
        Route("/metrics", health.metrics, methods=["GET"]),
    ]
    if slack_events is not None:
        routes.append(Route("/slack/events", health.timed(slack_events), methods=["POST"]))
    if connecting is not None:
        elsewhere = None
        if authorizing is not None and public_url is not None:
            elsewhere = OAuthPages(authorizing, public_url, health.connected)
            routes += [
                Route(
                    f"/oauth/{provider}/callback",
                    elsewhere.come_back,
                    methods=["GET", "POST"] if provider in FORM_POST else ["GET"],
                )
                for provider in sorted(elsewhere.providers)
            ]
        pages = ConnectPages(connecting, public_url, health.connected, elsewhere, forms)
        routes.append(Route("/connect/{token}", pages.answer, methods=["GET", "POST"]))
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders, hsts=public_url is not None and urlsplit(public_url).scheme == "https"),
            Middleware(Apology),
            Middleware(BodyLimit, limits={"/slack/": SLACK_BODY_LIMIT}, otherwise=PAGE_BODY_LIMIT),
        ],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )


async def _refused(request: Request, error: Exception) -> Response:
    """An address that does not exist, or is not spoken to like that."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == 404:
        return notice_page(
            404, "There is nothing here", "Check the address, or go back to Slack and start again there."
        )
    if status == 405:
        return notice_page(405, "That does not work here", "This address is not meant to be used like that.", headers)
    return notice_page(status, "That did not work", "Go back to Slack and start again there.", headers)

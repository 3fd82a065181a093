"""What every answer carries and every request must keep to, whatever the route: headers, body size, origin, peer."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.rendering import content_security_policy, notice_page

log = structlog.get_logger(__name__)

FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
DIRECT_PEERS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


class SecurityHeaders:
    """Adds the headers of a site that shows no script, sits in no frame and is in no index."""

    def __init__(self, app: ASGIApp, *, hsts: bool) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_security_policy(),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex, nofollow",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cache-Control": "no-store",
        }
        if hsts:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Apology:
    """Answers an error of ours with a page that says so, and logs it without the path, which may hold a secret."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if answered or scope["type"] != "http":
                raise
            log.exception("request_failed", method=scope["method"])
            words = "Nothing was saved. Go back and try again in a minute."
            await notice_page(500, "Something broke on our side", words)(scope, receive, send)


class _TooLarge(Exception):
    """More bytes arrived than this path takes."""


class BodyLimit:
    """Refuses bodies over a size with 413, by their announced length and by what really arrives.

    `limits` maps a path prefix to bytes; `otherwise` holds for all other paths.
    """

    def __init__(self, app: ASGIApp, *, limits: Mapping[str, int], otherwise: int) -> None:
        self._app = app
        self._limits = dict(limits)
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next(
            (size for prefix, size in self._limits.items() if scope["path"].startswith(prefix)), self._otherwise
        )
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            await self._refuse(scope, receive, send)
            return
        arrived = 0
        answered = False

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except _TooLarge:
            if answered:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = notice_page(
            413, "That is too much", "This was larger than anything we ask for.", {"Connection": "close"}
        )
        await response(scope, receive, send)


def is_direct_private_peer(request: Request) -> bool:
    """Whether the other end of this very connection is on this machine or a private network, with no proxy between.

    A proxy on the same machine is a private peer too, and speaks for strangers: it gives itself away by its headers.
    """
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        peer = ipaddress.ip_address(request.client.host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in DIRECT_PEERS)


def is_same_origin(request: Request, public_url: str | None) -> bool:
    """Whether a form was sent from our own page, as far as the browser tells.

    `Sec-Fetch-Site` decides where it is sent. Else `Origin` must name us; `null` is what browsers send from a page with
    `Referrer-Policy: no-referrer`, and no header at all is no browser: both are left to the secret in the path.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        return True
    ours = {request.headers.get("host", "").lower()}
    if public_url is not None:
        ours.add(urlsplit(public_url).netloc.lower())
    return urlsplit(origin).netloc.lower() in ours

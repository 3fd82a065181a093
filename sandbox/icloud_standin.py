"""iCloud's calendars as far as they are documented to differ: a small reverse proxy in front of a real CalDAV server.

The principal lives on one host, the calendars on a partition's; only app-specific passwords are taken; some queries are
refused. Everything else is the server's own answer. Knows nothing of the product.
"""

import base64
import http.client
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

_APP_PASSWORD = re.compile(r"[a-z]{4}(-[a-z]{4}){3}")
_UID = re.compile(rb"^UID:(.*?)\r?$", re.MULTILINE)
_END = re.compile(rb"^(DTEND|DURATION)\b", re.MULTILINE)
_PASSED_ON = frozenset({"content-type", "depth", "if-match", "if-none-match", "destination", "prefer", "accept"})
_PASSED_BACK = frozenset({"content-type", "etag", "dav", "allow", "location", "last-modified"})
_XML = "text/xml; charset=utf-8"


@dataclass
class AppleAccount:
    """`dsid` is Apple's number for it; `user` and `user_password` are the account behind the proxy.

    `app_passwords` may be emptied: Apple takes all of them back when the main password changes.
    """

    address: str
    app_passwords: set[str]
    dsid: str
    user: str
    user_password: str
    uids: dict[str, str] = field(default_factory=dict)  # UID -> where it is stored


class ICloudStandin:
    """A running stand-in; both names must lead to loopback. `url` is what people would call caldav.icloud.com."""

    def __init__(self, behind: str, accounts: list[AppleAccount], *, host: str, partition: str) -> None:
        parts = urlsplit(behind)
        self.behind = (parts.hostname or "", parts.port or 80)
        self.accounts = accounts
        self.host = host
        self.partition = partition
        self.seen: list[tuple[str, str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def home_of(self, account: AppleAccount) -> str:
        return f"http://{self.partition}:{self.port}/{account.dsid}/calendars/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def _handler(standin: ICloudStandin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Quiet."""

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            host = (self.headers.get("host") or "").partition(":")[0]
            standin.seen.append((self.command, host, self.path))
            account = _signed_in(standin.accounts, self.headers.get("authorization", ""))
            if account is None:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'X-MobileMe-AuthToken realm="Newcastle"')
                self.send_header("WWW-Authenticate", 'Basic realm="Newcastle"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            sent = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = _answer(standin, account, self.command, host, self.path, sent, body)
            except (OSError, http.client.HTTPException):  # the server behind says nothing: neither do we
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    return Handler


def _signed_in(accounts: list[AppleAccount], header: str) -> AppleAccount | None:
    kind, _, token = header.partition(" ")
    if kind != "Basic":
        return None
    address, _, password = base64.b64decode(token).decode(errors="replace").partition(":")
    if not _APP_PASSWORD.fullmatch(password):
        return None  # the password of the Apple Account itself is never taken here
    return next((a for a in accounts if a.address.lower() == address.lower() and password in a.app_passwords), None)


def _answer(
    standin: ICloudStandin,
    account: AppleAccount,
    method: str,
    host: str,
    path: str,
    sent: Mapping[str, str],
    body: bytes,
) -> _Answer:
    home, principal = f"/{account.dsid}/calendars/", f"/{account.dsid}/principal/"
    if path.startswith(home):
        if host != standin.partition:
            return _Answer(301, headers={"Location": f"http://{standin.partition}:{standin.port}{path}"})
        return _in_home(standin, account, method, path, sent, body)
    if method != "PROPFIND" or path.rstrip("/") not in ("", "/.well-known/caldav", principal.rstrip("/")):
        return _Answer(404)
    if path.startswith(principal) and sent.get("depth", "0") != "0":
        return _Answer(400)
    return _Answer(207, _principal(path, principal, standin.home_of(account), account.address), {"Content-Type": _XML})


def _principal(path: str, principal: str, home: str, address: str) -> bytes:
    """What is told of the root (only who one is) or of the principal."""
    known = f"<current-user-principal><href>{principal}</href></current-user-principal>"
    if path.startswith(principal):
        known += (
            f"<C:calendar-home-set><href>{home}</href></C:calendar-home-set><C:calendar-user-address-set>"
            f"<href>mailto:{escape(address)}</href><href>{principal}</href></C:calendar-user-address-set>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<response><href>{path}</href><propstat><prop>{known}</prop><status>HTTP/1.1 200 OK</status></propstat>"
        "</response></multistatus>"
    ).encode()


def _in_home(
    standin: ICloudStandin, account: AppleAccount, method: str, path: str, sent: Mapping[str, str], body: bytes
) -> _Answer:
    if method == "REPORT" and b"free-busy-query" in body:
        return _Answer(400)
    if sent.get("if-match") == "*":  # works backwards there
        return _Answer(412)
    uid = ""
    if method == "PUT":
        if b"BEGIN:VEVENT" in body and not _END.search(body):
            return _Answer(403)
        named = _UID.search(body)
        uid = named[1].decode(errors="replace") if named else ""
        if account.uids.get(uid, path).rpartition("/")[0] != path.rpartition("/")[0]:
            return _uid_conflict(account.uids[uid])
    answer = _forward(standin, account, method, path, sent, body)
    if uid and answer.status in (201, 204):
        account.uids[uid] = path
    if method == "DELETE" and answer.status in (200, 204):
        account.uids = {each: where for each, where in account.uids.items() if where != path}
    return answer


def _uid_conflict(where: str) -> _Answer:
    body = (
        '<?xml version="1.0" encoding="utf-8"?><error xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<C:no-uid-conflict><href>{where}</href></C:no-uid-conflict></error>"
    )
    return _Answer(403, body.encode(), {"Content-Type": _XML})


def _forward(
    standin: ICloudStandin, account: AppleAccount, method: str, path: str, sent: Mapping[str, str], body: bytes
) -> _Answer:
    """The real server's answer, with its addresses told as iCloud's."""
    ours, theirs = f"/{account.dsid}/calendars/", f"/{account.user}/"
    login = base64.b64encode(f"{account.user}:{account.user_password}".encode()).decode()
    headers = {name: value for name, value in sent.items() if name in _PASSED_ON} | {"Authorization": f"Basic {login}"}
    connection = http.client.HTTPConnection(*standin.behind, timeout=20)
    try:
        asked = path.replace(ours, theirs, 1)
        connection.request(method, asked, body.replace(ours.encode(), theirs.encode()) or None, headers)
        got = connection.getresponse()
        told = got.read().replace(f">{theirs}".encode(), f">{ours}".encode())
        kept = {name: value for name, value in got.getheaders() if name.lower() in _PASSED_BACK}
        return _Answer(got.status, told, kept)
    finally:
        connection.close()

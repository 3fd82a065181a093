"""A small CalDAV server on loopback that can be told to misbehave like the servers people really have."""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
PRINCIPAL, HOME, CALENDAR, INBOX = "/4711/principal/", "/4711/calendars/", "/4711/calendars/work/", "/4711/inbox/"


@dataclass(frozen=True)
class Reply:
    """A scripted answer. `lost`: the request takes effect, the connection ends unanswered. `drip`: a byte per 0.1 s."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False
    hangs: bool = False
    drip: bool = False


def multistatus(*responses: str) -> bytes:
    return f'<?xml version="1.0"?><multistatus {NAMESPACES}>{"".join(responses)}</multistatus>'.encode()


def response(href: str, properties: str, status: str = "200 OK") -> str:
    stat = f"<propstat><prop>{properties}</prop><status>HTTP/1.1 {status}</status></propstat>"
    return f"<response><href>{escape(href)}</href>{stat}</response>"


@dataclass
class OddServer:
    """Stateful: what is PUT can be read again. `requests` lists (method, path, headers)."""

    url: str = ""
    user: str = "dana"
    password: str = "correct horse"
    home_url: str = HOME  # what calendar-home-set says; may be absolute
    calendars: tuple[str, ...] = (CALENDAR,)
    objects: dict[str, tuple[str, str]] = field(default_factory=dict)  # path -> (etag, text)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    overwrites: bool = False  # despite If-None-Match
    renames: bool = False  # stores what is PUT under a name of its own
    etags: bool = True
    weak: bool = False  # writes its ETags with W/ and wants them back like this
    released: threading.Event = field(default_factory=threading.Event)
    _script: dict[tuple[str, str | None], deque[Reply]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _version: int = 0

    def script(self, method: str, *replies: Reply, path: str | None = None) -> None:
        """Answer the next requests of `method` (at `path`) so, one reply each; afterwards normally again."""
        self._script.setdefault((method, path), deque()).extend(replies)

    def forget_script(self) -> None:
        """From now on everything is answered normally."""
        with self._lock:
            self._script.clear()

    def scripted(self) -> int:
        """How many answers are still scripted."""
        with self._lock:
            return sum(map(len, self._script.values()))

    def next_reply(self, method: str, path: str) -> Reply | None:
        with self._lock:
            for key in ((method, path), (method, None)):
                if self._script.get(key):
                    return self._script[key].popleft()
        return None

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.requests]

    # --- normal behaviour ---

    def normal(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        with self._lock:
            handler = getattr(self, f"_{method.lower()}", None)
            return handler(path, headers, body) if handler else Reply(501)

    def _propfind(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if path in self.objects:
            return Reply(207, multistatus(response(path, f"<getetag>{escape(self.objects[path][0])}</getetag>")))
        if path in ("/", "/.well-known/caldav"):
            who = f"<current-user-principal><href>{PRINCIPAL}</href></current-user-principal>"
            return Reply(207, multistatus(response("/", who)))
        if path == PRINCIPAL:
            properties = (
                f"<C:calendar-home-set><href>{self.home_url}</href></C:calendar-home-set>"
                f"<C:calendar-user-address-set><href>mailto:Dana@acme.example</href></C:calendar-user-address-set>"
            )
            return Reply(207, multistatus(response(path, properties)))
        if path == HOME:
            return Reply(207, multistatus(*(self._listed(calendar) for calendar in self.calendars)))
        return Reply(404)

    def _listed(self, path: str) -> str:
        return response(
            path,
            "<resourcetype><collection/><C:calendar/></resourcetype>"
            f"<displayname>{path.strip('/').rpartition('/')[2]}</displayname>"
            '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>',
        )

    def _report(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        found = (
            response(at, f"<getetag>{escape(etag)}</getetag><C:calendar-data>{escape(text)}</C:calendar-data>")
            for at, (etag, text) in self.objects.items()
            if at.startswith(path)
        )
        return Reply(207, multistatus(*found))

    def _get(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if path not in self.objects:
            return Reply(404)
        etag, text = self.objects[path]
        return Reply(200, text.encode(), {"Content-Type": "text/calendar"} | ({"ETag": etag} if self.etags else {}))

    def _put(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        present = self.objects.get(path)
        if present and headers.get("If-None-Match") == "*" and not self.overwrites:
            return Reply(412)
        if "If-Match" in headers and (present is None or headers["If-Match"] != present[0]):
            return Reply(412)
        self._version += 1
        path = f"{path.rpartition('/')[0]}/{self._version}.ics" if self.renames else path
        self.objects[path] = (f'{"W/" if self.weak else ""}"v{self._version}"', body.decode())
        return Reply(204 if present else 201)

    def _delete(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        present = self.objects.get(path)
        if present is None:
            return Reply(404)
        if "If-Match" in headers and headers["If-Match"] != present[0]:
            return Reply(412)
        del self.objects[path]
        return Reply(204)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, state: OddServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._any
        raise AttributeError(name)

    def _any(self) -> None:
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.title(): value for name, value in self.headers.items()}
        state.requests.append((self.command, self.path, headers))
        state.bodies.append(body)
        reply = state.next_reply(self.command, self.path)
        if reply is None or reply.lost:
            usual = state.normal(self.command, self.path, headers, body)
            reply = reply or usual
        self._answer(reply, state.released)

    def _answer(self, reply: Reply, released: threading.Event) -> None:
        self.close_connection = True
        if reply.hangs:
            released.wait(30)
        if reply.lost or reply.hangs:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client had enough
            if not reply.drip:
                self.wfile.write(reply.body)
                return
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                if released.wait(0.1):
                    return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Silent."""


@contextlib.contextmanager
def odd_server() -> Iterator[OddServer]:
    """A running server; it ends every hanging answer when the block ends."""
    state = OddServer()
    server = _Server(state)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()

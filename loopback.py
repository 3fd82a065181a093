"""Waits on this computer for the answer of a sign-in page (RFC 8252 §7.3). Knows no provider and logs nothing."""

import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler
from queue import Empty, Queue
from socketserver import ThreadingTCPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

_MOST_FORM = 64 * 1024
_BACK = "You can close this page and go back to the terminal."
_NOBODY = "Nobody waits for this."


class Loopback:
    """Listens on 127.0.0.1 for the one answer that carries `state`, as a query or as a posted form."""

    def __init__(self, path: str, port: int, state: str) -> None:
        """Port 0: any free one. Raises OSError or OverflowError for a port that cannot be had."""
        self._answers = Queue[dict[str, str]]()
        self._server = _Server(port, path, state, self._answers)
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> dict[str, str] | None:
        """The parameters that came back; None when nothing did."""
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            return None


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there it would share the port with somebody else

    def __init__(self, port: int, path: str, state: str, answers: "Queue[dict[str, str]]") -> None:
        super().__init__(("127.0.0.1", port), _Answering)
        self._path, self._state = path, state
        self.answers = answers

    def awaits(self, path: str, params: dict[str, str]) -> bool:
        """Whether this is the answer: anybody on this computer can call us, only the page knows the state."""
        return path == self._path and secrets.compare_digest(params.get("state", "").encode(), self._state.encode())

    def handle_error(self, *_: object) -> None:
        """Nothing: a browser that went away is no trouble."""


class _Answering(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10.0  # browsers open connections that they may never use

    def do_GET(self) -> None:
        self._take(urlsplit(self.path).query)

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        fits = length.isdigit() and int(length) <= _MOST_FORM
        self._take(self.rfile.read(int(length)).decode("utf-8", "replace") if fits else "")

    def log_message(self, *_: object) -> None:
        """Nothing: the line would hold the code."""

    def _take(self, form: str) -> None:
        params = dict(parse_qsl(form))
        awaited = self.server.awaits(urlsplit(self.path).path, params)
        body = (_BACK if awaited else _NOBODY).encode()
        headers = {
            "content-type": "text/plain; charset=utf-8",
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
        }
        try:
            self.send_response(200 if awaited else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        finally:
            if awaited:
                self.server.answers.put(params)

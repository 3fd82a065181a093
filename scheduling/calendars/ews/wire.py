"""How exchangelib reaches a server: through our one policy for user-entered hosts, within our deadlines.

exchangelib has no end to a call, keeps passwords in a process-wide cache, waits without limit for a free session and
shrinks its pool under load. None of that is left here: it builds the XML and reads it, we carry the bytes. Knows no
calendar; `errors` says what a failure means.
"""

import contextlib
import io
import logging
import queue
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import requests
from exchangelib import BASIC, NTLM, Configuration, Credentials
from exchangelib.errors import SessionPoolMinSizeReached
from exchangelib.protocol import CachingProtocol, Protocol
from exchangelib.version import Version
from requests.adapters import BaseAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests_ntlm import HttpNtlmAuth
from urllib3.response import HTTPResponse

from scheduling.calendars.base import Deadline
from scheduling.calendars.ews.http import Answer, Http, failure_of_status
from scheduling.errors import DeadlineExceeded

EXCHANGE_SECONDS = 10.0
"""The most that one exchange with the server may take, whatever the deadline of the whole call."""

CONNECTIONS = 4
MOST_BYTES = 8 * 1024 * 1024
"""Several times the most that Exchange tells at once: a thousand items."""

_PIECE = 64 * 1024
# Ours, or told to `Outbound` in another way. A kept `Connection: close` would make exchangelib take 401 for "busy".
_NOT_SENT = frozenset({"host", "content-length", "accept-encoding", "connection", "transfer-encoding"})
_NOT_TOLD = frozenset({"connection", "content-encoding", "transfer-encoding", "content-length"})

# One logs whole bodies, addresses and titles included, when something unexpected happens; the other each step of NTLM.
_TELLTALES = ("exchangelib", "spnego")

_deadline: ContextVar[Deadline] = ContextVar("ews_deadline")


@contextlib.contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Everything that exchangelib sends in this block ends by `deadline`."""
    token = _deadline.set(deadline)
    try:
        deadline.check()
        yield
    finally:
        _deadline.reset(token)


class OutboundAdapter(BaseAdapter):
    """requests' transport over `Outbound`: one look-up, checked and pinned addresses, no redirects, whole answers.

    `shared`: over kept connections that other accounts use too, which is only right where every request signs itself.
    `any_status`: answers that no SOAP reader should see are given back too.
    """

    def __init__(self, http: Http, *, shared: bool, any_status: bool = False) -> None:
        super().__init__()
        self._any_status = any_status
        self._http = http if shared else http.own_line()
        self._shared = shared

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """One exchange. Raises HostRefused and CalendarErrors, also for answers that no SOAP reader should see."""
        body: Any = request.body
        answer = self._http.request(
            request.method or "POST",
            request.url or "",
            headers={k: _text(v) for k, v in request.headers.items() if k.lower() not in _NOT_SENT},
            content=body.encode() if isinstance(body, str) else bytes(body or b""),
            deadline=_soon(),
            may_follow=None,
            max_bytes=MOST_BYTES,
        )
        failed = None if self._any_status else failure_of_status(answer)
        if failed is not None:
            raise failed
        return _response(request, answer, self)

    def close(self) -> None:
        if not self._shared:
            self._http.close()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _soon() -> Deadline:
    """The current call's deadline, or the end of one exchange if that is sooner."""
    deadline = _deadline.get()
    return min(deadline, Deadline.after(EXCHANGE_SECONDS), key=lambda each: each.at)


class _Body(io.BytesIO):
    """A read answer that still shows the server's certificate where requests_ntlm looks for it (channel binding)."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        tls = SimpleNamespace(getpeercert=lambda _der: answer.certificate) if answer.certificate else None
        self.fp = SimpleNamespace(raw=SimpleNamespace(_sock=tls))


class _InPieces(requests.Response):
    """exchangelib reads answers byte by byte, at a second for every megabyte."""

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: Any = False) -> Iterator[Any]:
        return super().iter_content(max(chunk_size or _PIECE, _PIECE), decode_unicode=decode_unicode)


def _response(request: requests.PreparedRequest, answer: Answer, adapter: BaseAdapter) -> requests.Response:
    headers = {k: v for k, v in answer.headers.items() if k.lower() not in _NOT_TOLD}
    raw = HTTPResponse(body=_Body(answer), headers=headers, status=answer.status, preload_content=False)
    response = _InPieces()
    response.status_code = answer.status
    response.headers.update(headers)
    response.encoding = "utf-8"
    response.raw = raw
    response.url = request.url or ""
    response.request = request
    response.connection = adapter  # type: ignore[assignment]  # requests_ntlm sends through it again
    return response


class _NotCached(CachingProtocol):  # type: ignore[misc]  # exchangelib is untyped
    """exchangelib would keep every protocol, with its password, for the life of the process."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return type.__call__(self, *args, **kwargs)


class AccountProtocol(Protocol, metaclass=_NotCached):  # type: ignore[misc]  # exchangelib is untyped
    """One account's connections to its server."""

    TIMEOUT = EXCHANGE_SECONDS

    def __init__(self, config: Configuration, http: Http) -> None:
        super().__init__(config=config)
        self._http = http

    @property
    def session_pool_size(self) -> int:
        """Always one: above it exchangelib shrinks the pool after a time-out and says "busy" instead."""
        return 1

    def decrease_poolsize(self) -> None:
        """Never: it waits, under its lock, for a session to come back."""
        raise SessionPoolMinSizeReached("fixed")

    def get_session(self) -> Any:
        """A free session, waited for no longer than the call may take."""
        with contextlib.suppress(queue.Empty):
            return self._used(self._session_pool.get(block=False))
        with self._session_pool_lock:
            if self._session_pool_size < self._session_pool_maxsize:
                self._session_pool_size += 1
                return self._used(self.create_session())
        try:
            return self._used(self._session_pool.get(timeout=_deadline.get().remaining()))
        except queue.Empty:
            raise DeadlineExceeded("deadline") from None

    @staticmethod
    def _used(session: Any) -> Any:
        session.usage_count += 1
        return session

    def create_session(self) -> Any:
        """A session of requests that signs in as this account."""
        session = requests.Session()
        session.trust_env = False
        session.headers = requests.structures.CaseInsensitiveDict({"Content-Type": "text/xml; charset=utf-8"})
        session.adapters.clear()
        session.mount(
            self.service_endpoint, OutboundAdapter(self._http, shared=not signs_connections(self.config.auth_type))
        )
        session.auth = authentication(
            self.config.auth_type, self.config.credentials.username, self.config.credentials.password
        )
        session.session_id = id(session)  # type: ignore[attr-defined]  # exchangelib keeps its own notes on a session
        session.usage_count = 0  # type: ignore[attr-defined]  # the same
        return session


def _silence() -> None:
    for name in _TELLTALES:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def signs_connections(auth_type: str) -> bool:
    """Whether a sign-in holds for the connection it was made on, whoever uses it."""
    return bool(auth_type != BASIC)


def authentication(auth_type: str, user_name: str, password: str) -> AuthBase:
    """What signs a request; `auth_type` is exchangelib's BASIC or NTLM."""
    _silence()
    if auth_type == BASIC:
        return HTTPBasicAuth(user_name.encode(), password.encode())
    name = (
        f"\\{user_name}" if "\\" not in user_name and "@" in user_name else user_name
    )  # a UPN has no domain before it
    return HttpNtlmAuth(name, password)


def protocol_for(endpoint: str, auth_type: str, user_name: str, password: str, version: Version, http: Http) -> Any:
    """Connections of one account to `endpoint`; nothing is called yet."""
    config = Configuration(
        service_endpoint=endpoint,
        credentials=Credentials(user_name, password),
        auth_type=auth_type,
        version=version,
        max_connections=CONNECTIONS,
    )
    return AccountProtocol(config, http)


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """The answer to a signed request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    certificate: bytes | None = None


def signed_post(
    url: str, body: bytes, auth_type: str, user_name: str, password: str, http: Http, deadline: Deadline
) -> SignedAnswer:
    """One request outside exchangelib, signed as this person; redirects are not followed."""
    adapter = OutboundAdapter(http, shared=not signs_connections(auth_type), any_status=True)
    with requests.Session() as session, within(deadline):
        session.trust_env = False
        session.adapters.clear()
        session.mount(url, adapter)
        response = session.post(
            url,
            data=body,
            headers={"Content-Type": "text/xml; charset=utf-8"},
            auth=authentication(auth_type, user_name, password),
            allow_redirects=False,
            timeout=EXCHANGE_SECONDS,
        )
        return SignedAnswer(response.status_code, dict(response.headers.lower_items()), response.content, url)


__all__ = [
    "BASIC",
    "NTLM",
    "AccountProtocol",
    "OutboundAdapter",
    "authentication",
    "protocol_for",
    "signed_post",
    "within",
]

"""Google's client libraries, imported here and nowhere else; this file itself is imported when Google is first called.

One Http object per call, because httplib2's must not be shared between threads. Its connections end with the call's
deadline, also when a server sends a byte a second, and are never silently used twice: httplib2 would repeat a POST
whose answer was cut. Requests and answers are never logged.
"""

import functools
import http.client
import io
import json
import logging
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import google_auth_httplib2
import httplib2
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import Error as ClientError
from googleapiclient.errors import HttpError

from scheduling.calendars.base import Deadline
from scheduling.calendars.google import errors
from scheduling.errors import Ambiguous, CalendarError, DeadlineExceeded, Refused, Unavailable

CONNECT_SECONDS = 5.0
MOST_BYTES = 24 * 1024 * 1024


class Lost(Exception):
    """No whole answer. Neither an OSError nor an HTTPException: those make httplib2 send the request again."""

    def __init__(self, code: str, *, got_out: bool) -> None:
        super().__init__(code)
        self.code = code
        self.got_out = got_out


class _Dated(io.RawIOBase):
    """Reads a socket until the deadline and no further, and no more than MOST_BYTES."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket open as long as we read
        self._deadline = deadline
        self._left = MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - a writable buffer
        left = self._deadline.remaining()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        count = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise Lost("too_large", got_out=True)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DatedSocket:
    """What HTTPResponse needs of a socket."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._reader = functools.partial(_Dated, sock, deadline)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader())


class _Response(http.client.HTTPResponse):
    def __init__(self, deadline: Deadline, sock: socket.socket, method: str | None = None) -> None:
        super().__init__(_DatedSocket(sock, deadline), method=method)  # type: ignore[arg-type]  # makefile is all it uses

    def read(self, amt: int | None = None) -> bytes:
        try:
            return super().read(amt)
        except TimeoutError as error:
            raise Lost("deadline", got_out=True) from error
        except (OSError, http.client.HTTPException) as error:
            raise Lost("cut", got_out=True) from error


class _Bounded(http.client.HTTPConnection):
    """Beside httplib2's connections: ends in time, and says whether the request may have got out."""

    deadline: Deadline

    def connect(self) -> None:
        self.timeout = min(CONNECT_SECONDS, max(0.05, self.deadline.remaining() / 2))  # per address of the host
        self.response_class = functools.partial(_Response, self.deadline)  # type: ignore[assignment]  # as a class is called
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            raise Lost("tls_certificate", got_out=False) from error
        except ssl.SSLError as error:
            raise Lost("tls", got_out=False) from error
        except socket.gaierror as error:
            raise Lost("dns", got_out=False) from error
        except TimeoutError as error:
            raise Lost("connect_timeout", got_out=False) from error
        except (OSError, httplib2.HttpLib2Error) as error:
            raise Lost("connect", got_out=False) from error

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as HTTPConnection takes them
        try:
            super().request(*args, **kwargs)
        except (OSError, http.client.HTTPException) as error:
            raise Lost("cut", got_out=True) from error

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            return super().getresponse()
        except TimeoutError as error:
            raise Lost("deadline", got_out=True) from error
        except (OSError, http.client.HTTPException) as error:
            raise Lost("cut", got_out=True) from error


class _Plain(_Bounded, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]  # httplib2 has no types
    pass


class _Tls(_Bounded, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]  # the same
    """With a context that is made once: httplib2 reads the whole certificate store anew for each connection (40 ms)."""

    context: ssl.SSLContext

    def __init__(self, host: str, port: int | None = None, timeout: float | None = None, **_: object) -> None:
        http.client.HTTPSConnection.__init__(self, host, port, timeout=timeout, context=self.context)
        self.proxy_info = None
        self.disable_ssl_certificate_validation = False


class _Http(httplib2.Http):  # type: ignore[misc]  # the same
    """For one call. Redirects are answers; nothing is cached."""

    def __init__(self, deadline: Deadline, trusted: ssl.SSLContext) -> None:
        super().__init__(timeout=CONNECT_SECONDS, proxy_info=None)  # proxies from the environment are not used
        self.follow_redirects = False
        self._plain = type("Plain", (_Plain,), {"deadline": deadline})
        self._tls = type("Tls", (_Tls,), {"deadline": deadline, "context": trusted})

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 0,
        connection_type: type[http.client.HTTPConnection] | None = None,
    ) -> Any:  # noqa: ANN401 - httplib2's pair of response and content
        kind = self._tls if uri.lower().startswith("https:") else self._plain
        return super().request(uri, method, body, headers, redirections, kind)


class _TokenRequest:
    """google-auth's way to the token endpoint: answers that may pass are raised at once, for it would sleep on them."""

    def __init__(self, deadline: Deadline, trusted: ssl.SSLContext) -> None:
        self._deadline = deadline
        self._trusted = trusted

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,  # noqa: ANN401 - whatever google-auth hands its transports
    ) -> Any:  # noqa: ANN401 - google-auth's Response
        self._deadline.check()
        with closing(_Http(self._deadline, self._trusted)) as own:
            try:
                answer = google_auth_httplib2.Request(own)(url=url, method=method, body=body, headers=headers)
            except Lost as lost:
                raise _error(lost, writes=False) from lost
            except (GoogleAuthError, httplib2.HttpLib2Error) as error:
                raise Unavailable("answer") from error
        if answer.status == 429 or answer.status >= 500 or 200 < answer.status < 400:
            raise errors.failure(answer.status, {}, answer.headers.get("retry-after"), writes=False)
        return answer


class Google:
    """Google's token endpoint and its Calendar and Directory APIs. Safe to share between threads."""

    def __init__(self, api_url: str, directory_url: str | None, token_url: str, extra_ca: Path | None) -> None:
        logging.getLogger("googleapiclient").setLevel(logging.WARNING)  # its debugging lines show whose calendar it is
        self._trusted = ssl.create_default_context()
        if extra_ca is not None:
            self._trusted.load_verify_locations(extra_ca)
        self._token_url = token_url
        unused = httplib2.Http()  # every call brings its own
        self.calendar = build(
            "calendar",
            "v3",
            http=unused,
            cache_discovery=False,
            static_discovery=True,
            client_options={"api_endpoint": api_url},
        )
        self.directory = build(
            "admin",
            "directory_v1",
            http=unused,
            cache_discovery=False,
            static_discovery=True,
            client_options={"api_endpoint": directory_url} if directory_url else None,
        )

    def call(self, request: Any, token: str, deadline: Deadline, *, writes: bool = False) -> Any:  # noqa: ANN401
        """Send a prepared request; whatever JSON (or, where nothing is promised, bytes) came with a 2xx.

        Raises CalendarErrors; a write whose fate is unknown is Ambiguous.
        """
        deadline.check()
        credentials = Credentials(token)  # type: ignore[no-untyped-call]  # google-auth has no types
        with closing(_Http(deadline, self._trusted)) as own:
            try:
                return request.execute(http=google_auth_httplib2.AuthorizedHttp(credentials, own, (), 0))
            except HttpError as error:
                headers = dict(error.resp)
                raise errors.failure(
                    int(error.resp.status), _json(error.content), headers.get("retry-after"), writes=writes
                ) from error
            except Lost as lost:
                raise _error(lost, writes=writes) from lost
            except (ClientError, GoogleAuthError, httplib2.HttpLib2Error, ValueError, RecursionError) as error:
                raise (Ambiguous if writes else Unavailable)("answer") from error

    def refresh(self, client: tuple[str, str], refresh_token: str, deadline: Deadline) -> dict[str, str]:
        """A fresh `access_token` with its `expires_at`, and the refresh token if Google changed it.

        Raises AuthExpired when the grant is gone, Unavailable("misconfigured") when it is we who are refused.
        """
        credentials = Credentials(  # type: ignore[no-untyped-call]  # google-auth has no types
            None, refresh_token=refresh_token, token_uri=self._token_url, client_id=client[0], client_secret=client[1]
        )
        try:
            credentials.refresh(_TokenRequest(deadline, self._trusted))  # type: ignore[no-untyped-call]  # the same
        except RefreshError as error:
            raise errors.refused_token(error.args[1] if len(error.args) > 1 else None) from error
        except (
            GoogleAuthError,
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            RecursionError,
        ) as error:  # no such JSON
            raise Unavailable("answer") from error
        if not isinstance(credentials.token, str) or not credentials.token:
            raise Unavailable("answer")
        expiry = (credentials.expiry or datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=5)).replace(
            tzinfo=UTC
        )
        return {
            "access_token": credentials.token,
            "expires_at": expiry.isoformat(),
            "refresh_token": str(credentials.refresh_token),
        }

    def post(self, url: str, form: bytes, deadline: Deadline) -> tuple[int, dict[str, Any]]:
        """POST a form to the token or revocation endpoint; status and the JSON object that came, {} for none."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = _TokenRequest(deadline, self._trusted)(url, "POST", form, headers)
        return int(answer.status), _json(answer.data)


def claims_of(id_token: str) -> dict[str, Any]:
    """What an ID token says, nothing where it cannot be read: we can do without.

    It came from the token endpoint itself, so TLS vouches for it (OIDC Core §3.1.3.7).
    """
    try:
        claims = jwt.decode(id_token, verify=False)  # type: ignore[no-untyped-call]  # google-auth has no types
    except (GoogleAuthError, ValueError, TypeError):
        return {}
    return dict(claims) if isinstance(claims, Mapping) else {}


def _json(content: bytes | str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _error(lost: Lost, *, writes: bool) -> CalendarError:
    if lost.code == "tls_certificate":
        return Refused(lost.code)
    if writes and lost.got_out:
        return Ambiguous(lost.code)
    return DeadlineExceeded(lost.code) if lost.code == "deadline" else Unavailable(lost.code)

"""One SMTP conversation: smtplib's, with a deadline over the whole and a record of whether the final dot left us.

smtplib alone bounds each read only, so a server that drips one byte now and then would hold a worker for ever, and it
does not tell whether a broken connection had already taken the mail.
"""

import io
import ipaddress
import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress

from scheduling.errors import MailDeferred, MailError, MailRefused, MailUncertain

DEADLINE = 25.0
_STEP = 15.0  # seconds one command may take; the answer to the final dot may take all that is left
_FAREWELL = 2.0
_CHUNK = 16_384


_LOGIN_CODES = (530, 534, 535, 538)  # RFC 4954: about our login, not about this recipient


def verdict(code: int) -> MailError:
    """What a server's answer means when it is not the one hoped for (RFC 5321 4.2.1)."""
    if code in _LOGIN_CODES:
        return MailDeferred("auth")
    if 500 <= code < 600:
        return MailRefused(str(code))
    return MailDeferred(str(code) if 400 <= code < 500 else "nonsense")


class Session(smtplib.SMTP):
    """Unconnected when made; `ends_at` is on the monotonic clock. Not for use from two threads."""

    def __init__(self, ends_at: float) -> None:
        super().__init__(local_hostname="localhost")
        self._ends_at = ends_at
        self.dot_sent = False
        self.timed_out = False

    # --- opening ---

    def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[int, bytes]:
        """Connect, secured from the first byte when `tls` is given; returns the server's greeting."""
        self._host = host  # smtplib's starttls checks the certificate against it
        self.sock = self._connected(host, port)
        self.local_hostname = _literal(self.sock.getsockname()[0])
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname=host)
        return self.getreply()

    def _connected(self, host: str, port: int) -> socket.socket:
        """The first of the host's addresses that answers; several share what is left of the deadline."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure = OSError("no address")
        for number, (family, kind, protocol, _, address) in enumerate(found):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._step() / (len(found) - number))
                sock.connect(address)
            except OSError as error:
                sock.close()
                self.timed_out = isinstance(error, TimeoutError)
                failure = error
            else:
                sock.settimeout(self._step())
                return sock
        raise failure

    @property
    def peer_is_private(self) -> bool:
        if self.sock is None:
            return False
        address = ipaddress.ip_address(str(self.sock.getpeername()[0]).partition("%")[0])
        return address.is_private or address.is_loopback

    # --- the mail ---

    def hand_over(self, raw: bytes, sender: str, recipient: str) -> None:
        """MAIL, RCPT, DATA. Addresses are in wire form; raises MailError or what the connection raises."""
        options: list[str] = []
        if not (sender.isascii() and recipient.isascii() and raw.partition(b"\r\n\r\n")[0].isascii()):
            if not self.has_extn("smtputf8"):
                raise MailRefused("smtputf8")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        content = dotted(raw)
        if self.has_extn("size"):
            options.append(f"SIZE={len(raw)}")
        self.demand(2, self.mail(sender, options))
        self.demand(2, self.rcpt(recipient))
        self.demand(3, self.docmd("DATA"))
        self.send(content)
        self.dot_sent = True
        self.send(b".\r\n")
        reply = self.getreply()
        if reply[0] // 100 not in (2, 4, 5):
            raise MailUncertain("nonsense_after_data")
        self.dot_sent = False  # answered: what becomes of the connection no longer matters
        self.demand(2, reply)

    def demand(self, wanted: int, reply: tuple[int, bytes]) -> None:
        """Raises MailError unless the reply's code is of the hundred that is wanted."""
        if reply[0] // 100 != wanted:
            raise verdict(reply[0])

    def bid_farewell(self) -> None:
        """QUIT. Whatever comes back, the mail is already the server's."""
        self._ends_at = min(self._ends_at, time.monotonic() + _FAREWELL)
        with suppress(smtplib.SMTPException, OSError):
            self.quit()

    # --- the deadline ---

    def _step(self) -> float:
        """Seconds the next wait may take; raises TimeoutError when the deadline has passed."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            self.timed_out = True
            raise TimeoutError("deadline")
        return left if self.dot_sent else min(_STEP, left)

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # smtplib says any buffer; we send these two
        """In pieces: over TLS, sendall would start the time-out anew for each of its own."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        content = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        while content:
            self.sock.settimeout(self._step())
            content = content[self.sock.send(content[:_CHUNK]) :]

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Incoming(self))
        return super().getreply()

    def receive_into(self, buffer: memoryview) -> int:
        if self.sock is None:
            return 0
        self.sock.settimeout(self._step())
        try:
            return self.sock.recv_into(buffer)
        except TimeoutError:
            self.timed_out = True
            raise


class _Incoming(io.RawIOBase):
    """The session's socket as a file in which every single read keeps to the deadline."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader hands a memoryview
        return self._session.receive_into(buffer)


def dotted(raw: bytes) -> bytes:
    """`raw` as DATA wants it: dots doubled, and CRLF line ends only, so that no bare one can end the mail early."""
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    content = re.sub(rb"(?m)^\.", b"..", content)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _literal(address: str) -> str:
    """An address literal for EHLO (RFC 5321 4.1.3): we may have no name, and looking one up can hang."""
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"

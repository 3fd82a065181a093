"""The way out: one mail to one recipient over SMTP, with a deadline and a clear verdict.

Knows bytes and addresses, not letters. Ends in nothing, when the server took the mail, or in a MailError:
MailDeferred when it surely did not and a later try may work, MailRefused when it never will, MailUncertain when the
connection broke after the final dot, so that the mail may be on its way.
"""

import base64
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from scheduling.errors import MailDeferred, MailError, MailUncertain
from scheduling.mail.smtp_session import DEADLINE, Session
from scheduling.mail.text import wire_address

_PORTS = {"none": 25, "starttls": 587, "tls": 465}


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """How to reach the mail server. Holds no connection; may be used from several threads at once."""

    host: str
    port: int
    tls: Tls = Tls.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    extra_ca: Path | None = None
    deadline: float = DEADLINE

    @classmethod
    def from_url(cls, url: str, extra_ca: Path | None = None) -> Self:
        """From `smtp://user:pass@host:port?tls=none|starttls|tls` (starttls unless said); `smtps://` means tls.

        User and password are percent-decoded. Raises ValueError, without the password, for anything else.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("SMTP_URL: the host or port cannot be read") from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("SMTP_URL: expected smtp://user:pass@host:port?tls=none|starttls|tls")
        options = parse_qs(parts.query, keep_blank_values=True)
        chosen = options.pop("tls", ["tls" if parts.scheme == "smtps" else "starttls"])
        if options or len(chosen) != 1 or chosen[0] not in set(Tls):
            raise ValueError("SMTP_URL: the only option is tls=none, tls=starttls or tls=tls")
        tls = Tls(chosen[0])
        return cls(
            host=parts.hostname,
            port=port or _PORTS[tls],
            tls=tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            extra_ca=extra_ca,
        )

    def send(self, raw: bytes, sender: str, recipient: str) -> None:
        """Hand `raw` over for `recipient`; raises MailError. The whole takes at most `deadline` seconds."""
        sender, recipient = wire_address(sender), wire_address(recipient)
        with self._session() as session:
            session.hand_over(raw, sender, recipient)

    def check(self) -> None:
        """Connect, secure and log in, without a mail: what `doctor` asks. Raises MailDeferred naming what is wrong."""
        with self._session() as session:
            session.demand(2, session.noop())

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """An open, secured, logged-in session; whatever goes wrong in it leaves as a MailError."""
        session = Session(time.monotonic() + self.deadline)
        try:
            self._open(session)
            yield session
            session.bid_farewell()
        except MailError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise MailDeferred("tls_certificate") from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._broken(session, error) from error
        finally:
            session.close()

    @staticmethod
    def _broken(session: Session, error: Exception) -> MailError:
        if session.dot_sent:
            return MailUncertain("cut_after_data")
        if session.timed_out or isinstance(error, TimeoutError):
            return MailDeferred("timeout")
        if isinstance(error, ssl.SSLError):
            return MailDeferred("tls")
        if isinstance(error, smtplib.SMTPResponseException):
            return MailDeferred(str(error.smtp_code))
        return MailDeferred("connection")

    def _open(self, session: Session) -> None:
        context = None if self.tls is Tls.NONE else _verifying_context(self.extra_ca)
        code, _ = session.open(self.host, self.port, context if self.tls is Tls.TLS else None)
        if code != 220:  # whatever it is, it is not about this recipient
            raise MailDeferred(str(code) if 400 <= code < 600 else "nonsense")
        session.ehlo_or_helo_if_needed()
        if self.tls is Tls.STARTTLS:
            if not session.has_extn("starttls"):
                raise MailDeferred("starttls_missing")
            session.starttls(context=context)
            session.ehlo_or_helo_if_needed()
        if self.user:
            self._log_in(session)

    def _log_in(self, session: Session) -> None:
        """AUTH PLAIN where offered, since smtplib's own cannot send a password outside ASCII. Any failure is `auth`."""
        if self.tls is Tls.NONE and not session.peer_is_private:
            raise MailDeferred("auth_needs_tls")
        try:
            if "PLAIN" in session.esmtp_features.get("auth", "").upper().split():
                secret = base64.b64encode(f"\0{self.user}\0{self.password}".encode()).decode()
                code, _ = session.docmd("AUTH", f"PLAIN {secret}")
                if code != 235:
                    raise MailDeferred("auth")
            else:
                session.login(self.user, self.password)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, UnicodeEncodeError) as error:
            raise MailDeferred("auth") from error


def _verifying_context(extra_ca: Path | None) -> ssl.SSLContext:
    """smtplib without a context verifies nothing."""
    context = ssl.create_default_context()
    if extra_ca is not None:
        try:
            context.load_verify_locations(cafile=extra_ca)
        except OSError as error:
            raise MailDeferred("extra_ca") from error
    return context

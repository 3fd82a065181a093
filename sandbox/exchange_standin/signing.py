"""Who is asking: Basic, and NTLM by the acceptor of pyspnego, which holds for the connection it was made on."""

import base64
import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from sandbox.exchange_standin.mailboxes import Directory, Mailbox

_ENVIRONMENT = threading.Lock()
_VARIABLE = "NTLM_USER_FILE"


class Signing:
    """`offers` are the ways in, in the order of the header; `refused` counts refused passwords.

    With `binding`, a certificate in DER, NTLM must be bound to the TLS connection, as Extended Protection wants it.
    """

    def __init__(self, directory: Directory, offers: tuple[str, ...], binding: bytes | None = None) -> None:
        self.binding = binding
        self.offers = offers
        self.refused = 0
        self._directory = directory
        self._contexts: dict[object, Any] = {}
        self._signed: dict[object, Mailbox] = {}

    def who(self, connection: object, header: str) -> tuple[Mailbox | None, list[str]]:
        """The mailbox that is signed in, or the WWW-Authenticate headers to ask with."""
        kind, _, token = header.partition(" ")
        if kind == "Basic" and "Basic" in self.offers:
            return self._basic(token)
        if kind in ("NTLM", "Negotiate") and {"NTLM", "Negotiate"} & set(self.offers):
            return self._ntlm(connection, kind, token)
        if not header and connection in self._signed:
            return self._signed[connection], []
        return None, [f'{each} realm="exchange"' if each == "Basic" else each for each in self.offers]

    def _basic(self, token: str) -> tuple[Mailbox | None, list[str]]:
        user_name, _, password = base64.b64decode(token).decode().partition(":")
        mailbox = self._directory.of_user(user_name)
        if mailbox is None or mailbox.password != password:
            self.refused += 1
            return None, ['Basic realm="exchange"']
        return mailbox, []

    def _ntlm(self, connection: object, kind: str, token: str) -> tuple[Mailbox | None, list[str]]:
        message = base64.b64decode(token)
        if message[8:12] == b"\x01\x00\x00\x00":  # negotiate: a fresh handshake
            self._signed.pop(connection, None)
            with self._accounts():
                self._contexts[connection] = spnego.server(
                    protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm, channel_bindings=self._channel()
                )
        context = self._contexts.get(connection)
        if context is None:
            return None, list(self.offers)
        try:
            with self._accounts():
                challenge = context.step(message)
        except SpnegoError:
            del self._contexts[connection]
            self.refused += 1
            return None, list(self.offers)
        if not context.complete:
            return None, [f"{kind} {base64.b64encode(challenge).decode()}"]
        mailbox = self._directory.of_user(str(context.client_principal))
        if mailbox is None:
            return None, list(self.offers)
        self._signed[connection] = mailbox
        return mailbox, []

    def _channel(self) -> GssChannelBindings | None:
        """RFC 5929's tls-server-end-point for a certificate that was signed with SHA-256."""
        if self.binding is None:
            return None
        return GssChannelBindings(application_data=b"tls-server-end-point:" + hashlib.sha256(self.binding).digest())

    @contextlib.contextmanager
    def _accounts(self) -> Iterator[None]:
        """pyspnego reads its accounts from a file that the environment names."""
        lines = []
        for mailbox in self._directory.mailboxes.values():
            domain, slash, name = mailbox.user_name.rpartition("\\")
            lines.append(f"{domain if slash else ''}:{name}:{mailbox.password}")
        with _ENVIRONMENT, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "users"
            path.write_text("\n".join(lines) + "\n")
            before = os.environ.get(_VARIABLE)
            os.environ[_VARIABLE] = str(path)
            try:
                yield
            finally:
                if before is None:
                    del os.environ[_VARIABLE]
                else:
                    os.environ[_VARIABLE] = before

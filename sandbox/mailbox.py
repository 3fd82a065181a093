"""A mailbox that speaks real SMTP on loopback, for trying the product out and for tests; with switches to misbehave.

Runs its own event loop in a thread of its own, so that synchronous code can send to it from anywhere in the process.
"""

import asyncio
import threading
from collections import deque
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Literal, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

Stage = Literal["MAIL", "RCPT", "DATA"]


@dataclass(frozen=True, slots=True)
class Received:
    """One delivered mail: its envelope, its bytes, and the bytes parsed."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    message: EmailMessage


@dataclass(frozen=True, slots=True)
class _Fault:
    stage: Stage
    code: int = 0  # 0: no answer, the connection is cut
    keeps: bool = False  # cut after the mail was taken


class Mailbox:
    """A running SMTP server and what it received. Use as a context manager or call `stop`."""

    def __init__(self) -> None:
        self.port = 0
        self._inbox = _Inbox()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)
        self._server: asyncio.Server | None = None

    @classmethod
    def start(cls, port: int = 0) -> Self:
        """Listen on 127.0.0.1; port 0 takes a free one. Raises OSError when the port is taken."""
        mailbox = cls()
        mailbox._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(mailbox._listen(port), mailbox._loop).result(timeout=10)
        except BaseException:
            mailbox.stop()
            raise
        return mailbox

    @property
    def url(self) -> str:
        """Fit for SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    @property
    def messages(self) -> tuple[Received, ...]:
        """Everything received so far, oldest first."""
        with self._inbox.changed:
            return tuple(self._inbox.received)

    def wait_for(self, count: int, timeout: float = 5.0) -> tuple[Received, ...]:
        """The messages once there are at least `count`; raises TimeoutError after `timeout` seconds."""
        inbox = self._inbox
        with inbox.changed:
            if not inbox.changed.wait_for(lambda: len(inbox.received) >= count, timeout):
                raise TimeoutError(f"{len(inbox.received)} of {count} messages after {timeout} s")
            return tuple(inbox.received)

    def clear(self) -> None:
        with self._inbox.changed:
            self._inbox.received.clear()

    # --- misbehaving ---

    def refuse_next(self, code: int, *, at: Stage = "RCPT", times: int = 1) -> None:
        """Answer the next `times` mails with `code` at this stage; several calls queue up."""
        with self._inbox.changed:
            self._inbox.faults.extend([_Fault(at, code)] * times)

    def drop_after_data(self, *, times: int = 1, keeps: bool = True) -> None:
        """Cut the connection instead of answering the final dot; the mail counts as delivered when `keeps`."""
        with self._inbox.changed:
            self._inbox.faults.extend([_Fault("DATA", keeps=keeps)] * times)

    def delay(self, seconds: float) -> None:
        """Take this long to answer each recipient and each mail, from now on; 0 ends it."""
        with self._inbox.changed:
            self._inbox.delay = seconds

    # --- the server ---

    def stop(self) -> None:
        """Close the port and end the thread; calling it again does nothing."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self, port: int) -> None:
        self._server = await self._loop.create_server(
            lambda: SMTP(_Hooks(self._inbox), hostname="mailbox.example", enable_SMTPUTF8=True, loop=self._loop),
            "127.0.0.1",
            port,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        current = asyncio.current_task()
        pending = [task for task in asyncio.all_tasks() if task is not current]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


class _Inbox:
    """What the server's thread and everybody else share; `changed` guards all of it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.received: list[Received] = []
        self.faults: deque[_Fault] = deque()
        self.delay = 0.0

    def fault(self, stage: Stage) -> _Fault | None:
        """The next fault, taken out of the queue, if it belongs to this stage."""
        with self.changed:
            return self.faults.popleft() if self.faults and self.faults[0].stage == stage else None

    def keep(self, envelope: Envelope) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        received = Received(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            raw=raw,
            message=message_from_bytes(raw, policy=default),
        )
        with self.changed:
            self.received.append(received)
            self.changed.notify_all()

    async def slowly(self) -> None:
        with self.changed:
            seconds = self.delay
        await asyncio.sleep(seconds)


class _Hooks:
    """What aiosmtpd calls at each step; the names are its own."""

    def __init__(self, inbox: _Inbox) -> None:
        self._inbox = inbox

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if fault := self._inbox.fault("MAIL"):
            return f"{fault.code} Refused on request"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._inbox.slowly()
        if fault := self._inbox.fault("RCPT"):
            return f"{fault.code} Refused on request"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        await self._inbox.slowly()
        fault = self._inbox.fault("DATA")
        if fault is None or fault.keeps:
            self._inbox.keep(envelope)
        if fault is None:
            return "250 OK"
        if fault.code == 0 and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return f"{fault.code or 451} Refused on request"

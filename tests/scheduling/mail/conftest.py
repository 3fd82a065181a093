"""A booking to write letters about, and real SMTP servers to send them to."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from sandbox.mailbox import Mailbox
from scheduling.domain import (
    Booking,
    BookingState,
    ConferencingKind,
    Customer,
    Form,
    Interval,
    InviteMode,
    Person,
    Room,
)
from scheduling.errors import MailError
from scheduling.mail.letters import Sender
from scheduling.zones import use_packaged_zones

DANA = Person("T1", "U1", "Dana Reyes", "dana@bookings.example", "Europe/Berlin")
PRIYA = Person("T1", "U2", "Priya Nair", "priya@bookings.example", "Asia/Kolkata")
SAM = Person("T1", "U3", "Sam Okafor", "sam@bookings.example", "Europe/London")
START = datetime(2026, 11, 26, 14, tzinfo=UTC)

BOOKING = Booking(
    id="b1",
    team_id="T1",
    tracking_id="SF-1",
    draft_id="d1",
    version=1,
    sequence=0,
    generation=1,
    state=BookingState.CONFIRMED,
    interval=Interval(START, START + timedelta(minutes=45)),
    organizer=DANA,
    members=(DANA, PRIYA, SAM),
    customer=Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago"),
    form=Form(
        subject="Pricing call",
        minutes=45,
        description="DESCRIPTION one\nDESCRIPTION two",
        team_note="TEAMNOTE budget closes soon",
        conferencing=ConferencingKind.CUSTOM,
        conferencing_text="https://meet.bookings.example/dana",
        meeting_type="video",
        location="12 Harbour Street",
        obstacles=("Sam Okafor: Team sync",),
    ),
    uid="b1@bookings.example",
    invite_mode=InviteMode.BOT,
    rooms=(Room(id="r1", name="Oslo"),),
)


@pytest.fixture(autouse=True)
def _packaged_zones() -> None:
    use_packaged_zones()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


@pytest.fixture
def sender() -> Sender:
    return Sender("meetings@bookings.example", "Bookings Example")


@pytest.fixture
def booked() -> Callable[..., Booking]:
    """`booked(invite_mode=..., subject=..., zone=...)`: the sample with fields of booking, form or customer changed."""

    def build(**changes) -> Booking:
        form = {
            name: changes.pop(name)
            for name in list(changes)
            if name in Form.model_fields and name not in ("members", "rooms")
        }
        customer = {
            name: changes.pop(f"customer_{name}") for name in ("name", "email", "zone") if f"customer_{name}" in changes
        }
        return replace(
            BOOKING,
            form=BOOKING.form.model_copy(update=form),
            customer=BOOKING.customer.model_copy(update=customer),
            **changes,
        )

    return build


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox.start() as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def server_context(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


class Taken:
    """An aiosmtpd handler that keeps what it was given."""

    def __init__(self) -> None:
        self.envelopes: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - aiosmtpd looks for this name
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"


@contextmanager
def _aiosmtpd(*, implicit_tls: ssl.SSLContext | None = None, **options) -> Iterator[tuple[int, Taken]]:
    loop, taken = asyncio.new_event_loop(), Taken()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(taken, loop=loop, **options), "127.0.0.1", 0, ssl=implicit_tls)

    async def shut(server: asyncio.Server) -> None:
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(5)
    try:
        yield server.sockets[0].getsockname()[1], taken
    finally:
        asyncio.run_coroutine_threadsafe(shut(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture
def aiosmtpd():
    """`with aiosmtpd(tls_context=..., require_starttls=...) as (port, taken):` a server with aiosmtpd's options."""
    return _aiosmtpd


@contextmanager
def _scripted(play: Callable[[socket.socket], None]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                play(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(5)


@pytest.fixture
def scripted():
    """`with scripted(play) as port:` a server whose one conversation is the function `play(connection)`."""
    return _scripted


@pytest.fixture
def failure() -> Callable[[Callable[[], None]], tuple[type[MailError], str]]:
    """`failure(act)`: the class and code of the MailError that `act` raises."""

    def of(act: Callable[[], None]) -> tuple[type[MailError], str]:
        with pytest.raises(MailError) as raised:
            act()
        return type(raised.value), raised.value.code

    return of

"""Puts the product together and runs it. The one place that knows every room; nobody but the command line imports it.

compose            settings -> Application: which part gets which
Application        start, stop, and what the operator's probes ask
run_until_stopped  migrate, compose, listen, and end well on SIGTERM
"""

import asyncio
import logging
import signal
import socket
import ssl
import sys
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import httpx2
import uvicorn
from prometheus_client import CollectorRegistry
from slack_sdk import WebClient
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

from bot import build_bolt_app
from bot.crossing import Crossing
from bot.deliveries import Deliveries
from bot.directory import SlackDirectory
from bot.http_adapter import slack_endpoint
from bot.messages import SlackNotices
from bot.slack_client import PooledClient
from bot.socket_mode import SocketMode
from gauges import WorkGauges
from logs import set_up_logs
from scheduling.accounts import ConfiguredAccounts
from scheduling.assembly import Scheduling, assemble
from scheduling.authorizing import Authorizing
from scheduling.calendars import REGISTRY, system_class
from scheduling.calendars.systems import CalendarSystem
from scheduling.clock import Clock, utc_now
from scheduling.conferencing.zoom import Zoom
from scheduling.config import SchedulingConfig
from scheduling.domain import Rep
from scheduling.outbound import Outbound
from scheduling.outbox import Outbox
from scheduling.secrets import KeyUnfit, SecretBox
from scheduling.store import Store, StoreUnfit, connections, inbox
from scheduling.zones import search_zones, use_packaged_zones
from settings import Settings
from web import Health, build_web_app, forms

log = logging.getLogger(__name__)

SLACK_SECONDS = 10
"""For one call of Slack's Web API; the sync ones are retried by the outbox, the async ones have a rep waiting."""

STOP_SECONDS = 25.0
NOTICED_SECONDS = 0.5
"""How long we still answer after `/readyz` began to say no, so that a load balancer can send its last requests."""

TICKS_SECONDS = 30.0


class Probes:
    """What `/healthz` and `/readyz` ask; called in threads."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self.draining = False
        self._store = store
        self._outbox = outbox

    def alive(self) -> list[str]:
        """Wrong with the process itself: only a restart helps."""
        return [] if self._outbox.tick_age() < TICKS_SECONDS else ["clock"]

    def ready(self) -> list[str]:
        """Wrong for traffic now. Slack, mail and calendars are not asked: their failures are handled, not ours."""
        if self.draining:
            return ["draining"]
        try:
            self._store.ping()
            self._store.check()
        except StoreUnfit:
            return ["schema"]
        except (SQLAlchemyError, OSError):
            return ["database"]
        return []


@dataclass
class Application:
    """The composed product. `start` and `stop` once each, in the event loop that serves `web`."""

    web: Starlette
    scheduling: Scheduling
    store: Store
    crossing: Crossing
    client: PooledClient
    directory: SlackDirectory
    outbound: Outbound
    probes: Probes
    connection: SocketMode | None
    _connecting: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Begin the durable work and, in Socket Mode, the connection to Slack."""
        self.scheduling.outbox.start()
        if self.connection is not None:
            self._connecting = asyncio.create_task(self.connection.start())
            self._connecting.add_done_callback(_say_if_failed)

    async def stop(self, within: float = STOP_SECONDS) -> bool:
        """Take nothing more, let what runs finish; whether all did. Leases cover what did not."""
        until = time.monotonic() + within
        self.probes.draining = True
        if self.connection is not None:
            await self.connection.stop()
        if self._connecting is not None:
            self._connecting.cancel()
        await self.crossing.close(within / 2)
        await self.client.close()
        finished = await asyncio.to_thread(self.scheduling.outbox.stop, max(1.0, until - time.monotonic()))
        self.scheduling.close()
        self.directory.close()
        self.outbound.close()
        await asyncio.to_thread(self.store.dispose)
        return finished


def _say_if_failed(connecting: "asyncio.Task[None]") -> None:
    if not connecting.cancelled() and (error := connecting.exception()) is not None:
        log.error("socket_mode_failed", extra={"error": type(error).__name__, "reason": str(error)})


def compose(settings: Settings, clock: Clock = utc_now) -> Application:
    """Every part, wired. Nothing is called, started or migrated yet."""
    search_zones("")  # builds its index now and not while the first rep types
    token = settings.slack_bot_token.get_secret_value()
    trusted = tls_context(settings)
    store = Store.open(settings.database_url.get_secret_value(), clock, SecretBox(settings.fernet_keys))
    outbound = Outbound(allowed_private_hosts(settings), settings.extra_ca_bundle)
    systems = calendar_systems(settings, outbound)
    slack = WebClient(token, settings.slack_api_url, timeout=SLACK_SECONDS, ssl=trusted)
    directory = SlackDirectory(slack)
    config = SchedulingConfig(
        mail_from=settings.mail_from,
        public_url=settings.public_url,
        announce_channel=settings.slack_announce_channel,
        connectable=tuple(REGISTRY),
    )

    def fresh_links(rep: Rep) -> Mapping[str, str]:
        return scheduling.office.connect_links(rep)

    scheduling = assemble(
        store=store,
        directory=directory,
        notices=SlackNotices(slack, fresh_links),
        transport=settings.smtp,
        accounts=ConfiguredAccounts(store, systems),
        config=config,
        clock=clock,
        zoom=zoom_account(settings, trusted),
    )
    authorizing = Authorizing(store, systems, config, clock, scheduling.outbox.poke)
    crossing = Crossing()
    client = PooledClient(token, settings.slack_api_url, timeout=SLACK_SECONDS, ssl=trusted)
    bolt = build_bolt_app(
        client=client,
        scheduling=scheduling.service,
        office=scheduling.office,
        crossing=crossing,
        clock=clock,
        announce_channel=settings.slack_announce_channel,
    )

    def first_time(team_id: str, key: str) -> bool:
        return store.transact(lambda tx: inbox.first_time(tx, key, clock(), team_id=team_id))

    deliveries = Deliveries(crossing, first_time)
    connection, endpoint = None, None
    if settings.slack_app_token is not None:
        connection = SocketMode(bolt, settings.slack_app_token.get_secret_value(), deliveries)
    elif settings.slack_signing_secret is not None:
        endpoint = slack_endpoint(bolt, settings.slack_signing_secret.get_secret_value(), deliveries)
    probes = Probes(store, scheduling.outbox)
    registry = CollectorRegistry()
    registry.register(WorkGauges(store, scheduling.outbox, clock))
    web = build_web_app(
        slack_events=endpoint,
        connecting=scheduling.connecting if settings.public_url else None,
        authorizing=authorizing if authorizing.providers else None,
        health=Health(alive=probes.alive, ready=probes.ready, registry=registry),
        public_url=settings.public_url,
        forms=forms(asks_for_exchange_server=settings.exchange_ews_url is None),
    )
    return Application(web, scheduling, store, crossing, client, directory, outbound, probes, connection)


def calendar_systems(settings: Settings, outbound: Outbound) -> dict[str, CalendarSystem]:
    """The systems people may connect, in the order of their buttons."""
    systems: dict[str, CalendarSystem] = {}
    if settings.google is not None:
        addresses = (settings.google_api_url, settings.google_auth_url, settings.google_token_url)
        systems["google"] = system_class("google")(*settings.google, *addresses, extra_ca=settings.extra_ca_bundle)
    if settings.microsoft is not None:
        own = (settings.microsoft_authority, settings.graph_api_url)
        systems["microsoft"] = system_class("microsoft")(own_servers(settings, *own), *settings.microsoft, *own)
    exchange = own_servers(settings, settings.exchange_ews_url) if settings.exchange_ews_url else outbound
    return systems | {
        "exchange": system_class("exchange")(exchange, settings.exchange_ews_url),
        "icloud": system_class("icloud")(icloud_servers(settings, outbound), settings.icloud_caldav_url),
        "caldav": system_class("caldav")(outbound),
    }


def own_servers(settings: Settings, *urls: str) -> Outbound:
    """The way to servers that the operator named, which may be private; to no others that are, unless allowed."""
    return Outbound(settings.private_hosts_with(*urls), settings.extra_ca_bundle)


def icloud_servers(settings: Settings, outbound: Outbound) -> Outbound:
    """The way to ICLOUD_CALDAV_URL. Where that is not Apple's, its host may be private, at every port.

    As at Apple, the address that all accounts begin at need not be the one where an account's calendars are.
    """
    parts = urlsplit(settings.icloud_caldav_url)
    if _is_public(parts):
        return outbound
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return own_servers(settings, f"//{host}")


def zoom_account(settings: Settings, trusted: ssl.SSLContext | None) -> Zoom | None:
    """The operator's Zoom account, where one is set up."""
    if settings.zoom is None:
        return None
    client = httpx2.Client(verify=trusted if trusted is not None else True, follow_redirects=False)
    return Zoom(*settings.zoom, api_url=settings.zoom_api_url, token_url=settings.zoom_token_url, client=client)


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Python's own trust plus the operator's additional certificates; None where the default is meant."""
    if settings.extra_ca_bundle is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(settings.extra_ca_bundle)
    return context


def allowed_private_hosts(settings: Settings) -> frozenset[str]:
    """What the operator allows for servers that people name, and the operator's own ICLOUD_CALDAV_URL."""
    icloud = settings.icloud_caldav_url
    return settings.private_hosts_with(*() if _is_public(urlsplit(icloud)) else (icloud,))


def _is_public(parts: SplitResult) -> bool:
    return parts.scheme == "https" and parts.port is None


# --- running --------------------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn's own way ends with the signal raised again, so the exit code would not be 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run_until_stopped(settings: Settings, clock: Clock = utc_now) -> int:
    """The whole life of the process; returns its exit code."""
    use_packaged_zones()
    set_up_logs(settings.log_level, settings.log_format)
    try:
        app = compose(settings, clock)
        app.store.migrate()
        app.store.check()
        if len(settings.fernet_keys) > 1:
            _seal_anew(app.store)
    except StoreUnfit as unfit:
        log.error("database_unfit", extra={"reason": str(unfit)})  # noqa: TRY400 - the sentence says it all
        return 1
    except SQLAlchemyError as error:
        log.error("database_unreachable", extra={"reason": type(error).__name__})  # noqa: TRY400 - a trace shows the URL
        return 1
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        log.error("cannot_listen", extra={"host": settings.host, "port": settings.port, "reason": error.strerror})  # noqa: TRY400 - the reason says it all
        return 1
    return _in_event_loop(_serve(app, listening))


def _seal_anew(store: Store) -> None:
    """With the newest key, so that the older ones may be taken out of SECRET_KEYS."""
    try:
        count = store.transact(connections.rotate)
    except KeyUnfit as unfit:  # what opens goes on working; `doctor` says the same
        log.error("secrets_not_sealed_anew", extra={"reason": str(unfit)})  # noqa: TRY400 - the sentence says it all
    else:
        log.info("secrets_sealed_anew", extra={"count": count})


async def _serve(app: Application, listening: socket.socket) -> int:
    config = uvicorn.Config(
        app.web,
        http="httptools" if sys.platform != "win32" else "auto",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # paths hold personal links
        proxy_headers=False,  # /metrics asks who the direct peer is
        server_header=False,
        timeout_graceful_shutdown=int(STOP_SECONDS / 3),
    )
    server = _Server(config)
    stopping = asyncio.Event()
    _on_signals(stopping)
    app.start()
    serving = asyncio.create_task(server.serve([listening]))
    host, port = listening.getsockname()[:2]
    mode = "http" if app.connection is None else "socket"
    log.info("listening", extra={"host": host, "port": port, "slack": mode, "database": app.store.dialect})
    await stopping.wait()
    stopped_at = time.monotonic()
    log.info("stopping")
    app.probes.draining = True
    await asyncio.sleep(NOTICED_SECONDS)
    server.should_exit = True
    await serving
    finished = await app.stop(STOP_SECONDS - (time.monotonic() - stopped_at))
    log.info("stopped", extra={"finished": finished})
    return 0


def _on_signals(stopping: asyncio.Event) -> None:
    """The first signal asks to stop, the second ends the process at once: leases cover what is left."""

    def ask() -> None:
        if stopping.is_set():
            log.warning("stopped_at_once")
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, ask)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(ask))


def _in_event_loop(work: Coroutine[None, None, int]) -> int:
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop  # noqa: PLC0415 - there is none for Windows

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)

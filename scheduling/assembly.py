"""Puts the service together from its parts. `app.py` brings the outside: the ports, the mail server, the network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scheduling.booking import BookingTasks
from scheduling.calendars import connect_with_password, open_provider
from scheduling.calendars.base import Account, CalendarProvider, Deadline
from scheduling.calendars.caldav_http import Http
from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.connecting import Connecting
from scheduling.domain import Connection
from scheduling.outbox import Outbox
from scheduling.ports import Directory, Notices
from scheduling.proposing import Proposing
from scheduling.reading import CalendarReader
from scheduling.roster import Roster
from scheduling.service import SchedulingService
from scheduling.store import Store
from scheduling.telling import Telling, Transport


@dataclass(frozen=True, slots=True)
class Scheduling:
    """The assembled service. Start and stop the outbox; close the rest after it."""

    service: SchedulingService
    connecting: Connecting
    outbox: Outbox
    close: Callable[[], None]


def assemble(
    *,
    store: Store,
    directory: Directory,
    notices: Notices,
    transport: Transport,
    http: Http,
    config: SchedulingConfig,
    clock: Clock,
) -> Scheduling:
    """`http` is the one policy for servers that users name; the outbox is not started here."""

    def poke() -> None:
        outbox.poke()

    def open_account(connection: Connection, secret: Mapping[str, str]) -> CalendarProvider:
        return open_provider(connection.provider, secret, http)

    def check_account(provider: str, fields: Mapping[str, str], deadline: Deadline) -> Account:
        if provider == "icloud":
            server, user = config.icloud_url, fields["email"]
        else:
            server, user = fields["server"], fields["user_name"]
        return connect_with_password(provider, server, user, fields["password"], http, deadline)

    def shut_out(connection: Connection, reason: str) -> None:
        store.transact(lambda tx: telling.reconnect(tx, connection.team_id, connection.id, reason))
        poke()

    telling = Telling(store, notices, transport, config, clock)
    roster = Roster(store, directory, clock)
    reader = CalendarReader(store, open_account, clock, reconnect=shut_out)
    proposing = Proposing(roster, reader, config, clock)
    booking = BookingTasks(store, roster, proposing, reader, telling, open_account, config, clock)
    outbox = Outbox(store, (*booking.kinds(), *telling.kinds()), clock)
    connecting = Connecting(store, check_account, config, clock, poke)
    service = SchedulingService(store, proposing, connecting, config, clock, poke)
    return Scheduling(service, connecting, outbox, reader.close)

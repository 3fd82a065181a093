"""Puts the service together from its parts. `app.py` brings the outside: the ports, the mail server, the network."""

from collections.abc import Callable
from dataclasses import dataclass

from scheduling.accounts import Accounts
from scheduling.booking import Booker
from scheduling.clock import Clock
from scheduling.conferencing import ConferenceSystem
from scheduling.config import SchedulingConfig
from scheduling.connecting import Connecting
from scheduling.domain import Connection
from scheduling.linking import Linking
from scheduling.office import Office
from scheduling.outbox import Outbox
from scheduling.ports import Directory, Notices
from scheduling.proposing import Proposing
from scheduling.reading import CalendarReader
from scheduling.rooming import RoomKeeper
from scheduling.roster import Roster
from scheduling.service import SchedulingService
from scheduling.store import Store
from scheduling.syncing import EventKeeper
from scheduling.telling import Telling, Transport


@dataclass(frozen=True, slots=True)
class Scheduling:
    """The assembled service. Start and stop the outbox; close the rest after it."""

    service: SchedulingService
    office: Office
    connecting: Connecting
    outbox: Outbox
    close: Callable[[], None]


def assemble(
    *,
    store: Store,
    directory: Directory,
    notices: Notices,
    transport: Transport,
    accounts: Accounts,
    config: SchedulingConfig,
    clock: Clock,
    zoom: ConferenceSystem | None = None,
) -> Scheduling:
    """The parts, wired; the outbox is not started here."""

    def poke() -> None:
        outbox.poke()

    def shut_out(connection: Connection, reason: str) -> None:
        store.transact(lambda tx: telling.reconnect(tx, connection.team_id, connection.id, reason))
        poke()

    telling = Telling(store, notices, transport, config, clock)
    roster = Roster(store, directory, clock)
    reader = CalendarReader(store, accounts, clock, shut_out)
    proposing = Proposing(store, roster, reader, config, clock)
    booker = Booker(store, roster, proposing, telling, accounts, config, clock)
    linking = Linking(store, telling, accounts, zoom, clock)
    rooming = RoomKeeper(store, reader, telling, accounts, config, clock)
    keeper = EventKeeper(store, reader, booker, telling, accounts, linking, rooming, config=config, clock=clock)
    kinds = (*booker.kinds(), *keeper.kinds(), *linking.kinds(), *rooming.kinds(), *telling.kinds())
    outbox = Outbox(store, kinds, clock)
    connecting = Connecting(store, accounts, config, clock, poke)
    service = SchedulingService(store, proposing, connecting, config, clock, poke)
    office = Office(store, accounts, connecting, clock, has_zoom=zoom is not None)
    return Scheduling(service, office, connecting, outbox, reader.close)

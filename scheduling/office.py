"""What people look after beside meetings: their calendars and defaults, the workspace's rooms and choices.

The front door's second object. Methods marked *local* touch rows only; `disconnect` calls the calendar system. Whether
somebody is an administrator is the front end's to know.
"""

import logging
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scheduling.accounts import Accounts
from scheduling.calendars.base import CalendarProvider, Deadline, RoomInfo, SendsInvitations
from scheduling.choices import choices_of
from scheduling.clock import Clock
from scheduling.connecting import Connecting
from scheduling.domain import Connection, ConnectionState, EventSettings, Person, Rep, Room, WorkspaceChoices
from scheduling.errors import AuthExpired, CalendarError, Unsupported
from scheduling.roster import EVER
from scheduling.secrets import KeyUnfit
from scheduling.store import Session, Store, bookings, connections, people, preferences, rooms, workspaces

log = logging.getLogger(__name__)

REVOKE_SECONDS = 8.0
ROOMS_SECONDS = 12.0
OF_LATE = timedelta(days=30)
MOST_OF_LATE = 30
ROOM_PROVIDERS = ("icloud", "caldav")
"""Systems whose account can stand for a room: those that sign in by a password of its own."""


@dataclass(frozen=True, slots=True)
class TargetCalendar:
    """A calendar that events can be written to."""

    connection_id: str
    calendar_id: str
    name: str
    account: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Host:
    """The account that is to hold a rep's event, and what its system can do for it."""

    provider: str
    account: str
    native_conference: str | None = None  # "Google Meet", "Microsoft Teams"
    invites: bool = False  # customers are invited by the calendar, not by our mail
    carries_members: bool = False  # members can be on the event; the system sends them the invitation
    invites_rooms: bool = False


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room and whether its calendar is connected; rooms that are not cannot be booked."""

    room: Room
    connection: Connection | None


@dataclass(frozen=True, slots=True)
class RoomImport:
    """What came of adding the calendars' rooms.

    `withheld` are accounts whose administrator must let us list rooms first; `unread` ones did not answer.
    """

    added: tuple[Room, ...]
    withheld: tuple[Connection, ...] = ()
    unread: tuple[Connection, ...] = ()


class Office:
    """Calendars, defaults, rooms and the workspace's choices."""

    def __init__(
        self, store: Store, accounts: Accounts, connecting: Connecting, clock: Clock, *, has_zoom: bool = False
    ) -> None:
        """`has_zoom`: the operator set up an account that makes Zoom links."""
        self._store = store
        self._accounts = accounts
        self._connecting = connecting
        self._clock = clock
        self.has_zoom = has_zoom

    # --- calendars ---

    def connections(self, rep: Rep) -> tuple[Connection, ...]:
        """*local*"""
        return self._store.read(lambda tx: connections.of_user(tx, rep))

    def connect_links(self, rep: Rep, draft_id: str | None = None) -> Mapping[str, str]:
        """*local* Fresh personal /connect addresses by provider; empty without PUBLIC_URL."""
        return self._store.transact(lambda tx: self._connecting.issue_links(tx, rep, draft_id))

    def targets(self, rep: Rep) -> tuple[TargetCalendar, ...]:
        """*local* The rep's writable calendars, the default one first (12c)."""

        def work(tx: Session) -> list[TargetCalendar]:
            return [
                TargetCalendar(
                    connection.id,
                    calendar.id,
                    calendar.name,
                    connection.account,
                    calendar.id == connection.target_calendar,
                )
                for connection in connections.of_user(tx, rep)
                if connection.state is ConnectionState.OK
                for calendar in connections.calendars(tx, rep.team_id, connection.id)
                if calendar.writable
            ]

        return tuple(sorted(self._store.read(work), key=lambda target: not target.is_default))

    def host(self, rep: Rep, connection_id: str | None = None) -> Host | None:
        """*local* The account that would hold the event: the one chosen, else the first that can; None without any."""
        usable = [c for c in self.connections(rep) if c.state is ConnectionState.OK and c.target_calendar]
        home = next((c for c in usable if c.id == connection_id), usable[0] if usable else None)
        if home is None:
            return None
        try:
            can = self._opened(home).capabilities
        except CalendarError as error:
            log.warning("host not opened", extra={"connection": home.id, "code": error.code})
            return Host(home.provider, home.account)
        carries = can.sends_invitations is not SendsInvitations.NEVER
        return Host(
            home.provider,
            home.account,
            can.native_conference,
            invites=carries and not home.mails_invite,
            carries_members=carries,
            invites_rooms=can.rooms,
        )

    def inviting(self, rep: Rep) -> frozenset[str]:
        """*local* The ids of the rep's accounts whose system can invite customers itself."""
        hosts = {c.id: self.host(rep, c.id) for c in self.connections(rep) if c.state is ConnectionState.OK}
        return frozenset(each for each, host in hosts.items() if host is not None and host.carries_members)

    def let_mails_invite(self, rep: Rep, connection_id: str, *, mails_invite: bool) -> None:
        """*local* Who invites customers from now on, in this account of the rep's; any other is left alone."""

        def work(tx: Session) -> None:
            if connection_id in {connection.id for connection in connections.of_user(tx, rep)}:
                connections.let_mails_invite(tx, rep.team_id, connection_id, mails_invite=mails_invite)

        self._store.transact(work)

    def disconnect(self, rep: Rep, connection_id: str) -> None:
        """Give our access back and forget the account; one that is gone already is fine.

        Forgotten even when the provider does not answer, or no key of ours opens its secret any more: what is not
        stored cannot be used.
        """
        owned = next((c for c in self.connections(rep) if c.id == connection_id), None)
        if owned is None:
            return
        try:
            secret = self._store.read(lambda tx: connections.secret(tx, rep.team_id, owned.id))
        except KeyUnfit:
            log.warning("access not given back", extra={"connection": owned.id, "code": "key"})
            secret = None
        self._store.transact(lambda tx: connections.remove(tx, rep.team_id, owned.id))
        if secret is None:
            return
        try:
            self._accounts.revoke(owned, secret, Deadline.after(REVOKE_SECONDS))
        except CalendarError as error:
            log.warning("access not given back", extra={"connection": owned.id, "code": error.code})

    # --- defaults ---

    def defaults(self, rep: Rep) -> EventSettings:
        """*local* The rep's own advanced settings for new meetings."""
        return self._store.read(lambda tx: EventSettings.model_validate(preferences.of(tx, rep)))

    def keep_defaults(self, rep: Rep, settings: EventSettings) -> None:
        """*local*"""
        self._store.transact(lambda tx: preferences.keep(tx, rep, settings.model_dump(mode="json")))

    # --- rooms ---

    def rooms(self, team_id: str) -> tuple[RoomState, ...]:
        """*local* All rooms by name."""

        def work(tx: Session) -> tuple[RoomState, ...]:
            known = rooms.of_team(tx, team_id)
            accounts = connections.of_users(tx, team_id, [room.key for room in known])
            return tuple(RoomState(room, next(iter(accounts[room.key]), None)) for room in known)

        return self._store.read(work)

    def bookable_rooms(self, rep: Rep, connection_id: str | None = None) -> tuple[Room, ...]:
        """*local* The rooms that a meeting of the rep's can have.

        Those with a connected account of their own; and those that a provider invites, where the rep's account
        (`connection_id`, else the usual one) can invite rooms.
        """
        known = self.rooms(rep.team_id)
        host = self.host(rep, connection_id) if any(state.room.address for state in known) else None
        return tuple(
            state.room
            for state in known
            if (state.room.address and host is not None and host.invites_rooms)
            or (state.connection and state.connection.state is ConnectionState.OK)
        )

    def add_room(self, team_id: str, name: str) -> Room:
        """*local* A new room, not bookable until its calendar is connected by one of `room_links`."""
        room = Room(id=secrets.token_hex(8), name=name)
        self._store.transact(lambda tx: rooms.add(tx, team_id, room))
        return room

    def import_rooms(self, rep: Rep) -> RoomImport:
        """Add the rooms that the rep's own calendar systems can invite and that are not known yet."""
        found: list[Room] = []
        withheld: list[Connection] = []
        unread: list[Connection] = []
        deadline = Deadline.after(ROOMS_SECONDS)
        for connection in self.connections(rep):
            try:
                listed = self._rooms_of(connection, deadline)
            except Unsupported:
                withheld.append(connection)
            except CalendarError as error:
                log.warning("rooms not listed", extra={"connection": connection.id, "code": error.code})
                unread.append(connection)
            else:
                found += [Room(id=secrets.token_hex(8), name=info.name, address=info.address) for info in listed]
        return RoomImport(self._keep_rooms(rep, found), tuple(withheld), tuple(unread))

    def _rooms_of(self, connection: Connection, deadline: Deadline) -> tuple[RoomInfo, ...]:
        if connection.state is not ConnectionState.OK:
            raise AuthExpired(connection.reason or "auth")
        provider = self._opened(connection)
        return provider.list_rooms(deadline) if provider.capabilities.rooms else ()

    def _keep_rooms(self, rep: Rep, found: Sequence[Room]) -> tuple[Room, ...]:
        """Store those whose address is not known yet; those stored."""

        def keep(tx: Session) -> tuple[Room, ...]:
            known = {(room.address or "").lower() for room in rooms.of_team(tx, rep.team_id)}
            fresh = {(room.address or "").lower(): room for room in found}
            added = tuple(room for address, room in fresh.items() if address not in known)
            for room in added:
                rooms.add(tx, rep.team_id, room)
            return added

        return self._store.transact(keep)

    def rename_room(self, team_id: str, room_id: str, name: str) -> None:
        """*local* Unknown rooms are left alone."""

        def work(tx: Session) -> None:
            known = next((room for room in rooms.of_team(tx, team_id) if room.id == room_id), None)
            if known is not None:
                rooms.add(tx, team_id, known.model_copy(update={"name": name}))

        self._store.transact(work)

    def room_links(self, team_id: str, room: Room) -> Mapping[str, str]:
        """*local* Fresh /connect addresses for the room's own calendar."""
        links = self.connect_links(Rep(team_id, room.key))
        return {provider: link for provider, link in links.items() if provider in ROOM_PROVIDERS}

    def remove_room(self, team_id: str, room_id: str) -> None:
        """*local* Forget the room and its calendar's password; meetings booked in it stay where they are."""

        def work(tx: Session) -> None:
            for connection in connections.of_user(tx, Rep(team_id, f"room:{room_id}")):
                connections.remove(tx, team_id, connection.id)
            rooms.remove(tx, team_id, room_id)

        self._store.transact(work)

    def _opened(self, connection: Connection) -> CalendarProvider:
        secret = self._store.read(lambda tx: connections.secret(tx, connection.team_id, connection.id))
        return self._accounts.open(connection, secret)

    # --- the workspace ---

    def choices(self, team_id: str) -> WorkspaceChoices:
        """*local*"""
        return self._store.read(lambda tx: choices_of(tx, team_id))

    def choose(self, team_id: str, choices: WorkspaceChoices) -> None:
        """*local*"""

        def work(tx: Session) -> None:
            workspaces.set_announce_channel(tx, team_id, choices.announce_channel)
            workspaces.set_settings(tx, team_id, choices.model_dump(mode="json", exclude={"announce_channel"}))

        self._store.transact(work)

    # --- people ---

    def zones_at_hand(self, rep: Rep) -> tuple[str, ...]:
        """*local* The rep's own time zone, then those of the customers of their meetings of late."""

        def work(tx: Session) -> tuple[str, ...]:
            own = people.known(tx, rep.team_id, (rep.user_id,), EVER).values()
            of_late = bookings.upcoming(tx, rep.team_id, rep.user_id, self._clock() - OF_LATE, MOST_OF_LATE)
            zones = Counter(booking.customer.zone for booking in of_late if booking.customer.zone)
            return (*(person.zone for person in own), *(zone for zone, _ in zones.most_common()))

        return tuple(dict.fromkeys(self._store.read(work)))

    def met(self, person: Person) -> None:
        """*local* Remember what Slack told about a member, for `colleague_with`."""
        self._store.transact(lambda tx: people.remember(tx, (person,), self._clock()))

    def colleague_with(self, rep: Rep, email: str) -> Person | None:
        """*local* The member of the workspace with this address, as far as we ever met them (2b)."""
        return self._store.read(lambda tx: people.with_email(tx, rep.team_id, email))

"""The office in memory: obeys its protocol, holds one workspace, and can be told what to answer."""

from collections.abc import Callable, Mapping

from scheduling.domain import Connection, EventSettings, Person, Rep, Room, WorkspaceChoices
from scheduling.office import Host, RoomImport, RoomState, TargetCalendar
from tests.bot.in_memory import CONNECTION, DANA, LINKS, InMemoryScheduling

HOME = TargetCalendar("c1", "home", "Home", "dana@example.com", is_default=True)
TEAM = TargetCalendar("c1", "team", "Team", "dana@example.com", is_default=False)


class InMemoryOffice:
    """`before` is called at the beginning of every method with its name: sleep or raise there."""

    def __init__(self, scheduling: InMemoryScheduling | None = None) -> None:
        self.scheduling = scheduling
        self.before: Callable[[str], None] = lambda _name: None
        self.host_now: Host | None = Host("icloud", "dana@example.com")
        self.target_calendars: tuple[TargetCalendar, ...] = (HOME, TEAM)
        self.room_list: list[Room] = []
        self.people: list[Person] = [DANA]
        self.zones: tuple[str, ...] = (DANA.zone,)
        self.kept: dict[Rep, EventSettings] = {}
        self.chosen = WorkspaceChoices()
        self.disconnected: list[str] = []
        self.links: Mapping[str, str] = LINKS
        self.has_zoom = False
        self.importable: list[Room] = []
        self.withheld: tuple[Connection, ...] = ()
        self.inviting_accounts: set[str] = set()
        self.inviters: dict[str, bool] = {}

    # --- calendars ---

    def connections(self, rep: Rep) -> tuple[Connection, ...]:
        self.before("connections")
        return self.scheduling.connections(rep) if self.scheduling else (CONNECTION,)

    def connect_links(self, rep: Rep, draft_id: str | None = None) -> Mapping[str, str]:
        self.before("connect_links")
        return self.links

    def targets(self, rep: Rep) -> tuple[TargetCalendar, ...]:
        self.before("targets")
        return self.target_calendars

    def host(self, rep: Rep, connection_id: str | None = None) -> Host | None:
        self.before("host")
        return self.host_now

    def inviting(self, rep: Rep) -> frozenset[str]:
        self.before("inviting")
        return frozenset(self.inviting_accounts)

    def let_mails_invite(self, rep: Rep, connection_id: str, *, mails_invite: bool) -> None:
        self.before("let_mails_invite")
        self.inviters[connection_id] = mails_invite

    def disconnect(self, rep: Rep, connection_id: str) -> None:
        self.before("disconnect")
        self.disconnected.append(connection_id)
        if self.scheduling:
            self.scheduling.connected = tuple(c for c in self.scheduling.connected if c.id != connection_id)

    def import_rooms(self, rep: Rep) -> RoomImport:
        self.before("import_rooms")
        fresh = tuple(room for room in self.importable if room not in self.room_list)
        self.room_list += fresh
        return RoomImport(fresh, self.withheld)

    # --- defaults ---

    def defaults(self, rep: Rep) -> EventSettings:
        self.before("defaults")
        return self.kept.get(rep, EventSettings())

    def keep_defaults(self, rep: Rep, settings: EventSettings) -> None:
        self.before("keep_defaults")
        self.kept[rep] = settings

    # --- rooms ---

    def rooms(self, team_id: str) -> tuple[RoomState, ...]:
        self.before("rooms")
        return tuple(RoomState(room, None) for room in self.room_list)

    def bookable_rooms(self, rep: Rep, connection_id: str | None = None) -> tuple[Room, ...]:
        self.before("bookable_rooms")
        return tuple(self.room_list)

    def add_room(self, team_id: str, name: str) -> Room:
        self.before("add_room")
        room = Room(id=f"r{len(self.room_list) + 1}", name=name)
        self.room_list.append(room)
        return room

    def rename_room(self, team_id: str, room_id: str, name: str) -> None:
        self.before("rename_room")
        self.room_list = [r.model_copy(update={"name": name}) if r.id == room_id else r for r in self.room_list]

    def room_links(self, team_id: str, room: Room) -> Mapping[str, str]:
        self.before("room_links")
        return self.links

    def remove_room(self, team_id: str, room_id: str) -> None:
        self.before("remove_room")
        self.room_list = [room for room in self.room_list if room.id != room_id]

    # --- the workspace and its people ---

    def choices(self, team_id: str) -> WorkspaceChoices:
        self.before("choices")
        return self.chosen

    def choose(self, team_id: str, choices: WorkspaceChoices) -> None:
        self.before("choose")
        self.chosen = choices

    def zones_at_hand(self, rep: Rep) -> tuple[str, ...]:
        self.before("zones_at_hand")
        return self.zones

    def met(self, person: Person) -> None:
        self.before("met")
        self.people.append(person)

    def colleague_with(self, rep: Rep, email: str) -> Person | None:
        self.before("colleague_with")
        return next((person for person in self.people if person.email.lower() == email.lower()), None)

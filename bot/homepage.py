"""App Home as a view, and publishing it: the way in, the meetings ahead, one's calendars, the workspace's settings."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from slack_sdk.web.async_client import AsyncWebClient

from bot import home_meetings, workspace_settings
from bot.cards import OPEN, RECONNECT
from bot.crossing import Crossing
from bot.home_meetings import AHEAD, Sought
from bot.memberships import NOBODY, Membership, Memberships
from bot.modals import connecting
from bot.modals.blocks import (
    MAX_BLOCKS,
    Block,
    View,
    actions,
    button,
    context,
    divider,
    fit,
    header,
    home,
    section,
)
from bot.slack_errors import ASYNC_FAILURES, code_of, named
from bot.workspace_settings import Settings
from scheduling.domain import Booking, Connection, ConnectionState, Rep
from scheduling.office import Office
from scheduling.service import SchedulingService

logger = logging.getLogger(__name__)

CONNECT, DISCONNECT, INVITER = "calendars.connect", "calendars.disconnect", "calendars.inviter"
BY_MAIL, BY_CALENDAR = "mail", "calendar"
MOST_CALENDARS = 8
MEMBERSHIP_WITHIN = 3.0
REFUSALS = {"invalid_arguments", "invalid_blocks", "view_too_large"}
_UNHEALTHY = "needs to be connected again"


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows. `zone` is the viewer's; without one, each meeting goes by the zone known for it.

    `meetings` come soonest first and lie in the days `sought`; `settings` is there for administrators only. `inviting`
    are the ids of the connections whose system can invite customers itself.
    """

    rep: Rep
    connections: tuple[Connection, ...] = ()
    meetings: tuple[Booking, ...] = ()
    zone: str | None = None
    settings: Settings | None = None
    inviting: frozenset[str] = frozenset()
    sought: Sought = AHEAD


def build(page: Page) -> View:
    """The whole page; the meetings get the room that the rest leaves them."""
    start = [_start(), header("Meetings")]
    rest = [divider(), header("Calendars"), *_calendars(page.connections, page.inviting)]
    if page.settings is not None:
        rest += [divider(), *workspace_settings.build(page.settings)]
    room = MAX_BLOCKS - len(start) - len(rest) - 1
    meetings = home_meetings.build(page.rep, page.meetings, page.zone, page.sought, room)
    rooms_from = str(page.settings.rooms_from) if page.settings else ""
    return {**home([*start, *meetings, *rest]), "private_metadata": rooms_from}


def build_bare() -> View:
    """The way in, when our rows do not answer."""
    return home([_start(), section("Your meetings and calendars could not be read just now. Open this tab again.")])


def _start() -> Block:
    return actions("home.start", [button(OPEN, "Schedule on behalf", style="primary")])


# --- calendars --------------------------------------------------------------------------------------------------------


def connection_words(connection: Connection) -> str:
    health = "connected" if connection.state is ConnectionState.OK else _UNHEALTHY
    return f"{connecting.provider_name(connection.provider)} · {fit(connection.account, 320)} · {health}"


def _calendars(connections: Sequence[Connection], inviting: frozenset[str]) -> list[Block]:
    blocks: list[Block] = []
    for connection in connections[:MOST_CALENDARS]:
        name = connecting.account_words(connection)
        buttons = [_disconnect(connection, name)]
        if connection.state is not ConnectionState.OK:
            again = button(RECONNECT, "Connect again", connection.provider, label=f"Connect again: {name}")
            buttons.insert(0, again)
        words = connection_words(connection)
        words += "" if connection.state is ConnectionState.OK else f": {connecting.why_words(connection)}"
        if connection.id in inviting:
            buttons.insert(0, _inviter(connection, name))
            words += f"\nCustomers are invited by {'our mail' if connection.mails_invite else 'this calendar'}."
        blocks += [section(words), actions(f"home.calendar.{connection.id}", buttons)]
    if len(connections) > MOST_CALENDARS:
        blocks.append(context(f"{len(connections) - MOST_CALENDARS} more calendars are connected."))
    words = "Connect another calendar" if connections else "Connect a calendar to see available times."
    return [*blocks, section(words, button(CONNECT, "Connect", label="Connect a calendar"))]


def _inviter(connection: Connection, name: str) -> Block:
    """The other way of inviting: never both."""
    if connection.mails_invite:
        words, value = "Invite by this calendar", f"{BY_CALENDAR}:{connection.id}"
    else:
        words, value = "Invite by our mail", f"{BY_MAIL}:{connection.id}"
    return button(INVITER, words, value, label=f"{words}: {name}")


def inviter_of(value: object) -> tuple[str, bool]:
    """The connection that a button stands for, and whether our mail is to invite."""
    way, _, connection_id = str(value or "").partition(":")
    return connection_id, way == BY_MAIL


def _disconnect(connection: Connection, name: str) -> Block:
    sure = workspace_settings.are_you_sure(
        "Disconnect this calendar?",
        f"{fit(name, 150)} is not read any more, and no meeting can be stored there. Meetings that stand in it stay.",
        "Disconnect",
    )
    return {**button(DISCONNECT, "Disconnect", connection.id, label=f"Disconnect {name}"), "confirm": sure}


# --- publishing -------------------------------------------------------------------------------------------------------


class Homepage:
    """Reads what the page shows and publishes it, for each person one at a time so that the newest comes last."""

    def __init__(
        self,
        client: AsyncWebClient,
        scheduling: SchedulingService,
        office: Office,
        crossing: Crossing,
        default_channel: str | None,
    ) -> None:
        self._client = client
        self._scheduling = scheduling
        self._office = office
        self._crossing = crossing
        self._default_channel = default_channel
        self._memberships = Memberships(client)
        self._turns: WeakValueDictionary[Rep, asyncio.Lock] = WeakValueDictionary()

    async def publish(self, rep: Rep, rooms_from: int = 0, sought: Sought = AHEAD) -> None:
        """`rooms_from` is the first room shown of those in the settings; `sought` says which meetings."""
        turn = self._turns.setdefault(rep, asyncio.Lock())
        async with turn:
            try:
                view = build(await self._read(rep, rooms_from, sought))
            except Exception:
                logger.exception("home_not_drawn team=%s user=%s", rep.team_id, rep.user_id)
                view = build_bare()
            if await self._sent(rep, view) in REFUSALS:  # a fault of ours must not cost the way in
                await self._sent(rep, build_bare())

    async def _sent(self, rep: Rep, view: View) -> str | None:
        """Slack's code where it did not take the page."""
        try:
            await self._client.views_publish(user_id=rep.user_id, view=view)
        except ASYNC_FAILURES as error:
            logger.error("home_not_published team=%s error=%s", rep.team_id, named(error))  # noqa: TRY400 - the body stays out of the log
            return code_of(error)
        return None

    async def _read(self, rep: Rep, rooms_from: int, sought: Sought) -> Page:
        who, connections, inviting = await asyncio.gather(
            self._membership(rep),
            self._crossing.local(self._office.connections, rep, within=8.0),
            self._crossing.local(self._office.inviting, rep, within=8.0),
        )
        zone = who.person.zone if who.person else None
        since, until = sought.instants(zone or "UTC")
        meetings = await self._crossing.local(self._scheduling.meetings, rep, sought.most, since, until, within=8.0)
        settings = await self._settings(rep.team_id, rooms_from) if who.is_administrator else None
        return Page(rep, connections, meetings, zone, settings, inviting, sought)

    async def _membership(self, rep: Rep) -> Membership:
        """Without Slack's word nobody is an administrator, and meetings go by the zones known for them."""
        try:
            return await asyncio.wait_for(self._memberships.of(rep), MEMBERSHIP_WITHIN)
        except ASYNC_FAILURES as error:
            logger.warning("membership_unknown team=%s error=%s", rep.team_id, named(error))
            return NOBODY

    async def _settings(self, team_id: str, rooms_from: int) -> Settings:
        choices = await self._crossing.local(self._office.choices, team_id, within=8.0)
        rooms = await self._crossing.local(self._office.rooms, team_id, within=8.0)
        return Settings(choices, rooms, self._default_channel, rooms_from)

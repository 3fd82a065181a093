"""App Home as a view, and publishing it."""

import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import OPEN
from bot.crossing import Crossing
from bot.modals import connecting
from bot.modals.blocks import Block, View, actions, button, divider, header, home, section
from bot.slack_errors import ASYNC_FAILURES, named
from bot.words import day_words, span_words
from scheduling.domain import Booking, Connection, ConnectionState, Rep
from scheduling.service import SchedulingService
from scheduling.zones import local

logger = logging.getLogger(__name__)

MOST_MEETINGS = 20
_UNHEALTHY = "needs to be connected again"


def build(connections: tuple[Connection, ...], links: dict[str, str], meetings: tuple[Booking, ...], rep: Rep) -> View:
    """The whole page; meetings come soonest first and are grouped by day, in the organizer's or member's own zone."""
    blocks: list[Block] = [
        actions("home.start", [button(OPEN, "Schedule on behalf", style="primary")]),
        header("Meetings"),
        *_meetings(meetings[:MOST_MEETINGS], rep),
        divider(),
        header("Calendars"),
        *[section(connection_words(connection)) for connection in connections],
    ]
    words = "Connect another calendar:" if connections else "Connect a calendar to see available times."
    return home([*blocks, *connecting.offer("home.connect", words, links)])


def build_bare() -> View:
    """The way in, when our rows do not answer."""
    start = actions("home.start", [button(OPEN, "Schedule on behalf", style="primary")])
    return home([start, section("Your meetings and calendars could not be read just now. Open this tab again.")])


def connection_words(connection: Connection) -> str:
    health = "connected" if connection.state is ConnectionState.OK else _UNHEALTHY
    return f"{connecting.provider_name(connection.provider)} · {connection.account} · {health}"


def _meetings(meetings: tuple[Booking, ...], rep: Rep) -> list[Block]:
    if not meetings:
        return [section("No meetings ahead yet.")]
    blocks, last_day = [], ""
    for booking in meetings:
        zone = next((person.zone for person in booking.team if person.user_id == rep.user_id), booking.organizer.zone)
        day = day_words(local(booking.interval.start, zone).date())
        if day != last_day:
            blocks.append(header(day))
            last_day = day
        who = f"{booking.form.subject} · {booking.customer.name}"
        blocks.append(section(f"{span_words(booking.interval, zone)} · {who} · {booking.tracking_id}"))
    return blocks


class Homepage:
    """Reads what the page shows and publishes it."""

    def __init__(self, client: AsyncWebClient, scheduling: SchedulingService, crossing: Crossing) -> None:
        self._client = client
        self._scheduling = scheduling
        self._crossing = crossing

    async def publish(self, rep: Rep) -> None:
        try:
            view = await self._drawn(rep)
        except Exception:
            logger.exception("home_not_drawn team=%s user=%s", rep.team_id, rep.user_id)
            view = build_bare()
        try:
            await self._client.views_publish(user_id=rep.user_id, view=view)
        except ASYNC_FAILURES as error:
            logger.error("home_not_published team=%s error=%s", rep.team_id, named(error))  # noqa: TRY400 - the body stays out of the log

    async def _drawn(self, rep: Rep) -> View:
        connections = await self._crossing.local(self._scheduling.connections, rep, within=8.0)
        links = await self._crossing.local(self._scheduling.connect_links, rep, within=8.0)
        meetings = await self._crossing.local(self._scheduling.upcoming, rep, MOST_MEETINGS, within=8.0)
        return build(connections, dict(links), meetings, rep)

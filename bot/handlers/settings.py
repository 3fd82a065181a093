"""What administrators do on App Home. Who they are is asked of Slack by `desk`, for every act again."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot import workspace_settings
from bot.crossing import Crossing
from bot.desk import Desk
from bot.homepage import Homepage
from bot.modals import room as room_screen
from bot.modals.blocks import View
from bot.modals.connecting import account_words
from bot.workspace_settings import is_channel, rooms_shown, start_of_rooms
from scheduling.domain import Rep, Room
from scheduling.office import Office

Payload = dict[str, Any]


# --- the channel and its card ---------------------------------------------------------------------------------------


async def choose_channel(
    ack: AsyncAck, action: Payload, body: Payload, rep: Rep, desk: Desk, office: Office, crossing: Crossing
) -> None:
    """A channel for the cards, or the operator's default again."""
    channel = action.get("selected_channel")

    async def choosing() -> None:
        choices = await crossing.local(office.choices, rep.team_id, within=8.0)
        chosen = choices.model_copy(update={"announce_channel": channel if is_channel(channel) else None})
        await crossing.local(office.choose, rep.team_id, chosen, within=8.0)

    desk.administer(rep, choosing, body["trigger_id"], rooms_shown(body))
    await ack()


async def choose_card(
    ack: AsyncAck, action: Payload, body: Payload, rep: Rep, desk: Desk, office: Office, crossing: Crossing
) -> None:
    """What the card may show."""

    async def choosing() -> None:
        choices = await crossing.local(office.choices, rep.team_id, within=8.0)
        chosen = workspace_settings.card_choices(action, choices)
        await crossing.local(office.choose, rep.team_id, chosen, within=8.0)

    desk.administer(rep, choosing, body["trigger_id"], rooms_shown(body))
    await ack()


# --- rooms ----------------------------------------------------------------------------------------------------------


async def turn_rooms(ack: AsyncAck, action: Payload, rep: Rep, crossing: Crossing, homepage: Homepage) -> None:
    """The rooms before or after those shown; publishing shows them to administrators only."""
    crossing.background(homepage.publish(rep, start_of_rooms(action.get("value"))))
    await ack()


async def add_room(ack: AsyncAck, body: Payload, rep: Rep, desk: Desk) -> None:
    """The form for a new room."""

    async def form() -> View:
        return room_screen.build(None)

    desk.administer(rep, form, body["trigger_id"], rooms_shown(body))
    await ack()


async def import_rooms(ack: AsyncAck, body: Payload, rep: Rep, desk: Desk, office: Office, crossing: Crossing) -> None:
    """Rooms that the administrator's own Google, Microsoft or Exchange calendar can invite."""

    async def importing() -> View:
        done = await crossing.service(office.import_rooms, rep, within=20.0)
        withheld, unread = ([account_words(each) for each in accounts] for accounts in (done.withheld, done.unread))
        return room_screen.added([room.name for room in done.added], withheld, unread)

    desk.administer(rep, importing, body["trigger_id"], rooms_shown(body))
    await ack()


async def rename_room(
    ack: AsyncAck, action: Payload, body: Payload, rep: Rep, desk: Desk, office: Office, crossing: Crossing
) -> None:
    """The form for another name."""

    async def form() -> View:
        room = await _room(office, crossing, rep, action.get("value"))
        return room_screen.build(room) if room else room_screen.gone()

    desk.administer(rep, form, body["trigger_id"], rooms_shown(body))
    await ack()


async def save_room(ack: AsyncAck, view: View, rep: Rep, desk: Desk, office: Office, crossing: Crossing) -> None:
    """A room's name is submitted; a new room goes on to its calendar."""
    known = [state.room for state in await crossing.local(office.rooms, rep.team_id)]
    entered = room_screen.parse(view, known)
    if entered.errors:
        await ack(response_action="errors", errors=entered.errors)
        return

    async def saving() -> View:
        if entered.room_id and entered.room_id not in {room.id for room in known}:
            return room_screen.gone()
        if entered.room_id:
            await crossing.local(office.rename_room, rep.team_id, entered.room_id, entered.name, within=8.0)
            return room_screen.saved(entered.name)
        room = await crossing.local(office.add_room, rep.team_id, entered.name, within=8.0)
        return room_screen.connect(room, await crossing.local(office.room_links, rep.team_id, room, within=8.0))

    desk.administer_in(view["id"], rep, saving)
    await ack(response_action="update", view=room_screen.saving())


async def connect_room(
    ack: AsyncAck, action: Payload, body: Payload, rep: Rep, desk: Desk, office: Office, crossing: Crossing
) -> None:
    """Fresh links for the room's calendar."""

    async def links() -> View:
        room = await _room(office, crossing, rep, action.get("value"))
        if room is None:
            return room_screen.gone()
        return room_screen.connect(room, await crossing.local(office.room_links, rep.team_id, room, within=8.0))

    desk.administer(rep, links, body["trigger_id"], rooms_shown(body))
    await ack()


async def remove_room(
    ack: AsyncAck, action: Payload, body: Payload, rep: Rep, desk: Desk, office: Office, crossing: Crossing
) -> None:
    """The room goes; Slack asked before."""

    async def removing() -> None:
        await crossing.local(office.remove_room, rep.team_id, str(action.get("value") or ""), within=8.0)

    desk.administer(rep, removing, body["trigger_id"], rooms_shown(body))
    await ack()


async def _room(office: Office, crossing: Crossing, rep: Rep, room_id: object) -> Room | None:
    rooms = await crossing.local(office.rooms, rep.team_id, within=8.0)
    return next((state.room for state in rooms if state.room.id == room_id), None)

"""The part of App Home that only administrators see: the announce channel, what its cards show, and the rooms. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.modals import connecting
from bot.modals.blocks import Block, actions, button, context, fit, header, leaf, option, plain, section
from scheduling.domain import ConnectionState, WorkspaceChoices
from scheduling.office import RoomState

CHANNEL, NO_CHANNEL, CARD = "settings.channel", "settings.no_channel", "settings.card"
ADD_ROOM, RENAME_ROOM, CONNECT_ROOM = "settings.add_room", "settings.rename_room", "settings.connect_room"
REMOVE_ROOM, ROOMS_BEFORE, ROOMS_AFTER = "settings.remove_room", "settings.rooms_before", "settings.rooms_after"
DESCRIPTION, ADDRESS = "description", "address"
IMPORT_ROOMS = "settings.import_rooms"
ROOMS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """`default_channel` is the operator's; `rooms_from` is where the shown part of the rooms begins."""

    choices: WorkspaceChoices
    rooms: tuple[RoomState, ...]
    default_channel: str | None = None
    rooms_from: int = 0


def build(settings: Settings) -> list[Block]:
    return [header("Settings"), *_channel(settings), *_card(settings.choices), *_rooms(settings)]


def are_you_sure(title: str, words: str, yes: str) -> Block:
    """The dialog that Slack shows before it tells us of a click."""
    return {
        "title": plain(title, 100),
        "text": plain(words, 300),
        "confirm": plain(yes, 30),
        "deny": plain("Keep it", 30),
        "style": "danger",
    }


def _channel(settings: Settings) -> list[Block]:
    chosen = settings.choices.announce_channel
    words = "Announce channel: a card is posted there for each meeting. Invite the app to the channel first."
    select: Block = {
        "type": "channels_select",
        "action_id": CHANNEL,
        "initial_channel": chosen if is_channel(chosen) else None,
        "placeholder": plain("Announce channel", 150),
    }
    # The block's id changes with the choice, or Slack would keep showing an earlier one.
    elements = [select, *([button(NO_CHANNEL, "Use the default")] if chosen else [])]
    return [section(words), actions(f"settings.channel.{chosen or 'default'}", elements), _default(settings)]


def _default(settings: Settings) -> Block:
    """What happens without a choice, or would."""
    now = "" if settings.choices.announce_channel else " It is used now."
    if settings.default_channel is None:
        return context(f"Default: no card is posted.{now}")
    channel_id = settings.default_channel
    channel = {"type": "channel", "channel_id": channel_id} if is_channel(channel_id) else leaf(channel_id)
    parts = [leaf("Default: "), channel, leaf(f", set by the operator.{now}")]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}


def is_channel(value: object) -> bool:
    """Whether Slack would take it for a channel's id; one that is not would cost the whole page."""
    return isinstance(value, str) and re.fullmatch(r"[CG][A-Z0-9]{2,30}", value) is not None


def _card(choices: WorkspaceChoices) -> list[Block]:
    options = [option("The description", DESCRIPTION), option("The customer's email address", ADDRESS)]
    shown = (choices.card_shows_description, choices.card_shows_address)
    ticked = [each for each, is_shown in zip(options, shown, strict=True) if is_shown]
    boxes: Block = {
        "type": "checkboxes",
        "action_id": CARD,
        "options": options,
        "initial_options": ticked or None,  # Slack refuses an empty list
    }
    # The block's id changes with the boxes, or Slack would go on showing what was ticked before.
    block_id = f"{CARD}.{''.join(each['value'] for each in ticked)}"
    return [section("The card in the channel also shows:"), actions(block_id, [boxes])]


def card_choices(action: Mapping[str, Any], choices: WorkspaceChoices) -> WorkspaceChoices:
    """The workspace's choices with the boxes as they are ticked now."""
    ticked = {each.get("value") for each in action.get("selected_options") or () if isinstance(each, dict)}
    return choices.model_copy(
        update={"card_shows_description": DESCRIPTION in ticked, "card_shows_address": ADDRESS in ticked}
    )


# --- rooms ------------------------------------------------------------------------------------------------------------


def _rooms(settings: Settings) -> list[Block]:
    rooms = settings.rooms
    first = _first_shown(settings.rooms_from, len(rooms))
    shown = rooms[first : first + ROOMS_SHOWN]
    words = (
        "Rooms"
        if rooms
        else "No rooms yet. Rooms of your calendar, or with an account of their own, can be booked with a meeting."
    )
    if len(rooms) > ROOMS_SHOWN:
        words = f"Rooms {first + 1} to {first + len(shown)} of {len(rooms)}"
    blocks = [section(words, button(ADD_ROOM, "Add room")), *(block for state in shown for block in _room(state))]
    turning = [*_turning(first, len(rooms)), button(IMPORT_ROOMS, "Add rooms from my calendar")]
    return [*blocks, *([actions("settings.rooms", turning)] if turning else [])]


def _first_shown(wanted: int, count: int) -> int:
    """Where the shown part begins: the wanted room's part, or the last one there is."""
    last = max(0, (count - 1) // ROOMS_SHOWN)
    return min(max(0, wanted // ROOMS_SHOWN), last) * ROOMS_SHOWN


def _turning(first: int, count: int) -> Sequence[Block]:
    buttons = []
    if first > 0:
        buttons.append(button(ROOMS_BEFORE, "◀ Rooms before", str(first - ROOMS_SHOWN)))
    if first + ROOMS_SHOWN < count:
        buttons.append(button(ROOMS_AFTER, "More rooms ▶", str(first + ROOMS_SHOWN)))
    return buttons


def _room(state: RoomState) -> list[Block]:
    room = state.room
    name = fit(room.name, 60)
    connect = "Connect again" if state.connection else "Connect calendar"
    is_well = state.connection.state is ConnectionState.OK if state.connection else bool(room.address)
    sure = are_you_sure(
        "Remove this room?",
        f"{fit(room.name, 150)} cannot be booked any more, and its calendar's password is forgotten. Meetings stay.",
        "Remove",
    )
    buttons = [
        *([] if is_well else [button(CONNECT_ROOM, connect, room.id, label=f"{connect}: {name}")]),
        button(RENAME_ROOM, "Rename", room.id, label=f"Rename {name}"),
        {**button(REMOVE_ROOM, "Remove", room.id, label=f"Remove {name}"), "confirm": sure},
    ]
    return [section(f"{fit(room.name, 150)} · {_health(state)}"), actions(f"settings.room.{room.id}", buttons)]


def _health(state: RoomState) -> str:
    connection = state.connection
    if connection is None:
        return state.room.address or "no calendar connected yet: it cannot be booked"
    if connection.state is ConnectionState.OK:
        return f"{connecting.account_words(connection)} · connected"
    return f"{connecting.account_words(connection)} · needs to be connected again: {connecting.why_words(connection)}"


def rooms_shown(body: Mapping[str, Any]) -> int:
    """Where the rooms begin on the page that somebody clicked on, which keeps it for us."""
    return start_of_rooms((body.get("view") or {}).get("private_metadata"))


def start_of_rooms(value: object) -> int:
    """The first room that a turning button stands for."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 7 else 0

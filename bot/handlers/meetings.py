"""Buttons on notices about booked meetings."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import cards
from bot.crossing import Crossing
from bot.trouble import words_for
from scheduling.domain import Rep
from scheduling.service import SchedulingService

logger = logging.getLogger(__name__)

WILL_BE_MADE = "The link is being made. You get a message when it is there, or when it cannot be made."
WILL_BE_INVITED = "The room is being invited. You get a message when that is done, or when it cannot be."
NOTHING_TO_CHANGE = "This meeting has another room by now, has begun, or is not yours to change."
NOTHING_TO_MAKE = "This meeting has its link already, or it is not yours to change."


async def retry_link(
    ack: AsyncAck,
    action: dict[str, Any],
    rep: Rep,
    scheduling: SchedulingService,
    crossing: Crossing,
    respond: AsyncRespond,
) -> None:
    """The link to meet by was missing: it is made now, put onto the event, and mailed to everybody."""

    async def queued() -> bool:
        return await crossing.local(scheduling.retry_link, rep, str(action.get("value") or ""), within=8.0)

    crossing.background(_tell(queued, respond, (WILL_BE_MADE, NOTHING_TO_MAKE), cards.MAKE_LINK))
    await ack()


async def change_room(
    ack: AsyncAck,
    action: dict[str, Any],
    rep: Rep,
    scheduling: SchedulingService,
    crossing: Crossing,
    respond: AsyncRespond,
) -> None:
    """A room declined, and the rep takes one that is free instead."""

    async def queued() -> bool:
        return await crossing.local(scheduling.change_room, rep, *cards.rooms_in(action.get("value")), within=8.0)

    crossing.background(_tell(queued, respond, (WILL_BE_INVITED, NOTHING_TO_CHANGE), "the button"))
    await ack()


async def _tell(
    queued: Callable[[], Awaitable[bool]], respond: AsyncRespond, words: tuple[str, str], pressed: str
) -> None:
    """Say to whoever pressed, and to nobody else, that it is being done, or that there is nothing to do."""
    try:
        said = words[0] if await queued() else words[1]
    except Exception as error:
        logger.exception("not_queued button=%s", pressed)
        said = words_for(error, pressed)
    await respond(response_type="ephemeral", replace_original=False, **cards.plain_message(said))

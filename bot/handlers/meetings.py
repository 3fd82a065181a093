"""Buttons on notices about booked meetings."""

import logging
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

    async def answer() -> None:
        try:
            queued = await crossing.local(scheduling.retry_link, rep, str(action.get("value") or ""), within=8.0)
            words = WILL_BE_MADE if queued else NOTHING_TO_MAKE
        except Exception as error:
            logger.exception("link_not_retried team=%s user=%s", rep.team_id, rep.user_id)
            words = words_for(error, cards.MAKE_LINK)
        await respond(response_type="ephemeral", replace_original=False, **cards.plain_message(words))

    crossing.background(answer())
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

    async def answer() -> None:
        try:
            queued = await crossing.local(scheduling.change_room, rep, *cards.rooms_in(action.get("value")), within=8.0)
            words = WILL_BE_INVITED if queued else NOTHING_TO_CHANGE
        except Exception as error:
            logger.exception("room_not_changed team=%s user=%s", rep.team_id, rep.user_id)
            words = words_for(error, "the button")
        await respond(response_type="ephemeral", replace_original=False, **cards.plain_message(words))

    crossing.background(answer())
    await ack()

"""Connecting a calendar again from a message."""

import logging

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import cards
from bot.crossing import Crossing
from bot.trouble import words_for
from scheduling.domain import Rep
from scheduling.service import SchedulingService

logger = logging.getLogger(__name__)


async def reconnect(
    ack: AsyncAck, rep: Rep, scheduling: SchedulingService, crossing: Crossing, respond: AsyncRespond
) -> None:
    """Fresh links for the one who pressed the button, below the message."""

    async def answer() -> None:
        try:
            links = await crossing.local(scheduling.connect_links, rep, within=8.0)
            words = cards.connect_message(dict(links))
        except Exception as error:
            logger.exception("links_not_made team=%s user=%s", rep.team_id, rep.user_id)
            words = cards.plain_message(words_for(error, "Connect again"))
        await respond(response_type="ephemeral", replace_original=False, **words)

    crossing.background(answer())
    await ack()

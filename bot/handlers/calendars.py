"""Connecting a calendar again from a message."""

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import cards
from bot.crossing import Crossing
from scheduling.domain import Rep
from scheduling.service import SchedulingService


async def reconnect(
    ack: AsyncAck, rep: Rep, scheduling: SchedulingService, crossing: Crossing, respond: AsyncRespond
) -> None:
    """Fresh links for the one who pressed the button, below the message."""

    async def answer() -> None:
        links = await crossing.local(scheduling.connect_links, rep, within=8.0)
        await respond(response_type="ephemeral", replace_original=False, **cards.connect_message(dict(links)))

    crossing.background(answer())
    await ack()

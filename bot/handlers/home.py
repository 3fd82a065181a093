"""App Home: the way in, the next meetings, and the rep's calendars."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.crossing import Crossing
from bot.homepage import Homepage
from scheduling.domain import Rep


async def opened(ack: AsyncAck, event: dict[str, Any], rep: Rep, crossing: Crossing, homepage: Homepage) -> None:
    """Somebody looks at the Home tab."""
    if event.get("tab") == "home":
        crossing.background(homepage.publish(rep))
    await ack()

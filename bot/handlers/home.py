"""App Home: the way in, the next meetings or those looked for, and the rep's calendars."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot import home_meetings
from bot.crossing import Crossing
from bot.homepage import Homepage
from scheduling.domain import Rep


async def opened(ack: AsyncAck, event: dict[str, Any], rep: Rep, crossing: Crossing, homepage: Homepage) -> None:
    """Somebody looks at the Home tab."""
    if event.get("tab") == "home":
        crossing.background(homepage.publish(rep))
    await ack()


async def find(ack: AsyncAck, body: dict[str, Any], rep: Rep, crossing: Crossing, homepage: Homepage) -> None:
    """A first or last day was chosen, or words were entered."""
    crossing.background(homepage.publish(rep, sought=home_meetings.parse(body.get("view") or {})))
    await ack()


async def show_ahead(ack: AsyncAck, rep: Rep, crossing: Crossing, homepage: Homepage) -> None:
    """Back to the meetings ahead."""
    crossing.background(homepage.publish(rep))
    await ack()

"""Connecting a calendar, from App Home or again from a message, and disconnecting it."""

import logging
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import cards, homepage
from bot.crossing import Crossing
from bot.desk import Desk
from bot.modals import links
from bot.modals.blocks import View
from bot.trouble import words_for
from scheduling.domain import Rep
from scheduling.office import Office

logger = logging.getLogger(__name__)

Payload = dict[str, Any]


async def connect(ack: AsyncAck, body: Payload, rep: Rep, office: Office, crossing: Crossing, desk: Desk) -> None:
    """On App Home: a window with links that are fresh."""

    async def window() -> View:
        fresh = await crossing.local(office.connect_links, rep, within=8.0)
        return links.build("Which calendar do you want to connect?", fresh)

    desk.show(rep, body["trigger_id"], window)
    await ack()


async def reconnect(
    ack: AsyncAck, body: Payload, rep: Rep, office: Office, crossing: Crossing, desk: Desk, respond: AsyncRespond
) -> None:
    """Fresh links for the one who pressed the button: below the message, or in a window on App Home."""
    if not body.get("response_url"):
        await connect(ack, body, rep, office, crossing, desk)
        return

    async def answer() -> None:
        try:
            fresh = await crossing.local(office.connect_links, rep, within=8.0)
            words = cards.connect_message(dict(fresh))
        except Exception as error:
            logger.exception("links_not_made team=%s user=%s", rep.team_id, rep.user_id)
            words = cards.plain_message(words_for(error, "Connect again"))
        await respond(response_type="ephemeral", replace_original=False, **words)

    crossing.background(answer())
    await ack()


async def disconnect(
    ack: AsyncAck, action: Payload, body: Payload, rep: Rep, office: Office, crossing: Crossing, desk: Desk
) -> None:
    """The calendar is forgotten and our access given back; Slack asked before. Only one's own can be."""

    async def forgetting() -> None:
        await crossing.service(office.disconnect, rep, str(action.get("value") or ""), within=15.0)

    desk.act(rep, forgetting, body["trigger_id"])
    await ack()


async def choose_inviter(
    ack: AsyncAck, action: Payload, body: Payload, rep: Rep, office: Office, crossing: Crossing, desk: Desk
) -> None:
    """Whether the calendar invites the customers of later meetings, or our mail does."""
    connection_id, by_mail = homepage.inviter_of(action.get("value"))

    async def choosing() -> None:
        await crossing.local(office.let_mails_invite, rep, connection_id, mails_invite=by_mail, within=8.0)

    desk.act(rep, choosing, body["trigger_id"])
    await ack()

"""Colleagues by way of Slack: whose address that is, and asking one to connect a calendar."""

import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import RECONNECT, Message
from bot.crossing import Crossing
from bot.directory import person_of
from bot.modals.blocks import actions, button, lines, message, people, section
from bot.slack_errors import ASYNC_FAILURES, code_of, named
from scheduling.domain import Rep
from scheduling.office import Office

logger = logging.getLogger(__name__)


class Colleagues:
    """Slow: never part of an acknowledgement."""

    def __init__(self, client: AsyncWebClient, office: Office, crossing: Crossing) -> None:
        self._client = client
        self._office = office
        self._crossing = crossing

    async def is_new_colleague(self, rep: Rep, email: str) -> bool:
        """Whether Slack knows a member by this address whom our rows did not know yet; then they do."""
        if await self._crossing.local(self._office.colleague_with, rep, email, within=5.0) is not None:
            return False
        try:
            answer = await self._client.users_lookupByEmail(email=email)
        except ASYNC_FAILURES as error:
            if code_of(error) != "users_not_found":  # most customers are nobody here
                logger.warning("address_not_looked_up team=%s error=%s", rep.team_id, named(error))
            return False
        person = person_of(rep.team_id, answer.get("user") or {})
        if person is None or person.email.casefold() != email.casefold():
            return False
        await self._crossing.local(self._office.met, person, within=5.0)
        return True

    async def ask_to_connect(self, rep: Rep, user_id: str) -> bool:
        """Whether Slack took the message to the colleague."""
        try:
            await self._client.chat_postMessage(channel=user_id, **asking(rep))
        except ASYNC_FAILURES as error:
            logger.warning("colleague_not_asked team=%s error=%s", rep.team_id, named(error))
            return False
        return True


def asking(rep: Rep) -> Message:
    """The links behind the button live for minutes only, so they are fetched when it is pressed."""
    words = (
        "A colleague wants to schedule a meeting with you and cannot see when you are free. "
        "Connect your calendar, so that only times that suit you are offered."
    )
    connect = button(RECONNECT, "Connect a calendar", label="Connect a calendar, shows the ways to do it")
    blocks = [section(words), lines([("Asked by", people([rep.user_id]))]), actions("calendars", [connect])]
    return message(f"{words} Asked by <@{rep.user_id}>.", blocks)

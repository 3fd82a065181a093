"""What is done from App Home: small windows, and acts that only administrators may do.

Slack is asked who somebody is before each act, after the click was answered; whoever may not is refused in words. One
person's acts are done in the order of their clicks, and the page is published again after each.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import plain_message
from bot.crossing import Crossing
from bot.homepage import Homepage
from bot.memberships import Memberships
from bot.modals import links
from bot.modals.blocks import View
from bot.screens import AFTER_ACK, ONCE_MORE
from bot.slack_errors import ASYNC_FAILURES, code_of, named
from bot.trouble import words_for
from scheduling.domain import Rep

logger = logging.getLogger(__name__)

REFUSED = "Only administrators of this workspace can change its settings."
UNKNOWN = "Slack did not tell whether you are an administrator, so nothing was changed. Try again."
NOT_OPENED = "Slack did not open the window in time. Press the button on the Home tab again."
Drawing = Callable[[], Awaitable[View]]
Act = Callable[[], Awaitable[View | None]]


class Desk:
    """Works in the background. What fails ends in words, in a window or by message."""

    def __init__(
        self,
        client: AsyncWebClient,
        crossing: Crossing,
        homepage: Homepage,
        *,
        after_ack: float = AFTER_ACK,
        once_more: float = ONCE_MORE,
    ) -> None:
        self._client = client
        self._crossing = crossing
        self._homepage = homepage
        self._memberships = Memberships(client)
        self._after_ack = after_ack
        self._once_more = once_more
        self._turns: WeakValueDictionary[Rep, asyncio.Lock] = WeakValueDictionary()

    def show(self, rep: Rep, trigger_id: str, draw: Drawing) -> None:
        """Open a window with what `draw` makes."""

        async def showing() -> None:
            await self._open(rep, trigger_id, await self._made(rep, draw))

        self._crossing.background(showing())

    def act(self, rep: Rep, act: Act, trigger_id: str, rooms_from: int = 0) -> None:
        """Something about one's own things; a window if `act` makes one; the page once more."""
        self._crossing.background(self._acted(rep, act, trigger_id, rooms_from))

    def administer(self, rep: Rep, act: Act, trigger_id: str, rooms_from: int = 0) -> None:
        """The same where only administrators may."""

        async def checked() -> View | None:
            return await self._refusal(rep) or await act()

        self._crossing.background(self._acted(rep, checked, trigger_id, rooms_from))

    def administer_in(self, view_id: str, rep: Rep, draw: Drawing) -> None:
        """An administrator's form was submitted: its window, which says "Saving…", shows what `draw` makes."""

        async def checked() -> View:
            return await self._refusal(rep) or await draw()

        async def replacing() -> None:
            pause = asyncio.create_task(asyncio.sleep(self._after_ack))
            async with self._turn(rep):
                view = await self._made(rep, checked)
            await pause  # Slack may apply the acknowledged view after a faster update
            await self._update(rep, view_id, view)
            await self._homepage.publish(rep)
            if await self._crossing.pause(self._once_more):
                await self._update(rep, view_id, view)

        self._crossing.background(replacing())

    async def _refusal(self, rep: Rep) -> View | None:
        """Why somebody may not act; None for an administrator."""
        try:
            membership = await self._memberships.of(rep)
        except ASYNC_FAILURES as error:
            logger.warning("membership_unknown team=%s user=%s error=%s", rep.team_id, rep.user_id, named(error))
            return links.told(UNKNOWN)
        return None if membership.is_administrator else links.told(REFUSED)

    async def _acted(self, rep: Rep, act: Act, trigger_id: str, rooms_from: int) -> None:
        async with self._turn(rep):
            view = await self._made(rep, act)
        if view is not None:
            await self._open(rep, trigger_id, view)
        await self._homepage.publish(rep, rooms_from)

    def _turn(self, rep: Rep) -> asyncio.Lock:
        return self._turns.setdefault(rep, asyncio.Lock())

    async def _made(self, rep: Rep, make: Callable[[], Awaitable[View | None]]) -> View | None:
        try:
            return await make()
        except Exception as error:
            logger.exception("not_done team=%s user=%s", rep.team_id, rep.user_id)
            return links.told(words_for(error, "the button"))

    async def _open(self, rep: Rep, trigger_id: str, view: View | None) -> None:
        """A trigger that is too old for a window: then its words go by message."""
        if view is None:
            return
        try:
            await self._client.views_open(trigger_id=trigger_id, view=view)
        except ASYNC_FAILURES as error:
            logger.warning("window_not_opened team=%s user=%s error=%s", rep.team_id, rep.user_id, named(error))
            await self._say(rep, links.words_of(view) or NOT_OPENED)

    async def _update(self, rep: Rep, view_id: str, view: View | None) -> None:
        if view is None:
            return
        try:
            await self._client.views_update(view_id=view_id, view=view)
        except ASYNC_FAILURES as error:
            if code_of(error) != "not_found":
                logger.warning("view_not_updated team=%s user=%s error=%s", rep.team_id, rep.user_id, named(error))

    async def _say(self, rep: Rep, words: str) -> None:
        try:
            await self._client.chat_postMessage(channel=rep.user_id, **plain_message(words))
        except ASYNC_FAILURES as error:
            logger.error("rep_not_told team=%s user=%s error=%s", rep.team_id, rep.user_id, named(error))  # noqa: TRY400 - the body stays out of the log

"""What happens to an open view after its click was answered: opening, updating, and saying what went wrong.

Updates carry the draft's revision and are dropped when the rep has moved on. Slack may apply an acknowledged view
after a faster `views.update`, so an update that follows one starts a moment later and is sent once more; none carries
a hash. Whatever fails here ends in words on the rep's screen.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slack_sdk.web.async_client import AsyncWebClient

from bot.crossing import Crossing
from bot.drawing import PLAIN, Drawing, Look
from bot.modals import times
from bot.modals.blocks import View, with_alert
from bot.slack_errors import ASYNC_FAILURES, PASSING, code_of, named
from bot.trouble import words_for
from scheduling.domain import Draft, Rep, Screen
from scheduling.errors import DraftGone
from scheduling.service import SchedulingService

logger = logging.getLogger(__name__)

Moving = Callable[[], Awaitable[Draft]]

AFTER_ACK = 0.4
ONCE_MORE = 2.5
SHOW_LOADING = 0.7
"""An answer that takes longer than this is announced by the loading screen."""


class Screens:
    """Updates views in the background, each in the light of the draft's revision."""

    def __init__(
        self,
        client: AsyncWebClient,
        scheduling: SchedulingService,
        crossing: Crossing,
        drawing: Drawing,
        *,
        after_ack: float = AFTER_ACK,
        once_more: float = ONCE_MORE,
    ) -> None:
        self._client = client
        self._scheduling = scheduling
        self._crossing = crossing
        self._drawing = drawing
        self._after_ack = after_ack
        self._once_more = once_more

    def follow(self, shown: View, draft: Draft) -> None:
        """The acknowledgement itself replaced the view; the draft's screen comes a moment after it."""
        self._crossing.background(self._follow(shown, draft))

    def follow_if(self, shown: View, draft: Draft, is_news: Callable[[], Awaitable[bool]]) -> None:
        """Like `follow`, once something slow found that the screen has more to say."""

        async def following() -> None:
            if await is_news():
                await self._follow(shown, draft)

        self._crossing.background(following())

    def push(self, shown: View, trigger_id: str, view: View, button: str) -> None:
        """A view on top of the shown one, which says so when Slack does not open it."""

        async def pushing() -> None:
            try:
                await self._client.views_push(trigger_id=trigger_id, view=view)
            except ASYNC_FAILURES as error:
                logger.warning("view_not_pushed error=%s messages=%s", named(error), _pointers(error))
                await self._update(shown["id"], with_alert(shown, f"Slack did not open it. Press {button} again."))

        self._crossing.background(pushing())

    def replace(self, shown: View, draft: Draft, look: Look = PLAIN) -> None:
        """The acknowledgement was empty; show the draft's screen in the same view."""
        self._crossing.background(self._replace(shown, draft, look))

    def replace_after(self, shown: View, draft: Draft, moving: Moving, look: Look = PLAIN) -> None:
        """Like `replace`, where the draft must first be moved on by something slow; `moving` returns it moved."""
        self._crossing.background(self._replace(shown, draft, look, moving))

    def refresh(self, shown: View, rep: Rep, draft_id: str, look: Look) -> None:
        """Show the draft's screen again, as it is stored now."""

        async def refreshing() -> None:
            draft = await self._crossing.local(self._scheduling.draft, rep, draft_id, within=5.0)
            # Saved unchanged: the revision rises, so that no earlier answer can cover the notice.
            save = self._scheduling.save
            again = await self._crossing.local(save, rep, draft_id, draft.form, draft.screen, within=5.0)
            await self._replace(shown, again, look)

        self._crossing.background(refreshing())

    def put(self, shown: View, draft: Draft, view: View) -> None:
        """Show a view that is ready."""
        self._crossing.background(self._show(shown, draft, view))

    def warn(self, shown: View, words: str, level: str = "warning") -> None:
        """An alert on top of the view as it is; whatever is typed in it stays."""

        async def warning() -> None:
            await self._update(shown["id"], with_alert(shown, words, level))

        self._crossing.background(warning())

    async def _follow(self, shown: View, draft: Draft) -> None:
        pause = asyncio.create_task(asyncio.sleep(self._after_ack))
        made = await self._drawn(draft)
        await pause
        if made is None:
            return
        await self._show(shown, draft, made)
        if await self._crossing.pause(self._once_more):
            await self._show(shown, draft, made)

    async def _replace(self, shown: View, draft: Draft, look: Look, moving: Moving | None = None) -> None:
        work = asyncio.create_task(self._moved_and_drawn(draft, look, moving))
        done, _ = await asyncio.wait({work}, timeout=SHOW_LOADING)
        if not done and draft.screen is Screen.TIMES:
            await self._show(shown, draft, times.loading(draft))
        moved, view = await work
        if view is not None:
            await self._show(shown, moved, view)

    async def _moved_and_drawn(self, draft: Draft, look: Look, moving: Moving | None) -> tuple[Draft, View | None]:
        try:
            moved = await moving() if moving else draft
        except Exception as error:
            return draft, self._told(draft, error)
        return moved, await self._drawn(moved, look)

    async def _drawn(self, draft: Draft, look: Look = PLAIN) -> View | None:
        """The draft's screen, or the words for why there is none; None when the draft is over meanwhile."""
        try:
            return await self._drawing.view(draft, look)
        except Exception as error:
            return self._told(draft, error)

    def _told(self, draft: Draft, error: Exception) -> View | None:
        if isinstance(error, DraftGone):
            return None
        logger.error("screen_failed screen=%s draft=%s", draft.screen, draft.id, exc_info=error)
        return times.trouble(draft, words_for(error, "Try again"))

    async def _is_current(self, draft: Draft) -> bool:
        try:
            now = await self._crossing.local(self._scheduling.draft, draft.rep, draft.id, within=5.0)
        except DraftGone:
            return False
        return now.revision == draft.revision

    async def _show(self, shown: View, draft: Draft, view: View) -> None:
        """Send the view if the rep has not moved on. One that Slack refuses is a fault of ours: say so in its place."""
        if await self._is_current(draft) and not await self._update(shown["id"], view):
            await self._update(shown["id"], times.trouble(draft, words_for(RuntimeError(), "Try again")))

    async def _update(self, view_id: str, view: View) -> bool:
        """Whether Slack took the view, or nobody looks at it any more."""
        for last_try in (False, True):
            try:
                await self._client.views_update(view_id=view_id, view=view)
            except ASYNC_FAILURES as error:
                code = code_of(error)
                if code == "not_found":
                    return True
                logger.warning("view_not_updated error=%s messages=%s", named(error), _pointers(error))
                if last_try or (code is not None and code not in PASSING):
                    return False
                await asyncio.sleep(_pause(error))
            else:
                return True
        return False


def _pause(error: Exception) -> float:
    """Seconds before the one repetition; Slack's own wish up to five."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    wish = str(headers.get("Retry-After", ""))
    return min(float(wish), 5.0) if wish.isdecimal() else 0.5


def _pointers(error: Exception) -> str:
    """Slack's own words about a refused view: they name places in it, never what was typed."""
    data = getattr(getattr(error, "response", None), "data", None)
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return "; ".join(str(message)[:200] for message in messages or ())[:600]

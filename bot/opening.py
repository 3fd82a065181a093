"""Opening the form: one local read, then `views.open` with the click's trigger, all within Slack's 3 seconds.

When our rows are slow, the form opens from memory and its draft follows. When Slack does not open it (a trigger lives
for 3 s), the rep is told where the click was made, with a button that brings a new trigger.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.cards import open_again
from bot.crossing import Crossing
from bot.modals import who
from bot.modals.blocks import View
from bot.open_form import OpenForm
from bot.slack_errors import ASYNC_FAILURES, named
from scheduling.clock import Clock
from scheduling.domain import Customer, Draft, Form, Prefill, Rep
from scheduling.service import Opening, SchedulingService

logger = logging.getLogger(__name__)

LOCAL_READ = 0.3
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Click:
    """What a click on any of the doors brings: its trigger, where to answer, and the words it came with."""

    trigger_id: str
    response_url: str | None = None
    text: str = ""


class Opener:
    """Opens the form in the background and remembers the drafts that are still to be made."""

    def __init__(self, client: AsyncWebClient, scheduling: SchedulingService, crossing: Crossing, clock: Clock) -> None:
        self._client = client
        self._scheduling = scheduling
        self._crossing = crossing
        self._now = clock
        self._without_draft: OrderedDict[str, Prefill] = OrderedDict()

    def open(self, rep: Rep, prefill: Prefill, click: Click) -> None:
        self._crossing.background(self._open(rep, prefill, click))

    async def draft_of(self, form: OpenForm) -> Draft:
        """The draft behind the first screen; made now if the form had to open without one. Raises DraftGone."""
        if form.draft_id:
            return await form.draft()
        prefill = self._without_draft.get(form.view["id"], Prefill.empty())
        opening = await self._crossing.local(self._scheduling.open_draft, form.rep, prefill)
        self._crossing.background(self._attach(form.rep, opening.draft.id, form.view["id"]))
        return opening.draft

    async def _open(self, rep: Rep, prefill: Prefill, click: Click) -> None:
        reading = asyncio.create_task(self._crossing.local(self._scheduling.open_draft, rep, prefill, within=8.0))
        await asyncio.wait({reading}, timeout=LOCAL_READ)
        opening = _result(reading)
        try:
            view = who.build(opening, self._now()) if opening else who.build_bare(_form(rep, prefill), self._now())
            answer = await self._client.views_open(trigger_id=click.trigger_id, view=view)
        except Exception as error:
            reading.add_done_callback(_result)
            unexpected = None if isinstance(error, ASYNC_FAILURES) else error
            words = "view_not_opened team=%s user=%s error=%s"
            logger.warning(words, rep.team_id, rep.user_id, named(error), exc_info=unexpected)
            await self._tell_how_to_open(rep, click)
            return
        shown = answer["view"]
        if opening is None:
            self._remember(shown["id"], prefill)
            opening = await self._late(shown, reading)
        if opening is not None:
            await self._attach(rep, opening.draft.id, shown["id"])

    async def _late(self, shown: View, reading: "asyncio.Task[Opening]") -> Opening | None:
        """Give the open form its draft, unless the rep went on without (the hash says so)."""
        try:
            opening = await reading
            view = who.build(opening, self._now())
            await self._client.views_update(view_id=shown["id"], hash=shown["hash"], view=view)
        except Exception as error:  # the form works without; Continue makes the draft
            logger.warning("opened_without_draft error=%s", named(error))
            return None
        return opening

    def _remember(self, view_id: str, prefill: Prefill) -> None:
        self._without_draft[view_id] = prefill
        if len(self._without_draft) > REMEMBERED:
            self._without_draft.popitem(last=False)

    async def _attach(self, rep: Rep, draft_id: str, view_id: str) -> None:
        await self._crossing.local(self._scheduling.attach_view, rep, draft_id, view_id, within=8.0)

    async def _tell_how_to_open(self, rep: Rep, click: Click) -> None:
        words = open_again(click.text)
        try:
            if click.response_url:
                webhook = AsyncWebhookClient(click.response_url, timeout=5)
                await webhook.send(response_type="ephemeral", replace_original=False, **words)
            else:
                await self._client.chat_postMessage(channel=rep.user_id, **words)
        except ASYNC_FAILURES as error:
            logger.error("rep_not_told team=%s user=%s error=%s", rep.team_id, rep.user_id, named(error))  # noqa: TRY400 - the body stays out of the log


def _result(reading: "asyncio.Task[Opening]") -> Opening | None:
    """What the read brought, None while or where it brought nothing."""
    if not reading.done() or reading.cancelled() or reading.exception() is not None:
        return None
    return reading.result()


def _form(rep: Rep, prefill: Prefill) -> Form:
    return Form(customer=Customer(name=prefill.name, email=prefill.email), members=(rep.user_id, *prefill.members))

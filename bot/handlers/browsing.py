"""Moving about: weeks, conflicts, trying again, reopening, closing, and links that only need an answer."""

from datetime import date
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.crossing import Crossing
from bot.drawing import PLAIN, Look
from bot.modals import outcome, times
from bot.open_form import OpenForm
from bot.screens import Screens
from scheduling.domain import Screen

Payload = dict[str, Any]


async def show_week(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """Earlier, Later, or a date jumped to."""
    wanted = _date(action.get("value") or action.get("selected_date"))
    if wanted is not None:
        await _redraw(form, screens, week_of=wanted.isoformat())
    await ack()


async def show_conflicts(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """Show conflicts or Hide conflicts, from the menu or from the button."""
    value = (action.get("selected_option") or action).get("value")
    await _redraw(form, screens, show_conflicts=value == times.SHOW)
    await ack()


async def show_conflict_day(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """The conflicts of another day."""
    await _redraw(form, screens, Look(conflict_day=_date(action.get("value"))))
    await ack()


async def try_again(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """Draw the screen that could not be drawn, or look for times again."""
    await _redraw(form, screens)
    await ack()


async def _redraw(form: OpenForm, screens: Screens, look: Look = PLAIN, **changes: object) -> None:
    draft = await form.draft()
    saved = await form.save(draft.form.model_copy(update=changes), draft.screen)
    screens.replace(form.view, saved, look)


async def other_times(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """After a time was taken or nothing could be booked: back to the list."""
    screens.replace(form.view, await form.reopen(Screen.TIMES))
    await ack()


async def schedule_again(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """After a failure: back to the screen with Schedule on it."""
    screens.replace(form.view, await form.reopen(Screen.NOTIFICATIONS))
    await ack()


async def closed(ack: AsyncAck, form: OpenForm, crossing: Crossing) -> None:
    """The rep closed the form: the hold ends. A closed outcome changes nothing."""
    if form.draft_id and form.view.get("callback_id") != outcome.CALLBACK:
        crossing.background(form.close())
    await ack()


async def followed_link(ack: AsyncAck) -> None:
    """A button that opens a web page; Slack still wants an answer."""
    await ack()


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None

"""Moving about: weeks, conflicts, trying again, reopening, closing, and links that only need an answer."""

from datetime import date
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.colleagues import Colleagues
from bot.crossing import Crossing
from bot.drawing import PLAIN, Drawing, Look
from bot.modals import details, outcome, slots, times, week_notes
from bot.modals.blocks import fit
from bot.open_form import OpenForm
from bot.screens import Screens
from scheduling.domain import Screen
from scheduling.zones import day_bounds, is_zone, local

Payload = dict[str, Any]


async def show_week(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """Earlier or Later."""
    wanted = _date(action.get("value"))
    if wanted is not None:
        await _redraw(form, screens, week_of=wanted.isoformat())
    await ack()


async def jump(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """A date jumped to, read on the clock that the times are shown by."""
    wanted = _date(action.get("selected_date"))
    shown, own = (await form.draft()).form.zone, await form.own_zone()
    if wanted is not None and shown and own:
        wanted = local(day_bounds(wanted, shown).start, own).date()
    if wanted is not None:
        await _redraw(form, screens, week_of=wanted.isoformat())
    await ack()


async def choose_in_menu(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens, drawing: Drawing) -> None:
    """The ⋯ menu: conflicts at once, zone and duration by a choice that appears below it."""
    value = (action.get("selected_option") or {}).get("value")
    if value in (times.CHANGE_ZONE, times.CHANGE_LENGTH):
        draft = await form.draft()
        saved = await form.save(draft.form, Screen.TIMES)
        screens.put(form.view, saved, times.with_picker(form.view, value, saved, drawing.now()))
    else:
        await _redraw(form, screens, show_conflicts=value == times.SHOW)
    await ack()


async def change_zone(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """Another clock for the labels; the times themselves stay. Without a choice, the rep's own again."""
    zone = (action.get("selected_option") or {}).get("value")
    await _redraw(form, screens, zone=zone if zone and is_zone(zone) else None)
    await ack()


async def change_length(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """Another duration: the times are looked for again, and a picked one is given up. Custom… is on the details."""
    value = str((action.get("selected_option") or {}).get("value"))
    draft = await form.draft()
    if value == details.CUSTOM:
        opened = tuple(sorted({*draft.form.opened, "minutes"}))
        saved = await form.save(draft.form.model_copy(update={"opened": opened}), Screen.DETAILS)
    else:
        saved = await form.save(details.with_length(draft.form, value), Screen.TIMES)
    screens.replace(form.view, saved)
    await ack()


async def show_conflicts(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """The button where there is no free time."""
    await _redraw(form, screens, show_conflicts=True)
    await ack()


async def show_conflict_day(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """The conflicts of another day, or those later on the same."""
    day, _, since = str(action.get("value") or "").partition(" ")
    await _redraw(form, screens, Look(conflict_day=_date(day), conflicts_from=slots.start_of(since)))
    await ack()


async def ask_to_connect(
    ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens, crossing: Crossing, colleagues: Colleagues
) -> None:
    """A colleague is asked to connect a calendar, once per form."""
    user, name = week_notes.asked(action.get("value"))
    draft = await form.draft()
    if user not in draft.form.members:
        await ack()
        return
    if user in draft.form.asked:
        screens.warn(form.view, f"{fit(name, 80)} was asked already.", "info")
        await ack()
        return
    await form.save(draft.form.model_copy(update={"asked": (*draft.form.asked, user)}), draft.screen)

    async def asking() -> None:
        if await colleagues.ask_to_connect(form.rep, user):
            words = f"{fit(name, 80)} was asked to connect a calendar. Press Try again once that is done."
            screens.warn(form.view, words, "success")
            return
        now = await form.draft()
        left = tuple(each for each in now.form.asked if each != user)
        await form.save(now.form.model_copy(update={"asked": left}), now.screen)
        screens.warn(form.view, f"Slack did not take the message to {fit(name, 80)}. Ask again, or write to them.")

    crossing.background(asking())
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
    """After a failure: back to the screen with Schedule on it, or to the times where none is picked any more."""
    draft = await form.draft()
    screen = Screen.NOTIFICATIONS if draft.form.slot else Screen.TIMES
    screens.replace(form.view, await form.reopen(screen))
    await ack()


async def back_after_all(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """Back from an outcome that booked nothing."""
    screens.replace(form.view, await form.reopen(Screen.DETAILS))
    await ack()


async def connect_again(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """The outcome again, with fresh links to connect a calendar."""
    screens.replace(form.view, await form.draft())
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

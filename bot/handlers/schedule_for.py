"""The rep's story in order: open, who, details, times, pick, confirm, notify, schedule.

Each handler parses, saves, answers, and leaves the rest to `screens`. What it raises becomes words on the screen in
`errors.py`. `form` is the open form that the request came from.
"""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.colleagues import Colleagues
from bot.command import parse_command
from bot.crossing import Crossing
from bot.drawing import Drawing, Look
from bot.lead import as_command, parse_message
from bot.modals import conflicts, details, more, notifications, outcome, slots, times, who
from bot.modals.blocks import keeping
from bot.open_form import OpenForm
from bot.opening import Click, Opener
from bot.screens import Screens
from scheduling.domain import Draft, DraftState, Prefill, Rep, Screen
from scheduling.errors import SlotTaken
from scheduling.office import Office
from scheduling.zones import search_zones

Payload = dict[str, Any]


# --- 1 open -----------------------------------------------------------------------------------------------------------


async def open_from_command(ack: AsyncAck, command: Payload, rep: Rep, opener: Opener) -> None:
    """The rep types /schedule-for; the words after it fill the form."""
    text = command.get("text") or ""
    opener.open(rep, parse_command(text), Click(command["trigger_id"], command.get("response_url"), text))
    await ack()


async def open_from_shortcut(ack: AsyncAck, shortcut: Payload, rep: Rep, opener: Opener) -> None:
    """The global shortcut: an empty form."""
    opener.open(rep, Prefill.empty(), Click(shortcut["trigger_id"]))
    await ack()


async def open_from_message(ack: AsyncAck, shortcut: Payload, rep: Rep, opener: Opener) -> None:
    """The message shortcut: address, name and subject come from the message."""
    prefill = parse_message(shortcut.get("message") or {})
    opener.open(rep, prefill, Click(shortcut["trigger_id"], shortcut.get("response_url"), as_command(prefill)))
    await ack()


async def open_from_button(ack: AsyncAck, action: Payload, body: Payload, rep: Rep, opener: Opener) -> None:
    """The button on App Home, or the one that repeats a command whose form did not open."""
    text = action.get("value") or ""
    opener.open(rep, parse_command(text), Click(body["trigger_id"], body.get("response_url"), text))
    await ack()


# --- 2 who ------------------------------------------------------------------------------------------------------------


async def zones(
    ack: AsyncAck, options: Payload, rep: Rep, office: Office, crossing: Crossing, drawing: Drawing
) -> None:
    """A time zone is looked up while the rep types: the rep's own and those used of late come first."""
    first = await crossing.local(office.zones_at_hand, rep, within=2.0)
    names = await crossing.local(search_zones, options.get("value") or "", first, within=2.0)
    now = drawing.now()
    await ack(options=[who.zone_option(name, now) for name in names])


async def look_up_customer(ack: AsyncAck, form: OpenForm, opener: Opener, screens: Screens, drawing: Drawing) -> None:
    """Enter in the address field: what the last meeting knows fills the empty fields."""
    typed = who.read(form.view)
    last = await form.last_meeting(typed.email) if typed.email else None
    customer, gained = who.filled(typed, last.customer if last else None)
    draft = await opener.draft_of(form)
    saved = await form.save(draft.form.model_copy(update={"customer": customer}), Screen.WHO, draft.id)
    opening = await form.opening(saved.id)
    screens.put(form.view, saved, who.looked_up(opening, drawing.now(), form.view, gained))
    await ack()


async def resume(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """An unfinished form comes back in place of the empty one."""
    draft = await form.resume(action.get("value") or "")
    screens.replace(form.view, draft, Look(fresh=True))
    await ack()


async def go_on(
    ack: AsyncAck, form: OpenForm, opener: Opener, screens: Screens, drawing: Drawing, colleagues: Colleagues
) -> None:
    """The rep presses Continue. Whether Slack knows the address is found out meanwhile, and stops nothing."""
    entered = who.parse(form.view)
    if entered.errors:
        await ack(response_action="errors", errors=entered.errors)
        return
    draft = await opener.draft_of(form)
    filled = draft.form.model_copy(update={"customer": entered.customer})
    saved = await form.save(filled, Screen.DETAILS, draft.id)
    view = await drawing.details(saved)
    screens.follow_if(form.view, saved, lambda: colleagues.is_new_colleague(form.rep, entered.customer.email))
    await ack(response_action="update", view=view)


# --- 3 details --------------------------------------------------------------------------------------------------------


async def open_field(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens, drawing: Drawing) -> None:
    """Add description, Add team note, More options: the fields come into sight; everything typed stays."""
    typed = details.read(form.view, (await form.draft()).form)
    opened = tuple(sorted({*typed.opened, str(action.get("value") or "description")}))
    saved = await form.save(typed.model_copy(update={"opened": opened}), Screen.DETAILS)
    screens.put(form.view, saved, keeping(await drawing.details(saved), form.view))
    await ack()


async def redraw_details(ack: AsyncAck, form: OpenForm, screens: Screens, drawing: Drawing) -> None:
    """Custom… brings the field for it, a choice from the list takes it away."""
    saved = await form.save(details.read(form.view, (await form.draft()).form), Screen.DETAILS)
    screens.put(form.view, saved, keeping(await drawing.details(saved), form.view))
    await ack()


async def rooms(ack: AsyncAck, options: Payload, form: OpenForm, office: Office, crossing: Crossing) -> None:
    """A room is looked up while the rep types."""
    settings = (await form.draft()).form.settings
    bookable = await crossing.local(office.bookable_rooms, form.rep, settings.connection_id)
    await ack(options=more.rooms_offered(bookable, options.get("value") or ""))


async def back_to_who(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """Back from the details keeps what was typed, right or wrong."""
    typed = details.read(form.view, (await form.draft()).form)
    screens.replace(form.view, await form.save(typed, Screen.WHO))
    await ack()


async def find_times(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """The rep presses Find times; the calendars are read while the loading screen is up."""
    entered = details.parse(form.view, (await form.draft()).form)
    if entered.errors:
        await ack(response_action="errors", errors=entered.errors)
        return
    saved = await form.save(entered.form, Screen.TIMES)
    screens.follow(form.view, saved)
    await ack(response_action="update", view=times.loading(saved))


# --- 4 pick -----------------------------------------------------------------------------------------------------------


async def pick(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens) -> None:
    """A slot button: the time is held for this rep, and shown for confirmation."""
    start = slots.picked(action)
    if start is None:
        raise SlotTaken
    screens.replace(form.view, await form.hold(start))
    await ack()


async def choose_anyway(ack: AsyncAck, action: Payload, form: OpenForm, screens: Screens, drawing: Drawing) -> None:
    """A time with a conflict: what stands in its way is looked up again, and accepted by name."""
    start = slots.start_of(action.get("value"))
    draft = await form.draft()

    async def holding() -> Draft:
        proposal = await drawing.proposal(draft)
        slot = next((each for each in (*proposal.conflicts, *proposal.slots) if each.start == start), None)
        if slot is None:
            raise SlotTaken
        words = tuple(conflicts.obstacle_words(obstacle) for obstacle in slot.obstacles)
        return await form.hold(slot.start, words, slot.obstacles, proposal.read_at)

    screens.replace_after(form.view, draft, holding)
    await ack()


async def back_to_details(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """Back from the times."""
    screens.replace(form.view, await form.turn_to(Screen.DETAILS))
    await ack()


# --- 5 confirm --------------------------------------------------------------------------------------------------------


async def back_to_times(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """Back from the confirmation; the picked time stays held and marked."""
    screens.replace(form.view, await form.turn_to(Screen.TIMES))
    await ack()


async def confirm_details(ack: AsyncAck, form: OpenForm, drawing: Drawing) -> None:
    """The rep presses Next; a hold that ran out meanwhile is claimed again at Schedule."""
    draft = await form.draft()
    if draft.form.slot is None:
        raise SlotTaken
    saved = await form.save(draft.form, Screen.NOTIFICATIONS)
    await ack(response_action="update", view=await drawing.notifications(saved))


# --- 6 notifications --------------------------------------------------------------------------------------------------


async def toggle(ack: AsyncAck, form: OpenForm, screens: Screens, drawing: Drawing) -> None:
    """A box is ticked or cleared; the words for what the customer receives follow."""
    saved = await _save_boxes(form, Screen.NOTIFICATIONS)
    view = await drawing.notifications(saved, fresh=notifications.generation(form.view))
    screens.put(form.view, saved, keeping(view, form.view))
    await ack()


async def back_to_confirm(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """Back from the notifications."""
    screens.replace(form.view, await _save_boxes(form, Screen.CONFIRM))
    await ack()


async def _save_boxes(form: OpenForm, screen: Screen) -> Draft:
    filled = (await form.draft()).form
    choice = notifications.parse(form.view, filled)
    return await form.save(filled.model_copy(update={"on_event": choice.on_event, "by_mail": choice.by_mail}), screen)


async def schedule(ack: AsyncAck, form: OpenForm, screens: Screens) -> None:
    """The rep presses Schedule: submitted in one transaction; everything slow follows from the outbox."""
    choice = notifications.parse(form.view)
    draft = await form.submit(on_event=choice.on_event, by_mail=choice.by_mail)
    if draft.state is DraftState.BOOKED:  # pressed once more: nothing further will come from the outbox
        screens.follow(form.view, draft)
    await ack(response_action="update", view=outcome.scheduling(draft))

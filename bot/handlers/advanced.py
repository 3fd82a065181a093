"""The advanced settings: pushed on top of the notifications, saved or left; leaving them does not end the hold."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.crossing import Crossing
from bot.drawing import Drawing
from bot.modals import advanced, notifications
from bot.open_form import OpenForm
from bot.screens import Screens
from scheduling.domain import Rep, Screen
from scheduling.office import Office

Payload = dict[str, Any]


async def show(
    ack: AsyncAck,
    body: Payload,
    form: OpenForm,
    office: Office,
    crossing: Crossing,
    screens: Screens,
    drawing: Drawing,
) -> None:
    """Show advanced settings…; the boxes below stay as they are ticked."""
    filled = (await form.draft()).form
    choice = notifications.parse(form.view, filled)
    ticked = filled.model_copy(update={"on_event": choice.on_event, "by_mail": choice.by_mail})
    draft = await form.save(ticked, Screen.NOTIFICATIONS)
    targets = await crossing.local(office.targets, form.rep)
    view = advanced.build(draft, targets, drawing.now())
    screens.push(form.view, body["trigger_id"], view, "Show advanced settings…")
    await ack()


async def zones(
    ack: AsyncAck, options: Payload, rep: Rep, office: Office, crossing: Crossing, drawing: Drawing
) -> None:
    """Whose clock the customer's mail goes by is looked up while the rep types."""
    first = await crossing.local(office.zones_at_hand, rep)
    await ack(options=advanced.zones_offered(options.get("value") or "", first, drawing.now()))


async def save(
    ack: AsyncAck, form: OpenForm, office: Office, crossing: Crossing, screens: Screens, drawing: Drawing
) -> None:
    """Save: this view goes, and the words on the one below follow."""
    draft = await form.draft()
    targets = await crossing.local(office.targets, form.rep)
    entered = advanced.parse(form.view, draft.form.settings, targets)
    saved = await form.save(draft.form.model_copy(update={"settings": entered.settings}), Screen.NOTIFICATIONS)
    if entered.as_defaults:
        await crossing.local(office.keep_defaults, form.rep, entered.settings)
    below = form.view.get("previous_view_id") or form.view.get("root_view_id")
    screens.put({"id": below}, saved, await drawing.notifications(saved, fresh=saved.revision))
    await ack()


async def left(ack: AsyncAck, body: Payload, form: OpenForm, crossing: Crossing) -> None:
    """Back discards; the x that closes everything ends the hold, as on every other screen."""
    if body.get("is_cleared") and form.draft_id:
        crossing.background(form.close())
    await ack()

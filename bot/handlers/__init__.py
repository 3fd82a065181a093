"""The table of contents: every Slack id and the function that answers it."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.cards import OPEN, RECONNECT
from bot.handlers import browsing, calendars, errors, home, schedule_for
from bot.modals import confirm, connecting, details, notifications, outcome, slots, times, who

Handler = Callable[..., Awaitable[Any]]

# The most pressed come first: Bolt walks its listeners in order.
ACTIONS: dict[str | re.Pattern[str], Handler] = {
    re.compile(rf"^{slots.SLOT}\.\d+$"): schedule_for.pick,
    times.EARLIER: browsing.show_week,
    times.LATER: browsing.show_week,
    times.JUMP: browsing.show_week,
    times.BACK: schedule_for.back_to_details,
    times.MENU: browsing.show_conflicts,
    times.SHOW_BUTTON: browsing.show_conflicts,
    re.compile(rf"^{re.escape(times.DAY)}\.[\d-]+$"): browsing.show_conflict_day,
    times.ANYWAY: schedule_for.choose_anyway,
    times.AGAIN: browsing.try_again,
    who.RESUME: schedule_for.resume,
    details.ADD_DESCRIPTION: schedule_for.add_description,
    details.LENGTH: schedule_for.choose_length,
    details.BACK: schedule_for.back_to_who,
    confirm.BACK: schedule_for.back_to_times,
    notifications.TOGGLES: schedule_for.toggle,
    notifications.BACK: schedule_for.back_to_confirm,
    outcome.OTHER_TIMES: browsing.other_times,
    outcome.AGAIN: browsing.schedule_again,
    outcome.JOIN: browsing.followed_link,
    outcome.CALENDAR: browsing.followed_link,
    re.compile(rf"^{connecting.CONNECT}\.[a-z0-9_]+$"): browsing.followed_link,
    OPEN: schedule_for.open_from_button,
    RECONNECT: calendars.reconnect,
}

SUBMISSIONS: dict[str, Handler] = {
    who.CALLBACK: schedule_for.go_on,
    details.CALLBACK: schedule_for.find_times,
    confirm.CALLBACK: schedule_for.confirm_details,
    notifications.CALLBACK: schedule_for.schedule,
}

CLOSINGS: dict[str, Handler] = {
    who.CALLBACK: browsing.closed,
    details.CALLBACK: browsing.closed,
    times.CALLBACK: browsing.closed,
    confirm.CALLBACK: browsing.closed,
    notifications.CALLBACK: browsing.closed,
    outcome.CALLBACK: browsing.closed,
}

COMMANDS: dict[str, Handler] = {"/schedule-for": schedule_for.open_from_command}
GLOBAL_SHORTCUTS: dict[str, Handler] = {"schedule_on_behalf": schedule_for.open_from_shortcut}
MESSAGE_SHORTCUTS: dict[str, Handler] = {"schedule_on_behalf_from_message": schedule_for.open_from_message}
OPTIONS: dict[str, Handler] = {who.ZONE: schedule_for.zones}
EVENTS: dict[str, Handler] = {"app_home_opened": home.opened}


def register(app: AsyncApp) -> None:
    """Tell Bolt all of the above."""
    for command, handler in COMMANDS.items():
        app.command(command)(handler)
    for action, handler in ACTIONS.items():
        app.block_action(action)(handler)
    for callback, handler in SUBMISSIONS.items():
        app.view_submission(callback)(handler)
    for callback, handler in CLOSINGS.items():
        app.view_closed(callback)(handler)
    for callback, handler in GLOBAL_SHORTCUTS.items():
        app.global_shortcut(callback)(handler)
    for callback, handler in MESSAGE_SHORTCUTS.items():
        app.message_shortcut(callback)(handler)
    for action, handler in OPTIONS.items():
        app.block_suggestion(action)(handler)
    for event, handler in EVENTS.items():
        app.event(event)(handler)
    app.error(errors.on_error)

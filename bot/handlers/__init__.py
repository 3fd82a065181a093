"""The table of contents: every Slack id and the function that answers it."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot import home_meetings, homepage
from bot import workspace_settings as settings_part
from bot.cards import CHANGE_ROOM, OPEN, RECONNECT, RETRY_LINK
from bot.handlers import advanced as advanced_settings
from bot.handlers import browsing, calendars, errors, home, meetings, schedule_for, settings
from bot.modals import (
    advanced,
    confirm,
    conflicts,
    connecting,
    details,
    links,
    more,
    notifications,
    outcome,
    room,
    slots,
    times,
    week_notes,
    who,
)

Handler = Callable[..., Awaitable[Any]]

# The most pressed come first: Bolt walks its listeners in order.
ACTIONS: dict[str | re.Pattern[str], Handler] = {
    re.compile(rf"^{slots.SLOT}\.\d+$"): schedule_for.pick,
    times.EARLIER: browsing.show_week,
    times.LATER: browsing.show_week,
    times.JUMP: browsing.jump,
    times.BACK: schedule_for.back_to_details,
    times.MENU: browsing.choose_in_menu,
    times.ZONE: browsing.change_zone,
    times.LENGTH: browsing.change_length,
    times.SHOW_BUTTON: browsing.show_conflicts,
    re.compile(rf"^{re.escape(conflicts.DAY)}\.[\d-]+$"): browsing.show_conflict_day,
    conflicts.ANYWAY: schedule_for.choose_anyway,
    re.compile(rf"^{re.escape(week_notes.ASK)}\.[A-Z0-9]+$"): browsing.ask_to_connect,
    times.AGAIN: browsing.try_again,
    who.RESUME: schedule_for.resume,
    who.EMAIL: schedule_for.look_up_customer,
    details.ADD_DESCRIPTION: schedule_for.open_field,
    details.ADD_NOTE: schedule_for.open_field,
    details.MORE: schedule_for.open_field,
    details.LENGTH: schedule_for.redraw_details,
    more.CONFERENCING: schedule_for.redraw_details,
    details.BACK: schedule_for.back_to_who,
    confirm.BACK: schedule_for.back_to_times,
    notifications.TOGGLES: schedule_for.toggle,
    notifications.BACK: schedule_for.back_to_confirm,
    notifications.ADVANCED: advanced_settings.show,
    outcome.OTHER_TIMES: browsing.other_times,
    outcome.AGAIN: browsing.schedule_again,
    outcome.BACK: browsing.back_after_all,
    outcome.CONNECT_AGAIN: browsing.connect_again,
    outcome.JOIN: browsing.followed_link,
    outcome.CALENDAR: browsing.followed_link,
    re.compile(rf"^{connecting.CONNECT}\.[a-z0-9_]+$"): browsing.followed_link,
    OPEN: schedule_for.open_from_button,
    RECONNECT: calendars.reconnect,
    RETRY_LINK: meetings.retry_link,
    home_meetings.SINCE: home.find,
    home_meetings.UNTIL: home.find,
    home_meetings.SEARCH: home.find,
    home_meetings.CLEAR: home.show_ahead,
    re.compile(rf"^{re.escape(CHANGE_ROOM)}\.\d+$"): meetings.change_room,
    homepage.CONNECT: calendars.connect,
    homepage.DISCONNECT: calendars.disconnect,
    homepage.INVITER: calendars.choose_inviter,
    settings_part.CHANNEL: settings.choose_channel,
    settings_part.NO_CHANNEL: settings.choose_channel,
    settings_part.CARD: settings.choose_card,
    settings_part.ADD_ROOM: settings.add_room,
    settings_part.IMPORT_ROOMS: settings.import_rooms,
    settings_part.CONNECT_ROOM: settings.connect_room,
    settings_part.RENAME_ROOM: settings.rename_room,
    settings_part.REMOVE_ROOM: settings.remove_room,
    settings_part.ROOMS_BEFORE: settings.turn_rooms,
    settings_part.ROOMS_AFTER: settings.turn_rooms,
}

SUBMISSIONS: dict[str, Handler] = {
    who.CALLBACK: schedule_for.go_on,
    details.CALLBACK: schedule_for.find_times,
    confirm.CALLBACK: schedule_for.confirm_details,
    notifications.CALLBACK: schedule_for.schedule,
    room.CALLBACK: settings.save_room,
    advanced.CALLBACK: advanced_settings.save,
}

CLOSINGS: dict[str, Handler] = {
    who.CALLBACK: browsing.closed,
    details.CALLBACK: browsing.closed,
    times.CALLBACK: browsing.closed,
    confirm.CALLBACK: browsing.closed,
    notifications.CALLBACK: browsing.closed,
    advanced.CALLBACK: advanced_settings.left,
    outcome.CALLBACK: browsing.closed,
    links.CALLBACK: browsing.followed_link,
    room.CALLBACK: browsing.followed_link,
}

COMMANDS: dict[str, Handler] = {"/schedule-for": schedule_for.open_from_command}
GLOBAL_SHORTCUTS: dict[str, Handler] = {"schedule_on_behalf": schedule_for.open_from_shortcut}
MESSAGE_SHORTCUTS: dict[str, Handler] = {"schedule_on_behalf_from_message": schedule_for.open_from_message}
OPTIONS: dict[str, Handler] = {
    who.ZONE: schedule_for.zones,
    times.ZONE: schedule_for.zones,
    more.ROOMS: schedule_for.rooms,
    advanced.SHOWN_ZONE: advanced_settings.zones,
}
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

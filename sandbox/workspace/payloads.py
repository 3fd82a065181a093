"""The requests Slack sends to an app, key by key. Pure builders over the workspace's state."""

from typing import Any

from sandbox.workspace.api_chat import message_as_sent
from sandbox.workspace.api_views import view_as_sent
from sandbox.workspace.records import Channel, Message, View
from sandbox.workspace.state import Workspace
from sandbox.workspace.values import as_payload

Payload = dict[str, Any]


def channel_name(channel: Channel) -> str:
    """How payloads name a channel; direct messages have no name of their own."""
    return "directmessage" if channel.with_user else "privategroup" if channel.is_private else channel.name


def _base(workspace: Workspace, user_id: str, kind: str) -> Payload:
    team = workspace.teams[workspace.home_team[user_id]]
    person = workspace.people[user_id]
    return {
        "type": kind,
        "team": {"id": team.id, "domain": team.domain},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": team.id},
        "api_app_id": workspace.app.id,
        "token": workspace.app.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def slash_command(workspace: Workspace, user_id: str, channel: Channel, command: str, text: str) -> Payload:
    """A slash command; every value is text, as in a form."""
    team = workspace.teams[workspace.home_team[user_id]]
    return {
        "token": workspace.app.verification_token,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user_id,
        "user_name": workspace.people[user_id].name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app.id,
        "is_enterprise_install": "false",
        "response_url": workspace.new_response_url(channel.id, user_id),
        "trigger_id": workspace.new_trigger(user_id).id,
    }


def shortcut(workspace: Workspace, user_id: str, callback_id: str) -> Payload:
    """A global shortcut."""
    more = {
        "callback_id": callback_id,
        "trigger_id": workspace.new_trigger(user_id).id,
        "action_ts": workspace.next_ts(),
    }
    return _base(workspace, user_id, "shortcut") | more


def message_action(workspace: Workspace, user_id: str, callback_id: str, message: Message) -> Payload:
    """A message shortcut."""
    channel = workspace.channels[message.channel]
    return _base(workspace, user_id, "message_action") | {
        "callback_id": callback_id,
        "trigger_id": workspace.new_trigger(user_id).id,
        "action_ts": workspace.next_ts(),
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": message_as_sent(workspace, message),
        "response_url": workspace.new_response_url(channel.id, user_id, message.ts),
    }


def _place(workspace: Workspace, user_id: str, surface: View | Message) -> Payload:
    if isinstance(surface, View):
        sent = view_as_sent(workspace, surface, with_state=True)
        return {"container": {"type": "view", "view_id": surface.id}, "view": sent}
    channel = workspace.channels[surface.channel]
    container = {
        "type": "message",
        "message_ts": surface.ts,
        "channel_id": channel.id,
        "is_ephemeral": surface.only_for is not None,
    }
    place: Payload = {"container": container, "channel": {"id": channel.id, "name": channel_name(channel)}}
    if surface.only_for is None:
        place["message"] = message_as_sent(workspace, surface)
    return place


def block_actions(workspace: Workspace, user_id: str, surface: View | Message, action: Payload) -> Payload:
    """A click, or a changed choice, with the state of the whole surface."""
    payload = _base(workspace, user_id, "block_actions") | _place(workspace, user_id, surface)
    payload |= {"actions": [action | {"action_ts": workspace.next_ts()}]}
    view_id = surface.id if isinstance(surface, View) and surface.is_modal else None
    payload["trigger_id"] = workspace.new_trigger(user_id, view_id).id
    if isinstance(surface, Message):
        payload["state"] = {"values": as_payload(surface.values)}
        payload["response_url"] = workspace.new_response_url(surface.channel, user_id, surface.ts)
    return payload


def block_suggestion(
    workspace: Workspace, user_id: str, surface: View | Message, ids: tuple[str, str], query: str
) -> Payload:
    """What was typed into an external select."""
    payload = _base(workspace, user_id, "block_suggestion") | _place(workspace, user_id, surface)
    return payload | {"block_id": ids[0], "action_id": ids[1], "value": query}


def view_submission(workspace: Workspace, user_id: str, view: View) -> Payload:
    """A pressed submit button."""
    return _base(workspace, user_id, "view_submission") | {
        "trigger_id": workspace.new_trigger(user_id, view.id).id,
        "view": view_as_sent(workspace, view, with_state=True),
        "response_urls": _response_urls(workspace, user_id, view),
    }


def _response_urls(workspace: Workspace, user_id: str, view: View) -> list[Payload]:
    urls = []
    for block in view.blocks:
        element = block.get("element", {})
        if element.get("response_url_enabled"):
            state = view.values[block["block_id"], element["action_id"]]
            channel = state.get("selected_channel") or state.get("selected_conversation")
            if channel:
                url = workspace.new_response_url(channel, user_id)
                ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
                urls.append({**ids, "channel_id": channel, "response_url": url})
    return urls


def view_closed(workspace: Workspace, user_id: str, view: View, *, is_cleared: bool) -> Payload:
    """A closed view that asked to be told; it carries no trigger."""
    sent = view_as_sent(workspace, view, with_state=True)
    return _base(workspace, user_id, "view_closed") | {"view": sent, "is_cleared": is_cleared}


def event(workspace: Workspace, team_id: str, content: Payload) -> Payload:
    """An Events API envelope around an event."""
    now = int(workspace.clock().timestamp())
    authorization = {
        "enterprise_id": None,
        "team_id": team_id,
        "user_id": workspace.installation_of(team_id).bot_user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": workspace.app.verification_token,
        "team_id": team_id,
        "api_app_id": workspace.app.id,
        "event": content,
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
        "event_time": now,
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
    }


def app_home_opened(workspace: Workspace, user_id: str, tab: str = "home") -> Payload:
    """Somebody opens the app's home tab."""
    team_id = workspace.home_team[user_id]
    content: Payload = {
        "type": "app_home_opened",
        "user": user_id,
        "channel": workspace.direct_message(user_id, team_id).id,
        "tab": tab,
        "event_ts": workspace.next_ts(),
    }
    if user_id in workspace.homes:
        content["view"] = view_as_sent(workspace, workspace.homes[user_id], with_state=True)
    return event(workspace, team_id, content)

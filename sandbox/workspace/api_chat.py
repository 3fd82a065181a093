"""chat.* and the answers posted to a response_url: who may write where, and what becomes of a message."""

from typing import Any

from sandbox.workspace.api_kit import Answer, ApiCall, ApiError, Method, refusal
from sandbox.workspace.records import Channel, Installation, Message, ResponseUrl
from sandbox.workspace.rule_kit import json_size
from sandbox.workspace.rules import validate_message
from sandbox.workspace.state import RESPONSE_URL_SECONDS, RESPONSE_URL_USES, Workspace
from sandbox.workspace.values import fill_ids, values_for

LONGEST_BLOCKS = 13_200  # where Slack starts to answer msg_blocks_too_long


def message_as_sent(workspace: Workspace, message: Message) -> dict[str, Any]:
    """A message as Slack writes it in answers and payloads."""
    team_id = workspace.channel_team[message.channel]
    sent: dict[str, Any] = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": team_id,
    }
    if message.bot_id:
        sent |= {"bot_id": message.bot_id, "app_id": workspace.app.id}
    if message.blocks:
        sent["blocks"] = message.blocks
    if message.thread_ts:
        sent["thread_ts"] = message.thread_ts
    if message.edited:
        sent["edited"] = {"user": message.user, "ts": message.edited}
    return sent


def _content(call: ApiCall) -> dict[str, Any]:
    content = {name: call.structure(name) for name in ("blocks", "attachments") if call.arguments.get(name) is not None}
    if call.arguments.get("text") is not None:
        content["text"] = call.arguments["text"]
    bad = call.workspace.note_findings(call.method, validate_message(content, allow_broadcast=call.flag("link_names")))
    if any(finding.rule == "M2" for finding in bad) and isinstance(content.get("text"), str):
        raise ApiError("msg_too_long")
    if bad:
        raise refusal("invalid_blocks", bad, with_errors=True)
    if json_size(content.get("blocks") or []) > LONGEST_BLOCKS:
        raise ApiError("msg_blocks_too_long")
    if not content.get("text") and not content.get("blocks") and not content.get("attachments"):
        raise ApiError("no_text")
    return content


def put_message(
    workspace: Workspace,
    channel: str,
    author: Installation,
    content: dict[str, Any],
    *,
    only_for: str | None = None,
    thread_ts: str | None = None,
) -> Message:
    """Write a message of the app's bot into a channel."""
    with workspace.changing():
        blocks = fill_ids({"blocks": content.get("blocks") or []})["blocks"]
        message = Message(
            workspace.next_ts(),
            channel,
            author.bot_user_id,
            content.get("text", ""),
            blocks,
            author.bot_id,
            only_for,
            thread_ts,
        )
        message.values = values_for(blocks)
        workspace.messages[channel].append(message)
    return message


def change_message(workspace: Workspace, message: Message, content: dict[str, Any]) -> None:
    """Give a message another content; text without blocks removes the blocks."""
    with workspace.changing():
        message.text = content.get("text", "" if content.get("blocks") else message.text)
        message.blocks = fill_ids({"blocks": content.get("blocks") or []})["blocks"]
        message.values = values_for(message.blocks, message.values)
        message.edited = None if message.blocks else workspace.next_ts()


def _named(call: ApiCall, name: str) -> Channel:
    """The channel by id or #name; a member's id stands for the direct message with them."""
    workspace = call.workspace
    if name in workspace.people:
        person = call.person(name)
        if person.is_bot:
            raise ApiError("cannot_dm_bot")
        return workspace.direct_message(person.id, call.installation.team_id)
    for channel in workspace.channels.values():
        if f"#{channel.name}" == name and workspace.channel_team[channel.id] == call.installation.team_id:
            return call.channel(channel.id)
    return call.channel(name)


def _may_write(call: ApiCall, channel: Channel) -> None:
    if channel.is_archived:
        raise ApiError("is_archived")
    is_open = not channel.is_private and "chat:write.public" in call.installation.scopes
    if call.installation.bot_user_id not in channel.members and not is_open:
        raise ApiError("not_in_channel")


def post_message(call: ApiCall) -> Answer:
    """A message in a channel or a direct message."""
    workspace = call.workspace
    with workspace.changing():
        channel = _named(call, call.need("channel"))
        _may_write(call, channel)
        content = _content(call)
        message = put_message(
            workspace, channel.id, call.installation, content, thread_ts=call.text("thread_ts") or None
        )
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": message_as_sent(workspace, message)}


def post_ephemeral(call: ApiCall) -> Answer:
    """A message that one member of the channel sees."""
    channel = _named(call, call.need("channel"))
    user = call.person(call.need("user"))
    _may_write(call, channel)
    if user.id not in channel.members:
        raise ApiError("user_not_in_channel")
    message = put_message(call.workspace, channel.id, call.installation, _content(call), only_for=user.id)
    return {"ok": True, "message_ts": message.ts}


def _own(call: ApiCall, error: str) -> Message:
    channel = call.channel(call.need("channel"))
    message = call.workspace.find_message(channel.id, call.need("ts"))
    if message is None or message.only_for:
        raise ApiError("message_not_found")
    if message.bot_id != call.installation.bot_id:
        raise ApiError(error)
    return message


def update(call: ApiCall) -> Answer:
    """Another content for one of the app's own messages."""
    message = _own(call, "cant_update_message")
    change_message(call.workspace, message, _content(call))
    sent = message_as_sent(call.workspace, message)
    return {"ok": True, "channel": message.channel, "ts": message.ts, "text": message.text, "message": sent}


def delete(call: ApiCall) -> Answer:
    """Take one of the app's own messages away."""
    message = _own(call, "cant_delete_message")
    with call.workspace.changing():
        call.workspace.messages[message.channel].remove(message)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


def get_permalink(call: ApiCall) -> Answer:
    """A link to a message."""
    channel = call.channel(call.need("channel"))
    ts = call.need("message_ts")
    if call.workspace.find_message(channel.id, ts) is None:
        raise ApiError("message_not_found")
    domain = call.workspace.teams[call.installation.team_id].domain
    link = f"https://{domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def answer_response_url(workspace: Workspace, code: str, body: dict[str, Any]) -> tuple[int, str]:
    """A post to a response_url: (HTTP status, body). Five uses in half an hour."""
    with workspace.changing():
        link = workspace.response_urls.get(code)
        if link is None:
            return 404, "no_such_url"
        if link.uses >= RESPONSE_URL_USES:
            return 404, "used_url"
        if (workspace.clock() - link.made_at).total_seconds() > RESPONSE_URL_SECONDS:
            return 404, "expired_url"
        if workspace.note_findings("response_url", validate_message(body)):
            return 400, "invalid_blocks"
        link.uses += 1
        return _respond(workspace, link, body)


def _respond(workspace: Workspace, link: ResponseUrl, body: dict[str, Any]) -> tuple[int, str]:
    installation = workspace.installation_of(workspace.home_team[link.user_id])
    original = workspace.find_message(link.channel, link.message_ts) if link.message_ts else None
    if body.get("delete_original") and original is not None:
        workspace.messages[link.channel].remove(original)
        return 200, "ok"
    if not body.get("text") and not body.get("blocks"):
        return 400, "no_text"
    if body.get("replace_original") and original is not None:
        change_message(workspace, original, body)
    else:
        only_for = None if body.get("response_type") == "in_channel" else link.user_id
        put_message(workspace, link.channel, installation, body, only_for=only_for)
    return 200, "ok"


WRITE = ("chat:write",)
METHODS = {
    "chat.postMessage": Method(post_message, WRITE),
    "chat.postEphemeral": Method(post_ephemeral, WRITE),
    "chat.update": Method(update, WRITE),
    "chat.delete": Method(delete, WRITE),
    "chat.getPermalink": Method(get_permalink),
}

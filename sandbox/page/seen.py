"""What one person sees, as JSON for the page: sidebar, messages, modal stack, App Home. Changes nothing.

Call with the workspace's lock held. Inputs carry their value in the form the browser edits it: text, a list of option
values (own options), of whole options (external), or of ids.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.page.markup import Reader
from sandbox.seed import ROOMS
from sandbox.workspace.records import Channel, Message, View
from sandbox.workspace.render import Eye
from sandbox.workspace.rules import elements_of
from sandbox.workspace.state import Workspace
from sandbox.workspace.values import LISTED, STATE_KEYS, Values, stateful

Json = dict[str, Any]
LATEST_MESSAGES = 100


def surroundings(workspace: Workspace, user_id: str, notices: list[str]) -> Json:
    """The sidebar: who one is, who else there is, channels, and what the app offers."""
    app = workspace.app
    return {
        "user": user_id,
        "team": workspace.team.name,
        "app": app.name,
        "people": [_person(workspace, each.id) for each in workspace.people.values() if not each.is_bot],
        "rooms": [{"name": name, "handle": account} for account, name in ROOMS.items()],
        "bots": [each.id for each in workspace.people.values() if each.is_bot],
        "channels": [
            {"id": c.id, "name": c.name, "dm": c.with_user is not None} for c in visible_channels(workspace, user_id)
        ],
        "commands": sorted(app.commands or ()),
        "shortcuts": [{"name": s.name, "kind": s.kind} for s in app.shortcuts],
        "notices": notices,
    }


def _person(workspace: Workspace, user_id: str) -> Json:
    person = workspace.people[user_id]
    zone = ZoneInfo(person.tz)
    now = workspace.clock().astimezone(zone)
    city = person.tz.rpartition("/")[2].replace("_", " ")
    return {"id": person.id, "name": person.real_name, "handle": person.name, "zone": person.tz, "city": city} | {
        "clock": f"{now:%H:%M} {now:%Z}"
    }


def visible_channels(workspace: Workspace, user_id: str) -> list[Channel]:
    """Channels one is in, the app's direct message last."""
    mine = [c for c in workspace.channels.values() if user_id in c.members and not c.is_archived]
    return sorted(mine, key=lambda channel: (channel.with_user is not None, channel.name))


def conversations(workspace: Workspace, user_id: str) -> dict[str, list[Json]]:
    """The messages of every channel one is in, oldest first, as one sees them."""
    reader = Reader(workspace, user_id)
    return {
        channel.id: [
            message_seen(workspace, reader, message)
            for message in workspace.messages[channel.id][-LATEST_MESSAGES:]
            if message.only_for in (None, user_id)
        ]
        for channel in visible_channels(workspace, user_id)
    }


def message_seen(workspace: Workspace, reader: Reader, message: Message) -> Json:
    """One message; its blocks, else its text."""
    author = workspace.people[message.user]
    return {
        "ts": message.ts,
        "id": f"{message.channel}:{message.ts}",
        "author": author.real_name,
        "user": author.id,
        "bot": author.is_bot,
        "at": reader.moment(message.ts),
        "spans": [] if message.blocks else list(reader.mrkdwn(message.text)),
        "text": plain(workspace, author.id if not author.is_bot else None, message.text),
        "blocks": reader.dressed(message.blocks),
        "values": values_seen(message.blocks, message.values, None),
        "ephemeral": message.only_for is not None,
        "edited": message.edited is not None,
        "thread": message.thread_ts if message.thread_ts != message.ts else None,
        "notice": message.notice,
    }


def plain(workspace: Workspace, viewer: str | None, text: str) -> str:
    """A message's text for the live region, without mark-up."""
    who = viewer or next(iter(workspace.people))
    return re.sub(r"\s+", " ", Eye(workspace, who).mrkdwn(text))[:300]


def stack_seen(workspace: Workspace, user_id: str) -> list[Json]:
    """The open modals, the visible one last."""
    return [view_seen(workspace, user_id, view) for view in workspace.stacks[user_id]]


def home_seen(workspace: Workspace, user_id: str) -> Json | None:
    """App Home, where the app published it."""
    view = workspace.homes.get(user_id)
    return view_seen(workspace, user_id, view) if view else None


def view_seen(workspace: Workspace, user_id: str, view: View) -> Json:
    """A modal or home tab with what is typed in it."""
    definition = view.definition
    reader = Reader(workspace, user_id)
    seen = {
        "id": view.id,
        "blocks": reader.dressed(view.blocks),
        "values": values_seen(view.blocks, view.values, workspace.zone_of(user_id)),
        "errors": view.errors,
        "notice": view.notice,
        "busy": view.is_busy,
    }
    if view.is_modal:
        seen |= {
            "title": definition["title"]["text"],
            "submit": definition["submit"]["text"] if "submit" in definition else None,
            "close": definition["close"]["text"] if "close" in definition else "Cancel",
        }
    return seen


def values_seen(blocks: list[Json], values: Values, zone: ZoneInfo | None) -> dict[str, Any]:
    """What stands in each input, by `block_id action_id`."""
    return {
        f"{block['block_id']} {element['action_id']}": _value(element, values, block["block_id"], zone)
        for block, element in stateful(blocks)
    }


def _value(element: Json, values: Values, block_id: str, zone: ZoneInfo | None) -> Any:  # noqa: ANN401 - depends on it
    kind = element["type"]
    value = values.get((block_id, element["action_id"]), {}).get(STATE_KEYS[kind][0])
    if kind in LISTED:
        chosen = value if isinstance(value, list) else [value] if value else []
        return [option["value"] for option in chosen]
    if kind.endswith("_select"):
        return value if isinstance(value, list) else [value] if value else []
    if kind == "rich_text_input":
        return _rich_as_text(value) if value else ""
    if kind == "datetimepicker" and value:
        return f"{datetime.fromtimestamp(value, zone):%Y-%m-%dT%H:%M}"
    return value if value is not None else ""


def _rich_as_text(value: Json) -> str:
    return "\n".join(
        "".join(leaf.get("text", "") for leaf in part.get("elements", [])) for part in value.get("elements", [])
    )


def find_element(blocks: list[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    """The block and element with these ids. Raises LookupError where the app changed the screen meanwhile."""
    for block in blocks:
        if block.get("block_id") == block_id:
            for _, element in elements_of(block):
                if element.get("action_id") == action_id:
                    return block, element
    raise LookupError("The app changed this screen meanwhile.")


def monday_of(workspace: Workspace, zone: str, wanted: str | None) -> date:
    """The Monday asked for, else this week's; at a weekend next week's, when meetings happen again."""
    today = workspace.clock().astimezone(ZoneInfo(zone)).date()
    day = date.fromisoformat(wanted) if wanted else today + timedelta(days=2 if today.weekday() >= 5 else 0)
    return day - timedelta(days=day.weekday())

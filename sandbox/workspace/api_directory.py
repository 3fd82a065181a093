"""Who and what there is: auth, apps, OAuth, conversations, users, user groups, team and bots."""

import secrets
from datetime import timedelta
from typing import Any

from sandbox.workspace.api_kit import Answer, ApiCall, ApiError, Method
from sandbox.workspace.records import Channel, Installation, Person
from sandbox.workspace.state import Workspace


def auth_test(call: ApiCall) -> Answer:
    """Whose token this is."""
    i = call.installation
    team = call.workspace.teams[i.team_id]
    return {
        "ok": True,
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": call.workspace.people[i.bot_user_id].name,
        "team_id": team.id,
        "user_id": i.bot_user_id,
        "bot_id": i.bot_id,
        "is_enterprise_install": False,
    }


def auth_revoke(call: ApiCall) -> Answer:
    """The token stops working; `test` only asks."""
    if not call.flag("test"):
        call.installation.revoked = True
    return {"ok": True, "revoked": not call.flag("test")}


def apps_uninstall(call: ApiCall) -> Answer:
    """The app leaves the team."""
    if (call.text("client_id"), call.text("client_secret")) != (
        call.workspace.app.client_id,
        call.workspace.app.client_secret,
    ):
        raise ApiError("client_id_token_mismatch")
    call.installation.revoked = True
    return {"ok": True}


def connections_open(call: ApiCall) -> Answer:
    """An address for one Socket Mode connection, good for one use."""
    ticket = secrets.token_hex(16)
    call.workspace.codes[ticket] = {"socket": "open"}
    base = call.workspace.public_url.replace("http", "ws", 1)
    return {"ok": True, "url": f"{base}/link/?ticket={ticket}&app_id={call.workspace.app.id}"}


def oauth_access(call: ApiCall) -> Answer:
    """A code, or a refresh token, becomes a bot's token; both work once."""
    app = call.workspace.app
    given = call.basic or (call.text("client_id"), call.text("client_secret"))
    if given[0] != app.client_id:
        raise ApiError("invalid_client_id")
    if given[1] != app.client_secret:
        raise ApiError("bad_client_secret")
    with call.workspace.changing():
        if call.text("grant_type") == "refresh_token":
            return _refreshed(call)
        grant = call.workspace.codes.pop(call.text("code"), None)
        if grant is None or "team_id" not in grant:
            raise ApiError("invalid_code")
        if grant["redirect_uri"] != call.text("redirect_uri", grant["redirect_uri"]):
            raise ApiError("bad_redirect_uri")
        installation = call.workspace.install(grant["team_id"], scopes=grant["scope"].split(","))
    return _granted(call.workspace, installation, grant["user_id"])


def _refreshed(call: ApiCall) -> Answer:
    old = call.workspace.installations.get(call.workspace.refresh_tokens.pop(call.text("refresh_token"), ""))
    if old is None or old.revoked:
        raise ApiError("invalid_refresh_token")
    installation = call.workspace.install(old.team_id, scopes=old.scopes)
    installation.expires_at = call.workspace.clock() + timedelta(hours=12)
    answer = _granted(call.workspace, installation, "")
    answer |= {"refresh_token": new_refresh_token(call.workspace, installation), "expires_in": 43_200}
    answer.pop("authed_user")
    return answer


def new_refresh_token(workspace: Workspace, installation: Installation) -> str:
    """A token that buys one new bot token."""
    token = f"xoxe-1-{secrets.token_hex(16)}"
    workspace.refresh_tokens[token] = installation.token
    return token


def _granted(workspace: Workspace, installation: Installation, user_id: str) -> Answer:
    team = workspace.teams[installation.team_id]
    return {
        "ok": True,
        "app_id": workspace.app.id,
        "authed_user": {"id": user_id},
        "scope": ",".join(installation.scopes),
        "token_type": "bot",
        "access_token": installation.token,
        "bot_user_id": installation.bot_user_id,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_as_sent(call: ApiCall, channel: Channel) -> dict[str, Any]:
    """A conversation object."""
    is_im = channel.with_user is not None
    common = {
        "id": channel.id,
        "is_im": is_im,
        "is_archived": channel.is_archived,
        "context_team_id": call.installation.team_id,
    }
    if is_im:
        return {**common, "user": channel.with_user, "is_channel": False, "is_open": True}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_private": channel.is_private,
        "is_member": call.installation.bot_user_id in channel.members,
        "num_members": len(channel.members),
    }


def conversations_info(call: ApiCall) -> Answer:
    """One conversation."""
    return {"ok": True, "channel": channel_as_sent(call, call.channel(call.need("channel")))}


def conversations_members(call: ApiCall) -> Answer:
    """The ids of a conversation's members."""
    members, metadata = call.page(sorted(call.channel(call.need("channel")).members))
    return {"ok": True, "members": members, "response_metadata": metadata}


def conversations_list(call: ApiCall) -> Answer:
    """The conversations of the asked types that the bot can see."""
    types = set(call.text("types", "public_channel").replace(" ", "").split(","))
    bot, team_id = call.installation.bot_user_id, call.installation.team_id
    found = []
    for channel in call.workspace.channels.values():
        kind = "im" if channel.with_user else "private_channel" if channel.is_private else "public_channel"
        is_visible = call.workspace.channel_team[channel.id] == team_id and (
            not channel.is_private or bot in channel.members
        )
        if kind in types and is_visible and not (channel.is_archived and call.flag("exclude_archived")):
            found.append(channel_as_sent(call, channel))
    channels, metadata = call.page(found)
    return {"ok": True, "channels": channels, "response_metadata": metadata}


def conversations_open(call: ApiCall) -> Answer:
    """The direct message with one member."""
    users = [user for user in call.text("users").split(",") if user]
    if len(users) != 1:
        raise ApiError("users_list_not_supplied" if not users else "method_not_supported_for_channel_type")
    channel = call.workspace.direct_message(call.person(users[0]).id, call.installation.team_id)
    return {"ok": True, "channel": {"id": channel.id}}


def person_as_sent(call: ApiCall, person: Person) -> dict[str, Any]:
    """A user object; the address only with users:read.email."""
    now = call.workspace.clock().astimezone(call.workspace.zone_of(person.id))
    offset = now.utcoffset() or timedelta()
    profile = {"real_name": person.real_name, "display_name": person.name, "team": call.installation.team_id}
    if person.email and "users:read.email" in call.installation.scopes:
        profile["email"] = person.email
    return {
        "id": person.id,
        "team_id": call.installation.team_id,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.deleted,
        "tz": person.tz,
        "tz_label": zone_label(person.tz, offset, is_summer=bool(now.dst())),
        "tz_offset": int(offset.total_seconds()),
        "profile": profile,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_bot": person.is_bot,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_app_user": False,
    }


def zone_label(tz: str, offset: timedelta, *, is_summer: bool) -> str:
    """A long zone name as Slack's profiles show it, or the offset where none is known."""
    known = {
        "Europe/Berlin": ("Central European Time", "Central European Summer Time"),
        "Europe/London": ("Greenwich Mean Time", "British Summer Time"),
        "America/New_York": ("Eastern Standard Time", "Eastern Daylight Time"),
        "America/Chicago": ("Central Standard Time", "Central Daylight Time"),
        "America/Los_Angeles": ("Pacific Standard Time", "Pacific Daylight Time"),
        "Asia/Kolkata": ("India Standard Time",) * 2,
        "Asia/Tokyo": ("Japan Standard Time",) * 2,
        "UTC": ("Coordinated Universal Time",) * 2,
    }
    if tz in known:
        return known[tz][is_summer]
    minutes = int(offset.total_seconds() // 60)
    return f"UTC{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _members(call: ApiCall) -> list[Person]:
    return [p for p in call.workspace.people.values() if call.workspace.home_team[p.id] == call.installation.team_id]


def users_info(call: ApiCall) -> Answer:
    """One member with time zone and, by scope, address."""
    return {"ok": True, "user": person_as_sent(call, call.person(call.need("user")))}


def users_list(call: ApiCall) -> Answer:
    """All members of the team."""
    members, metadata = call.page([person_as_sent(call, person) for person in _members(call)])
    return {
        "ok": True,
        "members": members,
        "cache_ts": int(call.workspace.clock().timestamp()),
        "response_metadata": metadata,
    }


def users_lookup(call: ApiCall) -> Answer:
    """The member with that address."""
    email = call.need("email").lower()
    for person in _members(call):
        if person.email.lower() == email and not person.deleted and not person.is_bot:
            return {"ok": True, "user": person_as_sent(call, person)}
    raise ApiError("users_not_found")


def usergroups_list(call: ApiCall) -> Answer:
    """The team's user groups; members only when asked for."""
    with_users = call.flag("include_users")
    groups = [g if with_users else {k: v for k, v in g.items() if k != "users"} for g in call.workspace.usergroups]
    return {"ok": True, "usergroups": groups}


def usergroup_users(call: ApiCall) -> Answer:
    """The members of one user group."""
    for group in call.workspace.usergroups:
        if group["id"] == call.need("usergroup"):
            return {"ok": True, "users": group.get("users", [])}
    raise ApiError("no_such_subteam")


def team_info(call: ApiCall) -> Answer:
    """The team."""
    team = call.workspace.teams[call.installation.team_id]
    return {"ok": True, "team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": ""}}


def bots_info(call: ApiCall) -> Answer:
    """The app's bot."""
    for installation in call.workspace.installations.values():
        if installation.bot_id == call.text("bot") and installation.team_id == call.installation.team_id:
            bot = {"id": installation.bot_id, "app_id": call.workspace.app.id, "name": call.workspace.app.name}
            return {"ok": True, "bot": {**bot, "user_id": installation.bot_user_id, "deleted": installation.revoked}}
    raise ApiError("bot_not_found")


READ_CHANNELS = ("channels:read", "groups:read", "im:read", "mpim:read")
OPEN_CHANNELS = ("channels:manage", "groups:write", "im:write", "mpim:write")
METHODS = {
    "auth.test": Method(auth_test),
    "auth.revoke": Method(auth_revoke),
    "apps.uninstall": Method(apps_uninstall),
    "apps.connections.open": Method(connections_open, token="app"),
    "oauth.v2.access": Method(oauth_access, token="none"),
    "conversations.info": Method(conversations_info, READ_CHANNELS),
    "conversations.members": Method(conversations_members, READ_CHANNELS),
    "conversations.list": Method(conversations_list, READ_CHANNELS),
    "conversations.open": Method(conversations_open, OPEN_CHANNELS),
    "users.info": Method(users_info, ("users:read",)),
    "users.list": Method(users_list, ("users:read",)),
    "users.lookupByEmail": Method(users_lookup, ("users:read.email",)),
    "usergroups.list": Method(usergroups_list, ("usergroups:read",)),
    "usergroups.users.list": Method(usergroup_users, ("usergroups:read",)),
    "team.info": Method(team_info, ("team:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
}

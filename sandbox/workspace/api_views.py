"""views.open, push, update and publish, and blocks.validate: triggers, stacks, hashes and external ids."""

import copy
from typing import Any, Literal

from sandbox.workspace.api_kit import Answer, ApiCall, ApiError, Method, refusal
from sandbox.workspace.records import Trigger, View
from sandbox.workspace.rule_kit import Finding
from sandbox.workspace.rules import DEEPEST, validate_message, validate_view, warn_about_kept_values
from sandbox.workspace.state import TRIGGER_SECONDS, Workspace
from sandbox.workspace.values import as_payload, fill_ids, values_for


def view_as_sent(workspace: Workspace, view: View, *, with_state: bool = False) -> dict[str, Any]:
    """A view as Slack writes it in answers and payloads; only payloads carry what is typed."""
    definition = view.definition
    installation = workspace.installation_of(view.team_id)
    return {
        "id": view.id,
        "team_id": view.team_id,
        "type": definition["type"],
        "blocks": copy.deepcopy(definition["blocks"]),
        "private_metadata": definition.get("private_metadata", ""),
        "callback_id": definition.get("callback_id", ""),
        "state": {"values": as_payload(view.values) if with_state else {}},
        "hash": view.hash,
        "title": definition.get("title"),
        "clear_on_close": definition.get("clear_on_close", False),
        "notify_on_close": definition.get("notify_on_close", False),
        "close": definition.get("close"),
        "submit": definition.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": workspace.app.id,
        "external_id": definition.get("external_id", ""),
        "app_installed_team_id": view.team_id,
        "bot_id": installation.bot_id,
    }


def new_view(workspace: Workspace, user_id: str, definition: dict[str, Any], below: View | None = None) -> View:
    """A view as the user first sees it, its inputs at their initial values."""
    filled = fill_ids(definition)
    view_id = workspace.new_id("V")
    return View(
        id=view_id,
        team_id=workspace.home_team[user_id],
        user_id=user_id,
        definition=filled,
        hash=workspace.new_hash(),
        root_id=below.root_id if below else view_id,
        previous_id=below.id if below else None,
        values=values_for(filled["blocks"]),
    )


def replace_view(workspace: Workspace, view: View, definition: dict[str, Any], where: str) -> None:
    """Show another definition in the same view; values stay where block_id and action_id stay."""
    workspace.note_findings(where, warn_about_kept_values(view.definition, definition))
    with workspace.changing():
        view.definition = fill_ids(definition)
        view.values = values_for(view.blocks, view.values)
        view.errors = {}
        view.notice = ""
        view.hash = workspace.new_hash()


def push_view(workspace: Workspace, user_id: str, definition: dict[str, Any]) -> View:
    """Lay a view on top of the user's stack."""
    with workspace.changing():
        stack = workspace.stacks[user_id]
        view = new_view(workspace, user_id, definition, stack[-1] if stack else None)
        stack.append(view)
    return view


def _checked(call: ApiCall, surface: Literal["modal", "home"]) -> dict[str, Any]:
    view = call.structure("view")
    bad = call.workspace.note_findings(call.method, validate_view(view, surface))
    if any(finding.rule == "G8" for finding in bad):
        raise ApiError("view_too_large")
    if bad:
        raise refusal("invalid_arguments", bad)
    return dict(view)


def _external_id_is_free(call: ApiCall, view: dict[str, Any], apart_from: View | None = None) -> None:
    external_id = view.get("external_id")
    if external_id:
        other = call.workspace.find_view(external_id=external_id, team_id=call.installation.team_id)
        if other is not None and other is not apart_from:
            raise ApiError("duplicate_external_id")


def _spend_trigger(call: ApiCall) -> Trigger:
    workspace = call.workspace
    trigger = workspace.triggers.get(call.need("trigger_id"))
    if trigger is None or trigger.team_id != call.installation.team_id:
        _refuse_call(call, "the trigger belongs to no click of this app's user")
        raise ApiError("invalid_trigger_id")
    if trigger.is_used:
        _refuse_call(call, "the trigger was used before")
        raise ApiError("exchanged_trigger_id")
    if (workspace.clock() - trigger.made_at).total_seconds() > TRIGGER_SECONDS:
        _refuse_call(call, "the trigger is older than three seconds")
        raise ApiError("expired_trigger_id")
    return trigger


def _refuse_call(call: ApiCall, why: str) -> None:
    call.workspace.note_findings(call.method, [Finding("A4", "R", why, "/trigger_id")])


def views_open(call: ApiCall) -> Answer:
    """A new modal for the user of the trigger."""
    definition = _checked(call, "modal")
    with call.workspace.changing():
        trigger = _spend_trigger(call)
        _external_id_is_free(call, definition)
        trigger.is_used = True
        if call.workspace.stacks[trigger.user_id]:
            why = "views.open while a modal is open is not guaranteed to work"
            call.workspace.note_findings(call.method, [Finding("A4", "W", why, "/trigger_id")])
            call.workspace.stacks[trigger.user_id].clear()
        view = push_view(call.workspace, trigger.user_id, definition)
    return {"ok": True, "view": view_as_sent(call.workspace, view)}


def views_push(call: ApiCall) -> Answer:
    """A modal on top of the one in which the trigger was made; three views at most."""
    definition = _checked(call, "modal")
    with call.workspace.changing():
        trigger = _spend_trigger(call)
        stack = call.workspace.stacks[trigger.user_id]
        if trigger.view_id is None or trigger.view_id not in {view.id for view in stack}:
            _refuse_call(call, "the trigger was not made inside an open modal")
            raise ApiError("invalid_trigger_id")
        if len(stack) >= DEEPEST:
            _refuse_call(call, "three views are open already")
            raise ApiError("push_limit_reached")
        _external_id_is_free(call, definition)
        trigger.is_used = True
        view = push_view(call.workspace, trigger.user_id, definition)
    return {"ok": True, "view": view_as_sent(call.workspace, view)}


def views_update(call: ApiCall) -> Answer:
    """Another definition for an open modal; a stale hash is a conflict, a closed view is not found."""
    workspace = call.workspace
    if not call.text("view_id") and not call.text("external_id"):
        call.need("view_id")
    with workspace.changing():
        view = workspace.find_view(
            call.text("view_id") or None, call.text("external_id") or None, call.installation.team_id
        )
        if view is None or view.team_id != call.installation.team_id:
            raise ApiError("not_found")
        definition = _checked(call, "modal" if view.is_modal else "home")
        if call.text("hash") and call.text("hash") != view.hash:
            raise ApiError("hash_conflict")
        _external_id_is_free(call, definition, view)
        replace_view(workspace, view, definition, call.method)
    return {"ok": True, "view": view_as_sent(workspace, view)}


def views_publish(call: ApiCall) -> Answer:
    """The user's App Home."""
    workspace = call.workspace
    user = call.person(call.need("user_id"))
    definition = _checked(call, "home")
    with workspace.changing():
        shown = workspace.homes.get(user.id)
        if call.text("hash") and shown is not None and call.text("hash") != shown.hash:
            raise ApiError("hash_conflict")
        _external_id_is_free(call, definition, shown)
        if shown is None:
            shown = workspace.homes[user.id] = new_view(workspace, user.id, definition)
        else:
            replace_view(workspace, shown, definition, call.method)
    return {"ok": True, "view": view_as_sent(workspace, shown)}


def blocks_validate(call: ApiCall) -> Answer:
    """Slack's own judge of blocks, a view or a message; needs no token."""
    view, message, blocks = call.structure("view"), call.structure("message"), call.structure("blocks")
    if view is not None:
        surface: Literal["modal", "home"] = "home" if isinstance(view, dict) and view.get("type") == "home" else "modal"
        error, findings = "invalid_view", validate_view(view, surface, "")
    elif message is not None:
        error, findings = (
            "invalid_message",
            validate_message(message if isinstance(message, dict) else {"blocks": message}),
        )
    elif blocks is not None:
        error, findings = "invalid_blocks", validate_message({"blocks": blocks})
    else:
        raise ApiError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] one of blocks, view and message is needed"]}
        )
    errors = [{"pointer": f.pointer, "code": f.rule, "message": f.message} for f in findings if f.level == "R"]
    if errors:
        raise ApiError(error, errors=errors)
    return {"ok": True}


METHODS = {
    "views.open": Method(views_open),
    "views.push": Method(views_push),
    "views.update": Method(views_update),
    "views.publish": Method(views_publish),
    "blocks.validate": Method(blocks_validate, token="none"),
}

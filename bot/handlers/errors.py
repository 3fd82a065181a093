"""When a handler raises: words on the rep's screen, with everything typed kept. Ids are logged, never bodies."""

import logging
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.crossing import TooLate
from bot.drawing import Look
from bot.modals import notifications, times
from bot.modals.blocks import with_alert
from bot.trouble import words_for
from scheduling.errors import DraftGone, SlotTaken

logger = logging.getLogger(__name__)


async def on_error(error: Exception, body: dict[str, Any], request: AsyncBoltRequest) -> BoltResponse:
    """Answer instead of the handler that raised, or for a request that nobody handles."""
    kind, name = _name(body)
    if isinstance(error, BoltUnhandledRequestError):
        logger.warning("unhandled_request type=%s id=%s", kind, name)
        return BoltResponse(status=404 if kind == "slash_command" else 200)
    expected = isinstance(error, TooLate | DraftGone | SlotTaken)
    logger.log(
        logging.WARNING if expected else logging.ERROR,
        "handler_failed type=%s id=%s team=%s user=%s error=%s",
        kind,
        name,
        request.context.team_id,
        request.context.user_id,
        type(error).__name__,
        exc_info=None if expected else error,
    )
    view = body.get("view") or {}
    if kind == "view_submission":
        return BoltResponse(
            status=200, body={"response_action": "update", "view": with_alert(view, _not_saved(error, view))}
        )
    if kind == "block_actions" and view.get("type") == "modal":
        _say_on_screen(error, body, request)
    elif kind == "block_suggestion":
        return BoltResponse(status=200, body={"options": []})
    elif kind == "slash_command":
        return BoltResponse(status=200, body="Something went wrong on our side. Please try again.")
    return BoltResponse(status=200)


def _say_on_screen(error: Exception, body: dict[str, Any], request: AsyncBoltRequest) -> None:
    view, screens = body["view"], request.context.get("screens")
    if screens is None:
        return
    words = words_for(error, _pressed(body))
    if isinstance(error, SlotTaken) and view.get("callback_id") == times.CALLBACK:
        screens.refresh(view, request.context["rep"], view.get("private_metadata", ""), Look(notice=words))
    else:
        screens.warn(view, words)


def _not_saved(error: Exception, view: dict[str, Any]) -> str:
    if isinstance(error, DraftGone | SlotTaken):
        return words_for(error, "")
    if view.get("callback_id") == notifications.CALLBACK:
        return "Not confirmed yet. Press Schedule again; it cannot book twice."
    submit = (view.get("submit") or {}).get("text", "the button")
    return f"Not saved yet. Press {submit} again."


def _pressed(body: dict[str, Any]) -> str:
    """The words on the button that was pressed."""
    action = (body.get("actions") or [{}])[0]
    return str((action.get("text") or {}).get("text") or "the button")


def _name(body: dict[str, Any]) -> tuple[str, str]:
    """The kind of request and our own id in it, for the log."""
    kind = body.get("type") or ("slash_command" if "command" in body else "unknown")
    action = (body.get("actions") or [{}])[0]
    view = body.get("view") or {}
    name = action.get("action_id") or body.get("callback_id") or view.get("callback_id") or body.get("command")
    return str(kind), str(name or "")[:80]

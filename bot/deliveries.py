"""Which of Slack's deliveries are new.

Slack repeats events, to any of our processes; proxies and attackers repeat anything. This process remembers what it
took in; where a repetition could act twice, the database is asked as well, which all processes share.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from bot.crossing import Crossing, TooLate

logger = logging.getLogger(__name__)

EVENT_LIFE = 3600.0
"""Slack repeats an event for about six minutes; an hour is safe."""

ASK_WITHIN = 0.5
"""Seconds from the delivery. A database that does not answer must not cost a rep their click."""

FirstTime = Callable[[str, str], bool]
"""Whether this key of this workspace comes for the first time anywhere; it is known from then on."""


class Seen:
    """Keys of what was taken in already, in this process; the oldest are forgotten."""

    def __init__(
        self, *, life: float = EVENT_LIFE, most: int = 20_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._life = life
        self._most = most
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()

    def __call__(self, key: str) -> bool:
        """Whether `key` comes for the first time within its life."""
        now = self._clock()
        while self._until and (len(self._until) >= self._most or next(iter(self._until.values())) < now):
            self._until.popitem(last=False)
        if key in self._until:
            return False
        self._until[key] = now + self._life
        return True


class Deliveries:
    """Knows in this process, and with `crossing` and `first_time` in all of them."""

    def __init__(self, crossing: Crossing | None = None, first_time: FirstTime | None = None) -> None:
        self._seen = Seen()
        self._crossing = crossing
        self._first_time = first_time

    async def is_new(self, transport_key: str, body: dict[str, Any]) -> bool:
        """`transport_key` names the signed bytes or the envelope that `body` came in.

        A submitted form is told apart by those alone: dropping it here would answer it with nothing, which closes it.
        For what happens inside a form, nothing is awaited: drafts carry revisions, and Schedule cannot book twice.
        """
        if body.get("type") == "block_suggestion":  # a question, asked again within the second: it changes nothing
            return True
        if not self._seen(transport_key):
            return False
        key = _key(body)
        if key is None:
            return True
        return self._seen(key) and (not _acts_by_itself(body) or await self._is_new_everywhere(body, key))

    async def _is_new_everywhere(self, body: dict[str, Any], key: str) -> bool:
        if self._crossing is None or self._first_time is None:
            return True
        try:
            return await self._crossing.local(self._first_time, _team(body), key, within=ASK_WITHIN)
        except TooLate:
            logger.warning("delivery_not_looked_up error=TooLate")
        except Exception:
            logger.exception("delivery_not_looked_up")
        return True


def _key(body: dict[str, Any]) -> str | None:
    """What Slack calls the delivery; None where only the bytes tell."""
    kind, event_id, trigger_id = body.get("type"), body.get("event_id"), body.get("trigger_id")
    if kind == "event_callback":
        return f"event:{body.get('team_id')}:{event_id}" if isinstance(event_id, str) else None
    if kind == "view_submission" or not isinstance(trigger_id, str):
        return None
    # A trigger alone would do at Slack; with the rest, a server that reuses triggers loses no clicks either.
    actions = body.get("actions")
    pressed = [a for a in actions if isinstance(a, dict)] if isinstance(actions, list) else []
    rest = [f"{action.get('action_id')}@{action.get('action_ts')}" for action in pressed]
    rest += [str(body[name]) for name in ("action_ts", "response_url") if name in body]
    return ":".join(("trigger", trigger_id, *rest))


def _acts_by_itself(body: dict[str, Any]) -> bool:
    """Whether a repetition could act twice: events, and buttons on messages and App Home.

    A command or shortcut only opens a form, and Slack lets its trigger do that once; asking for each would make the
    quickest of answers ten times slower (measured).
    """
    view = body.get("view")
    in_form = isinstance(view, dict) and view.get("type") == "modal"
    return body.get("type") == "event_callback" or (body.get("type") == "block_actions" and not in_form)


def _team(body: dict[str, Any]) -> str:
    team = body.get("team")
    found = team.get("id") if isinstance(team, dict) else body.get("team_id")
    return found if isinstance(found, str) else ""

"""`scheduling.ports.Directory` by Slack's users.info: who the members of a workspace are."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_sdk import WebClient

from bot.slack_errors import call
from scheduling.domain import Person
from scheduling.errors import NoticeRefused
from scheduling.zones import is_zone

_NOBODY = {"user_not_found", "user_not_visible", "users_not_found"}
SLACKBOT = "USLACKBOT"


class SlackDirectory:
    """Asks for each person at the same time as for the others."""

    def __init__(self, client: WebClient, *, threads: int = 8) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(threads, "directory")

    def people(self, team_id: str, user_ids: tuple[str, ...]) -> dict[str, Person]:
        """Profiles by user id, without bots, strangers, the deactivated and the unknown; raises NoticeError."""
        wanted = tuple(dict.fromkeys(user_ids))
        if len(wanted) == 1:
            found = [self._person(team_id, wanted[0])]
        else:
            found = list(self._pool.map(lambda user: self._person(team_id, user), wanted))
        return {person.user_id: person for person in found if person is not None}

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _person(self, team_id: str, user_id: str) -> Person | None:
        try:
            answer = call(self._client.users_info, user=user_id)
        except NoticeRefused as error:
            if error.code in _NOBODY:
                return None
            raise
        return person_of(team_id, answer.get("user") or {})


def person_of(team_id: str, user: dict[str, Any]) -> Person | None:
    """A member as Slack describes them; None for whoever cannot take part. Without a zone of ours, UTC."""
    if user.get("deleted") or user.get("is_bot") or user.get("is_stranger") or user.get("id") in (None, SLACKBOT):
        return None
    teams = {user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ())}
    if team_id not in teams:
        return None
    profile = user.get("profile") or {}
    names = (profile.get("real_name"), user.get("real_name"), profile.get("display_name"), user.get("name"))
    zone = user.get("tz") or ""
    return Person(
        team_id=team_id,
        user_id=user["id"],
        name=next((name for name in names if name), user["id"]),
        email=profile.get("email") or "",
        zone=zone if is_zone(zone) else "UTC",
    )

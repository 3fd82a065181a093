"""`scheduling.ports.Directory` by Slack's users.info: who the members of a workspace are."""

from collections.abc import Mapping
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
        user = answer.get("user")
        return person_of(team_id, user) if isinstance(user, dict) else None


def person_of(team_id: str, user: Mapping[str, Any]) -> Person | None:
    """A member as Slack describes them; None for whoever cannot take part. Without a zone of ours, UTC."""
    user_id = user.get("id")
    if user.get("deleted") or user.get("is_bot") or user.get("is_stranger") or user_id == SLACKBOT:
        return None
    if not isinstance(user_id, str) or team_id not in _teams(user):
        return None
    profile = _object(user.get("profile"))
    names = (profile.get("real_name"), user.get("real_name"), profile.get("display_name"), user.get("name"))
    zone = _words(user.get("tz"))
    return Person(
        team_id=team_id,
        user_id=user_id,
        name=next((name for name in map(_words, names) if name), user_id),
        email=_words(profile.get("email")),
        zone=zone if is_zone(zone) else "UTC",
    )


def is_administrator(team_id: str, user: Mapping[str, Any]) -> bool:
    """Whether Slack says that this member of the workspace administers or owns it."""
    flags = (user.get("is_admin"), user.get("is_owner"), user.get("is_primary_owner"))
    return person_of(team_id, user) is not None and any(flag is True for flag in flags)


def _teams(user: Mapping[str, Any]) -> set[object]:
    """The workspaces somebody belongs to: their own, and in an organization those that it lists."""
    listed = _object(user.get("enterprise_user")).get("teams")
    own = user.get("team_id")
    return {each for each in (own, *(listed if isinstance(listed, list) else ())) if isinstance(each, str)}


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: object) -> str:
    """One line of text; whatever else Slack might send is no text."""
    return " ".join(value.split()) if isinstance(value, str) else ""

"""Who somebody is in the workspace right now, by Slack's own word: their zone, and whether they administer it."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.directory import is_administrator, person_of
from scheduling.domain import Person, Rep


@dataclass(frozen=True, slots=True)
class Membership:
    """`person` is None for whoever cannot take part: strangers, bots, those who left."""

    person: Person | None = None
    is_administrator: bool = False


NOBODY = Membership()


class Memberships:
    """Asks Slack each time: an administrator of this morning may be none any more."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def of(self, rep: Rep) -> Membership:
        """Raises one of `slack_errors.ASYNC_FAILURES` when Slack does not tell."""
        answer = await self._client.users_info(user=rep.user_id)
        user = answer.get("user")
        if not isinstance(user, dict):
            return NOBODY
        return Membership(person_of(rep.team_id, user), is_administrator(rep.team_id, user))

"""Who the people of a draft are: Slack profiles, remembered for an hour.

Asks the `Directory` port only for people it does not know freshly; when Slack does not answer, an older profile
serves. Knows no Slack.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from scheduling.clock import Clock
from scheduling.domain import Person
from scheduling.errors import NoticeError
from scheduling.ports import Directory
from scheduling.store import Store, people

FRESH_FOR = timedelta(hours=1)
EVER = datetime.min.replace(tzinfo=UTC)


class Roster:
    """Profiles by Slack user id, from our rows or from Slack."""

    def __init__(self, store: Store, directory: Directory, clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock

    def of(self, team_id: str, user_ids: Iterable[str]) -> dict[str, Person]:
        """Profiles of those who exist; raises NoticeError when Slack fails and somebody was never seen before."""
        wanted = tuple(dict.fromkeys(user_ids))
        now = self._clock()
        fresh = self.remembered(team_id, wanted, not_before=now - FRESH_FOR)
        missing = tuple(user for user in wanted if user not in fresh)
        if not missing:
            return fresh
        try:
            found = self._directory.people(team_id, missing)
        except NoticeError:
            stale = self.remembered(team_id, missing)
            if len(stale) < len(missing):
                raise
            return fresh | stale
        self._store.transact(lambda tx: people.remember(tx, found.values(), now))
        return fresh | found

    def remembered(self, team_id: str, user_ids: Iterable[str], not_before: datetime = EVER) -> dict[str, Person]:
        """Profiles from our own rows alone, however old unless `not_before` says otherwise."""
        return self._store.read(lambda tx: people.known(tx, team_id, tuple(user_ids), not_before))

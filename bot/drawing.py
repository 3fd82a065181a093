"""From a draft to the view that shows it: the reads a screen needs, then the screen's `build`.

Knows which screen needs what; opens and updates nothing.
"""

from dataclasses import dataclass
from datetime import date

from bot.crossing import Crossing
from bot.modals import confirm, details, notifications, outcome, times, who
from bot.modals.blocks import View
from scheduling.clock import Clock
from scheduling.domain import Draft, Proposal, Screen
from scheduling.errors import NoticeError, ProfileUnknown
from scheduling.service import SchedulingService

PATIENCE = 12.0
"""Seconds for a week of times: Slack's directory, then the calendars' own 8 s."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a screen is wanted, beyond what the draft says."""

    notice: str | None = None
    conflict_day: date | None = None
    fresh: bool = False


PLAIN = Look()


class Drawing:
    """Draws the screen a draft is on."""

    def __init__(self, scheduling: SchedulingService, crossing: Crossing, clock: Clock) -> None:
        self._scheduling = scheduling
        self._crossing = crossing
        self.now = clock

    async def view(self, draft: Draft, look: Look = PLAIN) -> View:
        """The screen; raises SchedulingError and TooLate where even a screen of trouble could not be drawn."""
        match draft.screen:
            case Screen.WHO:
                opening = await self._crossing.local(self._scheduling.opening, draft.rep, draft.id, within=5.0)
                return who.build(opening, self.now(), fresh=draft.revision if look.fresh else 0)
            case Screen.DETAILS:
                return details.build(draft, self.now())
            case Screen.TIMES:
                return await self._times(draft, look)
            case Screen.CONFIRM:
                return confirm.build(draft, await self.zone_of(draft))
            case Screen.NOTIFICATIONS:
                return notifications.build(draft)
            case Screen.OUTCOME:
                became = await self._crossing.local(self._scheduling.outcome, draft.rep, draft.id, within=5.0)
                return outcome.build(became)

    async def _times(self, draft: Draft, look: Look) -> View:
        try:
            proposal = await self.proposal(draft)
        except ProfileUnknown as error:
            count = len(error.user_ids)
            who_ = "One of the team members" if count == 1 else f"{count} of the team members"
            words = (
                f"{who_} cannot take part (a bot, a guest of another workspace or left). Press Back and choose others."
            )
            return times.trouble(draft, words)
        except NoticeError:
            return times.trouble(draft, "Slack did not tell who the team members are. Press Try again.")
        if not proposal.connected:
            links = await self._crossing.local(self._scheduling.connect_links, draft.rep, draft.id, within=5.0)
            return times.not_connected(draft, links)
        return times.build(proposal, draft, notice=look.notice, conflict_day=look.conflict_day)

    async def proposal(self, draft: Draft) -> Proposal:
        return await self._crossing.service(self._scheduling.propose, draft.rep, draft.id, within=PATIENCE)

    async def zone_of(self, draft: Draft) -> str:
        """The zone the rep reads times in: the one chosen for this draft, else the profile's."""
        if draft.form.zone:
            return draft.form.zone
        became = await self._crossing.local(self._scheduling.outcome, draft.rep, draft.id, within=5.0)
        return became.zone

"""From a draft to the view that shows it: the reads a screen needs, then the screen's `build`.

Knows which screen needs what; opens and updates nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.crossing import Crossing
from bot.modals import confirm, details, more, notifications, outcome, times, who
from bot.modals.blocks import View
from bot.modals.surroundings import Surroundings
from scheduling.clock import Clock
from scheduling.domain import ConferencingKind, Draft, Proposal, Screen
from scheduling.errors import NoticeError, ProfileUnknown
from scheduling.office import Office
from scheduling.service import SchedulingService

PATIENCE = 12.0
"""Seconds for a week of times: Slack's directory, then the calendars' own 8 s."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a screen is wanted, beyond what the draft says. `conflicts_from` is the first conflict listed of its day."""

    notice: str | None = None
    conflict_day: date | None = None
    conflicts_from: datetime | None = None
    fresh: bool = False


PLAIN = Look()


class Drawing:
    """Draws the screen a draft is on."""

    def __init__(self, scheduling: SchedulingService, office: Office, crossing: Crossing, clock: Clock) -> None:
        self._scheduling = scheduling
        self._office = office
        self._crossing = crossing
        self.now = clock

    async def view(self, draft: Draft, look: Look = PLAIN) -> View:
        """The screen; raises SchedulingError and TooLate where even a screen of trouble could not be drawn."""
        match draft.screen:
            case Screen.WHO:
                opening = await self._crossing.local(self._scheduling.opening, draft.rep, draft.id, within=5.0)
                return who.build(opening, self.now(), fresh=draft.revision if look.fresh else 0)
            case Screen.DETAILS:
                return await self.details(draft)
            case Screen.TIMES:
                return await self._times(draft, look)
            case Screen.CONFIRM:
                around = await self._around(draft, 5.0)
                return confirm.build(draft, await self.zone_of(draft), self.now(), around)
            case Screen.NOTIFICATIONS:
                return await self.notifications(draft)
            case Screen.OUTCOME:
                return await self._outcome(draft)

    async def details(self, draft: Draft) -> View:
        """Rows only: an acknowledgement may wait for it."""
        return details.build(draft, self.now(), await self._around(draft, 1.0))

    async def notifications(self, draft: Draft, *, fresh: int = 0) -> View:
        """Rows only, too. `fresh` numbers the boxes, where they must be made anew."""
        around = await self._around(draft, 1.0)
        return notifications.build(draft, around.host, fresh=fresh)

    async def _around(self, draft: Draft, within: float) -> Surroundings:
        return await self._crossing.local(self._surroundings, draft, within=within)

    def _surroundings(self, draft: Draft) -> Surroundings:
        """*local* Only what the draft's screen shows is read."""
        form, on = draft.form, draft.screen
        shows_more = on is Screen.DETAILS and more.is_open(form)
        needs_host = shows_more or on is Screen.NOTIFICATIONS or form.conferencing is ConferencingKind.NATIVE
        address = form.customer.email if form.customer and on is Screen.DETAILS else ""
        return Surroundings(
            rooms=self._office.bookable_rooms(draft.rep, form.settings.connection_id)
            if shows_more or form.rooms
            else (),
            host=self._office.host(draft.rep, form.settings.connection_id) if needs_host else None,
            colleague=self._office.colleague_with(draft.rep, address) if address else None,
            has_zoom=self._office.has_zoom,
        )

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
            return times.not_connected(draft, await self._links(draft), proposal.shut_out)
        links = await self._links(draft) if proposal.shut_out else {}
        return times.build(
            proposal,
            draft,
            notice=look.notice,
            conflict_day=look.conflict_day,
            conflicts_from=look.conflicts_from,
            links=links,
        )

    async def proposal(self, draft: Draft) -> Proposal:
        return await self._crossing.service(self._scheduling.propose, draft.rep, draft.id, within=PATIENCE)

    async def _outcome(self, draft: Draft) -> View:
        became = await self._crossing.local(self._scheduling.outcome, draft.rep, draft.id, within=5.0)
        return outcome.build(became, await self._links(draft) if outcome.asks_to_connect(became) else None)

    async def _links(self, draft: Draft) -> Mapping[str, str]:
        return await self._crossing.local(self._office.connect_links, draft.rep, draft.id, within=5.0)

    async def zone_of(self, draft: Draft) -> str:
        """The zone the rep reads times in: the one chosen for this draft, else the profile's."""
        if draft.form.zone:
            return draft.form.zone
        became = await self._crossing.local(self._scheduling.outcome, draft.rep, draft.id, within=5.0)
        return became.zone

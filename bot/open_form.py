"""The form a request came from: whose it is, which view shows it, and its draft behind the crossing."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.crossing import Crossing
from bot.modals.blocks import View
from scheduling.domain import Draft, Form, Obstacle, Rep, Screen
from scheduling.service import LastMeeting, Opening, SchedulingService

SUBMIT_WITHIN = 1.5


@dataclass(frozen=True, slots=True)
class OpenForm:
    """One request's view of one draft. Every method is short (rows only) and raises DraftGone or TooLate."""

    rep: Rep
    scheduling: SchedulingService
    crossing: Crossing
    view: View = field(default_factory=dict)

    @property
    def draft_id(self) -> str:
        return str(self.view.get("private_metadata") or "")

    async def draft(self) -> Draft:
        return await self.crossing.local(self.scheduling.draft, self.rep, self.draft_id)

    async def save(self, form: Form, screen: Screen, draft_id: str | None = None) -> Draft:
        """Keep what was typed; the revision rises even when nothing changed, so that older answers are dropped."""
        return await self.crossing.local(self.scheduling.save, self.rep, draft_id or self.draft_id, form, screen)

    async def turn_to(self, screen: Screen) -> Draft:
        """The same draft on another screen."""
        return await self.save((await self.draft()).form, screen)

    async def hold(
        self,
        start: datetime,
        words: tuple[str, ...] = (),
        accepted: tuple[Obstacle, ...] = (),
        seen_at: datetime | None = None,
    ) -> Draft:
        """Raises SlotTaken. `words` and `accepted` are the accepted conflicts, as seen at `seen_at`."""
        return await self.crossing.local(self.scheduling.hold, self.rep, self.draft_id, start, words, accepted, seen_at)

    async def last_meeting(self, email: str) -> LastMeeting | None:
        """The rep's own latest meeting with this address."""
        return await self.crossing.local(self.scheduling.last_meeting, self.rep, email)

    async def opening(self, draft_id: str) -> Opening:
        """What the first screen needs."""
        return await self.crossing.local(self.scheduling.opening, self.rep, draft_id)

    async def own_zone(self) -> str | None:
        """The rep's own zone, once Slack told it."""
        return await self.crossing.local(self.scheduling.zone_of, self.rep)

    async def reopen(self, screen: Screen) -> Draft:
        return await self.crossing.local(self.scheduling.reopen, self.rep, self.draft_id, screen)

    async def resume(self, draft_id: str) -> Draft:
        """Let this view show another, unfinished draft instead of its own."""
        draft = await self.crossing.local(self.scheduling.reopen, self.rep, draft_id, Screen.WHO)
        await self.crossing.local(self.scheduling.attach_view, self.rep, draft.id, self.view["id"])
        if self.draft_id and self.draft_id != draft.id:
            await self.crossing.local(self.scheduling.close_draft, self.rep, self.draft_id)
        return draft

    async def submit(self, *, on_event: bool, by_mail: bool) -> Draft:
        return await self.crossing.local(
            self.scheduling.submit,
            self.rep,
            self.draft_id,
            on_event=on_event,
            by_mail=by_mail,
            within=SUBMIT_WITHIN,
        )

    async def close(self) -> None:
        await self.crossing.local(self.scheduling.close_draft, self.rep, self.draft_id, within=10.0)

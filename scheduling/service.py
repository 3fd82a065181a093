"""SchedulingService: the front door's one object. It orchestrates; thinking, storing and calling live in other rooms.

Methods marked *local* read or write rows only and may be waited for by an acknowledgement; the others call calendars
and belong on the service executor or in the outbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from scheduling.domain import Booking, Connection, Customer, Draft, Form, Prefill, Proposal, Rep, Screen
from scheduling.ports import Outcome


@dataclass(frozen=True, slots=True)
class LastMeeting:
    """The rep's most recent meeting with a customer (2c)."""

    customer: Customer
    subject: str
    start: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What the first screen needs, from one local read.

    `connect_links` maps provider name (`icloud`, `caldav`) to a personal /connect address; empty without PUBLIC_URL.
    """

    draft: Draft
    connections: tuple[Connection, ...]
    connect_links: Mapping[str, str]
    last_meeting: LastMeeting | None = None
    resumable: Draft | None = None


class SchedulingService:
    """Everything a front end may ask of scheduling."""

    # --- the draft (local) ---

    def open_draft(self, rep: Rep, prefill: Prefill) -> Opening:
        """*local* Start a draft from what the command gave; members default to the rep alone."""
        raise NotImplementedError

    def opening(self, rep: Rep, draft_id: str) -> Opening:
        """*local* The first screen again (Back, or after connecting). Raises DraftGone."""
        raise NotImplementedError

    def attach_view(self, rep: Rep, draft_id: str, view_id: str) -> None:
        """*local* Remember which open view shows the draft, so that later news can reach it."""
        raise NotImplementedError

    def draft(self, rep: Rep, draft_id: str) -> Draft:
        """*local* Raises DraftGone."""
        raise NotImplementedError

    def save(self, rep: Rep, draft_id: str, form: Form, screen: Screen) -> Draft:
        """*local* Store what was typed and which screen is shown; the revision rises. Raises DraftGone."""
        raise NotImplementedError

    def close_draft(self, rep: Rep, draft_id: str) -> None:
        """*local* The rep closed the flow: the hold ends, what was typed stays for Resume. Unknown drafts are fine."""
        raise NotImplementedError

    def hold(
        self,
        rep: Rep,
        draft_id: str,
        start: datetime,
        obstacles: tuple[str, ...] = (),
        accepted: tuple[str, ...] = (),
    ) -> Draft:
        """*local* Claim the slot for everybody in the draft for ten minutes. Raises SlotTaken, DraftGone.

        `obstacles` are the words of the conflicts that the rep has seen and accepts, `accepted` the participant keys
        (`Obstacle.who`) whose conflicts they are. Holding another start ends the earlier hold; the draft comes back on
        the confirm screen.
        """
        raise NotImplementedError

    def submit(self, rep: Rep, draft_id: str, *, on_event: bool, by_mail: bool) -> Draft:
        """*local* Mark the draft submitted and enqueue `book`, in one transaction; a second call changes nothing."""
        raise NotImplementedError

    def reopen(self, rep: Rep, draft_id: str, screen: Screen) -> Draft:
        """*local* After TAKEN or FAILED: the draft is open again with everything typed. Raises DraftGone."""
        raise NotImplementedError

    def outcome(self, rep: Rep, draft_id: str) -> Outcome:
        """*local* What became of a submitted draft so far. Raises DraftGone."""
        raise NotImplementedError

    def booking_of(self, rep: Rep, draft_id: str) -> Booking | None:
        """*local*"""
        raise NotImplementedError

    def connections(self, rep: Rep) -> tuple[Connection, ...]:
        """*local*"""
        raise NotImplementedError

    # --- calendars ---

    def propose(self, rep: Rep, draft_id: str) -> Proposal:
        """Read every needed calendar (at most 8 s) and list the shown week's slots.

        Raises ProfileUnknown, NoticeError (Slack's directory), DraftGone. A failing calendar is *unread*, never free.
        """
        raise NotImplementedError

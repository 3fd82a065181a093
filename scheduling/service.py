"""SchedulingService: the front door's one object. It orchestrates; thinking, storing and calling live in other rooms.

Methods marked *local* read or write rows only and may be waited for by an acknowledgement; the others call calendars
and belong on the service executor or in the outbox.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduling.clock import Clock
from scheduling.config import SchedulingConfig
from scheduling.connecting import Connecting
from scheduling.domain import (
    Booking,
    BookingState,
    Connection,
    ConnectionState,
    Customer,
    Draft,
    DraftState,
    EventSettings,
    Form,
    Interval,
    Obstacle,
    Prefill,
    Proposal,
    Rep,
    Screen,
)
from scheduling.errors import DraftGone, SlotTaken
from scheduling.outbox import enqueue
from scheduling.outcomes import outcome_of
from scheduling.ports import Outcome
from scheduling.proposing import Proposing
from scheduling.roster import EVER
from scheduling.seats import chosen_rooms
from scheduling.store import Session, Store, bookings, claims, connections, drafts, people, preferences, rooms

RESUMABLE_FOR = timedelta(days=7)
FURTHEST_WEEK = timedelta(days=8)
"""The last shown week begins at the horizon."""


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

    def __init__(
        self,
        store: Store,
        proposing: Proposing,
        connecting: Connecting,
        config: SchedulingConfig,
        clock: Clock,
        poke: Callable[[], None],
    ) -> None:
        """`poke` pulls the outbox forward; it is called after each commit that queued work."""
        self._store = store
        self._proposing = proposing
        self._connecting = connecting
        self._config = config
        self._clock = clock
        self._poke = poke

    # --- the draft (local) ---

    def open_draft(self, rep: Rep, prefill: Prefill) -> Opening:
        """*local* Start a draft from what the command gave; members default to the rep alone."""

        def work(tx: Session) -> Opening:
            last = bookings.last_with_customer(tx, rep, prefill.email) if prefill.email else None
            defaults = EventSettings.model_validate(preferences.of(tx, rep))
            draft = Draft(
                id=secrets.token_hex(16),
                team_id=rep.team_id,
                user_id=rep.user_id,
                revision=0,
                state=DraftState.OPEN,
                screen=Screen.WHO,
                form=_first_form(rep, prefill, last).model_copy(update={"settings": defaults}),
            )
            resumable = None if prefill.says_anything else self._resumable(tx, rep)
            drafts.add(tx, draft, self._clock())
            return replace(self._opening(tx, draft, last), resumable=resumable)

        return self._store.transact(work)

    def opening(self, rep: Rep, draft_id: str) -> Opening:
        """*local* The first screen again (Back, or after connecting). Raises DraftGone."""

        def work(tx: Session) -> Opening:
            draft = drafts.get(tx, rep, draft_id)
            customer = draft.form.customer
            last = bookings.last_with_customer(tx, rep, customer.email) if customer else None
            return self._opening(tx, draft, last)

        return self._store.transact(work)

    def last_meeting(self, rep: Rep, email: str) -> LastMeeting | None:
        """*local* The rep's own latest meeting with this address (2c)."""
        return _meeting(self._store.read(lambda tx: bookings.last_with_customer(tx, rep, email)))

    def zone_of(self, rep: Rep) -> str | None:
        """*local* The rep's own zone, once Slack told it."""
        known = self._store.read(lambda tx: people.known(tx, rep.team_id, (rep.user_id,), EVER))
        return known[rep.user_id].zone if rep.user_id in known else None

    def attach_view(self, rep: Rep, draft_id: str, view_id: str) -> None:
        """*local* Remember which open view shows the draft, so that later news can reach it."""
        self._store.transact(lambda tx: drafts.attach_view(tx, rep, draft_id, view_id))

    def draft(self, rep: Rep, draft_id: str) -> Draft:
        """*local* Raises DraftGone."""
        return self._store.read(lambda tx: drafts.get(tx, rep, draft_id))

    def save(self, rep: Rep, draft_id: str, form: Form, screen: Screen) -> Draft:
        """*local* Store what was typed and which screen is shown; the revision rises. Raises DraftGone."""

        def work(tx: Session) -> Draft:
            draft = _open(drafts.lock(tx, rep, draft_id))
            if draft.held_until is not None and form.slot is None:
                claims.release_draft(tx, rep.team_id, draft_id)
                draft = replace(draft, held_until=None)
            return drafts.save(tx, replace(draft, form=form, screen=screen))

        return self._store.transact(work)

    def close_draft(self, rep: Rep, draft_id: str) -> None:
        """*local* The rep closed the flow: the hold ends, what was typed stays for Resume. Unknown drafts are fine."""

        def work(tx: Session) -> None:
            try:
                draft = drafts.lock(tx, rep, draft_id)
            except DraftGone:
                return
            if draft.state is DraftState.OPEN:
                claims.release_draft(tx, rep.team_id, draft_id)
                drafts.save(tx, replace(draft, held_until=None, view_id=None))

        self._store.transact(work)

    def hold(
        self,
        rep: Rep,
        draft_id: str,
        start: datetime,
        obstacles: tuple[str, ...] = (),
        accepted: tuple[Obstacle, ...] = (),
        seen_at: datetime | None = None,
    ) -> Draft:
        """*local* Claim the slot for everybody in the draft for ten minutes. Raises SlotTaken, DraftGone.

        `obstacles` are the words of the conflicts that the rep has seen and accepts, `accepted` these conflicts, as of
        `seen_at` (`Proposal.read_at`; None: now): what was booked since was not accepted. Holding another start ends
        the earlier hold; the draft comes back on the confirm screen.
        """

        def work(tx: Session) -> Draft:
            now = self._clock()
            draft = _open(drafts.lock(tx, rep, draft_id))
            if not now < start < now + self._config.horizon + FURTHEST_WEEK:
                raise SlotTaken  # no screen offers that: it is an old or a forged button
            names = _names(tx, draft)
            interval = Interval(start, start + timedelta(minutes=draft.form.minutes))
            until = now + self._config.hold
            keys = tuple(dict.fromkeys(obstacle.who for obstacle in accepted))
            claims.hold(
                tx,
                team_id=rep.team_id,
                draft_id=draft_id,
                resources=names,
                interval=interval.widened(self._config.buffer, self._config.buffer),
                expires_at=until,
                now=now,
                forced=keys,
                seen_at=seen_at,
            )
            chosen = {"slot": start, "obstacles": obstacles, "accepted": keys, "shown": accepted}
            form = draft.form.model_copy(update=chosen)
            return drafts.save(tx, replace(draft, form=form, screen=Screen.CONFIRM, held_until=until))

        return self._store.transact(work)

    def submit(self, rep: Rep, draft_id: str, *, on_event: bool, by_mail: bool) -> Draft:
        """*local* Mark the draft submitted and enqueue `book`, in one transaction; a second call changes nothing.

        Raises DraftGone, and SlotTaken when no slot was picked.
        """

        def work(tx: Session) -> Draft:
            now = self._clock()
            draft = drafts.lock(tx, rep, draft_id)
            if draft.state in (DraftState.SUBMITTED, DraftState.BOOKED):
                return draft
            if draft.form.slot is None:
                raise SlotTaken
            form = draft.form.model_copy(update={"on_event": on_event, "by_mail": by_mail})
            submitted = replace(draft, form=form, state=DraftState.SUBMITTED, screen=Screen.OUTCOME)
            saved = drafts.save(tx, submitted)
            attempt = drafts.mark_submitted(tx, saved, now)
            enqueue(
                tx,
                team_id=rep.team_id,
                kind="book",
                key=f"book:{draft_id}:{attempt}",
                payload={"user_id": rep.user_id},
                now=now,
                draft_id=draft_id,
            )
            return saved

        draft = self._store.transact(work)
        self._poke()
        return draft

    def reopen(self, rep: Rep, draft_id: str, screen: Screen) -> Draft:
        """*local* After TAKEN or FAILED: the draft is open again with everything typed. Raises DraftGone."""

        def work(tx: Session) -> Draft:
            draft = _open(drafts.lock(tx, rep, draft_id))
            return drafts.save(tx, replace(draft, screen=screen))

        return self._store.transact(work)

    def outcome(self, rep: Rep, draft_id: str) -> Outcome:
        """*local* What became of a submitted draft so far. Raises DraftGone."""
        return self._store.read(lambda tx: outcome_of(tx, rep, draft_id))

    def booking_of(self, rep: Rep, draft_id: str) -> Booking | None:
        """*local*"""
        return self._store.read(lambda tx: bookings.of_draft(tx, rep.team_id, draft_id))

    def upcoming(self, rep: Rep, limit: int = 20) -> tuple[Booking, ...]:
        """*local* The rep's next confirmed meetings, created or assigned, soonest first (B1, B2)."""
        return self.meetings(rep, limit)

    def meetings(
        self, rep: Rep, limit: int, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Booking, ...]:
        """*local* The rep's confirmed meetings that end after `since` (None: now) and begin before `until`."""
        after = since or self._clock()
        found = self._store.read(lambda tx: bookings.upcoming(tx, rep.team_id, rep.user_id, after, limit, until))
        return tuple(booking for booking in found if booking.state is BookingState.CONFIRMED)

    def connections(self, rep: Rep) -> tuple[Connection, ...]:
        """*local*"""
        return self._store.read(lambda tx: connections.of_user(tx, rep))

    def connect_links(self, rep: Rep, draft_id: str | None = None) -> Mapping[str, str]:
        """*local* Fresh personal /connect addresses by provider; empty without PUBLIC_URL."""
        return self._store.transact(lambda tx: self._connecting.issue_links(tx, rep, draft_id))

    def retry_link(self, rep: Rep, booking_id: str) -> bool:
        """*local* Have the missing link of the rep's own meeting made; False where there is none to make."""

        def work(tx: Session) -> bool:
            now = self._clock()
            booking = bookings.get(tx, rep.team_id, booking_id)
            if booking is None or booking.organizer.user_id != rep.user_id or not booking.lacks_link:
                return False
            enqueue(
                tx,
                team_id=rep.team_id,
                kind="make_link",
                key=f"link:{booking_id}:{now.isoformat()}",
                payload={},
                now=now,
                booking_id=booking_id,
            )
            return True

        queued = self._store.transact(work)
        self._poke()
        return queued

    def change_room(self, rep: Rep, booking_id: str, left: str, wanted: str) -> bool:
        """*local* Have another room invited to the rep's own meeting in the place of one; False where that is done."""

        def work(tx: Session) -> bool:
            now = self._clock()
            booking = bookings.get(tx, rep.team_id, booking_id)
            if booking is None or booking.organizer.user_id != rep.user_id:
                return False
            if left not in booking.form.rooms or booking.interval.start <= now:
                return False
            enqueue(
                tx,
                team_id=rep.team_id,
                kind="change_room",
                key=f"change_room:{booking_id}:{now.isoformat()}",
                payload={"left": left, "wanted": wanted},
                now=now,
                booking_id=booking_id,
            )
            return True

        queued = self._store.transact(work)
        self._poke()
        return queued

    # --- calendars ---

    def propose(self, rep: Rep, draft_id: str) -> Proposal:
        """Read every needed calendar (at most 8 s) and list the shown week's slots.

        Raises ProfileUnknown, NoticeError (Slack's directory), DraftGone. A failing calendar is *unread*, never free.
        """
        draft = self.draft(rep, draft_id)
        return self._proposing.propose(draft)

    def _opening(self, tx: Session, draft: Draft, last: Booking | None) -> Opening:
        own = connections.of_user(tx, draft.rep)
        usable = any(connection.state is ConnectionState.OK for connection in own)
        links = {} if usable else self._connecting.issue_links(tx, draft.rep, draft.id)
        return Opening(draft, own, links, _meeting(last))

    def _resumable(self, tx: Session, rep: Rep) -> Draft | None:
        """The latest form of the last days that says something and was never booked."""
        since = self._clock() - RESUMABLE_FOR
        return next((d for d in drafts.open_since(tx, rep, since) if d.form.subject or d.form.customer), None)


def _meeting(booking: Booking | None) -> LastMeeting | None:
    if booking is None:
        return None
    return LastMeeting(booking.customer, booking.form.subject, booking.interval.start, booking.organizer.zone)


def _names(tx: Session, draft: Draft) -> dict[str, str]:
    """Participant keys with what people call them; an unknown profile is called by its id."""
    known = people.known(tx, draft.team_id, draft.form.members, EVER)
    chosen = chosen_rooms(draft, rooms.of_team(tx, draft.team_id)) if draft.form.rooms else ()
    return {
        **{user: known[user].name if user in known else user for user in draft.form.members},
        **{room.key: room.name for room in chosen},
    }


def _open(draft: Draft) -> Draft:
    """The draft if it may still be changed; raises DraftGone once it was submitted."""
    if draft.state is not DraftState.OPEN:
        raise DraftGone
    return draft


def _first_form(rep: Rep, prefill: Prefill, last: Booking | None) -> Form:
    """The form as it first appears: the command's words, and what an earlier meeting knows of the customer (2c)."""
    known = last.customer if last else None
    name = prefill.name or (known.name if known else "")
    customer = Customer(name=name, email=prefill.email, zone=known.zone if known else None)
    return Form(
        customer=customer if name or prefill.email else None,
        subject=prefill.subject,
        minutes=prefill.minutes or 30,
        members=tuple(dict.fromkeys((rep.user_id, *prefill.members))),
    )

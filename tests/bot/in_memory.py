"""The front door of scheduling in memory: obeys its protocol, holds one workspace, and can be told what to answer."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduling import LastMeeting, Opening
from scheduling.domain import (
    Booking,
    BookingState,
    Connection,
    ConnectionState,
    Customer,
    Draft,
    DraftState,
    EventRef,
    Form,
    Interval,
    Obstacle,
    Person,
    Prefill,
    Proposal,
    Rep,
    Screen,
    Slot,
    Unread,
)
from scheduling.errors import DraftGone, SlotTaken
from scheduling.ports import Outcome, OutcomeKind

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)  # Monday
DANA = Person("T0DEMO", "U0DANA", "Dana Reyes", "dana@example.com", "Europe/Berlin")
PRIYA = Person("T0DEMO", "U0PRIYA", "Priya Nair", "priya@example.com", "Asia/Kolkata")
SAM = Person("T0DEMO", "U0SAM", "Sam Okafor", "sam@example.com", "Europe/London")
CONNECTION = Connection("c1", "T0DEMO", "U0DANA", "icloud", "dana@example.com", ConnectionState.OK)
LINKS = {
    "caldav": "https://schedule.example/connect/two",
    "icloud": "https://schedule.example/connect/one",
}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026 in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def slot(start: datetime, *obstacles: Obstacle, minutes: int = 30) -> Slot:
    return Slot(Interval(start, start + timedelta(minutes=minutes)), obstacles)


class InMemoryScheduling:
    """Drafts by id. `before` is called at the beginning of every method with its name: sleep or raise there."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.drafts: dict[str, Draft] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.bookings: dict[str, Booking] = {}
        self.connected: tuple[Connection, ...] = (CONNECTION,)
        self.links: Mapping[str, str] = LINKS
        self.met_before: LastMeeting | None = None
        self.slots: tuple[Slot, ...] = (slot(at(24, 9)), slot(at(24, 14)), slot(at(25, 9, 30)))
        self.conflicts: tuple[Slot, ...] = ()
        self.unread: tuple[Unread, ...] = ()
        self.proposing: dict[str, object] = {}  # whatever else a proposal is to say
        self.taken: dict[datetime, tuple[str, ...]] = {}
        self.submissions: list[tuple[str, bool, bool]] = []
        self.closed: list[str] = []
        self.holds: list[tuple[datetime, tuple[str, ...], tuple[str, ...]]] = []
        self.seen_at: datetime | None = None  # of the last hold
        self.before: Callable[[str], None] = lambda _name: None

    # --- local ---

    def open_draft(self, rep: Rep, prefill: Prefill) -> Opening:
        self.before("open_draft")
        customer = Customer(name=prefill.name, email=prefill.email) if prefill.name or prefill.email else None
        form = Form(
            customer=customer,
            subject=prefill.subject,
            minutes=prefill.minutes or 30,
            members=tuple(dict.fromkeys((rep.user_id, *prefill.members))),
        )
        with self.lock:
            unfinished = [d for d in self.drafts.values() if d.rep == rep and d.state is DraftState.OPEN]
            draft = Draft(
                f"draft{len(self.drafts) + 1}", rep.team_id, rep.user_id, 0, DraftState.OPEN, Screen.WHO, form
            )
            self.drafts[draft.id] = draft
        resumable = unfinished[-1] if unfinished and not customer else None
        return Opening(draft, self.connected, {} if self.connected else self.links, self._met(customer), resumable)

    def opening(self, rep: Rep, draft_id: str) -> Opening:
        self.before("opening")
        links = {} if self.connected else self.links
        draft = self.draft(rep, draft_id)
        return Opening(draft, self.connected, links, self._met(draft.form.customer))

    def last_meeting(self, rep: Rep, email: str) -> LastMeeting | None:
        self.before("last_meeting")
        return self._met(Customer(name="", email=email))

    def zone_of(self, rep: Rep) -> str | None:
        self.before("zone_of")
        return DANA.zone

    def attach_view(self, rep: Rep, draft_id: str, view_id: str) -> None:
        with self.lock:
            self.drafts[draft_id] = replace(self.draft(rep, draft_id), view_id=view_id)

    def draft(self, rep: Rep, draft_id: str) -> Draft:
        self.before("draft")
        found = self.drafts.get(draft_id)
        if found is None or found.rep != rep:
            raise DraftGone
        return found

    def save(self, rep: Rep, draft_id: str, form: Form, screen: Screen) -> Draft:
        self.before("save")
        with self.lock:
            draft = self._open(rep, draft_id)
            until = draft.held_until if form.slot else None
            return self._store(replace(draft, form=form, screen=screen, held_until=until))

    def close_draft(self, rep: Rep, draft_id: str) -> None:
        self.closed.append(draft_id)

    def hold(
        self,
        rep: Rep,
        draft_id: str,
        start: datetime,
        obstacles: tuple[str, ...] = (),
        accepted: tuple[Obstacle, ...] = (),
        seen_at: datetime | None = None,
    ) -> Draft:
        self.before("hold")
        if start in self.taken:
            raise SlotTaken(self.taken[start])
        with self.lock:
            draft = self._open(rep, draft_id)
            keys = tuple(dict.fromkeys(obstacle.who for obstacle in accepted))
            chosen = {"slot": start, "obstacles": obstacles, "accepted": keys, "shown": accepted}
            form = draft.form.model_copy(update=chosen)
            self.holds.append((start, obstacles, keys))
            self.seen_at = seen_at
            return self._store(replace(draft, form=form, screen=Screen.CONFIRM, held_until=NOW + timedelta(minutes=10)))

    def submit(self, rep: Rep, draft_id: str, *, on_event: bool, by_mail: bool) -> Draft:
        self.before("submit")
        with self.lock:
            draft = self.draft(rep, draft_id)
            if draft.state is not DraftState.OPEN:
                return draft
            form = draft.form.model_copy(update={"on_event": on_event, "by_mail": by_mail})
            self.submissions.append((draft_id, on_event, by_mail))
            return self._store(replace(draft, form=form, state=DraftState.SUBMITTED, screen=Screen.OUTCOME))

    def reopen(self, rep: Rep, draft_id: str, screen: Screen) -> Draft:
        with self.lock:
            return self._store(replace(self._open(rep, draft_id), screen=screen))

    def outcome(self, rep: Rep, draft_id: str) -> Outcome:
        draft = self.draft(rep, draft_id)
        known = self.outcomes.get(draft_id)
        return replace(known, draft=draft) if known else Outcome(OutcomeKind.WORKING, draft, DANA.zone)

    def booking_of(self, rep: Rep, draft_id: str) -> Booking | None:
        return self.bookings.get(draft_id)

    def upcoming(self, rep: Rep, limit: int = 20) -> tuple[Booking, ...]:
        return self.meetings(rep, limit)

    def meetings(
        self, rep: Rep, limit: int, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Booking, ...]:
        kept = [b for b in self.bookings.values() if until is None or b.interval.start < until]
        return tuple(b for b in kept if since is None or since < b.interval.end)[:limit]

    def connections(self, rep: Rep) -> tuple[Connection, ...]:
        self.before("connections")
        return self.connected

    def connect_links(self, rep: Rep, draft_id: str | None = None) -> Mapping[str, str]:
        self.before("connect_links")
        return self.links

    # --- calendars ---

    def propose(self, rep: Rep, draft_id: str) -> Proposal:
        self.before("propose")
        draft = self.draft(rep, draft_id)
        first = at(23, 0) if draft.form.week_of is None else at(int(draft.form.week_of[-2:]), 0)
        proposal = Proposal(
            draft_id=draft_id,
            revision=draft.revision,
            zone=draft.form.zone or DANA.zone,
            customer_zone=draft.form.customer.zone if draft.form.customer else None,
            week=Interval(first - timedelta(hours=1), first + timedelta(days=7, hours=-1)),
            slots=self.slots,
            conflicts=self.conflicts,
            unread=self.unread,
            has_earlier=draft.form.week_of not in (None, "2026-11-23"),
            has_later=True,
            connected=any(c.state is ConnectionState.OK for c in self.connected),
            grid_zone=DANA.zone,
        )
        return replace(proposal, **self.proposing)

    # --- for tests ---

    def give_back(self, draft_id: str, outcome: Outcome) -> None:
        """As the outbox does when a submitted draft could not be booked."""
        with self.lock:
            self._store(replace(self.drafts[draft_id], state=DraftState.OPEN))
            self.outcomes[draft_id] = outcome

    def _met(self, customer: Customer | None) -> LastMeeting | None:
        known = self.met_before
        return known if known and customer and customer.email == known.customer.email else None

    def _open(self, rep: Rep, draft_id: str) -> Draft:
        draft = self.draft(rep, draft_id)
        if draft.state is not DraftState.OPEN:
            raise DraftGone
        return draft

    def _store(self, draft: Draft) -> Draft:
        stored = replace(draft, revision=draft.revision + 1)
        self.drafts[draft.id] = stored
        return stored


def draft_with(form: Form, **more: object) -> Draft:
    base = Draft("draft1", "T0DEMO", "U0DANA", 3, DraftState.OPEN, Screen.DETAILS, form)
    return replace(base, **more)


def booking_with(form: Form, **more: object) -> Booking:
    start = form.slot or at(24, 14)
    base = Booking(
        id="b1",
        team_id="T0DEMO",
        tracking_id="SF-7K2M",
        draft_id="draft1",
        version=1,
        sequence=0,
        generation=1,
        state=BookingState.CONFIRMED,
        interval=Interval(start, start + timedelta(minutes=form.minutes)),
        organizer=DANA,
        members=(DANA, PRIYA),
        customer=form.customer or Customer(name="Acme Buyer", email="buyer@acme.example"),
        form=form,
        uid="uid-1@schedule.example",
        event=EventRef(calendar_id="home", event_id="1.ics", uid="uid-1@schedule.example"),
        created_at=NOW,
    )
    return replace(base, **more)


def slow(*names: str, seconds: float) -> Callable[[str], None]:
    """A `before` that holds these methods up."""

    def wait(name: str) -> None:
        if name in names:
            time.sleep(seconds)

    return wait

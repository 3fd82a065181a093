"""What became of a submitted draft: written down by the durable tasks, read back for the rep's screen.

A `Problem` is stored with the draft; together with the booking it decides the `Outcome`. Words are the front end's.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from scheduling.domain import BookingState, Draft, DraftState, Interval, Rep, Slot
from scheduling.ports import Outcome, OutcomeKind
from scheduling.roster import EVER
from scheduling.store import Session, bookings, connections, drafts, people


class Problem(BaseModel):
    """Why a submitted draft is not simply booked. `kind` is WAITING, TAKEN or FAILED."""

    model_config = ConfigDict(frozen=True)

    kind: OutcomeKind
    reason: str | None = None
    who: tuple[str, ...] = ()
    alternatives: tuple[tuple[datetime, datetime], ...] = ()
    connection_id: str | None = None

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(Slot(Interval(start, end)) for start, end in self.alternatives)


def record(tx: Session, draft: Draft, problem: Problem | None) -> None:
    """Store (or, with None, forget) why the draft is not booked."""
    drafts.set_problem(tx, draft.rep, draft.id, problem.model_dump(mode="json") if problem else None)


def outcome_of(tx: Session, rep: Rep, draft_id: str) -> Outcome:
    """Read the outcome so far; raises DraftGone."""
    draft = drafts.get(tx, rep, draft_id)
    booking = bookings.of_draft(tx, rep.team_id, draft_id)
    stored = drafts.problem(tx, rep, draft_id)
    problem = Problem.model_validate(stored) if stored else None
    kind = _kind(draft, booking.state if booking else None, problem)
    known = people.known(tx, rep.team_id, (rep.user_id,), EVER)
    connection_id = problem.connection_id if problem else None
    if problem is None:
        problem = Problem(kind=kind)
    return Outcome(
        kind=kind,
        draft=draft,
        zone=draft.form.zone or (known[rep.user_id].zone if rep.user_id in known else "UTC"),
        booking=booking,
        reason=problem.reason,
        who=problem.who,
        alternatives=problem.slots,
        connection=connections.get(tx, rep.team_id, connection_id) if connection_id else None,
    )


def _kind(draft: Draft, booked: BookingState | None, problem: Problem | None) -> OutcomeKind:
    if booked is BookingState.CONFIRMED:
        return OutcomeKind.BOOKED
    if problem is not None:
        return problem.kind
    if draft.state is DraftState.SUBMITTED or booked is BookingState.PENDING:
        return OutcomeKind.WORKING
    return OutcomeKind.FAILED

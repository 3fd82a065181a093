"""Drafts: unfinished forms, each visible to its rep alone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select

from scheduling.domain import Draft, DraftState, Form, Rep, Screen
from scheduling.errors import DraftGone
from scheduling.store.engine import now_of
from scheduling.store.tables import DraftRow


@dataclass(frozen=True, slots=True)
class Submission:
    """How often a draft was submitted, and when last (None: never)."""

    attempt: int
    submitted_at: datetime | None


def add(tx: Session, draft: Draft, now: datetime | None = None) -> None:
    """Store a new draft as it is."""
    tx.add(
        DraftRow(
            id=draft.id,
            team_id=draft.team_id,
            user_id=draft.user_id,
            revision=draft.revision,
            state=draft.state,
            screen=draft.screen,
            form=draft.form.model_dump(mode="json"),
            view_id=draft.view_id,
            held_until=draft.held_until,
            updated_at=now or now_of(tx),
        )
    )
    tx.flush()


def get(tx: Session, rep: Rep, draft_id: str) -> Draft:
    """The rep's draft in any state but closed. Raises DraftGone."""
    return _draft(_open_row(tx, rep, draft_id))


def lock(tx: Session, rep: Rep, draft_id: str) -> Draft:
    """Like `get`; other transactions that lock or save this draft wait for this one. Raises DraftGone."""
    return _draft(_open_row(tx, rep, draft_id, lock=True))


def save(tx: Session, draft: Draft, now: datetime | None = None) -> Draft:
    """Replace the stored draft by this one; the revision rises above the stored one. Raises DraftGone."""
    row = _row(tx, draft.rep, draft.id, lock=True)
    row.revision += 1
    row.state = draft.state
    row.screen = draft.screen
    row.form = draft.form.model_dump(mode="json")
    row.view_id = draft.view_id
    row.held_until = draft.held_until
    row.updated_at = now or now_of(tx)
    tx.flush()
    return replace(draft, revision=row.revision)


def attach_view(tx: Session, rep: Rep, draft_id: str, view_id: str) -> None:
    """Note which open view shows the draft; no change the rep made, so the revision stays. Raises DraftGone."""
    _row(tx, rep, draft_id, lock=True).view_id = view_id
    tx.flush()


def open_since(tx: Session, rep: Rep, since: datetime, limit: int = 10) -> tuple[Draft, ...]:
    """The rep's open drafts touched at or after `since`, the latest first."""
    rows = tx.exec(
        select(DraftRow)
        .where(*_of(rep), col(DraftRow.state) == DraftState.OPEN, col(DraftRow.updated_at) >= since)
        .order_by(col(DraftRow.updated_at).desc(), col(DraftRow.id))
        .limit(limit)
    )
    return tuple(_draft(row) for row in rows)


def mark_submitted(tx: Session, draft: Draft, now: datetime) -> int:
    """Count this submission and forget the problem of the one before; returns its number, from 1. Raises DraftGone.

    Leaves the revision alone: what the rep sees is saved by `save`.
    """
    row = _row(tx, draft.rep, draft.id, lock=True)
    row.state = DraftState.SUBMITTED
    row.attempt += 1
    row.submitted_at = now
    row.problem = None
    row.updated_at = now
    tx.flush()
    return row.attempt


def submission(tx: Session, rep: Rep, draft_id: str) -> Submission:
    """Raises DraftGone."""
    row = _row(tx, rep, draft_id)
    return Submission(row.attempt, row.submitted_at)


def set_problem(tx: Session, rep: Rep, draft_id: str, problem: dict[str, Any] | None) -> None:
    """Keep why the submission is stuck or failed, as plain JSON; None clears it. Raises DraftGone."""
    _row(tx, rep, draft_id, lock=True).problem = problem
    tx.flush()


def problem(tx: Session, rep: Rep, draft_id: str) -> dict[str, Any] | None:
    """What `set_problem` kept. Raises DraftGone."""
    return _row(tx, rep, draft_id).problem


def purge(tx: Session, older_than: datetime, team_id: str | None = None) -> int:
    """Delete drafts that nobody touched since `older_than`, of one team or of all; how many."""
    where = [col(DraftRow.updated_at) < older_than]
    if team_id is not None:
        where.append(col(DraftRow.team_id) == team_id)
    return tx.exec(delete(DraftRow).where(*where)).rowcount


def _of(rep: Rep) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(DraftRow.team_id) == rep.team_id, col(DraftRow.user_id) == rep.user_id


def _row(tx: Session, rep: Rep, draft_id: str, *, lock: bool = False) -> DraftRow:
    wanted = select(DraftRow).where(*_of(rep), col(DraftRow.id) == draft_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    row = tx.exec(wanted).first()
    if row is None:
        raise DraftGone(draft_id)
    return row


def _open_row(tx: Session, rep: Rep, draft_id: str, *, lock: bool = False) -> DraftRow:
    row = _row(tx, rep, draft_id, lock=lock)
    if row.state == DraftState.CLOSED:
        raise DraftGone(draft_id)
    return row


def _draft(row: DraftRow) -> Draft:
    return Draft(
        id=row.id,
        team_id=row.team_id,
        user_id=row.user_id,
        revision=row.revision,
        state=DraftState(row.state),
        screen=Screen(row.screen),
        form=form_of(row.form),
        view_id=row.view_id,
        held_until=row.held_until,
    )


def form_of(stored: dict[str, Any]) -> Form:
    """A stored form; its slot in the one UTC that the rest of the program uses."""
    form = Form.model_validate(stored)
    return form if form.slot is None else form.model_copy(update={"slot": form.slot.astimezone(UTC)})

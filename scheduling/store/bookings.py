"""Bookings: our record of every meeting, found by draft, customer and person."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import literal_column
from sqlmodel import Session, col, delete, select

from scheduling.domain import Booking, BookingState, Interval, Rep
from scheduling.store.drafts import form_of
from scheduling.store.tables import BookingMemberRow, BookingRow

_FACTS = TypeAdapter(Booking)
_LIVE = (BookingState.PENDING, BookingState.CONFIRMED)


def add(tx: Session, booking: Booking) -> None:
    """Store a new booking. A second one of the same draft that has not failed raises IntegrityError."""
    tx.add(BookingRow(id=booking.id, team_id=booking.team_id, **_columns(booking)))
    tx.flush()
    _note_people(tx, booking)


def save(tx: Session, booking: Booking) -> None:
    """Replace the stored booking. Raises LookupError when the team has none with this id."""
    row = _row(tx, booking.team_id, booking.id, lock=True)
    if row is None:
        raise LookupError(booking.id)
    for name, value in _columns(booking).items():
        setattr(row, name, value)
    tx.flush()
    _note_people(tx, booking)


def get(tx: Session, team_id: str, booking_id: str) -> Booking | None:
    row = _row(tx, team_id, booking_id)
    return None if row is None else _booking(row)


def lock(tx: Session, team_id: str, booking_id: str) -> Booking | None:
    """Like `get`; other transactions that lock or save this booking wait for this one."""
    row = _row(tx, team_id, booking_id, lock=True)
    return None if row is None else _booking(row)


def of_draft(tx: Session, team_id: str, draft_id: str) -> Booking | None:
    """The booking that came of the draft, failed ones aside."""
    row = tx.exec(
        select(BookingRow).where(
            col(BookingRow.team_id) == team_id,
            col(BookingRow.draft_id) == draft_id,
            col(BookingRow.state) != literal_column("'failed'"),  # as the unique index has it
        )
    ).first()
    return None if row is None else _booking(row)


def last_with_customer(tx: Session, rep: Rep, email: str) -> Booking | None:
    """The latest meeting, past or to come, that this rep organizes with this address."""
    row = tx.exec(
        select(BookingRow)
        .where(
            col(BookingRow.team_id) == rep.team_id,
            col(BookingRow.organizer_id) == rep.user_id,
            col(BookingRow.customer_email) == _plain(email),
            col(BookingRow.state).in_(_LIVE),
        )
        .order_by(col(BookingRow.starts_at).desc(), col(BookingRow.id))
        .limit(1)
    ).first()
    return None if row is None else _booking(row)


def upcoming(
    tx: Session, team_id: str, user_id: str, after: datetime, limit: int, before: datetime | None = None
) -> tuple[Booking, ...]:
    """Meetings that the user organizes or attends, that end after `after` and begin before `before`, soonest first."""
    mine = select(BookingMemberRow.booking_id).where(
        col(BookingMemberRow.team_id) == team_id, col(BookingMemberRow.user_id) == user_id
    )
    rows = tx.exec(
        select(BookingRow)
        .where(
            col(BookingRow.team_id) == team_id,
            col(BookingRow.ends_at) > after,
            col(BookingRow.state).in_(_LIVE),
            col(BookingRow.id).in_(mine),
            *([col(BookingRow.starts_at) < before] if before is not None else []),
        )
        .order_by(col(BookingRow.starts_at), col(BookingRow.id))
        .limit(limit)
    )
    return tuple(_booking(row) for row in rows)


def _row(tx: Session, team_id: str, booking_id: str, *, lock: bool = False) -> BookingRow | None:
    wanted = select(BookingRow).where(col(BookingRow.team_id) == team_id, col(BookingRow.id) == booking_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return tx.exec(wanted).first()


def _note_people(tx: Session, booking: Booking) -> None:
    tx.exec(
        delete(BookingMemberRow).where(
            col(BookingMemberRow.team_id) == booking.team_id, col(BookingMemberRow.booking_id) == booking.id
        )
    )
    for user_id in dict.fromkeys(person.user_id for person in booking.team):
        tx.add(BookingMemberRow(team_id=booking.team_id, booking_id=booking.id, user_id=user_id))
    tx.flush()


def _columns(booking: Booking) -> dict[str, Any]:
    return {
        "draft_id": booking.draft_id,
        "organizer_id": booking.organizer.user_id,
        "customer_email": _plain(booking.customer.email),
        "starts_at": booking.interval.start,
        "ends_at": booking.interval.end,
        "state": booking.state,
        "version": booking.version,
        "facts": _FACTS.dump_python(booking, mode="json"),
    }


def _booking(row: BookingRow) -> Booking:
    stored = _FACTS.validate_python(row.facts)
    return replace(
        stored,
        interval=Interval(row.starts_at, row.ends_at),
        form=form_of(row.facts["form"]),
        created_at=stored.created_at.astimezone(UTC),
    )


def _plain(email: str) -> str:
    return email.strip().lower()

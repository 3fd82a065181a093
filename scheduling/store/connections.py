"""Connected calendar accounts. The secret is sealed for its row and leaves only through `secret`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from sqlmodel import Session, col, delete, select

from scheduling.calendars.base import CalendarInfo
from scheduling.domain import Connection, ConnectionState, Rep
from scheduling.secrets import KeyUnfit, SecretBox
from scheduling.store.engine import box_of
from scheduling.store.tables import ConnectionRow


def save(
    tx: Session, connection: Connection, secret: Mapping[str, str], calendars: Sequence[CalendarInfo]
) -> Connection:
    """Store a connected account. Connecting the same account again updates it; id and who invites stay as stored."""
    row = tx.exec(
        select(ConnectionRow)
        .where(
            col(ConnectionRow.team_id) == connection.team_id,
            col(ConnectionRow.user_id) == connection.user_id,
            col(ConnectionRow.provider) == connection.provider,
            col(ConnectionRow.account) == connection.account,
        )
        .with_for_update()
    ).first()
    stored = connection if row is None else replace(connection, id=row.id, mails_invite=row.mails_invite)
    if row is None:
        row = ConnectionRow(
            id=stored.id,
            team_id=stored.team_id,
            user_id=stored.user_id,
            provider=stored.provider,
            account=stored.account,
            state=stored.state,
            mails_invite=stored.mails_invite,
            secret="",
            calendars=[],
        )
    row.state = stored.state
    row.reason = stored.reason
    row.target_calendar = stored.target_calendar
    row.secret = _box(tx).seal(_context(stored), secret)
    row.calendars = [asdict(calendar) for calendar in calendars]
    tx.add(row)
    tx.flush()
    return stored


def of_user(tx: Session, rep: Rep) -> tuple[Connection, ...]:
    """The rep's connections, in a steady order."""
    return of_users(tx, rep.team_id, (rep.user_id,))[rep.user_id]


def of_users(tx: Session, team_id: str, user_ids: Iterable[str]) -> dict[str, tuple[Connection, ...]]:
    """Connections by user id, for every id asked."""
    found: dict[str, list[Connection]] = {user_id: [] for user_id in user_ids}
    rows = tx.exec(
        select(ConnectionRow)
        .where(col(ConnectionRow.team_id) == team_id, col(ConnectionRow.user_id).in_(tuple(found)))
        .order_by(col(ConnectionRow.provider), col(ConnectionRow.account))
    )
    for row in rows:
        found[row.user_id].append(_connection(row))
    return {user_id: tuple(theirs) for user_id, theirs in found.items()}


def get(tx: Session, team_id: str, connection_id: str) -> Connection | None:
    row = _row(tx, team_id, connection_id)
    return None if row is None else _connection(row)


def secret(tx: Session, team_id: str, connection_id: str) -> dict[str, str]:
    """The opened secret. Raises LookupError when the team has no such connection, KeyUnfit when no key opens it."""
    row = _must(tx, team_id, connection_id)
    return _box(tx).open(_context(_connection(row)), row.secret)


def replace_secret(tx: Session, team_id: str, connection_id: str, fresh: Mapping[str, str]) -> None:
    """Keep a refreshed grant. Raises LookupError."""
    row = _must(tx, team_id, connection_id)
    row.secret = _box(tx).seal(_context(_connection(row)), fresh)
    tx.flush()


def calendars(tx: Session, team_id: str, connection_id: str) -> tuple[CalendarInfo, ...]:
    """The account's calendars as last read. Raises LookupError."""
    return tuple(CalendarInfo(**stored) for stored in _must(tx, team_id, connection_id).calendars)


def replace_calendars(tx: Session, team_id: str, connection_id: str, fresh: Sequence[CalendarInfo]) -> None:
    """Keep a newer list of the account's calendars. Raises LookupError."""
    _must(tx, team_id, connection_id).calendars = [asdict(calendar) for calendar in fresh]
    tx.flush()


def mark(tx: Session, team_id: str, connection_id: str, state: ConnectionState, reason: str | None = None) -> None:
    """Note whether the account still lets us in. Raises LookupError."""
    row = _must(tx, team_id, connection_id)
    row.state = state
    row.reason = reason
    tx.flush()


def let_mails_invite(tx: Session, team_id: str, connection_id: str, *, mails_invite: bool) -> None:
    """Who invites the customers of meetings that this account holds. Raises LookupError."""
    _must(tx, team_id, connection_id).mails_invite = mails_invite
    tx.flush()


def remove(tx: Session, team_id: str, connection_id: str) -> None:
    """Forget the account and its secret; one that is gone already is fine."""
    tx.exec(delete(ConnectionRow).where(col(ConnectionRow.team_id) == team_id, col(ConnectionRow.id) == connection_id))


def rotate(tx: Session) -> int:
    """Seal every team's secrets with the newest key; how many. Raises KeyUnfit and changes nothing for a lost key."""
    rows = tx.exec(select(ConnectionRow).with_for_update()).all()
    for row in rows:
        row.secret = _box(tx).rotate(row.secret)
    tx.flush()
    return len(rows)


def _row(tx: Session, team_id: str, connection_id: str) -> ConnectionRow | None:
    return tx.exec(
        select(ConnectionRow).where(col(ConnectionRow.team_id) == team_id, col(ConnectionRow.id) == connection_id)
    ).first()


def _must(tx: Session, team_id: str, connection_id: str) -> ConnectionRow:
    row = _row(tx, team_id, connection_id)
    if row is None:
        raise LookupError(connection_id)
    return row


def _connection(row: ConnectionRow) -> Connection:
    return Connection(
        id=row.id,
        team_id=row.team_id,
        user_id=row.user_id,
        provider=row.provider,
        account=row.account,
        state=ConnectionState(row.state),
        reason=row.reason,
        target_calendar=row.target_calendar,
        mails_invite=row.mails_invite,
    )


def _context(connection: Connection) -> str:
    return f"{connection.team_id}|{connection.user_id}|{connection.id}"


def _box(tx: Session) -> SecretBox:
    box = box_of(tx)
    if box is None:
        raise KeyUnfit("the store was opened without secret keys")
    return box

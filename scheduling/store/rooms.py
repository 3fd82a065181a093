"""Rooms of a workspace. A room has no mind of its own: its calendar's connection is kept under the key `room:<id>`."""

from sqlmodel import Session, col, delete, select

from scheduling.domain import Room
from scheduling.store.tables import RoomRow


def add(tx: Session, team_id: str, room: Room) -> None:
    """Store a room, or its new name."""
    tx.merge(RoomRow(team_id=team_id, id=room.id, name=room.name, address=room.address))
    tx.flush()


def of_team(tx: Session, team_id: str) -> tuple[Room, ...]:
    """All rooms, by name."""
    rows = tx.exec(select(RoomRow).where(col(RoomRow.team_id) == team_id).order_by(col(RoomRow.name), col(RoomRow.id)))
    return tuple(Room(id=row.id, name=row.name, address=row.address) for row in rows)


def remove(tx: Session, team_id: str, room_id: str) -> None:
    """Forget a room; one that is gone already is fine. Its connection is removed by itself."""
    tx.exec(delete(RoomRow).where(col(RoomRow.team_id) == team_id, col(RoomRow.id) == room_id))

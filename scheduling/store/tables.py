"""Every table. Rows stay inside the store: queries take and give the frozen values of the domain.

SQLModel tables do not validate; whatever is written here comes from values that do. The guard against double
booking (`slot_no_overlap`) is no metadata: the migration makes it and `Store.check` asserts it by name.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from scheduling.store.columns import UTCDateTime


def _instant(*, nullable: bool = False) -> Any:  # noqa: ANN401 - as SQLModel's Field
    return Field(default=None, sa_column=Column(UTCDateTime, nullable=nullable))


def _json(*, nullable: bool = False) -> Any:  # noqa: ANN401 - as SQLModel's Field
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=nullable))


class PersonRow(SQLModel, table=True):
    """A member's profile as Slack last told it."""

    __tablename__: ClassVar[str] = "person"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    name: str
    email: str
    zone: str
    seen_at: datetime = _instant()


class DraftRow(SQLModel, table=True):
    """An unfinished form; its id is the idempotency key of the booking that comes of it."""

    __tablename__: ClassVar[str] = "draft"
    __table_args__ = (Index("draft_of_rep", "team_id", "user_id", "updated_at"),)

    id: str = Field(primary_key=True)
    team_id: str
    user_id: str
    revision: int
    state: str
    screen: str
    form: dict[str, Any] = _json()
    view_id: str | None = None
    held_until: datetime | None = _instant(nullable=True)
    attempt: int = 0
    submitted_at: datetime | None = _instant(nullable=True)
    problem: dict[str, Any] | None = _json(nullable=True)
    updated_at: datetime = _instant()


class BookingRow(SQLModel, table=True):
    """The whole booking in `facts`; the other columns are what it is found by."""

    __tablename__: ClassVar[str] = "booking"
    __table_args__ = (
        Index(
            "booking_of_draft",
            "team_id",
            "draft_id",
            unique=True,
            sqlite_where=text("state <> 'failed'"),
            postgresql_where=text("state <> 'failed'"),
        ),
        Index("booking_of_customer", "team_id", "organizer_id", "customer_email", "starts_at"),
        Index("booking_by_end", "team_id", "ends_at"),
        CheckConstraint("starts_at < ends_at", name="booking_has_length"),
    )

    id: str = Field(primary_key=True)
    team_id: str
    draft_id: str
    organizer_id: str
    customer_email: str
    starts_at: datetime = _instant()
    ends_at: datetime = _instant()
    state: str
    version: int
    facts: dict[str, Any] = _json()


class BookingMemberRow(SQLModel, table=True):
    """Who is part of a booking, the organizer included."""

    __tablename__: ClassVar[str] = "booking_member"
    __table_args__ = (
        ForeignKeyConstraint(["booking_id"], ["booking.id"], name="member_of_booking", ondelete="CASCADE"),
        Index("booking_of_member", "team_id", "user_id", "booking_id"),
    )

    booking_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    team_id: str


class ResourceRow(SQLModel, table=True):
    """A person or room that can be claimed: the row that claiming transactions lock, in key order."""

    __tablename__: ClassVar[str] = "resource"

    team_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)


class SlotClaimRow(SQLModel, table=True):
    """One resource's time, held for a draft or confirmed for a booking. Half-open, buffers included."""

    __tablename__: ClassVar[str] = "slot_claim"
    __table_args__ = (
        ForeignKeyConstraint(
            ["team_id", "resource_key"], ["resource.team_id", "resource.key"], name="claim_of_resource"
        ),
        CheckConstraint("starts_at < ends_at", name="claim_has_length"),
        CheckConstraint("state in ('held','confirmed','released')", name="claim_state"),
        CheckConstraint("state <> 'held' or expires_at is not null", name="hold_expires"),
        CheckConstraint("state <> 'confirmed' or booking_id is not null", name="confirmed_has_booking"),
        Index(
            "claim_lookup",
            "team_id",
            "resource_key",
            "ends_at",
            sqlite_where=text("state <> 'released'"),
            postgresql_where=text("state <> 'released'"),
        ),
        Index(
            "claim_expiry",
            "expires_at",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index("claim_of_draft", "team_id", "draft_id"),
        Index("claim_of_booking", "team_id", "booking_id"),
    )

    id: str = Field(primary_key=True)
    team_id: str
    resource_key: str
    draft_id: str
    booking_id: str | None = None
    starts_at: datetime = _instant()
    ends_at: datetime = _instant()
    state: str
    forced: bool = False
    expires_at: datetime | None = _instant(nullable=True)
    claimed_at: datetime = _instant()


class ConnectionRow(SQLModel, table=True):
    """A connected calendar account; `secret` is sealed for this row."""

    __tablename__: ClassVar[str] = "connection"
    __table_args__ = (UniqueConstraint("team_id", "user_id", "provider", "account", name="one_connection_per_account"),)

    id: str = Field(primary_key=True)
    team_id: str
    user_id: str
    provider: str
    account: str
    state: str
    reason: str | None = None
    target_calendar: str | None = None
    mails_invite: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    secret: str = Field(sa_column=Column(Text, nullable=False))
    calendars: list[dict[str, Any]] = _json()


class ConnectLinkRow(SQLModel, table=True):
    """A personal link, or a sign-in under way; only the sha256 of its token is kept.

    `flow` (sealed for this row) and `browser_hash` belong to sign-ins.
    """

    __tablename__: ClassVar[str] = "connect_link"

    token_hash: str = Field(primary_key=True)
    team_id: str
    user_id: str
    purpose: str
    provider: str
    draft_id: str | None = None
    expires_at: datetime = _instant()
    used_at: datetime | None = _instant(nullable=True)
    flow: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    browser_hash: str | None = None


class RoomRow(SQLModel, table=True):
    """A room of a workspace; its calendar's connection belongs to the key `room:<id>`."""

    __tablename__: ClassVar[str] = "room"

    team_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    address: str | None = None


class PreferenceRow(SQLModel, table=True):
    """What a rep chose as their own defaults."""

    __tablename__: ClassVar[str] = "preference"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    settings: dict[str, Any] = _json()


class WorkspaceRow(SQLModel, table=True):
    """What a workspace chose for itself."""

    __tablename__: ClassVar[str] = "workspace"

    team_id: str = Field(primary_key=True)
    announce_channel: str | None = None
    settings: dict[str, Any] = _json()


class OutboxTaskRow(SQLModel, table=True):
    """One piece of durable work. See `scheduling.outbox`."""

    __tablename__: ClassVar[str] = "outbox_task"
    __table_args__ = (
        UniqueConstraint("team_id", "key", name="one_task_per_key"),
        CheckConstraint("state in ('ready','parked','done','dead')", name="task_state"),
        Index(
            "task_ready",
            "team_id",
            "run_after",
            sqlite_where=text("state = 'ready'"),
            postgresql_where=text("state = 'ready'"),
        ),
        Index(
            "task_parked", "parked_on", sqlite_where=text("state = 'parked'"), postgresql_where=text("state = 'parked'")
        ),
        Index(
            "one_live_sync",
            "team_id",
            "booking_id",
            unique=True,
            sqlite_where=text("kind = 'sync_event' AND state IN ('ready','parked')"),
            postgresql_where=text("kind = 'sync_event' AND state IN ('ready','parked')"),
        ),
        Index("task_dead", "kind", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
        Index("task_finished", "finished_at"),
    )

    id: str = Field(primary_key=True)
    team_id: str
    kind: str
    key: str
    payload: dict[str, Any] = _json()
    booking_id: str | None = None
    draft_id: str | None = None
    state: str
    run_after: datetime = _instant()
    attempts: int = 0
    lease_token: str | None = None
    lease_until: datetime | None = _instant(nullable=True)
    parked_on: str | None = None
    last_error: str | None = None
    failing_since: datetime | None = _instant(nullable=True)
    created_at: datetime = _instant()
    finished_at: datetime | None = _instant(nullable=True)


class InboxRow(SQLModel, table=True):
    """A delivery that was seen; its second copy changes nothing."""

    __tablename__: ClassVar[str] = "inbox"
    __table_args__ = (Index("inbox_by_age", "seen_at"),)

    team_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    seen_at: datetime = _instant()


class AuditRow(SQLModel, table=True):
    """Who did what to which booking, when."""

    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (Index("audit_of_booking", "team_id", "booking_id", "at"),)

    id: str = Field(primary_key=True)
    team_id: str
    who: str
    at: datetime = _instant()
    booking_id: str | None = None
    what: dict[str, Any] = _json()


class InstallationRow(SQLModel, table=True):
    """A Slack installation, sealed by the caller; absent parts of the key are empty strings."""

    __tablename__: ClassVar[str] = "installation"

    enterprise_id: str = Field(primary_key=True)
    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    sealed: str = Field(sa_column=Column(Text, nullable=False))
    saved_at: datetime = _instant()

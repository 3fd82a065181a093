"""First schema."""

import sqlalchemy as sa
from alembic import op

from scheduling.store.columns import UTCDateTime
from scheduling.store.guard import make_guard

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=True),
        sa.Column("what", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_of_booking", "audit", ["team_id", "booking_id", "at"], unique=False)
    op.create_table(
        "booking",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("draft_id", sa.String(), nullable=False),
        sa.Column("organizer_id", sa.String(), nullable=False),
        sa.Column("customer_email", sa.String(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="booking_has_length"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("booking_by_end", "booking", ["team_id", "ends_at"], unique=False)
    op.create_index(
        "booking_of_customer", "booking", ["team_id", "organizer_id", "customer_email", "starts_at"], unique=False
    )
    op.create_index(
        "booking_of_draft",
        "booking",
        ["team_id", "draft_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'failed'"),
        postgresql_where=sa.text("state <> 'failed'"),
    )
    op.create_table(
        "connect_link",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("draft_id", sa.String(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("target_calendar", sa.String(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("calendars", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "user_id", "provider", "account", name="one_connection_per_account"),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("screen", sa.String(), nullable=False),
        sa.Column("form", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("view_id", sa.String(), nullable=True),
        sa.Column("held_until", UTCDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("draft_of_rep", "draft", ["team_id", "user_id", "updated_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "key"),
    )
    op.create_index("inbox_by_age", "inbox", ["seen_at"], unique=False)
    op.create_table(
        "installation",
        sa.Column("enterprise_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("enterprise_id", "team_id", "user_id"),
    )
    op.create_table(
        "outbox_task",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=True),
        sa.Column("draft_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run_after", UTCDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("parked_on", sa.String(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("state in ('ready','parked','done','dead')", name="task_state"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "key", name="one_task_per_key"),
    )
    op.create_index(
        "one_live_sync",
        "outbox_task",
        ["team_id", "booking_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'sync_event' AND state IN ('ready','parked')"),
        postgresql_where=sa.text("kind = 'sync_event' AND state IN ('ready','parked')"),
    )
    op.create_index(
        "task_dead",
        "outbox_task",
        ["kind"],
        unique=False,
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index("task_finished", "outbox_task", ["finished_at"], unique=False)
    op.create_index(
        "task_parked",
        "outbox_task",
        ["parked_on"],
        unique=False,
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index(
        "task_ready",
        "outbox_task",
        ["team_id", "run_after"],
        unique=False,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_table(
        "person",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id"),
    )
    op.create_table(
        "preference",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id"),
    )
    op.create_table(
        "resource",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "key"),
    )
    op.create_table(
        "workspace",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("announce_channel", sa.String(), nullable=True),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("team_id"),
    )
    op.create_table(
        "booking_member",
        sa.Column("booking_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="member_of_booking", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("booking_id", "user_id"),
    )
    op.create_index("booking_of_member", "booking_member", ["team_id", "user_id", "booking_id"], unique=False)
    op.create_table(
        "room",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "id"),
    )
    op.create_table(
        "slot_claim",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("resource_key", sa.String(), nullable=False),
        sa.Column("draft_id", sa.String(), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=True),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("claimed_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("state <> 'confirmed' or booking_id is not null", name="confirmed_has_booking"),
        sa.CheckConstraint("state <> 'held' or expires_at is not null", name="hold_expires"),
        sa.CheckConstraint("state in ('held','confirmed','released')", name="claim_state"),
        sa.CheckConstraint("starts_at < ends_at", name="claim_has_length"),
        sa.ForeignKeyConstraint(
            ["team_id", "resource_key"], ["resource.team_id", "resource.key"], name="claim_of_resource"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "claim_expiry",
        "slot_claim",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "claim_lookup",
        "slot_claim",
        ["team_id", "resource_key", "ends_at"],
        unique=False,
        sqlite_where=sa.text("state <> 'released'"),
        postgresql_where=sa.text("state <> 'released'"),
    )
    op.create_index("claim_of_booking", "slot_claim", ["team_id", "booking_id"], unique=False)
    op.create_index("claim_of_draft", "slot_claim", ["team_id", "draft_id"], unique=False)
    make_guard(op.get_bind())


def downgrade() -> None:
    op.drop_index("claim_of_draft", table_name="slot_claim")
    op.drop_index("claim_of_booking", table_name="slot_claim")
    op.drop_index(
        "claim_lookup",
        table_name="slot_claim",
        sqlite_where=sa.text("state <> 'released'"),
        postgresql_where=sa.text("state <> 'released'"),
    )
    op.drop_index(
        "claim_expiry",
        table_name="slot_claim",
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.drop_table("slot_claim")
    op.drop_index("booking_of_member", table_name="booking_member")
    op.drop_table("booking_member")
    op.drop_table("workspace")
    op.drop_table("room")
    op.drop_table("preference")
    op.drop_table("resource")
    op.drop_table("person")
    op.drop_index(
        "task_ready",
        table_name="outbox_task",
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.drop_index(
        "task_parked",
        table_name="outbox_task",
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.drop_index("task_finished", table_name="outbox_task")
    op.drop_index(
        "task_dead",
        table_name="outbox_task",
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.drop_index(
        "one_live_sync",
        table_name="outbox_task",
        sqlite_where=sa.text("kind = 'sync_event' AND state IN ('ready','parked')"),
        postgresql_where=sa.text("kind = 'sync_event' AND state IN ('ready','parked')"),
    )
    op.drop_table("outbox_task")
    op.drop_table("installation")
    op.drop_index("inbox_by_age", table_name="inbox")
    op.drop_table("inbox")
    op.drop_index("draft_of_rep", table_name="draft")
    op.drop_table("draft")
    op.drop_table("connection")
    op.drop_table("connect_link")
    op.drop_index(
        "booking_of_draft",
        table_name="booking",
        sqlite_where=sa.text("state <> 'failed'"),
        postgresql_where=sa.text("state <> 'failed'"),
    )
    op.drop_index("booking_of_customer", table_name="booking")
    op.drop_index("booking_by_end", table_name="booking")
    op.drop_table("booking")
    op.drop_index("audit_of_booking", table_name="audit")
    op.drop_table("audit")

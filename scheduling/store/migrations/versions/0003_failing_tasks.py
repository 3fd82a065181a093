"""Since when a task has been failing: even the most patient one must come to an end that somebody is told of."""

import sqlalchemy as sa
from alembic import op

from scheduling.store.columns import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox_task", sa.Column("failing_since", UTCDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("outbox_task") as table:
        table.drop_column("failing_since")

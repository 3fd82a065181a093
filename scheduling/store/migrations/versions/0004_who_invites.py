"""Whose invitation a customer gets, by calendar account: the calendar's own, or our mail's."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("mails_invite", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("connection") as table:
        table.drop_column("mails_invite")

"""Sign-ins at a provider's own page: what must come back with the answer, and the browser it must come from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connect_link", sa.Column("flow", sa.Text(), nullable=True))
    op.add_column("connect_link", sa.Column("browser_hash", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("connect_link") as table:
        table.drop_column("browser_hash")
        table.drop_column("flow")

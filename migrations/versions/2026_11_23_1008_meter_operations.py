"""Meter operations.

The points that each installation has left. Rows are changed in place several times a second by the
processes that serve it, so pages keep half of their room free.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "cost_bucket",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("installation_id", sa.Uuid(), nullable=False),
        sa.Column("free", sa.Double(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("epoch_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.Column("leased_before", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "installation_id", name=op.f("pk_cost_bucket")),
        postgresql_with={"fillfactor": 50},
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("cost_bucket")

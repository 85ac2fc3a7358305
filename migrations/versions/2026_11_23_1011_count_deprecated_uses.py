"""Count deprecated uses.

How often each installation used something deprecated, by day.
A new table only: no lock is waited for but that of the installations it refers to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "deprecated_use",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("installation_id", sa.Uuid(), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("coordinate", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "installation_id"],
            ["installation.brand_id", "installation.id"],
            name=op.f("fk_deprecated_use_brand_id_installation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brand.id"], name=op.f("fk_deprecated_use_brand_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_deprecated_use")),
        sa.UniqueConstraint(
            "brand_id",
            "installation_id",
            "used_on",
            "coordinate",
            name=op.f("uq_deprecated_use_brand_id_installation_id_used_on_coordinate"),
        ),
    )
    op.create_index(op.f("ix_deprecated_use_used_on"), "deprecated_use", ["used_on"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("deprecated_use")

"""Remember deleted posts.

What X told of a post or an account, which deliveries told of an engagement, and which intent a
tagged post belongs to. Indexes are built without holding up whoever writes.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "standing",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "DELETED",
                "SUSPENDED",
                "WITHHELD",
                "PROTECTED",
                name="standingkind",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spreads", sa.Boolean(), nullable=False),
        sa.Column("spread_to", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "kind", name=op.f("pk_standing")),
    )
    op.create_index(op.f("ix_standing_kept_at"), "standing", ["kept_at"], unique=False)
    op.create_index(
        "ix_standing_spreads",
        "standing",
        ["kept_at"],
        unique=False,
        postgresql_where="spreads",
    )
    op.add_column(
        "engagement",
        sa.Column("deliveries", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )
    op.add_column("engagement", sa.Column("intent_id", sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_engagement_intent",
            "engagement",
            ["brand_id", "intent_id"],
            unique=False,
            postgresql_where="intent_id IS NOT NULL",
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_engagement_misuse",
            "engagement",
            ["brand_id", "occurred_at"],
            unique=False,
            postgresql_where="misuse_reason IS NOT NULL",
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_engagement_of_nobody",
            "engagement",
            ["xid"],
            unique=False,
            postgresql_where="shopper_id IS NULL AND xid IS NOT NULL",
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_inbox_quarantined",
            "inbox",
            ["quarantined_at"],
            unique=False,
            postgresql_where="quarantined_at IS NOT NULL",
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_cart_intent_received",
            "cart_intent",
            ["id"],
            unique=False,
            postgresql_where="status = 'RECEIVED'",
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_cart_intent_received", table_name="cart_intent")
    op.drop_index("ix_inbox_quarantined", table_name="inbox")
    op.drop_index("ix_engagement_of_nobody", table_name="engagement")
    op.drop_index("ix_engagement_misuse", table_name="engagement")
    op.drop_index("ix_engagement_intent", table_name="engagement")
    op.drop_column("engagement", "intent_id")
    op.drop_column("engagement", "deliveries")
    op.drop_table("standing")

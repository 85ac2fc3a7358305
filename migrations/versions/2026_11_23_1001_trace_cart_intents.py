"""Trace cart intents.

How an intent was decided and what its retailer answered; a lease while the retailer is asked, and
taking an added line out again. New columns have constant defaults: no row is rewritten.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    moment = sa.DateTime(timezone=True)
    op.add_column("cart_intent", sa.Column("claimed_until", moment, nullable=True))
    op.add_column("cart_intent", sa.Column("remove_due_at", moment, nullable=True))
    op.add_column(
        "cart_intent",
        sa.Column("remove_attempts", sa.Integer(), server_default="0", nullable=False),
    )
    for notes in ("decisions", "retailer_calls"):
        op.add_column(
            "cart_intent",
            sa.Column(
                notes,
                postgresql.JSONB(astext_type=sa.Text()),
                server_default="[]",
                nullable=False,
            ),
        )
    op.execute(
        "ALTER TABLE cart_intent ADD CONSTRAINT ck_cart_intent_only_what_was_added_is_removed"
        " CHECK (remove_due_at IS NULL OR status = 'ADDED') NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(
            "ALTER TABLE cart_intent"
            " VALIDATE CONSTRAINT ck_cart_intent_only_what_was_added_is_removed"
        )
        op.create_index(
            "ix_cart_intent_removals",
            "cart_intent",
            ["remove_due_at"],
            unique=False,
            postgresql_where="remove_due_at IS NOT NULL",
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_cart_intent_removals", table_name="cart_intent")
    op.drop_constraint("ck_cart_intent_only_what_was_added_is_removed", "cart_intent")
    for name in (
        "retailer_calls",
        "decisions",
        "remove_attempts",
        "remove_due_at",
        "claimed_until",
    ):
        op.drop_column("cart_intent", name)

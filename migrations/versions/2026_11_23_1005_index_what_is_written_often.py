"""Index what is written often.

Engagements and intents are written by the door's traffic alone, with names that were looked up in
the same transaction, of rows that are never deleted. Their foreign keys cost a quarter of what a
reply cost PostgreSQL: a look-up and a lock on a busy row for each. Nobody looks for an engagement
by its parent; what failed at the desk is looked for often, and must not be sought in all that waits.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FOREIGN_KEYS = (
    ("engagement", ["brand_id"], "brand"),
    ("engagement", ["brand_id", "shopper_id"], "shopper"),
    ("engagement", ["brand_id", "tweet_id"], "shoppable_tweet"),
    ("cart_intent", ["brand_id"], "brand"),
    ("cart_intent", ["brand_id", "engagement_id"], "engagement"),
    ("cart_intent", ["brand_id", "previous_intent_id"], "cart_intent"),
    ("cart_intent", ["brand_id", "product_id"], "product"),
    ("cart_intent", ["brand_id", "shopper_id"], "shopper"),
    ("cart_intent", ["brand_id", "tweet_id"], "shoppable_tweet"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, columns, _ in FOREIGN_KEYS:
        op.drop_constraint(f"fk_{table}_{'_'.join(columns)}", table, type_="foreignkey")
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_engagement_brand_id_parent_xid",
            table_name="engagement",
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_inbox_failed",
            "inbox",
            ["lane", "next_attempt_at"],
            unique=False,
            postgresql_where="attempts > 0 AND decided_at IS NULL AND quarantined_at IS NULL",
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_inbox_failed", table_name="inbox")
    for table, columns, parent in FOREIGN_KEYS:
        op.create_foreign_key(
            f"fk_{table}_{'_'.join(columns)}",
            table,
            parent,
            columns,
            ["id"] if len(columns) == 1 else ["brand_id", "id"],
            postgresql_not_valid=True,
        )
    with op.get_context().autocommit_block():
        for table, columns, _ in FOREIGN_KEYS:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT fk_{table}_{'_'.join(columns)}")
        op.create_index(
            "ix_engagement_brand_id_parent_xid",
            "engagement",
            ["brand_id", "parent_xid"],
            unique=False,
            postgresql_concurrently=True,
        )

"""Create cart intents.

What became of each reply that asked for a cart.
New tables only: no lock is waited for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "cart_intent",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_xid", sa.BigInteger(), nullable=True),
        sa.Column("tweet_id", sa.Uuid(), nullable=True),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("previous_intent_id", sa.Uuid(), nullable=True),
        sa.Column(
            "action",
            sa.Enum(
                "CART",
                "WISHLIST",
                name="triggeraction",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("retailer", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "RECEIVED",
                "AWAITING_CHOICE",
                "AWAITING_LINK",
                "QUEUED",
                "ADDED",
                "HANDED_OFF",
                "REMOVED",
                "ABANDONED",
                "PURCHASED",
                "FAILED",
                "EXPIRED",
                "WITHDRAWN",
                name="cartintentstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column(
            "failure_reason",
            sa.Enum(
                "TWEET_UNAVAILABLE",
                "NO_PRODUCT_LINK",
                "NOT_A_PRODUCT",
                "PRODUCT_GONE",
                "OUT_OF_STOCK",
                "LIMITED_QUANTITY",
                "OPTIONS_REQUIRED_EXPIRED",
                "UNSUPPORTED_KIND_DIGITAL",
                "COLLECTION_PARENT",
                "ALREADY_IN_CART",
                "CART_FULL",
                "MARKETPLACE_MISMATCH",
                "LINK_REVOKED",
                "RETAILER_REJECTED",
                "RETAILER_TIMEOUT",
                "RETAILER_UNAVAILABLE",
                "RATE_LIMITED",
                "BUDGET_EXHAUSTED",
                "BRAND_PAUSED",
                "AGE_RESTRICTED",
                "SUSPECTED_AUTOMATION",
                "POLICY_BLOCKED",
                "INTERNAL",
                name="failurereason",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=True,
        ),
        sa.Column("failure_retryable", sa.Boolean(), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=True),
        sa.Column("hand_off_url", sa.Text(), nullable=True),
        sa.Column("hand_off_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cart_reference", sa.Text(), nullable=True),
        sa.Column("offer_amount_minor", sa.Integer(), nullable=True),
        sa.Column("offer_currency", sa.Text(), nullable=True),
        sa.Column("repeat_count", sa.Integer(), nullable=False),
        sa.Column("withdraw_requested", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'FAILED') = (failure_reason IS NOT NULL)",
            name=op.f("ck_cart_intent_failed_has_reason"),
        ),
        sa.CheckConstraint(
            "(status = 'QUEUED') = (next_attempt_at IS NOT NULL)",
            name=op.f("ck_cart_intent_queued_has_next_attempt"),
        ),
        sa.CheckConstraint(
            "(failure_reason IS NULL) = (failure_retryable IS NULL)",
            name=op.f("ck_cart_intent_failure_is_whole"),
        ),
        sa.CheckConstraint(
            "(offer_amount_minor IS NULL) = (offer_currency IS NULL)",
            name=op.f("ck_cart_intent_offer_is_whole"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_cart_intent_quantity_is_positive")),
        sa.ForeignKeyConstraint(
            ["brand_id", "engagement_id"],
            ["engagement.brand_id", "engagement.id"],
            name=op.f("fk_cart_intent_brand_id_engagement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "previous_intent_id"],
            ["cart_intent.brand_id", "cart_intent.id"],
            name=op.f("fk_cart_intent_brand_id_previous_intent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_cart_intent_brand_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "shopper_id"],
            ["shopper.brand_id", "shopper.id"],
            name=op.f("fk_cart_intent_brand_id_shopper_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "tweet_id"],
            ["shoppable_tweet.brand_id", "shoppable_tweet.id"],
            name=op.f("fk_cart_intent_brand_id_tweet_id"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_cart_intent_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_cart_intent")),
        sa.UniqueConstraint(
            "brand_id", "engagement_id", name=op.f("uq_cart_intent_brand_id_engagement_id")
        ),
    )
    op.create_index(
        op.f("ix_cart_intent_brand_id_product_id_received_at_id"),
        "cart_intent",
        ["brand_id", "product_id", "received_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_cart_intent_brand_id_received_at_id"),
        "cart_intent",
        ["brand_id", "received_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_cart_intent_brand_id_shopper_id_received_at_id"),
        "cart_intent",
        ["brand_id", "shopper_id", "received_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_cart_intent_brand_id_tweet_id_received_at_id"),
        "cart_intent",
        ["brand_id", "tweet_id", "received_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_cart_intent_due",
        "cart_intent",
        ["next_attempt_at"],
        unique=False,
        postgresql_where="status = 'QUEUED'",
    )
    op.create_index(
        "ix_cart_intent_one_live",
        "cart_intent",
        ["brand_id", "shopper_id", "tweet_id", "product_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where="status IN ('RECEIVED', 'AWAITING_CHOICE', 'AWAITING_LINK', 'QUEUED', 'ADDED', 'HANDED_OFF') AND tweet_id IS NOT NULL",
    )
    op.create_index(
        "ix_cart_intent_waits",
        "cart_intent",
        ["waits_until"],
        unique=False,
        postgresql_where="waits_until IS NOT NULL",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(
        "ix_cart_intent_waits", table_name="cart_intent", postgresql_where="waits_until IS NOT NULL"
    )
    op.drop_index(
        "ix_cart_intent_one_live",
        table_name="cart_intent",
        postgresql_nulls_not_distinct=True,
        postgresql_where="status IN ('RECEIVED', 'AWAITING_CHOICE', 'AWAITING_LINK', 'QUEUED', 'ADDED', 'HANDED_OFF') AND tweet_id IS NOT NULL",
    )
    op.drop_index(
        "ix_cart_intent_due", table_name="cart_intent", postgresql_where="status = 'QUEUED'"
    )
    op.drop_index(op.f("ix_cart_intent_brand_id_tweet_id_received_at_id"), table_name="cart_intent")
    op.drop_index(
        op.f("ix_cart_intent_brand_id_shopper_id_received_at_id"), table_name="cart_intent"
    )
    op.drop_index(op.f("ix_cart_intent_brand_id_received_at_id"), table_name="cart_intent")
    op.drop_index(
        op.f("ix_cart_intent_brand_id_product_id_received_at_id"), table_name="cart_intent"
    )
    op.drop_table("cart_intent")

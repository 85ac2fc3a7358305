"""Create products and tweets.

Products, tweets, and the sandbox retailer's own tables.
New tables only: no lock is waited for.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "sandbox_cart",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("holds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("timeouts_left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "marketplace", name=op.f("pk_sandbox_cart")),
    )
    op.create_table(
        "sandbox_cart_line",
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("retailer_product_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_amount_minor", sa.Integer(), nullable=True),
        sa.Column("price_currency", sa.Text(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_sandbox_cart_line")),
    )
    op.create_index(
        op.f("ix_sandbox_cart_line_account_marketplace_retailer_product_id"),
        "sandbox_cart_line",
        ["account", "marketplace", "retailer_product_id"],
        unique=False,
    )
    op.create_table(
        "sandbox_product",
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("retailer_product_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("price_amount_minor", sa.Integer(), nullable=True),
        sa.Column("price_currency", sa.Text(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "marketplace", "retailer_product_id", name=op.f("pk_sandbox_product")
        ),
    )
    op.create_table(
        "product",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("retailer", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("retailer_product_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PHYSICAL",
                "DIGITAL",
                "VARIATION_PARENT",
                "COLLECTION_PARENT",
                "UNKNOWN",
                name="productkind",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "UNRESOLVED",
                "RESOLVED",
                "STALE",
                "GONE",
                name="productstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("price_amount_minor", sa.Integer(), nullable=True),
        sa.Column("price_currency", sa.Text(), nullable=True),
        sa.Column(
            "availability",
            sa.Enum(
                "IN_STOCK",
                "LIMITED",
                "OUT_OF_STOCK",
                "UNKNOWN",
                name="availability",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("offer_as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(price_amount_minor IS NULL) = (price_currency IS NULL)",
            name=op.f("ck_product_price_is_whole"),
        ),
        sa.CheckConstraint(
            "price_amount_minor >= 0", name=op.f("ck_product_price_is_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "parent_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_product_brand_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_product_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_product")),
        sa.UniqueConstraint(
            "brand_id",
            "retailer",
            "marketplace",
            "retailer_product_id",
            name=op.f("uq_product_brand_id_retailer_marketplace_retailer_product_id"),
        ),
    )
    op.create_index(
        op.f("ix_product_brand_id_created_at_id"),
        "product",
        ["brand_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_product_brand_id_parent_id"), "product", ["brand_id", "parent_id"], unique=False
    )
    op.create_table(
        "shoppable_tweet",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root_xid", sa.BigInteger(), nullable=False),
        sa.Column("conversation_xid", sa.BigInteger(), nullable=False),
        sa.Column("author_xid", sa.BigInteger(), nullable=False),
        sa.Column("authored_by_brand", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "DETECTED",
                "LIVE",
                "PAUSED",
                "UNSHOPPABLE",
                "DELETED",
                "WITHHELD",
                name="tweetstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("unshoppable_reason", sa.Text(), nullable=True),
        sa.Column("primary_product_id", sa.Uuid(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "authored_by_brand OR text IS NULL",
            name=op.f("ck_shoppable_tweet_foreign_text_is_not_kept"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "primary_product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_shoppable_tweet_brand_id_primary_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brand.id"], name=op.f("fk_shoppable_tweet_brand_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_shoppable_tweet")),
        sa.UniqueConstraint(
            "brand_id", "root_xid", name=op.f("uq_shoppable_tweet_brand_id_root_xid")
        ),
    )
    op.create_index(
        op.f("ix_shoppable_tweet_brand_id_posted_at_id"),
        "shoppable_tweet",
        ["brand_id", "posted_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_shoppable_tweet_brand_id_primary_product_id"),
        "shoppable_tweet",
        ["brand_id", "primary_product_id"],
        unique=False,
    )
    op.create_table(
        "tweet_link",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tweet_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("expanded_url", sa.Text(), nullable=True),
        sa.Column("unwound_url", sa.Text(), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(
                "PRODUCT",
                "NO_PRODUCT_LINK",
                "NOT_A_PRODUCT",
                "MARKETPLACE_MISMATCH",
                name="linkverdict",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("marketplace", sa.Text(), nullable=True),
        sa.Column("retailer_product_id", sa.Text(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_tweet_link_brand_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "tweet_id"],
            ["shoppable_tweet.brand_id", "shoppable_tweet.id"],
            name=op.f("fk_tweet_link_brand_id_tweet_id"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_tweet_link_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_tweet_link")),
        sa.UniqueConstraint(
            "brand_id",
            "tweet_id",
            "position",
            name=op.f("uq_tweet_link_brand_id_tweet_id_position"),
        ),
    )
    op.create_index(
        op.f("ix_tweet_link_brand_id_product_id"),
        "tweet_link",
        ["brand_id", "product_id"],
        unique=False,
    )
    op.create_table(
        "tweet_version",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tweet_id", sa.Uuid(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "tweet_id"],
            ["shoppable_tweet.brand_id", "shoppable_tweet.id"],
            name=op.f("fk_tweet_version_brand_id_tweet_id"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_tweet_version_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_tweet_version")),
        sa.UniqueConstraint("brand_id", "xid", name=op.f("uq_tweet_version_brand_id_xid")),
    )
    op.create_index(
        op.f("ix_tweet_version_brand_id_tweet_id"),
        "tweet_version",
        ["brand_id", "tweet_id"],
        unique=False,
    )
    op.create_index(op.f("ix_tweet_version_xid"), "tweet_version", ["xid"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_tweet_version_xid"), table_name="tweet_version")
    op.drop_index(op.f("ix_tweet_version_brand_id_tweet_id"), table_name="tweet_version")
    op.drop_table("tweet_version")
    op.drop_index(op.f("ix_tweet_link_brand_id_product_id"), table_name="tweet_link")
    op.drop_table("tweet_link")
    op.drop_index(
        op.f("ix_shoppable_tweet_brand_id_primary_product_id"), table_name="shoppable_tweet"
    )
    op.drop_index(op.f("ix_shoppable_tweet_brand_id_posted_at_id"), table_name="shoppable_tweet")
    op.drop_table("shoppable_tweet")
    op.drop_index(op.f("ix_product_brand_id_parent_id"), table_name="product")
    op.drop_index(op.f("ix_product_brand_id_created_at_id"), table_name="product")
    op.drop_table("product")
    op.drop_table("sandbox_product")
    op.drop_index(
        op.f("ix_sandbox_cart_line_account_marketplace_retailer_product_id"),
        table_name="sandbox_cart_line",
    )
    op.drop_table("sandbox_cart_line")
    op.drop_table("sandbox_cart")

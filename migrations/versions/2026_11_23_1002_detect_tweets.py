"""Detect tweets.

Links that are still to be looked at, where short links lead, what a retailer tells of a product,
and lines that were taken out of a sandbox cart again. Columns with constant defaults and new
tables take locks for milliseconds; the check and the indexes are made while others go on writing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

VERDICT_BEFORE = "'PRODUCT', 'NO_PRODUCT_LINK', 'NOT_A_PRODUCT', 'MARKETPLACE_MISMATCH'"
VERDICT = f"'PENDING', {VERDICT_BEFORE}"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "short_link",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("target_url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_short_link")),
    )
    op.create_index(op.f("ix_short_link_expires_at"), "short_link", ["expires_at"], unique=False)
    op.create_table(
        "unsold_version",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root_xid", sa.BigInteger(), nullable=False),
        sa.Column("newest_xid", sa.BigInteger(), nullable=False),
        sa.Column("post", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brand.id"], name=op.f("fk_unsold_version_brand_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_unsold_version")),
        sa.UniqueConstraint(
            "brand_id", "root_xid", name=op.f("uq_unsold_version_brand_id_root_xid")
        ),
    )
    for column in ("root_xid", "newest_xid", "seen_at"):
        op.create_index(
            op.f(f"ix_unsold_version_{column}"), "unsold_version", [column], unique=False
        )
    op.add_column(
        "sandbox_cart_line", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "product",
        sa.Column(
            "retailer_tells",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
    )
    op.add_column(
        "product", sa.Column("next_look_up_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "product", sa.Column("look_ups", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "product",
        sa.Column("tweets_judged", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.add_column("shoppable_tweet", sa.Column("status_before_withheld", sa.Text(), nullable=True))
    op.add_column("shoppable_tweet", sa.Column("newest_xid", sa.BigInteger(), nullable=True))
    op.add_column("tweet_link", sa.Column("resolved_url", sa.Text(), nullable=True))
    op.add_column(
        "tweet_link", sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "tweet_link", sa.Column("looks", sa.Integer(), server_default="0", nullable=False)
    )
    op.execute("ALTER TABLE tweet_link DROP CONSTRAINT ck_tweet_link_linkverdict")
    op.execute(
        "ALTER TABLE tweet_link ADD CONSTRAINT ck_tweet_link_linkverdict "
        f"CHECK (verdict IN ({VERDICT})) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE tweet_link VALIDATE CONSTRAINT ck_tweet_link_linkverdict")
        op.create_index(
            op.f("ix_product_next_look_up_at"),
            "product",
            ["next_look_up_at"],
            postgresql_where=sa.text("next_look_up_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_product_unjudged",
            "product",
            ["id"],
            postgresql_where=sa.text("NOT tweets_judged"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            op.f("ix_tweet_link_next_look_at"),
            "tweet_link",
            ["next_look_at"],
            postgresql_where=sa.text("next_look_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_tweet_link_next_look_at"), table_name="tweet_link")
    op.drop_index("ix_product_unjudged", table_name="product")
    op.drop_index(op.f("ix_product_next_look_up_at"), table_name="product")
    op.execute("UPDATE tweet_link SET verdict = 'NOT_A_PRODUCT' WHERE verdict = 'PENDING'")
    op.execute("ALTER TABLE tweet_link DROP CONSTRAINT ck_tweet_link_linkverdict")
    op.execute(
        f"ALTER TABLE tweet_link ADD CONSTRAINT ck_tweet_link_linkverdict CHECK (verdict IN ({VERDICT_BEFORE}))"
    )
    op.drop_column("tweet_link", "looks")
    op.drop_column("tweet_link", "next_look_at")
    op.drop_column("tweet_link", "resolved_url")
    op.drop_column("shoppable_tweet", "newest_xid")
    op.drop_column("shoppable_tweet", "status_before_withheld")
    op.drop_column("product", "tweets_judged")
    op.drop_column("product", "look_ups")
    op.drop_column("product", "next_look_up_at")
    op.drop_column("product", "retailer_tells")
    op.drop_column("sandbox_cart_line", "removed_at")
    op.drop_table("unsold_version")
    op.drop_index(op.f("ix_short_link_expires_at"), table_name="short_link")
    op.drop_table("short_link")

"""Index filters and orders.

What lists may be filtered on and ordered by, where a brand has more rows than one would read: tweets
by the moment of registration and by campaign, advocates by score, reviews by where they stand, and
an installation's tokens by age. Intents, engagements and events get none: every reply would pay for
them, and their lists go by time, which has its index.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_shoppable_tweet_brand_id_registered_at_id"),
            "shoppable_tweet",
            ["brand_id", "registered_at", "id"],
            unique=False,
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_shoppable_tweet_campaign",
            "shoppable_tweet",
            ["brand_id", "campaign", "posted_at", "id"],
            unique=False,
            postgresql_where="campaign IS NOT NULL",
            postgresql_concurrently=True,
        )
        op.create_index(
            op.f("ix_advocate_brand_id_score_id"),
            "advocate",
            ["brand_id", "score", "id"],
            unique=False,
            postgresql_concurrently=True,
        )
        op.create_index(
            op.f("ix_advocate_review_brand_id_status_submitted_at_id"),
            "advocate_review",
            ["brand_id", "status", "submitted_at", "id"],
            unique=False,
            postgresql_concurrently=True,
        )
        op.create_index(
            op.f("ix_token_brand_id_installation_id_created_at_id"),
            "token",
            ["brand_id", "installation_id", "created_at", "id"],
            unique=False,
            postgresql_concurrently=True,
        )
        op.drop_index(
            op.f("ix_token_brand_id_installation_id"),
            table_name="token",
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_token_brand_id_installation_id"),
            "token",
            ["brand_id", "installation_id"],
            unique=False,
            postgresql_concurrently=True,
        )
        for table, index in (
            ("token", "ix_token_brand_id_installation_id_created_at_id"),
            ("advocate_review", "ix_advocate_review_brand_id_status_submitted_at_id"),
            ("advocate", "ix_advocate_brand_id_score_id"),
            ("shoppable_tweet", "ix_shoppable_tweet_campaign"),
            ("shoppable_tweet", "ix_shoppable_tweet_brand_id_registered_at_id"),
        ):
            op.drop_index(index, table_name=table, postgresql_concurrently=True)

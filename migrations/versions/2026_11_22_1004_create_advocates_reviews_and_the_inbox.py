"""Create advocates, reviews and the inbox.

Advocates, their reviews, and the inbox of the door.
New tables only: no lock is waited for.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "inbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.LargeBinary(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (body IS NOT NULL)",
            name=op.f("ck_inbox_body_goes_when_decided"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_inbox_dedupe_key")),
    )
    op.create_index(
        "ix_inbox_decided",
        "inbox",
        ["decided_at"],
        unique=False,
        postgresql_where="decided_at IS NOT NULL",
    )
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["lane", "id"],
        unique=False,
        postgresql_where="decided_at IS NULL AND quarantined_at IS NULL",
    )
    op.create_table(
        "ingest_lane",
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_ingest_lane")),
    )
    op.create_table(
        "advocate",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "INVITED",
                "ENROLLED",
                "PAUSED",
                "LEFT",
                name="advocatestatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("score_components", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("score_version", sa.Integer(), nullable=False),
        sa.Column("insider", sa.Boolean(), nullable=False),
        sa.Column("disclosure_text", sa.Text(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_advocate_score_in_range")),
        sa.ForeignKeyConstraint(
            ["brand_id", "shopper_id"],
            ["shopper.brand_id", "shopper.id"],
            name=op.f("fk_advocate_brand_id_shopper_id"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_advocate_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_advocate")),
        sa.UniqueConstraint("brand_id", "shopper_id", name=op.f("uq_advocate_brand_id_shopper_id")),
    )
    op.create_index(
        op.f("ix_advocate_brand_id_created_at_id"),
        "advocate",
        ["brand_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "advocate_review",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("advocate_id", sa.Uuid(), nullable=True),
        sa.Column(
            "host",
            sa.Enum(
                "BRAND_SITE",
                "AMAZON",
                "OTHER",
                name="reviewhost",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "SUBMITTED",
                "FLAGGED",
                "PUBLISHED",
                "REJECTED",
                "WITHDRAWN",
                name="reviewstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("verified_purchase", sa.Boolean(), nullable=True),
        sa.Column("incentivized", sa.Boolean(), nullable=True),
        sa.Column("insider", sa.Boolean(), nullable=True),
        sa.Column("disclosure_text", sa.Text(), nullable=True),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "host = 'BRAND_SITE' OR (rating IS NULL AND title IS NULL AND body IS NULL)",
            name=op.f("ck_advocate_review_only_own_site_has_text"),
        ),
        sa.CheckConstraint(
            "status <> 'PUBLISHED' OR (verified_purchase IS NOT NULL AND incentivized IS NOT NULL AND insider IS NOT NULL)",
            name=op.f("ck_advocate_review_published_is_disclosed"),
        ),
        sa.CheckConstraint(
            "rating BETWEEN 1 AND 5", name=op.f("ck_advocate_review_rating_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "advocate_id"],
            ["advocate.brand_id", "advocate.id"],
            name=op.f("fk_advocate_review_brand_id_advocate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_advocate_review_brand_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brand.id"], name=op.f("fk_advocate_review_brand_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_advocate_review")),
    )
    op.create_index(
        op.f("ix_advocate_review_brand_id_advocate_id_submitted_at_id"),
        "advocate_review",
        ["brand_id", "advocate_id", "submitted_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_advocate_review_brand_id_product_id_submitted_at_id"),
        "advocate_review",
        ["brand_id", "product_id", "submitted_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_advocate_review_brand_id_submitted_at_id"),
        "advocate_review",
        ["brand_id", "submitted_at", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_advocate_review_brand_id_submitted_at_id"), table_name="advocate_review")
    op.drop_index(
        op.f("ix_advocate_review_brand_id_product_id_submitted_at_id"), table_name="advocate_review"
    )
    op.drop_index(
        op.f("ix_advocate_review_brand_id_advocate_id_submitted_at_id"),
        table_name="advocate_review",
    )
    op.drop_table("advocate_review")
    op.drop_index(op.f("ix_advocate_brand_id_created_at_id"), table_name="advocate")
    op.drop_table("advocate")
    op.drop_table("ingest_lane")
    op.drop_index(
        "ix_inbox_waiting",
        table_name="inbox",
        postgresql_where="decided_at IS NULL AND quarantined_at IS NULL",
    )
    op.drop_index("ix_inbox_decided", table_name="inbox", postgresql_where="decided_at IS NOT NULL")
    op.drop_table("inbox")

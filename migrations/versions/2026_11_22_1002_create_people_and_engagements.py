"""Create people and engagements.

People, sealed; their pseudonyms at brands; what they did.
New tables only: no lock is waited for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("x_lookup", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_x_user_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_x_handle", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("x_lookup", name=op.f("uq_person_x_lookup")),
    )
    op.create_table(
        "suppression",
        sa.Column("x_lookup", sa.LargeBinary(), nullable=False),
        sa.Column("suppressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("x_lookup", name=op.f("pk_suppression")),
    )
    op.create_table(
        "account_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("retailer", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column(
            "add_mode",
            sa.Enum(
                "SERVER_ADD",
                "HANDOFF_URL",
                name="addmode",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "STARTED",
                "ACTIVE",
                "EXPIRED",
                "REVOKED_BY_SHOPPER",
                "REVOKED_BY_X",
                "REVOKED_BY_RETAILER",
                name="linkstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("sealed_external_reference", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'ACTIVE' OR sealed_external_reference IS NOT NULL",
            name=op.f("ck_account_link_active_has_account"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_link_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
    )
    op.create_index(
        "ix_account_link_one_active",
        "account_link",
        ["person_id", "retailer", "marketplace"],
        unique=True,
        postgresql_where="status = 'ACTIVE'",
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "HANDOFF",
                "PUBLIC_REPLY",
                "EMAIL",
                "DIRECT_MESSAGE",
                "HANDLE_TO_BRAND",
                "CONTENT_REUSE",
                "ADVOCATE",
                "REMINDER",
                name="consentkind",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_consent_brand_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent_brand_id_granted_at_id"),
        "consent",
        ["brand_id", "granted_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_consent_person_id_kind"), "consent", ["person_id", "kind"], unique=False
    )
    op.create_table(
        "shopper",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_shopper_brand_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shopper_person_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_shopper")),
        sa.UniqueConstraint("brand_id", "person_id", name=op.f("uq_shopper_brand_id_person_id")),
    )
    op.create_index(
        op.f("ix_shopper_brand_id_created_at_id"),
        "shopper",
        ["brand_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_shopper_person_id"), "shopper", ["person_id"], unique=False)
    op.create_table(
        "engagement",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "REPLY",
                "QUOTE",
                "REPOST",
                "MENTION",
                name="engagementkind",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("shopper_id", sa.Uuid(), nullable=True),
        sa.Column("tweet_id", sa.Uuid(), nullable=True),
        sa.Column("parent_xid", sa.BigInteger(), nullable=True),
        sa.Column("conversation_xid", sa.BigInteger(), nullable=True),
        sa.Column("trigger_tag", sa.Text(), nullable=True),
        sa.Column(
            "trigger_match",
            sa.Enum(
                "EXACT",
                "NEAR_MISS",
                "NONE",
                name="triggermatch",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column(
            "misuse_reason",
            sa.Enum(
                "NEAR_MISS",
                "NO_LINK",
                "REPOST_WITH_TAG",
                "SUSPECTED_AUTOMATION",
                name="misusereason",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=True,
        ),
        sa.Column(
            "content_state",
            sa.Enum(
                "PRESENT",
                "DELETED",
                "PROTECTED",
                "WITHHELD",
                name="contentstate",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "shopper_id"],
            ["shopper.brand_id", "shopper.id"],
            name=op.f("fk_engagement_brand_id_shopper_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "tweet_id"],
            ["shoppable_tweet.brand_id", "shoppable_tweet.id"],
            name=op.f("fk_engagement_brand_id_tweet_id"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_engagement_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_engagement")),
        sa.UniqueConstraint("brand_id", "xid", name=op.f("uq_engagement_brand_id_xid")),
    )
    op.create_index(
        op.f("ix_engagement_brand_id_occurred_at_id"),
        "engagement",
        ["brand_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_engagement_brand_id_parent_xid"),
        "engagement",
        ["brand_id", "parent_xid"],
        unique=False,
    )
    op.create_index(
        op.f("ix_engagement_brand_id_shopper_id_occurred_at_id"),
        "engagement",
        ["brand_id", "shopper_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_engagement_brand_id_tweet_id_occurred_at_id"),
        "engagement",
        ["brand_id", "tweet_id", "occurred_at", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_engagement_brand_id_tweet_id_occurred_at_id"), table_name="engagement")
    op.drop_index(op.f("ix_engagement_brand_id_shopper_id_occurred_at_id"), table_name="engagement")
    op.drop_index(op.f("ix_engagement_brand_id_parent_xid"), table_name="engagement")
    op.drop_index(op.f("ix_engagement_brand_id_occurred_at_id"), table_name="engagement")
    op.drop_table("engagement")
    op.drop_index(op.f("ix_shopper_person_id"), table_name="shopper")
    op.drop_index(op.f("ix_shopper_brand_id_created_at_id"), table_name="shopper")
    op.drop_table("shopper")
    op.drop_index(op.f("ix_consent_person_id_kind"), table_name="consent")
    op.drop_index(op.f("ix_consent_brand_id_granted_at_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(
        "ix_account_link_one_active",
        table_name="account_link",
        postgresql_where="status = 'ACTIVE'",
    )
    op.drop_table("account_link")
    op.drop_table("suppression")
    op.drop_table("person")

"""Create brands, apps and the log.

Brands, their apps and tokens, and the log of events by month.
New tables only: no lock is waited for.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "app",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "CONFIDENTIAL",
                "PUBLIC",
                name="appkind",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "DRAFT",
                "ACTIVE",
                "SUSPENDED",
                "RETIRED",
                name="appstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app")),
        sa.UniqueConstraint("client_id", name=op.f("uq_app_client_id")),
    )
    op.create_table(
        "brand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("x_user_id", sa.BigInteger(), nullable=False),
        sa.Column("x_handle", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING_VERIFICATION",
                "ACTIVE",
                "SUSPENDED",
                "CLOSED",
                name="brandstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("accept_quotes", sa.Boolean(), nullable=False),
        sa.Column("auto_register", sa.Boolean(), nullable=False),
        sa.Column(
            "resolve_depth",
            sa.Enum(
                "PARENT",
                "THREAD_ROOT",
                name="resolvedepth",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("grant_revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sa.UniqueConstraint("slug", name=op.f("uq_brand_slug")),
    )
    op.create_table(
        "brand_log",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_brand_log")),
    )
    op.create_table(
        "event",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.SmallInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=True),
        sa.Column("causation_id", sa.Uuid(), nullable=True),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "SHOPPER",
                "BRAND",
                "APP",
                "SYSTEM",
                "UPSTREAM",
                name="actorkind",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "recorded_at", "id", name=op.f("pk_event")),
        postgresql_partition_by="RANGE (recorded_at)",
    )
    op.create_index(op.f("ix_event_brand_id_seq"), "event", ["brand_id", "seq"], unique=False)
    op.create_table(
        "sealed_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sealed_key")),
    )
    op.create_table(
        "brand_marketplace",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("retailer", sa.Text(), nullable=False),
        sa.Column("affiliate_tag", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brand.id"], name=op.f("fk_brand_marketplace_brand_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_brand_marketplace")),
        sa.UniqueConstraint(
            "brand_id", "marketplace", name=op.f("uq_brand_marketplace_brand_id_marketplace")
        ),
    )
    op.create_table(
        "installation",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "REQUESTED",
                "ACTIVE",
                "PAUSED",
                "REVOKED",
                name="installationstatus",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("installed_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_installation_app_id")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_installation_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_installation")),
    )
    op.create_index(
        op.f("ix_installation_brand_id_created_at_id"),
        "installation",
        ["brand_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_installation_one_current",
        "installation",
        ["brand_id", "app_id"],
        unique=True,
        postgresql_where="status <> 'REVOKED'",
    )
    op.create_table(
        "trigger",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("folded_tag", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
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
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_trigger_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_trigger")),
        sa.UniqueConstraint("brand_id", "folded_tag", name=op.f("uq_trigger_brand_id_folded_tag")),
    )
    op.create_table(
        "x_account",
        sa.Column("x_user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "BRAND",
                "BOT",
                name="accountrole",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(role = 'BRAND') = (brand_id IS NOT NULL)", name=op.f("ck_x_account_brand_has_brand")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_x_account_brand_id")),
        sa.PrimaryKeyConstraint("x_user_id", name=op.f("pk_x_account")),
    )
    op.create_index(op.f("ix_x_account_brand_id"), "x_account", ["brand_id"], unique=True)
    op.create_table(
        "token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "ACCESS",
                "REFRESH",
                "PERSONAL",
                name="tokenkind",
                native_enum=False,
                create_constraint=True,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("installation_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "installation_id"],
            ["installation.brand_id", "installation.id"],
            name=op.f("fk_token_brand_id_installation_id"),
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_token")),
        sa.UniqueConstraint("id", name=op.f("uq_token_id")),
    )
    op.create_index(
        op.f("ix_token_brand_id_installation_id"),
        "token",
        ["brand_id", "installation_id"],
        unique=False,
    )
    op.create_index(op.f("ix_token_family_id"), "token", ["family_id"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_token_family_id"), table_name="token")
    op.drop_index(op.f("ix_token_brand_id_installation_id"), table_name="token")
    op.drop_table("token")
    op.drop_index(op.f("ix_x_account_brand_id"), table_name="x_account")
    op.drop_table("x_account")
    op.drop_table("trigger")
    op.drop_index(
        "ix_installation_one_current",
        table_name="installation",
        postgresql_where="status <> 'REVOKED'",
    )
    op.drop_index(op.f("ix_installation_brand_id_created_at_id"), table_name="installation")
    op.drop_table("installation")
    op.drop_table("brand_marketplace")
    op.drop_table("sealed_key")
    op.drop_index(op.f("ix_event_brand_id_seq"), table_name="event")
    op.drop_table("event")
    op.drop_table("brand_log")
    op.drop_table("brand")
    op.drop_table("app")

"""Create shopper sessions.

Sign-in of shoppers on their own page, and an index by which all links of a person are found.
New tables, and one short lock: accounts are linked by hand, so few rows stand and few wait.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LINKS_BY_PERSON = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_account_link_person_id ON account_link (person_id)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "shopper_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_shopper_session_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shopper_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_shopper_session_token_hash")),
    )
    op.create_index(
        op.f("ix_shopper_session_person_id_created_at"),
        "shopper_session",
        ["person_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_shopper_session_expires_at"), "shopper_session", ["expires_at"], unique=False
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(
        op.f("ix_sign_in_attempt_expires_at"), "sign_in_attempt", ["expires_at"], unique=False
    )
    op.create_table(
        "sandbox_grant",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("x_user_id", sa.BigInteger(), nullable=False),
        sa.Column("x_handle", sa.Text(), nullable=False),
        sa.Column("access_token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_sandbox_grant")),
        sa.UniqueConstraint("access_token_hash", name=op.f("uq_sandbox_grant_access_token_hash")),
    )
    op.create_index(
        op.f("ix_sandbox_grant_expires_at"), "sandbox_grant", ["expires_at"], unique=False
    )
    op.execute(LINKS_BY_PERSON)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_account_link_person_id"), table_name="account_link")
    op.drop_index(op.f("ix_sandbox_grant_expires_at"), table_name="sandbox_grant")
    op.drop_table("sandbox_grant")
    op.drop_index(op.f("ix_sign_in_attempt_expires_at"), table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_index(op.f("ix_shopper_session_expires_at"), table_name="shopper_session")
    op.drop_index(op.f("ix_shopper_session_person_id_created_at"), table_name="shopper_session")
    op.drop_table("shopper_session")

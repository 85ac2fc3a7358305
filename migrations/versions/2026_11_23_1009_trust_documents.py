"""Trust documents.

The documents that an app's operator wrote down, and whether the app runs no others.
Locks `app`, which has few rows, for milliseconds: a constant default is kept in the catalogue.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "app",
        sa.Column(
            "trusted_documents_only", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.create_table(
        "trusted_document",
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_trusted_document_app_id")),
        sa.PrimaryKeyConstraint("app_id", "key", name=op.f("pk_trusted_document")),
    )
    op.create_index(
        op.f("ix_trusted_document_app_id_sha256"),
        "trusted_document",
        ["app_id", "sha256"],
        unique=False,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("trusted_document")
    op.drop_column("app", "trusted_documents_only")

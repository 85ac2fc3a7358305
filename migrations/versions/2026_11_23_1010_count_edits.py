"""Count edits.

What people edit gets a version, so that an edit can say which one it saw.
Locks each table for milliseconds: a constant default is kept in the catalogue, no row is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

EDITED = ("brand", "brand_marketplace", "trigger", "product", "shoppable_tweet")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in EDITED:
        op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in EDITED:
        op.drop_column(table, "version")

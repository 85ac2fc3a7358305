"""Change rows in place.

A retailer's answer changed what four indexes of intents are made of, so each answer wrote all nine
anew. Now no index speaks of what an answer changes, and pages keep room for the answer: PostgreSQL
changes the row where it is (a heap-only tuple). What the short way claims is remembered by batch.

The log's data is written once and shown as it was written: `json` costs half of what `jsonb` does.
Brands are never deleted, so shoppers need no foreign key to them.

Rewrites the log and the intents, and locks both meanwhile: no version was released before it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATES = ("RECEIVED", "AWAITING_CHOICE", "AWAITING_LINK", "QUEUED", "ADDED", "HANDED_OFF")
LIVE = "ARRAY[" + ", ".join(f"'{state}'::text" for state in STATES) + "]"

ADD_IS_LIVE = (
    "-- squawk-ignore adding-field-with-default\n"
    "ALTER TABLE cart_intent ADD COLUMN is_live boolean NOT NULL"
    f" GENERATED ALWAYS AS (status::text = ANY ({LIVE})) STORED"
)
DATA_AS_JSON = """
-- squawk-ignore changing-column-type
ALTER TABLE event ALTER COLUMN data TYPE json USING data::json
"""
DATA_AS_JSONB = """
-- squawk-ignore changing-column-type
ALTER TABLE event ALTER COLUMN data TYPE jsonb USING data::jsonb
"""
DUE_WHEN_LEASES_END = """
UPDATE cart_intent SET next_attempt_at = claimed_until
WHERE status = 'QUEUED' AND next_attempt_at IS NULL
"""

INDEXES_NOW = {
    "ix_cart_intent_due": "(next_attempt_at) WHERE next_attempt_at IS NOT NULL",
    "ix_cart_intent_received": "(id) WHERE waits_until IS NOT NULL AND tweet_id IS NULL",
}
INDEXES_BEFORE = {
    "ix_cart_intent_due": "(next_attempt_at) WHERE status = 'QUEUED'",
    "ix_cart_intent_received": "(id) WHERE status = 'RECEIVED'",
}
ONE_LIVE = "(brand_id, shopper_id, tweet_id, product_id) NULLS NOT DISTINCT WHERE"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "express_batch",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("intent_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.PrimaryKeyConstraint("due_at", "id", name=op.f("pk_express_batch")),
    )
    op.execute(DATA_AS_JSON)
    op.execute("ALTER TABLE cart_intent SET (fillfactor = 45)")
    op.execute(ADD_IS_LIVE)
    op.drop_constraint("fk_shopper_brand_id", "shopper", type_="foreignkey")
    _check("queued_has_next_attempt", "queued_is_due_or_claimed", "next_attempt_at, claimed_until")
    _index(INDEXES_NOW, one_live="is_live AND tweet_id IS NOT NULL")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DUE_WHEN_LEASES_END)
    _index(INDEXES_BEFORE, one_live=f"status IN {STATES} AND tweet_id IS NOT NULL")
    _check("queued_is_due_or_claimed", "queued_has_next_attempt", "next_attempt_at")
    op.drop_column("cart_intent", "is_live")
    op.execute("ALTER TABLE cart_intent RESET (fillfactor)")
    op.execute(DATA_AS_JSONB)
    op.create_foreign_key(
        "fk_shopper_brand_id",
        "shopper",
        "brand",
        ["brand_id"],
        ["id"],
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE shopper VALIDATE CONSTRAINT fk_shopper_brand_id")
    op.drop_table("express_batch")


def _check(before: str, now: str, moments: str) -> None:
    op.drop_constraint(op.f(f"ck_cart_intent_{before}"), "cart_intent", type_="check")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE cart_intent ADD CONSTRAINT ck_cart_intent_{now}"
        f" CHECK ((status = 'QUEUED') = (coalesce({moments}) IS NOT NULL))"
    )


def _index(indexes: dict[str, str], *, one_live: str) -> None:
    """Make them anew; the table is locked already, so not one by one beside its users."""
    unique = {"ix_cart_intent_one_live": f"{ONE_LIVE} {one_live}"}
    for name, of_what in (indexes | unique).items():
        kind = "UNIQUE INDEX" if name in unique else "INDEX"
        op.execute(f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX {name}")
        op.execute(
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE {kind} {name} ON cart_intent {of_what}"
        )

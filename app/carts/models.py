"""Table of cart intents."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Computed, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.brands.states import TriggerAction
from app.carts.states import CartIntentStatus, FailureReason
from app.core.ids import uuid7
from app.core.models import Model, TenantRecord, xid_column


class CartIntent(TenantRecord):
    """What one shopper asked for by one reply, and what became of it.

    Moments are null until their stage was reached. `attempts` counts calls to the retailer and
    fences them: an answer to an older attempt is not recorded; `claimed_until` is the end of the
    lease while one is under way. `remove_due_at` and `remove_attempts` are the same for taking an
    added line out again. `decisions` and `retailer_calls` are notes for the trace; as many as an
    intent has moves and calls. No foreign keys, for the reason that engagements have none.

    No index speaks of `status` or of what else a retailer's answer changes, and pages keep room
    (`fillfactor`): so the answer changes the row where it is, and none of the indexes.
    """

    __tablename__ = "cart_intent"

    brand_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    engagement_id: Mapped[UUID]
    engagement_xid: Mapped[int | None] = xid_column(nullable=True)
    tweet_id: Mapped[UUID | None]
    shopper_id: Mapped[UUID]
    product_id: Mapped[UUID | None]
    previous_intent_id: Mapped[UUID | None]
    action: Mapped[TriggerAction] = mapped_column(default=TriggerAction.CART)
    marketplace: Mapped[str]
    retailer: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(default=1)
    status: Mapped[CartIntentStatus]
    is_live: Mapped[bool] = mapped_column(
        Computed(
            "status::text = ANY (ARRAY['RECEIVED'::text, 'AWAITING_CHOICE'::text,"
            " 'AWAITING_LINK'::text, 'QUEUED'::text, 'ADDED'::text, 'HANDED_OFF'::text])",
            persisted=True,
        )
    )
    failure_reason: Mapped[FailureReason | None]
    failure_retryable: Mapped[bool | None]
    failure_detail: Mapped[str | None]
    hand_off_url: Mapped[str | None]
    hand_off_expires_at: Mapped[datetime | None]
    cart_reference: Mapped[str | None]
    offer_amount_minor: Mapped[int | None]
    offer_currency: Mapped[str | None]
    repeat_count: Mapped[int] = mapped_column(default=0)
    withdraw_requested: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    remove_due_at: Mapped[datetime | None]
    remove_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    decisions: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    retailer_calls: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    waits_until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    matched_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "engagement_id"),
        CheckConstraint(
            "(status = 'FAILED') = (failure_reason IS NOT NULL)", name="failed_has_reason"
        ),
        CheckConstraint(
            "(failure_reason IS NULL) = (failure_retryable IS NULL)", name="failure_is_whole"
        ),
        CheckConstraint(
            "(offer_amount_minor IS NULL) = (offer_currency IS NULL)", name="offer_is_whole"
        ),
        CheckConstraint(
            "(status = 'QUEUED') = (coalesce(next_attempt_at, claimed_until) IS NOT NULL)",
            name="queued_is_due_or_claimed",
        ),
        CheckConstraint("quantity > 0", name="quantity_is_positive"),
        CheckConstraint(
            "remove_due_at IS NULL OR status = 'ADDED'", name="only_what_was_added_is_removed"
        ),
        Index(None, "brand_id", "received_at", "id"),
        Index(None, "brand_id", "tweet_id", "received_at", "id"),
        Index(None, "brand_id", "shopper_id", "received_at", "id"),
        Index(None, "brand_id", "product_id", "received_at", "id"),
        Index(
            "ix_cart_intent_one_live",
            "brand_id",
            "shopper_id",
            "tweet_id",
            "product_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where="is_live AND tweet_id IS NOT NULL",
        ),
        Index(
            "ix_cart_intent_due", "next_attempt_at", postgresql_where="next_attempt_at IS NOT NULL"
        ),
        Index(
            "ix_cart_intent_received",
            "id",
            postgresql_where="waits_until IS NOT NULL AND tweet_id IS NULL",
        ),
        Index("ix_cart_intent_waits", "waits_until", postgresql_where="waits_until IS NOT NULL"),
        Index(
            "ix_cart_intent_removals",
            "remove_due_at",
            postgresql_where="remove_due_at IS NOT NULL",
        ),
        {"postgresql_with": {"fillfactor": 45}},
    )


class ExpressBatch(Model):
    """Intents that were claimed by the insert that made them, all with one lease, until `due_at`.

    Then it is looked whether they were answered. To find them so costs a batch one row; by an index
    of intents each answer would cost more than all else that it writes.
    """

    __tablename__ = "express_batch"

    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    brand_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    intent_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))

"""Table of engagements: posts of people about a brand, as ids and derived facts, never text."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import TenantRecord, xid_column
from app.engagements.states import ContentState, EngagementKind, MisuseReason, TriggerMatch


class Engagement(TenantRecord):
    """One post, once for each brand that it is about.

    Erasure clears `shopper_id` and the X ids; `tweet_id` is the shoppable tweet it answers.
    `deliveries` tells by which sources it came, each `{source, receivedAt}`, oldest first.
    `intent_id` is the cart intent that it made or repeated.

    No foreign keys: what it refers to was looked up in the transaction that wrote it, and is never
    deleted; to look it up and lock it once more would cost as much as to write the row.
    """

    __tablename__ = "engagement"

    brand_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    xid: Mapped[int | None] = xid_column(nullable=True)
    kind: Mapped[EngagementKind]
    shopper_id: Mapped[UUID | None]
    tweet_id: Mapped[UUID | None]
    parent_xid: Mapped[int | None] = xid_column(nullable=True)
    conversation_xid: Mapped[int | None] = xid_column(nullable=True)
    trigger_tag: Mapped[str | None]
    trigger_match: Mapped[TriggerMatch]
    misuse_reason: Mapped[MisuseReason | None]
    content_state: Mapped[ContentState]
    deliveries: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    intent_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "xid"),
        Index(None, "brand_id", "occurred_at", "id"),
        Index(None, "brand_id", "tweet_id", "occurred_at", "id"),
        Index(None, "brand_id", "shopper_id", "occurred_at", "id"),
        Index(
            "ix_engagement_intent",
            "brand_id",
            "intent_id",
            postgresql_where="intent_id IS NOT NULL",
        ),
        Index(
            "ix_engagement_misuse",
            "brand_id",
            "occurred_at",
            postgresql_where="misuse_reason IS NOT NULL",
        ),
        Index(
            "ix_engagement_of_nobody",
            "xid",
            postgresql_where="shopper_id IS NULL AND xid IS NOT NULL",
        ),
    )

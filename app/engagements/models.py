"""Table of engagements: posts of people about a brand, as ids and derived facts, never text."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.models import TenantRecord, xid_column
from app.engagements.states import ContentState, EngagementKind, MisuseReason, TriggerMatch


class Engagement(TenantRecord):
    """One post, once for each brand that it is about.

    Erasure clears `shopper_id` and the X ids; `tweet_id` is the shoppable tweet it answers.
    """

    __tablename__ = "engagement"

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
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "xid"),
        ForeignKeyConstraint(["brand_id", "shopper_id"], ["shopper.brand_id", "shopper.id"]),
        ForeignKeyConstraint(
            ["brand_id", "tweet_id"], ["shoppable_tweet.brand_id", "shoppable_tweet.id"]
        ),
        Index(None, "brand_id", "occurred_at", "id"),
        Index(None, "brand_id", "tweet_id", "occurred_at", "id"),
        Index(None, "brand_id", "shopper_id", "occurred_at", "id"),
        Index(None, "brand_id", "parent_xid"),
    )

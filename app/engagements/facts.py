"""An engagement before it is in the table: ids and derived facts of a post, never its text."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.engagements.states import EngagementKind, MisuseReason, TriggerMatch


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEngagement:
    """One post as one brand sees it. `shopper_id` is None for the brand's own account and bots.

    `occurred_at` is the moment in the post's id, `received_at` when it came through the door.
    """

    brand_id: UUID
    xid: int
    kind: EngagementKind
    shopper_id: UUID | None
    tweet_id: UUID | None
    parent_xid: int | None
    conversation_xid: int | None
    trigger_tag: str | None
    trigger_match: TriggerMatch
    misuse_reason: MisuseReason | None
    occurred_at: datetime
    received_at: datetime

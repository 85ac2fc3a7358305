"""Engagements as plain values: ids and derived facts of a post, never its text."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.engagements.states import ContentState, EngagementKind, MisuseReason, TriggerMatch


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery that brought a post: X's own name of the event, or `stream`, and when."""

    source: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEngagement:
    """One post as one brand sees it. `shopper_id` is None for the brand's own account and bots.

    `occurred_at` is the moment in the post's id, `arrivals` when and by what it came through the
    door, the first one first; there is at least one.
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
    arrivals: tuple[Arrival, ...]
    content_state: ContentState = ContentState.PRESENT


@dataclass(slots=True, kw_only=True)
class Recorded:
    """An engagement that is in the table, as far as it can still change. Erasure clears X ids."""

    id: UUID
    brand_id: UUID
    xid: int | None
    kind: EngagementKind
    shopper_id: UUID | None
    tweet_id: UUID | None
    parent_xid: int | None
    conversation_xid: int | None
    trigger_tag: str | None
    trigger_match: TriggerMatch
    misuse_reason: MisuseReason | None
    content_state: ContentState
    occurred_at: datetime

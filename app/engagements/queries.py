"""Writing engagements, many at a time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.bulk import insert_rows
from app.core.database import WriteSession
from app.engagements.facts import NewEngagement
from app.engagements.models import Engagement
from app.engagements.states import ContentState

EngagementKey = tuple[UUID, int]
"""A brand's id and a post's X id."""

_COLUMNS = (
    "id",
    "brand_id",
    "xid",
    "kind",
    "shopper_id",
    "tweet_id",
    "parent_xid",
    "conversation_xid",
    "trigger_tag",
    "trigger_match",
    "misuse_reason",
    "content_state",
    "occurred_at",
    "received_at",
)


async def insert_unknown(
    session: WriteSession, engagements: Sequence[tuple[UUID, NewEngagement]]
) -> frozenset[UUID]:
    """Insert under these ids what no delivery brought before; the ids that were inserted.

    Two batches may hold the same post: the later one waits and then finds it known.
    """
    rows = sorted(
        (_values(key, engagement) for key, engagement in engagements), key=lambda row: row[1:3]
    )
    made = await insert_rows(
        session, Engagement, _COLUMNS, rows, "ON CONFLICT (brand_id, xid) DO NOTHING RETURNING id"
    )
    return frozenset(key for (key,) in made)


def _values(key: UUID, engagement: NewEngagement) -> tuple[Any, ...]:
    return (
        key,
        engagement.brand_id,
        engagement.xid,
        engagement.kind,
        engagement.shopper_id,
        engagement.tweet_id,
        engagement.parent_xid,
        engagement.conversation_xid,
        engagement.trigger_tag,
        engagement.trigger_match,
        engagement.misuse_reason,
        ContentState.PRESENT,
        engagement.occurred_at,
        engagement.received_at,
    )

"""Engagements: each post is recorded once for each brand that it is about."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.database import WriteSession
from app.core.ids import uuid7
from app.engagements import queries
from app.engagements.facts import NewEngagement
from app.engagements.queries import EngagementKey
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.states import ActorKind

SUBJECT_TYPE = "Engagement"


async def record_engagements(
    session: WriteSession, engagements: Sequence[NewEngagement]
) -> dict[EngagementKey, UUID]:
    """Write those that are new, with their events; their ids here, by brand and X id.

    What was recorded before is left as it is, and absent in the answer. *engagements* holds a
    post at most once for each brand.
    """
    if not engagements:
        return {}
    named = [(uuid7(), engagement) for engagement in engagements]
    made = await queries.insert_unknown(session, named)
    fresh = [(key, engagement) for key, engagement in named if key in made]
    for key, engagement in fresh:
        _tell(session, EventType.ENGAGEMENT_RECORDED, key, engagement)
        if engagement.misuse_reason is not None:
            _tell(session, EventType.ENGAGEMENT_MISUSE_DETECTED, key, engagement)
    return {(engagement.brand_id, engagement.xid): key for key, engagement in fresh}


def snapshot(key: UUID, engagement: NewEngagement) -> dict[str, Any]:
    """What an event says of an engagement, by the names of the schema. Nothing personal."""
    shopper_id, tweet_id = engagement.shopper_id, engagement.tweet_id
    return {
        "id": str(key),
        "xid": str(engagement.xid),
        "kind": engagement.kind.value,
        "parentXid": _text(engagement.parent_xid),
        "conversationXid": _text(engagement.conversation_xid),
        "triggerMatch": engagement.trigger_match.value,
        "triggerTag": engagement.trigger_tag,
        "misuseReason": engagement.misuse_reason.value if engagement.misuse_reason else None,
        "shopper": {"id": str(shopper_id)} if shopper_id else None,
        "tweet": {"id": str(tweet_id)} if tweet_id else None,
        "occurredAt": engagement.occurred_at.isoformat().replace("+00:00", "Z"),
    }


def _tell(
    session: WriteSession, event_type: EventType, key: UUID, engagement: NewEngagement
) -> None:
    actor = ActorKind.SHOPPER if engagement.shopper_id else ActorKind.UPSTREAM
    event = NewEvent(
        brand_id=engagement.brand_id,
        type=event_type,
        occurred_at=engagement.occurred_at,
        subject_type=SUBJECT_TYPE,
        subject_id=key,
        actor_kind=actor,
        actor_id=engagement.shopper_id,
        data={"engagement": snapshot(key, engagement)},
    )
    record(session, event)


def _text(xid: int | None) -> str | None:
    return None if xid is None else str(xid)

"""Engagements: each post is recorded once for each brand that it is about."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.database import WriteSession
from app.core.ids import uuid7
from app.engagements import queries
from app.engagements.facts import NewEngagement, Recorded
from app.engagements.queries import EngagementKey
from app.engagements.states import MOVES, ContentState, MisuseReason, TriggerMatch
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.states import ActorKind

SUBJECT_TYPE = "Engagement"


async def record_engagements(
    session: WriteSession, engagements: Sequence[NewEngagement]
) -> dict[EngagementKey, UUID]:
    """Write those that are new, with their events; their ids here, by brand and X id.

    What was recorded before only learns of the further delivery, and is absent in the answer.
    *engagements* holds a post at most once for each brand.
    """
    if not engagements:
        return {}
    named = [(uuid7(), engagement) for engagement in engagements]
    made = await queries.insert_unknown(session, named)
    fresh = [(key, engagement) for key, engagement in named if key in made]
    for key, engagement in fresh:
        actor = ActorKind.SHOPPER if engagement.shopper_id else ActorKind.UPSTREAM
        moment = engagement.occurred_at
        _tell(session, EventType.ENGAGEMENT_RECORDED, key, engagement, moment, actor)
        if engagement.misuse_reason is not None:
            _tell(session, EventType.ENGAGEMENT_MISUSE_DETECTED, key, engagement, moment, actor)
    return {(engagement.brand_id, engagement.xid): key for key, engagement in fresh}


async def mark_content(
    session: WriteSession, keys: Collection[EngagementKey], state: ContentState, *, now: datetime
) -> int:
    """Note what became of these posts on X, and tell it; how many that changed.

    Posts that are unknown or in that state are left alone, and so is what was deleted.
    """
    found = await queries.lock_engagements(session, keys)
    return await mark_locked(session, [(each, state) for each in found], now=now)


async def mark_locked(
    session: WriteSession, marks: Iterable[tuple[Recorded, ContentState]], *, now: datetime
) -> int:
    """`mark_content` of engagements that are locked, each to a state of its own."""
    changed = [each for each, state in marks if _mark(session, each, state, now)]
    await queries.update_recorded(session, changed)
    return len(changed)


async def mark_misuse(
    session: WriteSession, keys: Collection[EngagementKey], reason: MisuseReason, *, now: datetime
) -> int:
    """Note that these posts asked in a way that cannot work, and tell it; how many that changed.

    A reason that was noted before stands.
    """
    changed = [
        each for each in await queries.lock_engagements(session, keys) if each.misuse_reason is None
    ]
    for each in changed:
        each.misuse_reason = reason
        detected = EventType.ENGAGEMENT_MISUSE_DETECTED
        _tell(session, detected, each.id, each, now, ActorKind.SYSTEM)
    await queries.update_recorded(session, changed)
    return len(changed)


async def match_engagement(
    session: WriteSession,
    key: EngagementKey,
    *,
    trigger_tag: str,
    tweet_id: UUID,
    now: datetime,
) -> UUID | None:
    """Note that a post asks this brand after all, since what it answers became known as its tweet.

    Returns the engagement's id; None where it is unknown or asked before.
    """
    for each in await queries.lock_engagements(session, [key]):
        if each.trigger_match is TriggerMatch.EXACT:
            continue
        each.trigger_tag, each.trigger_match = trigger_tag, TriggerMatch.EXACT
        each.tweet_id = tweet_id
        _tell(session, EventType.ENGAGEMENT_MATCHED, each.id, each, now, ActorKind.SYSTEM)
        await queries.update_recorded(session, [each])
        return each.id
    return None


def snapshot(key: UUID, engagement: NewEngagement | Recorded) -> dict[str, Any]:
    """What an event says of an engagement, by the names of the schema. Nothing personal."""
    shopper_id, tweet_id = engagement.shopper_id, engagement.tweet_id
    return {
        "id": str(key),
        "xid": _text(engagement.xid),
        "kind": engagement.kind.value,
        "parentXid": _text(engagement.parent_xid),
        "conversationXid": _text(engagement.conversation_xid),
        "triggerMatch": engagement.trigger_match.value,
        "triggerTag": engagement.trigger_tag,
        "misuseReason": engagement.misuse_reason.value if engagement.misuse_reason else None,
        "contentState": engagement.content_state.value,
        "shopper": {"id": str(shopper_id)} if shopper_id else None,
        "tweet": {"id": str(tweet_id)} if tweet_id else None,
        "occurredAt": engagement.occurred_at.isoformat().replace("+00:00", "Z"),
    }


def _mark(session: WriteSession, each: Recorded, state: ContentState, now: datetime) -> bool:
    if state not in MOVES[each.content_state]:
        return False
    each.content_state = state
    restored = state is ContentState.PRESENT
    event_type = EventType.ENGAGEMENT_RESTORED if restored else EventType.ENGAGEMENT_REDACTED
    _tell(session, event_type, each.id, each, now, ActorKind.UPSTREAM)
    return True


def _tell(
    session: WriteSession,
    event_type: EventType,
    key: UUID,
    engagement: NewEngagement | Recorded,
    moment: datetime,
    actor: ActorKind,
) -> None:
    event = NewEvent(
        brand_id=engagement.brand_id,
        type=event_type,
        occurred_at=moment,
        subject_type=SUBJECT_TYPE,
        subject_id=key,
        actor_kind=actor,
        actor_id=engagement.shopper_id if actor is ActorKind.SHOPPER else None,
        data={"engagement": snapshot(key, engagement)},
    )
    record(session, event)


def _text(xid: int | None) -> str | None:
    return None if xid is None else str(xid)

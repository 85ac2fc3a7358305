"""A reply that waited at one brand turns out to answer another brand's tweet, and asks that one.

While a parent is unknown, rule 0 takes the brand that the reply names. When the parent becomes
known as another brand's, the intent there is withdrawn and the parent's brand is asked, as if the
parent had come first. Only the tag by which it asked is known then; the rest of its text is gone.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.brands.rules import fold_tag
from app.carts.intents import Intent, Request
from app.carts.queries import IntentKey, lock_intents, update_decided
from app.carts.service import ask_for_carts, mark_no_link
from app.carts.states import CartIntentStatus
from app.carts.withdrawals import withdraw
from app.core.bulk import run
from app.core.database import WriteSession
from app.core.keys import Keys
from app.engagements.facts import Arrival, NewEngagement
from app.engagements.service import match_engagement, record_engagements
from app.engagements.states import ContentState, EngagementKind, TriggerMatch
from app.events.states import ActorKind
from app.ingest.facts import BrandFacts, TriggerFacts
from app.ingest.rules import may_ask, why_unavailable
from app.shoppers.queries import ensure_reference
from app.shoppers.service import x_lookup
from app.tweets.facts import TweetFacts

_REPLY = """
SELECT engagement.xid, engagement.kind, engagement.parent_xid, engagement.conversation_xid,
    engagement.trigger_tag, engagement.content_state, engagement.occurred_at,
    engagement.received_at, engagement.deliveries -> 0 ->> 'source', person.id, person.x_lookup
FROM engagement
JOIN shopper ON shopper.brand_id = engagement.brand_id AND shopper.id = engagement.shopper_id
JOIN person ON person.id = shopper.person_id
WHERE engagement.brand_id = $1 AND engagement.id = $2 AND engagement.xid IS NOT NULL
"""


async def hand_over(
    session: WriteSession,
    keys: Keys,
    waiting: IntentKey,
    tweet: TweetFacts,
    brand: BrandFacts,
    *,
    now: datetime,
) -> list[Intent]:
    """Withdraw the intent *waiting*, and ask *brand*, whose *tweet* its reply answers.

    Returns the intents that moved or were made; none where it does not wait any more.
    """
    intents = [
        intent
        for intent in await lock_intents(session, [waiting])
        if intent.status is CartIntentStatus.RECEIVED
    ]
    for intent in intents:
        withdraw(session, intent, why="OTHER_BRANDS_TWEET", actor=ActorKind.SYSTEM, now=now)
    await update_decided(session, intents)
    made: list[Intent] = []
    for intent in intents:
        for row in await run(session, _REPLY, intent.brand_id, intent.engagement_id):
            made += await _ask(session, keys, row, tweet, brand, now=now)
    return intents + made


async def _ask(
    session: WriteSession,
    keys: Keys,
    row: tuple[Any, ...],
    tweet: TweetFacts,
    brand: BrandFacts,
    *,
    now: datetime,
) -> list[Intent]:
    *post, person_id, lookup = row
    if lookup == x_lookup(keys, brand.x_user_id):  # rule 3: the brand itself asks nothing
        return []
    shopper_id = await ensure_reference(session, brand.id, person_id, now=now)
    trigger = _trigger_of(post, brand)
    engagement = _engagement(post, shopper_id, trigger, tweet)
    made = await record_engagements(session, [engagement])
    if trigger is None:
        return []
    key = brand.id, engagement.xid
    engagement_id = made.get(key) or await match_engagement(
        session, key, trigger_tag=trigger.tag, tweet_id=tweet.name.id, now=now
    )
    if engagement_id is None:
        return []
    request = _request(engagement, engagement_id, shopper_id, trigger, tweet, brand)
    intents = await ask_for_carts(session, [request], now=now)
    await mark_no_link(session, intents, now=now)
    return intents


def _trigger_of(post: list[Any], brand: BrandFacts) -> TriggerFacts | None:
    """What the post asks of this brand, by the tag that it asked another one by."""
    kind, tag = EngagementKind(post[1]), post[4]
    return brand.triggers.get(fold_tag(tag or "")) if may_ask(kind, brand) else None


def _engagement(
    post: list[Any], shopper_id: UUID, trigger: TriggerFacts | None, tweet: TweetFacts
) -> NewEngagement:
    xid, kind, parent_xid, conversation_xid, _, content_state, occurred_at, received_at, by = post
    return NewEngagement(
        brand_id=tweet.brand_id,
        xid=xid,
        kind=EngagementKind(kind),
        shopper_id=shopper_id,
        tweet_id=tweet.name.id,
        parent_xid=parent_xid,
        conversation_xid=conversation_xid,
        trigger_tag=trigger.tag if trigger else None,
        trigger_match=TriggerMatch.EXACT if trigger else TriggerMatch.NONE,
        misuse_reason=None,
        content_state=ContentState(content_state),
        occurred_at=occurred_at,
        arrivals=(Arrival(by, received_at),),
    )


def _request(
    engagement: NewEngagement,
    engagement_id: UUID,
    shopper_id: UUID,
    trigger: TriggerFacts,
    tweet: TweetFacts,
    brand: BrandFacts,
) -> Request:
    return Request(
        brand_id=brand.id,
        engagement_id=engagement_id,
        engagement_xid=engagement.xid,
        shopper_id=shopper_id,
        parent_xid=engagement.parent_xid,
        tweet=tweet,
        unavailable=why_unavailable(tweet, brand),
        action=trigger.action,
        marketplace=trigger.marketplace,
        retailer=brand.retailers.get(trigger.marketplace),
        received_at=engagement.arrivals[0].received_at,
    )

"""Every type of event: the list that a third party reads.

An event says what was true then: its `data` holds snapshots, by the names of the schema. It holds
facts and references, never a handle nor the text of other people's posts.
"""

from enum import StrEnum

from app.core.viewer import Scope

SCHEMA_VERSION = 1


class EventType(StrEnum):
    """What happened."""

    CART_INTENT_RECEIVED = "cart_intent.received"
    CART_INTENT_AWAITING_CHOICE = "cart_intent.awaiting_choice"
    CART_INTENT_AWAITING_LINK = "cart_intent.awaiting_link"
    CART_INTENT_QUEUED = "cart_intent.queued"
    CART_INTENT_ADDED = "cart_intent.added"
    CART_INTENT_HANDED_OFF = "cart_intent.handed_off"
    CART_INTENT_FAILED = "cart_intent.failed"
    CART_INTENT_EXPIRED = "cart_intent.expired"
    CART_INTENT_WITHDRAWN = "cart_intent.withdrawn"
    CART_INTENT_REMOVED = "cart_intent.removed"
    CART_INTENT_ABANDONED = "cart_intent.abandoned"
    CART_INTENT_PURCHASED = "cart_intent.purchased"
    CART_INTENT_RECOVERED = "cart_intent.recovered"
    CART_INTENT_REPEAT_IGNORED = "cart_intent.repeat_ignored"
    ENGAGEMENT_RECORDED = "engagement.recorded"
    ENGAGEMENT_MATCHED = "engagement.matched"
    ENGAGEMENT_MISUSE_DETECTED = "engagement.misuse_detected"
    ENGAGEMENT_REDACTED = "engagement.redacted"
    ENGAGEMENT_RESTORED = "engagement.restored"
    BRAND_UPDATED = "brand.updated"
    SHOPPER_OPTED_OUT = "shopper.opted_out"
    TWEET_DETECTED = "tweet.detected"
    TWEET_LIVE = "tweet.live"
    TWEET_PAUSED = "tweet.paused"
    TWEET_UNSHOPPABLE = "tweet.unshoppable"
    TWEET_EDITED = "tweet.edited"
    TWEET_PRIMARY_PRODUCT_SET = "tweet.primary_product_set"
    TWEET_DELETED = "tweet.deleted"
    TWEET_WITHHELD = "tweet.withheld"
    PRODUCT_ADDED = "product.added"
    PRODUCT_RESOLVED = "product.resolved"
    PRODUCT_CHANGED = "product.changed"
    PRODUCT_OFFER_CHANGED = "product.offer_changed"
    PRODUCT_STALE = "product.stale"
    PRODUCT_GONE = "product.gone"


def scope_of(event_type: EventType) -> Scope:
    """The scope that reading events of this type takes, beside `events:read`."""
    return _SCOPES[event_type.value.partition(".")[0]]


_SCOPES = {
    "cart_intent": Scope.INTENTS_READ,
    "engagement": Scope.INTENTS_READ,
    "shopper": Scope.INTENTS_READ,
    "brand": Scope.BRAND_READ,
}

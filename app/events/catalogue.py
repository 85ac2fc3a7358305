"""Every type of event: the list that a third party reads.

An event says what was true then: its `data` holds snapshots, by the names of the schema. It holds
facts and references, never a handle nor the text of other people's posts.
"""

from app.core.described import DescribedEnum
from app.core.viewer import Scope

SCHEMA_VERSION = 1


class EventType(DescribedEnum):
    """What happened."""

    CART_INTENT_RECEIVED = (
        "cart_intent.received",
        "A reply asked for a product. The first event of every intent.",
    )
    CART_INTENT_AWAITING_CHOICE = (
        "cart_intent.awaiting_choice",
        "It waits for a choice among products or variations.",
    )
    CART_INTENT_AWAITING_LINK = (
        "cart_intent.awaiting_link",
        "It waits until the shopper links her account or consents.",
    )
    CART_INTENT_QUEUED = "cart_intent.queued", "Its retailer is asked now."
    CART_INTENT_ADDED = "cart_intent.added", "The retailer confirmed that it is in her cart."
    CART_INTENT_HANDED_OFF = (
        "cart_intent.handed_off",
        "She was given the address where she adds it herself.",
    )
    CART_INTENT_FAILED = "cart_intent.failed", "It could not be done; `failure` says why."
    CART_INTENT_EXPIRED = "cart_intent.expired", "She did not link her account or consent in time."
    CART_INTENT_WITHDRAWN = "cart_intent.withdrawn", "It was taken back before it reached her."
    CART_INTENT_REMOVED = "cart_intent.removed", "It was taken out of her cart again."
    CART_INTENT_ABANDONED = "cart_intent.abandoned", "She did not buy it in time."
    CART_INTENT_PURCHASED = "cart_intent.purchased", "She bought it."
    CART_INTENT_RECOVERED = (
        "cart_intent.recovered",
        "She linked her account or consented, and what waited for that goes on.",
    )
    CART_INTENT_REPEAT_IGNORED = (
        "cart_intent.repeat_ignored",
        "A further reply asked for the same; nothing is added twice.",
    )
    ENGAGEMENT_RECORDED = (
        "engagement.recorded",
        "Somebody replied to, quoted, reposted or mentioned the brand.",
    )
    ENGAGEMENT_MATCHED = "engagement.matched", "It held a trigger of the brand."
    ENGAGEMENT_MISUSE_DETECTED = (
        "engagement.misuse_detected",
        "It asked for a cart in a way that cannot work.",
    )
    ENGAGEMENT_REDACTED = (
        "engagement.redacted",
        "It was deleted, protected or withheld on X, or its author was erased.",
    )
    ENGAGEMENT_RESTORED = "engagement.restored", "X shows it again."
    BRAND_UPDATED = "brand.updated", "The brand's settings changed; `changedFields` says which."
    SHOPPER_OPTED_OUT = (
        "shopper.opted_out",
        "A shopper wants nothing of her to be kept; what waited was withdrawn.",
    )
    TWEET_DETECTED = "tweet.detected", "A post was registered as one that can be bought from."
    TWEET_LIVE = "tweet.live", "Replies to it make intents from now on."
    TWEET_PAUSED = "tweet.paused", "The brand paused it."
    TWEET_UNSHOPPABLE = (
        "tweet.unshoppable",
        "Nothing can be bought from it any more, or never could.",
    )
    TWEET_EDITED = "tweet.edited", "X told of a further version of it."
    TWEET_PRIMARY_PRODUCT_SET = (
        "tweet.primary_product_set",
        "The brand said which product replies to it mean.",
    )
    TWEET_DELETED = "tweet.deleted", "It was deleted on X."
    TWEET_WITHHELD = "tweet.withheld", "X withholds it."
    PRODUCT_ADDED = "product.added", "The brand named it, or a link to it was found."
    PRODUCT_RESOLVED = "product.resolved", "Its retailer knows it."
    PRODUCT_CHANGED = "product.changed", "Something about it changed that is not its offer."
    PRODUCT_OFFER_CHANGED = "product.offer_changed", "Its price or availability changed."
    PRODUCT_STALE = "product.stale", "What its retailer told of it became too old."
    PRODUCT_GONE = "product.gone", "Its retailer does not list it any more."


def scope_of(event_type: EventType) -> Scope:
    """The scope that reading events of this type takes, beside `events:read`."""
    return _SCOPES[event_type.value.partition(".")[0]]


_SCOPES = {
    "cart_intent": Scope.INTENTS_READ,
    "engagement": Scope.INTENTS_READ,
    "shopper": Scope.INTENTS_READ,
    "brand": Scope.BRAND_READ,
}

"""The life of a cart intent. Every move is exactly one event.

RECEIVED ──► AWAITING_CHOICE ──► AWAITING_LINK ──► QUEUED ──► ADDED ──► REMOVED | ABANDONED
   │               │                  │               ├─────► HANDED_OFF ──► ABANDONED
   └───(any later state of this line, at once)        ▼            └──► PURCHASED (also late)
                                                   FAILED
WITHDRAWN is reached from every state before ADDED and HANDED_OFF, EXPIRED from AWAITING_LINK.
"""

from types import MappingProxyType

from app.core.described import DescribedEnum


class CartIntentStatus(DescribedEnum):
    """Where an intent is. `HANDED_OFF` is never counted as added."""

    RECEIVED = (
        "RECEIVED",
        "The reply arrived, but the post it answers is not known yet. Waits 24 hours at most.",
    )
    AWAITING_CHOICE = (
        "AWAITING_CHOICE",
        "Several products, or several variations, could be meant; waits 7 days for a choice.",
    )
    AWAITING_LINK = (
        "AWAITING_LINK",
        "The shopper has yet to link her account or to consent; waits 7 days.",
    )
    QUEUED = "QUEUED", "The retailer is being asked. It is tried at most 6 times within an hour."
    ADDED = "ADDED", "The retailer confirmed that it is in her cart."
    HANDED_OFF = (
        "HANDED_OFF",
        "She was given the address where she adds it herself; never counted as added.",
    )
    REMOVED = "REMOVED", "It was added and taken out again by her, by the brand or at the retailer."
    ABANDONED = "ABANDONED", "It was added or handed off, and she did not buy it in time."
    PURCHASED = "PURCHASED", "She bought it. Final."
    FAILED = "FAILED", "It could not be done; `failure` says why. Final."
    EXPIRED = "EXPIRED", "She did not link her account or consent in time. Final."
    WITHDRAWN = (
        "WITHDRAWN",
        "She took the reply back, or the brand withdrew it, before it reached her. Final.",
    )


class FailureReason(DescribedEnum):
    """Why an intent failed."""

    TWEET_UNAVAILABLE = "TWEET_UNAVAILABLE", "The post she answered was deleted, or X withholds it."
    NO_PRODUCT_LINK = (
        "NO_PRODUCT_LINK",
        "The post she answered links no known shop, or never became known here.",
    )
    NOT_A_PRODUCT = (
        "NOT_A_PRODUCT",
        "The link leads to a page that is no product, or to an id that the retailer does not know.",
    )
    PRODUCT_GONE = "PRODUCT_GONE", "The retailer does not list the product any more."
    OUT_OF_STOCK = "OUT_OF_STOCK", "It could not be bought then."
    LIMITED_QUANTITY = (
        "LIMITED_QUANTITY",
        "The retailer sells fewer to one customer than were asked for.",
    )
    OPTIONS_REQUIRED_EXPIRED = (
        "OPTIONS_REQUIRED_EXPIRED",
        "She did not choose among products or variations within 7 days.",
    )
    UNSUPPORTED_KIND_DIGITAL = (
        "UNSUPPORTED_KIND_DIGITAL",
        "It is a digital good, which no cart takes.",
    )
    COLLECTION_PARENT = "COLLECTION_PARENT", "The link leads to a collection, not to one product."
    ALREADY_IN_CART = (
        "ALREADY_IN_CART",
        "She has it from another tweet, or the retailer says that it is in her cart.",
    )
    CART_FULL = "CART_FULL", "Her cart at the retailer takes no more."
    MARKETPLACE_MISMATCH = (
        "MARKETPLACE_MISMATCH",
        "The product is not sold on the marketplace that the trigger stands for.",
    )
    LINK_REVOKED = "LINK_REVOKED", "Her account at the retailer is not linked any more."
    RETAILER_REJECTED = (
        "RETAILER_REJECTED",
        "The retailer refused without a reason that is known here.",
    )
    RETAILER_TIMEOUT = (
        "RETAILER_TIMEOUT",
        "The retailer did not answer in time, however often it was asked.",
    )
    RETAILER_UNAVAILABLE = (
        "RETAILER_UNAVAILABLE",
        "The retailer could not be reached, however often it was asked.",
    )
    RATE_LIMITED = "RATE_LIMITED", "The retailer takes no more requests for now."
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED", "What may be spent on such requests is spent for now."
    BRAND_PAUSED = (
        "BRAND_PAUSED",
        "The brand paused the tweet, or took back what it had granted on X.",
    )
    AGE_RESTRICTED = "AGE_RESTRICTED", "The retailer sells it only to those whose age it knows."
    SUSPECTED_AUTOMATION = "SUSPECTED_AUTOMATION", "The replies look as if no person wrote them."
    POLICY_BLOCKED = "POLICY_BLOCKED", "The retailer's policy forbids to add it in this way."
    INTERNAL = "INTERNAL", "A fault of this service; it is logged and looked into."


_S = CartIntentStatus

MOVES = MappingProxyType(
    {
        _S.RECEIVED: frozenset(
            {_S.AWAITING_CHOICE, _S.AWAITING_LINK, _S.QUEUED, _S.FAILED, _S.WITHDRAWN}
        ),
        _S.AWAITING_CHOICE: frozenset({_S.AWAITING_LINK, _S.QUEUED, _S.FAILED, _S.WITHDRAWN}),
        _S.AWAITING_LINK: frozenset({_S.QUEUED, _S.FAILED, _S.EXPIRED, _S.WITHDRAWN}),
        _S.QUEUED: frozenset({_S.ADDED, _S.HANDED_OFF, _S.FAILED, _S.WITHDRAWN}),
        _S.ADDED: frozenset({_S.REMOVED, _S.ABANDONED, _S.PURCHASED}),
        _S.HANDED_OFF: frozenset({_S.ABANDONED, _S.PURCHASED}),
        _S.REMOVED: frozenset({_S.PURCHASED}),
        _S.ABANDONED: frozenset({_S.PURCHASED}),
        _S.FAILED: frozenset[CartIntentStatus](),
        _S.EXPIRED: frozenset[CartIntentStatus](),
        _S.WITHDRAWN: frozenset[CartIntentStatus](),
        _S.PURCHASED: frozenset[CartIntentStatus](),
    }
)

LIVE = frozenset(
    {
        _S.RECEIVED,
        _S.AWAITING_CHOICE,
        _S.AWAITING_LINK,
        _S.QUEUED,
        _S.ADDED,
        _S.HANDED_OFF,
    }
)
"""While an intent is in one of these, a further tagged reply to the same tweet only repeats it."""

ANSWERS = frozenset({_S.ADDED, _S.HANDED_OFF, _S.FAILED})
"""What a QUEUED intent comes to by its retailer's answer."""

WAITING = frozenset({_S.RECEIVED, _S.AWAITING_CHOICE, _S.AWAITING_LINK})
"""What ends by itself when its time is over."""

OPEN = WAITING | {_S.QUEUED}
"""What did not reach the shopper yet, and can be withdrawn."""


def may_move(old: CartIntentStatus, new: CartIntentStatus) -> bool:
    """Whether the table above holds the move."""
    return new in MOVES[old]

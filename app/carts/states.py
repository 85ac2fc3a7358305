"""The life of a cart intent. Every move is exactly one event.

RECEIVED ──► AWAITING_CHOICE ──► AWAITING_LINK ──► QUEUED ──► ADDED ──► REMOVED | ABANDONED
   │               │                  │               ├─────► HANDED_OFF ──► ABANDONED
   └───(any later state of this line, at once)        ▼            └──► PURCHASED (also late)
                                                   FAILED
WITHDRAWN is reached from every state before ADDED and HANDED_OFF, EXPIRED from AWAITING_LINK.
"""

from enum import StrEnum
from types import MappingProxyType


class CartIntentStatus(StrEnum):
    """Where an intent is. `HANDED_OFF` is never counted as added."""

    RECEIVED = "RECEIVED"
    AWAITING_CHOICE = "AWAITING_CHOICE"
    AWAITING_LINK = "AWAITING_LINK"
    QUEUED = "QUEUED"
    ADDED = "ADDED"
    HANDED_OFF = "HANDED_OFF"
    REMOVED = "REMOVED"
    ABANDONED = "ABANDONED"
    PURCHASED = "PURCHASED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class FailureReason(StrEnum):
    """Why an intent failed."""

    TWEET_UNAVAILABLE = "TWEET_UNAVAILABLE"
    NO_PRODUCT_LINK = "NO_PRODUCT_LINK"
    NOT_A_PRODUCT = "NOT_A_PRODUCT"
    PRODUCT_GONE = "PRODUCT_GONE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    LIMITED_QUANTITY = "LIMITED_QUANTITY"
    OPTIONS_REQUIRED_EXPIRED = "OPTIONS_REQUIRED_EXPIRED"
    UNSUPPORTED_KIND_DIGITAL = "UNSUPPORTED_KIND_DIGITAL"
    COLLECTION_PARENT = "COLLECTION_PARENT"
    ALREADY_IN_CART = "ALREADY_IN_CART"
    CART_FULL = "CART_FULL"
    MARKETPLACE_MISMATCH = "MARKETPLACE_MISMATCH"
    LINK_REVOKED = "LINK_REVOKED"
    RETAILER_REJECTED = "RETAILER_REJECTED"
    RETAILER_TIMEOUT = "RETAILER_TIMEOUT"
    RETAILER_UNAVAILABLE = "RETAILER_UNAVAILABLE"
    RATE_LIMITED = "RATE_LIMITED"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
    BRAND_PAUSED = "BRAND_PAUSED"
    AGE_RESTRICTED = "AGE_RESTRICTED"
    SUSPECTED_AUTOMATION = "SUSPECTED_AUTOMATION"
    POLICY_BLOCKED = "POLICY_BLOCKED"
    INTERNAL = "INTERNAL"


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

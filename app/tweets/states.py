"""The life of a shoppable tweet.

DETECTED ◄──► LIVE ◄──► UNSHOPPABLE     as its links and their products say
    ▲          ▲             ▲
    └──────────┼─────────────┘
               ▼
             PAUSED                     as the brand says

From every state: ──► DELETED, for ever, and ──► WITHHELD, from which X may give it back.
"""

from enum import StrEnum
from types import MappingProxyType

from app.core.described import DescribedEnum


class TweetStatus(DescribedEnum):
    """Whether replies to a tweet make intents."""

    DETECTED = "DETECTED", "Its links are being looked at; replies wait."
    LIVE = "LIVE", "Replies with a trigger make intents."
    PAUSED = "PAUSED", "The brand paused it; replies fail with `BRAND_PAUSED`."
    UNSHOPPABLE = "UNSHOPPABLE", "Nothing can be bought from it; `unshoppableReason` says why."
    DELETED = "DELETED", "It was deleted on X. Final."
    WITHHELD = "WITHHELD", "X withholds it, and may show it again."


JUDGED = frozenset({TweetStatus.DETECTED, TweetStatus.LIVE, TweetStatus.UNSHOPPABLE})
"""States that follow from a tweet's links and their products alone."""

GONE = frozenset({TweetStatus.DELETED, TweetStatus.WITHHELD})
"""States in which a tweet is not to be seen on X."""

_HERE = JUDGED | {TweetStatus.PAUSED}

MOVES = MappingProxyType(
    {
        **{status: GONE | _HERE - {status} for status in sorted(_HERE)},
        TweetStatus.WITHHELD: _HERE | {TweetStatus.DELETED},
        TweetStatus.DELETED: frozenset[TweetStatus](),
    }
)


class LinkVerdict(DescribedEnum):
    """What a link in a tweet turned out to be; PENDING until it was looked at."""

    PENDING = "PENDING", "It was not looked at yet, or is looked at again."
    PRODUCT = "PRODUCT", "It leads to a product of the brand."
    NO_PRODUCT_LINK = "NO_PRODUCT_LINK", "It leads to no known shop."
    NOT_A_PRODUCT = "NOT_A_PRODUCT", "It leads to a shop, but to no product."
    MARKETPLACE_MISMATCH = (
        "MARKETPLACE_MISMATCH",
        "It leads to a product on a marketplace where the brand does not sell.",
    )


class UnshoppableReason(StrEnum):
    """Why nothing can be bought from a tweet. Each is also a reason of a failed intent."""

    NO_PRODUCT_LINK = "NO_PRODUCT_LINK"
    NOT_A_PRODUCT = "NOT_A_PRODUCT"
    MARKETPLACE_MISMATCH = "MARKETPLACE_MISMATCH"
    PRODUCT_GONE = "PRODUCT_GONE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    UNSUPPORTED_KIND_DIGITAL = "UNSUPPORTED_KIND_DIGITAL"
    COLLECTION_PARENT = "COLLECTION_PARENT"

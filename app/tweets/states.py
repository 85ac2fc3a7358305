"""The life of a shoppable tweet.

DETECTED ──► LIVE ◄──► PAUSED
              ▲ │
              │ ▼
          UNSHOPPABLE

From every state: ──► DELETED, ──► WITHHELD (final for new intents).
"""

from enum import StrEnum
from types import MappingProxyType


class TweetStatus(StrEnum):
    """Whether replies to a tweet make intents."""

    DETECTED = "DETECTED"
    LIVE = "LIVE"
    PAUSED = "PAUSED"
    UNSHOPPABLE = "UNSHOPPABLE"
    DELETED = "DELETED"
    WITHHELD = "WITHHELD"


_GONE = frozenset({TweetStatus.DELETED, TweetStatus.WITHHELD})

MOVES = MappingProxyType(
    {
        TweetStatus.DETECTED: _GONE | {TweetStatus.LIVE, TweetStatus.UNSHOPPABLE},
        TweetStatus.LIVE: _GONE | {TweetStatus.PAUSED, TweetStatus.UNSHOPPABLE},
        TweetStatus.PAUSED: _GONE | {TweetStatus.LIVE},
        TweetStatus.UNSHOPPABLE: _GONE | {TweetStatus.LIVE},
        TweetStatus.DELETED: frozenset[TweetStatus](),
        TweetStatus.WITHHELD: frozenset({TweetStatus.DELETED}),
    }
)


class LinkVerdict(StrEnum):
    """What a link in a tweet turned out to be."""

    PRODUCT = "PRODUCT"
    NO_PRODUCT_LINK = "NO_PRODUCT_LINK"
    NOT_A_PRODUCT = "NOT_A_PRODUCT"
    MARKETPLACE_MISMATCH = "MARKETPLACE_MISMATCH"

"""Kinds of engagement, how a trigger matched, and what is left of the content."""

from enum import StrEnum
from types import MappingProxyType


class EngagementKind(StrEnum):
    """What a post is to the brand. A reply that also quotes is a reply."""

    REPLY = "REPLY"
    QUOTE = "QUOTE"
    REPOST = "REPOST"
    MENTION = "MENTION"


class TriggerMatch(StrEnum):
    """Whether the post's own hashtags hold a trigger."""

    EXACT = "EXACT"
    NEAR_MISS = "NEAR_MISS"
    NONE = "NONE"


class MisuseReason(StrEnum):
    """Why an engagement that asked for a cart could not, through the way it was done."""

    NEAR_MISS = "NEAR_MISS"
    NO_LINK = "NO_LINK"
    REPOST_WITH_TAG = "REPOST_WITH_TAG"
    SUSPECTED_AUTOMATION = "SUSPECTED_AUTOMATION"


class ContentState(StrEnum):
    """What became of the post on X.

    WITHHELD: it is withheld, dropped, or its author's account is withheld, suspended or deleted.
    """

    PRESENT = "PRESENT"
    DELETED = "DELETED"
    PROTECTED = "PROTECTED"
    WITHHELD = "WITHHELD"


MOVES = MappingProxyType(
    {
        ContentState.PRESENT: frozenset(
            {ContentState.DELETED, ContentState.PROTECTED, ContentState.WITHHELD}
        ),
        ContentState.PROTECTED: frozenset(
            {ContentState.PRESENT, ContentState.WITHHELD, ContentState.DELETED}
        ),
        ContentState.WITHHELD: frozenset(
            {ContentState.PRESENT, ContentState.PROTECTED, ContentState.DELETED}
        ),
        ContentState.DELETED: frozenset[ContentState](),
    }
)


class StandingKind(StrEnum):
    """What X tells of a post (DELETED, WITHHELD) or of an account (each of them)."""

    DELETED = "DELETED"
    SUSPENDED = "SUSPENDED"
    WITHHELD = "WITHHELD"
    PROTECTED = "PROTECTED"

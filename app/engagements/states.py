"""Kinds of engagement, how a trigger matched, and what is left of the content."""

from enum import StrEnum
from types import MappingProxyType

from app.core.described import DescribedEnum


class EngagementKind(DescribedEnum):
    """What a post is to the brand. A reply that also quotes is a reply."""

    REPLY = "REPLY", "It answers a post; a reply that also quotes is a reply."
    QUOTE = "QUOTE", "It quotes a post."
    REPOST = "REPOST", "It repeats a post without a word of its own."
    MENTION = "MENTION", "It names the brand, and neither answers, quotes nor repeats."


class TriggerMatch(DescribedEnum):
    """Whether the post's own hashtags hold a trigger."""

    EXACT = "EXACT", "One of its own hashtags is a trigger of the brand; case does not matter."
    NEAR_MISS = (
        "NEAR_MISS",
        "One of its hashtags is nearly a trigger; that is counted and never acted upon.",
    )
    NONE = "NONE", "It holds no trigger."


class MisuseReason(DescribedEnum):
    """Why an engagement that asked for a cart could not, through the way it was done."""

    NEAR_MISS = (
        "NEAR_MISS",
        "A hashtag that is nearly a trigger: a look-alike letter, a plural, a space inside.",
    )
    NO_LINK = "NO_LINK", "A trigger under a post in which nothing can be bought."
    REPOST_WITH_TAG = (
        "REPOST_WITH_TAG",
        "A repost of somebody's tagged reply, which asks for nothing.",
    )
    SUSPECTED_AUTOMATION = "SUSPECTED_AUTOMATION", "Posts that look as if no person wrote them."


class ContentState(DescribedEnum):
    """What became of the post on X.

    WITHHELD: it is withheld, dropped, or its author's account is withheld, suspended or deleted.
    """

    PRESENT = "PRESENT", "It can be seen by everybody."
    DELETED = "DELETED", "Its author deleted it. Final."
    PROTECTED = "PROTECTED", "Its author shows it to her followers alone."
    WITHHELD = (
        "WITHHELD",
        "X withholds it, or its author's account is withheld, suspended or deleted.",
    )


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

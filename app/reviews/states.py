"""The life of an advocate's review.

SUBMITTED ──► PUBLISHED ◄── FLAGGED ──► REJECTED
    │  └────────► FLAGGED      │
    └──► REJECTED   From every state but REJECTED: ──► WITHDRAWN
"""

from enum import StrEnum
from types import MappingProxyType


class ReviewStatus(StrEnum):
    """Whether a review is shown."""

    SUBMITTED = "SUBMITTED"
    FLAGGED = "FLAGGED"
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


_R = ReviewStatus

MOVES = MappingProxyType(
    {
        _R.SUBMITTED: frozenset({_R.PUBLISHED, _R.FLAGGED, _R.REJECTED, _R.WITHDRAWN}),
        _R.FLAGGED: frozenset({_R.PUBLISHED, _R.REJECTED, _R.WITHDRAWN}),
        _R.PUBLISHED: frozenset({_R.FLAGGED, _R.WITHDRAWN}),
        _R.REJECTED: frozenset[ReviewStatus](),
        _R.WITHDRAWN: frozenset[ReviewStatus](),
    }
)


class ReviewHost(StrEnum):
    """Where a review stands. Only the brand's own site yields text and stars."""

    BRAND_SITE = "BRAND_SITE"
    AMAZON = "AMAZON"
    OTHER = "OTHER"

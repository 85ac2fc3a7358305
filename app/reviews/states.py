"""The life of an advocate's review.

SUBMITTED ──► PUBLISHED ◄── FLAGGED ──► REJECTED
    │  └────────► FLAGGED      │
    └──► REJECTED   From every state but REJECTED: ──► WITHDRAWN
"""

from types import MappingProxyType

from app.core.described import DescribedEnum


class ReviewStatus(DescribedEnum):
    """Whether a review is shown."""

    SUBMITTED = "SUBMITTED", "It came in and is looked at."
    FLAGGED = "FLAGGED", "It is to be looked at again and is not shown meanwhile."
    PUBLISHED = "PUBLISHED", "It is shown."
    REJECTED = "REJECTED", "It is not shown; `rejectionReason` says why. Final."
    WITHDRAWN = "WITHDRAWN", "Its author took it back. Final."


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


class ReviewHost(DescribedEnum):
    """Where a review stands. Only the brand's own site yields text and stars."""

    BRAND_SITE = "BRAND_SITE", "On the brand's own site; text and stars are known here."
    AMAZON = "AMAZON", "At Amazon; only the link and what she declared are known here."
    OTHER = "OTHER", "Elsewhere; only the link and what she declared are known here."

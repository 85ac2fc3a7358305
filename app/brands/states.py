"""The life of a brand.

PENDING_VERIFICATION ──► ACTIVE ◄──► SUSPENDED
          │                │             │
          └────────────────┴──► CLOSED ◄─┘
"""

from enum import StrEnum
from types import MappingProxyType

from app.core.described import DescribedEnum


class BrandStatus(DescribedEnum):
    """Whether a brand takes part."""

    PENDING_VERIFICATION = (
        "PENDING_VERIFICATION",
        "It is not known yet that the X account is the brand's; no reply makes an intent.",
    )
    ACTIVE = "ACTIVE", "It takes part."
    SUSPENDED = "SUSPENDED", "The operator stopped it for now; no reply makes an intent."
    CLOSED = "CLOSED", "It takes part no more. Final."


MOVES = MappingProxyType(
    {
        BrandStatus.PENDING_VERIFICATION: frozenset({BrandStatus.ACTIVE, BrandStatus.CLOSED}),
        BrandStatus.ACTIVE: frozenset({BrandStatus.SUSPENDED, BrandStatus.CLOSED}),
        BrandStatus.SUSPENDED: frozenset({BrandStatus.ACTIVE, BrandStatus.CLOSED}),
        BrandStatus.CLOSED: frozenset[BrandStatus](),
    }
)


class ResolveDepth(DescribedEnum):
    """How far up a conversation a reply's product is looked for."""

    PARENT = "PARENT", "Only in the post that is answered."
    THREAD_ROOT = (
        "THREAD_ROOT",
        "In the post that is answered, else in the first post of its conversation.",
    )


class TriggerAction(DescribedEnum):
    """What a trigger hashtag asks for."""

    CART = "CART", "The product goes into the shopper's cart."
    WISHLIST = (
        "WISHLIST",
        "The product goes onto the shopper's wish list, where the retailer has one.",
    )


class AccountRole(StrEnum):
    """Whose X account it is: a brand's, or the service's own bot's."""

    BRAND = "BRAND"
    BOT = "BOT"

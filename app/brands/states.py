"""The life of a brand.

PENDING_VERIFICATION ──► ACTIVE ◄──► SUSPENDED
          │                │             │
          └────────────────┴──► CLOSED ◄─┘
"""

from enum import StrEnum
from types import MappingProxyType


class BrandStatus(StrEnum):
    """Whether a brand takes part."""

    PENDING_VERIFICATION = "PENDING_VERIFICATION"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


MOVES = MappingProxyType(
    {
        BrandStatus.PENDING_VERIFICATION: frozenset({BrandStatus.ACTIVE, BrandStatus.CLOSED}),
        BrandStatus.ACTIVE: frozenset({BrandStatus.SUSPENDED, BrandStatus.CLOSED}),
        BrandStatus.SUSPENDED: frozenset({BrandStatus.ACTIVE, BrandStatus.CLOSED}),
        BrandStatus.CLOSED: frozenset[BrandStatus](),
    }
)


class ResolveDepth(StrEnum):
    """How far up a conversation a reply's product is looked for."""

    PARENT = "PARENT"
    THREAD_ROOT = "THREAD_ROOT"


class TriggerAction(StrEnum):
    """What a trigger hashtag asks for."""

    CART = "CART"
    WISHLIST = "WISHLIST"


class AccountRole(StrEnum):
    """Whose X account it is: a brand's, or the service's own bot's."""

    BRAND = "BRAND"
    BOT = "BOT"

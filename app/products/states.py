"""The life of a product, and what is known of its offer.

UNRESOLVED ──► RESOLVED ◄──► STALE ──► GONE
                   └───────────────────► GONE
"""

from enum import StrEnum
from types import MappingProxyType


class ProductStatus(StrEnum):
    """How much is known of a product."""

    UNRESOLVED = "UNRESOLVED"
    RESOLVED = "RESOLVED"
    STALE = "STALE"
    GONE = "GONE"


MOVES = MappingProxyType(
    {
        ProductStatus.UNRESOLVED: frozenset({ProductStatus.RESOLVED, ProductStatus.GONE}),
        ProductStatus.RESOLVED: frozenset({ProductStatus.STALE, ProductStatus.GONE}),
        ProductStatus.STALE: frozenset({ProductStatus.RESOLVED, ProductStatus.GONE}),
        ProductStatus.GONE: frozenset[ProductStatus](),
    }
)


class ProductKind(StrEnum):
    """What kind of thing a product page offers."""

    PHYSICAL = "PHYSICAL"
    DIGITAL = "DIGITAL"
    VARIATION_PARENT = "VARIATION_PARENT"
    COLLECTION_PARENT = "COLLECTION_PARENT"
    UNKNOWN = "UNKNOWN"


class Availability(StrEnum):
    """Whether a product can be bought now."""

    IN_STOCK = "IN_STOCK"
    LIMITED = "LIMITED"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    UNKNOWN = "UNKNOWN"

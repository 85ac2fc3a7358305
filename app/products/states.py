"""The life of a product, and what is known of its offer.

UNRESOLVED ──► RESOLVED ◄──► STALE ──► GONE
                   └───────────────────► GONE
"""

from types import MappingProxyType

from app.core.described import DescribedEnum


class ProductStatus(DescribedEnum):
    """How much is known of a product."""

    UNRESOLVED = (
        "UNRESOLVED",
        "The retailer was not asked yet, or has not answered; only the brand's word is known.",
    )
    RESOLVED = "RESOLVED", "The retailer knows it."
    STALE = "STALE", "What the retailer told is older than 24 hours, and it does not answer."
    GONE = "GONE", "The retailer does not list it any more. Final."


MOVES = MappingProxyType(
    {
        ProductStatus.UNRESOLVED: frozenset({ProductStatus.RESOLVED, ProductStatus.GONE}),
        ProductStatus.RESOLVED: frozenset({ProductStatus.STALE, ProductStatus.GONE}),
        ProductStatus.STALE: frozenset({ProductStatus.RESOLVED, ProductStatus.GONE}),
        ProductStatus.GONE: frozenset[ProductStatus](),
    }
)


class ProductKind(DescribedEnum):
    """What kind of thing a product page offers."""

    PHYSICAL = "PHYSICAL", "A thing that is sent."
    DIGITAL = "DIGITAL", "A download, a subscription or a voucher; no cart takes it."
    VARIATION_PARENT = (
        "VARIATION_PARENT",
        "A page for several variations, of which the shopper chooses one.",
    )
    COLLECTION_PARENT = (
        "COLLECTION_PARENT",
        "A page for several products; none of them is chosen by it.",
    )
    UNKNOWN = "UNKNOWN", "Nobody has told."


class Availability(DescribedEnum):
    """Whether a product can be bought now."""

    IN_STOCK = "IN_STOCK", "It can be bought."
    LIMITED = "LIMITED", "It can be bought, perhaps not in any quantity."
    OUT_OF_STOCK = "OUT_OF_STOCK", "It cannot be bought now."
    UNKNOWN = "UNKNOWN", "Nobody has told; it is taken for one that can be bought."

"""Why a product cannot be added or changed as asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class ProductNotFound:
    """The brand has no product with this id."""

    product_id: UUID

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return "The brand has no such product; take an id from `products`."


@dataclass(frozen=True, kw_only=True)
class ProductKnown:
    """The brand has this product already."""

    product_id: UUID

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return "The brand has this product already; change that one."


@dataclass(frozen=True, kw_only=True)
class ProductGone:
    """The retailer lists the product no more, which is final."""

    product_id: UUID

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return (
            "The retailer does not list this product any more, so it cannot change; "
            "add the product that came in its place."
        )


@dataclass(frozen=True, kw_only=True)
class MarketplaceNotServed:
    """The brand does not sell on this marketplace."""

    marketplace: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return (
            f"The brand does not sell on {self.marketplace}; "
            "name one of its marketplaces, or give it this one first."
        )


@dataclass(frozen=True, kw_only=True)
class ToldByRetailer:
    """The retailer tells these fields itself, so the brand's word would not stand."""

    fields: Sequence[str]

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return (
            f"The retailer tells {', '.join(self.fields)} of this product itself; "
            "change it there, and it is taken over at the next look."
        )


@dataclass(frozen=True, kw_only=True)
class BadProduct:
    """A value that no product can have. `reason` says which and what would do."""

    reason: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return self.reason

"""What decisions know of a product: read once for many, then only looked at."""

from dataclasses import dataclass
from uuid import UUID

from app.products.states import Availability, ProductKind, ProductStatus


@dataclass(frozen=True, slots=True)
class ProductName:
    """What events call a product: facts that its retailer shows to everybody."""

    id: UUID
    retailer: str
    marketplace: str
    retailer_product_id: str
    title: str


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product with all that decides whether it can go to a cart."""

    name: ProductName
    kind: ProductKind
    status: ProductStatus
    availability: Availability

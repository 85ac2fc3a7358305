"""What decisions know of a product: read once for many, then only looked at.

Beside that what others say of one: the brand that adds or changes it, the retailer that lists it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias
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


ProductKey = tuple[UUID, UUID]
"""A brand's id and a product's id there."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A product as its retailer names it; the id is unique only within the marketplace."""

    marketplace: str
    retailer_product_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the retailer tells of a product; None or UNKNOWN where it does not tell.

    A price comes with its ISO 4217 currency, in that currency's minor unit.
    """

    title: str | None = None
    kind: ProductKind = ProductKind.UNKNOWN
    availability: Availability = Availability.UNKNOWN
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The retailer knew the product and lists it no more."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The retailer knows no such product."""


Listing: TypeAlias = Found | Gone | Unknown


@dataclass(frozen=True, slots=True)
class Price:
    """In the minor unit of the ISO 4217 currency."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Option:
    """A choice that a product asks for."""

    name: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product as its brand names it. What the retailer tells of it comes before the brand's word.

    `parent_id` is the product of which it is one variation.
    """

    marketplace: str
    retailer_product_id: str
    title: str | None = None
    description: str | None = None
    image_url: str | None = None
    kind: ProductKind = ProductKind.UNKNOWN
    availability: Availability = Availability.UNKNOWN
    price: Price | None = None
    options: Sequence[Option] = ()
    parent_id: UUID | None = None


class Keep(Enum):
    """Leave a field as it is; None is a value that some fields can be set to."""

    KEEP = "KEEP"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanges:
    """What a brand changes of its product."""

    title: str | Keep = KEEP
    description: str | Keep | None = KEEP
    image_url: str | Keep | None = KEEP
    kind: ProductKind | Keep = KEEP
    availability: Availability | Keep = KEEP
    price: Price | Keep | None = KEEP
    options: Sequence[Option] | Keep = KEEP

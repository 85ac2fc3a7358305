"""Mutations of products in the API."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import strawberry

from app.core.viewer import Scope
from app.graphql.perform import (
    EditInput,
    MutationInfo,
    MutationInput,
    key_of,
    mutation,
    perform,
)
from app.graphql.problems import (
    IdempotencyKeyReused,
    NoLongerThere,
    Problem,
    VersionConflict,
    shows,
)
from app.graphql.reads.binding import column
from app.products import problems, service
from app.products.facts import KEEP, Keep, NewProduct, Option, Price, ProductChanges
from app.products.rules import (
    DESCRIPTION_CHARACTERS_MAX,
    OPTION_CHARACTERS_MAX,
    OPTION_VALUES_MAX,
    OPTIONS_MAX,
    TITLE_CHARACTERS_MAX,
    URL_CHARACTERS_MAX,
)
from app.products.schema import Product
from app.products.states import Availability, ProductKind

T = TypeVar("T")

_TITLE = f"Its title, 1 to {TITLE_CHARACTERS_MAX} characters."
_DESCRIPTION = f"What the brand says of it, {DESCRIPTION_CHARACTERS_MAX} characters at most."
_IMAGE = f"Where its picture is: an https address of at most {URL_CHARACTERS_MAX} characters."
_OPTIONS = f"The choices it asks for, {OPTIONS_MAX} at most."


@shows(problems.ProductNotFound)
@strawberry.type(description="The brand has no such product.")
class ProductNotFound(Problem):
    """The brand has no such product."""


@shows(problems.ProductKnown)
@strawberry.type(description="The brand has this product already.")
class ProductKnown(Problem):
    """The brand has this product already."""

    product_id: strawberry.ID = column("The product that it is.", id_of="Product")


@shows(problems.ProductGone)
@strawberry.type(description="The retailer lists the product no more, which is final.")
class ProductGone(Problem):
    """The retailer lists the product no more, which is final."""

    product_id: strawberry.ID = column("The product.", id_of="Product")


@shows(problems.MarketplaceNotServed)
@strawberry.type(description="The brand does not sell on this marketplace.")
class MarketplaceNotServed(Problem):
    """The brand does not sell on this marketplace."""

    marketplace: str = strawberry.field(description="The marketplace that was named.")


@shows(problems.ToldByRetailer)
@strawberry.type(description="The retailer tells these fields itself.")
class ToldByRetailer(Problem):
    """The retailer tells these fields itself, so the brand's word would not stand."""

    fields: list[str] = strawberry.field(description="Which, by their names in this schema.")


@shows(problems.BadProduct)
@strawberry.type(description="No product can have such a value.")
class BadProduct(Problem):
    """No product can have such a value."""


@strawberry.input(description="A price.")
class PriceInput:
    """A price."""

    amount_minor: int = strawberry.field(
        description="The amount in the currency's minor unit: 1999 is 19.99 in USD, and 1,999 yen "
        "in JPY. From 0 on."
    )
    currency: str = strawberry.field(description="The currency by ISO 4217, for example `USD`.")


@strawberry.input(description="A choice that a product asks for, such as its size.")
class ProductOptionInput:
    """A choice that a product asks for."""

    name: str = strawberry.field(
        description=f"What is chosen, for example `size`: 1 to {OPTION_CHARACTERS_MAX} characters."
    )
    values: list[str] = strawberry.field(
        description=f"What can be chosen: 1 to {OPTION_VALUES_MAX} values of 1 to "
        f"{OPTION_CHARACTERS_MAX} characters each."
    )


@strawberry.input(
    description="A product of the brand. What its retailer tells of it comes before this."
)
class AddProductInput(MutationInput):
    """A product of the brand."""

    marketplace: str = strawberry.field(
        description="The marketplace it is listed on: one of the brand's."
    )
    retailer_product_id: str = strawberry.field(description="The retailer's id, an ASIN at Amazon.")
    title: str | None = strawberry.field(
        default=None,
        description=f"{_TITLE} Left out or null: the retailer's, and its id until that is known.",
    )
    description: str | None = strawberry.field(
        default=None, description=f"{_DESCRIPTION} Left out or null: nothing."
    )
    image_url: str | None = strawberry.field(
        default=None, description=f"{_IMAGE} Left out or null: there is none."
    )
    kind: ProductKind = strawberry.field(
        default=ProductKind.UNKNOWN, description="What kind of thing it is."
    )
    availability: Availability = strawberry.field(
        default=Availability.UNKNOWN, description="Whether it can be bought now."
    )
    price: PriceInput | None = strawberry.field(
        default=None, description="Its price. Left out or null: unknown, until the retailer tells."
    )
    options: list[ProductOptionInput] = strawberry.field(default_factory=list, description=_OPTIONS)
    parent_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The product of which it is one variation, on the same marketplace. Left out "
        "or null: of none.",
    )


@strawberry.input(
    description="What to change of a product. What is left out stays; null takes a description, a "
    "picture or a price away, and leaves everything else as it is."
)
class ChangeProductInput(EditInput):
    """What to change of a product."""

    product_id: strawberry.ID = strawberry.field(description="The product.")
    title: str | None = strawberry.field(
        default=None, description=f"{_TITLE} Left out or null: it stays."
    )
    description: strawberry.Maybe[str | None] = strawberry.field(
        description=f"{_DESCRIPTION} Left out: it stays; null: nothing."
    )
    image_url: strawberry.Maybe[str | None] = strawberry.field(
        description=f"{_IMAGE} Left out: it stays; null: there is none."
    )
    kind: ProductKind | None = strawberry.field(
        default=None, description="What kind of thing it is. Left out or null: it stays."
    )
    availability: Availability | None = strawberry.field(
        default=None, description="Whether it can be bought now. Left out or null: it stays."
    )
    price: strawberry.Maybe[PriceInput | None] = strawberry.field(
        description="Its price. Left out: it stays; null: unknown."
    )
    options: list[ProductOptionInput] | None = strawberry.field(
        default=None,
        description=f"{_OPTIONS} Left out or null: they stay; an empty list: none.",
    )


AddProductResult = Annotated[
    Product
    | ProductKnown
    | ProductNotFound
    | MarketplaceNotServed
    | BadProduct
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("AddProductResult", description="What came of `addProduct`."),
]
ChangeProductResult = Annotated[
    Product
    | ProductNotFound
    | ProductGone
    | ToldByRetailer
    | BadProduct
    | VersionConflict
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("ChangeProductResult", description="What came of `changeProduct`."),
]


@strawberry.type
class ProductMutations:
    """Mutations of products."""

    @mutation(
        "Add a product by its retailer's id. The retailer is asked about it at once.",
        scope=Scope.BRAND_WRITE,
    )
    async def add_product(
        self, info: MutationInfo, input: AddProductInput
    ) -> AddProductResult | None:
        """Add a product by its retailer's id."""
        return await perform(
            info,
            service.add_product,
            brand_id=info.context.brand_id,
            new=_new_product(input),
            now=info.context.now,
        )

    @mutation("Change what the brand says of a product.", scope=Scope.BRAND_WRITE)
    async def change_product(
        self, info: MutationInfo, input: ChangeProductInput
    ) -> ChangeProductResult | None:
        """Change what the brand says of a product."""
        return await perform(
            info,
            service.change_product,
            brand_id=info.context.brand_id,
            product_id=key_of("Product", input.product_id),
            changes=_changes(input),
            now=info.context.now,
            expected_version=input.expected_version,
        )


def _new_product(given: AddProductInput) -> NewProduct:
    return NewProduct(
        marketplace=given.marketplace,
        retailer_product_id=given.retailer_product_id,
        title=given.title,
        description=given.description,
        image_url=given.image_url,
        kind=given.kind,
        availability=given.availability,
        price=_price(given.price),
        options=_options(given.options),
        parent_id=None if given.parent_id is None else key_of("Product", given.parent_id),
    )


def _changes(given: ChangeProductInput) -> ProductChanges:
    return ProductChanges(
        title=_or_keep(given.title),
        description=KEEP if given.description is None else given.description.value,
        image_url=KEEP if given.image_url is None else given.image_url.value,
        kind=_or_keep(given.kind),
        availability=_or_keep(given.availability),
        price=KEEP if given.price is None else _price(given.price.value),
        options=KEEP if given.options is None else _options(given.options),
    )


def _or_keep(value: T | None) -> T | Keep:
    return KEEP if value is None else value


def _price(given: PriceInput | None) -> Price | None:
    return None if given is None else Price(given.amount_minor, given.currency)


def _options(given: Sequence[ProductOptionInput]) -> tuple[Option, ...]:
    return tuple(Option(option.name, tuple(option.values)) for option in given)

"""Products in the API."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.core.viewer import Scope
from app.events.schema import Event
from app.graphql.enums import shown_enum
from app.graphql.money import Money
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.aggregates import aggregate
from app.graphql.reads.binding import (
    column,
    document,
    embedded,
    identity,
    many,
    maps,
    maps_variant,
    one,
    root_many,
    root_one,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import order_by
from app.products import access, models
from app.products.states import Availability, ProductKind, ProductStatus

if TYPE_CHECKING:
    from app.carts.schema import CartIntent, CartIntentCount
    from app.reviews.schema import AdvocateReview

shown_enum(ProductKind, "What kind of thing a product page offers.")
shown_enum(ProductStatus, "How much is known of a product.")
shown_enum(Availability, "Whether a product can be bought now.")


@strawberry.type(description="A choice that a product asks for, such as its size.")
class ProductOption:
    """A choice that a product asks for."""

    name: str = strawberry.field(description="What is chosen, for example `size`.")
    values: list[str] = strawberry.field(description="What can be chosen.")


@maps(
    models.Product,
    visible=access.visible_products,
    scope=Scope.TWEETS_READ,
    filters=(
        filter_on("retailer", "The retailer that lists it."),
        filter_on("marketplace", "The marketplace it is listed on."),
        filter_on("retailer_product_id", "The retailer's id, an ASIN at Amazon."),
        filter_on("title", "Its title."),
        filter_on("kind", "What kind of thing it is."),
        filter_on("status", "How much is known of it."),
        filter_on("availability", "Whether it could be bought at `offerAsOf`."),
        filter_on("offer_as_of", "When price and availability were true."),
        filter_on("created_at", "When it became known here."),
    ),
    orders=(order_by("created_at", "When it became known here.", descending=True),),
)
@strawberry.type(description="A product as one retailer lists it on one marketplace.")
class Product(Node):
    """A product as one retailer lists it on one marketplace."""

    id: strawberry.ID = identity()
    retailer: str = column("The retailer that lists it.")
    marketplace: str = column("The marketplace it is listed on, for example `US`.")
    retailer_product_id: str = column(
        "The retailer's id, an ASIN at Amazon; unique only within a marketplace."
    )
    title: str = column("Its title.")
    description: str | None = column("What the brand says of it; null if nothing.")
    image_url: str | None = column("Where its picture is; null if there is none.")
    canonical_url: str = column("Its page at the retailer.")
    kind: ProductKind = column("What kind of thing it is.")
    status: ProductStatus = column("How much is known of it.")
    options: list[ProductOption] = document("The choices it asks for.", "options")
    price: Money | None = embedded(
        "Its price at `offerAsOf`; null where unknown.",
        absent="price_amount_minor",
        amount_minor="price_amount_minor",
        currency="price_currency",
    )
    availability: Availability = column("Whether it could be bought at `offerAsOf`.")
    offer_as_of: datetime | None = column("When price and availability were true; null: unknown.")
    version: int = column(
        "How often people edited it, counted from 1: send it as `expectedVersion` so that you undo "
        "nobody's edit. What its retailer tells does not count."
    )
    created_at: datetime = column("When it became known here.")
    cart_intents: Connection[Annotated["CartIntent", strawberry.lazy("app.carts.schema")]] = many(
        "The intents for it, newest first.",
        lambda product, intent: (
            (intent.brand_id == product.brand_id) & (intent.product_id == product.id)
        ),
    )
    cart_intent_counts: list[Annotated["CartIntentCount", strawberry.lazy("app.carts.schema")]] = (
        aggregate(
            "How many intents there are for it, by status; a status without intents is absent.",
            lambda product, intent: (
                (intent.brand_id == product.brand_id) & (intent.product_id == product.id)
            ),
            by=("status",),
        )
    )
    reviews: Connection[Annotated["AdvocateReview", strawberry.lazy("app.reviews.schema")]] = many(
        "What advocates say of it, newest first.",
        lambda product, review: (
            (review.brand_id == product.brand_id) & (review.product_id == product.id)
        ),
    )


@strawberry.type(description="A product as an event remembers it.")
class ProductSnapshot:
    """A product as an event remembers it."""

    id: strawberry.ID = column("Its id, for `node`.", id_of="Product")
    retailer: str = strawberry.field(description="The retailer that lists it.")
    marketplace: str = strawberry.field(description="The marketplace it is listed on.")
    retailer_product_id: str = strawberry.field(description="The retailer's id, such as an ASIN.")
    title: str = strawberry.field(description="Its title then.")


@strawberry.type(description="A product as it was when the event happened.")
class ProductStateSnapshot:
    """A product as it was when the event happened."""

    id: strawberry.ID = column("Its id, for `node`.", id_of="Product")
    retailer: str = strawberry.field(description="The retailer that lists it.")
    marketplace: str = strawberry.field(description="The marketplace it is listed on.")
    retailer_product_id: str = strawberry.field(description="The retailer's id, such as an ASIN.")
    title: str = strawberry.field(description="Its title then.")
    kind: ProductKind = strawberry.field(description="What kind of thing it was.")
    status: ProductStatus = strawberry.field(description="How much was known of it.")
    previous_status: ProductStatus | None = strawberry.field(
        description="How much was known before; null where that did not change."
    )
    availability: Availability = strawberry.field(description="Whether it could be bought.")
    price: Money | None = strawberry.field(description="Its price then; null where unknown.")
    offer_as_of: datetime | None = strawberry.field(
        description="When price and availability were true; null: unknown."
    )


@maps_variant("Product")
@strawberry.type(description="Something happened to a product.")
class ProductEvent(Event):
    """Something happened to a product."""

    subject_id: strawberry.ID = column("The product.", id_of="Product")
    product: ProductStateSnapshot = document(
        "The product as it was then.", "data", "product", scope=Scope.TWEETS_READ
    )
    current_product: Product | None = one(
        "The product as it is now: a live row, not what was true at the event; "
        "null where it is gone.",
        lambda event, product: (
            (product.brand_id == event.brand_id) & (product.id == event.subject_id)
        ),
    )


@strawberry.type
class ProductQueries:
    """Root fields of products."""

    product: Product | None = root_one("A product by its id; null where the brand has none.")
    products: Connection[Product] = root_many("The brand's products, newest first.")

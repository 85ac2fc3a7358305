"""Advocates' reviews in the API."""

from datetime import datetime

import strawberry

from app.advocates.schema import Advocate
from app.core.viewer import Scope
from app.graphql.enums import shown_enum
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.aggregates import (
    counted,
    group_key,
    group_one,
    groups,
    root_aggregate,
)
from app.graphql.reads.binding import column, identity, maps, one, root_many, root_one
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import order_by
from app.graphql.reads.shaping import Shaping
from app.products.schema import Product
from app.reviews import access, models
from app.reviews.states import ReviewHost, ReviewStatus

shown_enum(ReviewHost, "Where a review stands.")
shown_enum(ReviewStatus, "Whether a review is shown.")


@maps(
    models.AdvocateReview,
    visible=access.visible_reviews,
    scope=Scope.REVIEWS_READ,
    filters=(
        filter_on("host", "Where it stands."),
        filter_on("status", "Whether it is shown."),
        filter_on("rating", "1 to 5; no value for reviews that stand elsewhere."),
        filter_on("language", "Its language by BCP 47."),
        filter_on("verified_purchase", "Whether she bought the product; no value: undecided."),
        filter_on("incentivized", "Whether she got something for it; no value: undecided."),
        filter_on("insider", "Whether she works for the brand; no value: undecided."),
        filter_on("product_id", "The product.", id_of="Product"),
        filter_on("advocate_id", "Who wrote it.", id_of="Advocate"),
        filter_on("submitted_at", "When she submitted it."),
        filter_on("published_at", "When it was first shown; no value: it never was."),
    ),
    orders=(order_by("submitted_at", "When she submitted it.", descending=True),),
)
@strawberry.type(
    description="What an advocate says of a product. Of a review that stands elsewhere only the "
    "link and what she declared are kept, never text or stars."
)
class AdvocateReview(Node):
    """What an advocate says of a product."""

    id: strawberry.ID = identity()
    host: ReviewHost = column("Where it stands.")
    status: ReviewStatus = column("Whether it is shown.")
    url: str | None = column("Where to read it; null where it has no page of its own.")
    rating: int | None = column("1 to 5; null for reviews that stand elsewhere.")
    title: str | None = column("Its title; null for reviews that stand elsewhere.")
    body: str | None = column("Its text; null for reviews that stand elsewhere.")
    language: str | None = column("Its language by BCP 47, for example `en`; null: unknown.")
    verified_purchase: bool | None = column("Whether she bought the product; null: undecided.")
    incentivized: bool | None = column("Whether she got something for it; null: undecided.")
    insider: bool | None = column("Whether she works for the brand; null: undecided.")
    disclosure_text: str | None = column("What is disclosed beside it; null if nothing.")
    rejection_reason: str | None = column("Why it was rejected; null unless it was.")
    submitted_at: datetime = column("When she submitted it.")
    published_at: datetime | None = column("When it was first shown; null if it never was.")
    product: Product | None = one(
        "The product that it is about; null where the brand has it no more.",
        lambda review, product: (
            (product.brand_id == review.brand_id) & (product.id == review.product_id)
        ),
    )
    advocate: Advocate | None = one(
        "Who wrote it; null where she left or was erased.",
        lambda review, advocate: (
            (advocate.brand_id == review.brand_id) & (advocate.id == review.advocate_id)
        ),
    )


@strawberry.enum(description="What tells groups of reviews apart.")
class AdvocateReviewTotalKey(Shaping):
    """What tells groups of reviews apart; the value is the field that holds it."""

    STATUS = strawberry.enum_value("status", description="Whether they are shown.")
    HOST = strawberry.enum_value("host", description="Where they stand.")
    RATING = strawberry.enum_value("rating", description="Their stars.")
    PRODUCT = strawberry.enum_value("product", description="The product they are about.")


@groups(AdvocateReview)
@strawberry.type(
    description="Numbers of a group of reviews. A key by which they are not grouped is null."
)
class AdvocateReviewTotal:
    """Numbers of a group of reviews."""

    status: ReviewStatus | None = group_key("Whether they are shown.")
    host: ReviewHost | None = group_key("Where they stand.")
    rating: int | None = group_key("1 to 5; null for reviews that stand elsewhere.")
    product: Product | None = group_one(
        "The product they are about.",
        "product_id",
        lambda total, product: (
            (product.brand_id == total.brand_id) & (product.id == total.product_id)
        ),
    )
    count: int = counted("How many reviews they are.")


@strawberry.type
class ReviewQueries:
    """Root fields of reviews."""

    advocate_review: AdvocateReview | None = root_one(
        "A review by its id; null where the brand has none."
    )
    advocate_reviews: Connection[AdvocateReview] = root_many(
        "The reviews of the brand's products, newest first."
    )
    advocate_review_totals: list[AdvocateReviewTotal] = root_aggregate(
        "Numbers of the reviews of the brand's products.", AdvocateReviewTotalKey
    )

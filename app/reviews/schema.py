"""Advocates' reviews in the API."""

from datetime import datetime

import strawberry

from app.advocates.schema import Advocate
from app.core.viewer import Scope
from app.graphql.node import Node
from app.graphql.paging import Connection, Order
from app.graphql.reads.binding import column, identity, maps, one, root_many, root_one
from app.products.schema import Product
from app.reviews import access, models
from app.reviews.states import ReviewHost, ReviewStatus

strawberry.enum(ReviewHost, description="Where a review stands.")
strawberry.enum(ReviewStatus, description="Whether a review is shown.")


@maps(models.AdvocateReview, visible=access.visible_reviews, scope=Scope.REVIEWS_READ)
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
        "The product.",
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


@strawberry.type
class ReviewQueries:
    """Root fields of reviews."""

    advocate_review: AdvocateReview | None = root_one("A review by its id.")
    advocate_reviews: Connection[AdvocateReview] = root_many(
        "The reviews of the brand's products, newest first.",
        Order(("submitted_at", "id"), descending=True),
    )

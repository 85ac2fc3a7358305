"""Advocates in the API."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.advocates import access, models
from app.advocates.states import AdvocateStatus
from app.core.viewer import Scope
from app.graphql.enums import shown_enum
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.binding import (
    column,
    document,
    identity,
    many,
    maps,
    one,
    root_many,
    root_one,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import order_by
from app.shoppers.schema import Shopper

if TYPE_CHECKING:
    from app.reviews.schema import AdvocateReview

shown_enum(AdvocateStatus, "Whether a shopper speaks for the brand.")


@strawberry.type(description="One part of an advocate's score.")
class ScoreComponent:
    """One part of an advocate's score."""

    name: str = strawberry.field(description="What she did, for example `answered_shopper`.")
    points: int = strawberry.field(description="What it adds to the score.")


@maps(
    models.Advocate,
    visible=access.visible_advocates,
    scope=Scope.ADVOCATES_READ,
    filters=(
        filter_on("status", "Whether she speaks for the brand now."),
        filter_on("score", "Her score, 0 to 100."),
        filter_on("insider", "Whether she works for the brand."),
        filter_on("shopper_id", "The shopper she is.", id_of="Shopper"),
        filter_on("enrolled_at", "When she opted in; no value: she is only invited."),
        filter_on("created_at", "When she was invited or opted in."),
    ),
    orders=(
        order_by("created_at", "When she was invited or opted in.", descending=True),
        order_by("score", "Her score.", descending=True),
    ),
)
@strawberry.type(description="A shopper who opted in to speak for the brand.")
class Advocate(Node):
    """A shopper who opted in to speak for the brand."""

    id: strawberry.ID = identity()
    status: AdvocateStatus = column("Whether she speaks for the brand now.")
    score: int = column(
        "0 to 100, resting only on her dealings with this brand: never on sentiment, rating or "
        "followers."
    )
    score_components: list[ScoreComponent] = document("The score's parts.", "score_components")
    score_version: int = column("The version of the rules behind the score.")
    insider: bool = column("Whether she works for the brand, which her reviews disclose.")
    disclosure_text: str | None = column("What she discloses; null if nothing.")
    enrolled_at: datetime | None = column("When she opted in; null while only invited.")
    created_at: datetime = column("When she was invited or opted in.")
    shopper: Shopper | None = one(
        "The shopper she is; null once she was erased.",
        lambda advocate, shopper: (
            (shopper.brand_id == advocate.brand_id) & (shopper.id == advocate.shopper_id)
        ),
    )
    reviews: Connection[Annotated["AdvocateReview", strawberry.lazy("app.reviews.schema")]] = many(
        "Her reviews, newest first.",
        lambda advocate, review: (
            (review.brand_id == advocate.brand_id) & (review.advocate_id == advocate.id)
        ),
    )


@strawberry.type
class AdvocateQueries:
    """Root fields of advocates."""

    advocate: Advocate | None = root_one("An advocate by her id; null where the brand has none.")
    advocates: Connection[Advocate] = root_many("The brand's advocates, newest first.")

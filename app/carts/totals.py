"""Numbers of cart intents in the API."""

from datetime import date

import strawberry
from sqlalchemy import BigInteger, cast

from app.carts.schema import CartIntent
from app.carts.states import CartIntentStatus, FailureReason
from app.graphql.money import MoneyTotal
from app.graphql.reads.aggregates import (
    counted,
    day_of,
    group_key,
    group_one,
    groups,
    root_aggregate,
    summed,
    summed_money,
)
from app.graphql.reads.shaping import Shaping
from app.graphql.scalars import BigInt
from app.products.schema import Product
from app.tweets.schema import ShoppableTweet


@strawberry.enum(description="What tells groups of intents apart.")
class CartIntentTotalKey(Shaping):
    """What tells groups of intents apart; the value is the field that holds it."""

    STATUS = strawberry.enum_value("status", description="Where they are.")
    FAILURE_REASON = strawberry.enum_value("failure_reason", description="Why they failed.")
    MARKETPLACE = strawberry.enum_value("marketplace", description="The trigger's marketplace.")
    DAY = strawberry.enum_value("day", description="The day in UTC on which they were received.")
    TWEET = strawberry.enum_value("tweet", description="The tweet that brought them.")
    PRODUCT = strawberry.enum_value("product", description="What was asked for.")


@groups(CartIntent)
@strawberry.type(
    description="Numbers of a group of intents. A key by which they are not grouped is null."
)
class CartIntentTotal:
    """Numbers of a group of intents."""

    status: CartIntentStatus | None = group_key("Where they are.")
    failure_reason: FailureReason | None = group_key("Why they failed; null: they did not.")
    marketplace: str | None = group_key("The marketplace that their trigger stands for.")
    day: date | None = group_key(
        "The day in UTC on which they were received.", lambda intent: day_of(intent.received_at)
    )
    tweet: ShoppableTweet | None = group_one(
        "The tweet that brought them; null while their parent is unknown.",
        "tweet_id",
        lambda total, tweet: (tweet.brand_id == total.brand_id) & (tweet.id == total.tweet_id),
    )
    product: Product | None = group_one(
        "What was asked for; null where it is not chosen yet.",
        "product_id",
        lambda total, product: (
            (product.brand_id == total.brand_id) & (product.id == total.product_id)
        ),
    )
    count: int = counted("How many intents they are.")
    quantity: BigInt = summed("How many pieces they ask for together.", lambda row: row.quantity)
    offered: list[MoneyTotal] = summed_money(
        "What was offered at the add, price times quantity, summed by currency; intents whose "
        "price is unknown are left out.",
        amount=lambda intent: cast(intent.offer_amount_minor, BigInteger) * intent.quantity,
        currency=lambda intent: intent.offer_currency,
    )


@strawberry.type
class CartIntentTotalQueries:
    """Root fields of numbers of cart intents."""

    cart_intent_totals: list[CartIntentTotal] = root_aggregate(
        "Numbers of the brand's cart intents.", CartIntentTotalKey
    )

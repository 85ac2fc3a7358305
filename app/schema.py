"""The API's table of contents: every feature's queries and subscriptions."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from app.advocates.schema import AdvocateQueries
from app.brands.schema import BrandQueries
from app.carts.schema import CartIntentEvent, CartIntentQueries, CartIntentSubscriptions
from app.engagements.schema import EngagementEvent, EngagementQueries
from app.events.schema import EventQueries, EventSubscriptions
from app.graphql.node import Node
from app.graphql.reads.binding import root_node
from app.graphql.scalars import SCALARS
from app.oauth.schema import OAuthQueries
from app.products.schema import ProductQueries
from app.reviews.schema import ReviewQueries
from app.shoppers.schema import ShopperQueries
from app.tweets.schema import TweetQueries


@strawberry.type(description="What can be read. All of it belongs to the token's brand.")
class Query(
    OAuthQueries,
    BrandQueries,
    ProductQueries,
    TweetQueries,
    EngagementQueries,
    ShopperQueries,
    CartIntentQueries,
    AdvocateQueries,
    ReviewQueries,
    EventQueries,
):
    """What can be read."""

    node: Node | None = root_node("Whatever a global id names; null where it is not the brand's.")


@strawberry.type(description="What can be followed live.")
class Subscription(EventSubscriptions, CartIntentSubscriptions):
    """What can be followed live."""


schema = strawberry.Schema(
    query=Query,
    subscription=Subscription,
    types=[CartIntentEvent, EngagementEvent],
    config=StrawberryConfig(scalar_map=dict(SCALARS)),
)

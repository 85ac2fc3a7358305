"""The API's table of contents: every feature's queries, mutations and subscriptions."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from app.advocates.schema import AdvocateQueries
from app.brands.mutations import BrandMutations
from app.brands.schema import BrandEvent, BrandQueries
from app.carts.mutations import CartIntentMutations
from app.carts.schema import CartIntentEvent, CartIntentQueries, CartIntentSubscriptions
from app.carts.totals import CartIntentTotalQueries
from app.engagements.schema import EngagementEvent, EngagementQueries
from app.events.schema import EventQueries, EventSubscriptions
from app.graphql.finish import finish_schema
from app.graphql.node import Node
from app.graphql.operation_cost import CostQueries
from app.graphql.reads.binding import root_node
from app.graphql.reads.nodes import root_nodes
from app.graphql.reads.told_scopes import tell_scopes
from app.graphql.scalars import SCALARS
from app.oauth.schema import OAuthQueries
from app.products.mutations import ProductMutations
from app.products.schema import ProductEvent, ProductQueries
from app.retailers.mutations import MarketplaceMutations
from app.reviews.schema import ReviewQueries
from app.shoppers.schema import ShopperEvent, ShopperQueries
from app.tweets.mutations import TweetMutations
from app.tweets.schema import ShoppableTweetEvent, TweetQueries


@strawberry.type(description="What can be read. All of it belongs to the token's brand.")
class Query(
    OAuthQueries,
    CostQueries,
    BrandQueries,
    ProductQueries,
    TweetQueries,
    EngagementQueries,
    ShopperQueries,
    CartIntentQueries,
    CartIntentTotalQueries,
    AdvocateQueries,
    ReviewQueries,
    EventQueries,
):
    """What can be read."""

    node: Node | None = root_node(
        "Whatever a global id names; null where it is not the brand's. Takes the scope of its type."
    )
    nodes: list[Node | None] = root_nodes(
        "Whatever global ids name, in their order; null for each that is not the brand's. Takes "
        "the scope of each type."
    )


@strawberry.type(
    description="What can be done. Fields run one after the other, each in a transaction of its "
    "own; all that can be refused is refused before the first of them runs. A field is null where "
    "it failed with an error, and those after it did not run."
)
class Mutation(
    BrandMutations,
    MarketplaceMutations,
    ProductMutations,
    TweetMutations,
    CartIntentMutations,
):
    """What can be done."""


@strawberry.type(description="What can be followed live.")
class Subscription(EventSubscriptions, CartIntentSubscriptions):
    """What can be followed live."""


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[
        BrandEvent,
        CartIntentEvent,
        EngagementEvent,
        ProductEvent,
        ShoppableTweetEvent,
        ShopperEvent,
    ],
    config=StrawberryConfig(scalar_map=dict(SCALARS)),
)
finish_schema(schema._schema)
tell_scopes(schema._schema)

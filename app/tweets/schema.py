"""Shoppable tweets in the API."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.core.viewer import Scope
from app.events.schema import Event
from app.graphql.enums import shown_enum
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.aggregates import aggregate
from app.graphql.reads.binding import (
    column,
    document,
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
from app.graphql.scalars import XID
from app.products.schema import Product, ProductSnapshot
from app.tweets import access, models
from app.tweets.states import LinkVerdict, TweetStatus

if TYPE_CHECKING:
    from app.carts.schema import CartIntent, CartIntentCount
    from app.engagements.schema import Engagement

shown_enum(TweetStatus, "Whether replies to a tweet make intents.")
shown_enum(LinkVerdict, "What a link in a tweet turned out to be.")


@maps(
    models.TweetVersion,
    visible=access.visible_tweets,
    scope=Scope.TWEETS_READ,
    filters=(filter_on("seen_at", "When it was first seen here."),),
    orders=(order_by("xid", "Its id on X, which is its age."),),
)
@strawberry.type(description="One id of a tweet's edit chain.")
class TweetVersion(Node):
    """One id of a tweet's edit chain."""

    id: strawberry.ID = identity()
    xid: XID = column("The version's id on X.")
    seen_at: datetime = column("When it was first seen here.")


@maps(
    models.TweetLink,
    visible=access.visible_tweets,
    scope=Scope.TWEETS_READ,
    filters=(
        filter_on("verdict", "What it turned out to be."),
        filter_on("product_id", "The product it leads to.", id_of="Product"),
    ),
    orders=(order_by("position", "Its place among the tweet's links."),),
)
@strawberry.type(description="A link in a tweet, and what it leads to.")
class TweetLink(Node):
    """A link in a tweet, and what it leads to."""

    id: strawberry.ID = identity()
    position: int = column("Its place among the tweet's links, from 0.")
    url: str = column("As it stands in the text.")
    expanded_url: str | None = column("What X says it stands for; null if X does not say.")
    unwound_url: str | None = column("Where it ends after all redirects; null if X does not say.")
    resolved_url: str | None = column(
        "Where a short link was found to lead; null where X said so, or it was not followed."
    )
    verdict: LinkVerdict = column("What it turned out to be.")
    product: Product | None = one(
        "The product it leads to; null where it leads to none.",
        lambda link, product: (product.brand_id == link.brand_id) & (product.id == link.product_id),
    )


@maps(
    models.ShoppableTweet,
    visible=access.visible_tweets,
    scope=Scope.TWEETS_READ,
    filters=(
        filter_on("status", "Whether replies to it make intents."),
        filter_on("authored_by_brand", "Whether the brand itself posted it."),
        filter_on("campaign", "The campaign it belongs to."),
        filter_on("primary_product_id", "The product that replies to it mean.", id_of="Product"),
        filter_on("root_xid", "Its id on X: the first of its edit chain.", of=XID),
        filter_on("posted_at", "When it was posted, by its id."),
        filter_on("registered_at", "When it was registered here."),
    ),
    orders=(
        order_by("posted_at", "When it was posted, by its id.", descending=True),
        order_by("registered_at", "When it was registered here.", descending=True),
    ),
)
@strawberry.type(description="A post that can be bought from.")
class ShoppableTweet(Node):
    """A post that can be bought from."""

    id: strawberry.ID = identity()
    root_xid: XID = column("Its id on X: the first of its edit chain.")
    conversation_xid: XID = column("The conversation it stands in.")
    author_xid: XID = column("The account that posted it.")
    authored_by_brand: bool = column("Whether the brand itself posted it.")
    text: str | None = column("Its text; null for posts of others, whose text is not passed on.")
    status: TweetStatus = column("Whether replies to it make intents.")
    unshoppable_reason: str | None = column("Why it cannot be bought from; null while it can.")
    campaign: str | None = column("The campaign it belongs to; null if none was named.")
    version: int = column(
        "How often people edited it, counted from 1: send it as `expectedVersion` so that you undo "
        "nobody's edit. What X or a retailer tells does not count."
    )
    posted_at: datetime = column("When it was posted, by its id.")
    registered_at: datetime = column("When it was registered here.")
    primary_product: Product | None = one(
        "The product that replies to it mean; null: its only one, or the shopper chooses.",
        lambda tweet, product: (
            (product.brand_id == tweet.brand_id) & (product.id == tweet.primary_product_id)
        ),
    )
    links: Connection[TweetLink] = many(
        "Its links, in the order of the text.",
        lambda tweet, link: (link.brand_id == tweet.brand_id) & (link.tweet_id == tweet.id),
    )
    versions: Connection[TweetVersion] = many(
        "Its edit chain, oldest first.",
        lambda tweet, version: (
            (version.brand_id == tweet.brand_id) & (version.tweet_id == tweet.id)
        ),
    )
    cart_intents: Connection[Annotated["CartIntent", strawberry.lazy("app.carts.schema")]] = many(
        "The intents that it brought, newest first.",
        lambda tweet, intent: (intent.brand_id == tweet.brand_id) & (intent.tweet_id == tweet.id),
    )
    cart_intent_counts: list[Annotated["CartIntentCount", strawberry.lazy("app.carts.schema")]] = (
        aggregate(
            "How many intents it brought, by status; a status without intents is absent.",
            lambda tweet, intent: (
                (intent.brand_id == tweet.brand_id) & (intent.tweet_id == tweet.id)
            ),
            by=("status",),
        )
    )
    engagements: Connection[Annotated["Engagement", strawberry.lazy("app.engagements.schema")]] = (
        many(
            "What people did with it, newest first.",
            lambda tweet, engagement: (
                (engagement.brand_id == tweet.brand_id) & (engagement.tweet_id == tweet.id)
            ),
        )
    )


@strawberry.type(description="A tweet as an event remembers it.")
class TweetSnapshot:
    """A tweet as an event remembers it."""

    id: strawberry.ID = column("Its id, for `node`.", id_of="ShoppableTweet")
    root_xid: XID = strawberry.field(description="Its id on X.")


@strawberry.type(description="A link of a tweet as an event remembers it.")
class TweetLinkSnapshot:
    """A link of a tweet as an event remembers it."""

    verdict: LinkVerdict = strawberry.field(description="What it had turned out to be.")
    product: ProductSnapshot | None = strawberry.field(
        description="The product it led to; null where it led to none, or none yet."
    )


@strawberry.type(description="A shoppable tweet as it was when the event happened.")
class ShoppableTweetSnapshot:
    """A shoppable tweet as it was when the event happened."""

    id: strawberry.ID = column("Its id, for `node`.", id_of="ShoppableTweet")
    root_xid: XID = strawberry.field(description="Its id on X: the first of its edit chain.")
    newest_xid: XID = strawberry.field(description="The version that its links were read from.")
    status: TweetStatus = strawberry.field(description="Where it was after the event.")
    previous_status: TweetStatus | None = strawberry.field(
        description="Where it was before; null where the event is no move."
    )
    unshoppable_reason: str | None = strawberry.field(
        description="Why it could not be bought from; null while it could."
    )
    primary_product: ProductSnapshot | None = strawberry.field(
        description="The product that replies to it meant; null if none was set."
    )
    links: list[TweetLinkSnapshot] = strawberry.field(
        description="Its links, in the order of the text."
    )


@maps_variant("ShoppableTweet")
@strawberry.type(description="Something happened to a shoppable tweet.")
class ShoppableTweetEvent(Event):
    """Something happened to a shoppable tweet."""

    subject_id: strawberry.ID = column("The tweet.", id_of="ShoppableTweet")
    shoppable_tweet: ShoppableTweetSnapshot = document(
        "The tweet as it was then.", "data", "shoppableTweet", scope=Scope.TWEETS_READ
    )
    current_shoppable_tweet: ShoppableTweet | None = one(
        "The tweet as it is now: a live row, not what was true at the event; "
        "null where it is gone.",
        lambda event, tweet: (tweet.brand_id == event.brand_id) & (tweet.id == event.subject_id),
    )


@strawberry.type
class TweetQueries:
    """Root fields of shoppable tweets."""

    shoppable_tweet: ShoppableTweet | None = root_one(
        "A shoppable tweet by its id; null where the brand has none."
    )
    shoppable_tweets: Connection[ShoppableTweet] = root_many(
        "The brand's shoppable tweets, newest first."
    )

"""Mutations of shoppable tweets in the API."""

from typing import Annotated

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
from app.graphql.scalars import XID
from app.products.mutations import ProductNotFound
from app.tweets import problems, service
from app.tweets.facts import NewTweet
from app.tweets.rules import CAMPAIGN_CHARACTERS_MAX, LINKS_MAX, TEXT_CHARACTERS_MAX
from app.tweets.schema import ShoppableTweet
from app.tweets.states import TweetStatus


@shows(problems.TweetNotFound)
@strawberry.type(description="The brand has no such tweet.")
class TweetNotFound(Problem):
    """The brand has no such tweet."""


@shows(problems.TweetKnown)
@strawberry.type(description="The post is registered already, by one of the ids of its edit chain.")
class TweetKnown(Problem):
    """The post is registered already."""

    tweet_id: strawberry.ID = column("The tweet that it is.", id_of="ShoppableTweet")


@shows(problems.TweetNotOnX)
@strawberry.type(description="The post was deleted, or X withholds it, so nobody can answer it.")
class TweetNotOnX(Problem):
    """The post was deleted, or X withholds it."""

    tweet_id: strawberry.ID = column("The tweet.", id_of="ShoppableTweet")
    status: TweetStatus = strawberry.field(description="Which of both.")


@shows(problems.BadTweet)
@strawberry.type(description="No tweet can have such a value.")
class BadTweet(Problem):
    """No tweet can have such a value."""


@strawberry.input(description="A post to register: the brand's own, or anybody's with its product.")
class RegisterTweetInput(MutationInput):
    """A post to register."""

    xid: XID = strawberry.field(description="Any id of the post's edit chain.")
    author_xid: XID | None = strawberry.field(
        default=None, description="Who posted it; left out or null: the brand."
    )
    conversation_xid: XID | None = strawberry.field(
        default=None, description="The conversation it stands in; left out or null: its own."
    )
    text: str | None = strawberry.field(
        default=None,
        description=f"Its text, {TEXT_CHARACTERS_MAX:,} characters at most; kept for the brand's "
        "own posts alone. Left out or null: unknown.",
    )
    urls: list[str] = strawberry.field(
        default_factory=list,
        description=f"The links in its text, in their order: {LINKS_MAX} at most.",
    )
    primary_product_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The product that replies to it mean; left out or null: its only one, or the "
        "shopper chooses.",
    )
    campaign: str | None = strawberry.field(
        default=None,
        description=f"The campaign it belongs to, 1 to {CAMPAIGN_CHARACTERS_MAX} characters. Left "
        "out or null: none.",
    )


@strawberry.input(description="Which tweet to pause.")
class PauseTweetInput(EditInput):
    """Which tweet to pause."""

    tweet_id: strawberry.ID = strawberry.field(description="The tweet.")


@strawberry.input(description="Which tweet to resume.")
class ResumeTweetInput(EditInput):
    """Which tweet to resume."""

    tweet_id: strawberry.ID = strawberry.field(description="The tweet.")


@strawberry.input(description="Which product replies to a tweet mean.")
class SetPrimaryProductInput(EditInput):
    """Which product replies to a tweet mean."""

    tweet_id: strawberry.ID = strawberry.field(description="The tweet.")
    product_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The product, which its text need not link; left out or null: its only one, or "
        "the shopper chooses.",
    )


RegisterTweetResult = Annotated[
    ShoppableTweet | TweetKnown | ProductNotFound | BadTweet | IdempotencyKeyReused | NoLongerThere,
    strawberry.union("RegisterTweetResult", description="What came of `registerTweet`."),
]
PauseTweetResult = Annotated[
    ShoppableTweet
    | TweetNotFound
    | TweetNotOnX
    | VersionConflict
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("PauseTweetResult", description="What came of `pauseTweet`."),
]
ResumeTweetResult = Annotated[
    ShoppableTweet
    | TweetNotFound
    | TweetNotOnX
    | VersionConflict
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("ResumeTweetResult", description="What came of `resumeTweet`."),
]
SetPrimaryProductResult = Annotated[
    ShoppableTweet
    | TweetNotFound
    | TweetNotOnX
    | ProductNotFound
    | VersionConflict
    | IdempotencyKeyReused
    | NoLongerThere,
    strawberry.union("SetPrimaryProductResult", description="What came of `setPrimaryProduct`."),
]


@strawberry.type
class TweetMutations:
    """Mutations of shoppable tweets."""

    @mutation(
        "Register a post, so that replies to it make intents once its links were looked at.",
        scope=Scope.TWEETS_WRITE,
    )
    async def register_tweet(
        self, info: MutationInfo, input: RegisterTweetInput
    ) -> RegisterTweetResult | None:
        """Register a post."""
        return await perform(
            info,
            service.register_tweet,
            brand_id=info.context.brand_id,
            new=_new_tweet(input),
            now=info.context.now,
        )

    @mutation(
        "Let replies to a tweet make no intents until it is resumed.", scope=Scope.TWEETS_WRITE
    )
    async def pause_tweet(
        self, info: MutationInfo, input: PauseTweetInput
    ) -> PauseTweetResult | None:
        """Let replies to a tweet make no intents until it is resumed."""
        return await perform(
            info,
            service.pause_tweet,
            brand_id=info.context.brand_id,
            tweet_id=key_of("ShoppableTweet", input.tweet_id),
            now=info.context.now,
            expected_version=input.expected_version,
        )

    @mutation("End the pause of a tweet.", scope=Scope.TWEETS_WRITE)
    async def resume_tweet(
        self, info: MutationInfo, input: ResumeTweetInput
    ) -> ResumeTweetResult | None:
        """End the pause of a tweet."""
        return await perform(
            info,
            service.resume_tweet,
            brand_id=info.context.brand_id,
            tweet_id=key_of("ShoppableTweet", input.tweet_id),
            now=info.context.now,
            expected_version=input.expected_version,
        )

    @mutation("Say which product replies to a tweet mean.", scope=Scope.TWEETS_WRITE)
    async def set_primary_product(
        self, info: MutationInfo, input: SetPrimaryProductInput
    ) -> SetPrimaryProductResult | None:
        """Say which product replies to a tweet mean."""
        product_id = input.product_id
        return await perform(
            info,
            service.set_primary_product,
            brand_id=info.context.brand_id,
            tweet_id=key_of("ShoppableTweet", input.tweet_id),
            product_id=None if product_id is None else key_of("Product", product_id),
            now=info.context.now,
            expected_version=input.expected_version,
        )


def _new_tweet(given: RegisterTweetInput) -> NewTweet:
    product_id = given.primary_product_id
    return NewTweet(
        xid=given.xid,
        author_xid=given.author_xid,
        conversation_xid=given.conversation_xid,
        text=given.text,
        urls=tuple(given.urls),
        primary_product_id=None if product_id is None else key_of("Product", product_id),
        campaign=given.campaign,
    )

"""Engagements in the API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry
from sqlalchemy import ARRAY, ColumnElement, Text

from app.core.viewer import Scope
from app.engagements import access, models
from app.engagements.counts import misuse_counts
from app.engagements.states import ContentState, EngagementKind, MisuseReason, TriggerMatch
from app.events.schema import Event
from app.graphql.node import Node
from app.graphql.paging import Connection, Order
from app.graphql.perform import key_of
from app.graphql.reads.binding import (
    ListArgument,
    column,
    document,
    identity,
    maps,
    maps_variant,
    one,
    root_many,
    root_one,
)
from app.graphql.resolved import ResolvedInfo, read, resolved
from app.graphql.scalars import XID
from app.shoppers.schema import Shopper, ShopperSnapshot
from app.tweets.schema import ShoppableTweet, TweetSnapshot

strawberry.enum(EngagementKind, description="What a post is to the brand.")
strawberry.enum(TriggerMatch, description="Whether a post's own hashtags hold a trigger.")
strawberry.enum(MisuseReason, description="Why asking for a cart could not work that way.")
strawberry.enum(ContentState, description="What became of a post on X.")


@strawberry.type(description="One delivery by which X brought a post.")
class EngagementDelivery:
    """One delivery by which X brought a post."""

    source: str = strawberry.field(
        description="X's name of the event, such as `post.reply.create`, or `stream`."
    )
    received_at: datetime = strawberry.field(description="When it arrived here.")


@maps(models.Engagement, visible=access.visible_engagements, scope=Scope.INTENTS_READ)
@strawberry.type(
    description="A post about the brand, as ids and derived facts. The public id of a post reveals "
    "its author to whoever opens it on X; erasure removes it here."
)
class Engagement(Node):
    """A post about the brand, as ids and derived facts."""

    id: strawberry.ID = identity()
    xid: XID | None = column("The post's id on X; null once its author was erased.")
    kind: EngagementKind = column("What the post is to the brand.")
    parent_xid: XID | None = column("The post it answers; null if none, or once erased.")
    conversation_xid: XID | None = column("The conversation it stands in; null once erased.")
    trigger_tag: str | None = column("The trigger that it holds; null if none.")
    trigger_match: TriggerMatch = column("Whether its own hashtags hold a trigger.")
    misuse_reason: MisuseReason | None = column("Why it could not work; null if nothing is wrong.")
    content_state: ContentState = column("What became of the post on X.")
    occurred_at: datetime = column("When it was posted.")
    received_at: datetime = column("When it arrived here.")
    deliveries: list[EngagementDelivery] = document(
        "By what it arrived, the first delivery first; at most ten are remembered.", "deliveries"
    )
    shopper: Shopper | None = one(
        "Who posted it; null once she was erased.",
        lambda engagement, shopper: (
            (shopper.brand_id == engagement.brand_id) & (shopper.id == engagement.shopper_id)
        ),
    )
    tweet: ShoppableTweet | None = one(
        "The shoppable tweet it answers; null if none.",
        lambda engagement, tweet: (
            (tweet.brand_id == engagement.brand_id) & (tweet.id == engagement.tweet_id)
        ),
    )


@strawberry.type(description="An engagement as it was when the event happened.")
class EngagementSnapshot:
    """An engagement as it was when the event happened."""

    id: strawberry.ID = column("Its id, for `node`.", id_of="Engagement")
    xid: XID | None = strawberry.field(
        description="The post's id on X; null once its author was erased."
    )
    kind: EngagementKind = strawberry.field(description="What the post was to the brand.")
    parent_xid: XID | None = strawberry.field(description="The post it answered; null if none.")
    conversation_xid: XID | None = strawberry.field(description="The conversation it stood in.")
    trigger_match: TriggerMatch = strawberry.field(description="Whether it held a trigger.")
    trigger_tag: str | None = strawberry.field(description="The trigger it held; null if none.")
    misuse_reason: MisuseReason | None = strawberry.field(
        description="Why it could not work; null if nothing was wrong."
    )
    content_state: ContentState = strawberry.field(
        description="What had become of the post on X; whoever keeps content of it follows that."
    )
    shopper: ShopperSnapshot | None = strawberry.field(
        description="Who posted it; null once she was erased."
    )
    tweet: TweetSnapshot | None = strawberry.field(
        description="The shoppable tweet it answered; null if none."
    )
    occurred_at: datetime = strawberry.field(description="When it was posted.")


@maps_variant("Engagement")
@strawberry.type(description="Something happened to an engagement.")
class EngagementEvent(Event):
    """Something happened to an engagement."""

    subject_id: strawberry.ID = column("The engagement.", id_of="Engagement")
    engagement: EngagementSnapshot = document(
        "The engagement as it was then.", "data", "engagement", scope=Scope.INTENTS_READ
    )
    current_engagement: Engagement | None = one(
        "The engagement as it is now: a live row, not what was true at the event.",
        lambda event, engagement: (
            (engagement.brand_id == event.brand_id) & (engagement.id == event.subject_id)
        ),
    )


@strawberry.type(description="How often people asked in a way that cannot work.")
class MisuseCount:
    """How often people asked in a way that cannot work."""

    reason: MisuseReason = strawberry.field(description="Why it cannot work.")
    posts: int = strawberry.field(description="How many posts did it that way.")


def _of_reasons(engagement: Any, reasons: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = engagement.misuse_reason == reasons.any_()
    return found


def _values(reasons: Sequence[MisuseReason]) -> list[str]:
    return [MisuseReason(each).value for each in reasons]


@strawberry.type
class EngagementQueries:
    """Root fields of engagements."""

    engagement: Engagement | None = root_one("An engagement by its id.")
    engagements: Connection[Engagement] = root_many(
        "What people did with the brand's posts, newest first.",
        Order(("occurred_at", "id"), descending=True),
        {
            "misuse": ListArgument(
                list[MisuseReason] | None,
                "Only those that asked in one of these ways, which cannot work.",
                _of_reasons,
                ARRAY(Text()),
                _values,
            )
        },
    )

    @resolved(
        "How often people asked in a way that cannot work, by reason, the most frequent first.",
        scope=Scope.INTENTS_READ,
    )
    async def misuse_counts(
        self,
        info: ResolvedInfo,
        tweet_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only on this tweet.")
        ] = None,
        since: Annotated[
            datetime | None, strawberry.argument(description="Only of posts made then or later.")
        ] = None,
        until: Annotated[
            datetime | None, strawberry.argument(description="Only of posts made before.")
        ] = None,
    ) -> list[MisuseCount]:
        """The viewer's misuse by reason; a reason that nobody gave is absent."""
        tweet = None if tweet_id is None else key_of("ShoppableTweet", tweet_id)
        rows = await read(info, misuse_counts(tweet_id=tweet, since=since, until=until))
        return [MisuseCount(reason=MisuseReason(row["reason"]), posts=row["posts"]) for row in rows]

"""Engagements in the API."""

from datetime import date, datetime

import strawberry

from app.core.viewer import Scope
from app.engagements import access, models
from app.engagements.states import ContentState, EngagementKind, MisuseReason, TriggerMatch
from app.events.schema import Event
from app.graphql.enums import shown_enum
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.aggregates import (
    counted,
    day_of,
    group_key,
    group_one,
    groups,
    root_aggregate,
)
from app.graphql.reads.binding import (
    column,
    document,
    identity,
    maps,
    maps_variant,
    one,
    root_many,
    root_one,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import order_by
from app.graphql.reads.shaping import Shaping
from app.graphql.scalars import XID
from app.shoppers.schema import Shopper, ShopperSnapshot
from app.tweets.schema import ShoppableTweet, TweetSnapshot

shown_enum(EngagementKind, "What a post is to the brand.")
shown_enum(TriggerMatch, "Whether a post's own hashtags hold a trigger.")
shown_enum(MisuseReason, "Why asking for a cart could not work that way.")
shown_enum(ContentState, "What became of a post on X.")


@strawberry.type(description="One delivery by which X brought a post.")
class EngagementDelivery:
    """One delivery by which X brought a post."""

    source: str = strawberry.field(
        description="X's name of the event, such as `post.reply.create`, or `stream`."
    )
    received_at: datetime = strawberry.field(description="When it arrived here.")


@maps(
    models.Engagement,
    visible=access.visible_engagements,
    scope=Scope.INTENTS_READ,
    filters=(
        filter_on("kind", "What the post is to the brand."),
        filter_on("trigger_match", "Whether its own hashtags hold a trigger."),
        filter_on("misuse_reason", "Why it could not work; no value: nothing is wrong."),
        filter_on("content_state", "What became of the post on X."),
        filter_on("tweet_id", "The shoppable tweet it answers.", id_of="ShoppableTweet"),
        filter_on("shopper_id", "Who posted it.", id_of="Shopper"),
        filter_on("xid", "The post's id on X.", of=XID),
        filter_on("occurred_at", "When it was posted."),
        filter_on("received_at", "When it arrived here."),
    ),
    orders=(order_by("occurred_at", "When it was posted.", descending=True),),
)
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
    conversation_xid: XID | None = strawberry.field(
        description="The conversation it stood in; null: unknown."
    )
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
        "The engagement as it is now: a live row, not what was true at the event; "
        "null where it is gone.",
        lambda event, engagement: (
            (engagement.brand_id == event.brand_id) & (engagement.id == event.subject_id)
        ),
    )


@strawberry.enum(description="What tells groups of engagements apart.")
class EngagementTotalKey(Shaping):
    """What tells groups of engagements apart; the value is the field that holds it."""

    KIND = strawberry.enum_value("kind", description="What the posts are to the brand.")
    TRIGGER_MATCH = strawberry.enum_value(
        "trigger_match", description="Whether their own hashtags hold a trigger."
    )
    MISUSE_REASON = strawberry.enum_value("misuse_reason", description="Why they could not work.")
    CONTENT_STATE = strawberry.enum_value("content_state", description="What became of them on X.")
    DAY = strawberry.enum_value("day", description="The day in UTC on which they were posted.")
    TWEET = strawberry.enum_value("tweet", description="The shoppable tweet they answer.")


@groups(Engagement)
@strawberry.type(
    description="Numbers of a group of engagements. A key by which they are not grouped is null."
)
class EngagementTotal:
    """Numbers of a group of engagements."""

    kind: EngagementKind | None = group_key("What the posts are to the brand.")
    trigger_match: TriggerMatch | None = group_key("Whether their own hashtags hold a trigger.")
    misuse_reason: MisuseReason | None = group_key(
        "Why they could not work; null where nothing is wrong."
    )
    content_state: ContentState | None = group_key("What became of them on X.")
    day: date | None = group_key(
        "The day in UTC on which they were posted.",
        lambda engagement: day_of(engagement.occurred_at),
    )
    tweet: ShoppableTweet | None = group_one(
        "The shoppable tweet they answer; null where they answer none.",
        "tweet_id",
        lambda total, tweet: (tweet.brand_id == total.brand_id) & (tweet.id == total.tweet_id),
    )
    count: int = counted("How many posts they are.")


@strawberry.type
class EngagementQueries:
    """Root fields of engagements."""

    engagement: Engagement | None = root_one(
        "An engagement by its id; null where the brand has none."
    )
    engagements: Connection[Engagement] = root_many(
        "What people did with the brand's posts, newest first."
    )

    engagement_totals: list[EngagementTotal] = root_aggregate(
        "Numbers of what people did with the brand's posts; by `MISUSE_REASON`, why it could not "
        "work.",
        EngagementTotalKey,
    )

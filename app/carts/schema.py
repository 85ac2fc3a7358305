"""Cart intents in the API, live and as events remember them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement, Text, or_

from app.brands.states import TriggerAction
from app.carts import access, models, traces
from app.carts.explain import TraceStage, TraceStep, explain
from app.carts.states import CartIntentStatus, FailureReason
from app.core.ids import NOBODY, parse_global_id
from app.core.viewer import Scope
from app.engagements.schema import Engagement
from app.events import models as event_models
from app.events.access import visible_events
from app.events.catalogue import EventType
from app.events.schema import Event, LogHeartbeat, LogLag
from app.graphql.enums import shown_enum
from app.graphql.money import Money
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.perform import key_of
from app.graphql.reads.aggregates import counted, group_key, groups
from app.graphql.reads.binding import (
    ListArgument,
    column,
    document,
    embedded,
    identity,
    maps,
    maps_variant,
    one,
    root_many,
    root_one,
    stream,
    stream_place,
)
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import order_by
from app.graphql.resolved import ResolvedInfo, read, resolved
from app.graphql.scalars import XID, BigInt
from app.products.schema import Product, ProductSnapshot
from app.shoppers.schema import Shopper, ShopperSnapshot
from app.tweets.schema import ShoppableTweet, TweetSnapshot

shown_enum(CartIntentStatus, "Where an intent is.")
shown_enum(FailureReason, "Why an intent failed.")


@strawberry.type(description="Why an intent failed.")
class CartIntentFailure:
    """Why an intent failed."""

    reason: FailureReason = strawberry.field(description="What was in the way.")
    retryable: bool = strawberry.field(description="Whether asking again may work.")
    detail: str | None = strawberry.field(description="More about it; null if there is no more.")


@strawberry.type(description="A page on which the shopper herself completes the add.")
class HandOff:
    """A page on which the shopper herself completes the add."""

    url: str = strawberry.field(description="Where the page is.")
    expires_at: datetime | None = strawberry.field(description="Until when; null: no end is known.")


@strawberry.type(description="When an intent reached its stages; null: not (yet).")
class StageTimings:
    """When an intent reached its stages."""

    received_at: datetime = strawberry.field(description="The reply arrived.")
    matched_at: datetime | None = strawberry.field(description="Its trigger was found.")
    resolved_at: datetime | None = strawberry.field(description="Its product was found.")
    queued_at: datetime | None = strawberry.field(description="It was due at the retailer.")
    answered_at: datetime | None = strawberry.field(description="The retailer answered for good.")


@maps(
    models.CartIntent,
    visible=access.visible_cart_intents,
    scope=Scope.INTENTS_READ,
    filters=(
        filter_on("status", "Where it is."),
        filter_on("failure_reason", "Why it failed."),
        filter_on("action", "What she asked for."),
        filter_on("marketplace", "The marketplace that the trigger stands for."),
        filter_on("retailer", "The retailer that serves it."),
        filter_on("tweet_id", "The tweet that brought it.", id_of="ShoppableTweet"),
        filter_on("product_id", "What she asked for, a product.", id_of="Product"),
        filter_on("shopper_id", "Who asked.", id_of="Shopper"),
        filter_on("received_at", "When the reply arrived."),
        filter_on("answered_at", "When the retailer answered for good."),
        filter_on("updated_at", "When it last changed."),
    ),
    orders=(order_by("received_at", "When the reply arrived.", descending=True),),
)
@strawberry.type(description="What a shopper asked for by one reply, and what became of it.")
class CartIntent(Node):
    """What a shopper asked for by one reply, and what became of it."""

    id: strawberry.ID = identity()
    engagement_xid: XID | None = column("The reply's id on X; null once its author was erased.")
    action: TriggerAction = column("What she asked for.")
    marketplace: str = column("The marketplace that the trigger stands for.")
    retailer: str | None = column("The retailer that serves it; null while unknown.")
    quantity: int = column("How many.")
    status: CartIntentStatus = column(
        "Where it is. `HANDED_OFF` is never counted as added: she completes it herself."
    )
    failure: CartIntentFailure | None = embedded(
        "Why it failed; null unless it did.",
        absent="failure_reason",
        reason="failure_reason",
        retryable="failure_retryable",
        detail="failure_detail",
    )
    hand_off: HandOff | None = embedded(
        "Where she completes it; null unless handed off.",
        absent="hand_off_url",
        url="hand_off_url",
        expires_at="hand_off_expires_at",
    )
    offer: Money | None = embedded(
        "The price when it was added; null where unknown.",
        absent="offer_amount_minor",
        amount_minor="offer_amount_minor",
        currency="offer_currency",
    )
    repeat_count: int = column("How many further replies asked for the same while it was live.")
    withdraw_requested: bool = column(
        "Whether it was taken back after its retailer was asked: an answer that it was added "
        "stands, else it is withdrawn."
    )
    removal_due_at: datetime | None = column(
        "When its retailer is asked next to take it out again; null: that is not asked for.",
        "remove_due_at",
    )
    waits_until: datetime | None = column("Until when it waits for her; null: it does not wait.")
    timings: StageTimings = embedded(
        "When it reached its stages.",
        absent="received_at",
        received_at="received_at",
        matched_at="matched_at",
        resolved_at="resolved_at",
        queued_at="queued_at",
        answered_at="answered_at",
    )
    updated_at: datetime = column("When it last changed.")
    shopper: Shopper | None = one(
        "Who asked; null once she was erased.",
        lambda intent, shopper: (
            (shopper.brand_id == intent.brand_id) & (shopper.id == intent.shopper_id)
        ),
    )
    tweet: ShoppableTweet | None = one(
        "The tweet that brought it; null while its parent is unknown.",
        lambda intent, tweet: (tweet.brand_id == intent.brand_id) & (tweet.id == intent.tweet_id),
    )
    product: Product | None = one(
        "What she asked for; null until it is chosen.",
        lambda intent, product: (
            (product.brand_id == intent.brand_id) & (product.id == intent.product_id)
        ),
    )
    engagement: Engagement | None = one(
        "The reply; null once it is kept no more.",
        lambda intent, engagement: (
            (engagement.brand_id == intent.brand_id) & (engagement.id == intent.engagement_id)
        ),
    )
    previous_intent: Annotated["CartIntent", strawberry.lazy("app.carts.schema")] | None = one(
        "Her earlier intent for the same tweet that had ended; null if there was none.",
        lambda intent, previous: (
            (previous.brand_id == intent.brand_id) & (previous.id == intent.previous_intent_id)
        ),
    )


@groups(CartIntent)
@strawberry.type(description="How many intents are in one status.")
class CartIntentCount:
    """How many intents are in one status."""

    status: CartIntentStatus = group_key("Where they are.")
    count: int = counted("How many they are.")


@strawberry.type(description="A cart intent as it was when the event happened.")
class CartIntentSnapshot:
    """A cart intent as it was when the event happened."""

    id: strawberry.ID = column("Its id, for `node`.", id_of="CartIntent")
    status: CartIntentStatus = strawberry.field(description="Where it was after the event.")
    previous_status: CartIntentStatus | None = strawberry.field(
        description="Where it was before; null at its creation."
    )
    action: TriggerAction = strawberry.field(description="What she asked for.")
    marketplace: str = strawberry.field(description="The marketplace of the trigger.")
    quantity: int = strawberry.field(description="How many.")
    repeat_count: int = strawberry.field(description="How many further replies asked the same.")
    engagement_xid: XID | None = strawberry.field(
        description="The reply's id on X; null once its author was erased."
    )
    tweet: TweetSnapshot | None = strawberry.field(
        description="The tweet that brought it; null while its parent was unknown."
    )
    product: ProductSnapshot | None = strawberry.field(
        description="What she asked for; null until it was chosen."
    )
    shopper: ShopperSnapshot = strawberry.field(description="Who asked.")
    offer: Money | None = strawberry.field(description="The price at the add; null: unknown.")
    failure: CartIntentFailure | None = strawberry.field(
        description="Why it failed; null unless it had."
    )
    hand_off: HandOff | None = strawberry.field(
        description="Where she completes it; null unless handed off."
    )
    timings: StageTimings = strawberry.field(description="When it had reached its stages.")


def _snapshot() -> CartIntentSnapshot:
    """The intent inside an event's data."""
    made: CartIntentSnapshot = document(
        "The intent as it was then.", "data", "cartIntent", scope=Scope.INTENTS_READ
    )
    return made


def _current() -> "CartIntent | None":
    """The live row behind an event."""
    made: CartIntent | None = one(
        "The intent as it is now: a live row, not what was true at the event; "
        "null where it is gone.",
        lambda event, intent: (intent.brand_id == event.brand_id) & (intent.id == event.subject_id),
    )
    return made


@maps_variant("CartIntent")
@strawberry.type(description="Something happened to a cart intent.")
class CartIntentEvent(Event):
    """Something happened to a cart intent."""

    subject_id: strawberry.ID = column("The intent.", id_of="CartIntent")
    cart_intent: CartIntentSnapshot = _snapshot()
    current_cart_intent: CartIntent | None = _current()


@strawberry.enum(description="How a product reached a shopper.")
class CartAddOutcome(Enum):
    """How a product reached a shopper, by the type of the event that says so."""

    ADDED = strawberry.enum_value(
        EventType.CART_INTENT_ADDED.value, description=EventType.CART_INTENT_ADDED.meaning
    )
    HANDED_OFF = strawberry.enum_value(
        EventType.CART_INTENT_HANDED_OFF.value, description=EventType.CART_INTENT_HANDED_OFF.meaning
    )


@maps(event_models.Event, visible=visible_events, scope=Scope.EVENTS_READ)
@strawberry.type(description="A product reached a shopper's cart, or the page that adds it.")
class CartAdd:
    """A product reached a shopper's cart, or the page that adds it."""

    cursor: str = stream_place("Its place in the log: pass it as `after` to go on.", "cursor")
    seq: BigInt = column("Its number in the brand's log.")
    prev_seq: BigInt = stream_place(
        "The number of the event before it that passed this subscription's filter, 0 if none. "
        "Nothing was missed when it is no greater than the last number you hold.",
        "previous",
    )
    outcome: CartAddOutcome = column(
        "Whether it is in her cart, or she completes it herself.", "type"
    )
    occurred_at: datetime = column("When it happened.")
    cart_intent: CartIntentSnapshot = _snapshot()
    current_cart_intent: CartIntent | None = _current()


CartAddItem = Annotated[
    CartAdd | LogHeartbeat | LogLag,
    strawberry.union("CartAddItem", description="What `cartAdds` sends."),
]


def _of_tweet(event: Any, tweet_id: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = event.data["cartIntent"]["tweet"]["id"].astext == tweet_id
    return found


def _tweet_key(tweet_id: str) -> str:
    parsed = parse_global_id(tweet_id)
    return str(parsed[1] if parsed and parsed[0] == "ShoppableTweet" else NOBODY)


@strawberry.type
class CartIntentSubscriptions:
    """Live root fields of cart intents."""

    cart_adds: CartAddItem = stream(
        "Adds and hand-offs the moment they happen.",
        item="CartAdd",
        condition=lambda event: or_(*(event.type == kind.value for kind in CartAddOutcome)),
        arguments={
            "tweet_id": ListArgument(
                strawberry.ID | None,
                "Only those that this tweet brought.",
                _of_tweet,
                Text(),
                _tweet_key,
            )
        },
    )


shown_enum(TraceStage, "What a step of a trace is about.")


@strawberry.type(name="TraceFact", description="One thing that a step knew.")
class TraceFactType:
    """One thing that a step knew."""

    name: str = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="What it was then.")


@strawberry.type(name="TraceStep", description="One step of how an intent came to be what it is.")
class TraceStepType:
    """One step of a trace."""

    at: datetime = strawberry.field(description="When it was.")
    stage: TraceStage = strawberry.field(description="What it is about.")
    rule: int | None = strawberry.field(
        description="The number of the documented decision's rule; null where none applied."
    )
    summary: str = strawberry.field(description="What happened, in a sentence. It names no ids.")
    facts: list[TraceFactType] = strawberry.field(description="What was known then.")
    withheld: list[str] = strawberry.field(description="Scopes that would show further facts.")


@strawberry.type(description="How an intent came to be what it is.")
class CartIntentTrace:
    """How an intent came to be what it is."""

    id: strawberry.ID = column("The intent.", id_of="CartIntent")
    status: CartIntentStatus = strawberry.field(description="Where it is now.")
    steps: list[TraceStepType] = strawberry.field(description="In the order of time.")


@dataclass(frozen=True, slots=True)
class _Trace:
    """The values of a trace."""

    id: UUID
    status: CartIntentStatus
    steps: list[TraceStep]


@strawberry.type
class CartIntentQueries:
    """Root fields of cart intents."""

    @resolved(
        "How an intent came to be what it is: what arrived, what was found, what was asked. "
        "Null where the brand has no such intent.",
        scope=Scope.INTENTS_READ,
    )
    async def explain_cart_intent(
        self,
        info: ResolvedInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The intent.")],
    ) -> CartIntentTrace | None:
        """The trace of the viewer's intent with this id; null where there is none."""
        intent_id = key_of("CartIntent", id)
        rows = await read(info, traces.intent_row(intent_id))
        if not rows:
            return None
        intent = traces.read_row(rows[0])
        repeats = await read(info, traces.repeating_rows(intent))
        steps = explain(intent, repeats, info.context.viewer.scopes)
        trace = _Trace(intent_id, CartIntentStatus(intent["status"]), steps)
        return cast("CartIntentTrace", trace)

    cart_intent: CartIntent | None = root_one(
        "A cart intent by its id; null where the brand has none."
    )
    cart_intents: Connection[CartIntent] = root_many("The brand's cart intents, newest first.")

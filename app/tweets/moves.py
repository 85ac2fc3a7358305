"""Moves of a tweet from state to state, and what the log is told of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from app.core.database import WriteSession
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.states import ActorKind
from app.products.facts import ProductFacts
from app.tweets import queries
from app.tweets.facts import TweetFacts
from app.tweets.models import ShoppableTweet
from app.tweets.rules import Standing, standing_of
from app.tweets.states import JUDGED, MOVES, TweetStatus

SUBJECT_TYPE = "ShoppableTweet"

Told = tuple[ShoppableTweet, EventType]


class IllegalMove(Exception):
    """A tweet was to go where its table of moves does not lead: a defect, not a problem."""


async def judge(
    session: WriteSession,
    tweets: Collection[ShoppableTweet],
    *,
    now: datetime,
    actor: ActorKind = ActorKind.SYSTEM,
    always: bool = False,
) -> None:
    """Bring held tweets to where their links and products put them, each move with its event.

    One that is paused or gone stays so, unless *always*.
    """
    judged = [tweet for tweet in tweets if always or tweet.status in JUDGED]
    if not judged:
        return
    facts = await _facts(session, judged)
    for tweet, its in zip(judged, facts, strict=True):
        standing = standing_of(its.primary, its.links)
        if (tweet.status, tweet.unshoppable_reason) != (standing.status, standing.reason):
            _go(session, tweet, its, standing, now=now, actor=actor)
    await session.flush()


async def move(
    session: WriteSession,
    tweet: ShoppableTweet,
    status: TweetStatus,
    *,
    now: datetime,
    actor: ActorKind,
) -> None:
    """Bring a held tweet to *status* by somebody's word.

    Raises:
        IllegalMove: the table of moves does not hold it.
    """
    [its] = await _facts(session, [tweet])
    _go(session, tweet, its, Standing(status), now=now, actor=actor)
    await session.flush()


async def tell(
    session: WriteSession, told: Sequence[Told], *, now: datetime, actor: ActorKind
) -> None:
    """Record events that are no moves, with the tweets as they are now."""
    facts = await _facts(session, [tweet for tweet, _ in told]) if told else []
    for (tweet, event_type), its in zip(told, facts, strict=True):
        _record(session, tweet, its, event_type, now=now, actor=actor, previous=None)


def snapshot(
    tweet: ShoppableTweet, facts: TweetFacts, *, previous: TweetStatus | None
) -> dict[str, Any]:
    """What an event says of a tweet: what is true now, by the names of the schema; no text."""
    newest = tweet.newest_xid or max(facts.version_xids)
    return {
        "id": str(tweet.id),
        "rootXid": str(tweet.root_xid),
        "newestXid": str(newest),
        "status": tweet.status.value,
        "previousStatus": previous.value if previous else None,
        "unshoppableReason": tweet.unshoppable_reason,
        "primaryProduct": _named(facts.primary),
        "links": [
            {"verdict": link.verdict.value, "product": _named(link.product)} for link in facts.links
        ],
    }


def _named(product: ProductFacts | None) -> dict[str, Any] | None:
    if product is None:
        return None
    return {
        "id": str(product.name.id),
        "retailer": product.name.retailer,
        "marketplace": product.name.marketplace,
        "retailerProductId": product.name.retailer_product_id,
        "title": product.name.title,
    }


async def _facts(session: WriteSession, tweets: Sequence[ShoppableTweet]) -> list[TweetFacts]:
    await session.flush()
    found = await queries.tweets_by_key(session, {(tweet.brand_id, tweet.id) for tweet in tweets})
    return [found[tweet.brand_id, tweet.id] for tweet in tweets]


def _go(
    session: WriteSession,
    tweet: ShoppableTweet,
    facts: TweetFacts,
    standing: Standing,
    *,
    now: datetime,
    actor: ActorKind,
) -> None:
    previous, status = tweet.status, standing.status
    if previous is not status and status not in MOVES[previous]:
        raise IllegalMove(f"Tweet {tweet.id} may not go from {previous} to {status}.")
    tweet.status = status
    tweet.unshoppable_reason = standing.reason.value if standing.reason else None
    event_type = EventType(f"tweet.{status.value.lower()}")
    _record(session, tweet, facts, event_type, now=now, actor=actor, previous=previous)


def _record(
    session: WriteSession,
    tweet: ShoppableTweet,
    facts: TweetFacts,
    event_type: EventType,
    *,
    now: datetime,
    actor: ActorKind,
    previous: TweetStatus | None,
) -> None:
    event = NewEvent(
        brand_id=tweet.brand_id,
        type=event_type,
        occurred_at=now,
        subject_type=SUBJECT_TYPE,
        subject_id=tweet.id,
        correlation_id=tweet.id,
        actor_kind=actor,
        data={"shoppableTweet": snapshot(tweet, facts, previous=previous)},
    )
    record(session, event)

"""Writing to a brand's log as features do, and working out by hand what a subscriber must get."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg

from app.core import clock
from app.core.ids import global_id, uuid7
from app.core.resources import Resources
from app.events.catalogue import EventType
from app.events.log import NewEvent, record, write_transaction
from app.events.states import ActorKind

ADDED = EventType.CART_INTENT_ADDED
FAILED = EventType.CART_INTENT_FAILED
HANDED_OFF = EventType.CART_INTENT_HANDED_OFF
QUEUED = EventType.CART_INTENT_QUEUED
RECORDED = EventType.ENGAGEMENT_RECORDED

SEQS = """
SELECT seq, type, data -> 'cartIntent' -> 'tweet' ->> 'id' AS tweet
FROM event WHERE brand_id = $1 ORDER BY seq
"""


@dataclass(frozen=True)
class Happening:
    """Something to be written: its type, and the tweet that brought it."""

    type: EventType = ADDED
    tweet_id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True)
class Logged:
    """An event as the log holds it."""

    seq: int
    type: str
    tweet_id: str | None


def tweet_gid(tweet_id: UUID) -> str:
    """The public id of a tweet."""
    return global_id("ShoppableTweet", tweet_id)


async def write(
    resources: Resources, brand_id: UUID, *happenings: Happening, pause: float = 0.0
) -> None:
    """Append them in one transaction, which stays open for *pause* seconds before it ends."""
    async with write_transaction(resources.sessions) as session:
        for happening in happenings:
            record(session, _event(brand_id, happening))
        await asyncio.sleep(pause)


async def write_many(resources: Resources, brand_id: UUID, count: int) -> None:
    """Append *count* adds in one transaction."""
    await write(resources, brand_id, *(Happening() for _ in range(count)))


async def read_log(resources: Resources, brand_id: UUID) -> list[Logged]:
    """The whole log, read past everything under test."""
    connection = await asyncpg.connect(resources.database_url)
    try:
        rows = await connection.fetch(SEQS, brand_id)
    finally:
        await connection.close()
    return [Logged(row["seq"], row["type"], row["tweet"]) for row in rows]


def expected(
    log: Sequence[Logged], after: int, passes: Callable[[Logged], bool] = lambda event: True
) -> list[tuple[int, int]]:
    """Number and `prevSeq` of each event that a subscriber after *after* must get, in order."""
    passing = [0, *(event.seq for event in log if passes(event))]
    return [(seq, previous) for previous, seq in pairwise(passing) if seq > after]


def of_types(*types: EventType) -> Callable[[Logged], bool]:
    """The filter of `events(types:)`."""
    return lambda event: event.type in {each.value for each in types}


def _event(brand_id: UUID, happening: Happening) -> NewEvent:
    subject, _, _ = happening.type.value.partition(".")
    key = uuid7()
    return NewEvent(
        brand_id=brand_id,
        type=happening.type,
        occurred_at=clock.now(),
        subject_type="CartIntent" if subject == "cart_intent" else "Engagement",
        subject_id=key,
        data=_intent(key, happening) if subject == "cart_intent" else _engagement(key),
        actor_kind=ActorKind.SHOPPER,
    )


def _intent(key: UUID, happening: Happening) -> dict[str, Any]:
    return {
        "cartIntent": {
            "id": str(key),
            "status": happening.type.value.partition(".")[2].upper(),
            "previousStatus": "QUEUED",
            "action": "CART",
            "marketplace": "US",
            "quantity": 1,
            "repeatCount": 0,
            "engagementXid": "2123688217942515450",
            "tweet": {"id": str(happening.tweet_id), "rootXid": "2122978114236649841"},
            "product": None,
            "shopper": {"id": str(uuid7())},
            "offer": {"amountMinor": 12999, "currency": "USD"},
            "failure": None,
            "handOff": None,
            "timings": {"receivedAt": "2026-11-20T12:00:00Z"},
        }
    }


def _engagement(key: UUID) -> dict[str, Any]:
    return {
        "engagement": {
            "id": str(key),
            "xid": "2123688217942515450",
            "kind": "REPLY",
            "shopper": {"id": str(uuid7())},
            "occurredAt": "2026-11-20T12:00:00Z",
        }
    }

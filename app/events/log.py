"""Writing to the log: events are collected, then numbered and appended as the last statement.

A number is taken under the brand's counter row inside the writing transaction. So numbers have no
gaps, their order is the order of commits, and the row is held only for the commit itself. An
ascending sequence would lose events to readers: its numbers are not taken in commit order.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from app.core import clock
from app.core.bulk import copy_rows, run
from app.core.database import Sessions, WriteSession
from app.core.ids import uuid7
from app.core.metrics import count_events
from app.events.catalogue import SCHEMA_VERSION, EventType
from app.events.models import Event
from app.events.states import ActorKind

Hearer: TypeAlias = Callable[[Collection[UUID]], None]
"""Is told which brands' logs grew; returns at once."""

_COLLECTED = "events"

_hearers: list[Hearer] = []

_NUMBER = """
INSERT INTO brand_log (brand_id, head, floor)
SELECT fresh.brand_id, fresh.events, 0
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS fresh (brand_id, events, place)
ORDER BY fresh.place
ON CONFLICT (brand_id) DO UPDATE SET head = brand_log.head + excluded.head
RETURNING brand_id, head
"""

_COLUMNS = (
    "brand_id",
    "seq",
    "recorded_at",
    "schema_version",
    "id",
    "type",
    "occurred_at",
    "correlation_id",
    "causation_id",
    "actor_kind",
    "actor_id",
    "subject_type",
    "subject_id",
    "data",
)


@dataclass(slots=True, kw_only=True)
class NewEvent:
    """An event before it has a number. `data` must hold only what JSON and PostgreSQL take."""

    brand_id: UUID
    type: EventType
    occurred_at: datetime
    subject_type: str
    subject_id: UUID
    data: Mapping[str, Any]
    actor_kind: ActorKind
    actor_id: UUID | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None


def record(session: WriteSession, event: NewEvent) -> None:
    """Collect *event*; `write_transaction` appends it when the transaction commits."""
    session.info.setdefault(_COLLECTED, []).append(event)


@asynccontextmanager
async def write_transaction(sessions: Sessions) -> AsyncIterator[WriteSession]:
    """One transaction: commits at the end with the events that were recorded, or leaves nothing."""
    async with sessions() as session, session.begin():
        writing = WriteSession(session)
        yield writing
        recorded = await append_recorded(writing)
    count_events((event.type, event.data) for event in recorded)
    if recorded and _hearers:
        brand_ids = {event.brand_id for event in recorded}
        for hear in _hearers:
            hear(brand_ids)


@contextmanager
def told_of_growth(hear: Hearer) -> Iterator[None]:
    """While the block runs, *hear* is told of what this process commits to the logs."""
    _hearers.append(hear)
    try:
        yield
    finally:
        _hearers.remove(hear)


async def append_recorded(session: WriteSession) -> list[NewEvent]:
    """Number and insert what was recorded, which is returned: the last statements before commit.

    Brands are taken in the order of their ids, so that two batches cannot wait for each other.
    """
    await session.flush()
    collected: list[NewEvent] = session.info.pop(_COLLECTED, [])
    if not collected:
        return []
    collected.sort(key=_brand_number)  # stable: the order within a brand stays
    counts = Counter(event.brand_id for event in collected)
    heads = dict(await run(session, _NUMBER, list(counts), list(counts.values())))
    before = {brand_id: heads[brand_id] - events for brand_id, events in counts.items()}
    await copy_rows(session, Event, _COLUMNS, _rows(collected, before, clock.now()))
    return collected


def _brand_number(event: NewEvent) -> int:
    return event.brand_id.int


def _rows(
    events: list[NewEvent], before: Mapping[UUID, int], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """In the order of `_COLUMNS`; of each brand the numbers that follow *before*."""
    numbers = {brand_id: count(number + 1) for brand_id, number in before.items()}
    for event in events:
        yield (
            event.brand_id,
            next(numbers[event.brand_id]),
            now,
            SCHEMA_VERSION,
            uuid7(),
            event.type,
            event.occurred_at,
            event.correlation_id,
            event.causation_id,
            event.actor_kind,
            event.actor_id,
            event.subject_type,
            event.subject_id,
            orjson.dumps(event.data).decode(),
        )

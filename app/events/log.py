"""Writing to the log: events are collected, then numbered and appended as the last statement.

A number is taken under the brand's counter row inside the writing transaction. So numbers have no
gaps, their order is the order of commits, and the row is held only for the commit itself. An
ascending sequence would lose events to readers: its numbers are not taken in commit order.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson

from app.core import clock
from app.core.bulk import columns_of, run
from app.core.database import Sessions, WriteSession
from app.core.ids import uuid7
from app.core.metrics import count_event
from app.events.catalogue import SCHEMA_VERSION, EventType
from app.events.states import ActorKind

_COLLECTED = "events"

_APPEND = """
WITH counter AS (
    INSERT INTO brand_log (brand_id, head, floor) VALUES ($1, $2, 0)
    ON CONFLICT (brand_id) DO UPDATE SET head = brand_log.head + excluded.head
    RETURNING head
)
INSERT INTO event (brand_id, seq, recorded_at, schema_version, id, type, occurred_at,
    correlation_id, causation_id, actor_kind, actor_id, subject_type, subject_id, data)
SELECT $1, counter.head - $2 + fresh.position, $3, $4, fresh.id, fresh.type, fresh.occurred_at,
    fresh.correlation_id, fresh.causation_id, fresh.actor_kind, fresh.actor_id,
    fresh.subject_type, fresh.subject_id, fresh.data::jsonb
FROM counter, unnest($5::uuid[], $6::text[], $7::timestamptz[], $8::uuid[], $9::uuid[],
    $10::text[], $11::uuid[], $12::text[], $13::uuid[], $14::text[])
    WITH ORDINALITY AS fresh (id, type, occurred_at, correlation_id, causation_id,
        actor_kind, actor_id, subject_type, subject_id, data, position)
"""


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
    for event in recorded:
        count_event(event.type.value, event.data)


async def append_recorded(session: WriteSession) -> list[NewEvent]:
    """Number and insert what was recorded, which is returned: the last statement before commit.

    Brands are taken in the order of their ids, so that two batches cannot wait for each other.
    """
    await session.flush()
    collected: list[NewEvent] = session.info.pop(_COLLECTED, [])
    collected.sort(key=_brand_number)  # stable: the order within a brand stays
    for _, events in groupby(collected, key=_brand_number):
        await run(session, _APPEND, *_parameters(list(events)))
    return collected


def _brand_number(event: NewEvent) -> int:
    return event.brand_id.int


def _parameters(events: list[NewEvent]) -> tuple[Any, ...]:
    """Of events of one brand."""
    brand_id, now = events[0].brand_id, clock.now()
    return (brand_id, len(events), now, SCHEMA_VERSION, *columns_of(map(_row, events), 10))


def _row(event: NewEvent) -> tuple[Any, ...]:
    return (
        uuid7(),
        event.type.value,
        event.occurred_at,
        event.correlation_id,
        event.causation_id,
        event.actor_kind.value,
        event.actor_id,
        event.subject_type,
        event.subject_id,
        orjson.dumps(event.data).decode(),
    )

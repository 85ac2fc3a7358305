"""Writing to the log."""

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.core.resources import Resources
from app.events.catalogue import EventType
from app.events.log import NewEvent, record, write_transaction
from app.events.partitions import ensure_partitions, month_start
from app.events.states import ActorKind


def an_event(brand_id: UUID, subject_id: UUID | None = None) -> NewEvent:
    """The smallest event of a brand."""
    return NewEvent(
        brand_id=brand_id,
        type=EventType.CART_INTENT_RECEIVED,
        occurred_at=datetime.now(UTC),
        subject_type="CartIntent",
        subject_id=subject_id or uuid4(),
        data={"cartIntent": {"status": "RECEIVED"}},
        actor_kind=ActorKind.SYSTEM,
    )


async def numbers_of(resources: Resources, brand_id: UUID) -> list[int]:
    """The brand's numbers, by the order of commits as far as readers can see it."""
    rows = await resources.reads.fetch(
        "SELECT seq FROM event WHERE brand_id = $1 ORDER BY seq", brand_id
    )
    return [row[0] for row in rows]


async def head_of(resources: Resources, brand_id: UUID) -> int | None:
    """The brand's counter."""
    found: int | None = await resources.reads.fetchval(
        "SELECT head FROM brand_log WHERE brand_id = $1", brand_id
    )
    return found


async def test_a_batch_takes_consecutive_numbers_in_the_order_of_recording(
    resources: Resources,
) -> None:
    brand_id, other_id = uuid4(), uuid4()
    subjects = [uuid4() for _ in range(5)]

    async with write_transaction(resources.sessions) as session:
        for subject in subjects:
            record(session, an_event(brand_id, subject))
            record(session, an_event(other_id))

    rows = await resources.reads.fetch(
        "SELECT subject_id FROM event WHERE brand_id = $1 ORDER BY seq", brand_id
    )
    assert [row[0] for row in rows] == subjects
    assert await numbers_of(resources, brand_id) == [1, 2, 3, 4, 5]
    assert await numbers_of(resources, other_id) == [1, 2, 3, 4, 5]


async def test_a_transaction_that_fails_leaves_neither_events_nor_a_gap(
    resources: Resources,
) -> None:
    brand_id = uuid4()

    async def fail() -> None:
        async with write_transaction(resources.sessions) as session:
            record(session, an_event(brand_id))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await head_of(resources, brand_id) is None
    async with write_transaction(resources.sessions) as session:
        record(session, an_event(brand_id))

    assert await numbers_of(resources, brand_id) == [1]


async def _write_at_random(resources: Resources, brand_id: UUID, chance: random.Random) -> None:
    """One to three events in a transaction that stays open for a moment and sometimes fails."""
    with suppress(RuntimeError):
        async with write_transaction(resources.sessions) as session:
            for _ in range(chance.randint(1, 3)):
                record(session, an_event(brand_id))
            await session.connection()
            await asyncio.sleep(chance.random() * 0.01)
            if chance.random() < 0.2:
                raise RuntimeError


async def _read_on(resources: Resources, brand_id: UUID, seen: list[int]) -> None:
    rows = await resources.reads.fetch(
        "SELECT seq FROM event WHERE brand_id = $1 AND seq > $2 ORDER BY seq",
        brand_id,
        seen[-1] if seen else 0,
    )
    seen.extend(row[0] for row in rows)


async def test_a_reader_with_a_cursor_misses_nothing_of_concurrent_writers(
    resources: Resources,
) -> None:
    brand_id, seen = uuid4(), list[int]()
    chance = random.Random(7)

    async def write(times: int) -> None:
        for _ in range(times):
            await _write_at_random(resources, brand_id, chance)

    writers = asyncio.gather(*(write(15) for _ in range(4)))
    while not writers.done():
        await _read_on(resources, brand_id, seen)
    await writers
    await _read_on(resources, brand_id, seen)

    assert seen == list(range(1, len(seen) + 1))
    assert seen == await numbers_of(resources, brand_id)
    assert await head_of(resources, brand_id) == len(seen)
    assert len(seen) > 40


async def test_batches_of_the_same_brands_do_not_wait_for_each_other_in_a_circle(
    resources: Resources,
) -> None:
    brands = [uuid4() for _ in range(4)]

    async def write(order: list[UUID]) -> None:
        for _ in range(10):
            async with write_transaction(resources.sessions) as session:
                for brand_id in order:
                    record(session, an_event(brand_id))

    await asyncio.wait_for(asyncio.gather(write(brands), write(brands[::-1])), 30)

    assert [await head_of(resources, brand_id) for brand_id in brands] == [20] * 4


async def test_months_are_made_ahead_once_and_lie_beside_each_other(own_database: str) -> None:
    connection = await asyncpg.connect(own_database)
    moment = datetime(2031, 11, 15, tzinfo=UTC)

    made = await ensure_partitions(connection, moment)
    again = await ensure_partitions(connection, moment)

    assert made == ["event_2031_11", "event_2031_12", "event_2032_01"]
    assert again == []
    bounds = await connection.fetchval(
        "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'event_2031_12'"
    )
    assert bounds == ("FOR VALUES FROM ('2031-12-01 00:00:00+00') TO ('2032-01-01 00:00:00+00')")
    await connection.close()


def test_a_month_starts_at_midnight_in_utc_also_across_years() -> None:
    assert month_start(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 1) == datetime(
        2027, 1, 1, tzinfo=UTC
    )

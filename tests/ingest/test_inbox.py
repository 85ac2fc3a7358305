"""The inbox: what arrives together is one insert, and nothing is answered that is not kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.core.resources import Resources
from app.ingest.inbox import (
    ROWS_PER_INSERT_MAX,
    WAITING_BYTES_MAX,
    WAITING_ROWS_MAX,
    Inbox,
    InboxClosed,
    Payload,
)
from tests.walk import fetch

SMALLINT_MAX = 2**15 - 1


def payload(number: int, *, body: bytes = b"{}", lane: int = 0) -> Payload:
    return Payload(b"%d" % number, lane, body)


@asynccontextmanager
async def inserts_held(resources: Resources) -> AsyncIterator[None]:
    """While the block runs, an insert into the inbox waits."""
    connection = await asyncpg.connect(resources.database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE inbox IN EXCLUSIVE MODE")
        yield
    await connection.close()


async def kept(resources: Resources) -> list[int]:
    """The numbers of what is committed, in order."""
    rows = await fetch(resources, "SELECT dedupe_key FROM inbox")
    return sorted(int(key) for (key,) in rows)


async def test_what_arrives_during_an_insert_is_written_by_the_next_one(
    world_resources: Resources,
) -> None:
    async with (
        Inbox(world_resources.engine) as inbox,
        asyncio.TaskGroup() as group,
        inserts_held(world_resources),
    ):
        group.create_task(inbox.keep(payload(0)))
        await asyncio.sleep(0)  # the first insert is on its way
        for number in range(1, 50):
            group.create_task(inbox.keep(payload(number % 25)))
        await asyncio.sleep(0)

    assert await kept(world_resources) == list(range(25))
    sizes = "SELECT count(*) FROM inbox GROUP BY xmin ORDER BY 1"
    assert await fetch(world_resources, sizes) == [(1,), (24,)]


async def test_one_insert_takes_a_bounded_number_of_rows(world_resources: Resources) -> None:
    async with (
        Inbox(world_resources.engine) as inbox,
        asyncio.TaskGroup() as group,
        inserts_held(world_resources),
    ):
        for number in range(ROWS_PER_INSERT_MAX + 7):
            group.create_task(inbox.keep(payload(number)))
        await asyncio.sleep(0)

    sizes = "SELECT count(*) FROM inbox GROUP BY xmin ORDER BY 1"
    assert await fetch(world_resources, sizes) == [(7,), (ROWS_PER_INSERT_MAX,)]


@pytest.mark.parametrize(
    ("count", "body"),
    [(WAITING_ROWS_MAX, b"{}"), (WAITING_BYTES_MAX // 2**20, b"x" * 2**20)],
    ids=["rows", "bytes"],
)
async def test_beyond_a_bounded_queue_payloads_are_refused_at_once(
    world_resources: Resources, count: int, body: bytes
) -> None:
    async with (
        Inbox(world_resources.engine) as inbox,
        asyncio.TaskGroup() as group,
        inserts_held(world_resources),
    ):
        group.create_task(inbox.keep(payload(0)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the writer has taken the first one
        for number in range(1, count + 1):
            group.create_task(inbox.keep(payload(number, body=body)))
        await asyncio.sleep(0)
        with pytest.raises(InboxClosed):
            await inbox.keep(payload(count + 1))

    assert await kept(world_resources) == list(range(count + 1))


async def test_an_item_that_cannot_be_written_takes_no_other_down(
    world_resources: Resources,
) -> None:
    async with Inbox(world_resources.engine) as inbox:
        async with inserts_held(world_resources):
            lanes = (0, 1, SMALLINT_MAX + 1, 2)
            keeping = [
                asyncio.create_task(inbox.keep(payload(number, lane=lane)))
                for number, lane in enumerate(lanes)
            ]
            await asyncio.sleep(0)
        ends = await asyncio.gather(*keeping, return_exceptions=True)

    assert [type(end) for end in ends] == [type(None), type(None), InboxClosed, type(None)]
    assert await kept(world_resources) == [0, 1, 3]


async def test_a_client_that_goes_away_changes_nothing_for_the_others(
    world_resources: Resources,
) -> None:
    async with Inbox(world_resources.engine) as inbox:
        async with inserts_held(world_resources):
            keeping = [asyncio.create_task(inbox.keep(payload(number))) for number in range(3)]
            await asyncio.sleep(0)
            keeping[1].cancel()
        ends = await asyncio.gather(*keeping, return_exceptions=True)

    assert [type(end) for end in ends] == [type(None), asyncio.CancelledError, type(None)]
    assert {0, 2} <= set(await kept(world_resources))


async def test_an_inbox_ends_empty_and_takes_nothing_more(world_resources: Resources) -> None:
    async with Inbox(world_resources.engine) as inbox:
        keeping = [asyncio.create_task(inbox.keep(payload(number))) for number in range(3)]
        await asyncio.sleep(0)
    await asyncio.gather(*keeping)

    with pytest.raises(InboxClosed):
        await inbox.keep(payload(3))
    assert await kept(world_resources) == [0, 1, 2]

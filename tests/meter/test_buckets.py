"""The row of a bucket: what is free and leased together never exceeds the bucket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.core.read_pool import ReadPool
from app.graphql.buckets import LEASE_SECONDS, Settled, Settlement, open_buckets, settle

MAXIMUM, RATE = 1_000, 1
"""A second adds so little that a test does not notice it."""
FRESH = Settlement(UUID(int=1), UUID(int=1), -1, 0, 0, 0, 0, 0, 0)


@pytest.fixture
async def buckets(database: str) -> AsyncIterator[ReadPool]:
    """A process's connection to the buckets."""
    async with await open_buckets(database) as found:
        yield found
    connection = await asyncpg.connect(database)
    await connection.execute("TRUNCATE cost_bucket")
    await connection.close()


@pytest.fixture
async def at_rest(database: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that sees the rows and turns their clocks."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def one(buckets: ReadPool, asked: Settlement, maximum: int = MAXIMUM) -> Settled:
    """Settle one lease."""
    settled = await settle(buckets, [asked], maximum=maximum, restore_rate=RATE)
    return settled[asked.installation_id]


async def lease(buckets: ReadPool, wanted: int, needed: int = 0) -> Settled:
    """A first lease of a process on the bucket."""
    return await one(buckets, FRESH._replace(needed=needed, wanted=wanted))


async def turn(connection: "asyncpg.Connection[asyncpg.Record]", seconds: float) -> None:
    """Let so much time go by for all buckets; below nothing: set the clock back."""
    await connection.execute(
        "UPDATE cost_bucket SET as_of = as_of - make_interval(secs => $1),"
        " epoch_began_at = epoch_began_at - make_interval(secs => $1)",
        seconds,
    )


async def told(connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[int, int, int]:
    """What the row holds: free, leased, leased before."""
    row = await connection.fetchrow("SELECT floor(free), leased, leased_before FROM cost_bucket")
    assert row is not None
    return int(row[0]), row[1], row[2]


async def test_a_bucket_that_nobody_used_is_full(buckets: ReadPool) -> None:
    assert await lease(buckets, 100) == Settled(100, 900, 0)


async def test_one_process_gets_at_most_half_unless_it_needs_more(buckets: ReadPool) -> None:
    assert (await lease(buckets, 5_000)).granted == 500
    assert (await lease(buckets, 5_000)).granted == 250
    assert (await lease(buckets, 5_000, needed=200)).granted == 200
    assert (await lease(buckets, 5_000, needed=51)).granted == 0
    assert (await lease(buckets, 5_000, needed=50)).granted == 50


async def test_what_is_given_back_is_free_for_others(buckets: ReadPool) -> None:
    first = await lease(buckets, 400)
    back = FRESH._replace(epoch=first.epoch, leased=400, returned=300)

    assert await one(buckets, back) == Settled(0, 900, first.epoch)


async def test_points_that_a_process_holds_are_not_restored(
    buckets: ReadPool, at_rest: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    held = await lease(buckets, 400)
    await turn(at_rest, LEASE_SECONDS / 2)
    again = await one(buckets, FRESH._replace(epoch=held.epoch, leased=400, kept=400))

    assert again.free == MAXIMUM - 400
    assert await told(at_rest) == (600, 400, 0)


async def test_points_that_were_spent_are_restored_by_time(
    buckets: ReadPool, at_rest: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    held = await lease(buckets, 400)
    await one(buckets, FRESH._replace(epoch=held.epoch, leased=400))
    await turn(at_rest, 5)

    assert (await lease(buckets, 0)).free == 605


async def test_a_process_that_died_keeps_its_lease_from_others_for_two_epochs_at_most(
    buckets: ReadPool, at_rest: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await lease(buckets, 400)
    await turn(at_rest, LEASE_SECONDS)
    await lease(buckets, 0)
    assert await told(at_rest) == (600, 0, 400)

    await turn(at_rest, LEASE_SECONDS)
    assert (await lease(buckets, 0)).free == 600 + LEASE_SECONDS * RATE
    await turn(at_rest, MAXIMUM)
    assert (await lease(buckets, 0)).free == MAXIMUM


async def test_a_lease_that_the_row_forgot_is_taken_anew(
    buckets: ReadPool, at_rest: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    held = await lease(buckets, 400)
    await turn(at_rest, 3 * MAXIMUM)

    late = FRESH._replace(epoch=held.epoch, leased=400, kept=300, returned=100)
    assert (await one(buckets, late)).free == MAXIMUM - 300
    assert await told(at_rest) == (700, 300, 0)


async def test_a_clock_that_is_set_back_adds_nothing_and_loses_no_lease(
    buckets: ReadPool, at_rest: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    held = await lease(buckets, 400)
    await one(buckets, FRESH._replace(epoch=held.epoch, leased=400, kept=100))
    await turn(at_rest, -86_400)

    again = await lease(buckets, 0)
    assert again.free == 600
    assert await told(at_rest) == (600, 0, 100)
    await turn(at_rest, 5)
    assert (await lease(buckets, 0)).free == 605


async def test_a_clock_that_is_set_forward_fills_a_bucket_once(
    buckets: ReadPool, at_rest: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await lease(buckets, 1_000, needed=1_000)
    await turn(at_rest, 86_400)

    assert (await lease(buckets, 0)).free == MAXIMUM
    assert (await lease(buckets, 1_000, needed=1_000)).granted == 1_000
    assert (await lease(buckets, 1, needed=1)).granted == 0


async def test_a_smaller_maximum_holds_from_the_next_settlement_on(buckets: ReadPool) -> None:
    await lease(buckets, 400)

    assert (await one(buckets, FRESH, maximum=500)).free == 100
    assert (await one(buckets, FRESH, maximum=300)).free == -100


@pytest.mark.parametrize("seed", range(3))
async def test_many_processes_at_once_hold_no_more_than_the_bucket_together(
    database: str, seed: int
) -> None:
    random = Random(seed)
    installations = [uuid4() for _ in range(3)]
    spent = dict.fromkeys(installations, 0)
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(await open_buckets(database)) for _ in range(4)
        ]
        await asyncio.gather(
            *(live(each, random.sample(installations, 3), spent, random) for each in processes)
        )

    assert all(0 < points <= MAXIMUM for points in spent.values()), (seed, spent)


async def live(
    buckets: ReadPool, installations: list[UUID], spent: dict[UUID, int], random: Random
) -> None:
    """A process that leases, spends, keeps and gives back at random, and dies amid all that."""
    leases = {each: FRESH._replace(installation_id=each) for each in installations}
    for _ in range(40):
        asked = [
            leases[each]._replace(needed=random.choice((0, 5)), wanted=random.randrange(200))
            for each in random.sample(installations, random.randrange(1, 4))
        ]
        settled = await settle(buckets, asked, maximum=MAXIMUM, restore_rate=0)
        for before in asked:
            found = settled[before.installation_id]
            held = before.kept + found.granted
            used = random.randrange(held + 1)
            spent[before.installation_id] += used
            back = random.randrange(held - used + 1)
            leases[before.installation_id] = before._replace(
                epoch=found.epoch, leased=held, kept=held - used - back, returned=back
            )

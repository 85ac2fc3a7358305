"""A world and a seed's operations; one of each for all tests of this folder that need no other."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import TypeAlias

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import WriteSession, create_write_engine
from app.core.read_pool import learn_arrays
from app.graphql.engine import Engine
from tests.databases import cloned
from tests.needs import chosen_scale
from tests.reads.generated.compare import Comparer
from tests.reads.generated.rounds import SEED, Rounds
from tests.reads.generated.world import World

STATEMENTS_KEPT = 500
"""The reference asks the same few hundred again and again."""


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this run, printed."""
    found = int(os.environ.get(SEED, 0)) or Random().randrange(1, 2**32)
    print(f"{SEED}={found} HASHCART_TEST_SCALE={chosen_scale()} repeats this run.")
    return found


RoundsOf: TypeAlias = Callable[[int], AbstractAsyncContextManager[Rounds]]


@pytest.fixture(scope="session")
def rounds_of(server_url: str, template: str, engine_of_schema: Engine) -> RoundsOf:
    """Makes a seed's operations, over the seed's world."""

    @asynccontextmanager
    async def make(seed: int) -> AsyncIterator[Rounds]:
        world = World(engine_of_schema.catalogue, Random(seed))
        async with cloned(server_url, template) as url:
            writes = create_write_engine(url, connections=1)
            async with AsyncSession(writes) as session, session.begin():
                await world.fill(WriteSession(session))
            await writes.dispose()
            connection = await asyncpg.connect(
                url,
                statement_cache_size=STATEMENTS_KEPT,
                server_settings={"default_transaction_read_only": "on", "jit": "off"},
            )
            try:
                await learn_arrays(connection)
                yield Rounds(seed, world, Comparer(engine_of_schema, connection))
            finally:
                await connection.close()

    return make


@pytest.fixture(scope="session")
async def rounds(rounds_of: RoundsOf, seed: int) -> AsyncIterator[Rounds]:
    """The operations of the run's seed."""
    async with rounds_of(seed) as rounds:
        yield rounds

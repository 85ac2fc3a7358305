"""A world in which shoppers have asked, and the retailers are still to be asked."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.carts.dispatch import Dispatcher
from app.core.resources import Resources
from app.ingest.desk import Desk
from app.ingest.lanes import Lanes
from app.retailers.registry import open_retailers


@pytest.fixture
async def desk(world_resources: Resources) -> AsyncIterator[Desk]:
    """The desk of a worker that holds all lanes."""
    lanes = Lanes(world_resources.sessions)
    await lanes.refresh()
    yield Desk(world_resources, lanes, asyncio.Event())
    await lanes.release()


@pytest.fixture
async def dispatcher(world_resources: Resources) -> AsyncIterator[Dispatcher]:
    """A dispatcher over the real sandbox, whose retries wait exactly as long as they should."""
    async with open_retailers(world_resources.database_url) as retailers:
        yield Dispatcher(world_resources, retailers, spread=lambda: 1.0)

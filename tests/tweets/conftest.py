"""A resolver that goes nowhere but to the sandbox."""

from collections.abc import AsyncIterator

import pytest

from app.core.resources import Resources
from app.retailers.registry import open_retailers
from app.tweets.resolver import Resolver
from tests.tweets.posts import Signposts


@pytest.fixture
def signposts() -> Signposts:
    """Nowhere to go yet."""
    return Signposts()


@pytest.fixture
async def resolver(world_resources: Resources, signposts: Signposts) -> AsyncIterator[Resolver]:
    """A resolver over the real sandbox; short links are those of the signposts."""
    async with open_retailers(world_resources.database_url) as retailers:
        yield Resolver(world_resources, retailers, signposts)

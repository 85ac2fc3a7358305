"""A server for these tests, and what asks it."""

from collections.abc import AsyncIterator

import pytest

from tests.http.fixtures import brand, running
from tests.http.server import Running, TestBrand
from tests.mutations.asking import Api

__all__ = ["brand", "running"]


@pytest.fixture
async def api(running: Running, brand: TestBrand) -> AsyncIterator[Api]:
    """The API, asked with the brand's token for everything."""
    async with running.client() as client:
        yield Api(client, brand.token)

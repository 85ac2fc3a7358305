"""One database for all these tests: each has installations of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import cloned
from tests.http.fixtures import brand, running

__all__ = ["brand", "running"]


@pytest.fixture(scope="session")
async def database(server_url: str, template: str) -> AsyncIterator[str]:
    """The URL of a migrated database."""
    async with cloned(server_url, template) as url:
        yield url

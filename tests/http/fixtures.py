"""One server for many tests, and a brand for each, whose log nobody else writes."""

from collections.abc import AsyncIterator

import pytest

from app.core.resources import open_resources
from app.core.settings import Settings
from tests.databases import cloned
from tests.http.server import Running, TestBrand, make_brand, serving


@pytest.fixture(scope="session")
async def running(server_url: str, template: str) -> AsyncIterator[Running]:
    """A server over a database of its own."""
    async with (
        cloned(server_url, template) as url,
        open_resources(Settings(), url) as resources,
        serving(resources) as running,
    ):
        yield running


@pytest.fixture
async def brand(running: Running) -> TestBrand:
    """A brand of this test alone."""
    return await make_brand(running.resources)

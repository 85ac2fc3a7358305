"""The page over the corpus's world, and browsers before it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from app.core.resources import Resources
from app.pages.routes import pages_router
from tests.pages.browser import ADDRESS, Browser

NewBrowser = Callable[[], Browser]


def page_over(resources: Resources) -> FastAPI:
    """An application that serves the page alone."""
    application = FastAPI()
    application.include_router(pages_router(resources))
    return application


@pytest.fixture
async def new_browser(world_resources: Resources) -> AsyncIterator[NewBrowser]:
    """Makes browsers that know nothing of each other, before the same server."""
    application = page_over(world_resources)
    async with AsyncExitStack() as stack:

        def make() -> Browser:
            transport = httpx.ASGITransport(application)
            client = httpx.AsyncClient(transport=transport, base_url=ADDRESS)
            stack.push_async_callback(client.aclose)
            return Browser(client)

        yield make


@pytest.fixture
def browser(new_browser: NewBrowser) -> Browser:
    """A browser in which nobody is signed in."""
    return new_browser()

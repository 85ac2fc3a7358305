"""The server in this process: on a port of its own, over a real database."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import httpx
import uvicorn

from app.brands.models import Brand
from app.brands.rules import NewBrand, NewTrigger
from app.brands.service import create_brand
from app.cli.access import issue_token
from app.core.resources import Resources
from app.core.viewer import Scope
from app.events.feed import run_relay
from app.events.log import write_transaction
from app.main import Server, create_server, web_config

ALL = frozenset(Scope)
_numbers = count(1)


@dataclass(frozen=True)
class TestBrand:
    """A brand of one test alone, with its log and a token for everything."""

    __test__ = False

    id: UUID
    slug: str
    token: str


@dataclass(frozen=True)
class Running:
    """A server that answers at `port` of this machine."""

    resources: Resources
    server: Server
    port: int

    @property
    def address(self) -> str:
        """The endpoint for HTTP."""
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def socket_address(self) -> str:
        """The endpoint for WebSockets."""
        return f"ws://127.0.0.1:{self.port}/graphql"

    def client(self) -> httpx.AsyncClient:
        """A client of this server, which trusts no proxy of the environment."""
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)


class Web(uvicorn.Server):
    """Leaves the signals of this process to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@asynccontextmanager
async def serving(
    resources: Resources, *, relay: bool = True, listens: bool = True
) -> AsyncIterator[Running]:
    """Serve until the block ends. Without *relay* or *listens* no hint of the log arrives."""
    server = create_server(resources)
    listener = socket.create_server(("127.0.0.1", 0))
    web = Web(web_config(server.app))
    stop = asyncio.Event()
    running = [web.serve([listener])]
    if listens:
        running.append(server.feed.run(stop))
    if relay:
        running.append(run_relay(resources.database_url, stop))
    async with server.inbox, server.meter, server.uses:
        ended = asyncio.gather(*running)
        try:
            yield Running(resources, server, listener.getsockname()[1])
        finally:
            stop.set()
            server.streams.end()
            web.should_exit = True
            await ended


async def make_brand(resources: Resources) -> TestBrand:
    """A fresh brand, and a token of it with every scope."""
    number = next(_numbers)
    new = NewBrand(
        slug=f"brand-{number}",
        name=f"Brand {number}",
        x_user_id=1_510_000_000_000_100_000 + number,
        x_handle=f"Brand{number}",
        marketplaces=["US"],
        triggers=[NewTrigger("AmazonCart", "US")],
    )
    async with write_transaction(resources.sessions) as session:
        brand = await create_brand(session, new)
        assert isinstance(brand, Brand)
    return TestBrand(brand.id, new.slug, await token_of(resources, new.slug, ALL))


async def token_of(resources: Resources, slug: str, scopes: frozenset[Scope]) -> str:
    """A token of the brand with these scopes."""
    return (await issue_token(resources.sessions, slug=slug, scopes=scopes)).token

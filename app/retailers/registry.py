"""The adapters of this deployment, by the name that a brand's marketplaces refer to."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TypeAlias

import asyncpg

from app.core.database import BY_INDEX_ONLY, CONNECT_SECONDS_MAX, nothing_to_reset
from app.retailers import amazon, sandbox
from app.retailers.adapter import Adapter
from app.retailers.states import AddMode

ADD_MODES = MappingProxyType({sandbox.NAME: AddMode.SERVER_ADD, amazon.NAME: AddMode.HANDOFF_URL})
"""How each known retailer adds; decisions need no more of it."""

SANDBOX_CONNECTIONS_MAX = 2

Retailers: TypeAlias = Mapping[str, Adapter]


@asynccontextmanager
async def open_retailers(database_url: str) -> AsyncIterator[Retailers]:
    """All adapters, with connections of their own where they need any."""
    pool = asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=SANDBOX_CONNECTIONS_MAX,
        timeout=CONNECT_SECONDS_MAX,
        reset=nothing_to_reset,
        server_settings={
            "application_name": "hashcart-sandbox",
            "timezone": "UTC",
            **BY_INDEX_ONLY,
        },
    )
    async with pool:
        yield MappingProxyType({sandbox.NAME: sandbox.Sandbox(pool), amazon.NAME: amazon.Amazon()})

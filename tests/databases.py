"""Databases for tests: clones of the migrated template."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg


def with_database(server_url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


@asynccontextmanager
async def created(server_url: str, prefix: str, options: str = "") -> AsyncIterator[str]:
    """The name of a new database, dropped at the end whoever is still connected to it."""
    name = f"{prefix}_{uuid4().hex[:12]}"
    await _run(server_url, f"CREATE DATABASE {name} {options}")
    yield name
    await _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def cloned(server_url: str, template: str) -> AsyncIterator[str]:
    """The URL of a fresh clone of *template*."""
    async with created(server_url, "test", f"TEMPLATE {template}") as name:
        yield with_database(server_url, name)


async def _run(server_url: str, statement: str) -> None:
    admin = await asyncpg.connect(server_url)
    try:
        await admin.execute(statement)
    finally:
        await admin.close()

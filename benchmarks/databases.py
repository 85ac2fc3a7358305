"""The PostgreSQL of a run, and the filled database in it that everything is measured on."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg

from app.cli.access import issue_token
from app.core import clock
from app.core.migrate import head_revision, migrate
from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.launcher import EmbeddedPostgres, remove_embedded, start_embedded
from app.core.resources import open_resources
from app.core.settings import Settings
from app.core.viewer import Scope
from app.events.partitions import ensure_partitions
from benchmarks.machine import Cores, cpu_seconds

BRANDS = {"small": 5, "full": 50}
"""By volume. Each brand has 100 products, 400 tweets, 20,000 intents and 2,000 reviews."""

BRANDS_MEASURED = 5
ROWS_MEASURED = 25
"""How many brands take turns in the requests, and how many rows of a kind are known of each."""

REAPED_SECONDS = 0.2
"""Until the CPU time of a connection that was closed is counted by the server's main process."""

FILL = Path(__file__).with_name("fill.sql")
_SOME_OF = "SELECT id FROM {table} WHERE brand_id = $1 ORDER BY id LIMIT $2"
_SHOWN = ("shoppable_tweet", "product", "cart_intent", "advocate")


@dataclass(frozen=True)
class Postgres:
    """A running embedded server of this program's own."""

    server: EmbeddedPostgres
    binaries: Binaries

    def url_for(self, database: str) -> str:
        """The address of a database."""
        return self.server.url_for(database)

    def cpu_seconds(self) -> float:
        """CPU time of the server with all its processes."""
        lines = (self.server.folder / "cluster" / "postmaster.pid").read_text().splitlines()
        return cpu_seconds(int(lines[0]))


@dataclass(frozen=True)
class BrandData:
    """A brand of the filled database, a token of it, and some of its rows."""

    id: UUID
    token: str
    tweet_ids: tuple[UUID, ...]
    product_ids: tuple[UUID, ...] = ()
    intent_ids: tuple[UUID, ...] = ()
    advocate_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Filled:
    """The filled database."""

    name: str
    url: str
    brands: tuple[BrandData, ...]


@contextmanager
def running_postgres(cores: Cores, folder: Path | None) -> Iterator[Postgres]:
    """The server, on the cores of the rest; its data is removed at the end unless it has *folder*.

    This process stays on those cores too.
    """
    os.sched_setaffinity(0, cores.rest)  # what is started from now on inherits it
    binaries = find_binaries()
    if folder is not None:
        with start_embedded(folder, binaries=binaries) as server:
            yield Postgres(server, binaries)
        return
    with TemporaryDirectory(prefix="hashcart-bench-") as temporary:
        data = Path(temporary) / "data"
        try:
            with start_embedded(data, binaries=binaries) as server:
                yield Postgres(server, binaries)
        finally:
            remove_embedded(data)


async def filled_database(postgres: Postgres, volume: str) -> Filled:
    """The filled database of *volume*; made unless an earlier run left it in the same folder."""
    digest = sha256(FILL.read_bytes()).hexdigest()[:8]
    name = f"filled_{volume}_{head_revision()}_{digest}"
    if not await _exists(postgres, name):
        await _fill(postgres, name, BRANDS[volume])
    url = postgres.url_for(name)
    return Filled(name, url, await _brands(url))


async def _fill(postgres: Postgres, name: str, brands: int) -> None:
    draft = f"{name}_draft"
    await run(postgres.url_for("postgres"), f"DROP DATABASE IF EXISTS {draft}")
    await run(postgres.url_for("postgres"), f"CREATE DATABASE {draft}")
    url = postgres.url_for(draft)
    await migrate(url)
    connection = await asyncpg.connect(url)
    try:
        await ensure_partitions(connection, clock.now())
        await connection.execute("SELECT set_config('bench.brands', $1, false)", str(brands))
        await connection.execute(FILL.read_text(encoding="utf-8"))
        await connection.execute("VACUUM (ANALYZE, FREEZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    await run(postgres.url_for("postgres"), f"ALTER DATABASE {draft} RENAME TO {name}")


async def _brands(url: str) -> tuple[BrandData, ...]:
    found = []
    async with open_resources(Settings(), url) as resources:
        brands = await resources.reads.fetch(
            "SELECT id, slug FROM brand ORDER BY id LIMIT $1", BRANDS_MEASURED
        )
        for brand_id, slug in brands:
            issued = await issue_token(resources.sessions, slug=slug, scopes=frozenset(Scope))
            ids = []
            for table in _SHOWN:
                rows = await resources.reads.fetch(
                    _SOME_OF.format(table=table), brand_id, ROWS_MEASURED
                )
                ids.append(tuple(row[0] for row in rows))
            found.append(BrandData(brand_id, issued.token, *ids))
    return tuple(found)


@asynccontextmanager
async def copied(postgres: Postgres, template: str, name: str) -> AsyncIterator[str]:
    """The address of a fresh copy of a database, dropped at the end.

    Nobody may be connected to the template meanwhile.
    """
    admin = postgres.url_for("postgres")
    await run(admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await run(admin, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield postgres.url_for(name)
    finally:
        await run(admin, f"DROP DATABASE {name} WITH (FORCE)")


async def _exists(postgres: Postgres, name: str) -> bool:
    connection = await asyncpg.connect(postgres.url_for("postgres"))
    try:
        found = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
    finally:
        await connection.close()
    return found is not None


async def run(url: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def with_query(url: str, query: str) -> str:
    """*url* with further parameters of libpq."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=f"{parts.query}&{query}"))

"""A PostgreSQL that may be killed, with the corpus's world to clone."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.cli.access import issue_token
from app.cli.seed import seed_world
from app.core import clock
from app.core.migrate import migrate
from app.core.resources import open_resources
from app.core.settings import Settings
from app.core.viewer import Scope
from app.events.partitions import ensure_partitions
from tests.conftest import CORPUS_CLOCK
from tests.databases import cloned, with_database
from tests.faults.deployment import Deployment, deployed
from tests.faults.postgres import MortalPostgres
from tests.walk import read_corpus

pytest.register_assert_rewrite("tests.faults.ledger")

WORLD = "world"
SCOPES = frozenset({Scope.EVENTS_READ, Scope.INTENTS_READ})


@dataclass(frozen=True)
class House:
    """The PostgreSQL, and each brand's token in every clone of the world."""

    postgres: MortalPostgres
    folder: Path
    tokens: dict[str, str]

    @asynccontextmanager
    async def deployment(self, name: str, people: dict[str, Any]) -> AsyncIterator[Deployment]:
        """A deployment over a fresh clone of the world, which *people* joined."""
        await self.postgres.is_up()
        folder = self.folder / name
        folder.mkdir()
        async with cloned(self.postgres.url, WORLD) as url:
            await load(url, people)
            async with deployed(url, folder, CORPUS_CLOCK) as deployment:
                yield deployment
            await self.postgres.is_up()


async def load(url: str, world: dict[str, Any], *brands: str) -> dict[str, str]:
    """Load *world* at the corpus's moment; a fresh token for each of *brands*."""
    try:
        async with open_resources(Settings(clock=CORPUS_CLOCK), url) as resources:
            await seed_world(resources.sessions, resources.keys, world)
            return {
                slug: (await issue_token(resources.sessions, slug=slug, scopes=SCOPES)).token
                for slug in brands
            }
    finally:
        clock.start_at(None)


@pytest.fixture(scope="package")
def mortal_postgres() -> Iterator[MortalPostgres]:
    """A server that tests may kill."""
    with tempfile.TemporaryDirectory(prefix="hashcart-faults-") as folder:
        postgres = MortalPostgres(Path(folder) / "data")
        try:
            yield postgres
        finally:
            postgres.remove()


@pytest.fixture(scope="package")
async def house(mortal_postgres: MortalPostgres, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The world in a database that nobody is connected to."""
    url = with_database(mortal_postgres.url, WORLD)
    admin = await asyncpg.connect(mortal_postgres.url)
    await admin.execute(f"CREATE DATABASE {WORLD}")
    await admin.close()
    await migrate(url)
    connection = await asyncpg.connect(url)
    await ensure_partitions(connection, CORPUS_CLOCK)
    await connection.close()
    world = read_corpus("world.json")
    tokens = await load(url, world, *(brand["slug"] for brand in world["brands"]))
    return House(mortal_postgres, tmp_path_factory.mktemp("faults"), tokens)

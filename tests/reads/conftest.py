"""An engine over the golden world, on the session's own connection."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import WriteSession, create_write_engine
from app.core.ids import global_id
from app.core.read_pool import learn_arrays
from app.core.viewer import Viewer
from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.schema import schema
from tests import golden_world
from tests.databases import cloned
from tests.golden_world import FJORD, PRAIRIE


class Asker:
    """Asks the engine both ways, and keeps the statements that were run."""

    def __init__(self, engine: Engine, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.engine = engine
        self.statements: list[str] = []
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        """Run one statement on the test's connection."""
        self.statements.append(sql)
        async with self._one_at_a_time:  # the reference's resolvers run beside one another
            return await self._connection.fetch(sql, *parameters)

    async def ask(
        self, query: str, viewer: Viewer, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer, compiled."""
        self.statements.clear()
        request = GraphQLRequest(query, None, variables or {})
        answer: dict[str, Any] = orjson.loads(
            await self.engine.execute(request, viewer, self.fetch)
        )
        return answer

    async def ask_reference(
        self, query: str, viewer: Viewer, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer by the reference."""
        prepared = self.engine.documents.prepare(query, None)
        answer: dict[str, Any] = orjson.loads(
            await self.engine.execute_reference(prepared, variables or {}, viewer, self.fetch)
        )
        return answer

    async def both(self, query: str, variables: dict[str, Any]) -> bytes:
        """The answer's bytes to the first brand: by one statement at most, and the reference's."""
        self.statements.clear()
        request = GraphQLRequest(query, None, variables)
        compiled = await self.engine.execute(request, FJORD.viewer(), self.fetch)
        assert len(self.statements) <= 1
        prepared = self.engine.documents.prepare(query, None)
        assert compiled == await self.engine.execute_reference(
            prepared, variables, FJORD.viewer(), self.fetch
        )
        return compiled


@pytest.fixture(scope="session")
def engine_of_schema() -> Engine:
    """The engine, checked and with the golden files' key."""
    return create_engine(schema, golden_world.CURSOR_KEY)


@pytest.fixture(scope="session")
async def golden_database(server_url: str, template: str) -> AsyncIterator[str]:
    """The URL of a database with both golden brands, for reading only."""
    async with cloned(server_url, template) as url:
        engine = create_write_engine(url, connections=1)
        async with AsyncSession(engine) as session, session.begin():
            await golden_world.fill(WriteSession(session))
        await engine.dispose()
        yield url


@pytest.fixture(scope="session")
async def golden_connection(
    golden_database: str,
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that sees both golden brands and can change neither."""
    connection = await asyncpg.connect(
        golden_database, server_settings={"default_transaction_read_only": "on", "jit": "off"}
    )
    await learn_arrays(connection)
    yield connection
    await connection.close()


@pytest.fixture
def asker(
    engine_of_schema: Engine, golden_connection: "asyncpg.Connection[asyncpg.Record]"
) -> Asker:
    """The engine over both golden brands."""
    return Asker(engine_of_schema, golden_connection)


@pytest.fixture
def node_ids(asker: Asker) -> dict[str, dict[str, str]]:
    """By brand and type: the global id of one row of each type that `node` can name."""
    types = asker.engine.catalogue.node_types
    found: dict[str, dict[str, str]] = {}
    for brand in (FJORD, PRAIRIE):
        rows = list(brand.all())
        found[brand.name] = {}
        for name, graphql_type in types.items():
            mapping = asker.engine.catalogue.mapping(graphql_type)
            assert mapping is not None
            row = next((each for each in rows if isinstance(each, mapping.model)), None)
            if row is not None:
                found[brand.name][name] = global_id(name, row.id)  # type: ignore[attr-defined]  # a node
    return found

"""Every example operation becomes the statements and the answer that stand beside it.

HASHCART_GOLDEN=write writes both anew; the diff is for reading. Mutations run in a transaction that
is rolled back; their statements are those that read the payloads.
"""

import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import FieldNode, OperationDefinitionNode, Visitor, parse, visit
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.database import create_write_engine
from app.core.migrate import data_folder
from app.events.log import write_transaction
from app.events.schema import EVENT_LOG
from app.graphql.context import EngineContext
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.reads.explain import pretty
from app.graphql.streams import compile_stream
from app.schema import schema
from tests.golden_world import FJORD
from tests.reads.conftest import Asker

FOLDER = data_folder("graphql") / "operations"

ALL = sorted(FOLDER.glob("*/*.graphql"))
MUTATIONS = [path for path in ALL if path.read_text(encoding="utf-8").startswith("mutation")]
SUBSCRIPTIONS = [path for path in ALL if "\nsubscription " in path.read_text(encoding="utf-8")]
OPERATIONS = [path for path in ALL if path not in (*MUTATIONS, *SUBSCRIPTIONS)]


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _read(operation: Path) -> tuple[str, dict[str, Any]]:
    """The document and its variables."""
    file = operation.with_suffix(".variables.json")
    variables: dict[str, Any] = orjson.loads(file.read_bytes()) if file.exists() else {}
    return operation.read_text(encoding="utf-8"), variables


def _compare(file: Path, text: str) -> None:
    if os.environ.get("HASHCART_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, "Run HASHCART_GOLDEN=write and read the diff."


def _is_compiled(engine: Engine, query: str, variables: dict[str, Any]) -> bool:
    """Whether all its root fields read tables; a function that answers one has own statements."""
    prepared = engine.documents.prepare(query, None)
    coerced = engine.documents.variables(prepared, variables)
    return engine.reads.compile(prepared, coerced).plan.complete


@pytest.mark.parametrize("operation", OPERATIONS, ids=_name)
async def test_an_example_operation_has_its_golden_statement_and_answer(
    asker: Asker, operation: Path
) -> None:
    query, variables = _read(operation)

    answer = await asker.ask(query, FJORD.viewer(), variables)

    if _is_compiled(asker.engine, query, variables):
        assert len(asker.statements) == 1
    _compare(operation.with_suffix(".sql"), "\n".join(pretty(each) for each in asker.statements))
    shown = orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n"
    _compare(operation.with_suffix(".json"), shown)
    assert answer == await asker.ask_reference(query, FJORD.viewer(), variables)


@pytest.mark.parametrize("operation", SUBSCRIPTIONS, ids=_name)
async def test_an_example_subscription_has_its_golden_statement(
    asker: Asker, operation: Path
) -> None:
    query, variables = _read(operation)
    documents = asker.engine.documents
    prepared = documents.prepare(query, None)

    coerced = documents.variables(prepared, variables)
    stream = compile_stream(asker.engine.catalogue, prepared, coerced, EVENT_LOG)

    _compare(operation.with_suffix(".sql"), pretty(stream.rows.sql))


@pytest.fixture
async def undone(golden_database: str) -> AsyncIterator[tuple[EngineContext, list[str]]]:
    """A context whose commits are undone, and the statements that it reads by."""
    engine = create_write_engine(golden_database, connections=1)
    statements: list[str] = []
    async with engine.connect() as connection:
        transaction = await connection.begin()
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        reads: asyncpg.Connection[asyncpg.Record] = raw

        async def fetch(sql: str, parameters: Any) -> Any:
            statements.append(sql)
            return await reads.fetch(sql, *parameters)

        async def nobody(token: str) -> None:
            return None

        sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        yield EngineContext(nobody, fetch, fetch, partial(write_transaction, sessions)), statements
        await transaction.rollback()
    await engine.dispose()


@pytest.mark.parametrize("operation", MUTATIONS, ids=_name)
async def test_an_example_mutation_has_its_golden_statements_and_answer(
    engine_of_schema: Engine, undone: tuple[EngineContext, list[str]], operation: Path
) -> None:
    query, variables = _read(operation)
    context, statements = undone
    request = GraphQLRequest(query, None, variables)

    answer = orjson.loads(await engine_of_schema.respond(request, FJORD.viewer(), context))

    _compare(operation.with_suffix(".sql"), "\n".join(pretty(each) for each in statements))
    shown = orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n"
    _compare(operation.with_suffix(".json"), shown)
    again = orjson.loads(await engine_of_schema.respond(request, FJORD.viewer(), context))
    assert again == answer, "Give the example an idempotencyKey."


class _RootFields(Visitor):
    """Collects the names of an operation's root fields."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        for each in node.selection_set.selections:
            if isinstance(each, FieldNode):
                self.names.add(each.name.value)


def test_every_mutation_has_an_example_operation() -> None:
    shown = _RootFields()
    for path in MUTATIONS:
        visit(parse(path.read_text(encoding="utf-8")), shown)

    root = schema._schema.mutation_type
    assert root is not None
    assert set(root.fields) - shown.names == set()


def test_every_feature_with_root_fields_has_an_example_operation() -> None:
    with_examples = {operation.parent.name for operation in OPERATIONS}

    with_roots = {
        path.parent.name
        for path in (Path(__file__).parents[2] / "app").glob("*/schema.py")
        if "root_many(" in path.read_text() or "root_one(" in path.read_text()
    }

    assert with_roots - with_examples == set()

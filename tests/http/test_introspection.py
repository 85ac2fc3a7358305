"""Questions about the schema: answered once from the schema and then from memory, and so many."""

import pytest
from graphql import get_introspection_query

from app.core.viewer import Scope
from app.graphql import introspection
from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.graphql.errors import DocumentRefused, ErrorCode, RequestRefused
from app.graphql.visible import EVERY_SCOPE
from app.schema import schema
from tests.golden_world import CURSOR_KEY, FJORD

OF = "ofType { " * 5 + "name" + " }" * 5
HUGE = f"types {{ fields {{ args {{ type {{ {OF} }} }} }} }}"
ONE_FIELD = "{ __schema { types { name } } }"


@pytest.fixture
def engine() -> Engine:
    """The engine of the product's schema, which told nothing yet."""
    return create_engine(schema, CURSOR_KEY)


async def read(sql: str, parameters: object) -> list[object]:
    """Questions about the schema read nothing."""
    raise AssertionError(sql)


async def told(engine: Engine, query: str, lacking: frozenset[Scope] = frozenset()) -> bytes:
    """The answer to those who lack these scopes."""
    return await engine.execute(GraphQLRequest(query, None, {}), FJORD.viewer(*lacking), read)


async def test_what_was_told_once_is_told_again_to_those_who_see_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = 0
    run = Engine.execute_reference

    async def counted(self: Engine, *given: object) -> bytes:
        nonlocal runs
        runs += 1
        return await run(self, *given)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(Engine, "execute_reference", counted)

    first, again = await told(engine, ONE_FIELD), await told(engine, ONE_FIELD)
    few = await told(engine, ONE_FIELD, EVERY_SCOPE - {Scope.BRAND_READ})
    few_again = await told(engine, ONE_FIELD, EVERY_SCOPE - {Scope.BRAND_READ})

    assert runs == 2
    assert first is again
    assert few is few_again
    assert b'"CartIntent"' in first
    assert b'"CartIntent"' not in few


async def test_so_many_answers_are_kept_and_none_that_is_large(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introspection, "ANSWERS_CACHED", 2)
    questions = [f'{{ __type(name: "Brand") {{ a{number}: name }} }}' for number in range(3)]
    answers = [await told(engine, question) for question in questions]

    assert await told(engine, questions[2]) is answers[2]
    assert await told(engine, questions[0]) is not answers[0]
    monkeypatch.setattr(introspection, "ANSWER_BYTES_MAX", 10)
    assert await told(engine, ONE_FIELD) is not await told(engine, ONE_FIELD)


@pytest.mark.parametrize(
    "query",
    [
        get_introspection_query(),
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        ),
        '{ __type(name: "Brand") { fields { name type { name kind ofType { name } } } } }',
    ],
    ids=["usual", "everything", "one type"],
)
async def test_what_tools_ask_for_is_answered(engine: Engine, query: str) -> None:
    assert (await told(engine, query)).startswith(b'{"data":{"__')


ALIASES = " ".join(f"a{number}: {HUGE}" for number in range(30))
BOMBS = {
    "again and again": "{ " + " ".join(f"a{n}: __schema {{ {HUGE} }}" for n in range(30)) + " }",
    "aliases within": f"{{ __schema {{ {ALIASES} }} }}",
    "fragments": (
        "{ __schema { ...A ...B } } "
        + f"fragment A on __Schema {{ {ALIASES.replace('a', 'c', 1)} }}"
        + "fragment B on __Schema { b: types { fields { args { type { name } } } } }"
    ),
    "behind a fragment": f"{{ ...Q }} fragment Q on Query {{ __schema {{ {ALIASES} }} }}",
}


@pytest.mark.parametrize("query", BOMBS.values(), ids=BOMBS)
async def test_more_of_the_schema_than_there_is_is_refused_before_anything_is_told(
    engine: Engine, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "execute_reference", read)
    with pytest.raises(RequestRefused) as refused:
        await told(engine, query)

    assert refused.value.code is ErrorCode.OPERATION_TOO_LARGE


@pytest.mark.parametrize("name", ["fields", "inputFields", "interfaces", "possibleTypes"])
async def test_types_within_types_within_types_are_refused(engine: Engine, name: str) -> None:
    below = "name"
    for _ in range(4):
        below = f"{name} {{ type {{ {below} }} }}" if "ields" in name else f"{name} {{ {below} }}"

    with pytest.raises(DocumentRefused) as refused:
        await told(engine, f"{{ __schema {{ types {{ {below} }} }} }}")

    assert refused.value.code is ErrorCode.GRAPHQL_VALIDATION_FAILED
    assert "introspection depth" in str(refused.value)

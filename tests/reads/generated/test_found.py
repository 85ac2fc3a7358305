"""Operations that were once found to be answered wrongly, and must not be again."""

import orjson
import pytest

from app.core.read_pool import create_read_pool
from app.core.viewer import Scope
from app.graphql.context import fetch_from
from app.graphql.engine import Engine, GraphQLRequest
from tests.golden_world import FJORD
from tests.reads.generated.compare import Case
from tests.reads.generated.rounds import Rounds

FOUND = {
    "an object in JSON of which nothing is selected": (
        "{ events { nodes { ... on ProductEvent { product { id @skip(if: true) } } } } }"
    ),
}


@pytest.mark.parametrize("name", FOUND)
async def test_what_was_found_is_answered_alike(rounds: Rounds, name: str) -> None:
    for brand in rounds.world.brands:
        judged = await rounds.comparer.judge(Case(FOUND[name], {}, brand.viewer(frozenset(Scope))))

        assert judged.answer is not None
        assert judged.difference is None


@pytest.mark.parametrize(
    "query",
    [
        'query ($v: ID = "x") { node(id: $v) { id } }',
        "query ($v: Boolean = true) { brand { id name @include(if: $v) } }",
        "query ($v: OrderDirection) {"
        " products(orderBy: {field: CREATED_AT, direction: $v}) { totalCount } }",
        'query ($v: ID = "x") { nodes(ids: [$v]) { ...Known } } fragment Known on Node { id }',
    ],
)
async def test_null_is_refused_where_only_a_default_makes_a_variable_fit(
    rounds: Rounds, query: str
) -> None:
    viewer = rounds.world.brands[0].viewer(frozenset(Scope))

    judged = await rounds.comparer.judge(Case(query, {"v": None}, viewer))
    refusal = await rounds.comparer.compiled(Case(query, {"v": None}, viewer))

    assert judged.answer is None
    assert judged.difference is None
    assert not isinstance(refusal, bytes)
    assert refusal.code == "BAD_USER_INPUT"
    assert "Variable '$v' must not be null" in refusal.message


async def test_a_fresh_connection_reads_arrays_inside_of_records(
    engine_of_schema: Engine, golden_database: str
) -> None:
    text = "{ shoppableTweets { nodes { links { edges { cursor } } } } products { totalCount } }"
    async with await create_read_pool(golden_database, connections=1) as pool:
        answer = await engine_of_schema.execute(
            GraphQLRequest(text, None, {}), FJORD.viewer(), fetch_from(pool)
        )

    assert orjson.loads(answer)["data"]["products"] == {"totalCount": 3}

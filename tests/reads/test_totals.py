"""`totalCount` of every connection: exact, of all pages, read only when it is asked for."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

from app.core.ids import global_id
from app.core.viewer import Scope
from app.graphql.errors import RequestRefused
from app.graphql.reads.catalogue import is_connection
from app.schema import schema
from tests.golden_world import FJORD, PRAIRIE
from tests.reads.conftest import Asker

GRAPHQL = schema._schema
assert GRAPHQL.query_type is not None
ROOT_LISTS = [
    name
    for name, field in GRAPHQL.query_type.fields.items()
    if is_connection(get_named_type(field.type))
]


async def _both(asker: Asker, query: str, variables: dict[str, Any] | None = None) -> Any:
    answer = await asker.ask(query, FJORD.viewer(), variables)
    assert len(asker.statements) == 1
    assert answer == await asker.ask_reference(query, FJORD.viewer(), variables)
    return answer["data"]


@pytest.mark.parametrize("name", ROOT_LISTS)
async def test_every_root_list_is_counted_whatever_its_page(asker: Asker, name: str) -> None:
    every = (await _both(asker, f"{{ {name}(first: 500) {{ nodes {{ __typename }} }} }}"))[name]
    query = f"{{ {name}(first: 1) {{ totalCount nodes {{ __typename }} __typename }} }}"

    found = (await _both(asker, query))[name]

    assert found["totalCount"] == len(every["nodes"]) > 0
    assert len(found["nodes"]) == 1


async def test_every_list_below_a_row_is_counted(asker: Asker) -> None:
    counted = 0
    for type_name, owner in asker.engine.catalogue.node_types.items():
        lists = [
            name
            for name, field in owner.fields.items()
            if is_connection(get_named_type(field.type))
        ]
        row = next(
            (
                each
                for each in FJORD.all()
                if each.__class__.__name__ == type_name and hasattr(each, "id")
            ),
            None,
        )
        if row is None:
            continue
        for name in lists:
            query = f"""query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{
              shown: {name}(first: 500) {{ nodes {{ __typename }} }}
              {name}(first: 1) {{ totalCount pageInfo {{ hasNextPage }} }}
              alone: {name} {{ total: totalCount }} }} }} }}"""
            variables = {"id": global_id(type_name, row.id)}
            found = (await _both(asker, query, variables))["node"]
            count = len(found["shown"]["nodes"])
            assert found[name]["totalCount"] == found["alone"]["total"] == count
            assert found[name]["pageInfo"]["hasNextPage"] == (count > 1)
            counted += 1
    assert counted >= 12


async def test_a_count_alone_reads_no_rows(asker: Asker) -> None:
    found = await _both(asker, "{ cartIntents { totalCount } }")

    assert found == {"cartIntents": {"totalCount": 4}}
    await asker.ask("{ cartIntents { totalCount } }", FJORD.viewer())
    assert asker.statements == [
        "SELECT (SELECT count(*) AS count_1 \nFROM cart_intent AS cart_intent_1 "
        "\nWHERE cart_intent_1.brand_id = $1::UUID) AS c0 \nFROM (SELECT 1) AS once"
    ]


async def test_nothing_is_counted_unless_it_is_asked(asker: Asker) -> None:
    query = """query ($count: Boolean!) {
      products { nodes { id cartIntents { totalCount @include(if: $count) nodes { id } } }
                 totalCount @include(if: $count) } }"""

    without = await _both(asker, query, {"count": False})
    await asker.ask(query, FJORD.viewer(), {"count": False})
    statement = asker.statements[0]
    await asker.ask(query, FJORD.viewer(), {"count": True})

    assert "count(" not in statement
    assert "totalCount" not in without["products"]
    assert asker.statements[0].count("count(*)") == 2


async def test_the_filter_decides_what_is_counted_and_the_page_does_not(asker: Asker) -> None:
    query = """query ($after: String, $filter: CartIntentFilter) {
      cartIntents(first: 1, after: $after, filter: $filter) {
        totalCount edges { cursor } pageInfo { hasNextPage } }
      all: cartIntents { totalCount } }"""
    asked = {"status": {"eq": "ADDED"}}

    first = await _both(asker, query, {"filter": asked})
    cursor = first["cartIntents"]["edges"][0]["cursor"]
    second = await _both(asker, query, {"filter": asked, "after": cursor})
    last = second["cartIntents"]["edges"][0]["cursor"]
    beyond = await _both(asker, query, {"filter": asked, "after": last})

    counts = [each["cartIntents"]["totalCount"] for each in (first, second, beyond)]
    assert counts == [2, 2, 2]
    assert first["all"] == {"totalCount": 4}
    assert beyond["cartIntents"]["edges"] == []


async def test_counting_takes_the_scope_of_the_list_and_counts_the_viewers_rows(
    asker: Asker,
) -> None:
    query = "{ shoppableTweets { nodes { cartIntents { totalCount } } } }"

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(query, FJORD.viewer(Scope.INTENTS_READ))
    mine = await asker.ask("{ cartIntents { totalCount } }", FJORD.viewer())
    theirs = await asker.ask(
        "query ($id: ID!) { cartIntents(filter: { tweetId: { eq: $id } }) { totalCount } }",
        FJORD.viewer(),
        {"id": global_id("ShoppableTweet", PRAIRIE.key(0x30, 1))},
    )

    assert refused.value.code == "MISSING_SCOPE"
    assert mine == {"data": {"cartIntents": {"totalCount": 4}}}
    assert theirs == {"data": {"cartIntents": {"totalCount": 0}}}


def test_every_connection_has_a_total(asker: Asker) -> None:
    connections = [
        each
        for each in GRAPHQL.type_map.values()
        if isinstance(each, GraphQLObjectType) and is_connection(each)
    ]

    assert len(connections) > 8
    assert [each.name for each in connections if "totalCount" not in each.fields] == []

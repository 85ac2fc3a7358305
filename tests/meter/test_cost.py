"""The formula: what an operation costs follows from its document and its page sizes alone."""

from typing import Any

import pytest

from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.graphql.paging import PAGE_ROWS_DEFAULT
from app.schema import schema
from tests.golden_world import CURSOR_KEY, FJORD


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The engine of the product's schema."""
    return create_engine(schema, CURSOR_KEY)


def cost(engine: Engine, query: str, **variables: Any) -> int:
    """What the operation costs."""
    return engine.cost(GraphQLRequest(query, None, variables), FJORD.viewer()).points


ADD = """mutation { addTrigger(input: {tag: "A", marketplace: "US"}) {
    ... on Trigger { id } ... on Problem { message } } }"""


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("{ __typename }", 20),
        ("{ brand { slug } }", 21),
        ("{ brand { slug name } again: brand { id } }", 22),
        ('{ shoppableTweet(id: "x") { text primaryProduct { title } } }', 22),
        ("{ cartIntents { nodes { id } } }", 20 + PAGE_ROWS_DEFAULT),
        ("{ cartIntents(first: 500) { nodes { id tweet { id } product { id } } } }", 20 + 1500),
        ("{ cartIntents(last: 10) { edges { cursor } pageInfo { hasNextPage } } }", 30),
        ("{ cartIntents { totalCount } }", 220),
        ("{ cartIntents(first: 10) { totalCount nodes { id } } }", 230),
        (
            "{ shoppableTweets(first: 20) { nodes { cartIntentCounts { count } } } }",
            20 + 20 * (1 + 20),
        ),
        (
            "{ shoppableTweets(first: 10) { nodes { links(first: 4) { nodes { id } } } } }",
            20 + 10 * (1 + 5 + 4),
        ),
        (
            "{ shoppableTweets(first: 10) { nodes { links(first: 4) { totalCount } } } }",
            20 + 10 * (1 + 20),
        ),
        ("{ cartIntentTotals { count } }", 220),
        ('{ nodes(ids: ["x", "y"]) { id } }', 22),
        ('{ node(id: "x") { id } }', 20),
        ("{ __schema { queryType { name } } }", 5_020),
        ('{ __type(name: "Brand") { name } }', 520),
        ('{ __type(name: "Brand") { name } brand { slug } }', 530),
        (ADD, 20 + 200 + 1),
        ("mutation { __typename }", 20),
        ("subscription { events { __typename } }", 20 + 200 + 1),
    ],
)
def test_the_formula(engine: Engine, query: str, points: int) -> None:
    assert cost(engine, query) == points


def test_a_page_that_a_variable_decides_costs_what_it_asks_for(engine: Engine) -> None:
    query = "query ($first: Int) { cartIntents(first: $first) { nodes { id } } }"

    assert cost(engine, query, first=7) == 27
    assert cost(engine, query, first=500) == 520
    assert cost(engine, query) == cost(engine, query, first=None) == 70


def test_what_is_left_out_by_a_variable_costs_nothing(engine: Engine) -> None:
    query = "query ($deep: Boolean!) { brand { slug triggers @include(if: $deep) { nodes {id} } } }"

    assert cost(engine, query, deep=False) == 21
    assert cost(engine, query, deep=True) == 21 + 5 + PAGE_ROWS_DEFAULT


def test_fragments_and_aliases_cost_what_they_come_to(engine: Engine) -> None:
    spread = "{ ...F ...F } fragment F on Query { cartIntents(first: 5) { nodes { id } } }"
    aliased = "{ a: cartIntents(first: 5) { nodes { id } } b: cartIntents(first: 5) { nodes {id} }}"

    assert cost(engine, spread) == 25
    assert cost(engine, aliased) == 30


def test_the_parts_of_a_cost_name_their_places_and_add_up(engine: Engine) -> None:
    query = (
        "{ brand { slug } shoppableTweets(first: 10) { nodes { id "
        "links(first: 4) { nodes { id } } cartIntentCounts { count } } } }"
    )

    told = engine.cost(GraphQLRequest(query, None, {}), FJORD.viewer())

    assert [(".".join(part.path), part.points) for part in told.parts] == [
        ("", 20),
        ("brand", 1),
        ("shoppableTweets", 10),
        ("shoppableTweets.nodes.links", 90),
        ("shoppableTweets.nodes.cartIntentCounts", 200),
    ]
    assert told.points == 321

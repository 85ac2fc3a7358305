"""Every filter and order that a list offers goes by an index: no large table is read whole.

EXPLAIN shows the generic plan, which is what the pool for reads runs.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import WriteSession, create_write_engine
from app.core.ids import global_id
from app.graphql.engine import Engine
from app.graphql.reads.binding import Many
from app.graphql.reads.catalogue import Catalogue
from app.schema import schema
from tests import golden_world
from tests.databases import cloned
from tests.reads.large_tables import LARGE, fill_large

CATALOGUE = Catalogue(schema._schema)
PARENTS = {
    "Query": "{}",
    "Product": "products(first: 20) {{ nodes {{ {} }} }}",
    "ShoppableTweet": "shoppableTweets(first: 20) {{ nodes {{ {} }} }}",
    "Shopper": "shoppers(first: 20) {{ nodes {{ {} }} }}",
    "Advocate": "advocates(first: 20) {{ nodes {{ {} }} }}",
    "Brand": "brand {{ {} }}",
    "Viewer": "viewer {{ {} }}",
    "Installation": "viewer {{ installation {{ {} }} }}",
}
"""How a list's owner is reached."""
PAGES = ({"first": 5}, {"last": 5}, {"first": 5, "after": "x"}, {"last": 5, "before": "x"})
MOMENT = "2026-11-20T12:00:00Z"
SAMPLES: Mapping[str, Any] = {
    "ID": "x",
    "String": "x",
    "Int": 1,
    "Boolean": True,
    "XID": "1",
    "DateTime": MOMENT,
}


@dataclass(frozen=True)
class ListField:
    """A list of the schema."""

    owner: str
    name: str
    target: GraphQLObjectType | GraphQLInterfaceType

    def __str__(self) -> str:
        """Its place in the schema."""
        return f"{self.owner}.{self.name}"

    def input(self, suffix: str) -> GraphQLInputObjectType:
        """The input type of its filter or order."""
        found = schema._schema.type_map[f"{self.target.name}{suffix}"]
        assert isinstance(found, GraphQLInputObjectType)
        return found

    def query(self) -> str:
        """An operation that shows all plain fields of what is listed, as the variables ask."""
        shown = " ".join(
            name
            for name, field in self.target.fields.items()
            if is_leaf_type(get_named_type(field.type))
        )
        listed = (
            f"{self.name}(filter: $filter, orderBy: $order, first: $first, after: $after, "
            f"last: $last, before: $before) {{ nodes {{ {shown} }} }}"
        )
        return (
            f"query ($filter: {self.target.name}Filter, $order: {self.target.name}Order, "
            "$first: Int, $after: String, $last: Int, $before: String) "
            f"{{ {PARENTS[self.owner].format(listed)} }}"
        )

    def orders(self) -> Iterator[dict[str, str]]:
        """Every order, both ways."""
        fields = get_named_type(self.input("Order").fields["field"].type)
        assert isinstance(fields, GraphQLEnumType)
        for name in fields.values:
            for direction in ("ASC", "DESC"):
                yield {"field": name, "direction": direction}

    def filters(self) -> Iterator[dict[str, Any]]:
        """Every member with every operator; below a parent, which finds the rows, with one."""
        for name, member in self.input("Filter").fields.items():
            comparison = get_named_type(member.type)
            if comparison is self.input("Filter"):
                continue
            assert isinstance(comparison, GraphQLInputObjectType)
            for operator, field in comparison.fields.items():
                yield {name: {operator: _sample(field.type)}}
                if self.owner != "Query":
                    break


def _sample(kind: GraphQLInputType) -> Any:
    named = get_named_type(kind)
    value = next(iter(named.values)) if isinstance(named, GraphQLEnumType) else SAMPLES[named.name]
    return [value] if isinstance(get_nullable_type(kind), GraphQLList) else value


def _lists() -> Iterator[ListField]:
    for owner in schema._schema.type_map.values():
        if not isinstance(owner, GraphQLObjectType) or owner.name.startswith("__"):
            continue
        for name, field in owner.fields.items():
            if isinstance(CATALOGUE.binding(field), Many):
                connection = get_named_type(field.type)
                assert isinstance(connection, GraphQLObjectType)
                target = get_named_type(connection.fields["nodes"].type)
                assert isinstance(target, GraphQLObjectType | GraphQLInterfaceType)
                yield ListField(owner.name, name, target)


LISTS = list(_lists())


@pytest.fixture(scope="module")
async def connection(
    server_url: str, template: str
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection to large tables, with the settings of the pool for reads."""
    async with cloned(server_url, template) as url:
        engine = create_write_engine(url, connections=1)
        async with AsyncSession(engine) as session, session.begin():
            await golden_world.fill(WriteSession(session))
        await engine.dispose()
        settings = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
        opened = await asyncpg.connect(url, server_settings=settings)
        await fill_large(opened)
        yield opened
        await opened.close()


@pytest.fixture
def explain(
    engine_of_schema: Engine, connection: "asyncpg.Connection[asyncpg.Record]"
) -> "Explain":
    """Explains operations over the large tables."""
    return Explain(engine_of_schema, connection)


@dataclass(frozen=True)
class Explain:
    """PostgreSQL's plan of an operation."""

    engine: Engine
    connection: "asyncpg.Connection[asyncpg.Record]"

    async def __call__(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The nodes of the generic plan."""
        prepared = self.engine.documents.prepare(query, None)
        coerced = self.engine.documents.variables(prepared, variables)
        statement = self.engine.reads.compile(prepared, coerced).statement
        assert statement is not None
        values = ", ".join(["NULL"] * len(statement.names))
        await self.connection.execute(f"PREPARE explained AS {statement.sql}")
        found = await self.connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE explained({values})")
        await self.connection.execute("DEALLOCATE explained")
        return list(_nodes(orjson.loads(found)[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _read_whole(nodes: list[dict[str, Any]]) -> list[str]:
    """The tables that a plan reads sequentially; those of large partitions too."""
    return [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]


async def test_the_tables_are_large(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    mappings = [CATALOGUE.mapping(each.target) for each in LISTS]
    tables = {each.model.__tablename__ for each in mappings if each is not None}

    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relname = ANY($1) AND reltuples >= $2",
        list(tables),
        LARGE,
    )

    assert {row["relname"] for row in rows} == tables


@pytest.mark.parametrize("listed", LISTS, ids=str)
async def test_every_filter_of_a_list_goes_by_an_index(listed: ListField, explain: Explain) -> None:
    query = listed.query()

    whole = [
        (asked, tables)
        for asked in listed.filters()
        if (tables := _read_whole(await explain(query, filter=asked, first=5)))
    ]

    assert whole == []


@pytest.mark.parametrize("listed", LISTS, ids=str)
async def test_every_order_of_a_list_goes_by_an_index_both_ways(
    listed: ListField, explain: Explain
) -> None:
    query = listed.query()

    for order in listed.orders():
        for page in PAGES:
            nodes = await explain(query, order=order, **page)

            assert _read_whole(nodes) == [], (order, page)
            if listed.owner == "Query":
                assert [node for node in nodes if node["Node Type"] == "Sort"] == [], (order, page)
            else:
                assert _found_by_parent(nodes, listed), (order, page)


def _found_by_parent(nodes: list[dict[str, Any]], listed: ListField) -> bool:
    """Whether the list is sought by its parent's key, and not among all that the brand has."""
    owner = CATALOGUE.mapping(schema._schema.type_map[listed.owner])
    assert owner is not None
    key = re.compile(rf"= {owner.model.__tablename__}_\d+\.(?!brand_id)\w+")
    return any(key.search(node.get("Index Cond", "")) for node in nodes)


SOUGHT = [
    ("cartIntents", {"tweetId": {"eq": "x"}}, "ix_cart_intent_brand_id_tweet_id_received_at_id"),
    (
        "cartIntents",
        {"shopperId": {"eq": "x"}},
        "ix_cart_intent_brand_id_shopper_id_received_at_id",
    ),
    (
        "cartIntents",
        {"productId": {"eq": "x"}},
        "ix_cart_intent_brand_id_product_id_received_at_id",
    ),
    ("cartIntents", {"status": {"eq": "ADDED"}}, "ix_cart_intent_brand_id_received_at_id"),
    ("cartIntents", {"receivedAt": {"gte": MOMENT}}, "ix_cart_intent_brand_id_received_at_id"),
    ("engagements", {"tweetId": {"eq": "x"}}, "ix_engagement_brand_id_tweet_id_occurred_at_id"),
    ("engagements", {"xid": {"in": ["1", "2"]}}, "uq_engagement_brand_id_xid"),
    ("engagements", {"misuseReason": {"in": ["NO_LINK"]}}, "ix_engagement_misuse"),
    ("engagements", {"misuseReason": {"isNull": False}}, "ix_engagement_misuse"),
    ("shoppableTweets", {"campaign": {"eq": "x"}}, "ix_shoppable_tweet_campaign"),
    ("shoppableTweets", {"rootXid": {"eq": "1"}}, "uq_shoppable_tweet_brand_id_root_xid"),
    (
        "shoppableTweets",
        {"primaryProductId": {"eq": "x"}},
        "ix_shoppable_tweet_brand_id_primary_product_id",
    ),
    ("advocates", {"shopperId": {"eq": "x"}}, "uq_advocate_brand_id_shopper_id"),
    (
        "advocateReviews",
        {"status": {"eq": "FLAGGED"}},
        "ix_advocate_review_brand_id_status_submitted_at_id",
    ),
    (
        "advocateReviews",
        {"advocateId": {"eq": "x"}},
        "ix_advocate_review_brand_id_advocate_id_submitted_at_id",
    ),
]


@pytest.mark.parametrize(("name", "asked", "index"), SOUGHT, ids=str)
async def test_what_has_an_index_of_its_own_is_sought_by_it(
    explain: Explain, name: str, asked: dict[str, Any], index: str
) -> None:
    listed = next(each for each in LISTS if each.owner == "Query" and each.name == name)

    nodes = await explain(listed.query(), filter=asked, first=5)

    assert index in [node.get("Index Name") for node in nodes]


BY_TWEET = "ix_cart_intent_brand_id_tweet_id_received_at_id"
BY_TIME = "ix_cart_intent_brand_id_received_at_id"
NUMBERS = [
    ("{ shoppableTweets(first: 20) { nodes { cartIntentCounts { status count } } } }", BY_TWEET),
    (
        "{ products(first: 20) { nodes { cartIntentCounts { status count } } } }",
        "ix_cart_intent_brand_id_product_id_received_at_id",
    ),
    (
        "{ shoppers(first: 20) { nodes { cartIntentCounts { status count } } } }",
        "ix_cart_intent_brand_id_shopper_id_received_at_id",
    ),
    ("{ shoppableTweets(first: 20) { nodes { cartIntents { totalCount } } } }", BY_TWEET),
    (
        '{ cartIntentTotals(by: [STATUS], filter: { tweetId: { eq: "x" } }) '
        "{ status count offered { amountMinor } } }",
        BY_TWEET,
    ),
    (
        f'{{ cartIntentTotals(by: [DAY], filter: {{ receivedAt: {{ gte: "{MOMENT}" }} }}) '
        "{ day quantity } }",
        BY_TIME,
    ),
    (
        f'{{ cartIntents(filter: {{ receivedAt: {{ gte: "{MOMENT}" }} }}) {{ totalCount }} }}',
        BY_TIME,
    ),
    (
        "{ engagementTotals(by: [MISUSE_REASON], filter: { misuseReason: { isNull: false } }) "
        "{ misuseReason count } }",
        "ix_engagement_misuse",
    ),
    ("{ cartIntentTotals(by: [TWEET], first: 10) { count tweet { text } } }", "pk_shoppable_tweet"),
    ('{ nodes(ids: ["%s"]) { ... on CartIntent { status } } }', "pk_cart_intent"),
]


@pytest.mark.parametrize(("query", "index"), NUMBERS)
async def test_counts_sums_and_nodes_go_by_an_index(
    explain: Explain, query: str, index: str
) -> None:
    if "%s" in query:
        query %= global_id("CartIntent", golden_world.FJORD.key(0x60))

    nodes = await explain(query)

    assert _read_whole(nodes) == []
    assert index in [node.get("Index Name") for node in nodes]

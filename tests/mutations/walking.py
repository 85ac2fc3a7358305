"""Every mutation of the schema with an input that is good for the golden brands."""

from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg
import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)
from sqlalchemy import text

from app.core.database import WriteSession
from app.core.ids import global_id
from app.core.resources import Resources
from app.events.log import write_transaction
from app.graphql.context import EngineContext, fetch_from
from app.graphql.engine import Engine, GraphQLRequest, create_engine
from app.schema import schema
from tests import golden_world
from tests.golden_world import GoldenBrand
from tests.reads.selections import everything_of

GRAPHQL = schema._schema
assert GRAPHQL.mutation_type is not None
MUTATIONS = GRAPHQL.mutation_type.fields

TYPES_OF_IDS = {
    "triggerId": "Trigger",
    "tweetId": "ShoppableTweet",
    "productId": "Product",
    "primaryProductId": "Product",
    "parentId": "Product",
    "cartIntentId": "CartIntent",
}
"""What the ids in inputs name, by the fields' names."""

TEXTS = {
    "tag": "Harmless",
    "marketplace": "US",
    "retailer": "sandbox",
    "affiliateTag": "harmless-20",
    "retailerProductId": "B0HARMLESS",
    "title": "Harmless",
    "description": "Harmless",
    "imageUrl": "https://example.com/harmless.png",
    "text": "Harmless",
    "campaign": "harmless",
    "urls": "https://www.amazon.com/dp/B0HARMLESS",
    "currency": "USD",
    "name": "size",
    "values": "38",
}
"""A good value for each text in inputs, by the fields' names."""


LEFT_OUT = frozenset({"idempotencyKey", "authorXid"})
"""A key would be remembered; a post's text is refused beside another author."""


def given_of(input_type: GraphQLInputObjectType, ids: Mapping[str, str]) -> dict[str, Any]:
    """A good input with every field, whose ids are *ids* by type."""
    return {
        name: _value(name, field.type, ids)
        for name, field in input_type.fields.items()
        if name not in LEFT_OUT
    }


def _value(name: str, given_type: GraphQLInputType, ids: Mapping[str, str]) -> Any:
    if isinstance(given_type, GraphQLNonNull):
        return _value(name, given_type.of_type, ids)
    if isinstance(given_type, GraphQLList):
        return [_value(name, given_type.of_type, ids)]
    if isinstance(given_type, GraphQLInputObjectType):
        return given_of(given_type, ids)
    if isinstance(given_type, GraphQLEnumType):
        return next(iter(given_type.values))
    leaves: dict[str, Any] = {"Boolean": True, "Int": 1, "XID": "2122978114236649777"}
    kind = get_named_type(given_type).name
    if kind == "ID":
        return ids[TYPES_OF_IDS[name]]
    return leaves[kind] if kind in leaves else TEXTS[name]


def ids_below(input_type: GraphQLInputObjectType) -> Iterator[str]:
    """The members of an input that are ids."""
    for name, field in input_type.fields.items():
        if get_named_type(field.type).name == "ID":
            yield name


def input_of(name: str) -> GraphQLInputObjectType:
    """What a mutation takes."""
    found = get_named_type(MUTATIONS[name].args["input"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def ids_of(brand: GoldenBrand) -> dict[str, str]:
    """One row of each type that inputs name."""
    kinds = {"Trigger": 0x0D, "ShoppableTweet": 0x30, "Product": 0x20, "CartIntent": 0x60}
    # The second tweet has a primary product, the second intent waits for a choice.
    return {name: global_id(name, brand.key(kind, 1)) for name, kind in kinds.items()}


WAIT_FOR_A_CHOICE = """
UPDATE cart_intent SET status = 'AWAITING_CHOICE', product_id = NULL
WHERE status = 'AWAITING_LINK'
"""


class Writer:
    """Sends mutations as one of the golden brands, over a database of the test's own."""

    def __init__(self, engine: Engine, resources: Resources) -> None:
        self._engine = engine
        self._resources = resources

    async def send(self, name: str, given: dict[str, Any], brand: GoldenBrand) -> Any:
        """What came of it: everything that can be selected of it."""
        union = get_named_type(MUTATIONS[name].type)
        input_name = input_of(name).name
        query = (
            f"mutation ($input: {input_name}!) "
            f"{{ {name}(input: $input) {everything_of(GRAPHQL, union, 0)} }}"
        )
        fetch = fetch_from(self._resources.primary_reads)
        context = EngineContext(
            _nobody, fetch, fetch, lambda: write_transaction(self._resources.sessions)
        )
        request = GraphQLRequest(query, None, {"input": given})
        answer = orjson.loads(await self._engine.respond(request, brand.viewer(), context))
        return answer["data"][name]

    async def tables(self) -> dict[str, list[str]]:
        """Every row of every table, as text."""
        connection = await asyncpg.connect(self._resources.database_url)
        try:
            names = await connection.fetch(
                "SELECT c.relname AS name FROM pg_class AS c WHERE c.relkind IN ('r', 'p') "
                "AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition ORDER BY 1"
            )
            return {
                each["name"]: [
                    row["shown"]
                    for row in await connection.fetch(
                        f'SELECT t::text AS shown FROM "{each["name"]}" AS t ORDER BY 1'
                    )
                ]
                for each in names
            }
        finally:
            await connection.close()


async def _nobody(token: str) -> None:
    return None


async def golden_writer(resources: Resources) -> Writer:
    """Writes as the golden brands, in a world of the test's own."""
    async with resources.sessions() as session, session.begin():
        await golden_world.fill(WriteSession(session))
        await session.execute(text(WAIT_FOR_A_CHOICE))
    return Writer(create_engine(schema, golden_world.CURSOR_KEY), resources)


def difference(
    before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """By table: the rows that were there only before or only after."""
    changed = {name: set(before[name]) ^ set(after[name]) for name in before}
    return {name: sorted(rows) for name, rows in changed.items() if rows}

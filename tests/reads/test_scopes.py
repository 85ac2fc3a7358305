"""Scopes: of types and of fields, told in the descriptions, and named when one is missing."""

import re
from collections.abc import Iterator

import pytest
import strawberry
from graphql import GraphQLField, GraphQLObjectType, get_named_type

from app.core.ids import global_id
from app.core.viewer import Scope, Viewer
from app.graphql.engine import Engine, create_engine
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.binding import (
    column,
    document,
    embedded,
    identity,
    many,
    maps,
    one,
    root_many,
    root_one,
)
from app.graphql.reads.catalogue import is_connection
from app.graphql.reads.orders import order_by
from app.graphql.reads.told_scopes import tell_scopes
from app.products.access import visible_products
from app.products.models import Product as ProductRow
from app.schema import schema
from tests.golden_world import APP_ID, FJORD
from tests.reads.conftest import Asker
from tests.reads.selections import takes_nothing

GRAPHQL = schema._schema
assert GRAPHQL.query_type is not None
QUERY = GRAPHQL.query_type.fields


def _told(described: str | None) -> frozenset[Scope]:
    """The scopes that a description names at its end."""
    found = re.search(r"Takes the scopes? ((?:`[a-z:]+`(?: and )?)+)\.$", described or "")
    return frozenset(Scope(each) for each in re.findall("`(.+?)`", found[1] if found else ""))


def _with(scopes: frozenset[Scope]) -> Viewer:
    return FJORD.viewer(*(frozenset(Scope) - scopes))


def _least(field: GraphQLField) -> str:
    """The least selection below a field, which reads nothing but the field itself."""
    target = get_named_type(field.type)
    if isinstance(target, GraphQLObjectType) and is_connection(target):
        return "{ nodes { __typename } }"
    return "{ __typename }" if hasattr(target, "fields") or hasattr(target, "types") else ""


def _fields_below_rows() -> Iterator[tuple[str, str]]:
    for named in GRAPHQL.type_map.values():
        if isinstance(named, GraphQLObjectType) and any(
            each.name == "Node" for each in named.interfaces
        ):
            for name, field in named.fields.items():
                if takes_nothing(field):
                    yield named.name, name


async def _runs_with_these_alone(
    asker: Asker, query: str, told: frozenset[Scope], asked: dict[str, str], ends: str
) -> None:
    """An operation runs with the scopes told, and without any one of them names it and a field."""
    answer = await asker.ask(query, _with(told), asked)
    assert "errors" not in answer
    for scope in told:
        for ask in (asker.ask, asker.ask_reference):
            asker.statements.clear()
            with pytest.raises(RequestRefused) as refused:
                await ask(query, _with(told - {scope}), asked)
            assert refused.value.code is ErrorCode.MISSING_SCOPE
            assert f"takes the scope `{scope.value}`" in refused.value.message
            assert refused.value.path is not None
            assert refused.value.path[-1] in (ends, "node")


@pytest.mark.parametrize("name", [name for name, field in QUERY.items() if takes_nothing(field)])
async def test_a_root_field_takes_the_scopes_that_its_description_tells_and_no_other(
    asker: Asker, name: str
) -> None:
    field = QUERY[name]

    query = f"{{ {name} {_least(field)} }}"

    await _runs_with_these_alone(asker, query, _told(field.description), {}, name)


@pytest.mark.parametrize(("owner", "name"), list(_fields_below_rows()))
async def test_a_field_takes_the_scopes_that_its_type_and_itself_tell_and_no_other(
    asker: Asker, node_ids: dict[str, dict[str, str]], owner: str, name: str
) -> None:
    named = GRAPHQL.type_map[owner]
    assert isinstance(named, GraphQLObjectType)
    field = named.fields[name]
    told = _told(named.description) | _told(field.description)
    key = node_ids["fjord"].get(owner, global_id(owner, APP_ID))
    shown = f"... on {owner} {{ {name} {_least(field)} }}"
    query = f"query ($id: ID!) {{ node(id: $id) {{ {shown} }} }}"

    await _runs_with_these_alone(asker, query, told, {"id": key}, name)


def test_every_mapped_type_tells_its_scope(asker: Asker) -> None:
    silent = [
        named.name
        for named in GRAPHQL.type_map.values()
        if (mapping := asker.engine.catalogue.mapping(named)) is not None
        and _told(named.description) != ({mapping.scope} if mapping.scope else set())
    ]

    assert silent == []


@pytest.mark.parametrize("kind", ["mutation_type", "subscription_type"])
def test_every_mutation_and_subscription_tells_the_scope_it_takes(kind: str) -> None:
    root = getattr(GRAPHQL, kind)

    assert [name for name, field in root.fields.items() if not _told(field.description)] == []


@strawberry.type
class Price:
    amount_minor: int


@strawberry.type
class Option:
    name: str


BY_AGE = (order_by("created_at", "When it became known."),)


@maps(ProductRow, visible=visible_products, scope=Scope.TWEETS_READ, orders=BY_AGE)
@strawberry.type
class Other(Node):
    id: strawberry.ID = identity()


@maps(ProductRow, visible=visible_products, scope=None, orders=BY_AGE)
@strawberry.type
class Secretive(Node):
    """A type that takes no scope, and whose fields take one each."""

    id: strawberry.ID = identity()
    title: str = column("Its title.")
    page: str = column("Its page.", "canonical_url", scope=Scope.BRAND_READ)
    price: Price | None = embedded(
        "Its price.",
        absent="price_amount_minor",
        amount_minor="price_amount_minor",
        scope=Scope.REVIEWS_READ,
    )
    options: list[Option] = document("Its options.", "options", scope=Scope.ADVOCATES_READ)
    alike: Connection[Other] = many(
        "Others of the brand.",
        lambda mine, other: mine.brand_id == other.brand_id,
        scope=Scope.INTENTS_READ,
    )
    itself: Other | None = one(
        "Itself.", lambda mine, other: mine.id == other.id, scope=Scope.BRAND_WRITE
    )


@strawberry.type
class SecretiveQuery:
    product: Secretive | None = root_one("A product.")
    products: Connection[Secretive] = root_many("All products.", scope=Scope.EVENTS_READ)


@pytest.fixture(scope="module")
def secretive() -> Engine:
    """The engine of a schema whose fields take scopes of their own."""
    made = strawberry.Schema(query=SecretiveQuery)
    tell_scopes(made._schema)
    return create_engine(made, b"some key for cursors")


SECRETS = [
    ("page", "product(id: $id) { page }", [Scope.BRAND_READ]),
    ("price", "product(id: $id) { price { amountMinor } }", [Scope.REVIEWS_READ]),
    ("options", "product(id: $id) { options { name } }", [Scope.ADVOCATES_READ]),
    ("itself", "product(id: $id) { itself { id } }", [Scope.BRAND_WRITE, Scope.TWEETS_READ]),
    ("alike", "product(id: $id) { alike { totalCount } }", [Scope.INTENTS_READ, Scope.TWEETS_READ]),
    ("products", "products { totalCount }", [Scope.EVENTS_READ]),
]


@pytest.mark.parametrize(("name", "selection", "scopes"), SECRETS)
async def test_a_field_may_take_a_scope_of_its_own_beside_its_types(
    secretive: Engine, asker: Asker, name: str, selection: str, scopes: list[Scope]
) -> None:
    below = secretive.schema.type_map["Secretive"]
    root = secretive.schema.query_type
    assert isinstance(below, GraphQLObjectType)
    assert root is not None
    field = below.fields[name] if name in below.fields else root.fields["products"]
    own = Asker(secretive, asker._connection)
    query = f"query ($id: ID!) {{ {selection} product(id: $id) {{ title }} }}"
    variables = {"id": global_id("Secretive", FJORD.key(0x20))}

    answer = await own.ask(query, _with(frozenset(scopes)), variables)

    assert "errors" not in answer
    assert answer["data"]["product"]["title"] == "fjord product 0 ✓"
    assert _told(field.description) == set(scopes)
    for scope in scopes:
        for ask in (own.ask, own.ask_reference):
            with pytest.raises(RequestRefused) as refused:
                await ask(query, _with(frozenset(scopes) - {scope}), variables)
            assert refused.value.code is ErrorCode.MISSING_SCOPE
            assert f"{name}` takes the scope `{scope.value}`" in refused.value.message

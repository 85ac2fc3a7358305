"""What a token may not see is not there: in introspection, in errors, for tools that guess."""

import re
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    print_schema,
    validate_schema,
)

from app.core.viewer import Scope
from app.graphql import visible
from app.graphql.engine import Engine, create_engine
from app.graphql.errors import DocumentRefused
from app.graphql.reads.catalogue import Catalogue
from app.graphql.visible import EVERY_SCOPE, VisibleSchemas, visible_schema
from app.schema import schema
from tests.golden_world import CURSOR_KEY
from tests.http.requests import asking, post, told
from tests.http.server import Running, TestBrand, token_of

WHOLE = schema._schema
CATALOGUE = Catalogue(WHOLE)
TAKES = re.compile(r"Takes the scopes? ((?:`[a-z:]+`(?: and )?)+)\.$")
FEW = frozenset({Scope.BRAND_READ, Scope.BRAND_WRITE})


def scope_sets() -> Iterator[frozenset[Scope]]:
    """None, each alone, each left out, and some at random."""
    yield frozenset()
    yield EVERY_SCOPE
    for scope in Scope:
        yield frozenset({scope})
        yield EVERY_SCOPE - {scope}
    random = Random(7)
    for _ in range(10):
        yield frozenset(scope for scope in Scope if random.random() < 0.5)


def taken(described: str | None) -> frozenset[Scope]:
    """The scopes that a description names at its end."""
    found = TAKES.search(described or "")
    return frozenset(Scope(each) for each in re.findall("`(.+?)`", found[1] if found else ""))


def fields(shown: GraphQLSchema) -> Iterator[tuple[str, str, frozenset[Scope]]]:
    """Every field of objects and interfaces, with the scopes it takes together with its type."""
    for named in shown.type_map.values():
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            if named.name.startswith("__"):
                continue
            for name, field in named.fields.items():
                yield named.name, name, taken(named.description) | taken(field.description)


@pytest.mark.parametrize("scopes", list(scope_sets()), ids=lambda scopes: "+".join(sorted(scopes)))
def test_what_takes_a_scope_is_shown_to_those_who_hold_it_and_to_no_one_else(
    scopes: frozenset[Scope],
) -> None:
    shown = visible_schema(CATALOGUE, scopes)

    assert validate_schema(shown) == []
    assert [field for field in fields(shown) if not field[2] <= scopes] == []
    kept = {(owner, name) for owner, name, _ in fields(shown)}
    types = {owner for owner, _ in kept}
    lost = [
        (owner, name)
        for owner, name, needed in fields(WHOLE)
        if needed <= scopes and owner in types and (owner, name) not in kept
    ]
    assert lost == []


def test_who_may_see_all_sees_the_whole_schema() -> None:
    assert VisibleSchemas(CATALOGUE, suggests=False).of(EVERY_SCOPE) is WHOLE
    assert print_schema(visible_schema(CATALOGUE, EVERY_SCOPE)) == print_schema(WHOLE)


def test_parts_of_the_schema_are_kept_and_so_many_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visible, "SCHEMAS_CACHED", 2)
    parts = VisibleSchemas(CATALOGUE, suggests=False)
    one, two, three = (frozenset({scope}) for scope in list(Scope)[:3])

    kept = parts.of(one)
    parts.of(two)
    assert parts.of(one) is kept
    parts.of(three)

    assert list(parts._known) == [one, three]


@pytest.fixture
async def client(running: Running, brand: TestBrand) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a token that may see little."""
    token = await token_of(running.resources, brand.slug, FEW)
    async with asking(running, token) as client:
        yield client


async def test_introspection_shows_what_the_token_may_see(client: httpx.AsyncClient) -> None:
    answer = told(await post(client, {"query": get_introspection_query()}))

    shown = build_client_schema(answer["data"])
    assert {name for name in shown.type_map if not name.startswith("__")} == {
        name for name in visible_schema(CATALOGUE, FEW).type_map if not name.startswith("__")
    }
    assert "CartIntent" not in shown.type_map
    assert shown.query_type is not None
    assert "cartIntents" not in shown.query_type.fields
    assert shown.subscription_type is None


async def test_introspection_beside_data_shows_no_more(
    client: httpx.AsyncClient, brand: TestBrand
) -> None:
    query = """{
      brand { slug __typename }
      hidden: __type(name: "CartIntent") { name }
      shown: __type(name: "Brand") { name }
      node: __type(name: "Node") { possibleTypes { name } }
      ...More
    }
    fragment More on Query { __schema { subscriptionType { name } mutationType { name } } }"""

    data = told(await post(client, {"query": query}))["data"]

    assert data["brand"] == {"slug": brand.slug, "__typename": "Brand"}
    assert (data["hidden"], data["shown"]) == (None, {"name": "Brand"})
    possible = {each["name"] for each in data["node"]["possibleTypes"]}
    assert "Brand" in possible
    assert "CartIntent" not in possible
    assert data["__schema"] == {"subscriptionType": None, "mutationType": {"name": "Mutation"}}


async def test_nobody_is_shown_anything_without_a_token(running: Running) -> None:
    async with asking(running, "hc_at_none") as client:
        answer = await post(client, {"query": get_introspection_query()})

    assert answer.status_code == 401
    assert "data" not in answer.json()


INTENTS = (
    "Cannot query field 'cartIntents' on type 'Query': it takes the scope `intents:read`, which "
    "this token lacks. Ask the brand to grant it, or leave the field out."
)


@pytest.mark.parametrize(
    ("query", "codes", "messages"),
    [
        ("{ cartIntents }", ["MISSING_SCOPE"], [INTENTS]),
        ("{ cartIntents { nodes { sluk } } }", ["MISSING_SCOPE"], [INTENTS]),
        (
            "{ cartIntents { nope } brand { sluk } }",
            ["MISSING_SCOPE", "GRAPHQL_VALIDATION_FAILED"],
            [INTENTS, "Cannot query field 'sluk' on type 'Brand'."],
        ),
        (
            '{ node(id: "x") { ... on CartIntent { sluk } } }',
            ["GRAPHQL_VALIDATION_FAILED"],
            ["Unknown type 'CartIntent'."],
        ),
        ("query ($x: CartIntentFilter) { brand { sluk } }", None, None),
        ("subscription { cartAdds { nope } }", ["GRAPHQL_VALIDATION_FAILED"], None),
        (
            "mutation ($i: RetryCartIntentInput!) { retryCartIntent(input: $i) { __typename } }",
            None,
            None,
        ),
    ],
)
async def test_errors_tell_of_nothing_that_is_hidden_but_the_scope_that_a_field_takes(
    client: httpx.AsyncClient,
    query: str,
    codes: list[str] | None,
    messages: list[str] | None,
) -> None:
    answer = await post(client, {"query": query, "variables": {"i": {"nope": 1}}})

    errors = answer.json()["errors"]
    assert answer.status_code == (403 if codes == ["MISSING_SCOPE"] else 400)
    if codes is not None:
        assert [error["extensions"]["code"] for error in errors] == codes
    said = [error["message"].partition(" Did you mean")[0] for error in errors]
    if messages is not None:
        assert said == messages
    everything = " ".join(error["message"] for error in errors)
    assert re.findall(r"CartIntent\w*!|of type|CartIntentConnection", everything) == []


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ brand { sluk } }", {}),
        ("{ brand }", {}),
        ("{ brnd { slug } }", {}),
        ("query ($x: Sting) { brand { slug @include(if: $x) } }", {}),
        ("{ node(idd: 1) { id } }", {}),
        ("{ node { id @inclde(if: true) } }", {}),
        ("{ products(orderBy: {field: TITL}) { nodes { id } } }", {}),
        ("query ($o: ProductOrder) { products(orderBy: $o) { nodes { id } } }", {"o": {"fild": 1}}),
        ("query ($t: [EventType!]) { events(types: $t) { nodes { id } } }", {"t": ["CART_INTEN"]}),
    ],
)
async def test_nothing_is_suggested_but_in_development(
    query: str, variables: dict[str, Any]
) -> None:
    silent = create_engine(schema, CURSOR_KEY)
    helpful = create_engine(schema, CURSOR_KEY, suggests=True)

    assert "Did you mean" not in refusal(silent, query, variables)
    assert refusal(helpful, query, variables) != ""


def refusal(engine: Engine, query: str, variables: dict[str, Any]) -> str:
    """The messages that a document is refused with."""
    try:
        engine.documents.variables(engine.documents.prepare(query, None), variables)
    except DocumentRefused as refused:
        return str(refused)
    raise AssertionError("was not refused")

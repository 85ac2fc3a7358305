"""Plans: what they depend on, what is cached, and what the schema check refuses."""

from typing import Any

import pytest
import strawberry

from app.core.ids import global_id
from app.core.viewer import Scope
from app.events.catalogue import EventType
from app.graphql.errors import DocumentRefused, RequestRefused
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads import documents
from app.graphql.reads.binding import column, embedded, identity, maps, root_many, root_one
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.check import SchemaFaults, check_schema
from app.graphql.reads.documents import Documents
from app.graphql.reads.filters import filter_on
from app.graphql.reads.orders import OrderChoice, order_by
from app.products.access import visible_products
from app.products.models import Product as ProductRow
from tests.golden_world import FJORD, PRAIRIE
from tests.reads.conftest import Asker

ROWS = """query Rows($id: ID!, $first: Int, $after: String, $deep: Boolean!) {
  node(id: $id) { __typename ... on Product { title @include(if: $deep) } }
  products(first: $first, after: $after) { nodes { id } }
}"""


async def test_the_statement_depends_on_no_value_but_on_what_is_given(asker: Asker) -> None:
    keys = [global_id("Product", FJORD.key(0x20, position)) for position in (0, 1)]
    tweet = global_id("ShoppableTweet", FJORD.key(0x30))

    async def statement(**variables: Any) -> str:
        await asker.ask(ROWS, FJORD.viewer(), {"deep": True, **variables})
        return asker.statements[0]

    first = await statement(id=keys[0], first=1)

    assert await statement(id=keys[1], first=2) == first
    assert await statement(id=keys[0]) == first
    assert await statement(id=tweet) != first
    assert await statement(id=keys[0], deep=False) != first
    prepared = asker.engine.documents.prepare(ROWS, None)
    assert len(prepared.plans) == 4


@pytest.mark.parametrize("bound", ["DOCUMENTS_CACHED", "BYTES_CACHED"])
async def test_the_cache_of_documents_is_bounded_by_number_and_by_text(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    catalogue = asker.engine.catalogue
    cache = Documents(catalogue.schema, frozenset(catalogue.node_types))
    texts = [f"{{ brand {{ id }} }} #{'.' * 100}{number:02d}" for number in range(10)]
    text_bytes = len(texts[0]) * documents.BYTES_PER_CHARACTER
    four = 4 if bound == "DOCUMENTS_CACHED" else 4 * text_bytes
    monkeypatch.setattr(documents, bound, four)

    kept = [cache.prepare(text, None) for text in texts]

    assert all(cache.prepare(texts[place], None) is kept[place] for place in range(6, 10))
    assert cache.prepare(texts[0], None) is not kept[0]


async def test_the_plans_of_all_documents_are_bounded_together(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = asker.engine.catalogue
    cache = Documents(catalogue.schema, frozenset(catalogue.node_types))
    texts = [f"{{ brand {{ id }} }} #{number}" for number in range(6)]
    kept = [cache.prepare(text, None) for text in texts]
    one = kept[0].bytes
    plan = 2 * documents.BYTES_PER_FIELD
    monkeypatch.setattr(documents, "BYTES_CACHED", 6 * one + 5 * plan)
    for prepared in kept[1:]:
        prepared.keep("shape", object())

    assert cache.prepare(texts[5], None) is kept[5]
    assert cache.prepare(texts[0], None) is kept[0]
    for shape in range(documents.PLANS_CACHED_PER_DOCUMENT + 3):
        kept[0].keep(shape, object())
    assert cache.prepare(texts[0], None) is kept[0]  # the one that is asked for stays
    assert len(kept[0].plans) == documents.PLANS_CACHED_PER_DOCUMENT
    assert cache.prepare(texts[1], None) is not kept[1]


async def test_one_compiled_operation_serves_both_brands(asker: Asker) -> None:
    query = "{ brand { name } }"

    answers = [await asker.ask(query, brand.viewer()) for brand in (FJORD, PRAIRIE)]

    assert [answer["data"]["brand"]["name"] for answer in answers] == ["fjord Ltd", "prairie Ltd"]
    assert len(asker.engine.documents.prepare(query, None).plans) == 1


async def test_aliases_fragments_and_merged_fields_are_answered_alike(asker: Asker) -> None:
    query = """
    { a: products(first: 2) { ...Page edges { node { t: title price { amountMinor } } } }
      b: products(first: 2) { nodes { title again: title } nodes { price { currency } } } }
    fragment Page on ProductConnection {
      edges { cursor node { ... on Product { id title } ... on Node { __typename id } } } }
    """

    answer = await asker.ask(query, FJORD.viewer())

    assert len(asker.statements) == 1
    assert answer == await asker.ask_reference(query, FJORD.viewer())
    assert answer["data"]["b"]["nodes"][1] == {
        "title": "fjord product 1 ✓",
        "again": "fjord product 1 ✓",
        "price": None,
    }


async def test_introspection_beside_data_runs_on_the_reference(asker: Asker) -> None:
    query = "{ __schema { queryType { name } } brand { name } __typename }"

    assert await asker.ask(query, FJORD.viewer()) == {
        "data": {
            "__schema": {"queryType": {"name": "Query"}},
            "brand": {"name": "fjord Ltd"},
            "__typename": "Query",
        }
    }


@pytest.mark.parametrize(
    ("below", "code"),
    [
        ("events { nodes { ... on CartIntentEvent { cartIntent { status } } } }", "MISSING_SCOPE"),
        ("cartIntents { nodes { id } }", "MISSING_SCOPE"),
        ("products(first: 501) { nodes { id } }", "BAD_USER_INPUT"),
        ('products(after: "x") { nodes { id } }', "BAD_CURSOR"),
        (
            "shoppableTweets(first: 500) { nodes { links(first: 500) { nodes { id } } } }",
            "OPERATION_TOO_LARGE",
        ),
    ],
)
async def test_introspection_beside_data_opens_no_way_around_scopes_and_ceilings(
    asker: Asker, below: str, code: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        await asker.ask(
            f"{{ __typename __schema {{ queryType {{ name }} }} {below} }}",
            FJORD.viewer(Scope.INTENTS_READ),
        )

    assert refused.value.code == code
    assert asker.statements == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { node(id: $id) { id } }", "BAD_USER_INPUT"),
    ],
)
async def test_a_document_that_cannot_run_is_refused_with_a_code(
    asker: Asker, query: str, code: str
) -> None:
    with pytest.raises(DocumentRefused) as refused:
        await asker.ask(query, FJORD.viewer())

    assert refused.value.code == code
    assert asker.statements == []


async def test_several_operations_need_a_name(asker: Asker) -> None:
    with pytest.raises(RequestRefused, match="say which with `operationName`"):
        await asker.ask("query A { brand { id } } query B { brand { id } }", FJORD.viewer())


def test_every_family_of_events_has_a_type_in_the_api(asker: Asker) -> None:
    families = {kind.value.partition(".")[0] for kind in EventType}
    others = {"tweet": "ShoppableTweet", "cart_intent": "CartIntent"}

    variants = asker.engine.catalogue.variants["Event"]

    assert set(variants) == {others.get(family, family.title()) for family in families}


def _faults(product: type, field: Any = None) -> str:
    @strawberry.type
    class Query:
        found: product = field or root_one("One.")  # type: ignore[valid-type]  # made per test

    with pytest.raises(SchemaFaults) as refused:
        check_schema(Catalogue(strawberry.Schema(query=Query)._schema))
    return str(refused.value)


def test_a_schema_with_a_field_without_a_column_does_not_start() -> None:
    @maps(ProductRow, visible=visible_products, scope=Scope.TWEETS_READ)
    @strawberry.type
    class Product(Node):
        id: strawberry.ID = identity()
        colour: str = column("Its colour.")

    assert _faults(Product) == (
        "Product.colour: Product has no column colour; name one with `column(..., name)`."
    )


def test_a_schema_with_a_non_null_field_on_a_nullable_column_does_not_start() -> None:
    @maps(ProductRow, visible=visible_products, scope=None)
    @strawberry.type
    class Product(Node):
        id: strawberry.ID = identity()
        description: str = column("What it is.")

    assert _faults(Product) == (
        "Product.description: is non-null, but the column description may be null; "
        "make one of them agree."
    )


def test_a_schema_with_a_resolver_on_a_mapped_type_does_not_start() -> None:
    @maps(ProductRow, visible=visible_products, scope=None)
    @strawberry.type
    class Product(Node):
        id: strawberry.ID = identity()

        @strawberry.field
        def shout(self) -> str:
            return "!"

    assert _faults(Product) == (
        "Product.shout: has a resolver; a mapped type has none. Bind it, or make it a root field."
    )


def test_a_schema_with_a_list_without_a_ceiling_does_not_start() -> None:
    @maps(ProductRow, visible=visible_products, scope=None)
    @strawberry.type
    class Product(Node):
        id: strawberry.ID = identity()
        tags: list[str] = column("Its tags.", "title")

    assert "Product.tags: is no leaf" in _faults(Product)


def test_a_schema_that_lists_an_unmapped_type_does_not_start() -> None:
    @strawberry.type
    class Ghost:
        title: str

    found = _faults(Connection[Ghost], root_many("All."))

    assert found == "Query.found: its type is not mapped; put `@maps(...)` on it."


def test_a_type_cannot_be_mapped_without_saying_who_may_see_it() -> None:
    with pytest.raises(TypeError, match="visible"):
        maps(ProductRow, scope=None)  # type: ignore[call-arg]  # that is the point


def test_a_schema_with_an_embedded_column_that_is_not_there_does_not_start() -> None:
    @strawberry.type
    class Size:
        width: int

    @maps(ProductRow, visible=visible_products, scope=None)
    @strawberry.type
    class Product(Node):
        id: strawberry.ID = identity()
        size: Size | None = embedded("Its size.", absent="width", width="width")

    assert "Product.size: Product has no column width" in _faults(Product)


@pytest.mark.parametrize(
    ("column_name", "fault"),
    [
        ("colour", "Product has no column colour; name one by `filter_on(...)`."),
        (
            "parent_id",
            "Product.parent_id: say whose key it is, by `filter_on(..., id_of=)`, or which scalar "
            "of the schema, by `of=`.",
        ),
        (
            "options",
            "Product.options: no comparison input knows such values; say by `of=` which one does.",
        ),
    ],
)
def test_a_schema_with_a_filter_that_cannot_be_is_not_even_made(
    column_name: str, fault: str
) -> None:
    @maps(
        ProductRow,
        visible=visible_products,
        scope=None,
        filters=[filter_on(column_name, "What it is.")],
        orders=[order_by("created_at", "Its age.")],
    )
    @strawberry.type
    class Product(Node):
        id: strawberry.ID = identity()

    @strawberry.type
    class Query:
        found: Connection[Product] = root_many("All.")

    with pytest.raises(TypeError) as refused:
        strawberry.Schema(query=Query)
    assert fault in str(refused.value)


def _faults_of_orders(*orders: OrderChoice) -> str:
    @maps(ProductRow, visible=visible_products, scope=None, orders=orders)
    @strawberry.type
    class Product(Node):
        id: strawberry.ID = identity()

    return _faults(Connection[Product], root_many("All."))


def test_a_schema_with_a_null_in_an_order_does_not_start() -> None:
    assert _faults_of_orders(order_by("offer_as_of", "Its offer's age.")) == (
        "Product, order OFFER_AS_OF: is non-null, but the column offer_as_of may be null; "
        "make one of them agree."
    )


def test_a_schema_that_lists_a_type_without_an_order_does_not_start() -> None:
    assert _faults_of_orders() == (
        "Query.found: lists a type without an order; name one by `@maps(..., orders=...)`."
    )

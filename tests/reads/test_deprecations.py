"""Deprecations: none without a remedy and a day, and each use is found wherever it stands."""

from datetime import date
from enum import Enum
from typing import Annotated, Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from app.core.viewer import Scope
from app.graphql.deprecations import deprecated, deprecation_faults, reason
from app.graphql.engine import Engine, create_engine
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.binding import column, identity, maps, root_many, root_one
from app.graphql.reads.check import SchemaFaults
from app.graphql.reads.orders import order_by
from app.graphql.scalars import SCALARS
from app.products.access import visible_products
from app.products.models import Product as ProductRow
from app.schema import schema

SINCE, GOES_ON = date(2026, 12, 1), date(2027, 6, 1)
TOLD = "Use `title`. Deprecated since 2026-12-01, goes on 2027-06-01."


def gone(use: str) -> str:
    """A reason that holds."""
    return reason(use=use, since=SINCE, goes_on=GOES_ON)


@strawberry.enum
class Shape(Enum):
    """With a value that goes."""

    ROUND = "ROUND"
    OVAL = strawberry.enum_value("OVAL", deprecation_reason=gone("ROUND"))


@strawberry.input
class Inner:
    """Lies in an input."""

    shape: Shape | None = None
    old: int | None = strawberry.field(default=None, deprecation_reason=gone("shape"))


@strawberry.input
class Asked:
    """What a field takes."""

    inner: list[Inner] | None = None


@maps(
    ProductRow,
    visible=visible_products,
    scope=Scope.TWEETS_READ,
    orders=(order_by("created_at", "When."),),
)
@strawberry.type
class Product(Node):
    """A product with a name that goes."""

    id: strawberry.ID = identity()
    title: str = column("Its title.")
    name: str = deprecated(column("Its title.", "title"), use="title", since=SINCE, goes_on=GOES_ON)


@strawberry.type
class Query:
    """What can be asked."""

    product: Product | None = root_one("A product.")
    products: Connection[Product] = root_many("All.")


def _new(
    asked: Asked | None = None,
    size: Annotated[int | None, strawberry.argument(deprecation_reason=gone("asked"))] = None,
) -> int:
    return 1


@strawberry.type
class Wide:
    """A plain schema with everything that can go."""

    old: int = strawberry.field(resolver=lambda: 1, deprecation_reason=gone("new"))
    new: int = strawberry.field(resolver=_new)


CONFIG = StrawberryConfig(scalar_map=dict(SCALARS))
OLDER = strawberry.Schema(query=Query, config=CONFIG)
WIDE = strawberry.Schema(query=Wide, config=CONFIG)


@pytest.fixture(scope="module")
def engine() -> Engine:
    """An engine of a schema whose `Product.name` goes."""
    return create_engine(OLDER, bytes(32))


@pytest.fixture(scope="module")
def wide() -> Engine:
    """An engine of the plain schema, for what documents use."""
    return create_engine(WIDE, bytes(32))


def used(engine: Engine, document: str, name: str | None = None, **variables: Any) -> set[str]:
    """What of it is deprecated."""
    prepared = engine.documents.prepare(document, name)
    return set(engine.deprecations.used_by(prepared, variables))


def test_what_is_deprecated_is_known_by_its_coordinate_with_what_to_use_instead(
    wide: Engine, engine: Engine
) -> None:
    assert engine.deprecations.reasons == {"Product.name": TOLD}
    assert set(wide.deprecations.reasons) == {
        "Wide.old",
        "Wide.new(size:)",
        "Inner.old",
        "Shape.OVAL",
    }


ASKED = "query ($asked: Asked) { new(asked: $asked) }"
SHAPED = "query ($shape: Shape%s) { new(asked: {inner: {shape: $shape}}) }"
FRAGMENTS = """
query A { product(id: "x") { ...F } }
query B { product(id: "x") { ...G } }
fragment F on Product { title ... on Product { ...G } }
fragment G on Product { __typename }
fragment H on Product { alias: name }
query C { product(id: "x") { ... { ...H } } }
"""


def test_a_field_is_found_under_an_alias_and_in_the_fragments_that_its_operation_spreads(
    engine: Engine,
) -> None:
    assert used(engine, "{ products { nodes { title } } }") == set()
    assert used(engine, "{ products { nodes { title: name } } }") == {"Product.name"}
    assert [used(engine, FRAGMENTS, name) for name in "ABC"] == [set(), set(), {"Product.name"}]


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("{ new }", {}, set()),
        ("{ old new(size: 3) }", {}, {"Wide.old", "Wide.new(size:)"}),
        ("{ new(asked: {inner: [{shape: ROUND}, {shape: OVAL}]}) }", {}, {"Shape.OVAL"}),
        ("{ new(asked: {inner: {old: 1}}) }", {}, {"Inner.old"}),
        (
            ASKED,
            {"asked": {"inner": [{"shape": "OVAL", "old": 1}]}},
            {"Shape.OVAL", "Inner.old"},
        ),
        (
            ASKED,
            {"asked": {"inner": {"old": None}}},
            set(),
        ),
        ("query ($asked: Asked) { new(asked: $asked) }", {}, set()),
        (
            "query ($shape: Shape) { new(asked: {inner: {shape: $shape}}) }",
            {"shape": "OVAL"},
            {"Shape.OVAL"},
        ),
        ("query ($size: Int = 1) { new(size: $size) }", {}, {"Wide.new(size:)"}),
        (
            "query ($shape: Shape = OVAL) { new(asked: {inner: {shape: $shape}}) }",
            {},
            {"Shape.OVAL"},
        ),
    ],
)
def test_arguments_inputs_and_enum_values_are_found_in_documents_and_in_variables(
    wide: Engine, document: str, variables: dict[str, Any], expected: set[str]
) -> None:
    assert used(wide, document, **variables) == expected


REFUSED = [
    ("Old.", "is deprecated without what to use, since when and until when"),
    ("Use `x`.", "is deprecated without what to use, since when and until when"),
    (TOLD.replace("2027-06-01", "2027-13-01"), "is deprecated on a day that there is not."),
    (
        TOLD.replace("2027-06-01", "2026-12-31"),
        "goes after 30 days; clients have 90 at least.",
    ),
    (TOLD.replace("2027-06-01", "2026-11-01"), "goes after -30 days; clients have 90 at least."),
]


@pytest.mark.parametrize(("told", "fault"), REFUSED)
def test_a_deprecation_without_a_remedy_or_a_good_day_does_not_start(told: str, fault: str) -> None:
    @strawberry.type(name="Query")
    class Bad:
        old: int = strawberry.field(resolver=lambda: 1, deprecation_reason=told)

    with pytest.raises(SchemaFaults) as refused:
        create_engine(strawberry.Schema(query=Bad, config=CONFIG), bytes(32))

    assert f"Query.old: {fault}" in str(refused.value)


def test_a_reason_may_say_why() -> None:
    told = reason(use="title", since=SINCE, goes_on=GOES_ON, why="It had two names.")

    assert told == (
        "Use `title`. It had two names. Deprecated since 2026-12-01, goes on 2027-06-01."
    )


def test_the_schema_that_is_served_starts_with_its_deprecations() -> None:
    assert deprecation_faults(schema._schema) == []

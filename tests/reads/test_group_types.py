"""A schema whose groups could go wrong does not start, and says what to mend."""

from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from app.core.viewer import Scope
from app.graphql.money import Money, MoneyTotal
from app.graphql.node import Node
from app.graphql.paging import Connection
from app.graphql.reads.aggregates import (
    aggregate,
    counted,
    group_key,
    group_one,
    groups,
    root_aggregate,
    summed_money,
)
from app.graphql.reads.binding import column, identity, maps, one, root_many, root_one
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.check import SchemaFaults, check_schema
from app.graphql.reads.orders import order_by
from app.graphql.reads.shaping import Shaping
from app.graphql.scalars import SCALARS
from app.products.access import visible_products
from app.products.models import Product as ProductRow
from app.products.states import ProductKind

strawberry.enum(ProductKind)


@maps(
    ProductRow,
    visible=visible_products,
    scope=Scope.TWEETS_READ,
    orders=(order_by("created_at", "When it became known."),),
)
@strawberry.type
class Thing(Node):
    id: strawberry.ID = identity()


@strawberry.enum
class ThingKey(Shaping):
    KIND = "kind"


def _faults(shown: Any, field: Any) -> str:
    made = type("Query", (), {"__annotations__": {"found": shown}, "found": field})
    config = StrawberryConfig(scalar_map=dict(SCALARS))
    schema = strawberry.Schema(query=strawberry.type(made), config=config)
    with pytest.raises(SchemaFaults) as refused:
        check_schema(Catalogue(schema._schema))
    return str(refused.value)


def _group(**fields: tuple[Any, Any]) -> Any:
    """A type of groups with these fields: the annotation and the field of each."""
    body: dict[str, Any] = {name: made for name, (_, made) in fields.items()}
    body["__annotations__"] = {name: annotation for name, (annotation, _) in fields.items()}
    return groups(Thing)(strawberry.type(type("Group", (), body)))


def _totals(**fields: tuple[Any, Any]) -> str:
    group = _group(**fields)
    return _faults(list[group], root_aggregate("Numbers.", ThingKey))  # type: ignore[valid-type]  # made per test


KIND = (ProductKind | None, group_key("Its kind."))


def _money() -> Any:
    return summed_money("M.", lambda row: row.price_amount_minor, lambda row: row.price_currency)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (
            {"kind": KIND, "colour": (str | None, group_key("Its colour."))},
            "Group.colour: Product has no such column; say the key's value.",
        ),
        (
            {"kind": KIND, "image_url": (str, group_key("Its picture."))},
            "Group.imageUrl: is non-null, but its column may be null; make one of them agree.",
        ),
        (
            {"kind": KIND, "owner": (Thing | None, group_one("Its.", "owner_id", lambda a, b: a))},
            "Group.owner: needs the column owner_id and a mapped type.",
        ),
        (
            {"kind": KIND, "title": (str, column("Its title."))},
            "Group.title: shows a row; a type under `@groups` has keys and measures alone.",
        ),
        (
            {"kind": KIND, "price": (list[Money], _money()), "paid": (list[MoneyTotal], _money())},
            "Group: has several sums of money; rows are grouped by one currency.",
        ),
        (
            {"kind": KIND, "count": (list[int], counted("How many."))},
            "Group.count: is a list; a key or a measure of a group is one value.",
        ),
        (
            {"kind": KIND, "price": (Money, _money())},
            "Group.price: must be a list of a type with the fields amount_minor and currency.",
        ),
        (
            {"count": (int, counted("How many."))},
            "Query.found: offers the keys ['kind'], but can leave out [].",
        ),
        (
            {"kind": (ProductKind, group_key("Its kind."))},
            "Query.found: offers the keys ['kind'], but can leave out [].",
        ),
    ],
)
def test_a_group_with_a_field_that_is_no_key_and_no_measure_does_not_start(
    fields: dict[str, tuple[Any, Any]], fault: str
) -> None:
    assert fault in _totals(**fields)


def test_groups_below_a_row_have_keys_of_few_values() -> None:
    group = _group(title=(str, group_key("Its title.")), count=(int, counted("How many.")))

    @maps(ProductRow, visible=visible_products, scope=None)
    @strawberry.type
    class Owner(Node):
        id: strawberry.ID = identity()
        numbers: list[group] = aggregate(  # type: ignore[valid-type]  # made per test
            "Numbers.", lambda owner, row: owner.id == row.id, by=("title",)
        )

    assert _faults(Owner | None, root_one("One.")) == (
        "Owner.numbers: is grouped by a key without a bound; enums alone have one."
    )


def test_rows_and_groups_are_not_taken_for_one_another() -> None:
    group = _group(kind=KIND, count=(int, counted("How many.")))

    @maps(ProductRow, visible=visible_products, scope=None)
    @strawberry.type
    class Owner(Node):
        id: strawberry.ID = identity()
        same: group | None = one("Itself.", lambda mine, row: mine.id == row.id)  # type: ignore[valid-type]  # made per test

    assert "Owner.same: its type is not mapped" in _faults(Owner | None, root_one("One."))
    assert _faults(list[Thing], root_aggregate("Numbers.", ThingKey)) == (
        "Query.found: groups a type that shows no groups; put `@groups(...)` on it."
    )
    assert "Query.found: " in _faults(Connection[group], root_many("All."))  # type: ignore[valid-type]  # made per test


def test_groups_are_of_a_mapped_type() -> None:
    @strawberry.type
    class Ghost:
        title: str

    with pytest.raises(TypeError, match="Ghost is not mapped"):
        groups(Ghost)(Ghost)

"""Orders: in which order a list shows its rows, asked by one input per type.

A type names its orders once, beside its mapping; every list of it takes the same argument
`orderBy`. The first one named is the order of a list that is not asked for another. Each can be
turned around, and each is a keyset: its columns are unique together and never null, so that a
cursor stays true under inserts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import strawberry
from strawberry.types.arguments import StrawberryArgument

from app.graphql.paging import Order
from app.graphql.reads.inputs import argument, make_input
from app.graphql.reads.shaping import Shaping


@strawberry.enum(description="Which way a list runs.")
class OrderDirection(Shaping):
    """Which way a list runs."""

    ASC = strawberry.enum_value(
        "ASC", description="From the least to the greatest, the earliest to the latest."
    )
    DESC = strawberry.enum_value(
        "DESC", description="From the greatest to the least, the latest to the earliest."
    )


@dataclass(frozen=True)
class OrderChoice:
    """An order that a type offers, by its name in the schema, in its own direction."""

    name: str
    description: str
    order: Order


def order_by(
    column: str, description: str, *, name: str | None = None, descending: bool = False
) -> OrderChoice:
    """An order by *column*, and by `id` among equals. *name* where the schema calls it otherwise.

    Where a type has no `id` to show, or needs none, write the `OrderChoice` out.
    """
    return OrderChoice(name or column.upper(), description, Order((column, "id"), descending))


@dataclass(frozen=True)
class Orders:
    """The orders that a mapped type offers."""

    type_name: str
    choices: tuple[OrderChoice, ...]

    @property
    def usual(self) -> OrderChoice:
        """The order of a list that is not asked for another."""
        return self.choices[0]

    def argument(self) -> StrawberryArgument:
        """The argument `orderBy` of every list of the type."""
        way = "DESC" if self.usual.order.descending else "ASC"
        told = f"In which order; without it by `{self.usual.name}`, `{way}`."
        return argument("order_by", self.input | None, told)

    @cached_property
    def input(self) -> type[Any]:
        """The input type of the schema."""
        fields = Shaping(  # type: ignore[call-arg]  # an enum made of names, by the functional form
            f"{self.type_name}OrderField",
            {
                choice.name: strawberry.enum_value(choice.name, description=choice.description)
                for choice in self.choices
            },
        )
        field = strawberry.enum(fields, description="By what a list is ordered.")  # type: ignore[call-overload]  # as above
        usual = OrderDirection.DESC if self.usual.order.descending else OrderDirection.ASC
        members = {
            "field": (field, strawberry.field(description="By what.")),
            "direction": (
                OrderDirection,
                strawberry.field(description="Which way.", default=usual),
            ),
        }
        return make_input(f"{self.type_name}Order", "In which order a list runs.", members)

    def chosen(self, given: Mapping[str, Any] | None) -> Order:
        """The order that *given*, the coerced input, asks for; the usual one where it is absent."""
        if given is None:
            return self.usual.order
        choice = self._by_name[given["field"].value]
        return replace(choice.order, descending=given["direction"] is OrderDirection.DESC)

    @cached_property
    def _by_name(self) -> Mapping[str, OrderChoice]:
        return {choice.name: choice for choice in self.choices}

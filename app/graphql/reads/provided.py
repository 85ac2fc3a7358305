"""The construct `provided`: a value object that no table holds, the same in every answer.

It is made of how the server is set up, so it is known when a plan is made, and stands in the answer
as `__typename` does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type
from graphql.execution.collect_fields import GroupedFieldSet

from app.graphql.accounts import Tariff
from app.graphql.reads.binding import Construct, bound_field
from app.graphql.reads.catalogue import python_name
from app.graphql.reads.values import TYPENAME, Details


@dataclass(frozen=True)
class Provided(Construct):
    """A value object whose attributes are named as its type's fields are in Python."""

    make: Callable[[Tariff], Any]


def provided(description: str, make: Callable[[Tariff], Any]) -> Any:
    """A value object that *make* makes: its leaves are texts, whole numbers, flags or null."""
    return bound_field(Provided(make), description)


def provided_value(
    value: Any,
    definition: GraphQLField,
    details: Details,
    subfields: Callable[[GraphQLObjectType, Details], GroupedFieldSet],
) -> Any:
    """What is selected of *value*, as the answer holds it."""
    target = get_named_type(definition.type)
    if is_leaf_type(target):
        return value
    assert isinstance(target, GraphQLObjectType)
    shown: dict[str, Any] = {}
    for key, found in subfields(target, details).items():
        name = found[0].node.name.value
        if name == TYPENAME:
            shown[key] = target.name
            continue
        inner = target.fields[name]
        shown[key] = provided_value(getattr(value, python_name(inner)), inner, found, subfields)
    return shown

"""What the inputs of mutations say: left out and written out defaults are the same.

A release may add a member with a default to an input. A request that was sent before it and is sent
again after it is still the same request, so what an input says is told without its defaults.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    Undefined,
    get_nullable_type,
)
from strawberry.types.base import StrawberryMaybe
from strawberry.types.field import StrawberryField

_DECLARED_BY = "strawberry-definition"


def said(given_type: Any, value: Any) -> Any:
    """A coerced value of an input's type, without the members that say what leaving them out says.

    Null is kept where it means something else than leaving out.
    """
    nullable = get_nullable_type(given_type)
    if isinstance(nullable, GraphQLList) and isinstance(value, list):
        return [said(nullable.of_type, each) for each in value]
    if isinstance(nullable, GraphQLInputObjectType) and isinstance(value, Mapping):
        return {
            name: said(nullable.fields[name].type, each)
            for name, each in value.items()
            if not _is_default(nullable.fields[name], each)
        }
    return value


def _is_default(field: GraphQLInputField, value: Any) -> bool:
    if value is None:
        declared = field.extensions.get(_DECLARED_BY)
        return (
            isinstance(declared, StrawberryField)
            and declared.default is None
            and not isinstance(declared.type, StrawberryMaybe)
        )
    return field.default_value is not Undefined and bool(field.default_value == value)

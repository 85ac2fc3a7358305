"""Coerced variables, by a short way for plain ones.

Most operations take a few numbers, ids and flags. What graphql-core makes of them is known before:
the value itself, if it is of the right Python type. So only what is not plain is walked by it, and
whatever is not certainly right is given to it whole: errors are always its own.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.utilities.coerce_input_value import coerce_default_value

from app.graphql.errors import DocumentRefused, ErrorCode

ERRORS_TOLD_MAX = 20

_KINDS: Mapping[str, type] = {"ID": str, "String": str, "Boolean": bool, "Int": int}
"""The scalars whose values stay as they are when they are of this Python type."""
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1


_source: Callable[[Any], VariableValueSource] = partial(tuple.__new__, VariableValueSource)
_values: Callable[[Any], VariableValues] = partial(tuple.__new__, VariableValues)
"""Both are named tuples, whose own constructors take three times as long."""


class _Plain(NamedTuple):
    """A variable of a plain scalar, or of a list of texts."""

    name: str
    kind: type
    further: Callable[[Any], bool] | None
    nullable: bool
    signature: GraphQLVariableSignature
    absent: VariableValueSource
    default: Any
    """The coerced default; `Undefined` where there is none."""


class VariableCoercion:
    """Coerces the variables of one operation of a valid document."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, *, suggests: bool = False
    ) -> None:
        self._schema = schema
        self._suggests = suggests
        self._definitions = operation.variable_definitions or ()
        found = [(node, _plain(schema, node)) for node in self._definitions]
        self._plain = tuple(plain for _, plain in found if plain is not None)
        self._others = tuple(node for node, plain in found if plain is None)

    def coerce(self, given: Mapping[str, Any]) -> VariableValues:
        """The variables, coerced, with defaults.

        Raises:
            DocumentRefused: one is missing or of another type.
        """
        plain = self._coerce_plain(given)
        if plain is None:
            return self._by_graphql_core(self._definitions, given)
        if self._others:
            others = self._by_graphql_core(self._others, given)
            plain.sources.update(others.sources)
            plain.coerced.update(others.coerced)
        return plain

    def _coerce_plain(self, given: Mapping[str, Any]) -> VariableValues | None:
        """What graphql-core would make of the plain ones; None where one is not certainly right."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, kind, further, nullable, signature, absent, default in self._plain:
            value = given.get(name, Undefined)
            if type(value) is kind:
                if further is not None and not further(value):
                    return None
            elif value is Undefined:
                sources[name] = absent
                if default is not Undefined:
                    coerced[name] = default
                elif not nullable:
                    return None
                continue
            elif value is not None or not nullable:
                return None
            sources[name] = _source((signature, value))
            coerced[name] = value
        return _values((sources, coerced))

    def _by_graphql_core(self, definitions: Any, given: Mapping[str, Any]) -> VariableValues:
        found = get_variable_values(
            self._schema,
            definitions,
            dict(given),
            max_errors=ERRORS_TOLD_MAX,
            hide_suggestions=not self._suggests,
        )
        if isinstance(found, list):
            raise DocumentRefused(ErrorCode.BAD_USER_INPUT, found)
        return found


def _is_int(value: int) -> bool:
    """Whether a number is one of GraphQL's."""
    return _INT_MIN <= value <= _INT_MAX


def _are_texts(values: list[Any]) -> bool:
    return {type(each) for each in values} <= {str}


_FURTHER: Mapping[type, Callable[[Any], bool]] = {int: _is_int, list: _are_texts}
"""What is asked of a value of the right Python type."""


def _kind_of(variable_type: Any) -> type | None:
    """The Python type whose values stay as they are; a list stays if it holds texts alone."""
    wanted = get_nullable_type(variable_type)
    if is_list_type(wanted):
        return list if _kind_of(wanted.of_type) is str else None
    return _KINDS.get(wanted.name) if is_scalar_type(wanted) else None


def _plain(schema: GraphQLSchema, node: Any) -> _Plain | None:
    """The variable that *node* defines, or None where it is not plain."""
    signature = get_variable_signature(schema, node)
    if isinstance(signature, GraphQLError):
        return None
    kind = _kind_of(signature.type)
    if kind is None:
        return None
    nullable = not is_non_null_type(signature.type)
    default = Undefined if signature.default is None else coerce_default_value(signature)
    absent = VariableValueSource(signature)
    return _Plain(signature.name, kind, _FURTHER.get(kind), nullable, signature, absent, default)

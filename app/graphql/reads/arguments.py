"""The arguments of one field of a document: what no variable decides is coerced once.

A run costs as much as there are variables. The result is what graphql-core's `get_argument_values`
returns; whatever it would refuse is left to it.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    Undefined,
    VariableNode,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from app.graphql.reads.literals import Make, Refused, holds_variables, literal_maker


class FieldArguments:
    """Coerces the arguments of *node*, whose field is *definition*, in a valid document."""

    def __init__(self, definition: GraphQLField, node: FieldNode) -> None:
        self._definition = definition
        self._node = node
        self._constant: dict[str, Any] = {}
        self._varying: list[tuple[str, Make]] = []
        nodes = {each.name.value: each for each in node.arguments or ()}
        for name, argument in definition.args.items():
            self._add(argument.out_name or name, argument, nodes.get(name))

    def __call__(self, variables: VariableValues) -> Mapping[str, Any]:
        """The coerced arguments of a run. They are shared by runs: nobody changes them."""
        if not self._varying:
            return self._constant
        found = self._constant.copy()
        try:
            for name, make in self._varying:
                value = make(variables)
                if value is not Undefined:
                    found[name] = value
        except Refused:
            return get_argument_values(self._definition, self._node, variables)
        return found

    def _add(self, name: str, argument: GraphQLArgument, node: ArgumentNode | None) -> None:
        value = None if node is None else node.value
        if isinstance(value, VariableNode):
            self._varying.append((name, _variable(value.name.value, argument)))
        elif value is not None and holds_variables(value):
            self._varying.append((name, literal_maker(value, argument.type)))
        else:
            constant = (
                coerce_default_value(argument)
                if value is None
                else coerce_input_literal(value, argument.type)
            )
            if constant is not Undefined:
                self._constant[name] = constant


def _variable(name: str, argument: GraphQLArgument) -> Make:
    """Makes the value of an argument that is a variable."""
    required = is_required_argument(argument)
    never_null = is_non_null_type(argument.type)
    default = coerce_default_value(argument)

    def make(variables: VariableValues) -> Any:
        value = variables.coerced.get(name, Undefined)
        if value is Undefined:
            if required:
                raise Refused
            return default
        if value is None and never_null:
            raise Refused
        return value

    return make

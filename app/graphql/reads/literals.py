"""Literals with variables inside, made ready once: a run fills in the variables and walks no types.

The rules are those of graphql-core's `coerce_input_literal`. Whatever it would refuse is told by
`Refused`, for it to be asked.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    visit,
)
from graphql.execution.values import VariableValues
from graphql.language.visitor import BREAK, Visitor
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

Make: TypeAlias = Callable[[VariableValues], Any]
"""From a run's variables to the coerced value; `Undefined` for a variable that was not given."""


class Refused(Exception):
    """graphql-core would refuse the value: it is asked, so that the error is its own."""


def literal_maker(node: ValueNode, kind: GraphQLInputType) -> Make:
    """What makes the value of *node*, of type *kind*, in a valid document."""
    if isinstance(node, VariableNode):
        return _variable(node.name.value, never_null=is_non_null_type(kind))
    inner = get_nullable_type(kind)
    if not holds_variables(node):
        constant = _coerced(node, kind, VariableValues({}, {}))
        return lambda variables: constant
    if is_list_type(inner):
        return _list(node, inner.of_type)
    if is_input_object_type(inner) and isinstance(node, ObjectValueNode) and not inner.is_one_of:
        return _object(node, inner)
    return lambda variables: _coerced(node, kind, variables)


def holds_variables(node: ValueNode) -> bool:
    """Whether a variable stands anywhere in a value."""
    finds = _Finds()
    visit(node, finds)
    return finds.found


def _coerced(node: ValueNode, kind: GraphQLInputType, variables: VariableValues) -> Any:
    found = coerce_input_literal(node, kind, variables)
    if found is Undefined:
        raise Refused
    return found


def _variable(name: str, *, never_null: bool) -> Make:
    def make(variables: VariableValues) -> Any:
        value = variables.coerced.get(name, Undefined)
        if never_null and (value is None or value is Undefined):
            raise Refused
        return value

    return make


def _list(node: ValueNode, kind: GraphQLInputType) -> Make:
    """A list; a value that is none stands for a list of one."""
    nodes = node.values if isinstance(node, ListValueNode) else (node,)
    makers = [literal_maker(each, kind) for each in nodes]

    def make(variables: VariableValues) -> Any:
        values = (make(variables) for make in makers)
        return [None if value is Undefined else value for value in values]

    return make


def _object(node: ObjectValueNode, kind: GraphQLInputObjectType) -> Make:
    nodes = {each.name.value: each.value for each in node.fields}
    constants: Mapping[str, Any] = {
        field.out_name or name: default
        for name, field in kind.fields.items()
        if name not in nodes and (default := coerce_default_value(field)) is not Undefined
    }
    members = [
        (field.out_name or name, _member(nodes[name], field))
        for name, field in kind.fields.items()
        if name in nodes
    ]

    def make(variables: VariableValues) -> Any:
        found = dict(constants)
        for name, make_member in members:
            value = make_member(variables)
            if value is not Undefined:
                found[name] = value
        return kind.out_type(found)

    return make


def _member(node: ValueNode, field: GraphQLInputField) -> Make:
    make = literal_maker(node, field.type)
    if not isinstance(node, VariableNode) or is_required_input_field(field):
        return make
    name = node.name.value
    default = coerce_default_value(field)
    return lambda variables: make(variables) if name in variables.coerced else default


class _Finds(Visitor):
    """Stops at the first variable."""

    found = False

    def enter_variable(self, *_: Any) -> Any:
        """Remember it."""
        self.found = True
        return BREAK

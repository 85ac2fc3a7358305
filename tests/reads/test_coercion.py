"""The short ways of coercion answer as graphql-core does, errors included."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from app.graphql.errors import DocumentRefused
from app.graphql.reads.arguments import FieldArguments
from app.graphql.reads.variables import ERRORS_TOLD_MAX, VariableCoercion

SCHEMA: GraphQLSchema = build_schema(
    """
    enum Colour { RED GREEN }
    input Range { from: Int = 1, to: Int!, colour: Colour, inner: Range, ids: [ID!] }
    input Choice @oneOf { id: ID, first: Int }
    input Named { name: String! = "none", code: Int }
    type Query {
      find(
        choice: Choice, one: Named,
        id: ID, name: String = "none", first: Int = 50, exact: Boolean, ratio: Float,
        colour: Colour = GREEN, range: Range, ranges: [Range!], ids: [ID], must: Int! = 7
      ): Int
    }
    """
)
TYPES = [
    "ID",
    "String",
    "Int",
    "Boolean",
    "Float",
    "Colour",
    "Range",
    "[ID]",
    "[ID!]",
    "[String!]",
    "[Range!]",
]
DEFAULTS = {
    "ID": '"x"',
    "String": '"text"',
    "Int": "3",
    "Boolean": "true",
    "Float": "0.5",
    "Colour": "RED",
    "Range": "{to: 4}",
    "[ID]": '["a", null]',
    "[ID!]": '["a"]',
    "[String!]": '"one"',
    "[Range!]": "[{to: 4, from: 2}]",
}
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**31) - 2, 2**31 + 2),
        st.sampled_from([2**31 - 1, -(2**31), 2**31]),
        st.floats(allow_nan=False),
        st.text(max_size=3),
        st.sampled_from(["RED", "BLUE"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["from", "to", "colour", "ids", "odd"]), inner, max_size=3),
    ),
    max_leaves=4,
)


@st.composite
def definitions(draw: st.DrawFn) -> str:
    """The variable definitions of an operation."""
    found = []
    for name in draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4)):
        kind = draw(st.sampled_from(TYPES))
        required = draw(st.booleans())
        default = f" = {DEFAULTS[kind]}" if draw(st.booleans()) else ""
        found.append(f"${name}: {kind}{'!' if required else ''}{default}")
    return ", ".join(found)


def operation_of(document: str) -> OperationDefinitionNode:
    """The only operation of a document."""
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation


def coerced(operation: OperationDefinitionNode, given_values: dict[str, Any]) -> Any:
    """The variables, or the messages of the errors, by the short way."""
    try:
        return VariableCoercion(SCHEMA, operation).coerce(given_values)
    except DocumentRefused as refused:
        return [error.message for error in refused.errors]


@given(
    defined=definitions(),
    values=st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=5),
)
def test_variables_are_coerced_as_graphql_core_does_errors_included(
    defined: str, values: dict[str, Any]
) -> None:
    operation = operation_of(f"query {f'({defined})' if defined else ''} {{ find }}")
    expected = get_variable_values(
        SCHEMA,
        operation.variable_definitions or (),
        values,
        max_errors=ERRORS_TOLD_MAX,
        hide_suggestions=True,
    )

    found = coerced(operation, values)

    if isinstance(expected, list):
        assert found == [error.message for error in expected]
    else:
        assert found.coerced == expected.coerced
        assert _sent(found) == _sent(expected)
        assert [type(each) for each in found.coerced.values()] == [
            type(expected.coerced[name]) for name in found.coerced
        ]


def _sent(variables: VariableValues) -> dict[str, Any]:
    return {name: source.value for name, source in variables.sources.items()}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("Int!", True), ("Int!", 2**31), ("Boolean!", 1), ("ID!", 1.5), ("String!", 7), ("Int!", "1")],
)
def test_what_is_nearly_of_a_plain_type_is_refused(kind: str, value: object) -> None:
    operation = operation_of(f"query ($a: {kind}) {{ find }}")

    assert isinstance(coerced(operation, {"a": value}), list)


def test_an_id_given_as_a_number_becomes_text() -> None:
    operation = operation_of("query ($a: ID!) { find }")

    assert coerced(operation, {"a": 12}).coerced == {"a": "12"}


ARGUMENTS = [
    "",
    "(first: 3)",
    "(first: $first)",
    '(id: $id, name: "x")',
    "(must: $first)",
    "(first: null, must: 4)",
    "(colour: $colour)",
    "(range: {to: $first})",
    "(range: {to: 2, from: $first, inner: {to: 3, ids: [$id]}})",
    "(range: $range)",
    "(ranges: [{to: 1}, $range])",
    "(ranges: {to: $first})",
    '(ids: ["a", $id])',
    "(ids: $id)",
    "(range: {to: 1, from: null, colour: $colour})",
    "(range: {to: 1, from: $first, inner: $range, ids: $id})",
    '(range: {to: 1, ids: ["a", $id]})',
    "(range: {to: 1, colour: RED, inner: {to: $first}})",
    "(ranges: [{to: 1, from: $first}, {to: $first}])",
    "(ranges: $range)",
    "(ids: [[$id]])",
    '(choice: {id: $id}, one: {name: "x"})',
    "(choice: {first: $first})",
    "(first: $first, range: {to: $first}, id: $id)",
]
DEFINED = "$first: Int, $id: ID, $colour: Colour, $range: Range"
GIVEN = [
    {},
    {"first": None},
    {"first": 5, "id": "x", "colour": "RED", "range": {"to": 9}},
    {"id": None, "colour": None, "range": None},
]


@pytest.mark.parametrize("values", GIVEN)
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_arguments_are_coerced_as_graphql_core_does_errors_included(
    arguments: str, values: dict[str, Any]
) -> None:
    operation = operation_of(f"query ({DEFINED}) {{ find{arguments} }}")
    (node,) = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    variables = VariableCoercion(SCHEMA, operation).coerce(values)
    assert isinstance(variables, VariableValues)
    assert SCHEMA.query_type is not None
    definition = SCHEMA.query_type.fields["find"]
    make = FieldArguments(definition, node)

    expected = outcome(lambda: get_argument_values(definition, node, variables))

    assert outcome(lambda: make(variables)) == expected
    assert outcome(lambda: make(variables)) == expected  # nothing of one run stays for the next


def outcome(make: Callable[[], Any]) -> Any:
    """What is made, or the message of the error."""
    try:
        return make()
    except GraphQLError as error:
        return error.message

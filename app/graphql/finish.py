"""The last touches to a schema as clients read it: what is generated is told by its own name."""

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    NullValueNode,
    Undefined,
    get_named_type,
)
from graphql.utilities.get_default_value_ast import get_default_value_ast

_GENERATED = (
    (
        "Connection",
        "A page of a list.",
        "A page of a list of `{}`, and where it lies.",
    ),
    ("Edge", "One entry of a list, with its place.", "One `{}` of a list, with its place."),
    ("Order", "In which order a list runs.", "In which order a list of `{}` runs."),
    ("OrderField", "By what a list is ordered.", "By what a list of `{}` is ordered."),
    ("Filter", "Which ones are wanted.", "Which `{}` of a list are wanted."),
    ("Filter", "What is asked of it.", "What is asked of a `{}`."),
)
"""End of the name, beginning of the description, and what stands there afterwards."""


def finish_schema(schema: GraphQLSchema) -> None:
    """Name in descriptions what types were generated for, and let defaults of null go unsaid."""
    for named in schema.type_map.values():
        _tell_of_what(named)
        if isinstance(named, GraphQLObjectType):
            for field in named.fields.values():
                for argument in field.args.values():
                    _describe(argument)
    drop_null_defaults(schema)


def drop_null_defaults(schema: GraphQLSchema) -> None:
    """Let `name: String = null` be `name: String`: a default of null tells a client nothing."""
    for named in schema.type_map.values():
        if isinstance(named, GraphQLInputObjectType):
            for member in named.fields.values():
                _drop_null_default(member)
        elif isinstance(named, GraphQLObjectType):
            for field in named.fields.values():
                for argument in field.args.values():
                    _drop_null_default(argument)


def _drop_null_default(given: GraphQLArgument | GraphQLInputField) -> None:
    if isinstance(get_default_value_ast(given), NullValueNode):
        given.default_value, given.default = Undefined, None


def _tell_of_what(named: GraphQLNamedType) -> None:
    told = named.description or ""
    if isinstance(named, GraphQLObjectType | GraphQLInputObjectType | GraphQLEnumType):
        for ending, generic, own in _GENERATED:
            if named.name.endswith(ending) and told.startswith(generic):
                of = own.format(named.name.removesuffix(ending))
                named.description = of + told.removeprefix(generic)


def _describe(argument: GraphQLArgument) -> None:
    """An argument without words of its own means what its type means."""
    if argument.description is None:
        argument.description = get_named_type(argument.type).description

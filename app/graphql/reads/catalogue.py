"""What the schema's mapped types read, looked up by the names of graphql-core's types."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
)
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from app.graphql.accounts import USUAL_TARIFF, Tariff
from app.graphql.paging import Connection, Edge, PageInfo
from app.graphql.reads.binding import Binding, BoundField, Column, TypeMapping, mapping_of
from app.graphql.scalars import CODECS, Codec, enum_codec, global_id_of

_DEFINITION = "strawberry-definition"


def definition_of(graphql_type: GraphQLNamedType) -> StrawberryObjectDefinition | None:
    """Strawberry's definition behind a type of graphql-core."""
    found = graphql_type.extensions.get(_DEFINITION)
    return found if isinstance(found, StrawberryObjectDefinition) else None


def strawberry_field(field: GraphQLField) -> StrawberryField | None:
    """Strawberry's field behind a field of graphql-core."""
    found = field.extensions.get(_DEFINITION)
    return found if isinstance(found, StrawberryField) else None


def python_name(field: GraphQLField) -> str:
    """The name in Python of a field that Strawberry made."""
    found = strawberry_field(field)
    assert found is not None
    return found.python_name


@dataclass(frozen=True)
class Catalogue:
    """The mapped side of a schema."""

    schema: GraphQLSchema
    tariff: Tariff = USUAL_TARIFF
    """What the server's operations may cost."""

    def mapping(self, graphql_type: GraphQLNamedType) -> TypeMapping | None:
        """The mapping of a type, or None."""
        definition = definition_of(graphql_type)
        return mapping_of(definition.origin) if definition else None

    def binding(self, field: GraphQLField) -> Binding | None:
        """The binding of a field: its own, else the column of its name; None: not Strawberry's."""
        found = strawberry_field(field)
        if found is None or found.base_resolver is not None:
            return None
        return found.binding if isinstance(found, BoundField) else Column()

    def column_name(self, field: GraphQLField) -> str:
        """The column that a leaf's field is called after."""
        binding = self.binding(field)
        renamed = binding.name if isinstance(binding, Column) else None
        return renamed or python_name(field)

    def codec(self, field: GraphQLField) -> Codec:
        """The codec of a leaf. `ID` says whose id it is, everything else has its own."""
        binding = self.binding(field)
        if isinstance(binding, Column) and binding.id_of is not None:
            return global_id_of(binding.id_of)
        named = get_named_type(field.type)
        if isinstance(named, GraphQLEnumType):
            return enum_codec(named)
        return CODECS[named.name]

    @cached_property
    def variants(self) -> Mapping[str, Mapping[str, GraphQLObjectType]]:
        """The concrete types of each mapped interface, by their discriminator's value."""
        found: dict[str, dict[str, GraphQLObjectType]] = {}
        for graphql_type in self.schema.type_map.values():
            if not isinstance(graphql_type, GraphQLInterfaceType) or not self.mapping(graphql_type):
                continue
            found[graphql_type.name] = {
                mapping.variant: possible
                for possible in self.schema.get_possible_types(graphql_type)
                if (mapping := self.mapping(possible)) is not None and mapping.variant is not None
            }
        return found

    @cached_property
    def node_types(self) -> Mapping[str, GraphQLObjectType]:
        """The mapped types that implement `Node`, by name: what a global id may name."""
        interface = self.schema.get_type("Node")
        if not isinstance(interface, GraphQLInterfaceType):
            return {}
        return {
            possible.name: possible
            for possible in self.schema.get_possible_types(interface)
            if self.mapping(possible) is not None
        }


def is_connection(graphql_type: GraphQLNamedType) -> bool:
    """Whether a type is a connection by Relay's specification."""
    return _is_made_of(graphql_type, Connection)


def is_edge(graphql_type: GraphQLNamedType) -> bool:
    """Whether a type is an edge of a connection."""
    return _is_made_of(graphql_type, Edge)


def is_page_info(graphql_type: GraphQLNamedType) -> bool:
    """Whether a type is `PageInfo`."""
    return _is_made_of(graphql_type, PageInfo)


def _is_made_of(graphql_type: GraphQLNamedType, base: type[Any]) -> bool:
    definition = definition_of(graphql_type)
    return definition is not None and issubclass(definition.origin, base)


def is_list(output: GraphQLOutputType) -> bool:
    """Whether an output type is a list once its non-null wrapper is off."""
    inner = output.of_type if isinstance(output, GraphQLNonNull) else output
    return isinstance(inner, GraphQLList)

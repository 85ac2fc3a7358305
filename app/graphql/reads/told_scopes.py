"""The scopes that types and fields take, told in their descriptions: made from the declarations."""

from collections.abc import Sequence

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from app.core.viewer import Scope
from app.graphql.reads.binding import ScopedField, Stream
from app.graphql.reads.catalogue import Catalogue, is_connection, is_edge, strawberry_field


def tell_scopes(schema: GraphQLSchema) -> None:
    """Add to every description which scopes the type or the field takes.

    A type tells what reading it takes; a field tells what it takes beyond its owner: a scope of its
    own, and that of the type it leads to. Connections and edges leave that to the list's field.
    """
    catalogue = Catalogue(schema)
    for named in schema.type_map.values():
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            continue
        named.description = _taking(named.description, scopes_of_type(catalogue, named))
        if is_connection(named) or is_edge(named):
            continue
        for field in named.fields.values():
            field.description = _taking(field.description, scopes_of(catalogue, named, field))


def scopes_of(
    catalogue: Catalogue, owner: GraphQLNamedType, field: GraphQLField
) -> Sequence[Scope]:
    """The scopes that a field takes beyond those of its owner, each once."""
    declared = strawberry_field(field)
    own = declared.scope if isinstance(declared, ScopedField) else None
    target = get_named_type(field.type)
    if isinstance(target, GraphQLObjectType) and is_connection(target):
        target = get_named_type(target.fields["nodes"].type)
    binding = catalogue.binding(field)
    if isinstance(binding, Stream):
        target = catalogue.schema.type_map[binding.item]
    taken = [*([own] if own else ()), *scopes_of_type(catalogue, target)]
    known = scopes_of_type(catalogue, owner)
    return [scope for scope in dict.fromkeys(taken) if scope not in known]


def scopes_of_type(catalogue: Catalogue, named: GraphQLNamedType) -> Sequence[Scope]:
    """The scopes that reading a type takes: one, or none."""
    mapping = catalogue.mapping(named)
    return [] if mapping is None or mapping.scope is None else [mapping.scope]


def _taking(description: str | None, scopes: Sequence[Scope]) -> str | None:
    if not scopes:
        return description
    names = " and ".join(f"`{scope.value}`" for scope in scopes)
    told = f"Takes the scope{'s' if len(scopes) > 1 else ''} {names}."
    return f"{description} {told}" if description else told

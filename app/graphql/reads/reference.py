"""The second way to answer: slow, small, obviously right. The compiler is tested against it.

Resolvers are derived from the bindings, one plain SELECT for each field that reads a table. It
shares predicates, joins, codecs and the arithmetic of pages with the compiler, and none of its
SQL or assembling. Introspection beside data, and operations with a root field that no table
answers, run here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeAlias

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    execute,
    get_named_type,
    is_enum_type,
)
from sqlalchemy import ColumnElement, literal

from app.core.ids import global_id, parse_global_id
from app.graphql.paging import page_of, signer_for
from app.graphql.reads.binding import (
    Column,
    Document,
    Embedded,
    Identity,
    Many,
    One,
    RootNode,
    RootOne,
    ScopedField,
    TypeMapping,
)
from app.graphql.reads.catalogue import (
    Catalogue,
    is_connection,
    is_edge,
    is_page_info,
    strawberry_field,
)
from app.graphql.reads.execute import kinds_of, need_scopes
from app.graphql.reads.reference_rows import (
    ReferenceContext,
    Row,
    RowAsTable,
    beyond,
    connection_of,
    select_rows,
)

Resolver = Callable[..., Any]
Info: TypeAlias = GraphQLResolveInfo[Any]


def install(catalogue: Catalogue) -> None:
    """Give every mapped field of the schema its resolver."""
    for graphql_type in catalogue.schema.type_map.values():
        if isinstance(graphql_type, GraphQLInterfaceType) and catalogue.mapping(graphql_type):
            graphql_type.resolve_type = _type_of(catalogue, graphql_type)
        if isinstance(graphql_type, GraphQLObjectType) and not graphql_type.name.startswith("__"):
            _install_on(catalogue, graphql_type)
    node = catalogue.schema.get_type("Node")
    if isinstance(node, GraphQLInterfaceType):
        node.resolve_type = lambda row, info, kind: row["__typename"]


def _install_on(catalogue: Catalogue, owner: GraphQLObjectType) -> None:
    if is_connection(owner) or is_edge(owner) or is_page_info(owner):
        return
    if catalogue.mapping(owner) is not None:
        owner.is_type_of = None
    for name, field in owner.fields.items():
        binding = catalogue.binding(field)
        if binding is None and field.resolve is not None:
            field.resolve = _with_scope(field, name, field.resolve)
        make = _RESOLVERS.get(type(binding))
        if binding is not None and make is not None:
            resolve = make(_Target(catalogue, owner, name, field), binding)
            field.resolve = _with_scope(field, name, resolve)


def _with_scope(field: GraphQLField, name: str, resolve: Resolver) -> Resolver:
    """The resolver, refusing who lacks the field's own scope."""
    found = strawberry_field(field)
    scope = found.scope if isinstance(found, ScopedField) else None
    if scope is None:
        return resolve

    def checked(source: Any, info: Info, **given: Any) -> Any:
        need_scopes({scope: (name,)}, info.context.viewer)
        return resolve(source, info, **given)

    return checked


async def run_reference(
    catalogue: Catalogue,
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any],
    context: ReferenceContext,
) -> ExecutionResult:
    """Execute by graphql-core; errors are in the result."""
    result = execute(
        catalogue.schema,
        document,
        context_value=context,
        variable_values=dict(variables),
        operation_name=operation_name,
    )
    return result if isinstance(result, ExecutionResult) else await result


def _type_of(catalogue: Catalogue, interface: GraphQLInterfaceType) -> Resolver:
    def resolve(row: Row, info: Info, kind: object) -> str:
        discriminator = row.mapping.discriminator
        assert discriminator is not None
        return catalogue.variants[interface.name][row[discriminator]].name

    return resolve


@dataclass(frozen=True)
class _Target:
    """The field that a resolver is made for."""

    catalogue: Catalogue
    owner: GraphQLObjectType
    name: str
    field: GraphQLField

    def named(self) -> GraphQLNamedType:
        """The type of the field without its wrappers."""
        return get_named_type(self.field.type)

    def mapping(self) -> TypeMapping:
        """The table behind the field's type, for a connection behind its nodes."""
        named = self.named()
        if isinstance(named, GraphQLObjectType) and is_connection(named):
            named = get_named_type(named.fields["nodes"].type)
        mapping = self.catalogue.mapping(named)
        assert mapping is not None
        return mapping


def _identity(target: _Target, binding: Identity) -> Resolver:
    return lambda row, info: global_id(target.owner.name, row["id"])


def _column(target: _Target, binding: Column) -> Resolver:
    if target.catalogue.mapping(target.owner) is None:
        return _value(target, binding)
    column = target.catalogue.column_name(target.field)
    if is_enum_type(target.named()):
        return lambda row, info: row[column]
    codec = target.catalogue.codec(target.field)
    return lambda row, info: codec.apply(row[column])


def _value(target: _Target, binding: Column) -> Resolver:
    found_field = strawberry_field(target.field)
    assert found_field is not None
    python_name = found_field.python_name

    def resolve(value: Any, info: Info) -> Any:
        found = value.get(target.name) if isinstance(value, dict) else getattr(value, python_name)
        return found if binding.id_of is None or found is None else global_id(binding.id_of, found)

    return resolve


def _embedded(target: _Target, binding: Embedded) -> Resolver:
    def resolve(row: Row, info: Info) -> SimpleNamespace | None:
        if row[binding.absent] is None:
            return None
        return SimpleNamespace(**{name: row[column] for name, column in binding.columns.items()})

    return resolve


def _document(target: _Target, binding: Document) -> Resolver:
    def resolve(row: Row, info: Info) -> Any:
        found = row[binding.column]
        if isinstance(found, str):  # asyncpg gives JSON as text unless it was told otherwise
            found = orjson.loads(found)
        for key in binding.path:
            found = None if found is None else found.get(key)
        return found

    return resolve


def _one(target: _Target, binding: One) -> Resolver:
    async def resolve(row: Row, info: Info) -> Row | None:
        rows = await select_rows(
            info.context, target.mapping(), lambda table: [binding.join(RowAsTable(row), table)]
        )
        return rows[0] if rows else None

    return resolve


def _root_one(target: _Target, binding: RootOne) -> Resolver:
    async def resolve(source: object, info: Info, **given: Any) -> Row | None:
        name = binding.column
        key: Any = given.get(binding.argument or "")
        if name == "id":
            parsed = parse_global_id(key)
            if parsed is None or parsed[0] != target.named().name:
                return None
            key = parsed[1]

        def conditions(table: Any) -> list[ColumnElement[bool]]:
            return [] if name is None else [getattr(table, name) == key]

        rows = await select_rows(info.context, target.mapping(), conditions)
        return rows[0] if rows else None

    return resolve


def _node(target: _Target, binding: RootNode) -> Resolver:
    async def resolve(source: object, info: Info, id: str) -> Row | None:
        parsed = parse_global_id(id)
        named = target.catalogue.node_types.get(parsed[0]) if parsed else None
        mapping = target.catalogue.mapping(named) if named else None
        if parsed is None or named is None or mapping is None:
            return None
        key = parsed[1]
        rows = await select_rows(info.context, mapping, lambda table: [table.id == key])
        return Row(mapping, {**rows[0], "__typename": named.name}) if rows else None

    return resolve


def _many(target: _Target, binding: Many) -> Resolver:
    list_name = f"{target.owner.name}.{target.name}"

    async def resolve(row: Row | None, info: Info, **given: Any) -> SimpleNamespace:
        context: ReferenceContext = info.context
        mapping = target.mapping()
        signer = signer_for(context.cursor_key, context.viewer.brand_id, list_name, binding.order)
        kinds = kinds_of(binding.order, mapping.model)
        page = page_of(given, signer, kinds, [str(key) for key in info.path.as_list()])

        def conditions(table: Any) -> list[ColumnElement[bool]]:
            found = []
            if binding.join is not None and row is not None:
                found.append(binding.join(RowAsTable(row), table))
            for name, argument in binding.arguments.items():
                if given.get(name) is not None:
                    value = literal(argument.to_database(given[name]), argument.sql_type)
                    found.append(argument.predicate(table, value))
            return [*found, *beyond(table, binding, page)]

        rows = await select_rows(context, mapping, conditions, binding, page)
        return connection_of(rows, binding, page, signer)

    return resolve


_RESOLVERS: Mapping[type, Callable[[_Target, Any], Resolver]] = {
    Identity: _identity,
    Column: _column,
    Embedded: _embedded,
    Document: _document,
    One: _one,
    Many: _many,
    RootOne: _root_one,
    RootNode: _node,
}

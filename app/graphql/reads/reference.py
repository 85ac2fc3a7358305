"""The second way to answer: slow, small, obviously right. The compiler is tested against it.

Resolvers are derived from the bindings, one plain SELECT for each field that reads a table. It
shares predicates, joins, codecs and the arithmetic of pages with the compiler, and none of its
SQL or assembling. Introspection beside data, and operations with a root field that no table
answers, run here.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    execute,
    get_named_type,
    is_enum_type,
    is_introspection_type,
)
from graphql.execution.executor import Executor
from graphql.pyutils import Path
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
)
from app.graphql.reads.catalogue import (
    Catalogue,
    is_connection,
    is_edge,
    is_page_info,
    strawberry_field,
)
from app.graphql.reads.execute import kinds_of, need_scopes
from app.graphql.reads.nodes import RootNodes, checked_ids
from app.graphql.reads.provided import Provided
from app.graphql.reads.reference_groups import GROUP_RESOLVERS
from app.graphql.reads.reference_rows import (
    Info,
    ReferenceContext,
    Resolver,
    Row,
    RowAsTable,
    Target,
    asked_of,
    beyond,
    connection_of,
    count_rows,
    select_rows,
)
from app.graphql.reads.values import TOTAL_COUNT


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
    if is_connection(owner):
        owner.fields[TOTAL_COUNT].resolve = lambda connection, info: connection.total_count()
    if is_connection(owner) or is_edge(owner) or is_page_info(owner):
        return
    if catalogue.mapping(owner) is not None:
        owner.is_type_of = None
    for name, field in owner.fields.items():
        binding = catalogue.binding(field)
        if binding is None and field.resolve is not None:
            field.resolve = _with_scopes(catalogue, field, field.resolve)
        make = _RESOLVERS.get(type(binding))
        if binding is not None and make is not None:
            resolve = make(Target(catalogue, owner, name, field), binding)
            field.resolve = _with_scopes(catalogue, field, resolve)


def _with_scopes(catalogue: Catalogue, field: GraphQLField, resolve: Resolver) -> Resolver:
    """The resolver, refusing who lacks the field's own scope or that of the rows it reads."""
    found = strawberry_field(field)
    named = get_named_type(field.type)
    if isinstance(named, GraphQLObjectType) and is_connection(named):
        named = get_named_type(named.fields["nodes"].type)
    mapping = catalogue.mapping(named)
    wanted = (
        found.scope if isinstance(found, ScopedField) else None,
        mapping.scope if mapping is not None else None,
    )
    scopes = [scope for scope in wanted if scope is not None]
    if not scopes:
        return resolve

    def checked(source: Any, info: Info, **given: Any) -> Any:
        path = [str(key) for key in info.path.as_list()]
        need_scopes(dict.fromkeys(scopes, path), info.context.viewer)
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
        executor_class=_Executor,
    )
    return result if isinstance(result, ExecutionResult) else await result


class _Executor(Executor[Any]):
    """Lets introspection tell of that part of the schema which the token may see."""

    def build_resolve_info(
        self,
        field_def: GraphQLField,
        field_nodes: list[FieldNode],
        parent_type: GraphQLObjectType,
        path: Path,
    ) -> Info:
        """What a resolver is told; the schema of introspection's is another."""
        info = super().build_resolve_info(field_def, field_nodes, parent_type, path)
        if field_def in (SchemaMetaFieldDef, TypeMetaFieldDef) or is_introspection_type(
            parent_type
        ):
            return info._replace(schema=self.context_value.visible)
        return info


def _type_of(catalogue: Catalogue, interface: GraphQLInterfaceType) -> Resolver:
    def resolve(row: Row, info: Info, kind: object) -> str:
        discriminator = row.mapping.discriminator
        assert discriminator is not None
        return catalogue.variants[interface.name][row[discriminator]].name

    return resolve


def _identity(target: Target, binding: Identity) -> Resolver:
    return lambda row, info: global_id(target.owner.name, row["id"])


def _column(target: Target, binding: Column) -> Resolver:
    if target.catalogue.mapping(target.owner) is None:
        return _value(target, binding)
    column = target.catalogue.column_name(target.field)
    if is_enum_type(target.named()):
        return lambda row, info: row[column]
    codec = target.catalogue.codec(target.field)
    return lambda row, info: codec.apply(row[column])


def _value(target: Target, binding: Column) -> Resolver:
    found_field = strawberry_field(target.field)
    assert found_field is not None
    python_name = found_field.python_name

    def resolve(value: Any, info: Info) -> Any:
        found = value.get(target.name) if isinstance(value, dict) else getattr(value, python_name)
        return found if binding.id_of is None or found is None else global_id(binding.id_of, found)

    return resolve


def _embedded(target: Target, binding: Embedded) -> Resolver:
    def resolve(row: Row, info: Info) -> SimpleNamespace | None:
        if row[binding.absent] is None:
            return None
        return SimpleNamespace(**{name: row[column] for name, column in binding.columns.items()})

    return resolve


def _document(target: Target, binding: Document) -> Resolver:
    def resolve(row: Row, info: Info) -> Any:
        found = row[binding.column]
        if isinstance(found, str):  # asyncpg gives JSON as text unless it was told otherwise
            found = orjson.loads(found)
        for key in binding.path:
            found = None if found is None else found.get(key)
        return found

    return resolve


def _one(target: Target, binding: One) -> Resolver:
    async def resolve(row: Row, info: Info) -> Row | None:
        rows = await select_rows(
            info.context, target.mapping(), lambda table: [binding.join(RowAsTable(row), table)]
        )
        return rows[0] if rows else None

    return resolve


def _root_one(target: Target, binding: RootOne) -> Resolver:
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


def _node(target: Target, binding: RootNode) -> Resolver:
    async def resolve(source: object, info: Info, id: str) -> Row | None:
        parsed = parse_global_id(id)
        named = target.catalogue.node_types.get(parsed[0]) if parsed else None
        mapping = target.catalogue.mapping(named) if named else None
        if parsed is None or named is None or mapping is None:
            return None
        if mapping.scope is not None:
            path = [str(each) for each in info.path.as_list()]
            need_scopes({mapping.scope: path}, info.context.viewer)
        key = parsed[1]
        rows = await select_rows(info.context, mapping, lambda table: [table.id == key])
        return Row(mapping, {**rows[0], "__typename": named.name}) if rows else None

    return resolve


def _nodes(target: Target, binding: RootNodes) -> Resolver:
    find = _node(target, RootNode())

    async def resolve(source: object, info: Info, ids: list[str]) -> list[Row | None]:
        checked_ids(ids, [str(key) for key in info.path.as_list()])
        return [await find(source, info, each) for each in ids]

    return resolve


def _many(target: Target, binding: Many) -> Resolver:
    list_name = f"{target.owner.name}.{target.name}"

    async def resolve(row: Row | None, info: Info, **given: Any) -> SimpleNamespace:
        context: ReferenceContext = info.context
        mapping = target.mapping()
        assert mapping.orders is not None  # the start-up check refuses lists of other types
        order = mapping.orders.chosen(given.get("orderBy"))
        signer = signer_for(context.cursor_key, context.viewer.brand_id, list_name, order)
        kinds = kinds_of(order, mapping.model)
        path = [str(key) for key in info.path.as_list()]
        page = page_of(given, signer, kinds, path)
        asked = asked_of(mapping, given.get("filter"), path)

        def passing(table: Any) -> list[ColumnElement[bool]]:
            found = []
            if binding.join is not None and row is not None:
                found.append(binding.join(RowAsTable(row), table))
            for name, argument in binding.arguments.items():
                if given.get(name) is not None:
                    value = literal(argument.to_database(given[name]), argument.sql_type)
                    found.append(argument.predicate(table, value))
            return [*found, *asked(table)]

        def conditions(table: Any) -> list[ColumnElement[bool]]:
            return [*passing(table), *beyond(table, order, page)]

        rows = await select_rows(context, mapping, conditions, order, page)
        count = partial(count_rows, context, mapping, passing)
        return connection_of(rows, order, page, signer, count)

    return resolve


def _provided(target: Target, binding: Provided) -> Resolver:
    return lambda row, info: binding.make(target.catalogue.tariff)


_RESOLVERS: Mapping[type, Callable[[Target, Any], Resolver]] = {
    Identity: _identity,
    Column: _column,
    Embedded: _embedded,
    Document: _document,
    One: _one,
    Many: _many,
    RootOne: _root_one,
    RootNode: _node,
    RootNodes: _nodes,
    Provided: _provided,
    **GROUP_RESOLVERS,
}

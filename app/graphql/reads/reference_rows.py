"""The rows of the reference: one plain SELECT each, and a page of them as a connection."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
)
from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select, tuple_
from sqlalchemy.orm import aliased

from app.core.models import Model
from app.core.viewer import Viewer
from app.graphql.accounts import Tariff
from app.graphql.paging import CursorSigner, Order, Page
from app.graphql.reads.binding import TypeMapping
from app.graphql.reads.catalogue import Catalogue, is_connection
from app.graphql.reads.execute import Fetch, need_scopes
from app.graphql.reads.sql import compile_statement

Resolver = Callable[..., Any]
Info: TypeAlias = GraphQLResolveInfo[Any]


@dataclass(frozen=True)
class Costs:
    """What a run may be told of costs."""

    tariff: Tariff
    available: int
    """The points that the viewer's bucket holds."""
    of: Callable[[Any], Any]
    """What a request of the viewer's would cost: `Engine.cost`, which is built upon this."""


@dataclass(frozen=True)
class ReferenceContext:
    """What the resolvers of one run need; Strawberry's own resolvers find it as their context."""

    viewer: Viewer
    fetch: Fetch
    cursor_key: bytes
    visible: GraphQLSchema
    """What introspection tells of."""
    costs: Costs


@dataclass(frozen=True)
class Target:
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


class Row(dict[str, Any]):
    """A row by its columns, with the table it came from."""

    def __init__(self, mapping: TypeMapping, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.mapping = mapping


class RowAsTable:
    """A row's values in the place of its table: what a join takes for the parent."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        column = getattr(self._row.mapping.model, name)
        return literal(self._row[name], column.type)


def asked_of(
    mapping: TypeMapping, given: Mapping[str, Any] | None, path: Sequence[str]
) -> Callable[[Any], list[ColumnElement[bool]]]:
    """The condition that a list's `filter` makes, its values written where they stand."""
    planned = None if mapping.filters is None else mapping.filters.plan(given, path)
    if planned is None or given is None:
        return lambda table: []
    values = planned.bind(given, path)
    return lambda table: [
        planned.predicate(table, lambda number, sql_type: literal(values[number], sql_type))
    ]


def beyond(table: Any, order: Order, page: Page) -> list[ColumnElement[bool]]:
    """The condition that leaves out what lies before the page."""
    if page.after is None:
        return []
    columns = [getattr(table, name) for name in order.columns]
    keys = [literal(key, column.type) for key, column in zip(page.after, columns, strict=True)]
    descending = order.descending != page.backward
    return [tuple_(*columns) < tuple_(*keys) if descending else tuple_(*columns) > tuple_(*keys)]


def connection_of(
    rows: Sequence[Row],
    order: Order,
    page: Page,
    signer: CursorSigner,
    count: Callable[[], Awaitable[int]],
) -> SimpleNamespace:
    """A page of *rows*, of which one more than asked for was read; *count* counts all pages'."""
    more = len(rows) > page.rows
    shown = list(rows[: page.rows])
    if page.backward:
        shown.reverse()
    cursors = [signer.sign([row[name] for name in order.columns]) for row in shown]
    started = page.after is not None
    return SimpleNamespace(
        nodes=shown,
        edges=[
            SimpleNamespace(node=row, cursor=cursor)
            for row, cursor in zip(shown, cursors, strict=True)
        ],
        page_info=SimpleNamespace(
            has_next_page=started if page.backward else more,
            has_previous_page=more if page.backward else started,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        total_count=count,
    )


@cache
def _table_of(model: type[Model]) -> tuple[Any, list[str]]:
    """An alias of a table, kept since it is dear to make, and the names of its columns."""
    return aliased(model), [attribute.key for attribute in model.__mapper__.column_attrs]


async def select_rows(
    context: ReferenceContext,
    mapping: TypeMapping,
    conditions: Callable[[Any], Sequence[ColumnElement[bool]]],
    order: Order | None = None,
    page: Page | None = None,
) -> list[Row]:
    """The visible rows that meet *conditions*, of a list in its order, one row beyond the page."""
    if mapping.scope is not None:
        need_scopes({mapping.scope: (mapping.model.__name__,)}, context.viewer)
    table, names = _table_of(mapping.model)
    rows: Select[Any] = select(*(getattr(table, name) for name in names))
    rows = rows.where(mapping.visible(table), *conditions(table))
    if order is not None and page is not None:
        descending = order.descending != page.backward
        for name in order.columns:
            column = getattr(table, name)
            rows = rows.order_by(column.desc() if descending else column.asc())
        rows = rows.limit(bindparam("rows", page.rows + 1))
    statement = compile_statement(rows)
    found = await context.fetch(statement.sql, statement.parameters(context.viewer.parameters()))
    return [Row(mapping, dict(zip(names, each, strict=True))) for each in found]


async def count_rows(
    context: ReferenceContext,
    mapping: TypeMapping,
    conditions: Callable[[Any], Sequence[ColumnElement[bool]]],
) -> int:
    """How many visible rows meet *conditions*."""
    table = aliased(mapping.model)
    rows = select(func.count()).select_from(table).where(mapping.visible(table), *conditions(table))
    statement = compile_statement(rows)
    found = await context.fetch(statement.sql, statement.parameters(context.viewer.parameters()))
    return int(found[0][0])

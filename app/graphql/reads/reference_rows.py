"""The rows of the reference: one plain SELECT each, and a page of them as a connection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal, select, tuple_
from sqlalchemy.orm import aliased

from app.core.viewer import Viewer
from app.graphql.paging import CursorSigner, Page
from app.graphql.reads.binding import Many, TypeMapping
from app.graphql.reads.execute import Fetch, need_scopes
from app.graphql.reads.sql import compile_statement


@dataclass(frozen=True)
class ReferenceContext:
    """What the resolvers of one run need; Strawberry's own resolvers find it as their context."""

    viewer: Viewer
    fetch: Fetch
    cursor_key: bytes


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


def beyond(table: Any, binding: Many, page: Page) -> list[ColumnElement[bool]]:
    """The condition that leaves out what lies before the page."""
    if page.after is None:
        return []
    columns = [getattr(table, name) for name in binding.order.columns]
    keys = [literal(key, column.type) for key, column in zip(page.after, columns, strict=True)]
    descending = binding.order.descending != page.backward
    return [tuple_(*columns) < tuple_(*keys) if descending else tuple_(*columns) > tuple_(*keys)]


def connection_of(
    rows: Sequence[Row], binding: Many, page: Page, signer: CursorSigner
) -> SimpleNamespace:
    """A page of *rows*, of which one more than asked for was read."""
    more = len(rows) > page.rows
    shown = list(rows[: page.rows])
    if page.backward:
        shown.reverse()
    cursors = [signer.sign([row[name] for name in binding.order.columns]) for row in shown]
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
    )


async def select_rows(
    context: ReferenceContext,
    mapping: TypeMapping,
    conditions: Callable[[Any], Sequence[ColumnElement[bool]]],
    binding: Many | None = None,
    page: Page | None = None,
) -> list[Row]:
    """The visible rows that meet *conditions*, of a list in its order, one row beyond the page."""
    if mapping.scope is not None:
        need_scopes({mapping.scope: (mapping.model.__name__,)}, context.viewer)
    table = aliased(mapping.model)
    names = [attribute.key for attribute in mapping.model.__mapper__.column_attrs]
    rows: Select[Any] = select(*(getattr(table, name) for name in names))
    rows = rows.where(mapping.visible(table), *conditions(table))
    if binding is not None and page is not None:
        descending = binding.order.descending != page.backward
        for name in binding.order.columns:
            column = getattr(table, name)
            rows = rows.order_by(column.desc() if descending else column.asc())
        rows = rows.limit(bindparam("rows", page.rows + 1))
    statement = compile_statement(rows)
    found = await context.fetch(statement.sql, statement.parameters(context.viewer.parameters()))
    return [Row(mapping, dict(zip(names, each, strict=True))) for each in found]

"""Plan → one PostgreSQL statement. No I/O, and no values: those are bound at each run.

One root field gives its rows as they are. Several give one row: columns of single rows, an array
of records for each list. A single row beside a row is a lateral subselect behind `OFFSET 0`, which
keeps PostgreSQL from turning a few look-ups into a scan of the whole table; a list below a row is
an array for each column, a text, or an array of records (`layout.py`). Every level is AND-ed with
the visibility of its type.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    true,
    tuple_,
)

from app.graphql.paging import Order
from app.graphql.reads.grouped import grouped, largest_first
from app.graphql.reads.json_lists import printed_count, printed_list
from app.graphql.reads.layout import alone
from app.graphql.reads.list_request import ListRequest
from app.graphql.reads.nodes import PLACE, places
from app.graphql.reads.plan import (
    Asked,
    Constant,
    GroupsSource,
    GroupsView,
    ListSource,
    ListView,
    NodesSource,
    NodesView,
    OneSource,
    Plan,
    RootRow,
    Source,
)
from app.graphql.reads.tables import (
    DIALECT,
    SelectedRow,
    Table,
    array_of,
    arrays_of,
    table_of,
)

_NOTHING = literal_column("0", Integer)


@dataclass(frozen=True)
class Statement:
    """SQL text with `$1`, and what makes its parameters out of the named values of a run."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    processors: Mapping[str, Callable[[Any], Any]]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters in the order of the text."""
        known = {**self.constants, **values} if self.constants else values
        if not self.processors:
            return [known[name] for name in self.names]
        found = []
        for name in self.names:
            process = self.processors.get(name)
            value = known[name]
            found.append(value if process is None or value is None else process(value))
        return found


def limit_name(index: int) -> str:
    """The parameter of a list's LIMIT: the page, and one row more if it is asked what follows."""
    return f"list_{index}_limit"


def key_name(index: int, position: int) -> str:
    """The parameter of a list's cursor, by the position of the order's column."""
    return f"list_{index}_key_{position}"


def filter_name(index: int, argument: str) -> str:
    """The parameter of a list's further argument."""
    return f"list_{index}_{argument}"


def condition_name(index: int, number: int) -> str:
    """The parameter of a comparison in a list's filter."""
    return f"list_{index}_filter_{number}"


def row_name(index: int) -> str:
    """The parameter that finds a root field's single row."""
    return f"row_{index}_key"


def compile_statement(statement: Select[Any]) -> Statement:
    """The text of a statement and the making of its parameters."""
    compiled = statement.compile(dialect=DIALECT)
    if "POSTCOMPILE" in str(compiled):
        raise ValueError(
            "Use `or_` or `any_` in a predicate: `in_` makes SQL that its values decide."
        )
    names = tuple(compiled.positiontup or ())
    processors = {
        name: process for name, process in compiled._bind_processors.items() if callable(process)
    }
    constants = {
        name: value
        for name, value in compiled.construct_params(_check=False).items()
        if not compiled.binds[name].required
    }
    return Statement(str(compiled), names, constants, processors)


def statement_of(plan: Plan) -> Statement | None:
    """The one statement of a plan, or None where no table is asked."""
    builder = _Builder()
    asked = [root for root in plan.roots if not isinstance(root, Constant)]
    if not asked:
        return None
    root = alone(plan)
    return compile_statement(builder.several(asked) if root is None else builder.alone(root))


def rows_statement(
    source: Source, conditions: Callable[[Any], Sequence[ColumnElement[bool]]], order: Order
) -> Statement:
    """A statement for the first `limit` rows of a source that meet *conditions*, in *order*."""
    builder = _Builder()
    table = builder.table(source)
    rows = (
        builder.rows(source, table, record=False)
        .where(*conditions(table))
        .order_by(*_order_by(table, order, backward=False))
        .limit(bindparam("limit", type_=Integer()))
    )
    return compile_statement(rows)


def _order_by(table: "Table", order: Order, *, backward: bool) -> list[ColumnElement[Any]]:
    descending = order.descending != backward
    columns = [table.column(name) for name in order.columns]
    return [column.desc() if descending else column.asc() for column in columns]


class _Builder:
    """Makes selects with table names that are numbered in the order of the document."""

    def __init__(self) -> None:
        self._tables = 0

    def table(self, source: Source) -> Table:
        """An alias of the source's table, named for reading."""
        self._tables += 1
        model = source.mapping.model
        return table_of(model, f"{model.__tablename__}_{self._tables}")

    def alone(self, root: Asked) -> Select[Any]:
        """The select of the one root field; where its list is counted, beside the count."""
        rows = self.root(root, record=False)
        if not isinstance(root, ListView) or root.source.total is None:
            return rows
        count = select(self._count(root.source, None).label("rows_counted")).subquery("counted")
        page = rows.subquery("page")
        shown = ", ".join(f"page.c{position}" for position in root.source.source.positions)
        return select(
            literal_column(shown), count.c.rows_counted.label(f"c{root.source.total.position}")
        ).select_from(count.outerjoin(page, true()))

    def several(self, roots: Sequence[Asked]) -> Select[Any]:
        """The select of one row with what all root fields ask for."""
        row = SelectedRow(select(literal_column("1")).subquery("once"))
        for root in roots:
            if isinstance(root, RootRow):
                rows = self.root(root, record=False)
                row.joined(rows, f"root_{root.index}", root.source.positions)
                continue
            listed = root.source
            if not isinstance(listed, ListSource) or listed.shown:
                row.value(array_of(self.root(root, record=True)), listed.slot.position)
            if isinstance(listed, ListSource) and listed.total is not None:
                row.value(self._count(listed, None), listed.total.position)
        return row.select(record=False)

    def root(self, root: Asked, *, record: bool) -> Select[Any]:
        """The select of a root field; as a *record*, each row is one value."""
        if isinstance(root, NodesView):
            return self._nodes(root.source, record=record)
        if not isinstance(root, RootRow):
            return self._many(root.source, None, record=record)
        table = self.table(root.source)
        rows = self.rows(root.source, table, record=record)
        if root.column is None:
            return rows
        column = table.column(root.column)
        return rows.where(column == bindparam(row_name(root.index), type_=column.type))

    def _nodes(self, nodes: NodesSource, *, record: bool) -> Select[Any]:
        wanted = places(nodes.request.index)
        row = SelectedRow(wanted)
        for one in nodes.ones.values():
            self._single(one, Table(wanted), row)
        return row.select(record=record).order_by(wanted.c[PLACE])

    def rows(self, source: Source, table: Table, *, record: bool) -> Select[Any]:
        """The visible rows of a source."""
        visible = table.visible(source.mapping.visible)
        return self._selected(source, table, record=record).where(visible)

    def _selected(self, source: Source, table: Table, *, record: bool) -> Select[Any]:
        """The values of a source as laid out: its columns, its single rows, its lists."""
        row = SelectedRow(table.alias)
        for slot in source.slots:
            row.column(table, slot)
        for one in source.ones.values():
            self._single(one, table, row)
        for listed in source.lists:
            self._below(listed, table, row)
        return row.select(record=record)

    def _single(self, one: OneSource, parent: Table, row: SelectedRow) -> None:
        table = self.table(one.source)
        name = f"one_{self._tables}"
        rows = self.rows(one.source, table, record=False).where(one.join(parent, table))
        rows = rows.offset(_NOTHING).correlate(parent.alias)
        row.joined(rows, name, one.source.positions)

    def _below(self, listed: ListSource | GroupsSource, parent: Table, row: SelectedRow) -> None:
        begin = listed.slot.position
        if listed.printed is not None:
            row.value(self._printed(listed.printed, parent), begin)
            return
        if isinstance(listed, ListSource) and not listed.shown:
            pass
        elif listed.in_columns:
            rows = self._many(listed, parent, record=False)
            name, count = f"many_{self._tables}", len(listed.source.positions)
            arrays = arrays_of(rows, f"{name}_rows", begin, count)
            row.joined(arrays, name, range(begin, begin + count))
        else:
            row.value(array_of(self._many(listed, parent, record=True)), begin)
        if isinstance(listed, ListSource) and listed.total is not None:
            row.value(self._count(listed, parent), listed.total.position)

    def _printed(self, view: ListView | GroupsView, parent: Table) -> ColumnElement[Any]:
        total = None
        if isinstance(view, ListView) and view.source.total is not None:
            total = self._count(view.source, parent)
            if not view.source.shown:
                return printed_count(view, total)
        name = f"many_{self._tables + 1}"
        rows = self._many(view.source, parent, record=False)
        return printed_list(view, rows, name, limit_name(view.source.request.index), total)

    def _many(
        self, listed: ListSource | GroupsSource, parent: Table | None, *, record: bool
    ) -> Select[Any]:
        if isinstance(listed, GroupsSource):
            return self._groups(listed, parent, record=record)
        return self._list(listed, parent, record=record)

    def _groups(self, groups: GroupsSource, parent: Table | None, *, record: bool) -> Select[Any]:
        table = self.table(groups.source)
        rows = grouped(groups, table, _passing(groups, table, parent))
        if parent is not None:
            rows = rows.correlate(parent.alias)
        derived = Table(rows.subquery(f"groups_{self._tables}"))
        shown = self._selected(groups.source, derived, record=record)
        shown = shown.order_by(*largest_first(groups, derived.alias))
        if not groups.cut:
            return shown
        return shown.limit(bindparam(limit_name(groups.request.index), type_=Integer()))

    def _count(self, listed: ListSource, parent: Table | None) -> ColumnElement[Any]:
        table = self.table(listed.source)
        count = select(func.count()).select_from(table.alias)
        count = count.where(*_passing(listed, table, parent))
        return (count if parent is None else count.correlate(parent.alias)).scalar_subquery()

    def _list(self, listed: ListSource, parent: Table | None, *, record: bool) -> Select[Any]:
        table = self.table(listed.source)
        request, order = listed.request, listed.order
        rows = self._selected(listed.source, table, record=record)
        rows = rows.where(*_passing(listed, table, parent))
        if parent is not None:
            rows = rows.correlate(parent.alias)
        if request.has_cursor:
            rows = rows.where(_beyond_cursor(table, order, request))
        return rows.order_by(*_order_by(table, order, backward=request.backward)).limit(
            bindparam(limit_name(request.index), type_=Integer())
        )


def _passing(
    listed: ListSource | GroupsSource, table: Table, parent: Table | None
) -> list[ColumnElement[bool]]:
    """What every row of a list meets, on whatever page: visibility, join, filter."""
    visible = table.visible(listed.source.mapping.visible)
    joined = [] if listed.join is None or parent is None else [listed.join(parent, table)]
    return [visible, *joined, *_asked(table, listed.request)]


def _asked(table: Table, request: ListRequest) -> list[ColumnElement[bool]]:
    """What a list's arguments ask of its rows, whatever the page."""
    index = request.index
    found = [
        argument.predicate(table, bindparam(filter_name(index, name), type_=argument.sql_type))
        for name, argument in request.filters.items()
    ]
    if request.condition is not None:
        found.append(
            request.condition.predicate(
                table,
                lambda number, sql_type: bindparam(condition_name(index, number), type_=sql_type),
            )
        )
    return found


def _beyond_cursor(table: Table, order: Order, request: ListRequest) -> ColumnElement[bool]:
    columns = [table.column(name) for name in order.columns]
    keys = [
        bindparam(key_name(request.index, position), type_=column.type)
        for position, column in enumerate(columns)
    ]
    beyond: ColumnElement[bool] = (
        tuple_(*columns) < tuple_(*keys)
        if order.descending != request.backward
        else tuple_(*columns) > tuple_(*keys)
    )
    return beyond

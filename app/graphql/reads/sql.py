"""Plan → one PostgreSQL statement. No I/O, and no values: those are bound at each run.

One root list gives its rows as they are. Several roots give one row with an array of records
each. A single row beside a row is a lateral subselect behind `OFFSET 0`, which keeps PostgreSQL
from turning a few look-ups into a scan of the whole table; a list below a row is an array of
records. Every level is AND-ed with the visibility of its type.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import asyncpg

from app.core.models import Model
from app.graphql.paging import Order
from app.graphql.reads.plan import (
    Constant,
    ListRequest,
    ListSource,
    ListView,
    OneSource,
    Plan,
    RootRow,
    Source,
)

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_NOTHING = literal_column("0", Integer)
_HERE: ColumnElement[bool] = literal_column("true", Boolean)


@dataclass(frozen=True)
class Statement:
    """SQL text with `$1`, and what makes its parameters out of the named values of a run."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    processors: Mapping[str, Callable[[Any], Any]]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters in the order of the text."""
        found = []
        for name in self.names:
            value = values[name] if name in values else self.constants[name]
            process = self.processors.get(name)
            found.append(value if process is None or value is None else process(value))
        return found


def limit_name(index: int) -> str:
    """The parameter of a list's LIMIT: one row more than the page, to see whether more follows."""
    return f"list_{index}_limit"


def key_name(index: int, position: int) -> str:
    """The parameter of a list's cursor, by the position of the order's column."""
    return f"list_{index}_key_{position}"


def filter_name(index: int, argument: str) -> str:
    """The parameter of a list's further argument."""
    return f"list_{index}_{argument}"


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
    roots = [root for root in plan.roots if not isinstance(root, Constant)]
    if not roots:
        return None
    if len(roots) == 1:
        return compile_statement(builder.root(roots[0], record=False))
    arrays = [
        _array(builder.root(root, record=True)).label(f"root_{number}")
        for number, root in enumerate(roots)
    ]
    return compile_statement(select(*arrays))


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


def _read(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON is read as text, whatever the connection would make of it."""
    return cast(column, Text) if isinstance(column.type, JSON) else column


def _array(rows: Select[Any]) -> ColumnElement[Any]:
    return func.array(rows.scalar_subquery())


def _order_by(table: "Table", order: Order, *, backward: bool) -> list[ColumnElement[Any]]:
    descending = order.descending != backward
    columns = [table.column(name) for name in order.columns]
    return [column.desc() if descending else column.asc() for column in columns]


class Table:
    """An alias of a table whose columns are attributes: what joins and predicates take."""

    def __init__(self, model: type[Model], name: str) -> None:
        self.alias = model.__table__.alias(name)

    def column(self, name: str) -> ColumnElement[Any]:
        """The column of that name."""
        return self.alias.c[name]

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        return self.alias.c[name]


class _Builder:
    """Makes selects with table names that are numbered in the order of the document."""

    def __init__(self) -> None:
        self._tables = 0

    def table(self, source: Source) -> Table:
        """An alias of the source's table, named for reading."""
        self._tables += 1
        model = source.mapping.model
        return Table(model, f"{model.__tablename__}_{self._tables}")

    def root(self, root: RootRow | ListView, *, record: bool) -> Select[Any]:
        """The select of a root field; as a *record*, each row is one value."""
        if isinstance(root, ListView):
            return self._list(root.source, None, record=record)
        table = self.table(root.source)
        rows = self.rows(root.source, table, record=record)
        if root.column is None:
            return rows
        column = table.column(root.column)
        return rows.where(column == bindparam(row_name(root.index), type_=column.type))

    def rows(self, source: Source, table: Table, *, record: bool) -> Select[Any]:
        """The visible rows of a source, with the columns as laid out: own, single rows, lists."""
        columns: list[ColumnElement[Any]] = [
            (_HERE if name is None else _read(table.column(name))).label(f"c{slot.position}")
            for name, slot in source.columns.items()
        ]
        laterals = [self._single(one, table) for one in source.ones.values()]
        tables: FromClause = table.alias
        for lateral in laterals:
            columns.extend(lateral.c)
            tables = tables.outerjoin(lateral, true())
        for listed in source.lists:
            rows = self._list(listed, table, record=True)
            columns.append(_array(rows).label(f"c{listed.slot.position}"))
        shown = [func.row(*columns)] if record else columns
        return select(*shown).select_from(tables).where(source.mapping.visible(table))

    def _single(self, one: OneSource, parent: Table) -> FromClause:
        table = self.table(one.source)
        name = f"one_{self._tables}"
        rows = self.rows(one.source, table, record=False).where(one.join(parent, table))
        return rows.offset(_NOTHING).correlate(parent.alias).lateral(name)

    def _list(self, listed: ListSource, parent: Table | None, *, record: bool) -> Select[Any]:
        table = self.table(listed.source)
        request, order = listed.request, listed.order
        rows = self.rows(listed.source, table, record=record)
        if listed.join is not None and parent is not None:
            rows = rows.where(listed.join(parent, table)).correlate(parent.alias)
        for name, argument in request.filters.items():
            parameter = bindparam(filter_name(request.index, name), type_=argument.sql_type)
            rows = rows.where(argument.predicate(table, parameter))
        if request.has_cursor:
            rows = rows.where(_beyond_cursor(table, order, request))
        return rows.order_by(*_order_by(table, order, backward=request.backward)).limit(
            bindparam(limit_name(request.index), type_=Integer())
        )


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

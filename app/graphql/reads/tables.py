"""Tables under aliases, and the rows that are selected of them.

What is selected is nearly always a plain column, and SQLAlchemy would spend more on those than on
all the rest of a statement. So they are text; predicates, joins and orders are expressions.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, Select, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import asyncpg

from app.core.models import Model
from app.graphql.reads.binding import Predicate
from app.graphql.reads.plan import Slot

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
HERE = "true"
"""The mark that there is a row."""


class Table:
    """An alias whose columns are attributes: what joins and predicates take."""

    def __init__(self, alias: FromClause) -> None:
        self.alias = alias
        self._visible: dict[Predicate, ColumnElement[bool]] = {}

    def visible(self, predicate: Predicate) -> ColumnElement[bool]:
        """The visibility of its rows, made once: predicates stand beside types, so they are few."""
        found = self._visible.get(predicate)
        if found is None:
            found = self._visible[predicate] = predicate(self)
        return found

    def column(self, name: str) -> ColumnElement[Any]:
        """The column of that name."""
        return self.alias.c[name]

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        return self.alias.c[name]


@lru_cache(maxsize=512)
def table_of(model: type[Model], name: str) -> Table:
    """A table of the database under an alias.

    Kept, since its columns are made at first use and cost more than the rest of a statement; some
    30 kB each.
    """
    return Table(model.__table__.alias(name))


class SelectedRow:
    """The values of the rows of a statement, in the order of their positions."""

    def __init__(self, table: FromClause) -> None:
        self._tables = table
        self._values: list[tuple[str | ColumnElement[Any], int]] = []

    def column(self, table: Table, slot: Slot) -> None:
        """Add the column of a table that belongs into a slot, or the mark that there is a row."""
        text = HERE if slot.column is None else _text_of(table, slot.column, as_text=slot.as_text)
        self._values.append((text, slot.position))

    def value(self, value: ColumnElement[Any], position: int) -> None:
        """Add a value of any other kind."""
        self._values.append((value, position))

    def joined(self, rows: Select[Any], name: str, positions: range) -> None:
        """Add the columns of *rows*, one for each row: null where there is none."""
        self._tables = self._tables.outerjoin(rows.lateral(name), true())
        self._values.extend((f"{name}.c{position}", position) for position in positions)

    def select(self, *, record: bool) -> Select[Any]:
        """The select of these rows, their columns named by position; as a *record*, of one value.

        A row without values is a mark that it is there.
        """
        values = self._values or [(HERE, 0)]
        if record:
            shown = [_record([value for value, _ in values])]
        else:
            shown = [_named(value, position) for value, position in values]
        return select(*_merged(shown)).select_from(self._tables)


def array_of(rows: Select[Any]) -> ColumnElement[Any]:
    """The rows of a select of one value as an array."""
    return func.array(rows.scalar_subquery())


def arrays_of(rows: Select[Any], name: str, begin: int, count: int) -> Select[Any]:
    """The first *count* columns of a select as arrays, named by position from *begin* on."""
    arrays = (f"array_agg({name}.c{each}) AS c{begin + each}" for each in range(count))
    return select(literal_column(", ".join(arrays))).select_from(rows.subquery(name))


def _text_of(table: Table, name: str, *, as_text: bool) -> str:
    """JSON is read as text, whatever the connection would make of it."""
    quote = DIALECT.identifier_preparer.quote
    text = f"{quote(str(table.alias.description))}.{quote(name)}"
    as_text = as_text or isinstance(table.column(name).type, JSON)
    return f"CAST({text} AS TEXT)" if as_text else text


def _named(value: str | ColumnElement[Any], position: int) -> str | ColumnElement[Any]:
    name = f"c{position}"
    if not isinstance(value, str):
        return value.label(name)
    return value if value.endswith(f".{name}") else f"{value} AS {name}"


def _record(values: list[str | ColumnElement[Any]]) -> str | ColumnElement[Any]:
    if all(isinstance(value, str) for value in values):
        return f"row({', '.join(map(str, values))})"
    return func.row(*_merged(values))


def _merged(values: list[str | ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """The values with each run of text as one."""
    found: list[ColumnElement[Any]] = []
    run: list[str] = []
    for value in values:
        if isinstance(value, str):
            run.append(value)
            continue
        if run:
            found.append(literal_column(", ".join(run)))
            run = []
        found.append(value)
    return [*found, literal_column(", ".join(run))] if run else found

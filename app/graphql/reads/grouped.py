"""The SQL of groups: a table's rows become one row for each group.

A sum of money groups twice, first by currency as well, so that one pass over the rows gives the
counts, the sums and the amounts of each currency.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.graphql.reads.plan import COUNT, GroupsSource

_CURRENCY, _AMOUNT = "currency_of_rows", "amount_of_rows"
_NONE = literal_column("0", BigInteger)


def grouped(
    groups: GroupsSource, table: Any, conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """The groups of the rows of *table* that meet *conditions*: keys, count and sums by name."""
    keys = {name: value(table) for name, value in groups.keys.items()}
    if groups.source.ones:
        keys["brand_id"] = table.brand_id
    sums = {name: summed.value(table) for name, summed in groups.sums.items()}
    if groups.money is None:
        return _group(keys, sums, func.count()).where(*conditions)
    name, money = groups.money
    inner = (
        _group({**keys, _CURRENCY: money.currency(table)}, sums, func.count())
        .add_columns(func.sum(money.amount(table)).label(_AMOUNT))
        .where(*conditions)
        .subquery("by_currency")
    )
    record = func.row(cast(inner.c[_AMOUNT], BigInteger), inner.c[_CURRENCY])
    records = func.array_agg(aggregate_order_by(record, inner.c[_CURRENCY]))
    return _group(
        {key: inner.c[key] for key in keys},
        {each: inner.c[each] for each in sums},
        _whole(func.sum(inner.c[COUNT])),
    ).add_columns(records.filter(inner.c[_CURRENCY].is_not(None)).label(name))


def _group(
    keys: dict[str, ColumnElement[Any]],
    sums: dict[str, ColumnElement[Any]],
    count: ColumnElement[Any],
) -> Select[Any]:
    shown = [value.label(name) for name, value in keys.items()]
    totals = [_whole(func.sum(value)).label(name) for name, value in sums.items()]
    rows = select(*shown, count.label(COUNT), *totals)
    return rows.group_by(*keys.values()) if keys else rows


def _whole(total: ColumnElement[Any]) -> ColumnElement[Any]:
    """A sum as a whole number; 0 where there was nothing to sum."""
    return cast(func.coalesce(total, _NONE), BigInteger)


def largest_first(groups: GroupsSource, source: FromClause) -> list[ColumnElement[Any]]:
    """The order of groups: by their count, then by their keys."""
    return [source.c[COUNT].desc(), *(source.c[name] for name in groups.keys)]

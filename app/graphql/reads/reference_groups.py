"""The groups of the reference: one plain GROUP BY, and one more for a sum of money of each group.

It shares what a key and a sum are made of with the compiler, and none of its SQL.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from graphql import GraphQLObjectType, is_enum_type
from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select
from sqlalchemy.orm import aliased

from app.graphql.reads.aggregates import (
    GROUPS_MAX,
    Aggregate,
    Counted,
    Expression,
    GroupKey,
    GroupOne,
    Summed,
    SummedMoney,
    fields_named,
    first_groups,
)
from app.graphql.reads.binding import TypeMapping
from app.graphql.reads.catalogue import python_name
from app.graphql.reads.execute import need_scopes
from app.graphql.reads.grouping import keys_of
from app.graphql.reads.plan import COUNT
from app.graphql.reads.reference_rows import (
    Info,
    ReferenceContext,
    Resolver,
    Row,
    RowAsTable,
    Target,
    asked_of,
    select_rows,
)
from app.graphql.reads.runs import GroupsRun, within
from app.graphql.reads.sql import compile_statement

Conditions = Callable[[Any], Sequence[ColumnElement[bool]]]


@dataclass(frozen=True)
class GroupsAsked:
    """Which rows are grouped, by what, and what is summed."""

    mapping: TypeMapping
    by: tuple[str, ...]
    """The fields that hold the keys, by their names in Python."""
    keys: Mapping[str, Expression]
    sums: Mapping[str, Summed]
    conditions: Conditions


class GroupRow(Row):
    """A group by the names of its keys and sums, and what it is a group of."""

    def __init__(self, asked: GroupsAsked, values: Mapping[str, Any]) -> None:
        super().__init__(asked.mapping, values)
        self.asked = asked


async def select_groups(
    context: ReferenceContext, asked: GroupsAsked, rows_max: int | None
) -> list[GroupRow]:
    """The groups, the largest first, at most *rows_max*."""
    mapping = asked.mapping
    if mapping.scope is not None:
        need_scopes({mapping.scope: (mapping.model.__name__,)}, context.viewer)
    table = aliased(mapping.model)
    keys = {name: value(table) for name, value in asked.keys.items()}
    sums = {name: func.sum(summed.value(table)) for name, summed in asked.sums.items()}
    columns: list[Any] = [value.label(name) for name, value in [*keys.items(), *sums.items()]]
    columns.append(func.count().label(COUNT))
    rows: Select[Any] = select(*columns)
    rows = rows.where(mapping.visible(table), *asked.conditions(table)).group_by(*keys.values())
    rows = rows.order_by(func.count().desc(), *keys.values()).limit(rows_max)
    brand = {"brand_id": context.viewer.brand_id}
    return [
        GroupRow(asked, {**each, **{name: int(each[name] or 0) for name in sums}, **brand})
        for each in await _fetch(context, rows)
    ]


async def money_of(
    context: ReferenceContext, group: GroupRow, money: SummedMoney
) -> list[SimpleNamespace]:
    """The sums of a group's amounts by currency."""
    asked = group.asked
    table = aliased(asked.mapping.model)
    currency = money.currency(table)
    amount = cast(func.sum(money.amount(table)), BigInteger)
    columns: list[Any] = [amount.label("amount_minor"), currency.label("currency")]
    rows = select(*columns).where(
        asked.mapping.visible(table),
        *asked.conditions(table),
        *(value(table).is_not_distinct_from(group[name]) for name, value in asked.keys.items()),
        currency.is_not(None),
    )
    found = await _fetch(context, rows.group_by(currency).order_by(currency))
    return [SimpleNamespace(**dict(each)) for each in found]


def _aggregate(target: Target, binding: Aggregate) -> Resolver:
    async def resolve(row: Row | None, info: Info, **given: Any) -> Sequence[Row]:
        mapping, shown = target.mapping(), target.named()
        assert isinstance(shown, GraphQLObjectType)
        path = [str(key) for key in info.path.as_list()]
        by = binding.by or fields_named(given.get("by"))
        filtered = asked_of(mapping, given.get("filter"), path)

        def conditions(table: Any) -> list[ColumnElement[bool]]:
            if binding.join is None or row is None:
                return filtered(table)
            return [binding.join(RowAsTable(row), table), *filtered(table)]

        sums = {
            name: each
            for field in shown.fields.values()
            if isinstance(each := target.catalogue.binding(field), Summed)
            and (name := python_name(field))
        }
        keys = keys_of(target.catalogue, shown, by)
        asked = GroupsAsked(mapping, by, keys, sums, conditions)
        if binding.by:
            return await select_groups(info.context, asked, None)
        first = first_groups(given, path)
        found = await select_groups(info.context, asked, first or GROUPS_MAX + 1)
        return within(found, GroupsRun(first or GROUPS_MAX, tuple(path)))

    return resolve


def _key(target: Target, binding: GroupKey) -> Resolver:
    name = python_name(target.field)
    is_enum = is_enum_type(target.named())
    codec = None if is_enum else target.catalogue.codec(target.field)

    def resolve(group: GroupRow, info: Info) -> Any:
        value = group.get(name)
        return value if codec is None else codec.apply(value)

    return resolve


def _joined(target: Target, binding: GroupOne) -> Resolver:
    async def resolve(group: GroupRow, info: Info) -> Row | None:
        if binding.column not in group:
            return None
        rows = await select_rows(
            info.context, target.mapping(), lambda table: [binding.join(RowAsTable(group), table)]
        )
        return rows[0] if rows else None

    return resolve


def _counted(target: Target, binding: Counted) -> Resolver:
    return lambda group, info: group[COUNT]


def _summed(target: Target, binding: Summed) -> Resolver:
    name, codec = python_name(target.field), target.catalogue.codec(target.field)
    return lambda group, info: codec.apply(group[name])


def _money(target: Target, binding: SummedMoney) -> Resolver:
    async def resolve(group: GroupRow, info: Info) -> list[SimpleNamespace]:
        return await money_of(info.context, group, binding)

    return resolve


GROUP_RESOLVERS: Mapping[type, Callable[[Target, Any], Resolver]] = {
    Aggregate: _aggregate,
    GroupKey: _key,
    GroupOne: _joined,
    Counted: _counted,
    Summed: _summed,
    SummedMoney: _money,
}


async def _fetch(context: ReferenceContext, rows: Select[Any]) -> Sequence[Any]:
    statement = compile_statement(rows)
    return await context.fetch(statement.sql, statement.parameters(context.viewer.parameters()))

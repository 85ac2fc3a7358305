"""Numbers of many rows: the construct `aggregate`, as a feature's schema declares it.

A type under `@groups(of)` shows groups of a mapped type's rows: its fields are keys, which tell
groups apart, and measures, which are sums over a group. The field that shows them says which rows
are grouped, and by which keys: always the same below a row, those of the argument `by` at the root.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Date, Text, cast, func, literal_column
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.lazy_type import LazyType

from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.binding import (
    MARK,
    BoundField,
    Construct,
    Join,
    bound_field,
    mapping_of,
)
from app.graphql.reads.inputs import argument
from app.graphql.reads.shaping import Shaping

GROUPS_MAX = 1_000
"""Groups that one field answers with."""

Expression = Callable[[Any], ColumnElement[Any]]
"""Makes a value of the grouped row's table."""

_UTC = literal_column("'UTC'", Text)

T = TypeVar("T")


@dataclass(frozen=True)
class GroupKey(Construct):
    """What tells groups apart: a value of their rows; None: the column of the field's name."""

    value: Expression | None


@dataclass(frozen=True)
class GroupOne(Construct):
    """What tells groups apart: the row of another type, whose key is in *column*.

    *join* takes the group, which has `brand_id` and that column, and the other's table.
    """

    column: str
    join: Join


@dataclass(frozen=True)
class Counted(Construct):
    """How many rows a group has."""


@dataclass(frozen=True)
class Summed(Construct):
    """The sum of a whole number over a group's rows; rows without it count as 0."""

    value: Expression


@dataclass(frozen=True)
class SummedMoney(Construct):
    """The sums of an amount over a group's rows, one for each currency, by the currencies' codes.

    Rows without a currency are left out.
    """

    amount: Expression
    currency: Expression


@dataclass(frozen=True)
class Aggregate(Construct):
    """The groups of the rows that *join* leads to; at the root, of all visible rows."""

    join: Join | None
    by: tuple[str, ...]
    """The keys, by their fields' names in Python; at the root the argument `by` names them."""


class GroupsField(BoundField):
    """A field of groups. What it groups decides its filter, so that waits until it is known."""

    @property
    def arguments(self) -> list[StrawberryArgument]:
        """The filter of the grouped type, and those of this field alone."""
        listed = getattr(self.type, "of_type", None)
        shown = listed.resolve_type() if isinstance(listed, LazyType) else listed
        mapping = mapping_of(shown) if isinstance(shown, type) else None
        filters = None if mapping is None else mapping.filters
        asked = [] if filters is None else [filters.argument()]
        return [*asked, *(self._arguments or ())]

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """Those of this field alone."""
        self._arguments = value


def groups(of: type) -> Callable[[type[T]], type[T]]:
    """Map a type to groups of the rows of another mapped type.

    Only rows that may be seen are counted, with the scope and by the filter of that type.
    """

    def decorate(cls: type[T]) -> type[T]:
        mapping = mapping_of(of)
        if mapping is None:
            raise TypeError(f"{of.__name__} is not mapped; put `@maps(...)` on it.")
        setattr(cls, MARK, replace(mapping, orders=None, grouped=True))
        return cls

    return decorate


def _groups_field(
    binding: Aggregate, description: str, arguments: Sequence[StrawberryArgument]
) -> Any:
    field = GroupsField(description=f"{description} The largest group comes first.")
    field.binding = binding
    field.arguments = list(arguments)
    return field


def group_key(description: str, value: Expression | None = None) -> Any:
    """A key of the groups: a leaf. *value* where it is not the column of the field's name."""
    return bound_field(GroupKey(value), description)


def group_one(description: str, column: str, join: Join) -> Any:
    """A key of the groups: another type's row, whose key is in *column*."""
    return bound_field(GroupOne(column, join), description)


def day_of(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day of a moment in UTC, as a key of groups."""
    return cast(func.timezone(_UTC, moment), Date)


def counted(description: str) -> Any:
    """How many rows a group has."""
    return bound_field(Counted(), description)


def summed(description: str, value: Expression) -> Any:
    """A sum over a group's rows: a `BigInt`, since sums outgrow 32 bits."""
    return bound_field(Summed(value), description)


def summed_money(description: str, amount: Expression, currency: Expression) -> Any:
    """Sums over a group's rows by currency: a list of `MoneyTotal`."""
    return bound_field(SummedMoney(amount, currency), description)


def aggregate(description: str, join: Join, *, by: tuple[str, ...]) -> Any:
    """Numbers of another type's rows, grouped *by* keys that have few values: enums."""
    return _groups_field(Aggregate(join, by), description, [])


def root_aggregate(description: str, keys: type[Shaping]) -> Any:
    """Numbers of all visible rows, grouped by what the argument `by` names.

    The values of *keys* are the names in Python of the fields that hold the keys.
    """
    by = argument(
        "by",
        list[keys] | None,  # type: ignore[valid-type]  # the schema's own enum
        "What tells the groups apart; without it there is one group of all. A key that is not "
        "named here is null in the answer.",
    )
    first = argument(
        "first",
        int | None,
        f"Only the so many largest groups, {GROUPS_MAX:,} at most. Without it more than "
        f"{GROUPS_MAX:,} groups are refused, so that no sum lacks a part unseen.",
    )
    return _groups_field(Aggregate(None, ()), description, [by, first])


def fields_named(given: Any) -> tuple[str, ...]:
    """The keys that a coerced argument `by` names, each once, in its order."""
    return tuple(dict.fromkeys(str(key.value) for key in given or ()))


def first_groups(given: Mapping[str, Any], path: Sequence[str]) -> int | None:
    """The argument `first` of a field with groups.

    Raises:
        RequestRefused: it lies beyond the ceiling, or is none.
    """
    first: int | None = given.get("first")
    if first is not None and not 1 <= first <= GROUPS_MAX:
        raise RequestRefused(
            ErrorCode.BAD_USER_INPUT, f"`first` must lie between 1 and {GROUPS_MAX:,}.", path
        )
    return first

"""The comparison inputs, one per scalar and one per enum, and what each operator means in SQL.

A value that is missing (a null column) equals nothing, lies before and after nothing, and differs
from everything: `eq`, `in`, `gt`, `gte`, `lt`, `lte` and `startsWith` leave such rows out, `ne` and
`notIn` let them pass, and `isNull` asks for them. No operator yields SQL's third truth value where
it could be seen from outside: `not` takes "unknown" for false.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any

import strawberry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    any_,
    func,
)

from app.core.ids import NOBODY, parse_global_id
from app.graphql.reads.inputs import make_input, optional_member
from app.graphql.scalars import XID

IN_VALUES_MAX = 200
"""Of one list `in` or `notIn`."""

Compare = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Operator:
    """What one member of a comparison input asks of a column."""

    compare: Compare
    """Takes the column and the SQL parameter."""
    listed: bool = False
    """Whether the value is a list, and one array parameter."""


def _not_in(column: ColumnElement[Any], values: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (column == any_(values)).is_not(True)
    return found


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "eq": Operator(lambda column, value: column == value),
        "ne": Operator(lambda column, value: column.is_distinct_from(value)),
        "in": Operator(lambda column, values: column == any_(values), listed=True),
        "notIn": Operator(_not_in, listed=True),
        "gt": Operator(lambda column, value: column > value),
        "gte": Operator(lambda column, value: column >= value),
        "lt": Operator(lambda column, value: column < value),
        "lte": Operator(lambda column, value: column <= value),
        "startsWith": Operator(lambda column, value: func.starts_with(column, value)),
    }
)
"""By the names of the schema. `isNull` is apart: its boolean is part of the statement."""

IS_NULL = "isNull"


def _eq() -> Any:
    return optional_member("Equal to this.")


def _ne() -> Any:
    return optional_member("Other than this; what has no value is, too.")


def _in() -> Any:
    return optional_member(
        f"One of these, {IN_VALUES_MAX} at most. An empty list lets nothing pass.", name="in"
    )


def _not_in_member() -> Any:
    return optional_member(
        f"None of these, {IN_VALUES_MAX} at most; what has no value is none of them.", name="notIn"
    )


def _is_null() -> Any:
    return optional_member(
        "Whether there is no value: true wants those without, false those with one."
    )


@strawberry.input(name="IDFilter", description="What is asked of an id. All that is given holds.")
class IDFilter:
    """What is asked of a key; an id of another type is nobody's."""

    eq: strawberry.ID | None = _eq()
    ne: strawberry.ID | None = _ne()
    in_: list[strawberry.ID] | None = _in()
    not_in: list[strawberry.ID] | None = _not_in_member()
    is_null: bool | None = _is_null()


@strawberry.input(description="What is asked of a text. All that is given holds; case matters.")
class StringFilter:
    """What is asked of a text."""

    eq: str | None = _eq()
    ne: str | None = _ne()
    in_: list[str] | None = _in()
    not_in: list[str] | None = _not_in_member()
    starts_with: str | None = optional_member(
        "Beginning with this. The empty text begins every text."
    )
    is_null: bool | None = _is_null()


@strawberry.input(description="What is asked of a number. All that is given holds.")
class IntFilter:
    """What is asked of a number."""

    eq: int | None = _eq()
    ne: int | None = _ne()
    in_: list[int] | None = _in()
    not_in: list[int] | None = _not_in_member()
    gt: int | None = optional_member("Greater than this.")
    gte: int | None = optional_member("This or greater.")
    lt: int | None = optional_member("Less than this.")
    lte: int | None = optional_member("This or less.")
    is_null: bool | None = _is_null()


@strawberry.input(
    description="What is asked of a moment: a stretch of time. All that is given holds."
)
class DateTimeFilter:
    """What is asked of a moment."""

    gt: datetime | None = optional_member("Later than this.")
    gte: datetime | None = optional_member("At this moment or later.")
    lt: datetime | None = optional_member("Earlier than this.")
    lte: datetime | None = optional_member("At this moment or earlier.")
    is_null: bool | None = _is_null()


@strawberry.input(description="What is asked of a yes or no. All that is given holds.")
class BooleanFilter:
    """What is asked of a yes or no."""

    eq: bool | None = _eq()
    is_null: bool | None = _is_null()


@strawberry.input(name="XIDFilter", description="What is asked of an id of X.")
class XIDFilter:
    """What is asked of an id of X."""

    eq: XID | None = _eq()
    ne: XID | None = _ne()
    in_: list[XID] | None = _in()
    not_in: list[XID] | None = _not_in_member()
    is_null: bool | None = _is_null()


@cache
def enum_filter(enum: type[Enum]) -> type[Any]:
    """The comparison input of an enum of the schema."""
    name = f"{enum.__strawberry_definition__.name}Filter"  # type: ignore[attr-defined]  # put there by strawberry.enum
    members = {
        "eq": (enum | None, _eq()),
        "ne": (enum | None, _ne()),
        "in_": (list[enum] | None, _in()),  # type: ignore[valid-type]  # a class known at run time
        "not_in": (list[enum] | None, _not_in_member()),  # type: ignore[valid-type]  # as above
        "is_null": (bool | None, _is_null()),
    }
    return make_input(name, "What is asked of it. All that is given holds.", members)


@dataclass(frozen=True)
class Kind:
    """How values of a column are compared: the input, the SQL type, and the way there."""

    input: type[Any]
    sql_type: Any
    to_database: Callable[[Any], Any] = lambda value: value

    def parameter_type(self, operator: Operator) -> Any:
        """The SQL type of the operator's parameter."""
        return ARRAY(self.sql_type) if operator.listed else self.sql_type

    def value(self, operator: Operator, given: Any) -> Any:
        """The SQL parameter that stands for what was given."""
        if operator.listed:
            return [self.to_database(each) for each in given]
        return self.to_database(given)


@cache
def key_kind(type_name: str) -> Kind:
    """How keys of a type are compared with global ids."""

    def key(given: str) -> Any:
        parsed = parse_global_id(given)
        return parsed[1] if parsed is not None and parsed[0] == type_name else NOBODY

    return Kind(IDFilter, Uuid(), key)


@cache
def enum_kind(enum: type[Enum]) -> Kind:
    """How values of an enum are compared: as PostgreSQL holds them, by value."""
    return Kind(enum_filter(enum), Text(), lambda member: enum(member).value)


TEXT = Kind(StringFilter, Text())
KINDS: Mapping[Any, Kind] = MappingProxyType(
    {
        str: TEXT,
        int: Kind(IntFilter, Integer()),
        bool: Kind(BooleanFilter, Boolean()),
        datetime: Kind(DateTimeFilter, DateTime(timezone=True)),
        XID: Kind(XIDFilter, BigInteger()),
    }
)
"""By the Python type of the column, or by the scalar that the declaration names."""

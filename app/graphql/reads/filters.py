"""Filters: which rows of a mapped type a list shows, asked by one input per type.

A type says what it may be asked for, once, beside its mapping; every list of it, root or nested,
takes the same argument `filter`:

    @maps(models.CartIntent, visible=..., scope=..., filters=(
        filter_on("status", "Where it is."),
        filter_on("tweet_id", "The tweet that brought it.", id_of="ShoppableTweet"),
    ), orders=(order_by("received_at", "When the reply arrived.", descending=True),))

From that `CartIntentFilter` is made: `and`, `or`, `not`, and a comparison input per member, by the
kind of its column (`comparisons.py`). The members of an object hold together; an empty object asks
nothing; a null is as good as absent. `and: []` asks nothing, `or: []` lets nothing pass.

In four steps, each for the compiler, the reference and aggregates alike:

1. `Filters.plan(given, path)` makes a `PlannedFilter` of the coerced input, or None where it asks
   nothing. Only the *shape* decides (`shaping.py`): members, lengths of `and` and `or`, `isNull`.
   It refuses more than `DEPTH_MAX` levels and `CONDITIONS_MAX` conditions.
2. `PlannedFilter.predicate(table, parameter)` is the condition; `parameter(number, sql_type)` makes
   the SQL parameter of a comparison. The compiler binds names, the reference writes literals.
3. `PlannedFilter.bind(given, path)` takes a run's values out of the coerced input, by number. It
   refuses lists over `IN_VALUES_MAX` and text that PostgreSQL cannot hold.
4. `not` is the exact complement of what it negates: SQL's "unknown" counts as false before it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, false, or_, true
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.utils.str_converters import to_camel_case

from app.core.models import Model
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.comparisons import (
    IN_VALUES_MAX,
    IS_NULL,
    KINDS,
    OPERATORS,
    Kind,
    Operator,
    enum_kind,
    key_kind,
)
from app.graphql.reads.inputs import argument, make_input, optional_member

DEPTH_MAX = 5
"""Levels of `and`, `or` and `not` inside one another."""
CONDITIONS_MAX = 50
"""Of one filter: its comparisons, and the empty objects in `and`, `or` and `not`."""

Parameter = Callable[[int, Any], Any]
"""Makes the SQL parameter of the comparison with that number, of that SQL type."""


@dataclass(frozen=True)
class FilterMember:
    """One thing that a type may be asked for: a column, by the name that the schema gives it."""

    name: str
    column: str
    description: str
    id_of: str | None = None
    of: Any = None


def filter_on(
    column: str,
    description: str,
    *,
    name: str | None = None,
    id_of: str | None = None,
    of: Any = None,
) -> FilterMember:
    """A column that lists may be filtered on.

    *name* where the schema calls it otherwise; *id_of* names the type whose key it is; *of* is the
    scalar or enum of the schema where the column's own type does not tell it (`XID`, an enum that
    is stored as plain text).
    """
    return FilterMember(name or column, column, description, id_of, of)


@dataclass(frozen=True)
class Comparison:
    """A column compared with a value of each run."""

    column: str
    kind: Kind
    operator: Operator
    number: int
    path: tuple[str | int, ...]
    """Where its value stands in the coerced input."""


@dataclass(frozen=True)
class Missing:
    """A column without a value, or with one."""

    column: str
    is_null: bool


@dataclass(frozen=True)
class AllOf:
    """Every part holds; without parts, always."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds; without parts, never."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = Comparison | Missing | AllOf | AnyOf | Not


@dataclass(frozen=True)
class PlannedFilter:
    """What a filter asks, without its values."""

    condition: Condition
    comparisons: tuple[Comparison, ...]
    """In the order of their numbers."""
    size: int
    """How many conditions it holds, as `CONDITIONS_MAX` counts them."""

    def predicate(self, table: Any, parameter: Parameter) -> ColumnElement[bool]:
        """The SQL condition on *table*."""
        return _sql(self.condition, table, parameter)

    def bind(self, given: Mapping[str, Any], path: Sequence[str]) -> list[Any]:
        """The values of the comparisons, in the order of their numbers.

        Raises:
            RequestRefused: a list is too long, or a text holds what PostgreSQL cannot.
        """
        return [_value(comparison, given, path) for comparison in self.comparisons]


@dataclass(frozen=True)
class Filters:
    """What a mapped type may be asked for."""

    type_name: str
    model: type[Model]
    members: tuple[FilterMember, ...]

    @cached_property
    def kinds(self) -> Mapping[str, tuple[FilterMember, Kind]]:
        """The members and how they are compared, by the names of the schema."""
        return {
            to_camel_case(member.name): (member, kind_of(self.model, member))
            for member in self.members
        }

    @cached_property
    def input(self) -> type[Any]:
        """The input type of the schema."""
        members = {
            member.name: (kind.input | None, optional_member(member.description))
            for member, kind in self.kinds.values()
        }
        nested = {
            "and_": (
                None,
                optional_member("All of these hold; an empty list asks nothing.", "and"),
            ),
            "or_": (
                None,
                optional_member(
                    "At least one of these holds; an empty list lets nothing pass.", "or"
                ),
            ),
            "not_": (None, optional_member("This does not hold.", "not")),
        }
        made = make_input(f"{self.type_name}Filter", _DESCRIPTION, nested | members)
        _refer_to_itself(made)
        return made

    def argument(self) -> StrawberryArgument:
        """The argument `filter` of every list of the type."""
        return argument("filter", self.input | None, "Only those that pass this.")

    def plan(self, given: Mapping[str, Any] | None, path: Sequence[str]) -> PlannedFilter | None:
        """What *given*, the coerced input, asks by its shape; None where it asks nothing.

        Raises:
            RequestRefused: it is too deep, or has too many conditions.
        """
        if given is None:
            return None
        planning = _Planning(self.kinds, path)
        condition = planning.object(given, (), 0)
        if condition == _EVERYTHING:
            return None
        return PlannedFilter(condition, tuple(planning.comparisons), planning.count)


_DESCRIPTION = (
    "Which ones are wanted. All that stands in one object holds together; an empty object asks "
    f"nothing. At most {DEPTH_MAX} levels of `and`, `or` and `not`, and {CONDITIONS_MAX} "
    "conditions."
)
_EVERYTHING = AllOf(())


def _refer_to_itself(made: Any) -> None:
    """Give `and`, `or` and `not` their types, which did not exist before."""
    types = {"and_": list[made] | None, "or_": list[made] | None, "not_": made | None}
    for field in made.__strawberry_definition__.fields:
        if field.python_name in types:
            field.type_annotation = StrawberryAnnotation(types[field.python_name])


def kind_of(model: type[Model], member: FilterMember) -> Kind:
    """How the values of a member's column are compared.

    Raises:
        TypeError: there is no such column, or the declaration does not say what it holds.
    """
    column = model.__table__.columns.get(member.column)
    if column is None:
        raise TypeError(
            f"{model.__name__} has no column {member.column}; name one by `filter_on(...)`."
        )
    if member.id_of is not None:
        return key_kind(member.id_of)
    if member.of is not None:
        return KINDS[member.of] if member.of in KINDS else enum_kind(member.of)
    python_type = column.type.python_type
    if python_type is UUID or isinstance(column.type, BigInteger):
        raise TypeError(
            f"{model.__name__}.{member.column}: say whose key it is, by `filter_on(..., id_of=)`, "
            "or which scalar of the schema, by `of=`."
        )
    if issubclass(python_type, Enum):
        return enum_kind(python_type)
    if python_type not in KINDS:
        raise TypeError(
            f"{model.__name__}.{member.column}: no comparison input knows such values; say by "
            "`of=` which one does."
        )
    return KINDS[python_type]


class _Planning:
    """Makes conditions of one coerced input, and counts them."""

    def __init__(self, kinds: Mapping[str, tuple[FilterMember, Kind]], path: Sequence[str]) -> None:
        self.comparisons: list[Comparison] = []
        self._kinds = kinds
        self._path = path
        self.count = 0

    def object(
        self, given: Mapping[str, Any], path: tuple[str | int, ...], depth: int
    ) -> Condition:
        """What one object asks: all its members together."""
        if depth > DEPTH_MAX:
            raise _refused(
                f"`filter` nests `and`, `or` and `not` more than {DEPTH_MAX} deep. Ask for it in "
                "fewer levels.",
                self._path,
            )
        parts = [
            part
            for name, value in given.items()
            if value is not None
            for part in self._part(name, value, (*path, name), depth)
        ]
        if depth and not parts:
            self._counted()
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _part(
        self, name: str, value: Any, path: tuple[str | int, ...], depth: int
    ) -> Iterator[Condition]:
        if name == "not":
            yield Not(self.object(value, path, depth + 1))
        elif name in ("and", "or"):
            parts = tuple(
                self.object(each, (*path, place), depth + 1) for place, each in enumerate(value)
            )
            if name == "or":
                yield AnyOf(parts)
            elif parts:
                yield AllOf(parts)
        else:
            yield from self._comparisons(name, value, path)

    def _comparisons(
        self, name: str, given: Mapping[str, Any], path: tuple[str | int, ...]
    ) -> Iterator[Condition]:
        member, kind = self._kinds[name]
        for operator, value in given.items():
            if value is None:
                continue
            self._counted()
            if operator == IS_NULL:
                yield Missing(member.column, value)
                continue
            comparison = Comparison(
                member.column, kind, OPERATORS[operator], len(self.comparisons), (*path, operator)
            )
            self.comparisons.append(comparison)
            yield comparison

    def _counted(self) -> None:
        self.count += 1
        if self.count > CONDITIONS_MAX:
            raise _refused(
                f"`filter` holds more than {CONDITIONS_MAX} conditions. Use `in` for a choice of "
                "values, or ask in several parts.",
                self._path,
            )


def _sql(condition: Condition, table: Any, parameter: Parameter) -> ColumnElement[bool]:
    match condition:
        case Comparison(column=name, kind=kind, operator=operator, number=number):
            value = parameter(number, kind.parameter_type(operator))
            return operator.compare(getattr(table, name), value)
        case Missing(column=name, is_null=is_null):
            column: ColumnElement[Any] = getattr(table, name)
            return column.is_(None) if is_null else column.is_not(None)
        case AllOf(parts=parts):
            return and_(true(), *(_sql(part, table, parameter) for part in parts))
        case AnyOf(parts=parts):
            return or_(false(), *(_sql(part, table, parameter) for part in parts))
        case Not(part=part):
            return _sql(part, table, parameter).is_not(True)


def _value(comparison: Comparison, given: Any, path: Sequence[str]) -> Any:
    found = given
    for step in comparison.path:
        found = found[step]
    if comparison.operator.listed and len(found) > IN_VALUES_MAX:
        raise _refused(
            f"`{_place(comparison)}` holds {len(found)} values; {IN_VALUES_MAX} at most. Ask in "
            "several parts.",
            path,
        )
    texts = found if comparison.operator.listed else (found,)
    if any(isinstance(each, str) and "\0" in each for each in texts):
        raise _refused(
            f"`{_place(comparison)}` holds the character U+0000, which no text here has. Leave it "
            "out.",
            path,
        )
    return comparison.kind.value(comparison.operator, found)


def _place(comparison: Comparison) -> str:
    return ".".join(("filter", *map(str, comparison.path)))


def _refused(message: str, path: Sequence[str]) -> RequestRefused:
    return RequestRefused(ErrorCode.BAD_USER_INPUT, message, path)

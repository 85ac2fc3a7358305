"""How a Strawberry type says where its data lives. The type is the only declaration.

A field's name is its column. Whatever differs is visible at the field: `identity`, `column`,
`one`, `many`, `embedded`, `document`. A mapped type has no resolvers, and cannot be mapped without
saying who may see it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from sqlalchemy import ColumnElement
from strawberry import ID
from strawberry.types import get_object_definition
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.utils.str_converters import to_camel_case

from app.core.models import Model
from app.core.viewer import Scope
from app.graphql.paging import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX
from app.graphql.reads.filters import FilterMember, Filters
from app.graphql.reads.inputs import argument
from app.graphql.reads.orders import OrderChoice, Orders

Predicate = Callable[[Any], ColumnElement[bool]]
Join = Callable[[Any, Any], ColumnElement[bool]]
T = TypeVar("T")


class Construct:
    """A binding that a module of its own declares: those of `aggregates`."""


@dataclass(frozen=True)
class Column:
    """A leaf from a column; `id_of` names the type whose global id a key leaves as."""

    name: str | None = None
    id_of: str | None = None


@dataclass(frozen=True)
class Identity:
    """The global id of the row itself."""


@dataclass(frozen=True)
class One:
    """The row of another type that *join* leads to, or null. Parent first, then the other."""

    join: Join


@dataclass(frozen=True)
class ListArgument:
    """An argument of the log, beside those of paging, and the predicate it adds when given.

    *to_database* makes the SQL parameter of the coerced value.
    """

    annotation: Any
    description: str
    predicate: Callable[[Any, Any], ColumnElement[bool]]
    """Takes the listed row and the SQL parameter."""
    sql_type: Any
    to_database: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Many:
    """The rows of another type that *join* leads to, as a connection; at the root, all visible."""

    join: Join | None
    arguments: Mapping[str, ListArgument]


@dataclass(frozen=True)
class Embedded:
    """A value object made of columns: its field's name → the column. Null when *absent* is."""

    columns: Mapping[str, str]
    absent: str


@dataclass(frozen=True)
class Document:
    """A value object in a JSON column, at *path*. Its fields are keys, by the schema's names."""

    column: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class SameRow:
    """Another type that reads the same row."""


@dataclass(frozen=True)
class StreamPlace:
    """Where a row of a stream stands: its `cursor`, or `previous`, the number before it."""

    what: str


@dataclass(frozen=True)
class Stream:
    """A subscription's root field: the rows of *model* as they come, beside heartbeats."""

    item: str
    """The mapped member of the field's union."""
    condition: Predicate
    arguments: Mapping[str, ListArgument]


@dataclass(frozen=True)
class RootOne:
    """A root field: the visible row whose *column* equals the argument; None: the only one."""

    column: str | None
    argument: str | None


@dataclass(frozen=True)
class RootNode:
    """The root field `node(id:)` of Relay's global object identification."""


Binding = (
    Column
    | Identity
    | One
    | SameRow
    | Many
    | Embedded
    | Document
    | RootOne
    | RootNode
    | Stream
    | StreamPlace
    | Construct
)


class ScopedField(StrawberryField):
    """A field that takes a scope of its own. With a resolver it is a mutation or `resolved`."""

    scope: Scope | None = None

    def __copy__(self) -> Self:
        """Strawberry copies fields of generic types; the scope goes along."""
        copied = StrawberryField.__copy__(self)
        copied.scope = self.scope
        return copied


class BoundField(ScopedField):
    """A field with a binding and, for lists, the arguments that come with it."""

    binding: Binding

    def __copy__(self) -> Self:
        """Strawberry copies fields of generic types; the binding goes along."""
        copied = super().__copy__()
        copied.binding = self.binding
        return copied


class ListField(BoundField):
    """A list's field. What it lists decides its arguments, so they wait until that is known."""

    @property
    def arguments(self) -> list[StrawberryArgument]:
        """Those of paging, those of the listed type, and those of this list alone."""
        definition = getattr(self.type, "__strawberry_definition__", None)
        node = None if definition is None else definition.type_var_map.get("NodeType")
        if isinstance(node, LazyType):
            node = node.resolve_type()
        mapping = mapping_of(node) if isinstance(node, type) else None
        asked = [] if mapping is None else mapping.arguments()
        return [*_paging(), *asked, *(self._arguments or ())]

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """Those of this list alone."""
        self._arguments = value


def bound_field(
    binding: Binding,
    description: str,
    arguments: Sequence[StrawberryArgument] = (),
    scope: Scope | None = None,
) -> Any:
    """A field of a mapped type or a root: what all constructs are made by."""
    field = (ListField if isinstance(binding, Many) else BoundField)(description=description)
    field.binding, field.scope = binding, scope
    field.arguments = list(arguments)
    return field


def identity(description: str = "The global id.") -> Any:
    """The global id of the row."""
    return bound_field(Identity(), description)


def column(
    description: str,
    name: str | None = None,
    *,
    id_of: str | None = None,
    scope: Scope | None = None,
) -> Any:
    """A leaf. *name* where the column is called otherwise; *id_of* for the key of another type.

    *scope* where the field takes one beyond its type's.
    """
    return bound_field(Column(name, id_of), description, scope=scope)


def one(description: str, join: Join, *, scope: Scope | None = None) -> Any:
    """Another type's row. *join* takes the parent's table and the other's."""
    return bound_field(One(join), description, scope=scope)


def same_row(description: str) -> Any:
    """Another mapped type over this same row."""
    return bound_field(SameRow(), description)


def stream_place(description: str, what: str) -> Any:
    """In a stream: the row's `cursor`, or the number `previous` to it under the same filter."""
    return bound_field(StreamPlace(what), description)


def stream(
    description: str,
    item: str,
    condition: Predicate,
    arguments: Mapping[str, ListArgument],
    scope: Scope | None = None,
) -> Any:
    """A subscription: rows that meet *condition* and the given *arguments*, from `after` on."""
    listed = [argument(name, each.annotation, each.description) for name, each in arguments.items()]
    after = argument(
        "after",
        str | None,
        "A cursor of the log: all that came after it is sent first. Without it, the subscription "
        "starts now, and its first item is a heartbeat with the cursor of that moment.",
    )
    bound = Stream(item, condition, _by_schema_names(arguments))
    return bound_field(bound, description, [after, *listed], scope)


def many(description: str, join: Join, *, scope: Scope | None = None) -> Any:
    """Another type's rows, as a connection: filtered and ordered as that type offers."""
    return bound_field(Many(join, {}), description, scope=scope)


def embedded(description: str, *, absent: str, scope: Scope | None = None, **columns: str) -> Any:
    """A value object made of this row's columns; null where the column *absent* is null."""
    return bound_field(Embedded(columns, absent), description, scope=scope)


def document(description: str, column: str, *path: str, scope: Scope | None = None) -> Any:
    """A value object, or a list of them, inside a JSON column."""
    return bound_field(Document(column, path), description, scope=scope)


def root_one(description: str, *, by: str | None = "id", scope: Scope | None = None) -> Any:
    """A root field for one visible row, by its global id, or the only visible one."""
    arguments = [] if by is None else [argument(by, str if by != "id" else ID, "Which one.")]
    return bound_field(RootOne(by, by), description, arguments, scope)


def root_node(description: str) -> Any:
    """The root field `node`."""
    return bound_field(RootNode(), description, [argument("id", ID, "A global id.")])


def root_many(
    description: str,
    arguments: Mapping[str, ListArgument] | None = None,
    scope: Scope | None = None,
) -> Any:
    """A root field for all visible rows, as a connection: filtered and ordered as they offer."""
    extra = arguments or {}
    listed = [argument(name, each.annotation, each.description) for name, each in extra.items()]
    return bound_field(Many(None, _by_schema_names(extra)), description, listed, scope)


def _by_schema_names(arguments: Mapping[str, ListArgument]) -> dict[str, ListArgument]:
    """The arguments by the names that a document gives them: `tweet_id` is asked as `tweetId`."""
    return {to_camel_case(name): each for name, each in arguments.items()}


def _paging() -> list[StrawberryArgument]:
    return [
        argument(
            "first",
            int | None,
            f"How many, counted from `after` on: 0 to {PAGE_ROWS_MAX}, {PAGE_ROWS_DEFAULT} where "
            "neither this nor `last` is given.",
        ),
        argument("after", str | None, "Only what follows this cursor of the same list and order."),
        argument(
            "last",
            int | None,
            f"How many, counted back from `before`: 0 to {PAGE_ROWS_MAX}. Not beside `first` or "
            "`after`.",
        ),
        argument(
            "before",
            str | None,
            "Only what lies before this cursor of the same list and order. Not beside `first` or "
            "`after`.",
        ),
    ]


@dataclass(frozen=True)
class TypeMapping:
    """What a mapped type reads: a table, who may see its rows, and the scope that reading takes."""

    model: type[Model]
    visible: Predicate
    scope: Scope | None
    discriminator: str | None = None
    """The column that tells the concrete type, for a mapped interface and its variants."""
    variant: str | None = None
    """The discriminator's value of a concrete type."""
    grouped: bool = False
    """Whether the type shows groups of rows, and no row."""
    filters: Filters | None = None
    """What its lists may be asked for."""
    orders: Orders | None = None
    """In which orders it can be listed; None: it is never listed."""

    def arguments(self) -> list[StrawberryArgument]:
        """The arguments of every list of the type, beside those of paging."""
        found = []
        if self.filters is not None:
            found.append(self.filters.argument())
        if self.orders is not None:
            found.append(self.orders.argument())
        return found


MARK = "__hashcart_mapping__"


def maps(
    model: type[Model],
    *,
    visible: Predicate,
    scope: Scope | None,
    discriminator: str | None = None,
    filters: Sequence[FilterMember] = (),
    orders: Sequence[OrderChoice] = (),
) -> Callable[[type[T]], type[T]]:
    """Map a type to a table. *visible* has no default: nothing is readable undecided.

    Every list of the type offers *filters* and *orders*; the first order is the usual one.
    """

    def decorate(cls: type[T]) -> type[T]:
        name = get_object_definition(cls, strict=True).name
        mapping = TypeMapping(
            model,
            visible,
            scope,
            discriminator,
            filters=Filters(name, model, tuple(filters)) if filters else None,
            orders=Orders(name, tuple(orders)) if orders else None,
        )
        setattr(cls, MARK, mapping)
        return cls

    return decorate


def maps_variant(value: str) -> Callable[[type[T]], type[T]]:
    """Map a concrete type of a mapped interface: its rows have *value* in the discriminator."""

    def decorate(cls: type[T]) -> type[T]:
        interface = mapping_of(cls)
        if interface is None or interface.discriminator is None:
            raise TypeError(f"{cls.__name__} inherits no mapped interface with a discriminator.")
        setattr(cls, MARK, replace(interface, variant=value))
        return cls

    return decorate


def mapping_of(cls: type) -> TypeMapping | None:
    """The mapping of a class, or None where it reads no table."""
    mapping = getattr(cls, MARK, None)
    return mapping if isinstance(mapping, TypeMapping) else None

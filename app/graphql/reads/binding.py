"""How a Strawberry type says where its data lives. The type is the only declaration.

A field's name is its column. Whatever differs is visible at the field: `identity`, `column`,
`one`, `many`, `embedded`, `document`. A mapped type has no resolvers, and cannot be mapped without
saying who may see it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from sqlalchemy import ColumnElement
from strawberry import ID, UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from app.core.models import Model
from app.core.viewer import Scope
from app.graphql.paging import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, Order

Predicate = Callable[[Any], ColumnElement[bool]]
Join = Callable[[Any, Any], ColumnElement[bool]]
T = TypeVar("T")


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
    """An argument of a list, beside those of paging, and the predicate it adds when given.

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
    """The rows of another type that *join* leads to, as a connection in *order*."""

    join: Join | None
    order: Order
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


def taking(description: str, scope: Scope) -> str:
    """A description that says which scope the field takes."""
    return f"{description} Takes the scope `{scope.value}`."


def _bound(
    binding: Binding,
    description: str,
    arguments: Sequence[StrawberryArgument] = (),
    scope: Scope | None = None,
) -> Any:
    field = BoundField(description=description)
    field.binding, field.scope = binding, scope
    field.arguments = list(arguments)
    return field


def argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    """An argument of a bound field; optional arguments are absent or null alike."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=UNSET,
    )


def identity(description: str = "The global id.") -> Any:
    """The global id of the row."""
    return _bound(Identity(), description)


def column(description: str, name: str | None = None, *, id_of: str | None = None) -> Any:
    """A leaf. *name* where the column is called otherwise; *id_of* for the key of another type."""
    return _bound(Column(name, id_of), description)


def one(description: str, join: Join, *, scope: Scope | None = None) -> Any:
    """Another type's row. *join* takes the parent's table and the other's."""
    return _bound(One(join), description, scope=scope)


def same_row(description: str) -> Any:
    """Another mapped type over this same row."""
    return _bound(SameRow(), description)


def stream_place(description: str, what: str) -> Any:
    """In a stream: the row's `cursor`, or the number `previous` to it under the same filter."""
    return _bound(StreamPlace(what), description)


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
    return _bound(bound, description, [after, *listed], scope)


def many(description: str, join: Join, order: Order) -> Any:
    """Another type's rows, as a connection."""
    return _bound(Many(join, order, {}), description, _paging())


def embedded(description: str, *, absent: str, **columns: str) -> Any:
    """A value object made of this row's columns; null where the column *absent* is null."""
    return _bound(Embedded(columns, absent), description)


def document(description: str, column: str, *path: str, scope: Scope | None = None) -> Any:
    """A value object, or a list of them, inside a JSON column."""
    return _bound(Document(column, path), description, scope=scope)


def root_one(description: str, *, by: str | None = "id", scope: Scope | None = None) -> Any:
    """A root field for one visible row, by its global id, or the only visible one."""
    arguments = [] if by is None else [argument(by, str if by != "id" else ID, "Which one.")]
    return _bound(RootOne(by, by), description, arguments, scope)


def root_node(description: str) -> Any:
    """The root field `node`."""
    return _bound(RootNode(), description, [argument("id", ID, "A global id.")])


def root_many(
    description: str,
    order: Order,
    arguments: Mapping[str, ListArgument] | None = None,
    scope: Scope | None = None,
) -> Any:
    """A root field for all visible rows, as a connection."""
    extra = arguments or {}
    listed = [argument(name, each.annotation, each.description) for name, each in extra.items()]
    bound = Many(None, order, _by_schema_names(extra))
    return _bound(bound, description, [*_paging(), *listed], scope)


def _by_schema_names(arguments: Mapping[str, ListArgument]) -> dict[str, ListArgument]:
    """The arguments by the names that a document gives them: `tweet_id` is asked as `tweetId`."""
    return {to_camel_case(name): each for name, each in arguments.items()}


def _paging() -> list[StrawberryArgument]:
    return [
        argument(
            "first",
            int | None,
            f"How many, counted from `after` on; {PAGE_ROWS_DEFAULT} by default, "
            f"{PAGE_ROWS_MAX} at most.",
        ),
        argument("after", str | None, "Only what follows this cursor."),
        argument("last", int | None, "How many, counted back from `before`."),
        argument("before", str | None, "Only what lies before this cursor."),
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


_MARK = "__hashcart_mapping__"


def maps(
    model: type[Model], *, visible: Predicate, scope: Scope | None, discriminator: str | None = None
) -> Callable[[type[T]], type[T]]:
    """Map a type to a table. *visible* has no default: nothing is readable undecided."""

    def decorate(cls: type[T]) -> type[T]:
        setattr(cls, _MARK, TypeMapping(model, visible, scope, discriminator))
        return cls

    return decorate


def maps_variant(value: str) -> Callable[[type[T]], type[T]]:
    """Map a concrete type of a mapped interface: its rows have *value* in the discriminator."""

    def decorate(cls: type[T]) -> type[T]:
        interface = mapping_of(cls)
        if interface is None or interface.discriminator is None:
            raise TypeError(f"{cls.__name__} inherits no mapped interface with a discriminator.")
        setattr(cls, _MARK, replace(interface, variant=value))
        return cls

    return decorate


def mapping_of(cls: type) -> TypeMapping | None:
    """The mapping of a class, or None where it reads no table."""
    mapping = getattr(cls, _MARK, None)
    return mapping if isinstance(mapping, TypeMapping) else None

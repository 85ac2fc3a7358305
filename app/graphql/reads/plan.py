"""An operation becomes a plan: sources to read, and views that say how rows become the answer.

A source is a table with the columns, single rows and lists that are wanted of it. A view is a
selection: the keys of the answer in order, each pointing at a slot of a source's row. Two aliases
of one field are two views over one source. Nothing here knows SQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLField

from app.core.viewer import Scope
from app.graphql.paging import Order, context_of
from app.graphql.reads.aggregates import Expression, Summed, SummedMoney
from app.graphql.reads.arguments import FieldArguments
from app.graphql.reads.binding import Join, TypeMapping
from app.graphql.reads.list_request import ListRequest
from app.graphql.scalars import Codec

COUNT = "rows_counted"
"""The column of a group that holds how many rows it has."""


@dataclass(eq=False)
class Slot:
    """A value in a source's row; `position` is known once the source is laid out."""

    column: str | None
    """The column, or None for the mark that the row is there at all."""
    position: int = -1
    never_null: bool = False
    """Whether it holds a value in every row that there is."""
    as_text: bool = False
    """Whether it holds what PostgreSQL prints of the column."""


@dataclass(eq=False)
class Source:
    """A table, and all that an operation wants of it."""

    mapping: TypeMapping
    columns: dict[str | None, Slot] = field(default_factory=dict)
    texts: dict[str, Slot] = field(default_factory=dict)
    """Columns that are wanted as text."""
    ones: dict[str, "OneSource"] = field(default_factory=dict)
    lists: list["ListSource | GroupsSource"] = field(default_factory=list)
    positions: range = range(0)
    """Where its values stand in the rows that it is part of, once it is laid out."""

    def slot(self, column: str | None) -> Slot:
        """The slot of a column, one for all who want it."""
        found = self.columns.get(column)
        if found is None:
            never_null = column is None or _never_null(self.mapping, column)
            found = self.columns[column] = Slot(column, never_null=never_null)
        return found

    def shown(self, column: str, codec: Codec) -> Slot:
        """The slot of a column that is only shown: as text, if that is cheaper and it will do."""
        if column in self.columns or codec.from_text is None:
            return self.slot(column)
        if column not in self.texts:
            never_null = _never_null(self.mapping, column)
            self.texts[column] = Slot(column, never_null=never_null, as_text=True)
        return self.texts[column]

    @property
    def slots(self) -> list[Slot]:
        """All slots of columns."""
        return [*self.columns.values(), *self.texts.values()]

    def presence(self) -> Slot:
        """A slot that is null where there is no row: one that is wanted anyway, if any will do."""
        known = (slot for slot in self.slots if slot.never_null)
        return next(known, None) or self.slot(None)

    def identity(self) -> Slot | None:
        """The slot of the id, for tables that have one."""
        return self.slot("id") if "id" in self.mapping.model.__table__.columns else None

    def one(self, name: str, join: Join, mapping: TypeMapping) -> "Source":
        """The single row beside this one under *name*, the same for all who want it."""
        return self.ones.setdefault(name, OneSource(join, Source(mapping))).source

    def holds_lists(self, *, of_rows: bool = False) -> bool:
        """Whether a row has lists below it, here or on a single row; *of_rows*: not as text."""
        return any(not of_rows or listed.printed is None for listed in self.lists) or any(
            one.source.holds_lists(of_rows=of_rows) for one in self.ones.values()
        )

    def need_a_column(self) -> None:
        """Want at least the row itself: a statement without columns has no rows to count."""
        if not self.slots and not self.ones and not self.lists:
            self.slot(None)


@dataclass(eq=False)
class OneSource:
    """A single row beside a row: `join` leads from the parent's table to this one's."""

    join: Join
    source: Source


@dataclass(eq=False)
class ListSource:
    """A list of rows: of the whole table at the root, of a parent below it."""

    name: str
    """What is listed, for cursors: the type and field, or the root field."""
    join: Join | None
    order: Order
    source: Source
    request: ListRequest
    slot: Slot = field(default_factory=lambda: Slot(None))
    in_columns: bool = False
    """Whether a parent's row has an array for each column, from the slot's position on."""
    cursor_slots: tuple[Slot, ...] = ()
    total: Slot | None = None
    """How many rows there are on all pages together; None: that is not asked."""
    shown: bool = True
    """Whether rows are asked for at all, and not only their number."""
    printed: "ListView | None" = None
    """What of it PostgreSQL prints as one text, which is the slot's value then."""
    looks_ahead: bool = False
    """Whether somebody asks if there are more: then one row more than the page is read."""

    def slots(self) -> list[Slot]:
        """What a parent's row holds of it."""
        if self.printed is not None:
            return [self.slot]
        return [*([self.slot] if self.shown else ()), *([self.total] if self.total else ())]

    @cached_property
    def context(self) -> bytes:
        """What its cursors are good for, behind the brand."""
        return context_of(self.name, self.order)

    def want_cursor(self) -> None:
        """Want the order's columns, of which cursors are made."""
        self.cursor_slots = tuple(self.source.slot(name) for name in self.order.columns)


@dataclass(eq=False)
class GroupsSource:
    """Groups of a table's rows: of the whole table at the root, of a parent's rows below it.

    The source's columns are not the table's: they are the names of keys, measures, and `COUNT`.
    """

    name: str
    join: Join | None
    source: Source
    by: tuple[str, ...]
    """The fields that tell groups apart, by their names in Python."""
    keys: Mapping[str, Expression]
    """The columns that tell groups apart, and how a row has them."""
    request: ListRequest
    groups_max: int | None
    """The most groups there can be, by the values of their keys; None where one is no enum."""
    sums: dict[str, Summed] = field(default_factory=dict)
    money: tuple[str, SummedMoney] | None = None
    slot: Slot = field(default_factory=lambda: Slot(None))
    in_columns: bool = False
    printed: "GroupsView | None" = None
    """What of it PostgreSQL prints as one text, which is the slot's value then."""

    @property
    def cut(self) -> bool:
        """Whether the argument `first` says how many are wanted: at the root."""
        return self.join is None

    def slots(self) -> list[Slot]:
        """What a parent's row holds of it."""
        return [self.slot]


@dataclass(eq=False)
class NodesSource:
    """Rows by the global ids that are asked for, one place for each id: by type what it finds."""

    ones: dict[str, OneSource]
    request: ListRequest
    slot: Slot = field(default_factory=lambda: Slot(None))

    def slots(self) -> list[Slot]:
        """What a row of several root fields holds of it."""
        return [self.slot]


@dataclass(frozen=True)
class Leaf:
    """A key whose value is in a slot."""

    key: str
    slot: Slot
    codec: Codec


@dataclass(frozen=True)
class Constant:
    """A key whose value is known before anything is read: `__typename`, and what is `provided`."""

    key: str
    value: Any


@dataclass(frozen=True)
class EmbeddedView:
    """A value object of columns; null where the slot *absent* is."""

    key: str
    absent: Slot
    entries: tuple[Leaf | Constant, ...]


@dataclass(frozen=True)
class JsonLeaf:
    """A key of the answer that is a key of a JSON object."""

    key: str
    name: str
    codec: Codec


@dataclass(frozen=True)
class JsonView:
    """An object, or a list of them, inside a JSON value."""

    key: str
    path: tuple[str, ...]
    many: bool
    entries: tuple["JsonLeaf | JsonView | Constant", ...] | None
    """None for leaves, shown as they are; of an object nothing may be selected (`@skip`)."""


@dataclass(frozen=True)
class DocumentView:
    """A value object, or a list of leaves, inside the JSON column in *slot*."""

    key: str
    slot: Slot
    view: JsonView


@dataclass(frozen=True)
class RecordsView:
    """A list of value objects, each of a record in the slot's array; slots point into a record."""

    key: str
    slot: Slot
    entries: tuple[Leaf | Constant, ...]


@dataclass(frozen=True)
class OneView:
    """A key that holds another row, or null."""

    key: str
    present: Slot
    view: "ObjectView"
    identity: Slot | None = None
    """What tells whether it is the same row as beside another row of a list."""


@dataclass(frozen=True)
class SameRowView:
    """A key that holds another selection on the same row."""

    key: str
    view: "ObjectView"


@dataclass(frozen=True)
class PlaceLeaf:
    """A key that says where the row stands in a stream."""

    key: str
    what: str


@dataclass(frozen=True)
class ObjectView:
    """A selection on a row. With variants, the slot *discriminator* decides which entries."""

    entries: "tuple[Entry, ...]"
    discriminator: Slot | None = None
    variants: "Mapping[str, tuple[Entry, ...]]" = field(default_factory=dict)


@dataclass(frozen=True)
class EdgeView:
    """A selection on an edge: `cursor`, `node` and `__typename`, by their keys in order."""

    entries: "tuple[tuple[str, str | ObjectView], ...]"
    """(key, "cursor" | a typename | the node's view)."""
    typename: str


@dataclass(frozen=True)
class ListView:
    """A key that holds a connection; its parts by their keys in order."""

    key: str
    source: ListSource
    parts: "tuple[tuple[str, str, EdgeView | ObjectView | tuple[tuple[str, str], ...] | None], ...]"
    """(key, "edges" | "nodes" | "pageInfo" | "totalCount" | "__typename", what lies below)."""
    typename: str


@dataclass(frozen=True)
class GroupsView:
    """A key that holds groups: a plain list of objects."""

    key: str
    source: GroupsSource
    view: ObjectView


@dataclass(frozen=True)
class NodesView:
    """A key that holds a row, or null, for each id; by type what is shown of it."""

    key: str
    source: NodesSource
    rows: tuple[OneView, ...]


Entry = (
    Leaf
    | Constant
    | EmbeddedView
    | DocumentView
    | OneView
    | SameRowView
    | PlaceLeaf
    | ListView
    | GroupsView
    | RecordsView
)


@dataclass(frozen=True)
class RootRow:
    """A root field that holds one row: the source, and the argument that finds it."""

    key: str
    index: int
    source: Source
    view: ObjectView
    column: str | None
    definition: GraphQLField
    node: FieldNode
    argument: str | None
    type_name: str | None
    """What the global id must name; None where the argument is no global id."""

    @cached_property
    def arguments(self) -> FieldArguments:
        """Coerces the arguments of a run."""
        return FieldArguments(self.definition, self.node)


ManySource: TypeAlias = ListSource | GroupsSource | NodesSource

Asked: TypeAlias = RootRow | ListView | GroupsView | NodesView
"""A root field that reads a table."""


@dataclass(frozen=True)
class Plan:
    """What one statement must read, and the answer it becomes."""

    roots: tuple[Asked | Constant, ...]
    scopes: Mapping[Scope, tuple[str, ...]]
    """The scopes it takes, each with the path of the first field that takes it."""
    lists: tuple[ManySource, ...]
    """In the order of their requests' indexes."""
    complete: bool
    """Whether every root field reads a table; if not, the operation runs on the reference."""
    computed: tuple[str, ...] = ()
    """The names of those that do not, each as often as it is asked for."""

    @cached_property
    def found_rows(self) -> tuple[RootRow, ...]:
        """The root fields whose single row is found by an argument."""
        return tuple(row for row in self.roots if isinstance(row, RootRow) and row.argument)

    @cached_property
    def needed(self) -> frozenset[Scope]:
        """The scopes alone."""
        return frozenset(self.scopes)


def _never_null(mapping: TypeMapping, column: str) -> bool:
    found = None if mapping.grouped else mapping.model.__table__.columns.get(column)
    return found is not None and not found.nullable
